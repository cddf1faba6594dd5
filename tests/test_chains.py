"""A RUN loses steps or words, and nothing else: comments go with what they are about."""

from __future__ import annotations

import pytest

from pydock.dockerfile import Dockerfile, Instruction
from pydock.patches import with_steps, with_words
from pydock.shell import Script, script
from pydock.text import Edit, apply


def _read(text: str) -> tuple[Dockerfile, Instruction, Script]:
    dockerfile = Dockerfile(text)
    run = dockerfile.instructions[-1]
    return dockerfile, run, script(run)


STEPS = {
    "the first goes": ("RUN a && b && c\n", [1, 2], "RUN b \\\n    && c\n"),
    "the last goes": ("RUN a && \\\n    b\n", [0], "RUN a\n"),
    "one in the middle goes": ("RUN a && b && c\n", [0, 2], "RUN a \\\n    && c\n"),
    "a comment goes with its step": (
        "RUN a && \\\n    # about b\n    b && \\\n    # about c\n    c\n",
        [0, 2],
        "RUN a \\\n    # about c\n    && c\n",
    ),
    "all stay as they were": ("RUN a   && \\\n  b;c\n", [0, 1, 2], "RUN a   && \\\n  b;c\n"),
    "a script in a heredoc": ("RUN <<EOF\na\nb\nc\nEOF\n", [0, 2], "RUN <<EOF\na\nc\nEOF\n"),
}


@pytest.mark.parametrize(("text", "kept", "expected"), STEPS.values(), ids=STEPS)
def test_with_steps(text: str, kept: list[int], expected: str) -> None:
    dockerfile, run, found = _read(text)
    assert with_steps(dockerfile, run, found.steps, [found.steps[at] for at in kept]) == expected


@pytest.mark.parametrize(("text", "kept", "expected"), STEPS.values(), ids=STEPS)
def test_a_step_that_is_kept_is_still_read_as_the_same_command(text: str, kept: list[int], expected: str) -> None:
    before = [_read(text)[2].steps[at].commands[0].values for at in kept]
    assert [step.commands[0].values for step in _read(expected)[2].steps] == before


WORDS = {
    "one goes": ("RUN a b c d\n", ["a", "b", "d"], [], "RUN a b d\n"),
    "one comes": ("RUN a b\n", ["a", "b"], ["c"], "RUN a b c\n"),
    "lines stay lines": ("RUN a \\\n    b \\\n    c\n", ["a", "c"], [], "RUN a \\\n    c\n"),
    "a new word gets its own line where the others have one": (
        "RUN a \\\n    b \\\n    c\n",
        ["a", "b", "c"],
        ["d"],
        "RUN a \\\n    b \\\n    c \\\n    d\n",
    ),
    "a comment goes with its word": (
        "RUN a \\\n    # about b\n    b \\\n    # about c\n    c\n",
        ["a", "c"],
        [],
        "RUN a \\\n    # about c\n    c\n",
    ),
    "a word takes over the line of one that goes": ("RUN a \\\n    b c\n", ["a", "c"], [], "RUN a \\\n    c\n"),
}


@pytest.mark.parametrize(("text", "kept", "added", "expected"), WORDS.values(), ids=WORDS)
def test_with_words(text: str, kept: list[str], added: list[str], expected: str) -> None:
    dockerfile, _, found = _read(text)
    command = found.commands[0]
    span, new = with_words(dockerfile, command, [word for word in command.words if word.text in kept], added)
    assert apply(text, [Edit("Dockerfile", span, new)]) == expected
