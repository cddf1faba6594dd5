"""Lossless views on the text of a Dockerfile: instructions that tile it, and stages.

The only door to dockerfile-parse. It reads the instructions; the layer in `lines.py` gives it the text with heredoc
bodies and blank continuation lines masked, because alone it takes the first for instructions and the second for an
end. Where both readings disagree the file is not edited.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from functools import cached_property, lru_cache
from typing import Any

from dockerfile_parse import DockerfileParser

from pydock.dockerfile.lines import Block, Heredoc, Line, Logical, Role, Scan, masked, scan
from pydock.patterns import regex
from pydock.text import SPACE, Piece, Span, exec_form, expand, split, unquote
from pydock.values import Value, once

_NAMES = """
    ADD ARG CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL MAINTAINER ONBUILD RUN SHELL STOPSIGNAL USER VOLUME
    WORKDIR
"""
KEYWORDS = frozenset(_NAMES.split())
_KEYWORD = regex(r"([^\t\v\f\r ]+)[\t\v\f\r ]*")


class Flag(Value):
    """A builder flag such as `--from=builder`; `value` is "" where there is none."""

    name: str
    value: str
    span: Span


class Assignment(Value):
    """One NAME=value of ENV, ARG or LABEL; `value` is unquoted, None for a bare ARG."""

    name: str
    value: str | None
    span: Span


class Instruction(Value, eq=False, dict=True):
    """One instruction with everything that belongs to it.

    `lead` is the blank lines and comments since the previous instruction, `span` the lines of
    the instruction itself, with its last line end and the bodies of its heredocs.
    """

    keyword: str
    number: int
    lead: Span
    span: Span
    logical: Logical
    flags: tuple[Flag, ...]
    heredocs: tuple[Heredoc, ...]
    escape: str
    value_at: int
    documents: tuple[str, ...] = ()

    @cached_property
    def value(self) -> str:
        """The arguments after the flags, on one line."""
        return self.logical.text[self.value_at :].rstrip(SPACE)

    @cached_property
    def value_span(self) -> Span:
        return self.place(0, len(self.value))

    @property
    def whole(self) -> Span:
        return Span(self.lead.start, self.span.end)

    @cached_property
    def body(self) -> Span:
        """The instruction without its indentation, heredoc bodies and line end."""
        return self.logical.span(0, len(self.logical.text.rstrip(SPACE)))

    def place(self, start: int, end: int) -> Span:
        """The source span of these characters of `value`."""
        return self.logical.span(self.value_at + start, self.value_at + end)

    @cached_property
    def words(self) -> tuple[Piece, ...]:
        """The arguments as BuildKit splits them, in exec form too."""
        return self.exec_form or split(self.value, self.escape)

    @cached_property
    def exec_form(self) -> tuple[Piece, ...] | None:
        return exec_form(self.value)

    def heredoc_text(self, heredoc: Heredoc) -> str:
        """The body of one of the heredocs, as it stands."""
        return self.documents[self.heredocs.index(heredoc)]

    def flag(self, name: str) -> str | None:
        """The value of a flag, or None where it is not given."""
        return next((flag.value for flag in self.flags if flag.name == name), None)

    @cached_property
    def assignments(self) -> tuple[Assignment, ...]:
        """What ENV, ARG or LABEL set, old-style `ENV NAME value` included."""
        if not self.words:
            return ()
        first = self.words[0]
        if self.keyword in {"ENV", "LABEL"} and "=" not in first.text:
            value = self.value[first.end :].strip(SPACE)
            return (Assignment(unquote(first.text, self.escape), unquote(value, self.escape), self.value_span),)
        found = []
        for word in self.words:
            name, equals, value = word.text.partition("=")
            plain = unquote(value, self.escape) if equals else None
            found.append(Assignment(unquote(name, self.escape), plain, self.place(word.start, word.end)))
        return tuple(found)


class Stage(Value, eq=False, dict=True):
    """The instructions from one FROM to the next; `base` as written, `name` in lower case."""

    index: int
    base: str
    name: str
    platform: str
    instructions: tuple[Instruction, ...]

    @property
    def start(self) -> Instruction:
        return self.instructions[0]

    @property
    def span(self) -> Span:
        return Span(self.start.lead.start, self.instructions[-1].span.end)

    @once
    def of(self, *keywords: str) -> tuple[Instruction, ...]:
        return tuple(entry for entry in self.instructions if entry.keyword in keywords)

    def last(self, keyword: str) -> Instruction | None:
        return next(reversed(self.of(keyword)), None)


class Dockerfile(Value, dict=True):
    """A Dockerfile's text and what can be seen in it, as one build sees it; equal values are equal Dockerfiles.

    `target` is the stage that is built, "" for the last one; `given` are the values that the build
    passes for arguments, which win over their defaults.
    """

    text: str
    target: str = ""
    given: tuple[tuple[str, str], ...] = ()

    @cached_property
    def _scan(self) -> Scan:
        return scan(self.text)

    @property
    def escape(self) -> str:
        return self._scan.escape

    @property
    def directives(self) -> dict[str, str]:
        return self._scan.directives

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        return tuple(self._scan.lines)

    @cached_property
    def newline(self) -> str:
        return "\r\n" if "\r\n" in self.text else "\n"

    def written(self, text: str) -> str:
        """New text in this file's own way: its escape token and its line ends."""
        text = text.replace("\r\n", "\n")
        if self.escape != "\\":
            text = text.replace("\\\n", f"{self.escape}\n")
        return text.replace("\n", self.newline)

    @cached_property
    def instructions(self) -> tuple[Instruction, ...]:
        found, at = [], self.head.end
        for block in self._scan.blocks:
            found.append(_instruction(self.text, block, at, self.escape))
            at = found[-1].span.end
        return tuple(found)

    @cached_property
    def head(self) -> Span:
        """The byte order mark and the parser directives; they have to stay on top."""
        ends = [line.span.end for line in self.lines if line.role is Role.DIRECTIVE]
        return Span(0, max(ends, default=1 if self.text.startswith("\ufeff") else 0))

    @cached_property
    def tail(self) -> Span:
        """What follows the last instruction: blank lines and comments."""
        last = self.instructions[-1].span.end if self.instructions else self.head.end
        return Span(last, len(self.text))

    @cached_property
    def global_arguments(self) -> dict[str, str | None]:
        """The ARGs before the first FROM, with what is passed for them or their defaults."""
        values: dict[str, str | None] = {}
        given = dict(self.given)
        for instruction in self.instructions:
            if instruction.keyword == "FROM":
                break
            for entry in instruction.assignments if instruction.keyword == "ARG" else ():
                default = None if entry.value is None else expand(entry.value, values)
                values[entry.name] = given.get(entry.name, default)
        return values

    @cached_property
    def stages(self) -> tuple[Stage, ...]:
        starts = [at for at, entry in enumerate(self.instructions) if entry.keyword == "FROM"]
        bounds = zip(starts, [*starts[1:], len(self.instructions)], strict=False)
        return tuple(_stage(index, self.instructions[start:end]) for index, (start, end) in enumerate(bounds))

    @property
    def final(self) -> Stage | None:
        """The stage that is built; None where there is none, or none of that name."""
        return self.stage_named(self.target) if self.target else self.stages[-1] if self.stages else None

    def stage_named(self, name: str) -> Stage | None:
        """The stage that `--from=NAME` or `FROM NAME` means: a name or a number."""
        if stage := self._named.get(name.lower()):
            return stage
        return self.stages[int(name)] if name.isdigit() and int(name) < len(self.stages) else None

    @cached_property
    def _named(self) -> dict[str, Stage]:
        """The last stage of each name."""
        return {stage.name: stage for stage in self.stages if stage.name}

    def slice(self, span: Span) -> str:
        return self.text[span.start : span.end]

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column, both from 1, of an offset."""
        line = bisect_right(self._scan.starts, offset)
        return line, offset - self._scan.starts[line - 1] + 1

    @cached_property
    def problems(self) -> tuple[tuple[int, str], ...]:
        """(line, what) for everything that BuildKit would reject or that is not understood."""
        found = list(self._scan.problems)
        found += [
            (entry.number, f"unknown instruction: {entry.keyword}")
            for entry in self.instructions
            if entry.keyword not in KEYWORDS
        ]
        found += [(entry.number, what) for entry in self.instructions if (what := _malformed(entry))]
        if not any(entry.keyword == "FROM" for entry in self.instructions):
            found.append((1, "no FROM, so nothing can be built"))
        elif self.final is None:
            found.append((1, f"no stage is called {self.target}, and that one is to be built"))
        elif not found and (line := self._disagreement()):
            found.append((line, "two readings of this line disagree, so it is left alone"))
        return tuple(sorted(found))

    def _disagreement(self) -> int | None:
        """The first line where dockerfile-parse sees something else than the scanner."""
        ours = [(entry.keyword, entry.number) for entry in self.instructions]
        theirs: list[tuple[str, int]] = [
            (entry["instruction"], entry["startline"] + 1)
            for entry in _structure(masked(self.text, self.lines))
            if entry["instruction"] != "COMMENT"
        ]
        for mine, other in zip(ours, theirs, strict=False):
            if mine != other:
                return min(mine[1], other[1])
        longer = max(ours, theirs, key=len)
        return longer[min(len(ours), len(theirs))][1] if len(ours) != len(theirs) else None


@lru_cache(maxsize=256)
def read(text: str, target: str = "", given: tuple[tuple[str, str], ...] = ()) -> Dockerfile:
    """A Dockerfile, shared between callers that read the same text for the same build."""
    return Dockerfile(text, target, given)


def _structure(text: str) -> list[dict[str, Any]]:
    parser = DockerfileParser(
        fileobj=io.BytesIO(text.encode("utf-8", "replace")), cache_content=False, env_replace=False
    )
    structure: list[dict[str, Any]] = parser.structure
    return structure


def _malformed(instruction: Instruction) -> str:
    """What BuildKit's parser says against the arguments, or ""."""
    if instruction.keyword == "FROM" and not instruction.words:
        return "FROM needs an image"
    if instruction.keyword in {"ENV", "LABEL"} and instruction.words:
        is_old = "=" not in instruction.words[0].text
        bare = [word.text for word in instruction.words if "=" not in word.text]
        if (is_old and len(instruction.words) < 2) or (bare and not is_old):
            return f"{instruction.keyword} needs name=value, {bare[0]!r} has no value"
    return ""


def _instruction(text: str, block: Block, lead: int, escape: str) -> Instruction:
    logical = block.logical()
    match = _KEYWORD.match(logical.text)
    keyword, at = (match[1], match.end()) if match else ("", 0)
    flags, at = _flags(logical, at, escape)
    span = Span(block.lines[0].span.start, block.lines[-1].span.end)
    if span.start == 0:
        span = Span(max(lead, 0), span.end)
    return Instruction(
        keyword.upper(),
        block.lines[0].number,
        Span(lead, span.start),
        span,
        logical,
        flags,
        tuple(block.heredocs),
        escape,
        at,
        tuple(text[doc.body.start : doc.body.end] for doc in block.heredocs),
    )


def _flags(logical: Logical, at: int, escape: str) -> tuple[tuple[Flag, ...], int]:
    flags: list[Flag] = []
    for word in split(logical.text[at:], escape):
        if not word.text.startswith("--"):
            return tuple(flags), at + word.start
        name, _, value = word.text[2:].partition("=")
        flags.append(Flag(name, unquote(value, escape), logical.span(at + word.start, at + word.end)))
    return tuple(flags), len(logical.text)


def _stage(index: int, instructions: tuple[Instruction, ...]) -> Stage:
    start = instructions[0]
    words = [word.text for word in start.words]
    name = words[2].lower() if len(words) == 3 and words[1].lower() == "as" else ""
    base = unquote(words[0]) if words else ""
    return Stage(index, base, name, start.flag("platform") or "", instructions)
