"""Which Python files are the service: also those in a folder called `example`, where the service asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from pydock.build.sources import sources
from pydock.context import Tree
from pydock.project import Project

HEAD = "FROM python:3.12-slim\nWORKDIR /app\n"
WHOLE = f"{HEAD}COPY . .\n"
SETTINGS = {"example/__init__.py": "", "example/settings.py": "DEBUG = True\n"}
SAME = {"docs/__init__.py": "", "docs/routes.py": ""}

NAMED = {
    "a COPY brings the folder by its name": (
        f'{HEAD}COPY manage.py ./\nCOPY ./example ./example/\nCMD ["python", "manage.py"]\n',
        {"manage.py": "", **SETTINGS},
    ),
    "a string names a module of it": (
        f'{WHOLE}CMD ["python", "manage.py"]\n',
        {"manage.py": "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'example.settings')\n", **SETTINGS},
    ),
    "an import names it": (f'{WHOLE}CMD ["python", "app.py"]\n', {"app.py": "from docs import routes\n", **SAME}),
    "a relative import names it": (
        f'{WHOLE}CMD ["python", "-m", "shop.main"]\n',
        {"shop/main.py": "from .docs.routes import page\n", "shop/docs/routes.py": ""},
    ),
    "a relative import from above names it": (
        f'{WHOLE}CMD ["python", "-m", "shop.web.main"]\n',
        {"shop/web/main.py": "from ..docs import routes\n", "shop/docs/routes.py": ""},
    ),
    "a server starts a module of it": (
        f'{WHOLE}CMD ["gunicorn", "example.settings:app"]\n',
        SETTINGS,
    ),
    "CMD runs a file of it": (f"{WHOLE}CMD python examples/serve.py\n", {"examples/serve.py": ""}),
    "compose runs a module of it": (
        WHOLE,
        {"compose.yaml": "services:\n  web: {build: ., command: python -m docs.routes}\n", **SAME},
    ),
}
NOT_NAMED = {
    "nothing names it": (f'{WHOLE}CMD ["python", "app.py"]\n', {"app.py": "", "tests/test_app.py": "", **SETTINGS}),
    "another package's module is called like it": (
        f'{WHOLE}CMD ["python", "app.py"]\n',
        {"app.py": "from django.test import Client\nfrom shop.docs import page\n", "test/a.py": "", **SAME},
    ),
    "a string names a page": (
        f'{WHOLE}CMD ["python", "app.py"]\n',
        {"app.py": "PAGE = 'docs/index.html'\nURL = '/docs/routes'\n", **SAME},
    ),
    "a relative import names a folder elsewhere": (
        f'{WHOLE}CMD ["python", "-m", "shop.main"]\n',
        {"shop/main.py": "from .docs import routes\n", "shop/docs.py": "", "shop/web/docs/routes.py": ""},
    ),
    "only its own files name it": (
        f'{WHOLE}CMD ["python", "app.py"]\n',
        {"app.py": "", "tests/a.py": "from tests.b import c\n", "tests/b.py": ""},
    ),
}


def _beside(paths: Iterable[str]) -> list[str]:
    return sorted(path for path in paths if re.search(r"(example|docs|test)[^/]*/.*py$", path))


def _found(dockerfile: str, files: dict[str, str]) -> list[str]:
    return _beside(sources(Project(Tree.of({"Dockerfile": dockerfile, **files}))))


@pytest.mark.parametrize("case", NAMED)
def test_a_folder_called_like_one_of_examples_is_the_service_where(case: str) -> None:
    dockerfile, files = NAMED[case]
    assert _found(dockerfile, files) == _beside(files) != []


@pytest.mark.parametrize("case", NOT_NAMED)
def test_a_folder_called_like_one_of_examples_is_left_out_where(case: str) -> None:
    assert _found(*NOT_NAMED[case]) == []


def test_a_folder_that_a_copy_names_is_source_whatever_git_ignores(tmp_path: Path) -> None:
    files = {
        ".gitignore": "serving/\n",
        "serving/app.py": "",
        "extra/app.py": "",
        "Dockerfile": "FROM python\nCOPY serving /srv\n",
    }
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    (tmp_path / ".git").mkdir()
    assert sources(Project(Tree(tmp_path))) == ("serving/app.py",)
