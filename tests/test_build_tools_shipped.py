"""PYD110: what only building uses leaves the image that ships, and nothing else does."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety

_SLIM = "FROM python:3.12-slim-bookworm"
_BUILD = "COPY requirements.txt ./\nRUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"
_RUN = 'COPY --from=build /opt/venv /opt/venv\nCOPY app.py ./\nCMD ["/opt/venv/bin/python", "app.py"]\n'
_RULES = tuple(rule for rule in RULES if rule.code == "PYD110")


def _install(packages: str) -> str:
    return f"RUN apt-get update && apt-get install -y {packages} && rm -rf /var/lib/apt/lists/*\n"


def _added(packages: str) -> str:
    return (
        f"RUN apt-get update \\\n    && apt-get install -y --no-install-recommends {packages} \\\n"
        "    && rm -rf /var/lib/apt/lists/*\n"
    )


def _project(text: str, app: str, requirements: str = "flask==3.1.2\n") -> Project:
    return Project(Tree.of({"Dockerfile": text, "app.py": app, "requirements.txt": requirements}))


MOVED = {
    "a compiler goes from the common base to the stage that builds, with its version": (
        f"{_SLIM} AS base\n{_install('gcc=4:12.2.0-3 curl')}FROM base AS build\n{_BUILD}FROM base\n{_RUN}",
        f"{_SLIM} AS base\n{_install('curl')}FROM base AS build\n{_added('gcc=4:12.2.0-3')}{_BUILD}FROM base\n{_RUN}",
    ),
    "a comment above the RUN stays": (
        f"{_SLIM} AS base\n# wheels\n{_install('g++')}FROM base AS build\n{_BUILD}FROM base\n{_RUN}",
        f"{_SLIM} AS base\n# wheels\nFROM base AS build\n{_added('g++')}{_BUILD}FROM base\n{_RUN}",
    ),
    "two stages that build get it both": (
        f"{_SLIM} AS base\n{_install('gcc')}FROM base AS build\n{_BUILD}FROM base AS tests\n{_BUILD}FROM base\n{_RUN}",
        f"{_SLIM} AS base\nFROM base AS build\n{_added('gcc')}{_BUILD}"
        f"FROM base AS tests\n{_added('gcc')}{_BUILD}FROM base\n{_RUN}",
    ),
    "what nobody uses goes": (
        f"{_SLIM} AS build\n{_BUILD}{_SLIM}\n{_install('gcc')}{_RUN}",
        f"{_SLIM} AS build\n{_BUILD}{_SLIM}\n{_RUN}",
    ),
}


@pytest.mark.parametrize(("before", "after"), MOVED.values(), ids=MOVED)
def test_in_a_file_with_several_stages(before: str, after: str) -> None:
    assert rewrite(_project(before, "import flask\n"), _RULES, Safety.SAFE).result.dockerfile.text == after


KEPT = {
    "a compiler that source calls": ("gcc", "import os\nos.system('gcc -O2 x.c')\n", ""),
    "a compiler that source compiles with": ("gcc", "import pyximport\npyximport.install()\n", ""),
    "a compiler that a command below calls": ("gcc", "import flask\n", "RUN gcc -o /usr/bin/tool tool.c\n"),
    "a compiler above a script that cannot be read": ("gcc", "import flask\n", "RUN ./configure-the-image\n"),
    "what building and services call alike": ("jq", "import flask\n", ""),
    "what is removed again": ("curl gcc", "import flask\n", "RUN apt-get purge -y gcc\n"),
}


@pytest.mark.parametrize(("packages", "app", "line"), KEPT.values(), ids=KEPT)
def test_nothing_is_said_of(packages: str, app: str, line: str) -> None:
    project = _project(f"{_SLIM} AS build\n{_BUILD}{_SLIM}\n{_install(packages)}{line}{_RUN}", app)
    assert check(project, _RULES) == ()


DOUBTED = {
    "a program that is only known later": ("make", "import subprocess, sys\nsubprocess.run(sys.argv[1:])\n", "program"),
    "a library by a name that headers bring": (
        "libmagic-dev",
        "import ctypes as c\nc.CDLL('libmagic.so')\n",
        "headers",
    ),
}


@pytest.mark.parametrize(("package", "app", "word"), DOUBTED.values(), ids=DOUBTED)
def test_it_is_a_doubt_with(package: str, app: str, word: str) -> None:
    project = _project(f"{_SLIM} AS build\n{_BUILD}{_SLIM}\n{_install(package)}{_RUN}", app)
    (finding,) = check(project, _RULES)
    assert finding.fix is not None
    assert finding.fix.safety is Safety.UNSAFE
    assert word in " ".join(finding.fix.doubts)


def test_a_stage_with_its_user_set_gets_no_install() -> None:
    text = f"{_SLIM} AS base\n{_install('gcc')}USER app\nFROM base AS build\n{_BUILD}FROM base\n{_RUN}"
    assert [finding.fix for finding in check(_project(text, "import flask\n"), _RULES)] == [None]
