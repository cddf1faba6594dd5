"""The install may make the lock again instead of obeying it.

`uv sync` and `pipenv install` look whether the lock still fits, and when it does not they
resolve anew inside the build: the image gets versions that are in no commit, and nobody is
told.

The strict flag turns that into an error: `--locked` for uv, `--deploy` for Pipenv. Not
`--frozen`: it would install a stale lock in silence, without the package that was added last.
Safe where the lock is proven to fit (then the flag changes nothing today), unsafe where that
cannot be told from the files, and no fix where the lock is stale, for the build would stop.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.installs import behind
from pydock.build.views import image
from pydock.locks.installs.lock_installs import LOCKS, MANIFESTS, Sync, context_path, syncs
from pydock.locks.lock_files import Lock, lock
from pydock.locks.python.python_range import fits
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.text import Edit, Fix, Safety

_UV = "FROM python:3.12-slim\nCOPY pyproject.toml uv.lock ./\nRUN uv sync{flag} --no-dev\n"
_FILES = {
    "pyproject.toml": '[project]\nname = "shop"\nversion = "1"\nrequires-python = ">=3.12"\ndependencies = ["flask"]\n',
    "uv.lock": 'version = 1\nrequires-python = ">=3.12"\n[[package]]\nname = "shop"\nsource = { virtual = "." }\n'
    '[package.metadata]\nrequires-dist = [{ name = "flask" }]\n',
}

EXAMPLES = (
    Example(before=_UV.format(flag=""), after=_UV.format(flag=" --locked"), files=_FILES),
    Example(
        before=_UV.format(flag=""),
        files={**_FILES, "pyproject.toml": _FILES["pyproject.toml"].replace("flask", "django")},
        finds=True,
    ),
    Example(before=_UV.format(flag=" --frozen"), files=_FILES),
    Example(
        before="FROM python:3.12-slim\nCOPY Pipfile Pipfile.lock ./\nRUN pipenv install --system --deploy\n",
        files={"Pipfile": "[packages]\nflask = '*'\n", "Pipfile.lock": '{"_meta": {}}'},
    ),
)
_FLAGS = {"uv": "--locked", "pipenv": "--deploy"}
_STRICT = {
    "uv": ("--locked", "--frozen", "--check", "--dry-run"),
    "pipenv": ("--deploy", "--ignore-pipfile"),
}
_STRICT_VARIABLES = frozenset(["UV_LOCKED", "UV_FROZEN", "PIPENV_IGNORE_PIPFILE", "PIPENV_DEPLOY"])
# What makes uv look for other versions than those it locked.
_OTHER_SOURCES = frozenset(
    [
        "UV_INDEX_URL",
        "UV_DEFAULT_INDEX",
        "UV_INDEX",
        "UV_EXTRA_INDEX_URL",
        "UV_EXCLUDE_NEWER",
        "UV_PRERELEASE",
        "UV_RESOLUTION",
        "UV_NO_SOURCES",
        "UV_CONFIG_FILE",
        "UV_FIND_LINKS",
    ]
)
_SOURCE_OPTIONS = (
    "--index",
    "--index-url",
    "-i",
    "--default-index",
    "--extra-index-url",
    "--upgrade",
    "-U",
    "--resolution",
    "--prerelease",
    "--exclude-newer",
    "--find-links",
    "-f",
    "--no-sources",
    "--upgrade-package",
    "-P",
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        for sync in syncs(project, stage):
            if sync.tool not in _FLAGS or (sync.tool == "pipenv" and sync.verb.value != "install"):
                continue
            environment = image(project, stage, sync.instruction).variables
            if sync.names or sync.has(*_STRICT[sync.tool]) or _STRICT_VARIABLES & set(environment):
                continue
            path = context_path(project, sync, LOCKS[sync.tool])
            found = lock(project, path) if path else None
            if found and not found.problem:
                yield _finding(project, sync, found)


def _finding(project: Project, sync: Sync, found: Lock) -> Finding:
    cost = f"where {found.path} does not fit, the build resolves anew and installs versions that are in no commit"
    said = f"{sync.tool} {sync.verb.value}"
    if sync.has("--skip-lock"):
        advice = f"Take --skip-lock away and add --deploy, once {found.path} fits."
        return Finding(RULE, sync.verb.span, f"`{said} --skip-lock` does not read {found.path}", None, cost, advice)
    fix = _fix(project, sync, found)
    advice = "" if fix else f"Make {found.path} again first, then add {_FLAGS[sync.tool]}."
    return Finding(RULE, sync.verb.span, f"`{said}` without {_FLAGS[sync.tool]}", fix, cost, advice)


def _fix(project: Project, sync: Sync, found: Lock) -> Fix | None:
    if found.freshness.why_stale or not _fits_image(project, sync, found):
        return None
    flag = _FLAGS[sync.tool]
    is_proven = found.freshness.is_fresh and _reads_the_same(project, sync, found)
    doubts = (
        () if is_proven else (f"whether {found.path} still fits {MANIFESTS[sync.tool]}: {flag} stops the build if not",)
    )
    place = behind(sync.instruction, sync.verb, flag)
    safety = Safety.SAFE if is_proven else Safety.UNSAFE
    return Fix(f"obey {found.path}", safety, (Edit(project.path, *place),), frozenset(), doubts)


def _reads_the_same(project: Project, sync: Sync, found: Lock) -> bool:
    """Whether the tool sees the two files that were compared, and nothing beside them."""
    folder = found.path.rpartition("/")[0]
    beside = f"{folder}/uv.toml".lstrip("/")
    environment = image(project, sync.stage, sync.instruction).variables
    source = context_path(project, sync, MANIFESTS[sync.tool])
    return (
        source == f"{folder}/{MANIFESTS[sync.tool]}".lstrip("/")
        and not project.tree.has_file(beside)
        and not _OTHER_SOURCES & set(environment)
        and not sync.has(*_SOURCE_OPTIONS)
    )


def _fits_image(project: Project, sync: Sync, found: Lock) -> bool:
    """Pipenv's --deploy also refuses another Python than the Pipfile asks for."""
    if sync.tool != "pipenv" or not found.python:
        return True
    image = project.python_image(sync.stage)
    return image is not None and fits(found.python, image.version) is True


RULE = Rule("PYD212", "unlocked-sync", check, __doc__, EXAMPLES)
