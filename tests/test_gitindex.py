"""Which files git tracks, as git itself says: every version of its index, and what an index is not."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pydock.context import forget_tops
from pydock.errors import UnreadableError
from pydock.migrate.store.gitindex import is_tracked

NAMES = ("a", "a/b.txt", "a/bc", "dir/.migrate.lock", "dir/.migrate.sqlite3", "été", "x y", "z" * 200)


@pytest.fixture(autouse=True)
def afresh() -> None:
    forget_tops()


def _git(folder: Path, *arguments: str) -> bytes:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True).stdout


def _repository(folder: Path, form: str = "sha1") -> Path:
    folder.mkdir(exist_ok=True)
    _git(folder, "init", "-q", "--object-format", form)
    for name in NAMES[1:]:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).touch()
    _git(folder, "add", ".")
    (folder / "later").touch()
    (folder / "left").touch()
    # An entry without a blob has the extended flags of version 3.
    _git(folder, "add", "-N", "later")
    return folder


@pytest.mark.parametrize("form", ["sha1", "sha256"])
@pytest.mark.parametrize("version", ["2", "3", "4"])
def test_it_says_what_git_says(tmp_path: Path, version: str, form: str) -> None:
    folder = _repository(tmp_path / "repository", form)
    _git(folder, "update-index", "--index-version", version)
    tracked = {os.fsdecode(name) for name in _git(folder, "ls-files", "-z").split(b"\0") if name}
    assert len(tracked) == len(NAMES)
    for path in (path for path in folder.rglob("*") if ".git" not in path.parts):
        assert is_tracked(path) == (str(path.relative_to(folder)) in tracked), path


def test_every_repository_on_the_way_up_is_asked(tmp_path: Path) -> None:
    outer = _repository(tmp_path / "outer")
    _git(outer / "dir", "init", "-q")
    assert is_tracked(outer / "dir" / ".migrate.sqlite3")
    assert not is_tracked(tmp_path / "left")


def test_a_work_tree_elsewhere_has_an_index_of_its_own(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "repository")
    _git(folder, "-c", "user.name=a", "-c", "user.email=a@b.c", "commit", "-qm", "x")
    _git(folder, "worktree", "add", "-q", str(tmp_path / "other"))
    assert is_tracked(tmp_path / "other" / "x y")
    assert not is_tracked(tmp_path / "other" / "left")


def _piped(index: Path) -> None:
    index.unlink()
    os.mkfifo(index)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(lambda index: index.write_bytes(b"DIRC" + b"\0" * 40), id="zeros"),
        pytest.param(lambda index: index.write_bytes(index.read_bytes()[:-30]), id="its end is missing"),
        pytest.param(lambda index: index.write_text("no index"), id="text"),
        pytest.param(_piped, id="a named pipe"),
        pytest.param(lambda index: (index.unlink(), index.mkdir()), id="a folder"),
    ],
)
def test_an_index_that_cannot_be_read_is_no_answer(tmp_path: Path, spoil: object) -> None:
    folder = _repository(tmp_path / "repository")
    assert callable(spoil)
    spoil(folder / ".git" / "index")
    with pytest.raises(UnreadableError):
        is_tracked(folder / "left")


def test_a_split_index_is_no_answer(tmp_path: Path) -> None:
    folder = _repository(tmp_path / "repository")
    _git(folder, "update-index", "--split-index")
    with pytest.raises(UnreadableError, match="split"):
        is_tracked(folder / "left")
