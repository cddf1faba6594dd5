"""What the service writes at run time, and where: read from its source, its start and its settings.

Too much is found rather than too little: a path that is not known counts as one beside the code.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from pydock.build.containers.calls import python_calls
from pydock.build.containers.start import Start
from pydock.build.contract import contract
from pydock.build.copies import copies
from pydock.build.sources import sources
from pydock.build.walk import starts
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.service.files.library_files import keeps_in_work_folder, library_files
from pydock.service.files.module_writes import may_write, read_setting, read_writes
from pydock.service.files.paths import UNKNOWN
from pydock.service.files.uwsgi import uwsgi_files
from pydock.values import Value

_MANAGE = frozenset({"collectstatic", "compilemessages", "makemigrations", "makemessages", "compress"})
_FILE_OPTIONS = ("--pid", "--pidfile", "--logfile", "--log-file", "--access-logfile", "--error-logfile", "--schedule")
_FILE_PROGRAMS = frozenset(
    {"mkdir", "touch", "cp", "mv", "tee", "sed", "tar", "unzip", "ln", "chmod", "chown", "install"}
)
_FILE_VARIABLE = regex(
    r"(HF|TORCH|TRANSFORMERS|NLTK|XDG|MPL|NUMBA|AIRFLOW|JUPYTER|MLFLOW|SENTENCE_TRANSFORMERS|EASYOCR|CHROMA|PROMETHEUS)"
    r"\w*_(HOME|CACHE|DATA|DIR|CONFIG|DIRECTORY|MULTIPROC_DIR)|MPLCONFIGDIR|prometheus_multiproc_dir|NLTK_DATA"
)
_HANDLER_FILE = regex(
    r"^class\s*=.*FileHandler\s*\n(?:\w.*\n)*?args\s*=\s*\(\s*[\"']([^\"']+)|[\"']?\bfilename[\"']?\s*:\s*[\"']?([\w./-]+)",
    re.M,
)
_HARMLESS = ("/tmp", "/dev", "/proc", "/var/tmp")


class Write(Value):
    """A folder that the service writes into; "" where only run time knows.

    `place` says who writes, "" where that is not known. `is_mounted`: a volume lies over it.
    """

    folder: str
    place: str
    is_mounted: bool = False


@remembered
def writes(project: Project) -> tuple[Write, ...]:
    """Every write that the files of the project tell of, each folder once."""
    found: dict[str, Write] = {}
    sources = (*_of_sources(project), *_of_calls(project), *_of_logging(project))
    for write in (*sources, *_of_starts(project), *_of_environment(project)):
        found.setdefault(write.folder, write)
    return tuple(found.values())


def _of_sources(project: Project) -> Iterator[Write]:
    workdir = contract(project).workdir
    for path in sources(project):
        text = project.tree.text(path)
        if text is None or not may_write(text):
            continue
        seen = tuple((name, value) for name, value in contract(project).environment.items() if name in text)
        for each in read_writes(text, image_path(project, path), workdir, seen):
            yield from _write(each.path, workdir, f"{path}:{each.line}", is_folder=each.is_folder)


def _of_calls(project: Project) -> Iterator[Write]:
    """Programs that the source starts, or imports, and that keep files of their own in the work directory."""
    for program, place in python_calls(project):
        if keeps_in_work_folder(program):
            yield Write(contract(project).workdir, place)
    modules = [name for each in library_files() if each.work == "yes" for name in sorted(each.modules)]
    for path in sources(project):
        text = project.tree.text(path) or ""
        if any(re.search(rf"^[ \t]*(?:from|import) {name}\b", text, re.M) for name in modules if name in text):
            yield Write(contract(project).workdir, path)


def _of_logging(project: Project) -> Iterator[Write]:
    """File handlers in the settings of `logging.config.fileConfig`, or in YAML and JSON for `dictConfig`."""
    for path in project.tree.files:
        text = project.tree.text(path) if re.search(r"log\w*\.(?:ini|conf|cfg|ya?ml|json)\Z", path, re.I) else None
        for found in _HANDLER_FILE.finditer(text or ""):
            line = (text or "").count("\n", 0, found.start()) + 1
            name = found[1] or found[2]
            yield from _write(name, contract(project).workdir, f"{path}:{line}", is_folder=False)


@remembered
def landings(project: Project) -> tuple[tuple[str, str], ...]:
    """(source, target) of the copies of the final image, the last first."""
    return tuple(
        (source, copied.target)
        for stage in project.lineage(project.final)
        for copied in reversed(copies(project, stage))
        for source in copied.sources
    )


def image_path(project: Project, path: str) -> str:
    """Where a file of the context is in the final image; under the work directory when no copy tells."""
    for source, target in landings(project):
        if source == "." or path.startswith(f"{source}/"):
            return posixpath.join(target, path if source == "." else path[len(source) + 1 :])
        if path == source:
            is_folder = target.endswith("/") or target == contract(project).workdir
            return posixpath.join(target, posixpath.basename(path)) if is_folder else target
    return posixpath.join(contract(project).workdir, path)


def _write(path: str | None, workdir: str, place: str, *, is_folder: bool) -> Iterator[Write]:
    if path is None or path.startswith(UNKNOWN):
        yield Write("", place)
        return
    if path.startswith("~") or ":memory:" in path or "://" in path or path in {"", "-"}:
        return
    known, unknown, _ = path.partition(UNKNOWN)
    absolute = posixpath.normpath(posixpath.join(workdir, known))
    folder = absolute
    if unknown:
        folder = absolute if known.endswith("/") else posixpath.dirname(absolute)
    elif not is_folder:
        folder = posixpath.dirname(absolute)
    if not any(folder == safe or folder.startswith(f"{safe}/") for safe in _HARMLESS):
        yield Write(folder, place)


def _of_starts(project: Project) -> Iterator[Write]:
    for start in starts(project):
        if start.role == "probe":
            continue
        yield from _of_start(project, start)


def _of_start(project: Project, start: Start) -> Iterator[Write]:
    workdir, program, values = contract(project).workdir, start.called.program, start.called.values
    is_beat = program == "celery" and ("beat" in values or "-B" in values or "--beat" in values)
    # https://flower.readthedocs.io/en/latest/config.html#db, read 2026-11.
    is_flower = "flower" in {program, *values} and any(value.lower().startswith("--persistent") for value in values)
    if keeps_in_work_folder(program) or is_beat or is_flower or (_MANAGE & set(values)) - {"collectstatic"}:
        yield Write(workdir, start.origin)
    if "collectstatic" in values:
        yield from _of_static_files(project, start)
    if program == "uwsgi":
        for path, place in uwsgi_files(project, start):
            yield from _write(path, workdir, place, is_folder=False)
    for name in _FILE_OPTIONS:
        given = start.command.option(name)
        if given and given.text not in {"-", "", "/dev/stdout", "/dev/stderr", "/dev/null"}:
            yield from _write(given.value, workdir, start.origin, is_folder=False)
    if program in _FILE_PROGRAMS:
        for word in start.called.words[1:]:
            if not word.text.startswith("-"):
                yield from _write(word.value, workdir, start.origin, is_folder=program == "mkdir")


def _of_static_files(project: Project, start: Start) -> Iterator[Write]:
    """Where `collectstatic` puts its files: STATIC_ROOT, the work directory where no settings say it."""
    workdir, found = contract(project).workdir, []
    for path in sources(project):
        text = project.tree.text(path) or ""
        if "STATIC_ROOT" in text:
            environment = tuple(contract(project).environment.items())
            found += list(read_setting(text, image_path(project, path), workdir, environment, "STATIC_ROOT"))
    if not any(found):
        yield Write(workdir, start.origin)
    for each in found:
        yield from _write(each, workdir, start.origin, is_folder=True) if each else ()


def _of_environment(project: Project) -> Iterator[Write]:
    for name, value in contract(project).environment.items():
        if value and value.startswith("/") and (name == "HOME" or _FILE_VARIABLE.fullmatch(name)):
            yield from _write(value, "/", f"ENV {name}", is_folder=True)
