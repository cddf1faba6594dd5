"""`--output`: files are replaced, everything else is written into and stays what it is, and nothing there is read."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import Runner
from tests.hostile.folders import FINDINGS, shell

OUTPUTS = {
    "a file": ("out.txt", stat.S_ISREG),
    "a file in a folder that is not there": ("new/out.txt", stat.S_ISREG),
    "the null device": (os.devnull, stat.S_ISCHR),
}


@pytest.mark.parametrize("what", OUTPUTS)
def test_output_stays_what_it_was(project: Path, run: Runner, what: str) -> None:
    name, is_kind = OUTPUTS[what]
    result = run("check", "svc", "--output", name)
    assert result.code == FINDINGS
    assert result.data == b""
    assert is_kind(Path(name).stat().st_mode)


def test_output_goes_through_a_named_pipe(project: Path, run: Runner) -> None:
    os.mkfifo("pipe")
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(Path("pipe").read_text()))
    reader.start()
    assert run("check", "svc", "--output", "pipe").code == FINDINGS
    reader.join()
    assert "PYD" in found[0]
    assert stat.S_ISFIFO(Path("pipe").stat().st_mode)


@pytest.mark.parametrize(
    "command",
    [
        pytest.param("pydock check svc --output /dev/stdout", id="standard output by its name"),
        pytest.param("pydock check svc --output /dev/fd/1", id="standard output by its number"),
        pytest.param("pydock check svc --output >(cat)", id="a process substitution"),
        pytest.param("pydock check svc --output /dev/stdout >> log; code=$?; cat log; exit $code", id="an open file"),
        pytest.param("pydock check svc --output /dev/stderr 2>&1", id="standard error by its name"),
    ],
)
def test_output_goes_to_what_is_open(project: Path, command: str, run: Runner) -> None:
    (project.parent / "log").write_text("first\n")
    result = shell(command, project.parent)
    assert result.returncode == FINDINGS
    assert result.stdout.removeprefix(b"first\n") == run("check", "svc").data
    assert (b"first" in result.stdout) == ("log" in command), "what was in an open file stays"


def _unreadable(folder: Path) -> str:
    (folder / "out").write_text("secret")
    (folder / "out").chmod(0o200)
    return "out"


def _folder(folder: Path) -> str:
    (folder / "out").mkdir()
    return "out"


def _link_out(folder: Path) -> str:
    (folder / "sub").mkdir()
    (folder / "sub" / "out").symlink_to(folder / "mine")
    return "sub/out"


@pytest.mark.parametrize(
    ("make", "code"),
    [
        pytest.param(_unreadable, FINDINGS, id="a file that may be written and not read"),
        pytest.param(_folder, 2, id="a folder"),
        pytest.param(_link_out, 2, id="a link that leads out of its folder"),
        pytest.param(lambda _: "mine/out", 2, id="a file in a file"),
    ],
)
def test_output_is_never_read_and_replaces_files_only(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch, make: Callable[[Path], str], code: int
) -> None:
    (project.parent / "mine").write_text("mine")
    name = make(project.parent)
    opened: list[str] = []
    real = os.open

    def noted(path: str, *rest: int) -> int:
        opened.append(os.path.abspath(path))
        return real(path, *rest)

    monkeypatch.setattr(os, "open", noted)
    result = run("check", "svc", "--output", name)
    assert result.code == code
    assert os.path.abspath(name) not in opened
    assert (project.parent / "mine").read_text() == "mine"
    assert bool(result.err) == (code == 2)
