"""Requirements files, read without loss: what is asked for, by which file and line.

Joining, comments and options follow pip's own reading
(https://pip.pypa.io/en/stable/reference/requirements-file-format/, read 2026-11).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from pydock.patterns import regex
from pydock.text import Span
from pydock.values import Value

_COMMENT = regex(r"(^|(?<!\s)\s+)#.*$")
_OPTION = regex(r"\s(--?[A-Za-z][\w-]*)(?:[= ]|$)")
_LEADING = regex(r"(-[a-zA-Z](?=\s|[^-])|--[\w-]+)[ =]*(.*)", re.DOTALL)
_PLACE = regex(r"(git|hg|svn|bzr)\+|https?://|file:|\.{0,2}/|\.\Z|\.\[")
_ARCHIVE = regex(r"\.(whl|zip|tar\.gz|tar\.bz2|tgz)(\[|$|#)")
# More than any project has; a file that includes itself by ever other names ends here.
MOST_FILES = 10_000
# As many files as the questions about one service go back to.
_MOST_KEPT = 64
_KINDS = {"-r": "include", "--requirement": "include", "-c": "constraint", "--constraint": "constraint"}


class Kind(Enum):
    """What a line of a requirements file is."""

    BLANK = "blank"
    REQUIREMENT = "requirement"
    INCLUDE = "include"
    CONSTRAINT = "constraint"
    EDITABLE = "editable"
    PLACE = "url or path"
    OPTION = "option"
    INVALID = "invalid"


class Entry(Value):
    """One logical line: `text` without comments, `value` what an option or place names."""

    path: str
    line: int
    span: Span
    kind: Kind
    text: str
    value: str = ""
    requirement: Requirement | None = None

    @property
    def name(self) -> str:
        """The normalized name of the package, "" where the line names none."""
        return canonicalize_name(self.requirement.name) if self.requirement else ""

    @property
    def is_pinned(self) -> bool:
        if self.requirement is None:
            return False
        if self.requirement.url:
            return bool(
                re.search(r"@[0-9a-f]{7,40}\b|@v?\d[\w.]*|#sha256=|\.whl|\d\.(tar\.gz|zip)", self.requirement.url)
            )
        specifiers = list(self.requirement.specifier)
        return len(specifiers) == 1 and specifiers[0].operator in {"==", "==="} and "*" not in specifiers[0].version


@lru_cache(maxsize=_MOST_KEPT)
def entries(path: str, text: str) -> tuple[Entry, ...]:
    """The logical lines of one requirements file; they tile the text, a byte order mark included."""
    found = []
    mark = len(text) - len(text.removeprefix("\ufeff"))
    for start, end, first, joined in _joined_lines(text[mark:]):
        span = Span(start + mark if start else 0, end + mark)
        found.append(_entry(path, first, span, _COMMENT.sub("", joined).strip()))
    if mark and not found:
        found.append(Entry(path, 1, Span(0, mark), Kind.BLANK, ""))
    return tuple(found)


def _joined_lines(text: str) -> Iterator[tuple[int, int, int, str]]:
    physical = [(match.start(), match.end()) for match in re.finditer(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z", text)]
    at = 0
    while at < len(physical):
        first, joined = at, ""
        while True:
            raw = text[slice(*physical[at])].rstrip("\r\n")
            at += 1
            # pip: a comment line ends a continuation.
            if _COMMENT.match(raw) or not raw.endswith("\\") or at == len(physical):
                joined += f" {raw}" if joined and _COMMENT.match(raw) else raw
                break
            joined += raw[:-1]
        yield physical[first][0], physical[at - 1][1], first + 1, joined


def _entry(path: str, line: int, span: Span, text: str) -> Entry:
    if not text:
        return Entry(path, line, span, Kind.BLANK, "")
    if text.startswith("-"):
        match = _LEADING.match(text)
        option, value = (match[1], match[2].strip()) if match else (text, "")
        if option in {"-e", "--editable"}:
            return Entry(path, line, span, Kind.EDITABLE, text, value)
        return Entry(path, line, span, Kind(_KINDS.get(option, "option")), text, value)
    match = _OPTION.search(text)
    body = text[: match.start()] if match else text
    if _PLACE.match(body) or (_ARCHIVE.search(body) and "@" not in body):
        return Entry(path, line, span, Kind.PLACE, text, body)
    try:
        return Entry(path, line, span, Kind.REQUIREMENT, text, "", Requirement(body))
    except (InvalidRequirement, RecursionError):
        return Entry(path, line, span, Kind.INVALID, text)


class Trouble(Value):
    """A line that pip would stop at: an include that is not there, or no requirement at all."""

    entry: Entry
    message: str


class RequirementSet(Value):
    """A requirements file with everything it includes.

    `missing` are included files that are not there, `loop` the chain of a circular include;
    `troubles` are the lines that cannot be followed. `constraints` are the lines of -c files, which ask for nothing;
    `lists` are the files that ask for something, without these.
    """

    path: str
    files: tuple[str, ...]
    entries: tuple[Entry, ...]
    missing: tuple[str, ...] = ()
    loop: tuple[str, ...] = ()
    constraints: tuple[Entry, ...] = ()
    troubles: tuple[Trouble, ...] = ()
    lists: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        return frozenset(entry.name for entry in self.entries if entry.name)

    @property
    def places(self) -> tuple[str, ...]:
        """Local paths that are installed, relative to the file that names them."""
        return tuple(
            entry.value
            for entry in self.entries
            if entry.kind in {Kind.EDITABLE, Kind.PLACE} and "://" not in entry.value
        )


def read(path: str, text_of: Callable[[str], str | None]) -> RequirementSet:
    """A requirements file and its includes, each once; constraints are files of the set, not requests."""
    reader = _Reader(text_of)
    reader.follow(posixpath.normpath(path))
    return RequirementSet(
        path,
        tuple(reader.files),
        tuple(reader.found),
        tuple(reader.missing),
        reader.loop,
        tuple(reader.constraints),
        tuple(reader.troubles),
        tuple(name for name in reader.files if (name, True) in reader.seen),
    )


@dataclass
class _Reader:
    """What has been read so far, while includes are followed.

    `chain` are the files that are being read, outermost first, each with the lines that are left of it and
    whether these ask for something; `seen` are all files that were begun, by the same.
    """

    text_of: Callable[[str], str | None]
    files: dict[str, None] = field(default_factory=dict)
    found: list[Entry] = field(default_factory=list)
    constraints: list[Entry] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    loop: tuple[str, ...] = ()
    chain: dict[str, tuple[Iterator[Entry], bool]] = field(default_factory=dict)
    seen: set[tuple[str, bool]] = field(default_factory=set)

    def follow(self, name: str) -> None:
        self.begin(name, None, asks=True)
        while self.chain:
            last = next(reversed(self.chain))
            rest, asks = self.chain[last]
            entry = next(rest, None)
            if entry is None:
                del self.chain[last]
            else:
                self.take(entry, asks=asks)

    def begin(self, name: str, origin: Entry | None, *, asks: bool) -> None:
        if name in self.chain:
            chain = list(self.chain)
            self.loop = self.loop or (*chain[chain.index(name) :], name)
            return
        if (name, asks) in self.seen:
            return
        text = self.text_of(name)
        if text is None:
            self.missing.append(name)
            if origin:
                self.troubles.append(Trouble(origin, f"names {name}, which is not there"))
            return
        if len(self.seen) == MOST_FILES and origin:
            self.troubles.append(Trouble(origin, f"names {name}, one file more than the {MOST_FILES} that are read"))
            return
        self.seen.add((name, asks))
        self.files[name] = None
        self.chain[name] = (iter(entries(name, text)), asks)

    def take(self, entry: Entry, *, asks: bool) -> None:
        if entry.kind in {Kind.INCLUDE, Kind.CONSTRAINT} and "://" not in entry.value:
            inner = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), entry.value))
            self.begin(inner, entry, asks=asks and entry.kind is Kind.INCLUDE)
            return
        if entry.kind is Kind.INVALID:
            self.troubles.append(Trouble(entry, f"is no requirement: {entry.text}"))
        if entry.kind is not Kind.BLANK:
            (self.found if asks else self.constraints).append(entry)
