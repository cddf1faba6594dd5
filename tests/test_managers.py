"""Commands that a package manager starts: the runtime stage has no manager, so they start themselves or stay whole."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal, Split, split

UV = (
    "FROM python:3.13-slim\nCOPY --from=ghcr.io/astral-sh/uv:0.8.17 /uv /bin/\n"
    "WORKDIR /app\nCOPY . .\nRUN uv sync --frozen\n"
)
POETRY = "FROM python:3.13-slim\nWORKDIR /app\nCOPY . .\nRUN pip install poetry\nRUN poetry install\n"
LISTED = '[project]\nname = "web"\nversion = "1"\ndependencies = ["flask"]\n'
FILES = {"pyproject.toml": LISTED, "uv.lock": "", "poetry.lock": "", "app.py": "print(1)\n"}

STARTED = (
    ("a program", UV, 'CMD ["uv", "run", "flask", "run"]', 'CMD ["flask", "run"]'),
    ("a file", UV, 'CMD ["uv", "run", "app.py", "-v"]', 'CMD ["python", "app.py", "-v"]'),
    ("a file in shell form", UV, "CMD uv run app.py -v", "CMD python app.py -v"),
    ("a module", UV, 'CMD ["uv", "run", "-m", "app"]', 'CMD ["python", "-m", "app"]'),
    ("options of the update", UV, 'CMD ["uv", "run", "--no-sync", "-q", "flask", "run"]', 'CMD ["flask", "run"]'),
    ("a program of Poetry's", POETRY, "CMD poetry run flask run", "CMD flask run"),
    ("a step of the build", UV, "RUN uv run app.py", "RUN python app.py"),
)
KEPT: tuple[tuple[str, str, str, dict[str, str]], ...] = (
    ("more packages", UV, 'CMD ["uv", "run", "--with", "gunicorn", "app.py"]', {}),
    ("a script with an environment of its own", UV, 'CMD ["uv", "run", "own.py"]', {"own.py": "# /// script\n# ///\n"}),
    ("a file that only its own first line can start", POETRY, 'CMD ["poetry", "run", "app.py"]', {}),
    ("a string for a shell", UV, 'CMD ["sh", "-c", "uv run app.py"]', {}),
    ("a script", UV, 'CMD ["sh", "run.sh"]', {"run.sh": "uv run app.py\n"}),
    ("a script of Poetry's", POETRY, 'CMD ["sh", "run.sh"]', {"run.sh": "exec poetry run flask run\n"}),
    ("a step of the build", UV, "RUN uv run --with babel pybabel compile", {}),
    ("the source", UV, 'CMD ["python", "app.py"]', {"app.py": "import subprocess\nsubprocess.run(['uv', 'sync'])\n"}),
    (
        "compose",
        UV,
        'CMD ["python", "app.py"]',
        {"compose.yaml": "services:\n  job:\n    build: .\n    command: uv run app.py\n"},
    ),
)


def _found(dockerfile: str, files: dict[str, str]) -> Split | Refusal | None:
    return split(Project(Tree.of({**FILES, **files, "Dockerfile": f"{dockerfile}\n"})))


@pytest.mark.parametrize(("base", "before", "after"), [each[1:] for each in STARTED], ids=[each[0] for each in STARTED])
def test_what_a_manager_starts_is_started_without_it(base: str, before: str, after: str) -> None:
    found = _found(f"{base}{before}", {})
    assert isinstance(found, Split)
    assert found.plan.text().endswith(f"{after}\n")


_LOOP = "import time\n\nwhile True:\n    time.sleep(1)\n"
_HEARS = f"import signal, sys\n\nsignal.signal(signal.SIGTERM, lambda *_: sys.exit())\n{_LOOP}"
STOPPED = (
    ("uv, which hands SIGTERM on to a loop", UV, 'CMD ["uv", "run", "app.py"]', _LOOP, True),
    ("uv, in front of a program that hears SIGTERM", UV, 'CMD ["uv", "run", "app.py"]', _HEARS, False),
    ("Poetry, which the program takes the place of", POETRY, 'CMD ["poetry", "run", "python", "app.py"]', _LOOP, False),
)


@pytest.mark.parametrize(
    ("base", "line", "source", "is_changed"), [each[1:] for each in STOPPED], ids=[each[0] for each in STOPPED]
)
def test_a_service_that_a_signal_reached_is_still_reached_by_one(
    base: str, line: str, source: str, is_changed: bool
) -> None:
    found = _found(f"{base}{line}", {"app.py": source})
    assert isinstance(found, Split)
    assert ("STOPSIGNAL SIGINT\nCMD" in found.plan.text()) is is_changed


@pytest.mark.parametrize(("base", "line", "files"), [each[1:] for each in KEPT], ids=[each[0] for each in KEPT])
def test_a_manager_that_is_needed_at_run_time_stands_in_the_way(base: str, line: str, files: dict[str, str]) -> None:
    found = _found(f"{base}{line}", files)
    assert isinstance(found, Refusal)
    assert found.reason == "tool at run time"


OTHERS = (
    (".python-version", "3.12\n"),
    (".python-version", "3.13.0\n"),
    ("pyproject.toml", '[project]\nname = "web"\nversion = "1"\nrequires-python = ">=3.14"\n'),
    ("pyproject.toml", '[project]\nname = "web"\nversion = "1"\nrequires-python = "==3.13.1"\n'),
    ("uv.lock", 'version = 1\nrequires-python = ">=3.14"\n'),
)


@pytest.mark.parametrize(("path", "text"), OTHERS, ids=[f"{path}: {text.split()[-1]}" for path, text in OTHERS])
def test_an_interpreter_that_uv_would_bring_stands_in_the_way(path: str, text: str) -> None:
    found = _found(f'{UV}CMD ["python", "app.py"]', {path: text})
    assert isinstance(found, Refusal)
    assert found.reason == "other interpreter"


def test_the_interpreter_of_the_image_is_the_one_that_uv_takes() -> None:
    files = {".python-version": "3.13\n", "uv.lock": 'version = 1\nrequires-python = ">=3.11"\n'}
    assert isinstance(_found(f'{UV}CMD ["python", "app.py"]', files), Split)
