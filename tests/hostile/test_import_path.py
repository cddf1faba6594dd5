"""Modules of the folder that pydock stands in are not imported, by it or by what it starts."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import pydock
from pydock import processes
from pydock.processes import Child

SOURCE = Path(pydock.__file__).parent
NAMES = ("typer", "click", "yaml", "msgspec", "packaging", "docker", "tabulate", "uv", "libcst", "multiprocessing")
TRAP = "open(__file__ + '.ran', 'w').close()\nraise SystemExit('imported')\n"
STARTS: Mapping[str, tuple[list[str], dict[str, str]]] = {
    "as a module": ([sys.executable, "-m", "pydock"], {}),
    "as a module on a safe path": ([sys.executable, "-P", "-m", "pydock"], {}),
    "as a program": ([sys.executable, "-P", "-c", "from pydock.__main__ import main; main()"], {}),
    "with an empty entry of PYTHONPATH": ([sys.executable, "-m", "pydock"], {"PYTHONPATH": f"{SOURCE.parent}:"}),
    "with a relative entry of PYTHONPATH": (
        [sys.executable, "-P", "-c", "from pydock.__main__ import main; main()"],
        {"PYTHONPATH": f"{SOURCE.parent}:.:lib"},
    ),
}


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    for folder in (tmp_path, tmp_path / "lib"):
        folder.mkdir(exist_ok=True)
        for name in NAMES:
            (folder / f"{name}.py").write_text(TRAP)
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text("FROM python:3.11\nCOPY . .\nCMD python app.py\n")
    return tmp_path


def _run(folder: Path, command: list[str], told: Mapping[str, str]) -> str:
    environment = {**os.environ, "PYTHONPATH": str(SOURCE.parent), "PYDOCK_OFFLINE": "1", **told}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert not sorted(folder.rglob("*.ran")), done.stderr
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize(("command", "told"), STARTS.values(), ids=STARTS)
@pytest.mark.parametrize("arguments", [["check"], ["fix", "--diff", "--jobs", "2"]], ids=" ".join)
def test_nothing_of_the_current_folder_is_imported(
    command: list[str], told: Mapping[str, str], arguments: list[str], stranger: Path
) -> None:
    assert "python:3.11" in _run(stranger, [*command, *arguments], told)


def test_the_processes_of_a_migration_import_nothing_of_it_either(
    stranger: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    out = tmp_path_factory.mktemp("out")
    command = [sys.executable, "-m", "pydock", "migrate", ".", "--out", str(out)]
    _run(stranger, command, {"PYTHONPATH": f"{SOURCE.parent}::"})
    assert "python:3.11" in (out / "results.jsonl").read_text()


def test_every_own_process_is_started_on_a_safe_path_with_an_environment_of_its_kind() -> None:
    started = 0
    for path in sorted(SOURCE.rglob("*.py")):
        if path.parent.name == "inside":
            continue  # what runs in a container
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="subprocess"), attr="run" | "Popen" | "check_output")
                ):
                    started += 1
                    assert "env" in {keyword.arg for keyword in node.keywords}, f"{path}:{node.lineno}"
                case ast.List(elts=[ast.Attribute(attr="executable"), first, *_]):
                    assert ast.unparse(first) == "'-P'", f"{path}:{node.lineno}"
                case ast.Attribute(value=ast.Name(id="os"), attr="system" | "popen" | "execv" | "execvp" | "spawnv"):
                    raise AssertionError(f"{path}:{node.lineno}")
    assert started >= 5


def test_a_child_is_told_nothing_that_is_not_meant_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    secrets = ("AWS_SECRET_ACCESS_KEY", "GITHUB_TOKEN", "DATABASE_URL", "OPENAI_API_KEY", "LD_PRELOAD", "GIT_DIR")
    for name in secrets:
        monkeypatch.setenv(name, "x")
    monkeypatch.setenv("PATH", f"relative::.:{os.environ['PATH']}")
    for child in Child:
        told = processes.environment(child)
        # A helper makes the login for a registry of what its cloud gives a person.
        own = {"AWS_SECRET_ACCESS_KEY"} if child is Child.CREDENTIALS else set()
        assert told.keys() & set(secrets) == own, child
        assert all(map(os.path.isabs, told["PATH"].split(os.pathsep)))
        assert told.get("HOME") == os.environ.get("HOME")
    assert processes.environment(Child.BUILDX, ["GITHUB_TOKEN"])["GITHUB_TOKEN"] == "x"


def test_a_program_of_the_current_folder_is_not_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "docker").write_text("#!/bin/sh\n")
    (tmp_path / "docker").chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ":.:")
    assert processes.program("docker") is None
