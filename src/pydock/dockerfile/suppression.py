"""Comments that silence rules: `# pydock: ignore[PYD304]`, and hadolint's for the rules that both have."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

from pydock.dockerfile.instructions import Dockerfile, Instruction
from pydock.dockerfile.lines import Line, Role
from pydock.patterns import regex
from pydock.text import SPACE, Span
from pydock.values import Value

_OWN = regex(r"#\s*pydock:\s*(?P<verb>[\w-]*)\s*(?:\[(?P<names>[^\]#]*)\])?", re.I)
# https://github.com/hadolint/hadolint#inline-ignores, read 2026-11
_HADOLINT = regex(r"#\s*hadolint\s+(?P<is_global>global\s+)?ignore\s*=\s*(?P<names>[\w,\s]+)", re.I)
_NAME = regex(r"[^,\s]+")
VERBS = ("ignore", "ignore-file")


class Named(Value):
    """A word of a comment that should mean a rule, and where it stands."""

    word: str
    span: Span


class Suppression(Value):
    """One comment that silences rules in front of an instruction, or in the whole file.

    No `names` mean every rule. `covers` is the span of the instruction with its comments, None
    for the whole file. `problem` says why it silences nothing, "" where it is understood.
    """

    span: Span
    names: tuple[Named, ...]
    covers: Span | None
    is_hadolint: bool = False
    problem: str = ""


def suppressions(dockerfile: Dockerfile) -> tuple[Suppression, ...]:
    """Every comment of this kind, in the order of the file, those that silence nothing with their problem."""
    if "#" not in dockerfile.text:
        return ()
    return tuple(found for line in dockerfile.lines for found in _of_line(dockerfile, line))


def _of_line(dockerfile: Dockerfile, line: Line) -> Iterator[Suppression]:
    if line.role not in {Role.COMMENT, Role.INNER_COMMENT}:
        return
    text = dockerfile.slice(line.span).rstrip("\r\n" + SPACE)
    for match in _OWN.finditer(text):
        span = Span(line.span.start + match.start(), line.span.start + match.end())
        verb = match["verb"].lower()
        problem = _problem(dockerfile, line, verb, match["names"])
        covers = None if verb == "ignore-file" else _covered(dockerfile, line)
        yield Suppression(span, _names(match, line), covers, problem=problem)
    for match in _HADOLINT.finditer(text):
        if line.role is Role.COMMENT and (not match["is_global"] or _is_in_head(dockerfile, line)):
            span = Span(line.span.start + match.start(), line.span.start + match.end())
            covers = None if match["is_global"] else _covered(dockerfile, line)
            yield Suppression(span, _names(match, line), covers, is_hadolint=True)


def _names(match: re.Match[str], line: Line) -> tuple[Named, ...]:
    start = line.span.start + max(match.start("names"), 0)
    words = _NAME.finditer(match["names"] or "")
    return tuple(Named(word[0], Span(start + word.start(), start + word.end())) for word in words)


def _problem(dockerfile: Dockerfile, line: Line, verb: str, names: str | None) -> str:
    if verb not in VERBS:
        return "it asks neither for ignore[RULE] nor for ignore-file[RULE]"
    if names is not None and not names.strip(", \t"):
        return "there is no rule between its brackets"
    if line.role is Role.INNER_COMMENT:
        return "it stands inside an instruction, and only counts in front of one"
    if verb == "ignore-file" and not _is_in_head(dockerfile, line):
        return "ignore-file only counts in front of the first instruction"
    if verb == "ignore" and _instruction(dockerfile, line) is None:
        return "no instruction follows it"
    return ""


def _covered(dockerfile: Dockerfile, line: Line) -> Span | None:
    instruction = _instruction(dockerfile, line)
    return instruction.whole if instruction else Span(line.span.end, line.span.end)


def _instruction(dockerfile: Dockerfile, line: Line) -> Instruction | None:
    """The first instruction behind a comment."""
    at = bisect_left(dockerfile.instructions, line.span.end, key=lambda each: each.span.start)
    return dockerfile.instructions[at] if at < len(dockerfile.instructions) else None


def _is_in_head(dockerfile: Dockerfile, line: Line) -> bool:
    return bool(dockerfile.instructions) and line.span.end <= dockerfile.instructions[0].span.start
