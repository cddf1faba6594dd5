"""PYD301 moves a COPY behind an install where the install needs nothing else that it brings."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rules.layers import source_before_dependencies
from pydock.text import Safety

FILES = {"requirements.txt": "flask==3.1.2\n", "app.py": "", "wheels/shop-1-py3-none-any.whl": "", "lib/setup.py": ""}


@pytest.mark.parametrize(
    ("install", "is_moved"),
    [
        pytest.param("pip install -r requirements.txt", True, id="a list alone"),
        pytest.param("pip install --no-cache-dir -r /app/requirements.txt", True, id="a list by its whole path"),
        pytest.param("pip install -r requirements.txt ./lib", False, id="a folder of the project beside it"),
        pytest.param(
            "pip install -r requirements.txt && pip install wheels/*.whl", False, id="archives of the project"
        ),
        pytest.param("pip install -r requirements.txt -f wheels", False, id="a folder where archives are looked for"),
    ],
)
def test_the_walk_says_which_copy_an_install_needs(install: str, is_moved: bool) -> None:
    text = f"FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN {install}\n"
    project = Project(Tree.of({**FILES, "Dockerfile": text}))
    after = rewrite(project, (source_before_dependencies.RULE,), Safety.SAFE).result.dockerfile.text
    assert ("COPY requirements.txt ./" in after) is is_moved
    assert is_moved or after == text


@pytest.mark.parametrize(
    ("first", "dependencies", "is_found"),
    [
        pytest.param("pip install -r requirements.txt", ["flask"], False, id="all of it, from a list"),
        pytest.param("pip install flask", ["flask"], False, id="all of it, by name"),
        pytest.param("pip install -r requirements.txt", ["flask", "celery"], True, id="a part of it"),
        pytest.param("pip install --upgrade pip", [], True, id="nothing"),
    ],
)
def test_a_project_behind_the_code_is_fine_where_an_earlier_install_has_brought(
    first: str, dependencies: list[str], is_found: bool
) -> None:
    text = (
        f"FROM python:3.12-slim\nWORKDIR /app\nCOPY requirements.txt ./\nRUN {first}\nCOPY . .\nRUN pip install -e .\n"
    )
    files = {**FILES, "pyproject.toml": f'[project]\nname = "shop"\nversion = "1"\ndependencies = {dependencies}\n'}
    project = Project(Tree.of({**files, "Dockerfile": text}))
    assert bool(check(project, (source_before_dependencies.RULE,))) is is_found


@pytest.mark.parametrize(
    ("target", "is_moved"),
    [
        pytest.param("/srv/shop", False, id="a folder that only the code brings"),
        pytest.param("/srv/shop/", True, id="what is a folder in any case"),
    ],
)
def test_a_list_is_copied_to_the_same_place_without_the_code(target: str, is_moved: bool) -> None:
    lines = f"COPY . /srv\nCOPY requirements.txt {target}\nWORKDIR /srv/shop\nRUN pip install -r requirements.txt\n"
    files = {"Dockerfile": f"FROM python:3.12-slim\n{lines}", "requirements.txt": "flask==3.1.2\n", "shop/app.py": ""}
    report = rewrite(Project(Tree.of(files)), (source_before_dependencies.RULE,), Safety.SAFE)
    assert report.refused == ()
    assert (report.result.dockerfile.text != files["Dockerfile"]) is is_moved
