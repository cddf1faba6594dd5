"""The short comments over Debian packages that nobody asked for by name."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydock.dockerfile import Instruction
from pydock.images.debian import Need, needs
from pydock.project.apt import AptKind
from pydock.split_old.draft import Draft


def reasons(draft: Draft, run: Instruction | None, added: Sequence[Need]) -> str:
    """Comment lines for what the runtime stage gets in this RUN: instead of headers, and added."""
    compiled = {need.wanted_by for need in added if need.was_compiled}
    headers: list[str] = []
    if run is not None:
        found = _behind(draft, run)
        compiled |= {need.wanted_by for need in found}
        told = {need.package for need in found}
        headers = [name for name in _headers(draft, run) if not told & _instead(draft, name)]
    lines = (
        [f"# what {listed(sorted(compiled))} {'was' if len(compiled) == 1 else 'were'} compiled against"]
        if compiled
        else []
    )
    lines += [f"# the libraries behind {listed(headers)}"] if headers else []
    uses = dict.fromkeys(f"# {said(need)}" for need in added if not need.was_compiled)
    return "".join(f"{line}\n" for line in (*lines, *uses))


def said(need: Need) -> str:
    """`psycopg2 loads libpq5`; a line of the file says nothing once other lines stand in front of it."""
    who = "a command below" if re.match(r"line \d", need.wanted_by) else need.wanted_by
    return f"{who} {need.why}"


def _installed(draft: Draft, run: Instruction) -> set[str]:
    steps = [apt for entry in draft.by_run[run] for apt in entry.apt if apt.kind is AptKind.INSTALL]
    return {name for apt in steps for name in apt.names}


def _headers(draft: Draft, run: Instruction) -> list[str]:
    """The packages with headers in this RUN that libraries stand in for."""
    names = _installed(draft, run)
    return [entry.package for entry in draft.system.divisions if entry.package in names and set(entry.instead) - names]


def _instead(draft: Draft, package: str) -> set[str]:
    return {name for entry in draft.system.divisions if entry.package == package for name in entry.instead}


def _behind(draft: Draft, run: Instruction) -> list[Need]:
    """The libraries in this RUN that Python packages are compiled against."""
    libraries = {name for package in _headers(draft, run) for name in _instead(draft, package)}
    found = needs(draft.wanted.names, draft.image.suite_meant, compiled=draft.wanted.compiled(draft.image.minor))
    return [need for need in found if need.was_compiled and need.package in libraries]


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
