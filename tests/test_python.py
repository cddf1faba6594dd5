"""Which Python a project asks for, whether its files agree, and what its source would lose on a newer one."""

from __future__ import annotations

from datetime import date

import pytest

from pydock.context import Tree
from pydock.data import rows
from pydock.engine import check
from pydock.project import Options, Project, python
from pydock.rules.base_images import end_of_life_python, other_python
from pydock.service.code.removals import removed_uses

TODAY = date(2026, 11, 1)


def _said(rule: object, image: str, **files: str) -> list[str]:
    tree = Tree.of({"Dockerfile": f"FROM {image}\nCOPY . /app\n", **files})
    project = Project(tree, options=Options(today=TODAY))
    module = {"109": other_python, "102": end_of_life_python}[str(rule)]
    return [f"{finding.message}. {finding.advice}" for finding in check(project, (module.RULE,))]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({".python-version": "3.11\n"}, ".python-version says Python 3.11, and the image has 3.12"),
        ({".python-version": "# pyenv\ncpython-3.11.4  # ours\n"}, ".python-version says Python 3.11.4"),
        ({"runtime.txt": "python-3.9.18\n"}, "runtime.txt says Python 3.9.18"),
        ({"Pipfile": '[requires]\npython_version = "3.9"\n'}, "Pipfile asks for Python 3.9"),
        ({"pyproject.toml": '[project]\nrequires-python = "<3.12"\n'}, "pyproject.toml asks for Python <3.12"),
        ({"pyproject.toml": '[tool.poetry.dependencies]\npython = "~3.10"\n'}, "All files agree on 3.10"),
        ({"setup.py": "setup(python_requires='>=3.6,<3.10')\n"}, "setup.py asks for Python >=3.6,<3.10"),
        ({"setup.cfg": "[options]\npython_requires = <3.9\n"}, "setup.cfg asks for Python <3.9"),
        ({"tox.ini": "[tox]\nenvlist =\n    py{38,39}\n    py310-{a,b}\n"}, "tox.ini tests on Python 3.8, 3.9, 3.10"),
        ({"tox.ini": "[tox]\nenv_list = py3{8,9}\n"}, "tox.ini tests on Python 3.8, 3.9, and the image has 3.12"),
        ({"setup.py": 'c = "Programming Language :: Python :: 3.13"\n'}, "setup.py lists Python 3.13"),
        ({".python-version": "3.10", "runtime.txt": "python-3.11"}, "No version suits .python-version, runtime.txt"),
        ({".python-version": "5.1"}, "takes no version that has an official image"),
        ({".python-version": "banana\n"}, ".python-version holds 'banana', which names no version of Python"),
        ({"runtime.txt": "python\n"}, "runtime.txt holds 'python'"),
    ],
    ids=str,
)  # fmt: skip
def test_files_that_ask_for_another_python_are_told(files: dict[str, str], said: str) -> None:
    found = _said(109, "python:3.12.7-slim-bookworm", **files)
    assert said in " ".join(found)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {".python-version": "\n# nothing\n"},
        {".python-version": "3.12\n3.11\n"},
        {"pyproject.toml": "not [ toml"},
        {"pyproject.toml": '[project]\nrequires-python = "whatever"\n'},
        {"Pipfile.lock": "[1, 2]"},
        {"tox.ini": "[tox]\nenvlist = lint, docs\n"},
        {"setup.py": 'c = "Programming Language :: Python :: 3.8"\n'},
    ],
    ids=str,
)
def test_files_that_agree_or_cannot_be_read_say_nothing(files: dict[str, str]) -> None:
    assert _said(109, "python:3.12.7-slim-bookworm", **files) == []


@pytest.mark.parametrize("image", ["python:3", "python", "nginx", "python:3.8-alpine@sha256:" + "a" * 64])
def test_an_image_whose_python_is_not_written_is_not_judged(image: str) -> None:
    assert _said(109, image, **{".python-version": "3.10\n"}) == []


def test_tox_environments_are_expanded() -> None:
    text = "[tox]\nenvlist = py27,py36, py3{8,9}-django{32,42}, py{310,311}\n[testenv]\nbasepython = py399\n"
    assert python.tested(Tree.of({"tox.ini": text}))[0].minors == ("3.6", "3.8", "3.9", "3.10", "3.11")


@pytest.mark.parametrize(
    ("source", "uses"),
    [
        ("import imp\n", ["imp"]),
        ("import distutils.version\n", ["distutils"]),
        ("from distutils import log\n", ["distutils"]),
        ("from distutils.version import LooseVersion\n", ["distutils"]),
        ("from collections import OrderedDict, Mapping\n", ["collections.Mapping"]),
        ("import collections\nx = collections.abc.Mapping\ny = collections.Mapping\n", ["collections.Mapping"]),
        ("import collections as c\ndef f():\n    return isinstance(1, c.Iterable)\n", ["collections.Iterable"]),
        ("import asyncio as a\na.sleep(1, loop=None)\n", ["loop= of asyncio.sleep"]),
        ("from asyncio import Lock\nlock = Lock(loop=loop)\n", ["loop= of asyncio.Lock"]),
        ("import json\njson.loads(text, encoding='utf-8')\n", ["encoding= of json.loads"]),
        ("thread.isAlive()\n", ["the method isAlive"]),
        ("@asyncio.coroutine\ndef f(): pass\nimport asyncio\n", ["asyncio.coroutine"]),
        ("try:\n    import imp\nexcept ImportError:\n    imp = None\n", []),
        ("try:\n    from collections.abc import Set\nexcept ImportError:\n    from collections import Set\n", []),
        ("import sys\nif sys.version_info < (3, 12):\n    import imp\n", []),
        ("try:\n    import imp\nfinally:\n    pass\n", ["imp"]),
        ("from .imp import x\nfrom imports import y\nimport impala\n", []),
        ("import mine\nmine.Mapping\n", []),
        ("print 'two'\n", []),
    ],
)
def test_what_the_source_uses_and_a_newer_python_lacks_is_told(source: str, uses: list[str]) -> None:
    project = Project(Tree.of({"Dockerfile": "FROM python:3.7\nCOPY . /app\n", "app.py": source}))
    found = [use.what.partition(" (gone")[0] for use in removed_uses(project, "3.7", "3.13")]
    assert found == uses


def test_only_what_goes_between_the_two_versions_counts() -> None:
    project = Project(
        Tree.of({"Dockerfile": "FROM python:3.9\n", "app.py": "import imp\nfrom collections import Set\n"})
    )
    assert [str(use) for use in removed_uses(project, "3.9", "3.11")] == [
        "app.py:2 uses collections.Set (gone in 3.10, use collections.abc.Set)"
    ]
    assert removed_uses(project, "3.10", "3.11") == ()


@pytest.mark.parametrize("row", rows("python_removals"), ids=lambda row: row["name"])
def test_every_removal_of_the_table_is_found_in_a_source_that_uses_it(row: dict[str, str]) -> None:
    name = row["name"]
    source = {
        "module": f"import {name}\n",
        "name": f"import {name.rpartition('.')[0]}\n{name}\n",
        "method": f"thing.{name}()\n",
        "argument": f"import {name.partition('.')[0]}\n{name.replace(')', '=1)')}\n",
    }[row["kind"]]
    project = Project(Tree.of({"Dockerfile": "FROM python:3\n", "app.py": source}))
    assert [use.place for use in removed_uses(project, "3.6", row["minor"])] == [f"app.py:{source.count(chr(10))}"]


@pytest.mark.parametrize(
    ("image", "files", "said"),
    [
        ("python:3.9.25-slim-trixie", {}, "The nearest supported version is 3.11, until 2027-10-31."),
        ("python:3.9.25-slim-trixie", {"a.py": "from collections import Set\n"}, "a.py:1 uses collections.Set"),
        ("python:3.6.15-slim-buster", {"a.py": "async = 1\n"}, "It cannot read a.py."),
        # Its own Python cannot read it either, so the step costs nothing there.
        ("python:3.9.25-slim-trixie", {"a.py": "print 1\n"}, "2027-10-31. It installs no packages."),
        ("python:3.9.25-slim-trixie", {".python-version": "3.9\n"}, ".python-version asks for Python 3.9."),
        ("python:2.7.18-slim-buster", {"a.py": "print 1\n"}, "the code has to be ported first"),
    ],
)
def test_the_end_of_a_python_comes_with_what_the_next_one_costs(image: str, files: dict[str, str], said: str) -> None:
    found = [text for text in _said(102, image, **files) if text.startswith("Python ")]
    assert len(found) == 1
    assert said in found[0]
