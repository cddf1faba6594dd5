"""Test runners, linters and debuggers are installed into the image that is shipped.

Each of them brings its own dependencies: tens of megabytes, more to scan and patch, and, with
a debugger or a debug toolbar, an open door.

The cure is a group of their own. Leaving out a group that a lock already names is offered as
unsafe, for code that is shipped may import from it by mistake; moving lines to another
requirements file is left to a person. Nothing is said where the build runs the tests.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from pydock.build import walk
from pydock.build.installs import Install, behind, installs_of
from pydock.build.laws import DEVELOPMENT
from pydock.build.views import image
from pydock.dockerfile import Stage
from pydock.locks.installs.lock_installs import LOCKS, MANIFESTS, Sync, context_path, syncs
from pydock.locks.installs.shipped_stages import feeding
from pydock.locks.lock_files import lock, manifest
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Edit, Fix, Safety

_TOOLS = frozenset(
    [
        "pytest",
        "pytest-cov",
        "pytest-django",
        "pytest-asyncio",
        "pytest-mock",
        "pytest-xdist",
        "pytest-env",
        "pytest-sugar",
        "pytest-watch",
        "pytest-flask",
        "pytest-html",
        "pytest-randomly",
        "pytest-runner",
        "coverage",
        "tox",
        "nox",
        "black",
        "flake8",
        "pylint",
        "mypy",
        "isort",
        "autopep8",
        "autoflake",
        "yapf",
        "ruff",
        "bandit",
        "pycodestyle",
        "pydocstyle",
        "pyflakes",
        "pre-commit",
        "ipython",
        "ipdb",
        "pdbpp",
        "pudb",
        "debugpy",
        "django-debug-toolbar",
        "flask-debugtoolbar",
        "django-silk",
        "jupyter",
        "jupyterlab",
        "notebook",
        "factory-boy",
        "freezegun",
        "responses",
        "vcrpy",
        "moto",
        "mock",
        "nose",
        "nose2",
        "hypothesis",
        "sphinx",
        "sphinx-rtd-theme",
        "mkdocs",
        "mkdocs-material",
        "twine",
        "bumpversion",
        "bump2version",
        "pip-audit",
        "watchdog-gevent",
        "pytest-factoryboy",
        "model-bakery",
        "django-stubs",
        "djangorestframework-stubs",
        "pylint-django",
        "pytest-env",
        "locust",
    ]
)
_RUNNERS = frozenset(["pytest", "tox", "nox", "coverage", "flake8", "pylint", "mypy", "black", "ruff"])
_COST = "the image is larger, and everything that a scanner finds in these packages has to be answered"
_UV = "FROM python:3.12-slim\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --frozen{option}\n"

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n",
        files={"requirements.txt": "flask==3.1.2\npytest==8.4.2\n"},
        finds=True,
    ),
    Example(
        before=_UV.format(option=""),
        after="FROM python:3.12-slim\nCOPY pyproject.toml uv.lock ./\nRUN uv sync --no-dev --frozen\n",
        files={"pyproject.toml": '[dependency-groups]\ndev = ["pytest"]\n', "uv.lock": "version = 1\n"},
        allow=Safety.UNSAFE,
    ),
    Example(
        before="FROM python:3.12-slim AS test\nRUN pip install pytest==8.4.2\nFROM python:3.12-slim\nRUN true\n",
    ),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in feeding(project):
        if _runs_tests(project, stage):
            continue
        seen: set[str] = set()
        for install in installs_of(project, stage):
            yield from _of_install(project, install, seen)
        for sync in syncs(project, stage):
            if found := _of_sync(project, sync):
                yield found


def _runs_tests(project: Project, stage: Stage) -> bool:
    build = walk(project)
    calls = [call for entry in stage.of("RUN", "CMD", "ENTRYPOINT") for call in build.commands_in(entry)]
    return any(call.program in _RUNNERS for call in calls)


def _of_install(project: Project, install: Install, seen: set[str]) -> Iterator[Finding]:
    for word in install.files:
        path = install.origin(project, word.value)
        if path is None or path in seen or path.endswith((".toml", ".cfg", ".py")):
            continue
        seen.add(path)
        found = [entry for entry in project.requirement_set(path).entries if entry.name in _TOOLS]
        named = sorted({entry.name for entry in found})
        if named:
            advice = f"Move {'it' if len(named) == 1 else 'them'} to a file that only tests install."
            yield Finding(RULE, word.span, f"{path} brings {_some(named)} into the image", None, _COST, advice)
    inline = sorted({name for word in install.packages if (name := _name(word.value)) in _TOOLS})
    if inline:
        advice = "Install what only tests need in a stage or a job of its own."
        yield Finding(RULE, install.verb.span, f"{_some(inline)} installed into the image", None, _COST, advice)


def _name(value: str | None) -> str:
    match = re.match(r"[\w.-]+", value or "")
    return str(canonicalize_name(match[0])) if match else ""


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _of_sync(project: Project, sync: Sync) -> Finding | None:
    if sync.tool == "pipenv":
        is_asked = sync.has("--dev", "-d") and not sync.names
        return _finding(sync, "the development packages of the Pipfile", None) if is_asked else None
    if sync.names or sync.has(
        "--no-dev", "--without", "--only", "--no-default-groups", "--only-group", "--no-group", "--only-main"
    ):
        return None
    environment = image(project, sync.stage, sync.instruction).variables
    if {"UV_NO_DEV", "POETRY_WITHOUT", "POETRY_ONLY"} & set(environment):
        return None
    path = context_path(project, sync, MANIFESTS[sync.tool])
    found = manifest(project, path) if path else None
    groups = found.development_groups if found else {}
    if sync.tool == "uv":
        chosen = found.table("tool", "uv").get("default-groups") if found else None
        groups = {name: groups[name] for name in groups if name == "dev"} if chosen is None else {}
    return _finding(sync, f"the group {next(iter(groups))}", _fix(project, sync)) if groups else None


def _finding(sync: Sync, what: str, fix: Fix | None) -> Finding:
    advice = (
        ""
        if fix
        else "Leave the group out: `poetry install --only main`, `uv sync --no-dev`, `pipenv install` without --dev."
    )
    return Finding(RULE, sync.verb.span, f"{what} installed into the image", fix, _COST, advice)


def _fix(project: Project, sync: Sync) -> Fix | None:
    option = {"uv": "--no-dev", "poetry": "--only main"}.get(sync.tool)
    if option is None or sync.has("--group", "--all-groups", "--with", "--extras", "-E", "--all-extras", "--dev"):
        return None
    if sync.tool == "poetry":
        path = context_path(project, sync, LOCKS["poetry"])
        known = lock(project, path) if path else None
        if known is None or not _knows_only(known.made_by):
            return None
    edit = Edit(project.path, *behind(sync.instruction, sync.verb, option))
    doubts = ("whether shipped code imports a package of that group",)
    return Fix("leave the development group out", Safety.UNSAFE, (edit,), frozenset({DEVELOPMENT}), doubts)


def _knows_only(version: str) -> bool:
    try:
        return Version(version) >= Version("1.2")
    except InvalidVersion:
        return False


RULE = Rule("PYD206", "development-dependency", check, __doc__, EXAMPLES)
