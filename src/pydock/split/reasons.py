"""The short comments over Debian packages that nobody asked for by name."""

from __future__ import annotations

from collections.abc import Sequence

from pydock.dockerfile import Instruction
from pydock.project.apt import AptKind
from pydock.project.native import Need, needs
from pydock.split.draft import Draft


def reasons(draft: Draft, run: Instruction | None, added: Sequence[Need]) -> str:
    """Comment lines for what the runtime stage gets in this RUN: instead of headers, and added."""
    compiled = {need.wanted_by for need in added if need.was_compiled}
    headers: list[str] = []
    if run is not None:
        found = _behind(draft, run)
        compiled |= found
        headers = [] if found else _headers(draft, run)
    lines = (
        [f"# what {listed(sorted(compiled))} {'was' if len(compiled) == 1 else 'were'} compiled against"]
        if compiled
        else []
    )
    lines += [f"# the libraries behind {listed(headers)}"] if headers else []
    uses = dict.fromkeys(f"# {need.wanted_by} {need.why}" for need in added if not need.was_compiled)
    return "".join(f"{line}\n" for line in (*lines, *uses))


def _installed(draft: Draft, run: Instruction) -> set[str]:
    steps = [apt for entry in draft.by_run[run] for apt in entry.apt if apt.kind is AptKind.INSTALL]
    return {name for apt in steps for name in apt.names}


def _headers(draft: Draft, run: Instruction) -> list[str]:
    """The packages with headers in this RUN that libraries stand in for."""
    names = _installed(draft, run)
    return [entry.package for entry in draft.system.divisions if entry.package in names and set(entry.instead) - names]


def _behind(draft: Draft, run: Instruction) -> set[str]:
    """The Python packages that the libraries in this RUN are there for."""
    headers = set(_headers(draft, run))
    libraries = {name for entry in draft.system.divisions if entry.package in headers for name in entry.instead}
    found = needs(draft.wanted.names, draft.image.suite_meant, compiled=draft.wanted.names)
    return {need.wanted_by for need in found if need.was_compiled and need.package in libraries}


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
