"""The move off a Python without support: only where a resolver has found every package on the next one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import pytest

from pydock.edits import Safety
from pydock.engine import Report, rewrite
from pydock.project import Options, Project
from pydock.project.move import questions
from pydock.project.pins import Answer, Artifact, Pin, Pins
from pydock.rules import end_of_life_python
from pydock.tree import Tree
from pydock.values import replace

TODAY = date(2026, 11, 1)
SERVICE = "FROM python:3.9.25-slim-trixie\nCOPY . /app\nRUN pip install -r /app/requirements.txt\n"


def _pin(name: str, minor: str, *, is_wheel: bool = True) -> Pin:
    kind = f"cp{minor.replace('.', '')}-none-any.whl" if is_wheel else "tar.gz"
    return Pin(name, "1.0", (Artifact(f"{name}-1.0-{kind}", "a" * 64),))


def _answered(project: Project, compiled: Iterable[str] = (), absent: str = "") -> Project:
    """The project with an answer to every question; `compiled` are "name X.Y" that have no wheel there."""
    answers = {}
    for request in questions(project):
        minor = request.python.rpartition(".")[0]
        names = [line.partition("=")[0] for line in request.requirements]
        pins = tuple(_pin(name, minor, is_wheel=f"{name} {minor}" not in compiled) for name in names)
        is_absent = absent == minor
        answers[request] = Answer(why_not="no version of flask fits") if is_absent else Answer(pins)
    return replace(project, pins=Pins(answers))


def _project(text: str = SERVICE, **files: str) -> Project:
    tree = {"Dockerfile": text, "requirements.txt": "flask==1.0\npsycopg2==1.0\n", "app.py": "import flask\n", **files}
    return Project(Tree.of(tree), options=Options(today=TODAY))


def _moved(project: Project) -> Report:
    return rewrite(project, (end_of_life_python.RULE,), Safety.UNSAFE)


def test_every_stage_moves_together_on_its_own_debian_release() -> None:
    text = "FROM python:3.9.25-bookworm AS build\nRUN pip wheel flask==1.0\nFROM python:3.9.25-slim-bookworm\n"
    report = _moved(_answered(_project(text)))
    assert report.result.dockerfile.text == (
        "FROM python:3.11.16-bookworm AS build\nRUN pip wheel flask==1.0\nFROM python:3.11.16-slim-bookworm\n"
    )


def test_the_move_is_unsafe_and_names_its_doubt() -> None:
    project = _answered(_project())
    assert not rewrite(project, (end_of_life_python.RULE,), Safety.SAFE).changed
    fix = _moved(project).settled[0].fix
    assert fix is not None
    assert "Run the tests on it" in fix.doubts[0]
    assert "All 2 packages resolve there" in fix.doubts[0]


def test_what_is_compiled_today_may_be_compiled_there() -> None:
    assert _moved(_answered(_project(), compiled=["psycopg2 3.9", "psycopg2 3.11"])).changed


@pytest.mark.parametrize(
    ("project", "said"),
    [
        (_project(), "`pydock fix` asks a resolver"),
        (_answered(_project(), compiled=["flask 3.11"]), "There flask would have to be compiled"),
        (_answered(_project(), absent="3.11"), "Its packages do not resolve there: no version of flask fits."),
        (_answered(_project(**{"app.py": "from collections import Set\n"})), "app.py:1 uses collections.Set"),
        (_answered(_project(**{".python-version": "3.9\n"})), ".python-version asks for Python 3.9"),
        (_answered(_project(SERVICE + "RUN pip install -e /app\n")), "What line 4 installs is not known to a resolver"),
        (_answered(_project(SERVICE + "ENV PYTHONPATH=/usr/lib/python3.9/site\n")), "Line 4 names Python 3.9 itself"),
        (_answered(_project(SERVICE.replace("slim-trixie", "alpine3.22"))), "There is no 3.11 image to take the place"),
        (_answered(_project(SERVICE.replace("trixie", f"trixie@sha256:{'a' * 64}"))), "There is no 3.11 image"),
        (_answered(_project("FROM python:2.7.18-slim-buster\n")), "the code has to be ported first"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_where_something_stands_in_the_way_nothing_moves_and_it_is_told(project: Project, said: str) -> None:
    report = _moved(project)
    assert not report.changed
    assert said in " ".join(finding.advice for finding in report.remaining)


def test_a_python_with_support_asks_no_questions() -> None:
    assert questions(_project(SERVICE.replace("3.9.25", "3.12.14"))) == ()
