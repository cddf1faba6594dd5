"""Requirements that nothing or little can be made from, as a person sees them: what is said, and that they stay."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pydock.resolve import Resolver
from tests.command_line import Runner
from tests.package_index import Distribution, Index, serving

SHOP = (
    Distribution("shop", "1.0", ("till>=1",)),
    Distribution("shop", "2.0", ("till>=2",)),
    Distribution("till", "1.5"),
    Distribution("till", "2.1"),
    Distribution("recalled", "1.1", yanked="broken on Tuesdays"),
    Distribution("elsewhere", "1.0", tag="cp311-cp311-win_amd64"),
)
DOCKERFILE = "FROM python:3.11.7-slim-bookworm\nCOPY . .\nRUN pip install -r requirements.txt\n"
BOTH = DOCKERFILE.replace("requirements.txt", "requirements.txt -r more.txt")


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving(*SHOP) as started:
        yield started


@pytest.fixture(autouse=True)
def settings(index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_", "PYDOCK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
    monkeypatch.setattr("pydock.resolve.THIS_RUN", Resolver())


def _service(folder: Path, files: Mapping[str, str | bytes], index: Index) -> None:
    for name, text in {"Dockerfile": DOCKERFILE, **files}.items():
        data = text if isinstance(text, bytes) else text.replace("INDEX", index.url.removesuffix("/simple")).encode()
        (folder / name).write_bytes(data)


NOT_LOCKED: Mapping[str, tuple[Mapping[str, str | bytes], str]] = {
    "wishes that exclude each other": (
        {"requirements.txt": "# web\nshop==2.0\ntill<2\n"},
        "because you require till<2 (requirements.txt line 2, requirements.txt line 3).",
    ),
    "a package that does not exist": (
        {"requirements.txt": "shop\nnobody-made-this\n"},
        "you require nobody-made-this (requirements.txt line 2).",
    ),
    "a version that does not exist": (
        {"requirements.txt": "till\nshop==9\n"},
        "there is no version of shop==9 and you require shop==9 (requirements.txt line 2).",
    ),
    "wheels for another platform only": (
        {"requirements.txt": "shop\nelsewhere\n"},
        "because you require elsewhere (requirements.txt line 2).",
    ),
    "an address where nothing is": (
        {"requirements.txt": "shop\n# our own\nINDEX/files/gone-1.0-py3-none-any.whl\n"},
        "/files/gone-1.0-py3-none-any.whl says 404 Not Found (requirements.txt line 3).",
    ),
    "a name with an address where nothing is": (
        {"requirements.txt": "shop\ngone @ INDEX/files/gone-1.0-py3-none-any.whl\n"},
        "/files/gone-1.0-py3-none-any.whl says 404 Not Found (requirements.txt line 2).",
    ),
    "a line that is no requirement": (
        {"requirements.txt": "shop\nflask=3\n"},
        "PYD201 requirements.txt:2:1: requirements.txt line 2 is no requirement: flask=3",
    ),
    "an include that is not there": (
        {"requirements.txt": "shop\n-r gone.txt\n"},
        "PYD201 requirements.txt:2:1: requirements.txt line 2 names gone.txt, which is not there",
    ),
    "includes in a circle": (
        {"requirements.txt": "-r requirements.txt\n"},
        "requirements.txt:1: the files include each other: requirements.txt -> requirements.txt",
    ),
    "pins in two files that exclude each other": (
        {"Dockerfile": BOTH, "requirements.txt": "shop==1.0\ntill==1.5\n", "more.txt": "till==2.1\n"},
        "PYD201 more.txt:1:1: more.txt line 1 asks for till==2.1, line 2 of requirements.txt for till==1.5",
    ),
    "and with a loose one beside them": (
        {"Dockerfile": BOTH, "requirements.txt": "shop\ntill==1.5\n", "more.txt": "till==2.1\n"},
        "you require till==1.5 and till==2.1 (requirements.txt line 2, more.txt line 1).",
    ),
    "UTF-16 without a byte order mark": (
        {"requirements.txt": "shop\n".encode("utf-16-le")},
        "PYD201 Dockerfile:3:20: requirements.txt is no text that pip reads",
    ),
}


@pytest.mark.parametrize(("files", "said"), NOT_LOCKED.values(), ids=NOT_LOCKED)
def test_it_is_said_where_it_stands_and_nothing_is_written(
    folder: Path, run: Runner, index: Index, files: Mapping[str, str | bytes], said: str
) -> None:
    _service(folder, files, index)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    result = run("fix", "--select", "PYD201,PYD202,PYD211", "Dockerfile")
    assert result.code in {1, 2}
    assert said in result.err
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


@pytest.mark.parametrize("option", [[], ["--hashes"]], ids=["loose", "pinned, with hashes asked for"])
def test_a_pin_that_does_not_exist_is_told_when_its_files_are_asked_for(
    folder: Path, run: Runner, index: Index, option: list[str]
) -> None:
    _service(folder, {"requirements.txt": "shop==9\n" if option else "shop==9\ntill\n"}, index)
    result = run("fix", *option, "--select", "PYD201,PYD202", "Dockerfile")
    assert "there is no version of shop==9 and you require shop==9 (requirements.txt line 1)." in result.err


LOCK = (
    "# This file was autogenerated by uv via the following command:\n#    uv pip compile --python-version 3.9.25 "
    "--python-platform=x86_64-manylinux_2_36 requirements.txt --output-file=requirements.lock.txt\nshop==1.0\n"
    "till==1.5\n"
)
LOCKED: Mapping[str, tuple[Mapping[str, str | bytes], str]] = {
    "UTF-16": ({"requirements.txt": "shop\n".encode("utf-16")}, "PYD201 install requirements.lock.txt: 2 packages"),
    "Latin-1": (
        {"requirements.txt": "shop  # für alle\n".encode("latin-1")},
        "PYD201 install requirements.lock.txt: 2 packages",
    ),
    "a yanked version": (
        {"requirements.txt": "recalled==1.1\nshop\n"},
        '`recalled==1.1` is yanked (reason: "broken on Tuesdays")',
    ),
    "a lock for another Python": (
        {
            "Dockerfile": DOCKERFILE.replace(".txt", ".lock.txt"),
            "requirements.txt": "shop<2\n",
            "requirements.lock.txt": LOCK,
        },
        "PYD211 make requirements.lock.txt again: 2 packages",
    ),
}


@pytest.mark.parametrize(("files", "said"), LOCKED.values(), ids=LOCKED)
def test_what_can_be_locked_is_and_the_list_stays_as_it_is(
    folder: Path, run: Runner, index: Index, files: Mapping[str, str | bytes], said: str
) -> None:
    _service(folder, files, index)
    before = (folder / "requirements.txt").read_bytes()
    result = run("fix", "--select", "PYD201,PYD211", "Dockerfile")
    assert said in result.err
    assert "till==" in (folder / "requirements.lock.txt").read_text()
    assert (folder / "requirements.txt").read_bytes() == before
