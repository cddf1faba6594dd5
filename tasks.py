"""`python -m tasks`: what is done again and again in this repository, a word each; without one they are listed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

TOP = Path(__file__).parent
PYTEST = "python -m pytest"
# The parts that most changes touch: the rules, and the readers of files and commands.
FAST = (
    "tests/test_rules.py tests/test_dockerfile.py tests/test_edits.py tests/shell tests/effects"
    " tests/packages tests/state"
)
TASKS = {
    "setup": ("Install pydock as it is developed.", ("pip install -r requirements-dev.lock -e .",)),
    "lint": ("Style and types.", ("ruff check", "ruff format --check", "mypy")),
    "fast": (
        "The tests that most changes touch, in less than a minute.",
        (f"{PYTEST} -x {FAST} -m 'not engine and not browser and not network'",),
    ),
    "test": (
        "All tests; those with a container engine run where one answers.",
        (f"{PYTEST} -n 2 -m 'not engine'", f"{PYTEST} -m engine"),
    ),
    "golden": (
        "Write what the fixtures expect anew; read the difference.",
        (f"{PYTEST} tests/test_fixtures.py --update",),
    ),
    "pages": ("Write what README and docs show anew.", ("python -m tests.readme --write",)),
    "docs": ("Build the documentation.", ("mkdocs build --strict",)),
    "wheel": ("Build the distribution.", ("uv build",)),
    "lock": (
        "Lock what development needs.",
        (
            "uv pip compile pyproject.toml --group dev --group docs --universal --no-annotate --no-header"
            " --python-version 3.11 -o requirements-dev.lock",
        ),
    ),
    "speed": ("Measure, beside other tools.", ("python -m tests.speed", "python -m tests.server_speed")),
}

RULE = '''"""What is wrong, in one sentence.

Why it matters here, and what the fix does. Say what is left alone.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.rule import Example, Finding, Rule

EXAMPLES = (Example(before="FROM python:3.12.7-slim-bookworm\\n"),)


def check(project: Project) -> Iterator[Finding]:
    """Ask the walk: `walk(project).commands_of(project.final)`."""
    yield from ()


RULE = Rule("{code}", "{name}", check, __doc__, EXAMPLES)
'''
EFFECT = '''"""{name}: what it needs and what it makes."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.shell import Argv
from pydock.state import Effect, State


@effect("{name}")
def {word}(line: Argv, state: State) -> Iterable[Effect]:
    """The source of what is said here, with the day it was read."""
    return (unknown(line, state),)
'''
FACT = '''"""{name}: what of a service is known by it, and what is not."""

from __future__ import annotations

from pydock.project import Project
from pydock.project.memory import remembered


@remembered
def {word}(project: Project) -> str | None:
    """None where the files do not tell."""
    return None
'''
DOCKERFILE = """FROM python:3.12.7-slim-bookworm
WORKDIR /app
COPY requirements.txt .
RUN pip install -r requirements.txt
COPY . .
CMD ["python", "app.py"]
"""


def new(kind: str, *words: str) -> str:
    """Make the files of a new rule, effect, fact or fixture; returns what comes next.

    Raises ValueError for words that name none, FileExistsError where one is there already.
    """
    match kind, words:
        case "rule", (family, code, name):
            path = _write(f"src/pydock/rules/{family}/{_word(name)}.py", RULE.format(code=code, name=name))
            return f"{path}: write its check and examples, then `python -m tasks fast`, `pages` and a fixture"
        case "effect", (room, name):
            path = _write(f"src/pydock/effects/{room}/{_word(name)}.py", EFFECT.format(name=name, word=_word(name)))
            return f"{path}: its options go to src/pydock/data/command_options.csv, a case to tests/effects"
        case "fact", (name,):
            path = _write(f"src/pydock/service/{_word(name)}.py", FACT.format(name=name, word=_word(name)))
            return f"{path}: show it in src/pydock/service/facts.py, with cases in tests/test_facts.py"
        case "fixture", (name,):
            _write(f"fixtures/{name}/Dockerfile", DOCKERFILE)
            _write(f"fixtures/{name}/requirements.txt", "flask==3.1.0\n")
            path = _write(
                f"fixtures/{name}/app.py", 'import flask\n\napp = flask.Flask(__name__)\napp.run("0.0.0.0")\n'
            )
            return f"{path.parent}: make it show one thing, then `python -m tasks golden` and read what it expects"
        case _:
            raise ValueError("new rule FAMILY CODE NAME | new effect ROOM NAME | new fact NAME | new fixture NAME")


def _word(name: str) -> str:
    return name.replace("-", "_")


def _write(path: str, text: str) -> Path:
    place = TOP / path
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("x", encoding="utf-8") as file:
        file.write(text)
    return place.relative_to(TOP)


def run(arguments: Sequence[str]) -> int:
    if arguments[:1] == ["new"]:
        try:
            print(new(*(arguments[1:] or [""])))
        except (ValueError, OSError) as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        return 0
    if len(arguments) != 1 or arguments[0] not in TASKS:
        for name, (about, _) in TASKS.items():
            print(f"{name:8} {about}")
        print("new      A new rule, effect, fact or fixture.")
        return 0 if not arguments else 2
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    for command in TASKS[arguments[0]][1]:
        print(f"$ {command}", flush=True)
        if code := subprocess.run(
            shlex.split(command), cwd=TOP, env={**os.environ, "PATH": path}, check=False
        ).returncode:
            return code
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
