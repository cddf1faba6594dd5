"""What of a shell script runs: each case is a script, the words it is called with, and what is left of it."""

from __future__ import annotations

import pytest

from pydock.shell import flow, script_of_text

CASE = 'case "$1" in\n  web) shift; exec gunicorn "$@" ;;\n  work*|job) exec celery ;;\n  *) exec sh ;;\nesac\n'
FUNCTIONS = "web() { exec gunicorn $1; }\nother() { celery; }\nweb app\n"
IF = 'if [ "$MODE" = debug ]; then\n  flask run\nelif [ -n "$SOCKET" ]; then\n  uwsgi\nelse\n  gunicorn\nfi\n'

# Script, arguments (None: known at run time only), environment -> programs that may run, and those that surely do.
Told = tuple[str, tuple[str | None, ...], dict[str, str | None], str, str]
RUNS: dict[str, Told] = {
    "the branch of a case that the first argument chooses": (CASE, ("web", "-w"), {}, "shift exec", "shift exec"),
    "a pattern with several words": (CASE, ("worker",), {}, "exec", "exec"),
    "the last branch where nothing is given": (CASE, (), {}, "exec", "exec"),
    "every branch where the argument is not known": (CASE, (None,), {}, "shift exec exec exec", ""),
    "a function only where it is called": (FUNCTIONS, (), {}, "exec", "exec"),
    "the else of tests for what nobody sets": (IF, (), {}, "[ gunicorn", "[ gunicorn"),
    "the branch that the image's own environment chooses": (IF, (), {"MODE": "debug"}, "[ flask", "[ flask"),
    "all branches where the environment is not known": (
        IF,
        (),
        {"MODE": None, "SOCKET": None},
        "[ flask [ uwsgi gunicorn",
        "[",
    ),
    "what stands behind a test that fails": (
        '[ "$1" = web ] && exec gunicorn\ncelery\n',
        (),
        {},
        "[ celery",
        "[ celery",
    ),
    "arguments by their number": ("if [ $# -eq 0 ]; then usage; exit 1; fi\nrun\n", ("a",), {}, "[ run", "[ run"),
    "a loop, which may have no rounds": ("for each in $ALL; do work; done\nserve\n", (), {}, "work serve", "serve"),
    "a test that asks the disk": ("if [ -f .env ]; then source .env; fi\nserve\n", (), {}, "[ source serve", "[ serve"),
    "a script with an error in it": ("if then\n", (), {}, "", ""),
}
VALUES: dict[str, tuple[str, tuple[str, ...], dict[str, str]]] = {
    "a default stays a default": ('port="${PORT:-8000}"\n', (), {"port": "${PORT:-8000}"}),
    "an argument is put in before it is shifted away": ("NAME=$1\nshift\n", ("web",), {"NAME": "web"}),
    "names of the script are put in": ('a=1\nb="x$a"\n', (), {"a": "1", "b": "x1"}),
    "`:=` gives a default": (': "${PORT:=8000}"\n', (), {"PORT": "${PORT:-8000}"}),
    "the branch that runs decides": ('if [ -z "$1" ]; then a=1; else a=2; fi\n', (), {"a": "1"}),
    "a value that only may be given is not known": ("if [ -f x ]; then a=1; fi\n", (), {}),
    "what a program prints is not known": ("a=$(hostname)\n", (), {}),
}


@pytest.mark.parametrize("promise", RUNS)
def test_what_runs(promise: str) -> None:
    text, arguments, environment, may, surely = RUNS[promise]
    found = flow(text, arguments, environment)
    commands = script_of_text(text).commands
    assert " ".join(each.program for each in commands if found.runs(each.span.start)) == may
    assert " ".join(each.program for each in commands if found.is_sure(each.span.start)) == surely


@pytest.mark.parametrize("promise", VALUES)
def test_what_is_assigned(promise: str) -> None:
    text, arguments, expected = VALUES[promise]
    assert dict(flow(text, arguments, {}).variables) == expected


def test_what_eval_runs_and_how_many_arguments_are_gone() -> None:
    found = flow('run="gunicorn --bind :$PORT"\nshift 2\neval "$run app"\n', ("a", "b", "c"), {})
    assert found.evaluated == ("gunicorn --bind :$PORT app",)
    assert found.shifted == 2
