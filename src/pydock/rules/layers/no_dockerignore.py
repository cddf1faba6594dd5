"""The build context holds what no image needs.

`COPY . .` takes everything that `.dockerignore` does not name: the history in `.git`, the
bytecode and caches of the developer's own Python, a virtual environment of another machine.
They make the image larger, they change without the service having changed, so the layer is
built again, and `.git` hands out every secret that was ever committed.

The cure is a `.dockerignore`, created or completed. Safe: only what tools generate is named,
never a path that an instruction copies, and `.git` stays where a build backend or the
service reads its version from it. A new one also names folders such as `logs` or `uploads`
that the service writes and this checkout does not have, one where it ran does; and `.env`, which
the person who builds may have, where nothing in the image reads it. One that is there is the
business of secret-file-copied.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.copies import copies
from pydock.context import Ignore
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.service.files.ignore_file import copied_names, ignore_of, ignore_path, needs_git, takes_all, takes_folder
from pydock.service.files.secret_files import reader_of
from pydock.service.files.writes import writes
from pydock.system.distribution import runs_python
from pydock.text import Edit, Fix, Safety, Span

# (pattern, a path that it has to hide)
_BYTECODE = (("**/__pycache__", "app/__pycache__/app.pyc"), ("**/*.py[cod]", "app/app.pyc"))
_CACHES = tuple((f"**/{name}", f"app/{name}/x") for name in (".pytest_cache", ".mypy_cache", ".ruff_cache"))
_EDITORS = ((".idea", ".idea/x"), (".vscode", ".vscode/x"), ("**/.DS_Store", "app/.DS_Store"))
_LOGS = (("**/*.log", "app/app.log"),)
# What compose and people put beside the source for the containers that they start.
_SETTINGS = ((".env", ".env"), (".env.*", ".env.local"))
# Flask and pipenv read it where python-dotenv is installed, without a word in the source:
# https://flask.palletsprojects.com/en/stable/cli/#environment-variables-from-dotenv, read 2026-11.
_SETTINGS_READERS = regex(r"dotenv|environs?\b|decouple|dynaconf")
_LISTS = regex(r"(?:\A|/)(?:[^/]*requirements[^/]*|pyproject\.toml|setup\.(?:py|cfg)|Pipfile|environment\.ya?ml)\Z")
_MOST_FILES = 5_000
_SETTINGS_COMMENT = "# settings of one machine"
_COMMENT = "# generated files"
_WRITTEN_COMMENT = "# files that the service writes at run time"
# Folders that hold what comes out of a service; `models`, `static` or `data` may be filled before the build too.
_OUTPUT = regex(
    r"(?:.*[_-])?(?:reports?|logs?|uploads?|media|inbox|outbox|te?mp|sessions?|spool|backups?|exports?|outputs?)", re.I
)

EXAMPLES = (
    Example(
        before="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
        after="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
        files={"app.py": "print(1)\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\n",
        files={".dockerignore": ".git\n**/__pycache__\n**/*.pyc\n", "app.py": ""},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY . /app\nCMD python /app/app.py\n",
        after="FROM python:3.12-slim\nCOPY . /app\nCMD python /app/app.py\n",
        files={"app.py": "open('/app/reports/today.txt', 'w')\n"},
    ),
    Example(
        before="FROM python:3.12-slim\nCOPY app.py /app/\n",
        files={"app.py": ""},
    ),
    Example(
        before="FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nRUN pip install .\n",
        files={".dockerignore": "**/__pycache__\n**/*.pyc\n", "pyproject.toml": "requires = ['setuptools-scm']\n"},
    ),
)


def check(project: Project) -> Iterator[Finding]:
    is_python = any(runs_python(project, stage) for stage in project.dockerfile.stages)
    if not project.tree.known or not takes_folder(project) or not is_python:
        return
    path = ignore_path(project)
    text = project.tree.text(path)
    missing = _missing(project, is_new=text is None)
    if not missing:
        return
    written = _written(project) if text is None else []
    copy = next(
        copied.instruction
        for stage in project.dockerfile.stages
        for copied in copies(project, stage)
        if any(source == "." or project.tree.has_folder(source) for source in copied.sources)
    )
    yield Finding(
        RULE,
        copy.body,
        f"{', '.join(missing[:3])} would be copied" if text is not None else "there is no .dockerignore",
        Fix("list generated files in .dockerignore", Safety.SAFE, (_edit(path, text, missing, written),)),
        cost="the build context grows, and each commit or cache file invalidates the COPY layer",
    )


def _edit(path: str, text: str | None, missing: list[str], written: list[str]) -> Edit:
    if text is None:
        more = [_WRITTEN_COMMENT, *written] if written else []
        settings = [line for line, _ in _SETTINGS if line in missing]
        generated = [line for line in missing if line not in settings]
        own = [_SETTINGS_COMMENT, *settings] if settings else []
        return Edit(path, Span(0, 0), "\n".join([_COMMENT, *generated, *own, *more]) + "\n")
    newline = "\r\n" if "\r\n" in text else "\n"
    opening = "" if not text or text.endswith("\n") else newline
    return Edit(path, Span(len(text), len(text)), opening + "".join(f"{line}{newline}" for line in missing))


def _missing(project: Project, *, is_new: bool) -> list[str]:
    ignore = ignore_of(project)
    excepted = {pattern[1:].rstrip("/*") for pattern in ignore.patterns if pattern.startswith("!")}
    wanted = [
        pattern
        for pattern, probe in _candidates(project, is_new=is_new)
        if not ignore.hides(probe) and pattern.removeprefix("**/") not in excepted
    ]
    needed = tuple(copied_names(project))
    return [pattern for pattern in wanted if not any(_hides(pattern, name, project) for name in needed)]


def _written(project: Project) -> list[str]:
    """Folders for its output that the service fills below the copied code, and that are not in this checkout."""
    tree, named = project.tree, set(copied_names(project))
    folders = [write.folder for write in writes(project) if _OUTPUT.fullmatch(posixpath.basename(write.folder))]
    own = copies(project, project.final)
    places = {place for folder in folders for copied in own if (place := copied.origin(tree, folder))}
    return sorted(place for place in places - named if not tree.has_folder(place) and not tree.has_file(place))


def _hides(pattern: str, name: str, project: Project) -> bool:
    """Whether a pattern would hide what an instruction names, a wildcard's matches too."""
    alone = Ignore(pattern)
    if alone.hides(name) or name.startswith(f"{pattern}/"):
        return True
    return "*" in name and any(alone.hides(path) for path in project.tree.files if "/" not in path)


def _candidates(project: Project, *, is_new: bool) -> Iterator[tuple[str, str]]:
    """What may be left out, costly things first; the rest only where the file is new anyway."""
    if (is_new or takes_all(project)) and not needs_git(project):
        yield ".git", ".git/HEAD"
    yield from (entry for entry in _BYTECODE if not _is_shipped(project, entry[0]))
    yield from _environments(project, is_new=is_new)
    if project.tree.has_folder("node_modules") and _installs_node(project):
        yield "node_modules", "node_modules/x"
    if is_new:
        yield from _CACHES
        yield from _EDITORS
        yield from (entry for entry in _LOGS if not any(path.endswith(".log") for path in project.tree.files))
        yield from _SETTINGS if not _reads_settings(project) else ()


def _reads_settings(project: Project) -> bool:
    """Whether something in the image may take its settings from a copied `.env`, by its name or through a package."""
    if len(project.tree.files) > _MOST_FILES or reader_of(project, ".env"):
        return True
    lists = (path for path in project.tree.files if _LISTS.search(path))
    return any(_SETTINGS_READERS.search(project.tree.text(path) or "") for path in lists)


def _is_shipped(project: Project, pattern: str) -> bool:
    """Whether compiled modules are part of the project itself, without their source."""
    return any(map(Ignore(pattern).hides, project.tree.files))


def _environments(project: Project, *, is_new: bool) -> Iterator[tuple[str, str]]:
    for name in (".venv", "venv", "env"):
        if project.tree.has_file(f"{name}/pyvenv.cfg") or (name == ".venv" and is_new):
            yield name, f"{name}/pyvenv.cfg"


def _installs_node(project: Project) -> bool:
    calls = [call for stage in project.dockerfile.stages for call in walk(project).commands_of(stage.index)]
    return any(
        call.program in {"yarn", "pnpm"} or (call.program == "npm" and call.verb in {"ci", "i", "install"})
        for call in calls
    )


RULE = Rule("PYD305", "no-dockerignore", check, __doc__, EXAMPLES)
