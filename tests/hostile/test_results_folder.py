"""Where results of a migration go: into no project, through no link, and into no image."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.command_line import SMELLY, Runner


def _services(folder: Path) -> Path:
    for name in ("one", "two"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(SMELLY)
    return folder


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("roots", [(".",), ("services",), ("one", "two")], ids=" ".join)
def test_the_usual_folder_for_results_is_in_no_project_and_is_found_again(
    folder: Path,
    run: Runner,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
    roots: tuple[str],
) -> None:
    state = tmp_path_factory.mktemp("state")
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    _services(folder)
    _services(folder / "services")
    (folder / "Dockerfile").write_text(SMELLY)
    before = _files(folder)
    first = run("migrate", *roots)
    assert _files(folder) == before
    place = first.err.splitlines()[-1]
    assert Path(place).is_relative_to(state / "pydock" / "migrations")
    assert Path(place).is_file()
    assert Path(place).parent.stat().st_mode & 0o077 == 0 or Path(place).parents[1].stat().st_mode & 0o077 == 0
    monkeypatch.chdir(folder / "one")
    assert run("migrate", *(str(folder / root) for root in roots)).err.splitlines()[-1] == place


def _out_is_a_link(folder: Path) -> str:
    (folder / "out").symlink_to(folder / "elsewhere")
    return "out"


def _part_is_a_link(folder: Path) -> str:
    (folder / "results").symlink_to(folder / "elsewhere")
    return "results/out"


def _part_in_a_root_is_a_link(folder: Path) -> str:
    (folder / "services" / "x").symlink_to(folder / "elsewhere")
    return str(folder / "services" / "x" / "out")


def _patches_is_a_link(folder: Path) -> str:
    (folder / "out").mkdir()
    (folder / "out" / "patches").symlink_to(folder / "elsewhere")
    return "out"


def _report_is_a_link(folder: Path) -> str:
    (folder / "out").mkdir()
    (folder / "out" / "report.html").symlink_to(folder / "elsewhere" / "page")
    return "out"


def _out_is_a_file(folder: Path) -> str:
    (folder / "out").write_text("mine")
    return "out"


@pytest.mark.parametrize(
    ("make", "why"),
    [
        pytest.param(_out_is_a_link, "a symbolic link", id="it is a link"),
        pytest.param(_part_is_a_link, "a symbolic link", id="a part of it is a link"),
        pytest.param(_part_in_a_root_is_a_link, "a symbolic link", id="a part of it is a link in a root"),
        pytest.param(_patches_is_a_link, "a symbolic link", id="its patches are a link"),
        pytest.param(_report_is_a_link, "a symbolic link", id="its report is a link"),
        pytest.param(_out_is_a_file, "not a folder", id="it is a file"),
        pytest.param(lambda _: "services/one/out", "build context", id="it is in a build context"),
        pytest.param(lambda _: "services/one", "build context", id="it is a build context"),
    ],
)
def test_a_folder_for_results_that_leads_elsewhere_is_refused(
    folder: Path, run: Runner, make: Callable[[Path], str], why: str
) -> None:
    _services(folder / "services")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere" / "page").write_text("mine")
    result = run("migrate", "services", "--out", make(folder))
    assert result.code == 2
    assert why in result.err
    assert _files(folder / "elsewhere") == {"page"}
    assert (folder / "elsewhere" / "page").read_text() == "mine"


def test_a_folder_for_results_in_a_build_context_that_no_image_gets_is_used(folder: Path, run: Runner) -> None:
    _services(folder / "services")
    (folder / "services/one/.dockerignore").write_text("out\n")
    assert run("migrate", "services", "--out", "services/one/out").code in {0, 1}
    assert (folder / "services/one/out/report.html").is_file()
