"""A plan moves instructions with their comments and forgets none."""

from __future__ import annotations

import pytest

from pydock.dockerfile import Dockerfile
from pydock.errors import RuleBugError
from pydock.patches import Add, Change, Drop, Keep, Plan, Repeat
from pydock.text import Safety, apply

SOURCE = """\
# syntax=docker/dockerfile:1

# base
FROM python:3.12

# tools
RUN apt-get install gcc
CMD ["x"]
"""
SPLIT = """\
# syntax=docker/dockerfile:1

FROM python:3.12 AS builder

# tools
RUN apt-get install gcc

# base
FROM python:3.12-slim
CMD ["x"]
"""


def _plan(text: str) -> Plan:
    dockerfile = Dockerfile(text)
    base, tools, command = dockerfile.instructions
    builder = (Add("FROM python:3.12 AS builder\n", "compilers stay here"), Keep(tools))
    runtime = (Change(base, "FROM python:3.12-slim\n", "no compiler left"), Keep(command))
    return Plan(dockerfile, "Dockerfile", (builder, runtime))


def test_comments_and_blank_lines_go_with_their_instruction() -> None:
    plan = _plan(SOURCE)
    assert "\n".join(filter(None, plan.text().split("\n"))) == "\n".join(filter(None, SPLIT.split("\n")))
    assert plan.text().count("\n\n\n") == 0


@pytest.mark.parametrize("end", ["\n", "\r\n"], ids=["plain", "CRLF"])
def test_a_plan_is_one_edit_over_the_whole_file(end: str) -> None:
    text = SOURCE.replace("\n", end)
    plan = _plan(text)
    fix = plan.fix("split", Safety.SAFE, frozenset({"base"}))
    assert apply(text, fix.edits) == plan.text()
    assert plan.text().count(end) == plan.text().count("\n")
    assert fix.width == len(text)


def test_a_plan_that_forgets_an_instruction_cannot_be_made() -> None:
    dockerfile = Dockerfile(SOURCE)
    base, _, command = dockerfile.instructions
    with pytest.raises(RuleBugError, match="forgets line 7 RUN"):
        Plan(dockerfile, "Dockerfile", ((Keep(base), Keep(command)),))


def test_repeating_an_instruction_does_not_account_for_it() -> None:
    dockerfile = Dockerfile(SOURCE)
    base, tools, command = dockerfile.instructions
    with pytest.raises(RuleBugError, match="forgets line 7 RUN"):
        Plan(dockerfile, "Dockerfile", ((Keep(base), Repeat(tools, "RUN a\n", "why"), Keep(command)),))


def test_dropping_one_needs_a_reason_and_shows_in_the_table() -> None:
    dockerfile = Dockerfile(SOURCE)
    base, tools, command = dockerfile.instructions
    plan = Plan(dockerfile, "Dockerfile", ((Keep(base), Keep(command)),), (Drop(tools, "nothing is compiled"),))
    assert "gcc" not in plan.text()
    assert plan.table()[-1] == ("line 7 RUN apt-get install gcc", "dropped", "nothing is compiled")


def test_the_table_says_where_everything_goes_and_why() -> None:
    assert _plan(SOURCE).table() == [
        ("(new) FROM python:3.12 AS builder", "builder", "compilers stay here"),
        ("line 7 RUN apt-get install gcc", "builder", ""),
        ("line 4 FROM python:3.12", "runtime, changed", "no compiler left"),
        ('line 8 CMD ["x"]', "runtime", ""),
    ]


def test_what_follows_the_last_instruction_stays_there() -> None:
    dockerfile = Dockerfile("FROM a\nCMD b\n\n# the end")
    plan = Plan(dockerfile, "Dockerfile", (tuple(map(Keep, dockerfile.instructions)),))
    assert plan.text() == dockerfile.text


@pytest.mark.parametrize("text", [SOURCE, "FROM a", "\ufeffFROM a\r\n\r\nUSER x", "# escape=`\nFROM a\nRUN b `\n c\n"])
def test_keeping_everything_changes_nothing(text: str) -> None:
    dockerfile = Dockerfile(text)
    assert Plan(dockerfile, "Dockerfile", (tuple(map(Keep, dockerfile.instructions)),)).text() == text
