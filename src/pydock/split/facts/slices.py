"""Which steps go to which stage: slices of the build, backwards from the installs and from what runs.

The builder is the installs and what they need. The runtime stage is every step, except those with a reason to leave.
To be needed by the builder is no such reason: then both have it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from pydock.build import Build, Process, Step
from pydock.effects.packages.sources import LIBRARY_CACHE
from pydock.images.debian import is_either, java_runtime, kind_of
from pydock.split.facts.copied_files import CopiedFiles
from pydock.split.facts.inputs import BUILD_VARIABLE, COMPILERS_OWN, INSTALLERS_OWN, is_description, is_input
from pydock.split.facts.members import package_of
from pydock.split.facts.reasons import Reason
from pydock.split.facts.wanted import demand_of
from pydock.state import ANYTHING, BASE, NOBODY, Answer, Found, Need, Numbers, is_below
from pydock.state.answers import ancestors
from pydock.state.needs import File, Folder, Library, Module, PackageLists, Place, Program, Toolchain, Variable
from pydock.values import Value

MANAGERS = frozenset({"poetry", "pipenv", "pdm", "uv", "hatch", "rye"})
_BUILDING = frozenset({"compiler", "build-tool", "headers"})
# The headers that every compiler reads.
_OF_C = frozenset({"libc6-dev", "libc-dev", "linux-libc-dev"})
_FETCHING = frozenset({"fetcher", "version-control"})


class Slices(Value, dict=True):
    """The numbers of the steps of each stage, and why a step is not in the runtime stage.

    `called` are the steps that install what a process may call where it is there: a compiler, Java, pandoc.
    """

    builder: Numbers
    runtime: Numbers
    reasons: Mapping[int, Reason]
    makers: Numbers
    called: Numbers = NOBODY


def slices(build: Build, stage: int, read_later: Collection[str] = ()) -> Slices:
    """Builder and runtime of one stage of a build that installs something.

    `read_later` are the names of lists and manifests that something reads when it runs.
    """
    return _Slicer(build, stage, read_later).slices()


class _Slicer:
    def __init__(self, build: Build, stage: int, read_later: Collection[str]) -> None:
        self.build = build
        self.steps = build.of_stage(stage)
        self.by_number: dict[int, Step] = {step.number: step for step in self.steps}
        self.end = build.stages[stage]
        self.installs = [step for step in self.steps if step.installs is not None]
        # Processes start from the final stage, which may be this one or stand on it.
        self.processes: tuple[Process, ...] = build.processes
        self.environments = {step.installs for step in self.installs}
        self.own = Numbers(self.by_number)
        self.copies = CopiedFiles(build, stage, read_later)
        self.compilers = self.of_kind("compiler")
        self.tools = Numbers(step.number for step in self.steps if step.is_tool)
        self.anything = Numbers(step.number for step in self.steps if ANYTHING in step.opens)

    def slices(self) -> Slices:
        installs = Numbers(step.number for step in self.steps if step.is_of_environment)
        builder = self.closure(installs, takes=True)
        builder |= self.variables(builder) | self.of_folders(builder)
        builder |= self.checks(builder)
        makers = installs | self.environment_makers(builder)
        reasons = self.reasons(builder, makers)
        reasons |= self.scaffolds(builder, reasons)
        roots = self.own - Numbers(reasons)
        for process in self.processes:
            roots |= self.at_run_time(process.needs) - makers
        for step in self.build.steps:
            # What other stages take from this one.
            if step.number not in self.by_number:
                roots |= self.providers(step.needs) - makers
        called, kits = self.called(), self.development_kits()
        roots |= called - kits
        stop = makers | (self.headers() - called) | (kits & called)
        runtime = self.closure(roots - makers, takes=True, stop=stop)
        if any(self.brings(number, "git") for number in runtime):
            # git goes through ssh, whoever calls it.
            ssh = Numbers(step.number for step in self.steps if self.brings(step.number, "ssh"))
            runtime |= self.closure(ssh - makers, takes=True, stop=stop)
        # What a step that stays needs hard stays with it.
        reasons = {number: reason for number, reason in reasons.items() if number not in runtime}
        runtime |= self.clean_ups(runtime, reasons)
        builder |= self.settings(builder)
        runtime |= self.settings(runtime)
        return Slices(builder, runtime, reasons, makers, called)

    def called(self) -> Numbers:
        """The steps that install what processes may call: a program, or compilers with the headers of C."""
        found = NOBODY
        for need, answer in (entry for process in self.processes for entry in process.takes):
            makers = answer.makers & self.own
            if isinstance(need, Toolchain):
                packages = {maker: package_of(self.by_number[maker]) or "" for maker in makers}
                found |= Numbers(at for at, name in packages.items() if kind_of(name) == "compiler" or name in _OF_C)
            if isinstance(need, Program):
                found |= makers
        return found

    def development_kits(self) -> Numbers:
        """The steps that install a kit for Java, in whose place its run time can stand: nobody calls more than java."""
        needs = (entry for process in self.processes for entry in process.needs)
        more = self.providers(entry for entry in needs if isinstance(entry[0], Program) and entry[0].name != "java")
        found = ((step.number, package_of(step)) for step in self.steps)
        return Numbers(number for number, package in found if package and java_runtime(package)) - more

    def brings(self, number: int, program: str) -> bool:
        """Whether a step installs a package with this program."""
        step = self.by_number[number]
        return package_of(step) is not None and File(f"/usr/bin/{program}") in step.provides

    def headers(self) -> Numbers:
        """The steps that install headers, whose libraries come by name."""
        return self.of_kind("headers")

    def of_kind(self, kind: str) -> Numbers:
        return Numbers(step.number for step in self.steps if kind_of(package_of(step) or "") == kind)

    def providers(self, entries: Iterable[tuple[Need, Found]]) -> Numbers:
        """The steps of this stage that met needs; package lists are fetched anew wherever packages are installed."""
        found = []
        for need, answer in entries:
            if isinstance(need, PackageLists):
                continue
            makers = answer.makers
            if answer.answer is Answer.UNKNOWN:
                makers &= self.own
                # Who installs the service's packages brought it, rather than who brought the tool for that.
                others = makers - self.tools
                # A tool that builds wheels makes the files that an install takes.
                makers = others if others or isinstance(need, Program | Module) else makers
            found.append(makers)
        return Numbers.joined(found) & self.own

    def at_run_time(self, entries: Iterable[tuple[Need, Found]]) -> Numbers:
        """The steps that met needs of the runtime stage: managers stay behind, libraries of compilers come by name."""
        asked = [entry for entry in entries if not (isinstance(entry[0], Program) and entry[0].name in MANAGERS)]
        loaded = self.providers(entry for entry in asked if isinstance(entry[0], Library)) - self.compilers
        return loaded | self.providers(entry for entry in asked if not isinstance(entry[0], Library))

    def soft(self, step: Step) -> Numbers:
        """The steps behind what a step reads where it is there; a script may add the source that headers come from."""
        found = NOBODY
        is_headers = kind_of(package_of(step) or "") == "headers"
        for need, answer in step.takes:
            if isinstance(need, Variable | Toolchain | Program):
                found |= answer.makers & self.own
            else:
                found |= answer.makers & self.made(need)
                found |= answer.makers & self.anything if is_headers else NOBODY
        return found

    def made(self, need: Need) -> Numbers:
        """The steps of this stage that put something where a need looks, and not only may have."""
        place = getattr(need, "path", None)
        return self.put.get(place, NOBODY) if isinstance(place, str) else NOBODY

    @cached_property
    def put(self) -> Mapping[str, Numbers]:
        """The steps that put something into each folder or below, or to a path itself."""
        found: dict[str, Numbers] = {}
        for step in self.steps:
            paths = [getattr(thing, "path", None) for thing in (*step.provides, *step.changes)]
            paths += [path for opened in step.opens for path in opened.places]
            places = {place for path in dict.fromkeys(paths) if path is not None for place in ancestors(path)}
            for place in places:
                found[place] = found.get(place, NOBODY).and_of(step.number)
        return found

    def closure(self, roots: Numbers, *, takes: bool, stop: Numbers = NOBODY) -> Numbers:
        """The roots and all that they need, directly or through others."""
        seen = roots | stop
        pending = list(roots - stop)
        while pending:
            step = self.by_number[pending.pop()]
            more = self.at_run_time(step.needs) if stop else self.providers(step.needs)
            if takes:
                more |= self.soft(step) if step.installs is not None or not stop else self.variables_of(step)
            if step.number in self.anything:
                more |= self.own.up_to(step.number)
            new = more - seen
            seen |= new
            pending += new
        return seen - stop

    def variables_of(self, step: Step) -> Numbers:
        return self.providers((need, answer) for need, answer in step.takes if isinstance(need, Variable))

    def variables(self, builder: Numbers) -> Numbers:
        """ENV and ARG that installers read without naming them, set above the last step of the builder."""
        last = max(builder)
        found = (step for step in self.steps if step.keyword in {"ENV", "ARG"} and step.number < last)
        return Numbers(
            step.number
            for step in found
            if BUILD_VARIABLE.fullmatch(step.key[1]) or self.leads_to_modules(step, builder)
        )

    def leads_to_modules(self, step: Step, builder: Numbers) -> bool:
        """Whether it is a PYTHONPATH with a folder of which the builder has something."""
        if step.key[1] != "PYTHONPATH":
            return False
        folders = [each for each in (step.after.variables.get("PYTHONPATH") or "").split(":") if each.startswith("/")]
        bringing = (self.by_number[number] for number in builder)
        bringing = (each for each in bringing if each.keyword in {"COPY", "ADD", "RUN"} and not is_description(each))
        things = (thing for each in bringing for thing in each.provides if isinstance(thing, File | Folder))
        return any(is_below(thing.path, folder) for thing in things for folder in folders)

    def of_folders(self, builder: Numbers) -> Numbers:
        """ENV and ARG that a WORKDIR names, which the builder repeats."""
        last = max(builder)
        folders = (step for step in self.steps if step.keyword == "WORKDIR" and step.number < last)
        return self.closure(Numbers.joined(map(self.variables_of, folders)), takes=True)

    def environment_makers(self, builder: Numbers) -> Numbers:
        """The steps that make the environment itself: `python -m venv`, and tools that lie in it."""
        pythons = {File(f"{place}/bin/python") for place in self.environments if place != "/usr/local"}
        return Numbers(number for number in builder if not pythons.isdisjoint(self.by_number[number].provides))

    def reasons(self, builder: Numbers, makers: Numbers) -> dict[int, Reason]:
        found: dict[int, Reason] = {}
        for step in self.steps:
            if step.number in makers:
                found[step.number] = Reason.INSTALLS
            elif (reason := self.reason(step, builder)) is not None:
                found[step.number] = reason
        return found

    def reason(self, step: Step, builder: Numbers) -> Reason | None:
        """Why a step may leave the runtime stage, as long as nothing there needs it."""
        in_builder = step.number in builder
        if step.keyword == "RUN" and step.member is not None:
            if step.is_tool or self.handles_tools(step) or (not step.leaves_anything and self.calls_manager(step)):
                return Reason.TOOL
            if (package := package_of(step)) is not None:
                return self.package_reason(step, package, in_builder=in_builder)
            if step.is_upkeep or step.only_removes:
                return Reason.CLEAN_UP
            if step.provides == (LIBRARY_CACHE,):
                return Reason.CLEAN_UP
            if step.is_setting or (in_builder and not step.leaves_anything):
                return Reason.DEAD
            return Reason.INPUT if in_builder and is_input(step) else None
        if step.keyword in {"COPY", "ADD"}:
            return self.copies.reason(step, builder)
        if step.keyword == "ARG":
            return Reason.INPUT if in_builder or BUILD_VARIABLE.fullmatch(step.key[1]) else None
        if step.keyword == "ENV" and in_builder:
            is_compilers = COMPILERS_OWN.fullmatch(step.key[1]) and not self.compiles_later
            return Reason.INPUT if is_compilers or INSTALLERS_OWN.fullmatch(step.key[1]) else None
        return None

    @cached_property
    def compiles_later(self) -> bool:
        """Whether a process may call a compiler."""
        return any(isinstance(need, Toolchain) for process in self.processes for need, _ in process.takes)

    def calls_manager(self, step: Step) -> bool:
        """Whether it calls a manager of packages: `poetry --version`."""
        return any(isinstance(need, Program) and need.name in MANAGERS for need, _ in step.needs)

    def handles_tools(self, step: Step) -> bool:
        """Whether all it does is to move or link what only building calls: `ln -s /opt/poetry/bin/poetry /usr/bin`."""
        asked = [answer.makers for need, answer in (*step.needs, *step.takes) if isinstance(need, File | Place)]
        makers = Numbers.joined(asked)
        is_moved = bool(step.provides) and all(isinstance(thing, File) for thing in step.provides)
        return is_moved and not step.opens and bool(makers) and not makers - self.tools

    def scaffolds(self, builder: Numbers, reasons: Mapping[int, Reason]) -> dict[int, Reason]:
        """Folders that are made for what leaves: they come with the environment, or are gone in the end."""
        found: dict[int, Reason] = {}
        for step in self.steps:
            folders = [thing.path for thing in step.provides if isinstance(thing, Folder)]
            is_folder = step.keyword == "RUN" and bool(folders) and len(folders) == len(step.provides)
            if not is_folder or step.opens or step.changes or step.number not in builder:
                continue
            if all(self.is_scaffold(path, reasons) for path in folders):
                found[step.number] = Reason.DEAD
        return found

    def is_scaffold(self, folder: str, reasons: Mapping[int, Reason]) -> bool:
        """Whether a folder is gone in the end, or holds the environment and nothing that stays."""
        if Folder(folder) not in self.end.things:
            return True
        makers = self.end.makers_below(folder).without(BASE)
        holds = any(place is not None and is_below(place, folder) for place in self.environments)
        return holds and all(maker in reasons or self.by_number[maker].keyword == "RUN" for maker in makers)

    def package_reason(self, step: Step, package: str, *, in_builder: bool) -> Reason | None:
        kind = kind_of(package)
        if kind in _BUILDING and (in_builder or not is_either(package)):
            return Reason.BUILDING
        if kind == "version-control" and not self.is_asked_for(step):
            # Nobody names it for the install, so it is there for what runs.
            return None
        return Reason.TOOL if kind in _FETCHING and in_builder else None

    def is_asked_for(self, step: Step) -> bool:
        """Whether a package brings what another step needs, or what fetches a repository that a list names."""
        needed = any(step.number in answer.makers for each in self.steps for _, answer in each.needs)
        return needed or any(self.brings(step.number, link.program) for link in demand_of(self.build).links)

    def clean_ups(self, runtime: Numbers, reasons: dict[int, Reason]) -> Numbers:
        """Removals of something that is in the runtime stage, or of what nobody is known to have made."""
        found = []
        for step in self.steps:
            if reasons.get(step.number) is not Reason.CLEAN_UP or step.is_upkeep:
                continue
            undone = step.undoes & self.own
            if step.provides:
                undone = Numbers.joined(answer.makers for _, answer in step.takes) or Numbers.of(BASE)
            if undone & runtime or not undone:
                found.append(step.number)
                del reasons[step.number]
        return Numbers(found)

    def checks(self, builder: Numbers) -> Numbers:
        """What leaves nothing, and stands in the same RUN in front of an install: `test -s requirements.txt`."""
        found = []
        # The next step, from behind, that leaves something.
        following: Step | None = None
        for step in reversed(self.steps):
            if step.leaves_anything or (following is not None and following.at != step.at):
                following = step if step.leaves_anything else None
            is_check = not (step.keyword != "RUN" or step.leaves_anything or step.is_setting or step.number in builder)
            if is_check and following is not None and following.installs is not None and following.number in builder:
                found.append(step.number)
        return Numbers(found)

    def settings(self, chosen: Numbers) -> Numbers:
        """`cd`, `set` and `export` in front of a part of the same RUN that is chosen."""
        found, chosen_at = [], None
        for step in reversed(self.steps):
            if not step.is_setting and step.number in chosen:
                chosen_at = step.at
            elif step.is_setting and step.at == chosen_at:
                found.append(step.number)
        return Numbers(found)
