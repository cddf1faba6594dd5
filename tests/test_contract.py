"""What a container can rely on is read from the last stage, and each difference has a name."""

from __future__ import annotations

import pytest

from pydock.build.contract import Contract, contract
from pydock.context import Tree
from pydock.project import Project

BASE = 'FROM python:3.12\nWORKDIR /app\nENV A=1\nUSER app\nCMD ["x"]\n'

DIFFERENCES = {
    "the base": (BASE.replace("3.12", "3.12-slim"), {"base"}),
    "the user": (BASE.replace("USER app", "USER root"), {"user"}),
    "the work directory": (BASE.replace("/app", "/srv"), {"workdir"}),
    "the environment": (BASE.replace("A=1", "A=2"), {"environment"}),
    "the command": (BASE.replace('["x"]', "x"), {"cmd"}),
    "an entrypoint takes the command's place": (BASE + 'ENTRYPOINT ["y"]\n', {"entrypoint", "cmd"}),
    "the health check": (BASE + "HEALTHCHECK CMD true\n", {"healthcheck"}),
    "options of the health check": (BASE + "HEALTHCHECK --interval=1s CMD true\n", {"healthcheck"}),
    "the stop signal": (BASE + "STOPSIGNAL INT\n", {"stop_signal"}),
    "the shell": (BASE + 'SHELL ["/bin/bash", "-c"]\n', {"shell"}),
    "ports": (BASE + "EXPOSE 80\n", {"ports"}),
    "volumes": (BASE + "VOLUME /data\n", {"volumes"}),
    "labels": (BASE + "LABEL a=b\n", {"labels"}),
    "copied files": (BASE + "COPY a b\n", {"files"}),
    "system packages": (BASE + "RUN apt-get install -y curl\n", {"system_packages"}),
    "Python packages": (BASE + "RUN pip install flask\n", {"packages"}),
    "nothing": (BASE + "# a comment\nRUN true\n", set()),
    "how a value is written": (BASE.replace("ENV A=1", "ENV A '1'"), set()),
}


def _contract(text: str) -> Contract:
    return contract(Project(Tree.of({"Dockerfile": text})))


@pytest.mark.parametrize(("text", "expected"), DIFFERENCES.values(), ids=DIFFERENCES)
def test_differs(text: str, expected: set[str]) -> None:
    assert _contract(BASE).differs(_contract(text)) == expected


def test_an_earlier_stage_counts_only_through_what_is_built_on_it() -> None:
    other = "FROM debian AS tools\nUSER root\nENV B=2\n"
    assert not _contract(BASE).differs(_contract(other + BASE))
    on_it = _contract("FROM debian AS tools\nENV B=2\nFROM tools\nENV C=$B\n")
    assert on_it.environment == {"B": "2", "C": "2"}
    assert on_it.base == "debian"


def test_a_relative_work_directory_is_under_the_one_before() -> None:
    assert _contract("FROM a\nWORKDIR /x\nWORKDIR y\n").workdir == "/x/y"


def test_an_argument_without_a_value_makes_what_depends_on_it_unknown() -> None:
    found = _contract("FROM a\nARG V\nENV A=$V B=1\n")
    assert found.environment == {"A": None, "B": "1"}
