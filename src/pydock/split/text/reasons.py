"""The short comments over Debian packages that nobody asked for by name."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from pydock.build import run_time_calls
from pydock.dockerfile import Instruction
from pydock.images.debian import Need, needs, serves_building
from pydock.split.draft import Draft
from pydock.split.facts.members import package_of
from pydock.split.facts.wanted import names_of

# So many packages are named in a comment; more are told by who needs them alone.
_FEW = 2


def reasons(draft: Draft, run: Instruction | None, added: Sequence[Need]) -> str:
    """Comment lines for what the runtime stage gets in this RUN: instead of headers, and added."""
    linked = {need.package: need.wanted_by for need in added if need.was_compiled}
    headers: list[str] = []
    if run is not None:
        known = linked_libraries(draft)
        for step in (step for member in draft.members[run] for step in member.steps):
            libraries = draft.system.libraries.get(step.number, ())
            told = {name: known[name] for name in libraries if name in known}
            linked |= told
            if libraries and not told and step.number not in draft.slices.called:
                headers.append(step.operand.head if step.operand is not None else libraries[0])
    lines = [f"# {line}" for line in (*_needing(linked), *_called(draft, run))]
    lines += [f"# run-time libraries of {listed(headers)}"] if headers else []
    called = [need for need in added if _is_of_line(need)]
    if len(called) > 1:
        programs = [need.why.removeprefix("calls ") for need in called]
        lines.append(f"# commands below call {listed(programs)}")
        added = [need for need in added if need not in called]
    uses = dict.fromkeys(f"# {said(need)}" for need in added if not need.was_compiled)
    return "".join(f"{line}\n" for line in (*lines, *uses))


def _called(draft: Draft, run: Instruction | None) -> Iterator[str]:
    """Why a compiler, Java or pandoc is in an image that only runs, by the first who calls it."""
    own = draft.steps.get(run, ()) if run is not None else ()
    called = [step for step in own if step.number in draft.slices.called]
    kept = {step.number for step in called if serves_building(package_of(step) or "")}
    for call in run_time_calls(draft.project, names_of(draft.build)):
        made = kept.intersection(draft.build.final.find(call.need).makers)
        if made:
            kept -= made
            yield f"{call.by} {call.why}"


def linked_libraries(draft: Draft) -> dict[str, str]:
    """The libraries that Python packages of the service are compiled against, with one package that is."""
    names, suite = names_of(draft.build), draft.image.suite_meant
    return {need.package: need.wanted_by for need in needs(names, suite) if need.was_compiled}


def _needing(linked: dict[str, str]) -> list[str]:
    if not linked:
        return []
    who = sorted(set(linked.values()))
    verb = "needs" if len(who) == 1 else "need"
    if len(linked) > _FEW:
        return [f"{listed(who)} {verb} these libraries"]
    return [f"{listed(who)} {verb} {listed(sorted(map(stem, linked)))}"]


@lru_cache(maxsize=256)
def stem(package: str) -> str:
    """A library's package without the version of its interface: libpq of libpq5."""
    return re.sub(r"[-\d.]+(?:t64)?\Z", "", package) or package


def _is_of_line(need: Need) -> bool:
    return re.match(r"line \d", need.wanted_by) is not None and need.why.startswith("calls ")


def said(need: Need) -> str:
    """`app.py calls ffmpeg`; a line of the file says nothing once other lines stand in front of it."""
    who = "a command below" if re.match(r"line \d", need.wanted_by) else need.wanted_by
    return f"{who} {need.why}"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`; "" for no name."""
    *first, last = names or [""]
    return f"{', '.join(first)} and {last}" if first else last


def install_text(comments: str, packages: Sequence[str]) -> str:
    """A RUN of its own that installs Debian packages, one to a line where they are many."""
    joint = " \\\n        " if len(packages) > 4 else " "
    names = joint + joint.join(packages)
    install = f"apt-get install -y --no-install-recommends{names}"
    return f"{comments}RUN apt-get update \\\n    && {install} \\\n    && rm -rf /var/lib/apt/lists/*\n"
