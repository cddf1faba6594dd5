"""Commands are found where they stand, and what cannot be read is opaque."""

from __future__ import annotations

import json

import pytest
from hypothesis import given

from pydock.dockerfile import Dockerfile
from pydock.shell import script, script_of_text, unwrapped
from tests.strategies import ANY_TEXT, DOCKERFILE_LIKE

COMMANDS = {
    "one command": ("RUN pip install flask", [["pip", "install", "flask"]]),
    "a chain": ("RUN a b && c d; e", [["a", "b"], ["c", "d"], ["e"]]),
    "a continuation with a comment": ("RUN a \\\n# why\n  b && \\\n\n c", [["a", "b"], ["c"]]),
    "quotes are taken off": ("RUN echo 'a b' \"c\"d", [["echo", "a b", "cd"]]),
    "a variable is unknown": ('RUN echo $A "b$C" d', [["echo", "", "", "d"]]),
    "a pipeline": ("RUN curl x | sh", [["curl", "x"], ["sh"]]),
    "a condition": ("RUN if true; then pip install a; fi", [["true"], ["pip", "install", "a"]]),
    "a substitution": ("RUN echo $(id -u)", [["echo", ""], ["id", "-u"]]),
    "words behind a redirect": ("RUN echo a >/dev/null b", [["echo", "a", "b"]]),
    "exec form": ('RUN ["pip", "install", "a b"]', [["pip", "install", "a b"]]),
    "a heredoc is the script": ("RUN <<EOF\nset -e\npip install a\nEOF", [["set", "-e"], ["pip", "install", "a"]]),
    "a heredoc feeds a command": ("RUN cat <<EOF >x && id\npip install a\nEOF", [["cat"], ["id"]]),
    "flags of the instruction are no words": ("RUN --mount=type=cache,target=/x a", [["a"]]),
    "a list as a default": (
        """RUN export A=${A:-["*"]} B=${b[A]:-["a", "b"]} && c""",
        [["export", "", ""], ["c"]],
    ),
    "HEALTHCHECK CMD": ("HEALTHCHECK --interval=5s CMD curl -f x", [["curl", "-f", "x"]]),
    "HEALTHCHECK NONE": ("HEALTHCHECK NONE", []),
}


@pytest.mark.parametrize(("text", "expected"), COMMANDS.values(), ids=COMMANDS)
def test_commands(text: str, expected: list[list[str]]) -> None:
    instruction = Dockerfile(f"FROM a\n{text}\n").instructions[1]
    assert [list(command.values) for command in script(instruction).commands] == expected


OPAQUE = {
    "an unfinished quote": "RUN echo 'a",
    "an unfinished loop": "RUN for a in b; do c",
    "a heredoc for another interpreter": "RUN <<EOF\n#!/usr/bin/env python3\nprint(1)\nEOF",
}


@pytest.mark.parametrize("text", OPAQUE.values(), ids=OPAQUE)
def test_what_cannot_be_read_shows_no_commands(text: str) -> None:
    found = script(Dockerfile(f"FROM a\n{text}\n").instructions[1])
    assert found.opaque
    assert not found.commands


STEPS = {
    "operators join steps": ("RUN a && b; c", [("", ["a"]), ("&&", ["b"]), (";", ["c"])]),
    "alternatives are one step": ("RUN a && b || c && d", [("", ["a"]), ("&&", None), ("&&", ["d"])]),
    "a loop is no single command": ("RUN for x in y; do z; done && a", [("", None), ("&&", ["a"])]),
    "a group is no single command": ("RUN (a && b) && c", [("", None), ("&&", ["c"])]),
}


@pytest.mark.parametrize(("text", "expected"), STEPS.values(), ids=STEPS)
def test_steps(text: str, expected: list[tuple[str, list[str] | None]]) -> None:
    steps = script(Dockerfile(f"FROM a\n{text}\n").instructions[1]).steps
    assert [(step.operator, list(step.command.values) if step.command else None) for step in steps] == expected


@given(DOCKERFILE_LIKE)
def test_the_span_of_a_word_is_where_it_stands(text: str) -> None:
    dockerfile = Dockerfile(text)
    for instruction in dockerfile.instructions:
        if instruction.keyword not in {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"}:
            continue
        for command in script(instruction).commands:
            for word in command.words:
                assert instruction.span.holds(word.span)
                assert command.span.holds(word.span)
                written = word.text if script(instruction).shell else json.dumps(word.text)
                shown = dockerfile.slice(word.span)
                assert shown == written or "\n" in shown


@given(ANY_TEXT)
def test_any_text_can_be_read_as_a_shell_file(text: str) -> None:
    found = script_of_text(text)
    assert all(0 <= command.span.start <= command.span.end <= len(text) for command in found.commands)


@pytest.mark.parametrize(
    ("text", "names", "expected"),
    [
        ("pip install -r a.txt", ("-r", "--requirement"), "a.txt"),
        ("pip install --requirement=a.txt", ("-r", "--requirement"), "a.txt"),
        ("pip install -ra.txt", ("-r",), "a.txt"),
        ("pip install --require-hashes", ("-r", "--requirement"), None),
        ("pip install -r", ("-r",), None),
    ],
    ids=["separate", "with =", "glued", "the start of another option", "at the end"],
)
def test_option(text: str, names: tuple[str, ...], expected: str | None) -> None:
    (command,) = script_of_text(text).commands
    word = command.option(*names)
    assert (word.value if word else None) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("exec gunicorn app", ["gunicorn", "app"]),
        ("env A=b C=d gunicorn app", ["gunicorn", "app"]),
        ("tini -- gunicorn app", ["gunicorn", "app"]),
        ("/usr/bin/tini -g -- gunicorn", ["gunicorn"]),
        ("gunicorn env", ["gunicorn", "env"]),
    ],
)
def test_the_command_behind_a_wrapper(text: str, expected: list[str]) -> None:
    (command,) = script_of_text(text).commands
    assert list(unwrapped(command)[1].values) == expected
