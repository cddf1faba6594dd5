"""A library stays for who may load it: a wheel brings its own, and the plan says why each package is there."""

from __future__ import annotations

import pytest

from pydock.build import walk
from pydock.build.laws import Declared, broken
from pydock.context import Tree
from pydock.project import Project
from pydock.split import Split
from tests.split_cases import BEFORE, CMD, INSTALL, SLIM, Case, found

APT = "RUN apt-get update && apt-get install -y"
PQ = f"{SLIM}{APT} gcc libpq-dev\n"
WHEEL = {"requirements.txt": "psycopg2-binary==2.9.10\n"}


def runtime_of(dockerfile: str, files: dict[str, str]) -> str:
    split = found(Case("", dockerfile, files))
    assert isinstance(split, Split), split
    return split.plan.text().rpartition("\nFROM ")[2]


@pytest.mark.parametrize(
    "requirements",
    [
        pytest.param("psycopg2-binary==2.9.10\n", id="a release that has wheels"),
        pytest.param("psycopg2-binary\n", id="the newest release"),
        pytest.param("psycopg2-binary>=2.9\nsomething-else==1.0\n", id="beside packages that no table knows"),
    ],
)
def test_headers_of_a_wheel_leave_no_library_behind(requirements: str) -> None:
    runtime = runtime_of(f"{PQ}{INSTALL}{CMD}", {"requirements.txt": requirements})
    assert "apt-get" not in runtime


@pytest.mark.parametrize(
    ("dockerfile", "files"),
    [
        pytest.param(f"{PQ}{INSTALL}{CMD}", {"requirements.txt": "psycopg2==2.9.10\n"}, id="a package without wheels"),
        pytest.param(
            f"{PQ}{INSTALL}{CMD}",
            {"requirements.txt": "psycopg2-binary==2.9.1\n"},
            id="a release older than its wheels",
        ),
        pytest.param(
            f"{PQ}{INSTALL}{CMD}", {"requirements.txt": "psycopg2-binary<2.9.3\n"}, id="a release that may be older"
        ),
        pytest.param(
            f"{PQ.replace('3.11', '3.9')}{INSTALL}{CMD}", WHEEL, id="a Python whose wheels are not for every machine"
        ),
        pytest.param(
            f"{PQ}{INSTALL}{CMD}",
            {"requirements.txt": "psycopg2-binary==2.9.10\npsycopg==3.2.1\n"},
            id="another package that loads it",
        ),
        pytest.param(f"{PQ}{INSTALL}{CMD}", {"requirements.txt": "something-else==1.0\n"}, id="nobody knows for whom"),
        pytest.param(
            f"{PQ}{BEFORE}RUN pip install --no-binary :all: -r requirements.txt\n{CMD}", WHEEL, id="no wheel is wanted"
        ),
        pytest.param(
            f"{PQ}{INSTALL}COPY --from=bin.example/tool:1 /tool /bin/\n{CMD}", WHEEL, id="a program from elsewhere"
        ),
        pytest.param(
            f"{PQ}{INSTALL}{CMD}",
            {**WHEEL, "app.py": "import ctypes\nctypes.CDLL('libpq.so.5')\n"},
            id="code that loads it by name",
        ),
    ],
)
def test_a_library_stays_where_something_may_load_it(dockerfile: str, files: dict[str, str]) -> None:
    assert "install -y libpq5\n" in runtime_of(dockerfile, files)


def test_the_plan_says_why_each_package_is_in_the_runtime_stage() -> None:
    dockerfile = f"{SLIM}{APT} gcc libpq-dev curl fonts-dejavu-core\n{INSTALL}HEALTHCHECK CMD curl localhost\n{CMD}"
    split = found(Case("", dockerfile, {"requirements.txt": "psycopg2\n"}))
    assert isinstance(split, Split), split
    told = [why for _, place, why in split.plan.table() if place.startswith("runtime")]
    assert "libpq5: psycopg2 needs it; curl: HEALTHCHECK calls curl; the file names fonts-dejavu-core" in told


@pytest.mark.parametrize(
    ("requirement", "is_lost"),
    [
        pytest.param("psycopg2-binary==2.9.10\n", False, id="a wheel"),
        pytest.param("psycopg2-binary==2.9.1\n", True, id="a release without wheels"),
        pytest.param("psycopg2==2.9.10\n", True, id="a package without wheels"),
    ],
)
def test_a_library_that_is_gone_is_a_loss_unless_a_wheel_brings_it(requirement: str, is_lost: bool) -> None:
    before = f"{PQ}{INSTALL}{CMD}"
    builder = f"{PQ}{BEFORE}RUN python -m venv /opt/venv\nRUN /opt/venv/bin/pip install -r requirements.txt\n"
    builder = builder.replace("FROM python:3.11-slim", "FROM python:3.11-slim AS builder")
    runtime = "WORKDIR /app\nENV PATH=/opt/venv/bin:$PATH\nCOPY --from=builder /opt/venv /opt/venv\nCOPY . .\n"
    files = {"requirements.txt": requirement, "app.py": ""}
    first, second = (
        walk(Project(Tree.of({"Dockerfile": text, **files}))) for text in (before, f"{builder}{SLIM}{runtime}{CMD}")
    )
    told = [each.what for each in broken(first, second, Declared(frozenset({"environment"}))) if not each.is_doubt]
    assert any("libpq" in what for what in told) is is_lost


@pytest.mark.parametrize(
    ("settings", "package"),
    [
        pytest.param("GDAL_LIBRARY_PATH = '/usr/lib/x86_64-linux-gnu/libgdal.so'\n", "libgdal-dev", id="a setting"),
        pytest.param(
            "import os\nGDAL_LIBRARY_PATH = os.getenv('G', '/usr/lib/libgdal.so')\n", "libgdal-dev", id="a default"
        ),
        pytest.param("import ctypes\nctypes.CDLL('libgdal.so')\n", "libgdal-dev", id="a call"),
        pytest.param("import ctypes\nctypes.CDLL('libgdal.so.36')\n", "libgdal36", id="not with a version"),
    ],
)
def test_a_library_that_is_loaded_without_a_version_is_a_link_of_its_headers(settings: str, package: str) -> None:
    apt = "RUN apt-get update && apt-get install -y libgdal-dev g++\n"
    files = {"requirements.txt": "gdal==3.10.3\n", "settings.py": settings}
    made = found(Case("", f"FROM python:3.11-slim-trixie\n{apt}{INSTALL}{CMD}", files))
    assert isinstance(made, Split)
    runtime = made.plan.text().rpartition("\nFROM ")[2]
    assert f"install -y {package}\n" in runtime
