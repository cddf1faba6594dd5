"""A RUN taken apart: its text with some of its steps, a command's text with some of its words.

A comment inside a continued RUN belongs to the step or word that follows it and goes where
that goes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from pydock.dockerfile import Dockerfile, Instruction
from pydock.shell import Command, Step, Word
from pydock.text import Span

INDENT = "    "


def with_steps(
    dockerfile: Dockerfile,
    run: Instruction,
    steps: Sequence[Step],
    kept: Sequence[Step],
    edits: Iterable[tuple[Span, str]] = (),
) -> str:
    """The RUN with these of its `steps`; `edits` replace spans inside them.

    With every step kept, the text between the steps stays as it was.
    """
    edits = tuple(sorted(edits))
    if len(kept) == len(steps):
        return _replaced(dockerfile, run.span, edits)
    is_document = bool(run.heredocs) and run.heredocs[0].body.holds(steps[0].span)
    first, last = steps[0], steps[-1]
    wanted = set(kept)
    pieces = [dockerfile.text[run.span.start : first.span.start]]
    for at, step in enumerate(steps):
        if step not in wanted:
            continue
        before = steps[at - 1].span.end if at else first.span.start
        gap = dockerfile.text[before : step.span.start]
        pieces.append(_joint(step, gap, opens=len(pieces) == 1, is_document=is_document))
        pieces.append(_replaced(dockerfile, step.span, edits))
    after = dockerfile.text[last.span.end : run.span.end]
    return "".join(pieces) + (after if is_document or last in wanted else dockerfile.newline)


def _joint(step: Step, gap: str, *, opens: bool, is_document: bool) -> str:
    comments = comment_lines(gap)
    if is_document:
        joined = step.operator if step.operator in {"&&", "&"} else "\n"
        if joined != "\n":
            return "" if opens else f" {joined} "
        indent = gap.rpartition("\n")[2]
        return comments + indent if opens and comments else "" if opens else "\n" + comments + indent
    if opens:
        return f"\\\n{comments}{INDENT}" if comments else ""
    operator = "&&" if step.operator == "\n" else step.operator
    if operator == "&&":
        return f" \\\n{comments}{INDENT}&& "
    return f"{operator} \\\n{comments}{INDENT}"


def comment_lines(gap: str) -> str:
    """The comment lines in the text between two words or steps, each with its line end."""
    lines = [line.rstrip("\r") for line in gap.split("\n")]
    return "".join(f"{line}\n" for line in lines if line.lstrip().startswith("#"))


def with_words(
    dockerfile: Dockerfile, command: Command, kept: Collection[Word], added: Sequence[str] = ()
) -> tuple[Span, str]:
    """The command with these of its words, then new ones, as a replacement of its span."""
    text = dockerfile.text
    wanted = set(kept)
    first, *rest = command.words
    pieces = [text[command.span.start : first.span.end]]
    previous, gap_since_kept, style = first, "", " "
    for word in rest:
        gap = text[previous.span.end : word.span.start]
        gap_since_kept = gap_since_kept or gap
        previous = word
        if word not in wanted:
            continue
        # A word that shared its line with a removed one takes over the break before that one.
        if "\n" not in gap and "\n" in gap_since_kept:
            gap = _without_comments(gap_since_kept)
        elif gap != gap_since_kept:
            first_line, *blank_or_not, last_line = gap.split("\n") if "\n" in gap else [gap, ""]
            gap = (
                "\n".join([first_line, *(line for line in blank_or_not if line.strip()), last_line])
                if "\n" in gap
                else gap
            )
        pieces.append(gap + text[word.span.start : word.span.end])
        style, gap_since_kept = gap if "\n" in gap else style, ""
    style = _without_comments(style)
    pieces += [style + word for word in added]
    pieces.append(text[previous.span.end : command.span.end])
    return command.span, "".join(pieces)


def _without_comments(gap: str) -> str:
    return "\n".join(line for line in gap.split("\n") if not line.lstrip().startswith("#"))


def _replaced(dockerfile: Dockerfile, span: Span, edits: Iterable[tuple[Span, str]]) -> str:
    """The text of a span after those of the edits, which come in order, that lie in it."""
    pieces, at = [], span.start
    for place, replacement in edits:
        if span.holds(place):
            pieces += [dockerfile.text[at : place.start], replacement]
            at = place.end
    return "".join([*pieces, dockerfile.text[at : span.end]])


def ended(text: str, newline: str) -> str:
    """The text with a line end."""
    return text if text.endswith("\n") else text + newline
