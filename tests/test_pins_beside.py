"""A lock that takes the place of a requirements file, beside other fixes that move what brings it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.resolve import Resolver, gathered
from pydock.rules import RULES
from pydock.text import Safety
from tests.package_index import Distribution, Index, serving

SHOP = (
    Distribution("shop", "2.0", ("till>=2",), tag="py2.py3-none-any"),
    Distribution("till", "2.1", tag="py2.py3-none-any"),
)
FILES = {"requirements.txt": "shop\n", "app.py": ""}
OLD = "# syntax=docker/dockerfile:1\nFROM python:2.7\nADD . /app\nWORKDIR /app\n"
PATCHED = "FROM python:3.11\nWORKDIR /app\nCOPY . .\n"
INSTALL = "RUN pip install -r requirements.txt\n"
PATCH = "RUN sed -i s/a/b/ /usr/local/lib/python3.11/site-packages/shop.py\n"


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving(*SHOP) as started:
        yield started


@pytest.fixture
def locked(
    index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """The text of a Dockerfile after all safe fixes, with the lock that the index answers."""
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)

    def fixed(dockerfile: str) -> str:
        project = Project(Tree.of({**FILES, "Dockerfile": dockerfile}))
        asked = gathered(project, lambda each: rewrite(each, RULES, Safety.SAFE), Resolver().answers).project
        return rewrite(asked, RULES, Safety.SAFE).result.dockerfile.text

    return fixed


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param(
            f"{PATCHED}{INSTALL}{PATCH}CMD python app.py\n", id="where a path inside the interpreter is written out"
        ),
        pytest.param(f"{OLD}{INSTALL}CMD python app.py\n", id="where the interpreter has no venv"),
        pytest.param(f"{PATCHED}{INSTALL}CMD python app.py\n", id="where the file is split"),
    ],
)
def test_the_copy_in_front_of_the_install_brings_the_lock(dockerfile: str, locked: Callable[[str], str]) -> None:
    text = locked(dockerfile)
    copy, install = (
        text.find("COPY requirements.lock.txt ./"),
        text.find("install --require-hashes -r requirements.lock.txt"),
    )
    assert -1 < copy < install, text


@pytest.mark.parametrize("target", ["/app", "/app/", "."])
def test_the_lock_takes_the_place_of_its_list_in_a_folder_that_is_there(
    target: str, locked: Callable[[str], str]
) -> None:
    lines = f"COPY requirements.txt {target}\n{INSTALL}COPY . .\nCMD python app.py\n"
    text = locked(f"FROM python:3.11\nWORKDIR /app\n{lines}")
    assert "requirements.txt" not in text
    assert "COPY requirements.lock.txt" in text
