"""Files are written all or none, keep their mode bits, and nothing outside the folder is touched."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pydock.context import LARGEST_TEXT, Tree
from pydock.errors import UnwritableError
from pydock.text import Edit, Span


def _snapshot(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    project = tmp_path / "project"
    project.mkdir()
    (project / "Dockerfile").write_bytes(b"FROM a\n")
    (project / "b.txt").write_bytes(b"old b\n")
    (project / "c.txt").write_bytes(b"old c\n")
    return project


CHANGES = {"Dockerfile": "FROM b\n", "b.txt": "new b\n", "c.txt": "new c\n", "deep/new.txt": "new\n"}


def test_writing_puts_every_file_in_place_and_leaves_nothing_else(folder: Path) -> None:
    Tree(folder, CHANGES).write(CHANGES)
    assert _snapshot(folder) == {path: text.encode() for path, text in CHANGES.items()}


@pytest.mark.parametrize("failing", range(1, 17))
@pytest.mark.parametrize("call", ["replace", "open", "chmod", "write"])
def test_a_write_that_fails_anywhere_changes_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, call: str, failing: int
) -> None:
    before, base = _snapshot(folder), Tree(folder)
    assert [base.data(path) for path in CHANGES][:1] == [b"FROM a\n"]
    real, calls = getattr(os, call), [0]

    def fail(*arguments: object, **options: object) -> object:
        calls[0] += 1
        if calls[0] == failing:
            raise OSError(28, "No space left on device")
        return real(*arguments, **options)

    monkeypatch.setattr(os, call, fail)
    said = ""
    try:
        Tree(folder, CHANGES).write(CHANGES, base)
    except UnwritableError as error:
        said = error.message
    if calls[0] < failing:
        assert not said
        assert _snapshot(folder) == {path: text.encode() for path, text in CHANGES.items()}
    else:
        assert "No space left on device" in said
        assert _snapshot(folder) == before


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o755, 0o664], ids=oct)
def test_mode_bits_stay(folder: Path, mode: int) -> None:
    (folder / "Dockerfile").chmod(mode)
    Tree(folder, CHANGES).write(["Dockerfile"])
    assert (folder / "Dockerfile").stat().st_mode & 0o7777 == mode


def test_a_new_file_gets_the_mode_that_the_umask_leaves(folder: Path) -> None:
    previous = os.umask(0o027)
    try:
        Tree(folder, {"new": "x"}).write(["new"])
    finally:
        os.umask(previous)
    assert (folder / "new").stat().st_mode & 0o7777 == 0o640


OUTSIDE = {
    "a parent folder": "../outside.txt",
    "an absolute path": "/tmp/outside.txt",
    "a link to a file outside": "link.txt",
    "a link to a folder outside": "linked/outside.txt",
}


@pytest.mark.parametrize("path", OUTSIDE.values(), ids=OUTSIDE)
def test_nothing_outside_is_read_or_written(folder: Path, path: str) -> None:
    outside = folder.parent / "outside.txt"
    outside.write_text("a stranger's")
    (folder / "link.txt").symlink_to(outside)
    (folder / "linked").symlink_to(folder.parent)
    assert Tree(folder).text(path) is None
    assert not Tree(folder).has_file(path)
    before = _snapshot(folder)
    with pytest.raises(UnwritableError, match="leads out of"):
        Tree(folder, {path: "ours", "Dockerfile": "FROM b\n"}).write([path, "Dockerfile"])
    assert outside.read_text() == "a stranger's"
    assert _snapshot(folder) == before


def test_a_link_inside_the_folder_stays_a_link(folder: Path) -> None:
    (folder / "link").symlink_to("b.txt")
    Tree(folder, {"link": "new\n"}).write(["link"])
    assert (folder / "link").is_symlink()
    assert (folder / "b.txt").read_text() == "new\n"


@pytest.mark.parametrize(
    "data",
    [b"FROM a\r\nRUN b\r\n", b"\xef\xbb\xbfFROM a\n", b"# \xff\xfe\x80\nFROM a\n", b"FROM a", b""],
    ids=["CRLF", "byte order mark", "no UTF-8", "no final newline", "empty"],
)
def test_text_goes_through_as_the_same_bytes(folder: Path, data: bytes) -> None:
    (folder / "Dockerfile").write_bytes(data)
    text = Tree(folder).text("Dockerfile")
    assert text is not None
    Tree(folder, {"copy": text}).write(["copy"])
    assert (folder / "copy").read_bytes() == data


def test_edits_of_several_files_make_a_new_tree(folder: Path) -> None:
    tree = Tree(folder)
    edited = tree.edited([Edit("Dockerfile", Span(5, 6), "b"), Edit("new.txt", Span(0, 0), "new\n")])
    assert edited.text("Dockerfile") == "FROM b\n"
    assert edited.text("new.txt") == "new\n"
    assert tree.text("Dockerfile") == "FROM a\n"
    assert "new.txt" in edited.files
    assert "new.txt" not in tree.files


def test_large_and_binary_files_have_no_text(folder: Path) -> None:
    (folder / "binary").write_bytes(b"\x7fELF\0\0")
    with (folder / "large").open("wb") as file:
        file.truncate(LARGEST_TEXT + 1)
    assert Tree(folder).text("binary") is None
    assert Tree(folder).data("large") is None


def test_folders_that_are_no_part_of_a_service_are_not_walked(folder: Path) -> None:
    for name in (".git", "node_modules", "__pycache__", "env"):
        (folder / name).mkdir()
        (folder / name / "x.py").touch()
    (folder / "env" / "pyvenv.cfg").touch()
    assert Tree(folder).files == ("Dockerfile", "b.txt", "c.txt")


def test_standard_input_has_no_folder_to_write_to() -> None:
    tree = Tree(None, {"Dockerfile": "FROM a\n"})
    assert tree.text("Dockerfile") == "FROM a\n"
    assert tree.text("requirements.txt") is None
    with pytest.raises(UnwritableError, match="no folder"):
        tree.write(["Dockerfile"])


def test_under_changes_a_folder_stays_as_it_was_first_read(folder: Path) -> None:
    tree = Tree(folder)
    before = tree.files
    (folder / "later").write_text("x")
    assert tree.edited([Edit("new", Span(0, 0), "y")]).files == tuple(sorted({*before, "new"}))
    assert tree.over({"Dockerfile": "FROM b\n"}).files == before


def test_a_folder_that_is_looked_at_again_is_as_it_is_now_and_what_is_the_same_is_not_read_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = 1_000_000_000
    for name in ("Dockerfile", "b.txt", "c.txt"):
        os.utime(folder / name, (long_ago, long_ago))
    # The time of a change of a file cannot be set; as if all were older than a tick.
    monkeypatch.setattr("pydock.context.disk.time.time_ns", lambda: 2**62)
    first = Tree(folder).again()
    assert [first.text(name) for name in ("b.txt", "c.txt", "gone")] == ["old b\n", "old c\n", None]
    (folder / "b.txt").write_bytes(b"new b\n")
    (folder / "gone").write_bytes(b"here\n")
    second = first.again()
    read = []

    def reads(path: str, most: int) -> bytes:
        read.append(Path(path).name)
        return b"read\n"

    monkeypatch.setattr("pydock.context.disk.read", reads)
    assert [second.text(name) for name in ("b.txt", "c.txt", "gone")] == ["read\n", "old c\n", "read\n"]
    assert read == ["b.txt", "gone"]
    assert first.text("b.txt") == "old b\n"
    (folder / "c.txt").unlink()
    assert second.again().text("c.txt") is None
