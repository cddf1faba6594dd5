"""PYD207: what is imported against what is installed. Silence wherever something could not be known."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.rules.dependencies.imports_and_requirements_differ import RULE

IMAGE = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n"
FLASK = "flask==3.1.2\n"
Files = dict[str, str]

MISSING: dict[str, tuple[Files, list[str]]] = {
    "an import at the top of the file that runs": (
        {"app.py": "import flask\nimport requests\n"},
        ["app.py imports requests, and nothing installs requests"],
    ),
    "an import of a file that this one imports": (
        {"app.py": "import flask\nfrom shop import db\n", "shop/__init__.py": "", "shop/db.py": "import yaml\n"},
        ["shop/db.py imports yaml, and nothing installs pyyaml"],
    ),
}
SILENT: dict[str, Files] = {
    "a module that another package brings": {"app.py": "import flask\nimport werkzeug, click\n"},
    "an import that may fail": {"app.py": "import flask\ntry:\n    import requests\nexcept ImportError:\n    pass\n"},
    "an import for a type checker": {
        "app.py": "import flask\nfrom typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import requests\n"
    },
    "an import inside a function": {"app.py": "import flask\ndef go():\n    import requests\n"},
    "a file that nothing loads": {"app.py": "import flask\n", "tools/once.py": "import requests\n"},
    "a module of the project in any folder": {"app.py": "import flask\nimport requests\n", "lib/requests/api.py": ""},
    "a module whose package is not known": {"app.py": "import flask\nimport acme_internal\n"},
    "a package that is not known may bring anything": {
        "app.py": "import flask\nimport requests\n",
        "requirements.txt": f"{FLASK}acme-internal==1\n",
    },
    "the standard library, of old Pythons too": {"app.py": "import flask\nimport json\nimport distutils\n"},
    "any of the packages that bring a module": {
        "app.py": "import flask\nimport psycopg2\n",
        "requirements.txt": f"{FLASK}psycopg2-binary==2.9.10\n",
    },
    "an extra that is asked for": {
        "app.py": "import uvicorn\nimport websockets\n",
        "requirements.txt": "uvicorn[standard]==0.35.0\n",
    },
}
UNSURE_FILES = {
    "an install of the project itself": IMAGE.replace("-r requirements.txt", "."),
    "a script of the project that installs": IMAGE.replace("RUN pip", "RUN ./bin/setup && pip"),
    "a Python module from the distribution": IMAGE.replace("RUN pip", "RUN apt-get install -y python3-requests && pip"),
    "another base image": IMAGE.replace("python:3.12-slim", "acme/python:1"),
}
UNUSED: dict[str, tuple[Files, list[str]]] = {
    "a package that no file names": (
        {"app.py": "import flask\n", "requirements.txt": f"{FLASK}pandas==2.3.3\n"},
        ["pandas is installed, and no file imports or names it"],
    ),
}
USED: dict[str, Files] = {
    "an import in a file that nothing loads": {"app.py": "import flask\n", "tools/once.py": "import pandas\n"},
    "a name in a setting": {"app.py": "import flask\nENGINE = 'pandas.io'\n"},
    "a name in another file": {"app.py": "import flask\n", "start.sh": "python -m pandas\n"},
    "source that cannot be read": {"app.py": "import flask\n", "old.py": "print 'hello'\n"},
}


def _said(files: Files, image: str = IMAGE) -> list[str]:
    project = Project(Tree.of({"Dockerfile": image, "requirements.txt": FLASK, **files}))
    return [finding.message for finding in RULE.check(project)]


@pytest.mark.parametrize(("files", "expected"), [*MISSING.values(), *UNUSED.values()], ids=[*MISSING, *UNUSED])
def test_it_says(files: Files, expected: list[str]) -> None:
    assert _said(files) == expected


@pytest.mark.parametrize("files", SILENT.values(), ids=SILENT)
def test_it_says_nothing_of(files: Files) -> None:
    assert _said(files) == []


@pytest.mark.parametrize("image", UNSURE_FILES.values(), ids=UNSURE_FILES)
def test_it_says_nothing_of_imports_with(image: str) -> None:
    assert _said({"app.py": "import flask\nimport requests\n"}, image) == []


@pytest.mark.parametrize("files", USED.values(), ids=USED)
def test_a_package_counts_as_used_by(files: Files) -> None:
    assert _said({"requirements.txt": f"{FLASK}pandas==2.3.3\n", **files}) == []


@pytest.mark.parametrize("name", ["psycopg2==2.9.10", "gunicorn==23.0.0", "pytest==8.4.2", "celery[redis]==5.5.3"])
def test_drivers_servers_tools_and_extras_need_no_import(name: str) -> None:
    assert _said({"app.py": "import flask\n", "requirements.txt": f"{FLASK}{name}\n"}) == []


def test_what_pip_freeze_lists_for_another_package_is_no_finding() -> None:
    files = {"app.py": "import flask\n", "requirements.txt": f"{FLASK}requests==2.32.5\nacme-internal==1\n"}
    assert _said(files) == []


def test_a_lock_says_all_that_is_installed() -> None:
    image = "FROM python:3.12-slim\nWORKDIR /srv\nCOPY . .\nRUN uv sync --frozen\nCMD python app.py\n"
    files = {
        "app.py": "import flask\nimport requests\n",
        "pyproject.toml": '[project]\nname = "a"\nversion = "1"\ndependencies = ["flask", "acme-internal"]\n',
        "uv.lock": 'version = 1\n[[package]]\nname = "flask"\nversion = "3.1.2"\n'
        '[[package]]\nname = "acme-internal"\nversion = "1"\n',
    }
    assert _said(files, image) == ["app.py imports requests, and nothing installs requests"]
