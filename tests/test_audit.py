"""Nothing of an analysed project is executed or imported, and no other program is started but the resolver."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

# Runs `fix` under an audit hook that writes down what the interpreter was asked to do.
WATCHER = """
import json, os, sys
from pydock.cli import main
import pydock.questions, pydock.report.formats.text, pydock.report.formats.diff, pydock.report.pages.tables, tabulate

seen = []

def watch(event, arguments):
    if event.startswith(("subprocess.", "os.exec", "os.spawn", "os.posix_spawn", "os.system", "os.fork", "socket.")):
        seen.append([event, repr(arguments)])
    elif event == "import":
        seen.append([event, f"{arguments[0]} {arguments[1]}"])
    elif event == "exec":
        seen.append([event, getattr(arguments[0], "co_filename", "")])
    elif event == "compile":
        seen.append([event, str(arguments[1])])
    elif event == "open" and isinstance(arguments[0], str):
        seen.append([f"open {arguments[1] or ''}", arguments[0]])

sys.addaudithook(watch)
code = 0
try:
    main(sys.argv[1:])
except SystemExit as stop:
    code = stop.code
sys.stderr.write("\\n@@" + json.dumps([code, seen]))
"""

TRAPS = {
    "app.py": "raise SystemExit('imported')\n",
    "setup.py": "open('trap', 'w')\nfrom setuptools import setup\nsetup()\n",
    "manage.py": "raise SystemExit('imported')\n",
    "gunicorn.conf.py": "open('trap', 'w')\nbind = '0.0.0.0:8000'\n",
    "conftest.py": "open('trap', 'w')\n",
    "sitecustomize.py": "open('trap', 'w')\n",
    "tabulate.py": "open('trap', 'w')\n",
    "yaml.py": "open('trap', 'w')\n",
    "typer.py": "open('trap', 'w')\n",
    "docker-entrypoint.sh": '#!/bin/sh\ntouch trap\nexec "$@"\n',
    "requirements.txt": "-e .\nflask\n",
    "pyproject.toml": "[build-system]\nrequires = []\nbuild-backend = 'backend'\nbackend-path = ['.']\n",
    "backend.py": "open('trap', 'w')\n",
    "docker-compose.yml": "services:\n  web:\n    build: .\n    x: !!python/object/apply:os.system ['touch trap']\n",
    "Dockerfile": (
        "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN touch trap && pip install -r requirements.txt\n"
        'ENTRYPOINT ["./docker-entrypoint.sh"]\nCMD gunicorn app:app\n'
    ),
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in TRAPS.items():
        (tmp_path / name).write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    "arguments",
    [("check",), ("fix", "--diff"), ("fix", "--diff", "--unsafe-fixes"), ("fix", "--explain-plan"), ("fix",)],
    ids=" ".join,
)
def test_nothing_of_the_project_runs(project: Path, arguments: tuple[str, ...]) -> None:
    seen = _watched(project, *arguments)
    assert not [what for event, what in seen if event.startswith(("subprocess", "os.", "socket"))]


def test_the_resolver_is_the_only_program_and_it_works_outside_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    from tests.package_index import Distribution, serving

    (project / "requirements.txt").write_text("flask\nsly\n")
    (project / "uv.toml").write_text('index-url = "http://127.0.0.1:1/simple"\n')
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").symlink_to("/bin/true")
    monkeypatch.setenv("PYDOCK_OFFLINE", "0")
    monkeypatch.setenv("PYDOCK_TRAP", str(project / "trap"))
    monkeypatch.setenv("VIRTUAL_ENV", str(project / ".venv"))
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
    sly = Distribution("sly", "1.0", tag="", is_static=False)
    with serving(Distribution("flask", "3.0"), sly) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        seen = _watched(project, "fix", "--diff")
        assert any(path.startswith("/files/sly") for path in index.asked), "its metadata was looked for"
    started = [what for event, what in seen if event == "subprocess.Popen"]
    assert started
    for what in started:
        # What the event tells: the program, its arguments, its folder, and its environment in braces.
        program, _, rest = what.partition(", [")
        assert program.endswith("/uv'"), what
        assert str(project) not in rest.partition("{")[0], what


def _watched(project: Path, *arguments: str) -> list[tuple[str, str]]:
    """What the interpreter was asked to do; nothing of the project may have run."""
    done = subprocess.run(
        [sys.executable, "-P", "-c", WATCHER, *arguments, "."], cwd=project, capture_output=True, text=True, check=True
    )
    code, seen = json.loads(done.stderr.rpartition("@@")[2])
    assert code in {0, 1}, done.stderr[:500]
    assert not (project / "trap").exists()
    inside = str(project)
    for event, what in seen:
        if event in {"import", "exec", "compile"}:
            assert inside not in what, f"{event} {what}"
            assert what not in TRAPS, f"{event} {what}"
    assert any(event.startswith("open") and what.endswith("Dockerfile") for event, what in seen)
    return [(event, what) for event, what in seen]


def test_as_a_module_it_does_not_import_from_the_folder_it_stands_in(project: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pydock", "fix", "--diff"], cwd=project, capture_output=True, check=False
    )
    assert done.returncode == 1, done.stderr
    assert not (project / "trap").exists()
