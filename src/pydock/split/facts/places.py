"""Places outside of the install steps that say where Python and its programs are.

A venv is found by PATH alone: what writes out `/usr/local/bin`, or sets PATH anew, gets the
interpreter of the image, which has no packages after the split.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Set
from functools import lru_cache

from pydock.build import walk
from pydock.build.installs import requirement_sets
from pydock.build.views import files
from pydock.build.walk import starts
from pydock.dockerfile import Instruction, Stage
from pydock.effects.python.installing import programs_of_package
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.programs import SERVERS
from pydock.service.files.mounts import is_in_container
from pydock.split.refusal import Refusal
from pydock.split.text.commands import is_placed
from pydock.state.needs import File
from pydock.text import Span

MOST_FILES, LARGEST = 3_000, 200_000
_NAME = regex(r"[\w.+@-]+")
_READ = regex(r"(?:\A|/)[^/.]+\Z|\.(?:sh|bash|py|wsgi|conf|cfg|ini|service|cron|crontab|tab)\Z")
# Files without an ending that a container runs, or that say what one runs.
_RUN_BY_NAME = regex(r"(?:\A|/)(?:cron\w*|\w*crontab|Procfile)\Z")
_NOT_THE_SERVICE = regex(
    r"(?:\A|/)(?:tests?|docs?|examples?|\.github|\.gitlab|ansible|terraform)/|Dockerfile|\.(?:git|docker)ignore\Z"
    r"|(?:\A|/)(?:README|LICENSE|CHANGELOG|Makefile|Vagrantfile)",
    re.I,
)
_PROGRAM = regex(r"/usr/local/bin/([\w.-]+)")
_DEBIANS_PYTHON = regex(r"/usr/bin/python[\d.]*\b")
# The packages of the system's interpreter, and uWSGI's way to name an environment.
_PACKAGES = regex(
    r"/usr/local/lib/python[\d.]*/(?:site|dist)-packages|^\s*(?:home|virtualenv|venv|pyhome)\s*=\s*/usr/local/?\s*$",
    re.M,
    words="/usr/local",
)
_PYTHONS_OWN = regex(r"(python|pip|pydoc|idle|wheel|easy_install)[\d.]*\Z")
_INSTALLED = (SERVERS - {"nginx"}) | {
    "alembic",
    "aerich",
    "django-admin",
    "dramatiq",
    "flask",
    "honcho",
    "pytest",
    "rq",
}
_NAMES = "|".join(sorted(_INSTALLED))
# A PATH that has the system's folder in front of, or instead of, what the image has set.
_PATH = regex(r"(?<![$\w{])PATH\s*[=: ]\s*[\"']?(?:(?!\$\{?PATH|%\(ENV_PATH)[^\n\"'])*/usr/local/bin\b")
# Every text is asked for these, so each stands behind a word that most texts do not have.
_RESETS = (
    ("su", regex(r"su(?<=\bsu)\s+(?:-|-l|--login)\s"), "`su -`"),
    ("runuser", regex(r"\brunuser\s+(?:-|-l|--login)\s"), "`runuser -`"),
    ("sh", regex(r"sh(?:(?<=\b[bd]ash)|(?<=\bash)|(?<=\bsh))\s+(?:-[a-z]*l[a-z]*|--login)\b"), "a login shell"),
    ("sudo", regex(rf"\bsudo\b[^\n;&|]*\s(?:python[\d.]*|{_NAMES})(?![\w-])"), "`sudo`"),
    ("env", regex(r"env(?<=\benv)\s+-i\b"), "`env -i`"),
)
_PIP_PLACES = frozenset({"PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_USER", "PYTHONHOME", "PYTHONUSERBASE"})
_UV_PLACES = frozenset({"UV_SYSTEM_PYTHON", "UV_TARGET", "UV_PREFIX"})
_ADVICE = "call programs by name, and leave PATH as the image has set it"
# In an environment, pip ends with "Can not perform a '--user' install".
_FOR_USER = regex(
    r"^(?:(?!#|//).)*?(?<![\w./-])pip[\d.]*[\"']?[,\s]+[\"']?install\b[^\n;&|]*?--user\b", re.M, words="--user"
)


def refuse_places(project: Project, stage: Stage) -> Iterator[Refusal]:
    """Instructions and files of the context that a venv at another place would break."""
    for entry in stage.instructions[1:]:
        yield from _of_instruction(project, stage, entry)
    packages = (name for found in requirement_sets(project) for name in found.names)
    names = _INSTALLED | {program for name in packages for program in programs_of_package(name)}
    for path, text in (*running_files(project), *files(project).written()):
        if why := _sets_path(text) or _names_program(project, text, names) or _names_debians(project, stage, text):
            at = text.count("\n", 0, why[0]) + 1
            yield Refusal(_writer(project, stage, path), "interpreter path", f"{path}:{at} {why[1]}", _ADVICE)
            return
        if found := _FOR_USER.search(text):
            at = text.count("\n", 0, found.end()) + 1
            yield _for_user(_writer(project, stage, path), f"{path}:{at}")
            return
    for start in starts(project):
        # Where a command of the Dockerfile calls a program by its path, the split writes the new one.
        if start.role in {"compose", "probe"} and (
            why := _names_program(project, " ".join(start.command.values), names)
        ):
            yield Refusal(stage.start.value_span, "interpreter path", f"{start.origin} {why[1]}", _ADVICE)
            return
        if start.role == "compose" and _FOR_USER.search(" ".join(start.command.values)):
            yield _for_user(stage.start.value_span, start.origin)
            return


def _for_user(span: Span, caller: str) -> Refusal:
    why = f"{caller} calls `pip install --user` at run time, which fails in a virtual environment"
    return Refusal(span, "install elsewhere", why, "install it in the image")


def _writer(project: Project, stage: Stage, path: str) -> Span:
    """The instruction that holds the text of a file, for one of the context the base image."""
    build = walk(project)
    steps = (build.steps[number] for number in sorted(build.final.makers(File(path)), reverse=True) if number >= 0)
    return next((step.instruction.body for step in steps if path.startswith("/")), stage.start.value_span)


def _of_instruction(project: Project, stage: Stage, entry: Instruction) -> Iterator[Refusal]:
    if entry.keyword in {"ENV", "ARG"}:
        yield from _of_variables(entry)
    if entry.keyword in {"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK", "SHELL"}:
        plain = re.sub(r"[\[\]\"',]+\s*", " ", project.dockerfile.slice(entry.value_span))
        if why := _sets_path(plain) or _names_debians(project, stage, plain):
            yield Refusal(entry.body, "other PATH", f"this {why[1]}", _ADVICE)
        if entry.keyword in {"CMD", "ENTRYPOINT"} and _FOR_USER.search(plain):
            yield _for_user(entry.body, f"this {entry.keyword}")
    for call in walk(project).commands_in(entry) if entry.keyword == "RUN" else ():
        sources = [word.head for word in call.line.operands[:-1]] if call.program in {"ln", "cp", "mv"} else ()
        if any(value and (found := _PROGRAM.match(value)) and _PYTHONS_OWN.match(found[1]) for value in sources):
            yield Refusal(entry.body, "interpreter path", "the system interpreter gets another name here", _ADVICE)


def _of_variables(entry: Instruction) -> Iterator[Refusal]:
    for each in entry.assignments:
        value = each.value or ""
        if each.name in _PIP_PLACES | _UV_PLACES and value.lower() not in {"0", "false", "no", ""}:
            why, advice = f"{each.name} sends packages to another place", "install into a venv"
            if each.name == "UV_SYSTEM_PYTHON":
                why, advice = f"{each.name} keeps uv out of every venv", "leave it out; the split makes a venv for uv"
            yield Refusal(entry.body, "install elsewhere", why, advice)
        elif (each.name == "PATH" and _PATH.search(f"PATH={value}")) or (
            each.name != "PATH" and _PROGRAM.search(value)
        ):
            yield Refusal(entry.body, "interpreter path", f"{each.name} says where the system's programs are", _ADVICE)


@remembered
def running_files(project: Project) -> tuple[tuple[str, str], ...]:
    """The files that may run in a container, or say what runs there: of scripts those that are called."""
    found = tuple(_readable(project))
    scripts = {path: text for path, text in found if _is_script(path, text)}
    names = {posixpath.basename(path) for path in scripts}
    said = _said(names, [*_callers(project), *(text for path, text in found if path not in scripts)])
    called: set[str] = set()
    while new := [path for path in scripts if path not in called and posixpath.basename(path) in said]:
        called.update(new)
        said |= _said(names, (scripts[path] for path in new))
    return tuple((path, text) for path, text in found if path not in scripts or path in called)


def _said(names: Set[str], texts: Iterable[str]) -> set[str]:
    """The names of files that are words of some texts."""
    found: set[str] = set()
    for text in texts:
        if any(map(text.__contains__, names)):
            found.update(names & {word.rstrip(".") for word in _NAME.findall(text)})
    return found


def _is_script(path: str, text: str) -> bool:
    return path.endswith((".sh", ".bash")) or ("." not in posixpath.basename(path) and text.startswith("#!"))


def _callers(project: Project) -> Iterator[str]:
    """What says which scripts run in a container: the Dockerfile, commands of services, manifests of a cluster."""
    yield project.dockerfile.text
    yield from (" ".join(start.command.values) for start in starts(project))
    for path in project.tree.files:
        if path.endswith((".yaml", ".yml")) and "apiVersion" in (text := project.tree.text(path) or ""):
            yield text


def _readable(project: Project) -> Iterator[tuple[str, str]]:
    tree, named = project.tree, _named(project)
    paths = (path for path in tree.files if _READ.search(path) or posixpath.basename(path) in named)
    paths = (path for path in paths if path != project.path and not _NOT_THE_SERVICE.search(path))
    for path in [path for path in paths if is_in_container(project, path)][:MOST_FILES]:
        text = tree.text(path)
        name = posixpath.basename(path)
        has_ending = "." in name or name in named or _RUN_BY_NAME.search(path)
        if text is None or len(text) > LARGEST or not (has_ending or text.startswith("#!")):
            continue
        # `python app.py` does not look at the first line of app.py.
        yield path, text if not text.startswith("#!") or _is_run(project, path) else _without_first_line(text)


def _named(project: Project) -> frozenset[str]:
    """The names of the files that the Dockerfile or a command of the service writes out, whatever their ending."""
    lines = [entry.value for stage in project.lineage(project.final) for entry in stage.of("COPY", "ADD", "RUN")]
    words = {word for line in lines for word in re.split(r"[\s\"'\[\],;&|]+", line)}
    words |= {part for start in starts(project) for value in start.command.values for part in value.split("=")}
    return frozenset(posixpath.basename(word) for word in words if "." in word or "/" in word)


def _is_run(project: Project, path: str) -> bool:
    """Whether a file is a program of its own: started by its name, or made executable on the way."""
    name = path.rpartition("/")[2]
    is_started = any(start.command.values[:1] and start.program == name for start in starts(project))
    is_made = re.search(rf"\bchmod\b[^\n]*{re.escape(name)}", project.dockerfile.text) is not None
    return is_started or is_made or path.endswith((".sh", ".bash"))


def _without_first_line(text: str) -> str:
    return "\n" + text.partition("\n")[2]


@lru_cache(maxsize=MOST_FILES)
def _sets_path(text: str) -> tuple[int, str] | None:
    for word, pattern, name in _RESETS:
        if word in text and (found := pattern.search(text)):
            return found.start(), f"starts {name}, which sets PATH anew"
    found = _PATH.search(text) if "PATH" in text else None
    return (found.start(), "puts /usr/local/bin in front of PATH") if found else None


def _names_program(project: Project, text: str, names: frozenset[str]) -> tuple[int, str] | None:
    """A program that pip has put into the system's folder, written out with it."""
    if packages := _PACKAGES.search(text):
        return packages.start(), f"names {packages[0].strip()}"
    for found in _PROGRAM.finditer(text):
        name = found[1].rstrip(".")
        if (_PYTHONS_OWN.match(name) or name in names) and not is_placed(project, f"/usr/local/bin/{name}"):
            return found.start(), f"calls /usr/local/bin/{name}"
    return None


def _names_debians(project: Project, stage: Stage, text: str) -> tuple[int, str] | None:
    """Debian's own interpreter, which the full image brings along and slim does not."""
    found = _DEBIANS_PYTHON.search(text) if project.slim_reference(stage) else None
    return (found.start(), f"calls {found[0]}, which slim does not have") if found else None
