"""Which packages of the system each stage gets: from the slices, with libraries in place of headers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from pydock.build import Build, Process, Step
from pydock.dockerfile import Instruction, Stage
from pydock.images.base import Base as Image
from pydock.images.base import name_in_suite
from pydock.images.debian import Need, full_image_packages, java_runtime, kind_of, program, runtime_of
from pydock.split.facts.members import package_of
from pydock.split.facts.reasons import Reason
from pydock.split.facts.slices import Slices
from pydock.state import BASE, Found
from pydock.state import Need as Wanted
from pydock.state.needs import Library, Package, Program
from pydock.values import Value


class SystemPackages(Value, dict=True):
    """`there` are packages that the file installs and the builder's image has. `added` is what the runtime image
    lacks, by the instruction that it has to stand above (None: anywhere above the end). `loaded` are the shared
    libraries that Python packages need, `askers` who may need those of packages with headers, `unversioned` those that
    something loads by a name without a version.
    """

    slices: Slices
    steps: tuple[Step, ...]
    suite: str
    there: frozenset[str]
    loaded: frozenset[str] = frozenset()
    askers: Mapping[str, str | None] = {}
    unversioned: frozenset[str] = frozenset()
    added: Mapping[Instruction | None, tuple[Need, ...]] = {}

    def builder_has(self, step: Step) -> bool:
        return step.number in self.slices.builder and package_of(step) not in self.there

    def runtime_has(self, step: Step) -> bool:
        return step.number in self.slices.runtime

    @property
    def present(self) -> frozenset[str]:
        """The packages that the runtime stage installs because the file names them, and what comes with these."""
        own = (step for step in self.steps if self.runtime_has(step))
        named = [thing.name for step in own for thing in step.provides if isinstance(thing, Package)]
        named += [name_in_suite(name, self.suite) for name in named]
        return frozenset([*named, *(name for names in self.libraries.values() for name in names)])

    @cached_property
    def libraries(self) -> Mapping[int, tuple[str, ...]]:
        """The libraries that stand in for headers, by the step that installs these; each once."""
        present = {package_of(step) for step in self.steps if self.runtime_has(step)}
        found: dict[int, tuple[str, ...]] = {}
        for step in self.steps:
            package = package_of(step)
            if package is None or self.slices.reasons.get(step.number) is not Reason.BUILDING:
                continue
            if self.askers.get(package, package) is None:
                continue
            names = runtime_of(package, self.suite) if kind_of(package) == "headers" else self._of_tools(step, package)
            if package.removesuffix("-dev").rstrip("0123456789.-") in self.unversioned:
                # `libgdal.so` is a link in the package itself.
                names = (package,)
            if names is None:
                # Headers that the table does not know: the package itself, rather than a guess.
                names = (package,)
            new = tuple(name for name in names if name not in present)
            if new:
                found[step.number] = new
                present |= set(new)
        return found

    def _of_tools(self, step: Step, package: str) -> tuple[str, ...]:
        """The run time of a kit for Java where somebody may call `java`, and what came along with a compiler."""
        runtime = java_runtime(package) if step.number in self.slices.called else None
        along = {thing.package for thing in step.provides if isinstance(thing, Library)} & self.loaded
        return (runtime,) if runtime else tuple(sorted(along))

    @cached_property
    def headers(self) -> tuple[str, ...]:
        """The packages with headers, and compilers, that other libraries stand in for."""
        named = ((package_of(step), self.libraries.get(step.number)) for step in self.steps)
        return tuple(name for name, libraries in named if name is not None and libraries and libraries != (name,))


def already_there(build: Build, stage: Stage, image: Image) -> frozenset[str]:
    """The packages of the file that the full image has, as published; not where other sources are added."""
    if image.variant != "full":
        return frozenset()
    steps = build.of_stage(stage.index)
    if any(build.stages[stage.index].files_below("/etc/apt")):
        return frozenset()
    asked: set[str] = set()
    for step in steps:
        package = package_of(step)
        if package is None:
            continue
        text = step.operand.head if step.operand is not None else package
        is_certain = (
            text != package or " -t" in step.text or "--target-release" in step.text or "--reinstall" in step.text
        )
        if is_certain:
            return frozenset()
        # What fetches is asked for by name, in whatever image.
        asked |= {package} if kind_of(package) != "fetcher" else set()
    return frozenset(asked & full_image_packages(image.suite))


def lacking(
    steps: Iterable[Step],
    processes: Iterable[Process],
    images: tuple[Image, Image],
    extra: Iterable[Need],
    present: Iterable[str],
) -> Mapping[Instruction | None, tuple[Need, ...]]:
    """What steps and processes of the runtime stage, and of stages on top of it, took from the full image that slim
    does not have.

    `images` are the full and the slim one, `present` packages that the stage installs anyway.
    """
    full, slim = images
    used = tuple(steps)
    found: dict[Instruction | None, list[Need]] = {}
    had = set(present)

    def add(place: Instruction | None, need: Need | None) -> None:
        if need is not None and need.package not in had:
            had.add(need.package)
            found.setdefault(place, []).append(need)

    for step in used:
        place = step.instruction if step.stage == used[0].stage else None
        for wanted, answer in step.needs:
            add(place, _lacked(wanted, answer, full, slim, f"line {step.line}"))
    # What a Python package is known to need says more than the command that loads it.
    for need in extra:
        add(None, need)
    for process in processes:
        for wanted, answer in process.needs:
            add(None, _lacked(wanted, answer, full, slim, process.places.get(wanted, process.origin)))
    return {place: tuple(needs) for place, needs in found.items()}


def _lacked(wanted: Wanted, answer: Found, full: Image, slim: Image, by: str) -> Need | None:
    if BASE not in answer.makers:
        return None
    match wanted:
        case Program(name) if "/" not in name:
            known = program(name)
            if known is not None and full.has_program(name) and slim.has_program(name) is False:
                return Need(name_in_suite(known.package, full.suite), by, f"calls {name}")
        case Library(package) if full.has_library(package) and not slim.has_library(package):
            return Need(package, by, f"loads {package}")
        case _:
            pass
    return None
