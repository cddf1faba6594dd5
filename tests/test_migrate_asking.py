"""The services of a migration wait for no resolver: one process asks, each question once, and the rest goes on."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from pydock.cli import main
from pydock.migrate.find.services import Service
from pydock.migrate.run.examine import Task, advanced
from pydock.project.pins import Answer, Request
from pydock.questions import Question
from pydock.resolve import Resolver, uv
from tests.fleet import digest
from tests.package_index import Distribution, closed_port, serving

INDEX = (Distribution("shop", "1.0", ("till",)), Distribution("till", "1.5"), Distribution("lamp", "1.0"))
DOCKERFILE = "FROM python:3.11.7-slim-bookworm\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n"
SETS = {"a": "shop\n", "b": "lamp\n", "c": "shop\n"}


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[tuple[str, ...]]:
    """What uv was asked by this process, its cache not counted."""
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_", "PYDOCK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("pydock.resolve.THIS_RUN", Resolver())
    monkeypatch.chdir(tmp_path)
    found: list[tuple[str, ...]] = []
    answer = uv.answer

    def counting(request: Request, **how: Any) -> Answer:
        if not how.get("is_offline"):
            found.append(request.requirements)
        return answer(request, **how)

    monkeypatch.setattr(uv, "answer", counting)
    for name, text in SETS.items():
        (tmp_path / "services" / name).mkdir(parents=True)
        (tmp_path / "services" / name / "Dockerfile").write_text(DOCKERFILE)
        (tmp_path / "services" / name / "requirements.txt").write_text(text)
    return found


def _migrated(*options: str) -> dict[str, list[str]]:
    """The files that each service changes."""
    with pytest.raises(SystemExit):
        main(["migrate", "services", "--out", "out", *options])
    rows = map(json.loads, Path("out/results.jsonl").read_text().splitlines())
    return {row["name"]: row["files"] for row in rows}


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_services_that_ask_for_the_same_are_one_question(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, ...]], jobs: str
) -> None:
    with serving(*INDEX) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        files = _migrated("--select", "PYD201", "--jobs", jobs)
    # For amd64 and for arm64.
    assert sorted(asked) == [("lamp",), ("lamp",), ("shop",), ("shop",)]
    assert list(files) == list(SETS)
    assert all("requirements.lock.txt" in "".join(paths) for paths in files.values())
    _migrated("--select", "PYD201", "--jobs", jobs)
    assert len(asked) == 4, "a second run knows the answers"


def test_what_an_index_that_is_gone_leaves_open_is_asked_by_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_DEFAULT_INDEX", closed_port())
    assert not any(_migrated("--select", "PYD201").values())
    with serving(*INDEX) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        assert all(_migrated("--select", "PYD201").values())


def test_what_the_cache_answered_is_asked_by_the_next_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that an index failed is no run that it answered, whatever the cache makes up for."""
    shutil.rmtree("services/b")
    with serving(*INDEX) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        undisturbed = _migrated("--select", "PYD201") and digest(Path("out"))
        shutil.rmtree("out")
    assert all(_migrated("--select", "PYD201").values()), "the cache has them"
    assert digest(Path("out")) != undisturbed, "it is said that they are the cache's"
    with serving(*INDEX, port=index.port):
        monkeypatch.setattr("pydock.resolve.THIS_RUN", Resolver())
        _migrated("--select", "PYD201")
    assert digest(Path("out")) == undisturbed


def test_a_file_with_two_users_is_asked_again_where_one_of_them_got_no_answer(
    monkeypatch: pytest.MonkeyPatch, asked: list[tuple[str, ...]]
) -> None:
    folder = Path("services/a")
    (folder / "Dockerfile").write_text(
        "FROM python:3.11.7-slim-bookworm AS web\nCOPY . .\nCMD python app.py\n"
        "FROM python:3.11.7-slim-bookworm\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n"
    )
    (folder / "compose.yaml").write_text("services:\n  web: {build: {context: ., target: web}}\n  worker: {build: .}\n")
    monkeypatch.setenv("UV_DEFAULT_INDEX", closed_port())
    _migrated("--select", "PYD201")
    asked.clear()
    _migrated("--select", "PYD201")
    assert asked


def test_an_offline_run_leaves_nothing_behind_for_one_that_may_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(*INDEX) as index:
        monkeypatch.setenv("UV_DEFAULT_INDEX", index.url)
        assert not any(_migrated("--select", "PYD201", "--offline").values())
        assert all(_migrated("--select", "PYD201").values())


def test_a_task_says_all_that_it_has_waited_for(tmp_path: Path) -> None:
    service = Service("a", str(tmp_path / "services" / "a"), ".", "Dockerfile")
    known = Request(("lamp",), "3.11.7", "x86_64-manylinux_2_36")
    paused = advanced(Task((service,), _question(tmp_path), promised=(known,)))
    assert not isinstance(paused, tuple)
    assert [request.requirements for request in paused.requests if request != known] == [("shop",)] * 2
    assert set(paused.task.promised) == {known, *paused.requests}


def _question(folder: Path) -> Question:
    (folder / "kept").mkdir()
    return Question({"select": ["PYD201"]}, is_fix=True, kept=str(folder / "kept"))
