"""Fixes live together: their order never shows, promises are kept, comments can silence a rule."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import pytest

from pydock.context import Tree
from pydock.dockerfile import Dockerfile
from pydock.engine import check, rewrite
from pydock.errors import RuleBugError, SyntaxProblem
from pydock.patches import Add, Keep, Piece, Plan
from pydock.project import Project
from pydock.rule import Finding, Level, Rule
from pydock.rules import RULES as ALL_RULES
from pydock.text import Edit, Fix, Safety, Span

SOURCE = 'FROM python:3.12\nRUN make\nCMD ["x"]\n'


def toy(code: str, fixes: Callable[[Dockerfile], Iterator[Fix]], *same_as: str) -> Rule:
    """A rule made of what it offers to fix; its name is its code in lower case."""

    def run(project: Project) -> Iterator[Finding]:
        for fix in fixes(project.dockerfile):
            yield Finding(rule, fix.edits[0].span, code, fix)

    rule = Rule(code, code.lower(), run, "", (), same_as)
    return rule


def insertion(word: str, *, safety: Safety = Safety.SAFE, changes: frozenset[str] = frozenset()) -> Rule:
    """A rule that wants an instruction in the last stage, right behind FROM."""

    def fixes(dockerfile: Dockerfile) -> Iterator[Fix]:
        stage = dockerfile.stages[-1]
        if word not in dockerfile.slice(stage.span):
            at = Span(stage.start.span.end, stage.start.span.end)
            yield Fix(word, safety, (Edit("Dockerfile", at, f"{word}\n"),), changes)

    return toy(word.split(maxsplit=1)[0], fixes)


def split(dockerfile: Dockerfile) -> Iterator[Fix]:
    if len(dockerfile.stages) == 1:
        base, *rest = dockerfile.instructions
        runs = [Keep(each) for each in rest if each.keyword == "RUN"]
        runtime = [Keep(base), *(Keep(each) for each in rest if each.keyword != "RUN")]
        builder: list[Piece] = [Add("FROM python:3.12 AS builder\n", ""), *runs]
        stages = (tuple(builder), tuple[Piece, ...](runtime))
        yield Plan(dockerfile, "Dockerfile", stages).fix("split", Safety.SAFE, frozenset())


RULES = (
    toy("SPLIT", split),
    insertion("ENV A=1", changes=frozenset({"environment"})),
    insertion("LABEL a=b", changes=frozenset({"labels"})),
    insertion("USER nobody", changes=frozenset({"user"})),
)


def _project(text: str, **files: str) -> Project:
    return Project(Tree.of({"Dockerfile": text, **files}))


def test_the_order_of_the_rules_never_shows() -> None:
    results = {
        rewrite(_project(SOURCE), order, Safety.SAFE).result.dockerfile.text for order in itertools.permutations(RULES)
    }
    (text,) = results
    keywords = [each.keyword for each in Dockerfile(text).instructions]
    assert keywords == ["FROM", "RUN", "FROM", "USER", "LABEL", "ENV", "CMD"]


def test_the_widest_fix_has_a_round_to_itself_and_touching_fixes_wait() -> None:
    report = rewrite(_project(SOURCE), RULES, Safety.SAFE)
    assert [[finding.rule.code for finding in each.settled] for each in report.rounds] == [
        ["SPLIT"],
        ["ENV"],
        ["LABEL"],
        ["USER"],
    ]


def test_a_second_run_changes_nothing() -> None:
    first = rewrite(_project(SOURCE), RULES, Safety.SAFE)
    second = rewrite(first.result, RULES, Safety.SAFE)
    assert first.changed == ("Dockerfile",)
    assert not second.changed
    assert not second.rounds


@pytest.mark.parametrize(
    ("allow", "applied"),
    [(Safety.SAFE, []), (Safety.UNSAFE, ["ENV"]), (Safety.DISPLAY_ONLY, ["ENV", "LABEL"])],
    ids=["safe", "unsafe", "everything"],
)
def test_only_what_is_allowed_is_applied_and_the_rest_is_held_back(allow: Safety, applied: list[str]) -> None:
    rules = (
        insertion("ENV A=1", safety=Safety.UNSAFE, changes=frozenset({"environment"})),
        insertion("LABEL a=b", safety=Safety.DISPLAY_ONLY, changes=frozenset({"labels"})),
    )
    report = rewrite(_project(SOURCE), rules, allow)
    assert [finding.rule.code for finding in report.settled] == applied
    assert {finding.rule.code for finding in report.held_back} == {"ENV", "LABEL"} - set(applied)


def _drop_command(dockerfile: Dockerfile) -> Iterator[Fix]:
    yield from (
        Fix("drop it", Safety.SAFE, (Edit("Dockerfile", each.span, ""),))
        for each in dockerfile.instructions
        if each.keyword == "CMD"
    )


def _grow(dockerfile: Dockerfile) -> Iterator[Fix]:
    end = Span(len(dockerfile.text), len(dockerfile.text))
    yield Fix("grow", Safety.SAFE, (Edit("Dockerfile", end, "# more\n"),))


def _break(dockerfile: Dockerfile) -> Iterator[Fix]:
    yield Fix("break it", Safety.SAFE, (Edit("Dockerfile", dockerfile.instructions[0].span, "FORM x\n"),))


def _raise(dockerfile: Dockerfile) -> Iterator[Fix]:
    raise KeyError(dockerfile.text[:0] or "nothing")
    yield


BUGS = {
    "it changes what it does not declare": (_drop_command, "drop it: changed cmd without saying so"),
    "it has no end": (_grow, "no end in sight after: grow"),
    "it breaks the file": (_break, "break it: line 1 of the result: "),
    "it raises": (_raise, "TOY toy failed on Dockerfile: KeyError"),
}


@pytest.mark.parametrize(("fixes", "message"), BUGS.values(), ids=BUGS)
def test_a_rule_that_breaks_a_promise_is_named(fixes: Callable[[Dockerfile], Iterator[Fix]], message: str) -> None:
    with pytest.raises(RuleBugError) as caught:
        rewrite(_project(SOURCE), (toy("TOY", fixes),), Safety.SAFE)
    assert message in caught.value.message


def _each_run(dockerfile: Dockerfile) -> Iterator[Fix]:
    yield from (
        Fix("x", Safety.DISPLAY_ONLY, (Edit("Dockerfile", each.span, ""),))
        for each in dockerfile.instructions
        if each.keyword == "RUN"
    )


SILENCED = {
    "by code": ("FROM a\n# pydock: ignore[TOY]\nRUN b\nRUN c\n", [4]),
    "by name": ("FROM a\n# pydock: ignore[toy]\nRUN b\nRUN c\n", [4]),
    "by hadolint's comment": ("FROM a\n# hadolint ignore=DL1,DL3042\nRUN b\nRUN c\n", [4]),
    "all rules": ("FROM a\n# pydock: ignore\nRUN b\nRUN c\n", [4]),
    "one of several": ("FROM a\n# pydock: ignore[X, TOY]\nRUN b\n", []),
    "another rule is no matter": ("FROM a\n# pydock: ignore[OTHER]\nRUN b\n", [3]),
    "hadolint's other rule is no matter": ("FROM a\n# hadolint ignore=DL1\nRUN b\n", [3]),
    "the whole file": ("# pydock: ignore-file[TOY]\nFROM a\nRUN b\nRUN c\n", []),
    "hadolint's whole file": ("# hadolint global ignore=DL3042\nFROM a\nRUN b\n", []),
    "the whole file is said in its head only": ("FROM a\nRUN x\nRUN y\n# pydock: ignore[TOY]\n", [2, 3]),
}


@pytest.mark.parametrize(("text", "lines"), SILENCED.values(), ids=SILENCED)
def test_a_comment_silences_a_rule(text: str, lines: list[int]) -> None:
    project = _project(text)
    found = check(project, (toy("TOY", _each_run, "DL3042"),))
    assert [project.line(finding.span) for finding in found] == lines


def test_findings_come_in_file_order_whatever_the_order_of_the_rules() -> None:
    rules = (toy("B", _each_run), toy("A", _each_run))
    project = _project("FROM a\nRUN b\nRUN c\n")
    for order in (rules, rules[::-1]):
        assert [(finding.span.start, finding.rule.code) for finding in check(project, order)] == [
            (7, "A"),
            (7, "B"),
            (13, "A"),
            (13, "B"),
        ]


def test_a_broken_file_is_refused_with_its_line() -> None:
    with pytest.raises(SyntaxProblem, match=r"Dockerfile:2: unknown instruction: RUM"):
        check(_project("FROM a\nRUM b\n"), ())


def test_requirements_that_include_each_other_are_refused_with_their_line() -> None:
    text = "FROM python:3.12\nCOPY . /app\nWORKDIR /app\nRUN pip install -r a.txt\n"
    with pytest.raises(SyntaxProblem, match=r"b\.txt:2: .* a\.txt -> b\.txt -> a\.txt"):
        check(_project(text, **{"a.txt": "-r b.txt\n", "b.txt": "flask\n-r a.txt\n"}), ())


_SPLIT = {
    "an install inside an if": (
        'ARG CUDA\nRUN if [ -n "$CUDA" ]; then pip install torch==2.4.0; else pip install torch==2.3.0; fi\n',
        {},
    ),
    "constraints that a variable names": (
        "WORKDIR /srv\nCOPY limits.txt ./\nENV PIP_CONSTRAINT=/srv/limits.txt\nRUN pip install flask\n",
        {"limits.txt": "flask==3.1.2\n"},
    ),
    "a token that git puts into addresses for the install": (
        'ARG TOKEN\nRUN git config --global url."https://${TOKEN}@git.example.org/".insteadOf "https://git.example.org/"\n'
        "RUN pip install flask==3.1.2\n",
        {},
    ),
}


@pytest.mark.parametrize(("lines", "files"), _SPLIT.values(), ids=_SPLIT)
def test_the_laws_let_a_split_pass_that_has(lines: str, files: dict[str, str]) -> None:
    text = f'FROM python:3.11\n{lines}COPY app.py ./\nCMD ["python", "app.py"]\n'
    report = rewrite(Project(Tree.of({"Dockerfile": text, "app.py": "print(1)\n", **files})), ALL_RULES, Safety.SAFE)
    assert "PYD104" in {finding.rule.code for finding in report.settled}


def test_what_fails_is_told_first_and_then_the_worst() -> None:
    text = (
        "FROM python:3.13-slim\nENV API_TOKEN=ghp_0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f\n"
        "COPY nowhere.txt /srv/\nUSER 1000\nCMD python app.py\n"
    )
    found = check(Project(Tree.of({"Dockerfile": text, "app.py": ""})), ALL_RULES)
    assert found[0].rule.is_of_failures
    assert found[1].rule.name == "secret-in-image"
    levels = [finding.level for finding in found if not finding.rule.is_of_failures]
    assert levels == sorted(levels, key=lambda level: level.rank)
    assert set(levels) == set(Level)


@pytest.mark.parametrize(
    ("lines", "settles"),
    [
        pytest.param(
            "ENV CC=/usr/bin/gcc FC=gfortran MYSQLCLIENT_CFLAGS=-I/usr/include/mysql\nRUN pip install flask==3.1.2\n",
            "PYD104",
            id="variables of a compiler that leaves",
        ),
        pytest.param(
            "RUN echo exec > /run.sh && sudo chmod a+r /run.sh\n",
            "PYD504",
            id="commands without their sudo",
        ),
    ],
)
def test_the_laws_let_go_of(lines: str, settles: str) -> None:
    files = {"Dockerfile": f'FROM python:3.12-slim\n{lines}COPY app.py .\nCMD ["python", "app.py"]\n', "app.py": ""}
    report = rewrite(Project(Tree.of(files)), ALL_RULES, Safety.SAFE)
    assert report.refused == ()
    assert settles in {finding.rule.code for finding in report.settled}


def test_a_health_check_of_a_service_is_no_other_command_of_it() -> None:
    lines = "COPY requirements.txt .\nRUN pip install -r requirements.txt\nEXPOSE 8000\nWORKDIR /app\n"
    command = "['sh', '-c', 'sleep 10 && uvicorn main:app --host 0.0.0.0']"
    files = {
        "Dockerfile": f"FROM python:3.12-slim\n{lines}",
        "requirements.txt": "fastapi\nuvicorn\n",
        "app/main.py": "from fastapi import FastAPI\n\napp = FastAPI()\n",
        "compose.yaml": f"services:\n  web:\n    build: .\n    volumes: ['./app:/app']\n    entrypoint: {command}\n",
    }
    report = rewrite(Project(Tree.of(files)), ALL_RULES, Safety.SAFE)
    assert report.refused == ()
    assert "healthcheck:" in (report.result.tree.text("compose.yaml") or "")
