"""The physical lines of a Dockerfile and what each of them is, by BuildKit's reading.

Facts: https://github.com/moby/buildkit/blob/v0.20.0/frontend/dockerfile/parser/parser.go
(directives, comments, continuations, heredocs), read 2026-11.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from operator import itemgetter

from pydock.patterns import regex
from pydock.text import SPACE, Span
from pydock.values import Value

DIRECTIVES = frozenset({"syntax", "escape", "check"})
TAKES_HEREDOC = frozenset({"RUN", "COPY", "ADD"})

_LINE = regex(r"[^\n]*\n|[^\n]+\Z")
_DIRECTIVE = regex(r"#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(\S(?:.*\S)?|\s)\s*$")
_CHECK = regex(r"\s*#\s*check\s*=", re.I)
_HEREDOC = regex(r"(\d*)<<(-?)[\t\n\f\r ]*([^<]+)\Z")


class Role(Enum):
    """What a physical line is."""

    DIRECTIVE = "directive"
    COMMENT = "comment"
    BLANK = "blank"
    FIRST = "first"
    CONTINUED = "continued"
    INNER_COMMENT = "inner comment"
    INNER_BLANK = "inner blank"
    HEREDOC = "heredoc"
    HEREDOC_END = "heredoc end"


_MASKED = frozenset({Role.HEREDOC, Role.HEREDOC_END, Role.INNER_BLANK})


class Line(Value):
    """One physical line: its number from 1, its span with the line end, and its role."""

    number: int
    span: Span
    role: Role


class Heredoc(Value):
    """The body of one `<<NAME`, without its end line; `expand` unless NAME was quoted."""

    name: str
    strip_tabs: bool
    expand: bool
    body: Span


class Logical(Value):
    """Text joined over continuations; `parts` tell where each piece stands in the source.

    A part is (offset in `text`, offset in the source), ascending.
    """

    text: str
    parts: tuple[tuple[int, int], ...]

    def source(self, offset: int) -> int:
        """The source offset of a character of `text`."""
        at = bisect_right(self.parts, offset, key=itemgetter(0))
        here, there = self.parts[at - 1] if at else (0, 0)
        return there + offset - here

    def span(self, start: int, end: int) -> Span:
        """The source span from the first to the last of these characters."""
        if len(self.parts) == 1 and start >= self.parts[0][0]:
            by = self.parts[0][1] - self.parts[0][0]
            return Span(start + by, max(start, end) + by)
        first = self.source(start)
        return Span(first, self.source(end - 1) + 1 if end > start else first)


@dataclass(slots=True)
class Block:
    """One instruction as lines: what the scanner found before anything is read from it."""

    lines: list[Line] = field(default_factory=list)
    pieces: list[tuple[str, int]] = field(default_factory=list)
    heredocs: list[Heredoc] = field(default_factory=list)

    def logical(self) -> Logical:
        parts, size = [], 0
        for text, origin in self.pieces:
            parts.append((size, origin))
            size += len(text)
        return Logical("".join(text for text, _ in self.pieces), tuple(parts))


@dataclass(slots=True)
class Scan:
    """Every line with its role, the instruction blocks, the problems met on the way, and where lines start."""

    text: str
    escape: str = "\\"
    directives: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    blocks: list[Block] = field(default_factory=list)
    problems: list[tuple[int, str]] = field(default_factory=list)
    starts: list[int] = field(default_factory=list)

    def content(self, span: Span) -> str:
        """A line without its line end and without a byte order mark."""
        raw = self.text[span.start : span.end].rstrip("\r\n")
        return raw.removeprefix("\ufeff") if span.start == 0 else raw


def scan(text: str) -> Scan:
    """Give each physical line its role; tolerant: problems are collected, never raised."""
    found = Scan(text, starts=[0, *(match.end() for match in re.finditer("\n", text))])
    spans = (Span(match.start(), match.end()) for match in _LINE.finditer(text))
    rest = enumerate(spans, 1)
    in_head = True
    for number, span in rest:
        line = found.content(span).lstrip(SPACE)
        if in_head and _take_directive(found, number, span, line):
            continue
        in_head = False
        if not line or line.startswith("#"):
            found.lines.append(Line(number, span, Role.COMMENT if line else Role.BLANK))
        else:
            _take_block(found, Line(number, span, Role.FIRST), rest)
    return found


def _take_directive(found: Scan, number: int, span: Span, line: str) -> bool:
    match = _DIRECTIVE.match(line)
    if not match or (key := match[1].lower()) not in DIRECTIVES:
        return False
    if key in found.directives:
        found.problems.append((number, f"only one {key} parser directive can be used"))
    found.directives[key] = match[2]
    if key == "escape":
        if match[2] in ("\\", "`"):
            found.escape = match[2]
        else:
            found.problems.append((number, f"invalid escape token {match[2]!r}, it has to be \\ or `"))
    found.lines.append(Line(number, span, Role.DIRECTIVE))
    return True


def _take_block(found: Scan, first: Line, rest: Iterator[tuple[int, Span]]) -> None:
    raw = found.content(first.span)
    line = raw.lstrip(SPACE)
    bom = len("\ufeff") if first.span.start == 0 and found.text.startswith("\ufeff") else 0
    kept, goes_on = _cut(line, found.escape)
    block = Block([first], [(kept, first.span.start + bom + len(raw) - len(line))])
    while goes_on and (following := next(rest, None)):
        number, span = following
        content = found.content(span)
        if content.lstrip(SPACE).startswith("#"):
            block.lines.append(Line(number, span, Role.INNER_COMMENT))
        elif not content.lstrip(SPACE):
            block.lines.append(Line(number, span, Role.INNER_BLANK))
        else:
            block.lines.append(Line(number, span, Role.CONTINUED))
            kept, goes_on = _cut(content, found.escape)
            block.pieces.append((kept, span.start))
    for name, strip_tabs, expand in _heredoc_markers(block.logical().text):
        if not _take_heredoc(found, block, rest, name, strip_tabs, expand):
            found.problems.append((first.number, f"unterminated heredoc: no later line is just {name}"))
    found.blocks.append(block)
    found.lines.extend(block.lines)


def _cut(line: str, escape: str) -> tuple[str, bool]:
    """The line without its continuation mark, and whether it goes on."""
    bare = line.rstrip(" \t")
    if bare.endswith(escape) and not bare.endswith(escape * 2):
        return bare[:-1], True
    return line, False


def _take_heredoc(
    found: Scan, block: Block, rest: Iterator[tuple[int, Span]], name: str, strip_tabs: bool, expand: bool
) -> bool:
    start = block.lines[-1].span.end
    for number, span in rest:
        content = found.content(span)
        if (content.lstrip("\t") if strip_tabs else content) == name:
            block.lines.append(Line(number, span, Role.HEREDOC_END))
            block.heredocs.append(Heredoc(name, strip_tabs, expand, Span(start, span.start)))
            return True
        block.lines.append(Line(number, span, Role.HEREDOC))
    return False


def _heredoc_markers(line: str) -> list[tuple[str, bool, bool]]:
    """(name, strip tabs, expand) of each `<<NAME` that BuildKit sees in an instruction."""
    if "<<" not in line:
        return []
    words = line.split(None, 2)
    keyword = words[0].upper()
    if keyword not in TAKES_HEREDOC or _is_exec_form(line):
        return []
    markers = []
    for word in _raw_words(line):
        match = _HEREDOC.match(word)
        quoted = match is not None and re.search(r"[\"']", match[3]) is not None
        if match and (quoted or not re.search(r"\s", match[3].strip())):
            name = re.sub(r"\\(.)", r"\1", match[3].replace('"', "").replace("'", ""))
            markers.append((name, match[2] == "-", not quoted))
    return markers


def _is_exec_form(line: str) -> bool:
    body = re.sub(r"^\S+(\s+--\S+)*\s*", "", line)
    if not body.startswith("["):
        return False
    try:
        return all(isinstance(item, str) for item in json.loads(body))
    except (ValueError, RecursionError):
        return False


def _raw_words(line: str) -> list[str]:
    """Words split as BuildKit's shell lexer splits them with quotes and escapes kept.

    Unbalanced quotes mean no words, hence no heredoc, as there.
    """
    words, word, quote, at = [], "", "", 0
    while at < len(line):
        char = line[at]
        if quote:
            word += char
            if char == "\\" and quote == '"' and at + 1 < len(line):
                at += 1
                word += line[at]
            elif char == quote:
                quote = ""
        elif line.startswith("<<", at):
            # "<<" and the blanks after it start a word of their own reading: << EOF is <<EOF.
            end = at + (3 if line.startswith("<<<", at) else 2)
            word += line[at:end]
            at = end
            while at < len(line) and line[at] in " \t" and not word.endswith("<<<"):
                at += 1
            continue
        elif char in "'\"":
            quote, word = char, word + char
        elif char == "\\" and at + 1 < len(line):
            at += 1
            word += char + line[at]
        elif char.isspace():
            words.append(word)
            word = ""
        else:
            word += char
        at += 1
    return [] if quote else [entry for entry in (*words, word) if entry]


def masked(text: str, lines: Iterable[Line]) -> str:
    """The text as dockerfile-parse reads it right: what it takes for instructions or an end is a comment."""
    found, last = [], None
    for line in lines:
        raw = text[line.span.start : line.span.end].removeprefix("\ufeff" if not line.span.start else "")
        # `# check=` ends the head for dockerfile-parse, and a later `# escape=` with it.
        is_check = line.role is Role.DIRECTIVE and _CHECK.match(raw)
        found.append("# syntax=masked\n" if is_check else "#\n" if line.role in _MASKED else raw)
        last = line.role
    if found and last in {Role.FIRST, Role.CONTINUED, Role.INNER_COMMENT, Role.INNER_BLANK}:
        # A continuation at the end of the file vanishes otherwise.
        found.append("\n" if found[-1].endswith("\n") else "\n\n")
    return "".join(found)
