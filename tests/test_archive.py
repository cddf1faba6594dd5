"""What wheels and source archives of the context need is locked, and they are installed behind it as they are."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.packages.archive import asked_for
from pydock.project import Options, Project
from pydock.resolve import Resolver, gathered
from pydock.rules.dependencies import unpinned_requirement
from pydock.text import Safety
from tests.package_index import Distribution, Index, serving

SHOP = (Distribution("shop", "1.0", ("till>=1",)), Distribution("till", "2.1"), Distribution("lamp", "1.0"))
NEEDS = ("shop", "lamp; extra == 'lit'", "till<3; python_version >= '3.8' and extra == 'lit'")
WHEEL = Distribution("store", "1.0", NEEDS)
BASE = "FROM python:3.11.7-slim-bookworm\nCOPY . .\n"


@pytest.fixture(scope="module")
def index() -> Iterator[Index]:
    with serving(*SHOP) as started:
        yield started


@pytest.fixture(autouse=True)
def settings(index: Index, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)


def _fixed(folder: Path, install: str, requirements: str, archive: Distribution) -> Report:
    (folder / "vendor").mkdir(parents=True)
    (folder / "vendor" / archive.file).write_bytes(archive.data)
    (folder / "requirements.txt").write_text(requirements)
    (folder / "Dockerfile").write_text(f"{BASE}RUN pip install {install}\n")
    rules = (unpinned_requirement.RULE,)
    project = Project(Tree(folder), options=Options(hashes=False))
    return gathered(project, lambda before: rewrite(before, rules, Safety.SAFE), Resolver().answers)


PLACES = {
    "a wheel in the requirements": ("-r requirements.txt", "lamp\n./vendor/{}\n", "./vendor/{}"),
    "a wheel with an extra": ("-r requirements.txt", "./vendor/{}[lit]\nlamp\n", "./vendor/{}[lit]"),
    "a wheel beside the requirements": ("-r requirements.txt ./vendor/{}", "lamp\n", "./vendor/{}"),
    "a path without a dot": ("-r requirements.txt", "vendor/{}\nlamp\n", "vendor/{}"),
}


@pytest.mark.parametrize(("install", "requirements", "second"), PLACES.values(), ids=PLACES)
def test_what_a_wheel_needs_is_locked_and_installed_before_it(
    tmp_path: Path, install: str, requirements: str, second: str
) -> None:
    install, requirements, second = (text.format(WHEEL.file) for text in (install, requirements, second))
    report = _fixed(tmp_path / "service", install, requirements, WHEEL)
    assert report.result.dockerfile.text == (
        "FROM python:3.11.7-slim-bookworm\nCOPY requirements.lock.txt ./\nRUN pip install -r requirements.lock.txt\n"
        f"COPY . .\nRUN pip install --no-deps {second}\n"
    )
    lock = report.result.tree.text("requirements.lock.txt") or ""
    assert [line for line in lock.splitlines() if "==" in line] == ["lamp==1.0", "shop==1.0", "till==2.1"]
    assert "requirements.txt --output-file=requirements.lock.txt" in lock
    assert report.changed == ("Dockerfile", "requirements.lock.txt")


def test_an_archive_that_does_not_say_what_it_needs_is_told_and_nothing_is_locked(tmp_path: Path) -> None:
    archive = Distribution("store", "1.0", tag="", is_static=False)
    report = _fixed(tmp_path / "service", "-r requirements.txt", f"lamp\n./vendor/{archive.file}\n", archive)
    assert not report.changed
    (found,) = report.remaining
    assert f"vendor/{archive.file} line 1 does not say what it needs without being built" in found.advice


def test_a_source_archive_with_static_metadata_says_what_it_needs() -> None:
    archive = Distribution("store", "1.0", NEEDS, tag="")
    found = asked_for(f"{archive.file}[lit]", lambda _: archive.data)
    assert [entry.name for entry in found.entries] == ["shop", "lamp", "till"]
    assert [str(entry.requirement.marker) for entry in found.entries if entry.requirement] == [
        "None",
        "None",
        'python_version >= "3.8"',
    ]
    assert not asked_for(archive.file, lambda _: archive.data).troubles
    assert asked_for(archive.file, lambda _: b"\x1f\x8b broken").troubles
    assert asked_for("x-1-py3-none-any.whl", lambda _: b"PK?").troubles
    assert asked_for("gone.zip", lambda _: None).troubles
