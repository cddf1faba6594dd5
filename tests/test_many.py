"""Many services in one run: nothing is asked twice, questions do not wait for each other, a dead index costs once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pydock.project.pins import Answer, Indexes, Request, Unanswered
from pydock.questions import Question, answers
from pydock.resolve import Kept, Reader, Resolver, uv
from pydock.resolve.output import unreachable
from pydock.targets import targets
from pydock.values import replace
from tests.package_index import Distribution, Index, closed_port, hanging, host, serving

SHOP = (Distribution("shop", "1.0", ("till",)), Distribution("till", "1.5"), Distribution("lamp", "1.0"))
DOCKERFILE = "FROM python:3.11.7-slim-bookworm\nCOPY . .\nRUN pip install -r requirements.txt\n"
SETS = {"a": "shop\n", "b": "lamp\n", "c": "shop\n", "d": "till\nlamp\n"}
TARGET = "x86_64-manylinux_2_36"


class Asked(list[Request]):
    """What uv was asked, its cache not counted; `meets` is where that many questions wait for each other."""

    meets = threading.Barrier(1)


@pytest.fixture(autouse=True)
def asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Asked:
    for name in [name for name in os.environ if name.startswith(("UV_", "PIP_", "PYDOCK_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr("pydock.resolve.THIS_RUN", Resolver())
    found = Asked()
    answer = uv.answer

    def counting(request: Request, **how: Any) -> Answer:
        if not how.get("is_offline"):
            found.append(request)
            found.meets.wait(60)
        return answer(request, **how)

    monkeypatch.setattr(uv, "answer", counting)
    return found


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    with serving(*SHOP) as started:
        monkeypatch.setenv("UV_DEFAULT_INDEX", started.url)
        yield started


def _services(folder: Path, sets: Mapping[str, str] = SETS) -> tuple[str, ...]:
    for name, text in sets.items():
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(DOCKERFILE)
        (folder / name / "requirements.txt").write_text(text)
    return tuple(str(folder / name) for name in sets)


def _locks(folder: Path) -> dict[str, str]:
    return {path.parent.name: path.read_text() for path in sorted(folder.glob("*/requirements.lock.txt"))}


FIX = Question({"select": ["PYD201"]}, is_fix=True, is_dry=False)


@pytest.mark.usefixtures("index")
@pytest.mark.parametrize("jobs", [1, 2])
def test_services_that_ask_for_the_same_are_one_question(tmp_path: Path, asked: Asked, jobs: int) -> None:
    found = list(answers(FIX, targets(_services(tmp_path)), jobs))
    assert [Path(answer.path).parent.name for answer in found] == list(SETS)
    assert not any(answer.failure or answer.remaining for answer in found)
    # For amd64 and for arm64.
    assert sorted(request.requirements for request in asked) == [
        each for each in (("lamp",), ("shop",), ("till", "lamp")) for _ in range(2)
    ]
    locks = _locks(tmp_path)
    assert list(locks) == list(SETS)
    assert locks["a"] == locks["c"]
    assert "till==1.5" in locks["d"]


@pytest.mark.usefixtures("index")
def test_no_question_waits_for_another(tmp_path: Path, asked: Asked) -> None:
    asked.meets = threading.Barrier(3)
    assert not any(answer.remaining for answer in answers(FIX, targets(_services(tmp_path)), 1))


@pytest.mark.usefixtures("index")
def test_many_services_have_the_locks_that_each_has_alone(tmp_path: Path) -> None:
    for service in _services(tmp_path / "alone"):
        list(answers(FIX, targets([service]), 1))
    list(answers(FIX, targets(_services(tmp_path / "together")), 1))
    assert _locks(tmp_path / "together") == _locks(tmp_path / "alone")


@pytest.mark.usefixtures("index")
def test_dockerfiles_of_one_folder_go_on_where_they_stopped(tmp_path: Path, asked: Asked) -> None:
    (one, other) = _services(tmp_path, {"a": "shop\n", "b": "lamp\n"})
    Path(one, "worker.Dockerfile").write_text(DOCKERFILE.replace("requirements", "more"))
    Path(one, "more.txt").write_text("till\n")
    found = list(answers(FIX, targets([one, other]), 1))
    assert [len(answer.settled) for answer in found] == [1, 1, 1]
    assert Path(one, "more.lock.txt").exists()
    assert Path(one, "requirements.lock.txt").exists()
    assert len(asked) == 6


def test_an_index_that_is_gone_is_asked_once_however_many_services_there_are(asked: Asked) -> None:
    url = closed_port()
    gone = Indexes(url)
    resolver = Resolver()
    for name in ("shop", "till", "lamp"):
        request = Request((name,), "3.11.7", TARGET, indexes=gone, hosts=(host(url),))
        assert resolver.answers([request])[request].is_unreachable
    assert [request.requirements for request in asked] == [("shop",)]


def test_an_index_that_hangs_is_waited_for_once(asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
    resolver = Resolver()
    with hanging() as url:
        for name in ("shop", "till", "lamp"):
            request = Request((name,), "3.11.7", TARGET, indexes=Indexes(url), hosts=(host(url),))
            assert resolver.answers([request])[request].why_not.endswith("does not answer")
    assert [request.requirements for request in asked] == [("shop",)]


def test_an_index_that_has_answered_is_asked_once_more_after_a_failure_before_it_is_given_up(asked: Asked) -> None:
    with serving(*SHOP) as started:
        there = Indexes(started.url)
        resolver = Resolver()
        resolver.answers([Request(("shop",), "3.11.7", TARGET, indexes=there, hosts=(host(started.url),))])
    for name in ("lamp", "till", "mall"):
        resolver.answers([Request((name,), "3.11.7", TARGET, indexes=there, hosts=(host(started.url),))])
    assert [request.requirements for request in asked] == [("shop",), ("lamp",), ("lamp",), ("till",)]


@pytest.mark.usefixtures("index")
def test_a_question_that_gets_lost_has_its_answer_the_second_time(monkeypatch: pytest.MonkeyPatch) -> None:
    shop, lamp = (Request((name,), "3.11.7", TARGET) for name in ("shop", "lamp"))
    resolver = Resolver()
    resolver.answers([shop])
    real, lost = uv.answer, [unreachable("no answer in time")]
    monkeypatch.setattr(uv, "answer", lambda request, **how: lost.pop() if lost else real(request, **how))
    assert resolver.answers([lamp])[lamp].pin("lamp")


def test_the_cache_answers_where_the_index_does_not_and_that_is_said(asked: Asked) -> None:
    with serving(*SHOP) as started:
        request = Request(("shop",), "3.11.7", TARGET, indexes=Indexes(started.url), hosts=(host(started.url),))
        first = uv.answer(request)
    (answer,) = Resolver().answers([replace(request, before=None)]).values()
    assert answer.pins == first.pins
    assert (first.is_final, answer.is_final) == (True, False)
    (other,) = Resolver().answers([replace(request, requirements=("lamp",))]).values()
    assert other.is_unreachable
    assert "cannot be reached" in other.why_not
    assert len(asked) == 3


@pytest.mark.usefixtures("index")
def test_what_waits_says_all_that_it_waits_for(tmp_path: Path) -> None:
    shop, lamp = Request(("shop",), "3.11.7", TARGET), Request(("lamp",), "3.11.7", TARGET)
    kept = Kept(tmp_path)
    Resolver(kept).answers([shop])
    with pytest.raises(Unanswered) as stopped:
        Reader(kept).answers([shop, lamp])
    assert stopped.value.requests == (shop, lamp)
    assert Reader(kept).answers([shop])[shop].pin("till")


@pytest.mark.usefixtures("index")
def test_on_another_machine_than_the_answers_a_service_asks_itself(tmp_path: Path, asked: Asked) -> None:
    shop = Request(("shop",), "3.11.7", TARGET)
    assert Reader(Kept(tmp_path / "elsewhere"), [shop]).answers([shop])[shop].pin("till")
    assert asked == [shop]
