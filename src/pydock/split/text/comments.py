"""Which part of a divided RUN a comment above it speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pydock.build.installs import plain_pip
from pydock.dockerfile import Instruction
from pydock.images.debian import serves_building
from pydock.patterns import regex
from pydock.split.draft import Draft
from pydock.split.facts.members import Member, package_of
from pydock.split.text.commands import manager
from pydock.values import Value

# A line of a list: `# - gcc for psycopg2`, `# curl: health check`.
_ITEM = regex(r"\s*#+\s*(?:[-*•·]|\d+[.)]|[\w.+/-]+(?:, [\w.+/-]+)*\s*(?::|[-–—=]+>?)\s)")
_WORD = regex(r"[a-z0-9][a-z0-9.+_-]*[a-z0-9+]")
# What people call compiling, installing Python packages and running: one word for each stands for all.
_COMPILING, _INSTALLING, _RUNNING = "compile", "pip", "run-time"
_SUBJECTS = (
    (regex(r"compil\w+|toolchains?|headers?|build(?:s|ing|-time)?|rust|cargo"), _COMPILING),
    (regex(r"pip3?|python|requirements(?:\.txt)?|poetry|pipenv|pdm|uv|wheels?"), _INSTALLING),
    (regex(r"run-?time|health-?checks?"), _RUNNING),
)
# Packages whose names are ordinary words, too.
_ORDINARY = regex(r"file|less|make|patch|screen|time|tree")
_VERSION = regex(r"[-\d.]+(?:t64)?\Z")
# What lets documents show a part of a file, read 2026-11: the region tags of Google's samples
# (https://github.com/googleapis/repo-automation-bots, snippet-bot), and
# https://docs.asciidoctor.org/asciidoc/latest/directives/include-tagged-regions/.
_REGION = regex(r"^[ \t]*#.*?(?:\[(START|END)[ \t]+|\b(tag|end)::)([\w.-]+)[]\[]")


class Divided(Value):
    """The comments of a RUN: those that go with one part of it, and the lead of the part that has all others."""

    gone: str
    lead: str


def divided(draft: Draft, run: Instruction, theirs: frozenset[str], ours: frozenset[str]) -> Divided:
    """The comments above a RUN; those that only name what is theirs go there."""
    lead = draft.project.dockerfile.slice(run.lead)
    gone = [unit for unit in _units(lead) if _speaks_of(unit, theirs - ours) and not _speaks_of(unit, ours - theirs)]
    for unit in gone:
        lead = lead.replace(unit, "", 1)
    return Divided("".join(gone), lead)


def words_of_builder(draft: Draft, members: Iterable[Member]) -> frozenset[str]:
    """The words for what the builder does with some parts of a RUN, or has done for it by its image."""
    members = tuple(members)
    steps = [step for member in members for step in member.steps if step.number in draft.slices.builder]
    names = [name for step in steps if (name := package_of(step)) is not None]
    found = {form for name in names for form in _forms(name)}
    found |= {_COMPILING} if any(map(serves_building, names)) else set()
    return frozenset(found | _words_of(members))


def words_of_runtime(draft: Draft, members: Iterable[Member]) -> frozenset[str]:
    """The words for what the runtime stage does with some parts of a RUN."""
    members, found = tuple(members), {_RUNNING}
    for step in (step for member in members for step in member.steps):
        names = [*draft.system.libraries.get(step.number, ())]
        names += [name] if draft.system.runtime_has(step) and (name := package_of(step)) is not None else []
        found |= {form for name in names for form in _forms(name)}
    return frozenset(found | _words_of(members))


def torn_regions(before: str, after: str) -> Iterator[str]:
    """The names of regions of a file that begin below their end in what is written."""
    ends = _ends_of_regions(after)
    for name, (start, end) in _ends_of_regions(before).items():
        if start <= end and name in ends and ends[name][0] > ends[name][1]:
            yield name


def _ends_of_regions(text: str) -> dict[str, tuple[int, int]]:
    """The lines where each region begins and ends, counted from 0; -1 where it has no such comment."""
    found: dict[str, tuple[int, int]] = {}
    for at, line in enumerate(text.splitlines()):
        if match := _REGION.match(line):
            start, end = found.get(match[3], (-1, -1))
            found[match[3]] = (at, end) if (match[1] or match[2]) in {"START", "tag"} else (start, at)
    return found


def _words_of(members: Iterable[Member]) -> frozenset[str]:
    """The words for installing Python packages, where some part does that."""
    for member in members:
        calls = any(plain_pip(call) is not None or manager(call.command) is not None for call in member.calls)
        if calls or member.installs or any(step.is_tool for step in member.steps):
            return frozenset({_INSTALLING})
    return frozenset()


def _forms(package: str) -> Iterator[str]:
    """How people call a package: libpq-dev, libpq, pq; libmysqlclient of default-libmysqlclient-dev."""
    bare = package.removeprefix("default-").removesuffix("-dev")
    stem = _VERSION.sub("", bare) or bare
    forms = (package, bare, stem, stem.removeprefix("lib"))
    yield from (form for form in forms if len(form) > 1 and not _ORDINARY.fullmatch(form))


def _units(lead: str) -> list[str]:
    """Comments that are one: a line of a list with what continues it, or lines up to such a one or a blank line."""
    units: list[str] = []
    is_open = False
    for line in lead.splitlines(keepends=True):
        if not line.lstrip().startswith("#"):
            is_open = False
        elif is_open and not _ITEM.match(line):
            units[-1] += line
        else:
            units.append(line)
            is_open = True
    return units


def _speaks_of(comment: str, names: frozenset[str]) -> bool:
    words = set(_WORD.findall(comment.lower()))
    subjects = {subject for pattern, subject in _SUBJECTS if any(map(pattern.fullmatch, words))}
    return not names.isdisjoint(words | subjects)
