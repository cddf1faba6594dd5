"""Edits to the words of a command that runs in a container, in whichever file and form it is written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from itertools import pairwise

from pydock.build.containers.start import Start
from pydock.patterns import regex
from pydock.project import Project
from pydock.shell import Word
from pydock.text import Edit, Span

_PLAIN = regex(r"[\w@%+=:,./-]+\Z")


def is_editable(project: Project, start: Start) -> bool:
    """Whether the command's words stand in a file of the context, each in its own place."""
    text = project.tree.text(start.path) if start.path else None
    words = start.command.words
    if text is None or not words:
        return False
    spans = [word.span for word in words]
    return all(before.end <= after.start for before, after in pairwise(spans)) and all(
        text[word.span.start : word.span.end] in {word.text, json.dumps(word.text, ensure_ascii=False)}
        for word in words
    )


def added(project: Project, start: Start, words: Sequence[str], operand: str = "") -> Edit:
    """New words at the end of an editable command, or in front of its operand where that is last.

    An option and its value are written on one line; where the options have lines of their own
    the new one gets its own too.
    """
    text = project.tree.text(start.path) or ""
    present = start.command.words
    at = len(present) - 1
    if operand and at > 1 and present[at].value == operand and _takes_no_value(present[at - 1], operand):
        at -= 1
    first = next((word for word in reversed(present[1 : at + 1]) if word.text.startswith("-")), present[at])
    index = present.index(first)
    before = text[present[index - 1].span.end : first.span.start] if index else " "
    usual = text[present[0].span.end : present[1].span.start] if len(present) > 1 else ""
    joint = usual if not start.in_shell and usual.strip(" ") == "," else " " if start.in_shell else ", "
    gap = before if "\n" in before and "#" not in before else joint
    written = joint.join(quoted(start, word) for word in words)
    end = present[at].span.end
    return Edit(start.path, Span(end, end), f"{gap}{written}")


def _takes_no_value(word: Word, operand: str) -> bool:
    """Whether the word in front of the operand is no option that it is the value of.

    An operand such as `module:app` is never an option's value, but a bare name may be.
    """
    return ":" in operand or not word.text.startswith("-") or "=" in word.text


def replaced(start: Start, word: Word, text: str) -> Edit:
    """Another word in the place of one."""
    return Edit(start.path, word.span, quoted(start, text))


def rewritten(project: Project, start: Start, words: Sequence[str]) -> Edit | None:
    """Another command in the place of one; None where its words stand in two instructions."""
    first, last = start.command.words[0].span, start.command.words[-1].span
    holders = {
        instruction.number
        for instruction in project.dockerfile.instructions
        for span in (first, last)
        if instruction.span.holds(span)
    }
    if start.path == project.path and len(holders) != 1:
        return None
    joint = " " if start.in_shell else ", "
    return Edit(start.path, Span(first.start, last.end), joint.join(quoted(start, word) for word in words))


def removed(start: Start, word: Word) -> Edit:
    """The command without one of its words, which is not the first; its gap goes with it."""
    words = start.command.words
    before = words[words.index(word) - 1]
    return Edit(start.path, Span(before.span.end, word.span.end), "")


def quoted(start: Start, text: str) -> str:
    """A word as the command's form writes it."""
    if not start.in_shell:
        return json.dumps(text, ensure_ascii=False)
    return text if _PLAIN.match(text) else "'" + text.replace("'", "'\\''") + "'"


def changed_fields(project: Project, start: Start, *edits: Edit) -> frozenset[str]:
    """The contract fields that edits of a command alter: none for a script of the context."""
    places = [edit.span.start for edit in edits if edit.path == project.path]
    return frozenset(
        instruction.keyword.lower()
        for instruction in project.dockerfile.instructions
        if instruction.keyword in {"CMD", "ENTRYPOINT", "HEALTHCHECK"}
        and any(instruction.span.start <= place <= instruction.span.end for place in places)
    )
