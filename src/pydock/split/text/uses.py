"""Why each package of the system is in the runtime stage, as the plan tells it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pydock.build import Step
from pydock.images.debian import Need
from pydock.split.draft import Draft
from pydock.split.facts.members import Member, package_of
from pydock.split.text.reasons import linked_libraries, listed, said
from pydock.state.needs import Library, PackageLists, Program


def why_installed(draft: Draft, members: Sequence[Member], added: Sequence[Need]) -> str:
    """Who asks for each package of some parts of a RUN; "" where they install none."""
    found: dict[str, str | None] = dict(
        entry for member in members for step in member.steps for entry in _of_step(draft, step)
    )
    found |= {need.package: said(need) for need in added}
    told = [f"{package}: {why}" for package, why in found.items() if why is not None]
    named = [package for package, why in found.items() if why is None]
    return "; ".join([*told, *([f"the file names {listed(named)}"] if named else [])])


def _of_step(draft: Draft, step: Step) -> Iterator[tuple[str, str | None]]:
    package = package_of(step)
    if package is None:
        return
    if draft.system.runtime_has(step):
        yield package, _user(draft, step)
    known = linked_libraries(draft)
    for library in draft.system.libraries.get(step.number, ()):
        who = f"{known[library]} needs it" if library in known else draft.system.askers.get(package)
        yield library, who or f"came with {package}"


def _user(draft: Draft, step: Step) -> str | None:
    """The first process, or else command of the runtime stage, that asks for what a step installs."""
    met = [(each.origin, entry) for each in draft.build.processes for entry in (*each.needs, *each.takes)]
    later = (each for each in draft.by_number.values() if each.number in draft.slices.runtime)
    met += [(f"line {each.line}", entry) for each in later for entry in each.needs]
    for who, (need, answer) in met:
        if step.number not in answer.makers or isinstance(need, PackageLists):
            continue
        match need:
            case Program(name):
                return f"{who} calls {name}"
            case Library(name):
                return f"{who} loads {name}"
            case _:
                return f"{who} uses it"
    return None
