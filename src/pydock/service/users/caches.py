"""Models, browsers and corpora that the build fetches as root: given to the user, by their variable outside of /root.

The RUN that fetches them makes their folder and gives it away: in another layer `chown` would keep them twice.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from pydock.build.sources import sources
from pydock.build.steps import read_steps
from pydock.dockerfile import Instruction
from pydock.project import Project
from pydock.service.files.library_files import LibraryFiles
from pydock.service.users.root_runs import RootRun, root_runs
from pydock.shell import Joint
from pydock.state import is_below
from pydock.system.layout import inserted_after
from pydock.text import Edit, Span
from pydock.values import Value

_PLACE = "/opt"


class Cache(Value):
    """A folder that a RUN fills. `variable` is what pydock sets, "" where the file tells the place itself."""

    instruction: Instruction
    folder: str
    variable: str = ""


class Caches(Value):
    """What the RUNs of root keep for the service: what can be given to the user there, and doubts of all the rest."""

    given: tuple[Cache, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def folders(self) -> frozenset[str]:
        return frozenset(cache.folder for cache in self.given)

    @property
    def changes(self) -> frozenset[str]:
        """What giving them changes of the contract, as `Fix.changes` names it."""
        return frozenset({"environment"} if any(cache.variable for cache in self.given) else ())


def caches(project: Project, after: Instruction) -> Caches:
    """The caches that are given to a user who is there from behind an instruction on."""
    given: dict[Cache, None] = {}
    doubts: list[str] = []
    for run in root_runs(project):
        if not run.is_known and run.home:
            doubts.append(f"line {run.instruction.number} runs {run.program} as root, and what it keeps is not known")
        for files in run.files:
            match _cache(project, run, files, after):
                case Cache() as cache:
                    given[cache] = None
                case str(why):
                    doubts.append(f"line {run.instruction.number} fills {files.home} of root, and {why}")
    return Caches(tuple(given), tuple(dict.fromkeys(doubts)))


def _cache(project: Project, run: RootRun, files: LibraryFiles, after: Instruction) -> Cache | str | None:
    """The folder of a package's files, why it stays root's, None where it has none that stays in the image."""
    value = dict(run.variables).get(files.variable)
    place = value or files.home.replace("~", run.home or "~", 1)
    if (not value and (not files.home or not run.home)) or any(is_below(place, mount) for mount in run.mounts):
        return None
    if value:
        # What is below /root is told of by the variable itself.
        is_open = value.startswith("/") and not is_below(value, "/root")
        is_given = is_open and _is_editable(project, run.instruction, after)
        return Cache(run.instruction, posixpath.normpath(value)) if is_given else None
    if not files.variable:
        return "no variable moves that"
    if named := _named(project, files):
        return f"{named} names that place"
    if not _is_editable(project, run.instruction, after):
        return "its RUN cannot give that to a user"
    return Cache(run.instruction, f"{_PLACE}/{files.name}", files.variable)


def _named(project: Project, files: LibraryFiles) -> str:
    """A file of the source that tells the place of the files itself, "" for none."""
    tail = files.home.removeprefix("~/")
    for path in sources(project):
        text = project.tree.text(path) or ""
        if files.variable in text or tail in text or "/root/" in text:
            return path
    return ""


def _is_editable(project: Project, run: Instruction, after: Instruction) -> bool:
    """Whether another command can be put in front of a RUN and behind it, with the user there by then."""
    instructions, build = project.final.instructions, read_steps(project)
    if run not in instructions or run.heredocs or run.exec_form is not None or build.is_unread(run):
        return False
    joints = (each.joint for member in build.members(run) for each in member.members)
    # A user of the stage below is there from the start.
    is_there = after not in instructions or instructions.index(after) < instructions.index(run)
    return Joint.BACKGROUND not in joints and is_there


def cache_edits(project: Project, given: Iterable[Cache], owner: str) -> Iterator[Edit]:
    """The variables above the first RUN that needs them; each RUN makes its folders and gives them away."""
    caches = tuple(given)
    if moved := {cache.variable: cache for cache in caches if cache.variable}:
        instructions = project.final.instructions
        first = min(instructions.index(cache.instruction) for cache in moved.values())
        lines = " \\\n    ".join(f"{name}={cache.folder}" for name, cache in moved.items())
        text = f"# outside of root's home, which the user may not enter\nENV {lines}"
        yield inserted_after(project, instructions[first - 1], text)
    for run in dict.fromkeys(cache.instruction for cache in caches):
        folders = " ".join(dict.fromkeys(cache.folder for cache in caches if cache.instruction is run))
        # A comment of the shell may stand behind the last command.
        members = read_steps(project).members(run)
        start, end = min(each.span.start for each in members), max(each.span.end for each in members)
        written = project.dockerfile.written
        yield Edit(project.path, Span(start, start), written(f"mkdir -p {folders} \\\n    && "))
        yield Edit(project.path, Span(end, end), written(f" \\\n    && chown -R {owner} {folders}"))
