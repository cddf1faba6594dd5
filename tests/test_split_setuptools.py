"""setuptools with `pkg_resources` is there after a split where it was there before."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.locks.installs.requests import wanted
from pydock.project import Project
from pydock.project.running import Running
from pydock.split import Split
from pydock.values import replace
from tests.split_cases import CMD, Case, found, lacking

SETUPTOOLS = "pip --python /opt/venv install setuptools=="


def _case(base: str, install: str, files: dict[str, str]) -> Case:
    text = f"FROM {base}\nWORKDIR /app\nCOPY requirements.txt .\nRUN pip install {install}\nCOPY app.py .\n{CMD}"
    return Case("", text, {"app.py": "", **files}, builder=(SETUPTOOLS,))


@pytest.mark.parametrize(
    ("install", "wanted_packages"),
    [
        pytest.param("gunicorn==20.0.4", "flask", id="words of the command name an old release"),
        pytest.param("-r requirements.txt gunicorn==20.0.4", "flask", id="words beside a list do"),
        pytest.param("-r requirements.txt", "gunicorn==20.0.4", id="the list does"),
        pytest.param("-r requirements.txt", "gunicorn~=20.0.0", id="the list allows old releases alone"),
        pytest.param("-r requirements.txt", "dash==2.9.3", id="an old release asks for any setuptools"),
        pytest.param("-r requirements.txt", "celery==5.0.5", id="an old release asks for none"),
        pytest.param("-r requirements.txt", "flask\nsetuptools>=40", id="what the image had is enough for the list"),
    ],
)
def test_an_environment_gets_setuptools_with_pkg_resources_where(install: str, wanted_packages: str) -> None:
    assert not lacking(_case("python:3.11", install, {"requirements.txt": f"{wanted_packages}\n"}))


@pytest.mark.parametrize(
    ("base", "packages"),
    [
        pytest.param("python:3.11", "gunicorn==23.0.0", id="no release that is asked for imports it"),
        pytest.param("python:3.11", "gunicorn", id="the newest does not import it"),
        pytest.param("python:3.11", "celery>=5.3", id="no release from a bound on imports it"),
        pytest.param("python:3.11", "gunicorn>=20.0.4", id="the newest fits"),
        pytest.param("python:3.11", "gunicorn==20.0.4\nsetuptools==57.5.0", id="the list says which one"),
        pytest.param("python:3.11", "gunicorn==20.0.4\nsetuptools<81", id="the list bounds it"),
        pytest.param("python:3.13", "gunicorn==20.0.4", id="the image never had it"),
    ],
)
def test_an_environment_gets_none_where(base: str, packages: str) -> None:
    (without,) = lacking(_case(base, "-r requirements.txt", {"requirements.txt": f"{packages}\n"}))
    assert SETUPTOOLS in without


@pytest.mark.parametrize(
    ("base", "running", "preferred"),
    [
        pytest.param("python:3.11", {}, ("setuptools==79.0.1",), id="3.11, whose image has it"),
        pytest.param("python:3.8", {}, ("setuptools==75.3.2",), id="3.8, in the last release that runs there"),
        pytest.param(
            "python:3.11", {"setuptools": "65.5.1"}, ("setuptools==65.5.1",), id="a built image, as it is there"
        ),
        pytest.param("python:3.13", {}, (), id="3.13, whose image has none"),
    ],
)
def test_a_lock_stays_at_a_setuptools_with_pkg_resources_for(
    base: str, running: dict[str, str], preferred: tuple[str, ...]
) -> None:
    text = f"FROM {base}\nCOPY requirements.txt .\nRUN pip install -r requirements.txt\n"
    project = Project(Tree.of({"Dockerfile": text, "requirements.txt": "gunicorn==20.0.4\n"}))
    (asked,) = wanted(replace(project, running=Running("shop:1", "3.11.9", running)) if running else project)
    assert asked.request is not None
    assert asked.request.preferences == preferred


@pytest.mark.parametrize(
    ("script", "more", "is_beside"),
    [
        pytest.param("import subprocess\nsubprocess.run(['pip', 'install', 'x'])\n", {}, True, id="starts pip"),
        pytest.param("import numpy\n", {}, True, id="imports a package"),
        pytest.param("from pathlib import Path\n", {}, False, id="does neither"),
        pytest.param(
            "import numpy\n",
            {"pyproject.toml": "[build-system]\nrequires = ['numpy', 'setuptools']\n"},
            False,
            id="is built apart anyway",
        ),
    ],
)
def test_a_setup_script_is_run_beside_what_it_asks_for_where_it(
    script: str, more: dict[str, str], is_beside: bool
) -> None:
    text = f"FROM python:3.11-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\n{CMD}"
    files = {"app.py": "", "setup.py": f"from setuptools import setup\n{script}setup(name='app')\n", **more}
    made = found(Case("", text, files))
    assert isinstance(made, Split)
    builder = made.plan.text().partition("\nFROM ")[0]
    assert ("wheel==" in builder) is is_beside
    # What it installs has to land in the environment.
    assert ("--without-pip" in builder) is ("pip" not in script)


def test_an_environment_that_uv_fills_gets_no_wheel_for_uv_builds_apart() -> None:
    install = "RUN pip install uv && uv pip install --system -r requirements.txt\n"
    text = f"FROM python:3.11-slim\nWORKDIR /app\nCOPY requirements.txt .\n{install}COPY app.py .\n{CMD}"
    made = found(Case("", text, {"app.py": "", "requirements.txt": "gunicorn==20.0.4\n"}))
    assert isinstance(made, Split)
    assert "setuptools==79.0.1\n" in made.plan.text()
