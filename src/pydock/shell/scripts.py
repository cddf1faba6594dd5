"""The commands inside RUN, CMD, ENTRYPOINT and HEALTHCHECK, with their place in the Dockerfile.

The logical text is read (continuations and comment lines removed), and offsets are mapped back. A script with
an error in it, or one for another shell, is opaque: it shows no commands, so nothing in it is ever edited.
"""

from __future__ import annotations

import re

from pydock.dockerfile import Heredoc, Instruction, Logical
from pydock.patterns import regex
from pydock.shell.reading import read_script
from pydock.shell.structure import OPAQUE, Command, Joint, Pipeline, Redirect, Script, Step, Word
from pydock.text import Piece, Span, exec_form
from pydock.values import once, replace

_FIRST_TABS = regex(r"(?m)^\t+")
_SHELL_CALL = regex(r"(?:/usr)?(?:/bin/)?(?:ba|da|a)?sh(?:\s+-[a-z]+)*")


@once
def script(instruction: Instruction) -> Script:
    """The script of RUN, CMD, ENTRYPOINT, or of HEALTHCHECK's CMD."""
    start = 0
    if instruction.keyword == "HEALTHCHECK":
        match = re.match(r"CMD\s+", instruction.value, re.I)
        if not match:
            return Script(())
        start = match.end()
    value = instruction.value[start:]
    if (pieces := exec_form(value)) is not None:
        return _exec_script(instruction, pieces, start)
    if instruction.heredocs:
        return _with_heredocs(instruction)
    return read_script(_shifted(instruction, start))


def script_of_text(text: str) -> Script:
    """The script of a shell file; spans are offsets in `text`."""
    return read_script(Logical(text, ((0, 0),)))


def _exec_script(instruction: Instruction, pieces: tuple[Piece, ...], start: int) -> Script:
    words = tuple(
        Word(piece.text, piece.text, instruction.place(start + piece.start, start + piece.end)) for piece in pieces
    )
    if not words:
        return Script((), shell=False)
    span = Span(words[0].span.start, words[-1].span.end)
    pipeline = Pipeline(Joint.FIRST, (Command(words, (), span),), span)
    return Script((Step("", span, (pipeline,)),), shell=False)


def _shifted(instruction: Instruction, start: int) -> Logical:
    """The logical text of `value` from an offset on."""
    offset = len(instruction.logical.text) - len(instruction.logical.text[instruction.value_at :]) + start
    parts = [(max(0, here - offset), there + max(0, offset - here)) for here, there in instruction.logical.parts]
    kept = [part for part, after in zip(parts, [*parts[1:], None], strict=True) if after is None or after[0] > 0]
    return Logical(instruction.value[start:], tuple(kept))


def _with_heredocs(instruction: Instruction) -> Script:
    """`RUN <<EOF` runs the body; any other heredoc feeds a command and hides nothing from it."""
    match = re.fullmatch(r"<<-?\s*([\"']?)\w+\1(?:\s+(.+))?", instruction.value)
    if match and match[2] and not _SHELL_CALL.fullmatch(match[2]):
        # `RUN <<EOF python3`: the body is another program's.
        return _fed(read_script(_shifted(instruction, match.start(2))), _redirect(instruction, instruction.heredocs[0]))
    if match:
        doc = instruction.heredocs[0]
        body = instruction.heredoc_text(doc)
        if body.startswith("#!") and not re.match(r"#!\s*(/usr)?/bin/(env\s+)?(ba|da)?sh\b", body):
            return OPAQUE
        return read_script(Logical(body, ((0, doc.body.start),)))
    logical = _shifted(instruction, 0)
    text, parts = logical.text, list(logical.parts)
    for doc in instruction.heredocs:
        parts.append((len(text) + 1, doc.body.start))
        text += "\n" + instruction.heredoc_text(doc) + doc.name
    return read_script(Logical(text + "\n", tuple(parts)))


def heredocs(instruction: Instruction) -> tuple[Redirect, ...]:
    """The heredocs of RUN, COPY and ADD, as redirections; their spans are those of the bodies."""
    return tuple(_redirect(instruction, doc) for doc in instruction.heredocs)


def _redirect(instruction: Instruction, doc: Heredoc) -> Redirect:
    operator, body = ("<<-" if doc.strip_tabs else "<<"), instruction.heredoc_text(doc)
    if doc.strip_tabs:
        body = _FIRST_TABS.sub("", body)
    return Redirect(operator, None, body, doc.body, is_literal=not doc.expand)


def _fed(script: Script, redirect: Redirect) -> Script:
    """A script whose first command reads a heredoc."""
    if not script.steps:
        return script
    step = script.steps[0]
    pipeline = step.members[0]
    first = pipeline.commands[0]
    first = replace(first, redirections=(redirect, *first.redirections))
    pipeline = replace(pipeline, commands=(first, *pipeline.commands[1:]))
    step = replace(step, members=(pipeline, *step.members[1:]))
    return replace(script, steps=(step, *script.steps[1:]))
