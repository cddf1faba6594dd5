"""`python -m tests.hostile.fuzz TARGET --seconds N`: texts that look like what a reader reads, until one breaks it.

A reader may refuse with a PydockError. Anything else that it raises is a crash, and so are five
seconds for fewer than twenty thousand bytes.
"""

from __future__ import annotations

import argparse
import contextlib
import math
import sys
import time
from collections.abc import Callable, Mapping

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pydock.budget import Budget, within
from pydock.build.contract import contract
from pydock.context import Tree
from pydock.context.compose import compositions, services_of
from pydock.dockerfile import Dockerfile, suppressions
from pydock.errors import BudgetError, BugError, PydockError
from pydock.migrate.records.record import Record
from pydock.packages.requirements import read
from pydock.project import Project
from pydock.service.code.module import read_module
from pydock.shell import flow, script_of_text
from pydock.text import Span

Reader = Callable[[str], object]
LONGEST = 20_000
SECONDS = 5.0

_PIECES: Mapping[str, tuple[str, ...]] = {
    "dockerfile": (
        "FROM", "python:3.12", "AS", "a", "RUN", "ENV", "A=$A", "${A:-", "}", "ARG", "\\\n", "\n", "<<EOF", "EOF",
        "COPY", "--from=a", "[\"", "\"]", ",", "#", "escape=`", "`", "'", "\"", "HEALTHCHECK CMD", "pydock: ignore[",
        "]", "\t", "$", "ONBUILD", "SHELL", "USER", "WORKDIR", "\ufeff", "\r\n", "\x85", "LABEL", "=", "|",
    ),
    "shell": (
        "echo", "&&", ";", "(", ")", "$(", "`", "{", "}", "if", "then", "fi", "while", "do", "done", "case", "in",
        "esac", "<<EOF", "EOF", "\n", "'", "\"", "$a", "${a:-", "}", ">", "<", "\\", "#", "!", "[[", "]]", "a=b", "&",
        "function f()", "$((", "))", "set -- a", "shift", "eval", "$@", "\xe9", "|",
    ),
    "requirements": (
        "flask", "==", "1.0", ";", "(", ")", "[", "]", ",", "-r r.txt", "-c", "-e", ".", "git+https://", "@", "#",
        "--hash=sha256:", "\\\n", "\n", "\r", "\r\n", " ", "'", "\"", "<", ">", "~=", "*", "python_version", "extra",
        "and", "or", "file:", ".whl", "\ufeff", "\x0c", "|",
    ),
    "compose": (
        "services:", "\n", "  ", "web", ":", "- ", "build", "{", "}", "[", "]", "&a", "*a", "<<", "!!", "bool", "int",
        "?", "'", "\"", "\\", "#", "context", "dockerfile", "args", "environment", "command", "\t", "%YAML", "---",
        "...", "null", "1e9", "0x", "2026-01-01", ">", "\\u0000", "|", "${a:-", "$$", "$a", "!reset", "!override",
        "extends", "include", "file", "a", "env_file", "volumes", "ports", "1-9:1-9", "networks", "depends_on",
        "healthcheck", "test", "tmpfs", "secrets", "=", "volumes_from", "links",
    ),
    "python": (
        "import", "flask", "from", "a", ".", "(", ")", "[", "]", "{", "}", ":", ",", "=", "'", "\"", "f'{", "\n",
        "    ", "def", "class", "if", "elif", "else", "lambda", "*", "**", "+", "app", "@app.route", "('/')", "await",
        "async", "yield", "0", "1e999", "\\N", "#", "\\", "\x00", "match", "case", "_", "not", "os.environ", "get",
        "for", "in", "|",
    ),
    "store": (
        "[", "]", "{", "}", ":", ",", "\"", "null", "true", "0", "1e999", "\"state\"", "\"good\"", "\"changes\"",
        "\"path\"", "\"before\"", "-", "\\u0000", "\\ud800", "NaN", "\"reason\"", "\"inventory\"", "|",
    ),
}  # fmt: skip


def _dockerfile(text: str) -> None:
    found = Dockerfile(text)
    assert text == found.slice(found.head) + "".join(map(found.slice, _spans(found))) + found.slice(found.tail)
    if not found.problems:
        contract(Project(Tree.of({"Dockerfile": text})))
    suppressions(found)


def _spans(found: Dockerfile) -> list[Span]:
    return [instruction.whole for instruction in found.instructions]


def _shell(text: str) -> None:
    script_of_text(text)
    flow(text, ("a", None), {"A": "b", "C": None})


def _requirements(text: str) -> None:
    read("requirements.txt", lambda path: text if path in {"requirements.txt", "r.txt"} else None)


def _compose(text: str) -> None:
    # The text as a file, as a part of one, and as what others include, extend and take variables from.
    started = f"services:\n  web: {{build: ., env_file: [b], extends: {{file: a, service: web}}, volumes: [{text}]}}"
    files = {"compose.yaml": started, "compose.override.yaml": f"include: [a]\n{text}", "a": text, "b": text}
    for composition in compositions(("compose.override.yaml", "compose.yaml"), "/srv", files.get):
        list(services_of(composition))


def _store(text: str) -> None:
    with contextlib.suppress(ValueError):
        Record.read(text)


TARGETS: Mapping[str, Reader] = {
    "dockerfile": _dockerfile,
    "shell": _shell,
    "requirements": _requirements,
    "compose": _compose,
    "python": read_module,
    "store": _store,
}


def texts(target: str) -> st.SearchStrategy[str]:
    """Texts of a target: words of its language in any order, repeated a few or many times, and noise."""
    piece = st.sampled_from(_PIECES[target]) | st.text(max_size=4)
    run = st.builds(lambda word, joint, times: (word + joint) * times, piece, st.sampled_from(["", " ", "\n"]), _TIMES)
    return st.lists(run, max_size=40).map(lambda runs: "".join(runs)[:LONGEST])


_TIMES = st.integers(1, 3) | st.sampled_from([1, 1, 1, 50, 1_000, 5_000])


def crash(target: str, text: str) -> str | None:
    """What is wrong with how a reader takes a text, None where nothing is."""
    # Seconds of work: on a busy machine those on the wall say nothing.
    before = time.process_time()
    try:
        with within(Budget(seconds=SECONDS * 120)):
            TARGETS[target](text)
    except (BudgetError, BugError) as error:
        return error.message
    except PydockError:
        pass
    taken = time.process_time() - before
    return f"took {taken:.1f} s" if taken > SECONDS else None


def run(target: str, most: int = 10**9, seconds: float = math.inf) -> int:
    """Try so many texts, or for so long; how many were tried.

    Raises AssertionError with the smallest text that breaks the reader.
    """
    tried, end = 0, time.monotonic() + seconds
    broken: list[str] = []

    @settings(
        max_examples=most, deadline=None, database=None, phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(texts(target))
    def one(text: str) -> None:
        nonlocal tried
        if time.monotonic() > end:
            raise KeyboardInterrupt
        tried += 1
        if why := crash(target, text):
            broken.append(f"{target}: {why}: {text!r}")
        assert why is None

    with contextlib.suppress(KeyboardInterrupt, AssertionError):
        one()
    assert not broken, min(broken, key=len)
    return tried


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.hostile.fuzz")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args(arguments)
    print(f"{asked.target}: {run(asked.target, seconds=asked.seconds)} texts in {asked.seconds:g} s, none breaks it")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
