"""A branch for each repository, made without touching what a person has checked out."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pydock.cli import main
from pydock.migrate.deliver import Part, commit
from pydock.migrate.records.record import Change
from pydock.migrate.run.examine import examine

SERVICE = {
    "Dockerfile": "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n",
    "requirements.txt": "flask==3.1.2\n",
    "app.py": "print('hello')\n",
}
IDENTITY = {"GIT_AUTHOR_NAME": "A", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "A", "GIT_COMMITTER_EMAIL": "a@b"}
CHANGES = (Change("Dockerfile", SERVICE["Dockerfile"], "FROM python:3.12\n"), Change("sub/new file", None, "x"))


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """An identity for commits, no configuration of this machine, and no child processes."""
    for name, value in {**IDENTITY, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("pydock.migrate.run.worker_pool.examined", lambda task, limits: examine(task))


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _repository(folder: Path, files: Mapping[str, str] = SERVICE) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "first")
    return folder


def _state(folder: Path) -> tuple[str, ...]:
    """Everything that a person would notice."""
    status = _git(folder, "status", "--porcelain=v2", "--branch")
    return status, _git(folder, "diff"), _git(folder, "diff", "--cached"), _git(folder, "stash", "list")


def _committed(folder: Path, *changes: Change, name: str = "pydock") -> str:
    (refusal,) = commit(folder, name, [Part(changes or CHANGES, "message\n")])
    return refusal


def test_each_repository_gets_a_branch_and_its_work_tree_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repositories = [_repository(tmp_path / "services" / name) for name in ("one", "two")]
    (repositories[0] / "notes.txt").write_text("mine\n")
    (repositories[0] / "app.py").write_text("print('not committed')\n")
    _git(repositories[0], "add", "notes.txt")
    before = [_state(folder) for folder in repositories]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit):
        main(["migrate", "services", "--out", "out", "--branch", "better-image"])
    assert [_state(folder) for folder in repositories] == before
    for folder in repositories:
        assert "AS builder" in _git(folder, "show", "better-image:Dockerfile")
        assert _git(folder, "rev-parse", "better-image~1") == _git(folder, "rev-parse", "main")
    message = _git(repositories[0], "log", "-1", "--format=%B", "better-image")
    assert message.startswith("Rewrite the image of one\n\n- PYD104 split into builder and runtime (before: ")
    assert "Made while these files had changes that are not committed: app.py" in message
    assert max(map(len, message.splitlines())) <= 72
    assert "not committed: app" not in _git(repositories[1], "log", "-1", "--format=%B", "better-image")


def test_the_same_again_changes_nothing_and_another_content_is_refused(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "one")
    assert _committed(folder) == ""
    first = _git(folder, "rev-parse", "pydock")
    assert _committed(folder) == ""
    assert _git(folder, "rev-parse", "pydock") == first
    assert "is there already" in _committed(folder, Change("new", None, "y"))
    assert _git(folder, "rev-parse", "pydock") == first


def test_services_of_one_repository_are_commits_of_one_branch(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "one")
    parts = [Part((Change(name, None, "x\n"),), f"{name}\n") for name in ("a", "b")]
    assert commit(folder, "pydock", parts) == ("", "")
    assert _git(folder, "log", "--format=%s", "pydock").split() == ["b", "a", "first"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (Change("Dockerfile", "FROM other\n", "x"), "Dockerfile has changes that are not committed"),
        (Change("untracked", "here\n", "x"), "untracked is not committed"),
        (Change("app.py", None, "x"), "app.py is committed, and gone from the work tree"),
        (Change("link", "print('hello')\n", "x"), "link is a link"),
    ],
    ids=["changed", "untracked", "deleted", "link"],
)
def test_what_is_not_committed_as_it_was_read_is_refused(change: Change, said: str, tmp_path: Path) -> None:
    folder = _repository(tmp_path / "one")
    (folder / "link").symlink_to("app.py")
    _git(folder, "add", "link")
    _git(folder, "commit", "-q", "-m", "link")
    assert _committed(folder, change) == said
    assert _git(folder, "branch", "--list", "pydock") == ""


def test_a_folder_that_is_no_repository_a_bad_name_and_nobody_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _committed(tmp_path) == "it is no git repository"
    folder = _repository(tmp_path / "one")
    assert "is no name for a branch" in _committed(folder, name="a..b")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "")
    monkeypatch.setenv("GIT_COMMITTER_NAME", "")
    assert "user.name" in _committed(folder)
    subprocess.run(["git", "init", "-q", str(tmp_path / "empty")], check=True)
    assert _committed(tmp_path / "empty") == "nothing is committed in it yet"


def test_line_ends_and_modes_are_kept_as_they_are_committed(tmp_path: Path) -> None:
    files = {".gitattributes": "*.sh text eol=crlf\n", "run.sh": "a\nb\n", "old.txt": "a\r\nb\r\n", "tool": "x\n"}
    folder = _repository(tmp_path / "one", files)
    (folder / "tool").chmod(0o755)
    _git(folder, "commit", "-q", "-am", "mode")
    changes = (
        Change("run.sh", "a\r\nb\r\n", "a\r\nc\r\n"),
        Change("old.txt", "a\r\nb\r\n", "a\r\nc\r\n"),
        Change("tool", "x\n", "y\n"),
    )
    assert _committed(folder, *changes) == ""
    shown = [
        subprocess.run(["git", "show", f"pydock:{name}"], cwd=folder, capture_output=True, check=True).stdout
        for name in ("run.sh", "old.txt", "tool")
    ]
    assert shown == [b"a\nc\n", b"a\r\nc\r\n", b"y\n"]
    assert _git(folder, "ls-tree", "pydock", "tool").startswith("100755")


def test_no_hook_of_the_repository_runs(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "one")
    for hook in ("pre-commit", "post-commit", "reference-transaction", "post-index-change"):
        path = folder / ".git" / "hooks" / hook
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/bin/sh\ntouch '{tmp_path}/ran'\n")
        path.chmod(0o755)
    assert _committed(folder) == ""
    assert not (tmp_path / "ran").exists()
