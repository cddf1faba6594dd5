"""An editable install leaves metadata beside the source, which the runtime stage gets, or which stands in the way."""

from __future__ import annotations

import pytest

from pydock.build import walk
from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal, Split
from pydock.state.needs import File, Place
from tests.split_cases import CMD, FULL, SLIM, Case, found, lacking

SETUP = 'from setuptools import setup\nsetup(name="my-shop")\n'
BY_NAME = f"{FULL}WORKDIR /app\nCOPY setup.py ./\nCOPY shop/ shop/\nRUN pip install -e .\n{CMD}"
FILES = {"setup.py": SETUP, "shop/__init__.py": "", "app.py": ""}

CARRIED = (
    Case(
        "behind the last of the source, where that comes in pieces",
        BY_NAME,
        FILES,
        runtime=("COPY shop/ shop/", "COPY --from=builder /app/my_shop.egg-info /app/my_shop.egg-info"),
    ),
    Case(
        "behind the whole source, which is copied from the context as before",
        f"{SLIM}WORKDIR /app\nCOPY . .\nRUN pip install -e .\n{CMD}",
        FILES,
        runtime=("COPY . .", "COPY --from=builder /app/my_shop.egg-info /app/my_shop.egg-info"),
    ),
    Case(
        "in the folder of the packages",
        f"{FULL}WORKDIR /app\nCOPY . .\nRUN pip install --editable .\n{CMD}",
        {"setup.py": SETUP.replace(")", ', package_dir={"": "src"})'), "src/shop/__init__.py": "", "app.py": ""},
        runtime=("COPY . .", "COPY --from=builder /app/src/my_shop.egg-info /app/src/my_shop.egg-info"),
    ),
)


@pytest.mark.parametrize("case", CARRIED, ids=lambda case: case.does)
def test_the_metadata_comes_along(case: Case) -> None:
    assert not lacking(case)


def test_a_project_with_pyproject_has_its_metadata_in_the_environment() -> None:
    files = {**FILES, "pyproject.toml": "[build-system]\nrequires = ['setuptools']\n"}
    split_file = found(Case("", BY_NAME.replace("COPY setup.py", "COPY setup.py pyproject.toml"), files))
    assert isinstance(split_file, Split)
    assert "egg-info" not in split_file.plan.text()


def test_a_name_that_only_running_setup_py_tells_stands_in_the_way() -> None:
    text = BY_NAME.replace("COPY setup.py", "COPY setup.py edition.py")
    refusal = found(
        Case("", text, {**FILES, "setup.py": SETUP.replace('"my-shop"', "edition.name()"), "edition.py": ""})
    )
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "editable metadata"


def test_a_process_needs_the_source_and_the_metadata_that_its_environment_leads_to() -> None:
    (process,) = walk(Project(Tree.of({**FILES, "Dockerfile": BY_NAME}))).processes
    needs = dict(process.needs)
    assert Place("/app") in needs
    assert File("/app/my_shop.egg-info/PKG-INFO") in needs
