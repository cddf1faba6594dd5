"""What the service writes at run time, and where: read from its source, its start and its settings.

Too much is found rather than too little: a path that is not known counts as one beside the code.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.paths import UNKNOWN, Paths
from pydock.project.sources import remembered, sources, syntax
from pydock.project.start import Start, starts
from pydock.values import Value

MOST_READ = 600
LARGEST = 400_000
_HINT = regex(
    r"\bopen\(|mkdir|makedirs|write_(?:text|bytes|image|html)|sqlite|\.(?:db|duckdb)\b|FileHandler|['\"]filename['\"]|filename="
    r"|MEDIA_ROOT|(?:UPLOAD|CACHE|LOG|OUTPUT)\w*(?:FOLDER|DIR|ROOT|PATH|DEST|FILE)|\.save\(|\.to_\w+\(|savefig|imwrite"
    r"|save_pretrained|extractall|shutil|os\.(?:remove|unlink|rename)|\.unlink\(|\.touch\(|download_file|urlretrieve|shelve"
    r"|gradio|accesslog|errorlog|pidfile|ZipFile|TinyDB|fileConfig|diskcache|\bCache\(|FanoutCache|shell=True|os\.system|os\.popen"
)
_DATABASE = regex(r"sqlite(?:\+\w+)?:///([^?\s]*)")
_DATABASE_FILE = regex(r"[^\s:?]{1,120}\.(db|sqlite3?|duckdb)\Z")
_MODE = regex(r"[wax+]")
_SETTING = regex(
    r"MEDIA_ROOT|\w*UPLOADS?_(?:FOLDER|DIR|DIRECTORY|PATH|ROOT)|UPLOAD(?:S|ED)?\w*DEST|SESSION_FILE_DIR"
    r"|(?:LOGS?|CACHE|OUTPUT)_(?:DIR|FOLDER|DIRECTORY|ROOT)"
)
_FILE_SETTING = regex(r"accesslog|errorlog|pidfile|LOG_?FILE|LOG_PATH|LOGFILE_PATH")
# Functions that write where one of their arguments says: name -> (position, whether it is a folder).
_WRITERS = {
    "makedirs": (0, True),
    "mkdir": (0, True),
    "remove": (0, False),
    "unlink": (0, False),
    "rename": (1, False),
    "rmtree": (0, False),
    "copy": (1, False),
    "copy2": (1, False),
    "copyfile": (1, False),
    "copytree": (1, False),
    "move": (1, False),
    "FileHandler": (0, False),
    "RotatingFileHandler": (0, False),
    "TimedRotatingFileHandler": (0, False),
    "WatchedFileHandler": (0, False),
    "to_csv": (0, False),
    "to_excel": (0, False),
    "to_parquet": (0, False),
    "to_json": (0, False),
    "to_pickle": (0, False),
    "to_feather": (0, False),
    "savefig": (0, False),
    "imwrite": (0, False),
    "write_image": (0, False),
    "write_html": (0, False),
    "save_pretrained": (0, True),
    "extractall": (0, True),
    "urlretrieve": (1, False),
    "download_file": (2, False),
    "SqliteDatabase": (0, False),
    "TinyDB": (0, False),
    "FanoutCache": (0, True),
    "Cache": (0, True),
}
_OWNERS = {
    "remove": {"os"},
    "unlink": {"os"},
    "rename": {"os"},
    "copy": {"shutil"},
    "move": {"shutil"},
    "mkdir": {"os"},
    "Cache": {"diskcache", "dc"},
}
_METHODS = {"write_text": False, "write_bytes": False, "mkdir": True, "touch": False, "unlink": False}
_OPENERS = {"open", "ZipFile", "TarFile", "VideoWriter"}
# Programs that keep files of their own in the work directory.
_KEEPS_FILES = frozenset(
    {"jupyter", "jupyter-lab", "jupyter-notebook", "mlflow", "chainlit", "scrapy", "airflow", "dagster"}
)
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
_PATH_LIKE = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)
_HARMLESS = ("/tmp", "/dev", "/proc", "/var/tmp")


class Write(Value):
    """A folder that the service writes into; "" where only run time knows.

    `place` says who writes, "" where that is not known. `is_mounted`: a volume lies over it.
    """

    folder: str
    place: str
    is_mounted: bool = False


class _Found(Value):
    """A write in a module: the path as read there, None when it is not known."""

    path: str | None
    line: int
    is_folder: bool


@remembered
def writes(project: Project) -> tuple[Write, ...]:
    """Every write that the files of the project tell of, each folder once."""
    found: dict[str, Write] = {}
    for write in (*_of_sources(project), *_of_logging(project), *_of_starts(project), *_of_environment(project)):
        found.setdefault(write.folder, write)
    return tuple(found.values())


def _of_sources(project: Project) -> Iterator[Write]:
    workdir = project.contract.workdir
    environment = tuple(sorted(project.contract.environment.items()))
    read = 0
    for path in sources(project):
        text = project.tree.text(path)
        if text is None or len(text) > LARGEST or not _HINT.search(text):
            continue
        read += 1
        if read > MOST_READ:
            return
        place = image_path(project, path)
        for each in _in_module(text, place, workdir, environment):
            yield from _write(each.path, workdir, f"{path}:{each.line}", is_folder=each.is_folder)


def _of_logging(project: Project) -> Iterator[Write]:
    """File handlers in the settings of `logging.config.fileConfig`, or in YAML and JSON for `dictConfig`."""
    for path in project.tree.files:
        text = project.tree.text(path) if re.search(r"log\w*\.(?:ini|conf|cfg|ya?ml|json)\Z", path, re.I) else None
        for found in _HANDLER_FILE.finditer(text or ""):
            line = (text or "").count("\n", 0, found.start()) + 1
            name = found[1] or found[2]
            yield from _write(name, project.contract.workdir, f"{path}:{line}", is_folder=False)


@remembered
def _landings(project: Project) -> tuple[tuple[str, str], ...]:
    """(source, target) of the copies of the final image, the last first."""
    return tuple(
        (source, copied.target)
        for stage in project.lineage(project.final)
        for copied in reversed(project.copies(stage))
        for source in copied.sources
    )


def image_path(project: Project, path: str) -> str:
    """Where a file of the context is in the final image; under the work directory when no copy tells."""
    for source, target in _landings(project):
        if source == "." or path.startswith(f"{source}/"):
            return posixpath.join(target, path if source == "." else path[len(source) + 1 :])
        if path == source:
            is_folder = target.endswith("/") or target == project.contract.workdir
            return posixpath.join(target, posixpath.basename(path)) if is_folder else target
    return posixpath.join(project.contract.workdir, path)


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


@lru_cache(maxsize=1024)
def _in_module(
    text: str, file: str, workdir: str, environment: tuple[tuple[str, str | None], ...]
) -> tuple[_Found, ...]:
    tree = syntax(text)
    if tree is None:
        return ()
    nodes = tuple(ast.walk(tree))
    paths = Paths(file, workdir, dict(environment))
    paths.learn(nodes)
    found: list[_Found] = []
    inner: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            found += _of_call(node, paths)
        elif isinstance(node, ast.Assign | ast.keyword | ast.Dict):
            found += _of_setting(node, paths)
        if isinstance(node, _PATH_LIKE) and node not in inner:
            found += _of_database(node, paths, inner)
    return tuple(found)


def _of_call(call: ast.Call, paths: Paths) -> Iterator[_Found]:
    function, arguments = call.func, call.args
    owner = getattr(function.value, "id", "?") if isinstance(function, ast.Attribute) else ""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in _OPENERS:
        yield from _of_open(call, paths, owner, keywords)
    elif name == "basicConfig" and "filename" in keywords:
        yield _Found(paths.read(keywords["filename"]), call.lineno, is_folder=False)
    elif name in _METHODS and isinstance(function, ast.Attribute) and owner != "os":
        yield _Found(paths.read(function.value), call.lineno, is_folder=_METHODS[name])
    elif name in _WRITERS and (name not in _OWNERS or owner in _OWNERS[name] or owner == ""):
        position, is_folder = _WRITERS[name]
        given = arguments[position] if len(arguments) > position else keywords.get("path") or keywords.get("filename")
        if given is not None:
            yield _Found(paths.read(given), call.lineno, is_folder=is_folder)
    elif name == "save" and arguments:
        path = paths.read(arguments[0])
        if path is not None or re.search(r"path|file|dest|out", ast.unparse(arguments[0])[:200]):
            yield _Found(path, call.lineno, is_folder=False)
    elif name in {"system", "popen", "run", "call", "check_call", "check_output", "Popen"} and arguments:
        yield from _of_shell(arguments[0], call.lineno)
    elif name in {"Interface", "ChatInterface"} and owner in {"gr", "gradio"}:
        yield _Found("flagged", call.lineno, is_folder=True)


def _of_shell(command: ast.expr, line: int) -> Iterator[_Found]:
    """The files that a shell command in a string is redirected to."""
    text = command.value if isinstance(command, ast.Constant) else None
    for target in re.findall(r">>?\s*([\w./-]+)", text) if isinstance(text, str) else ():
        yield _Found(target, line, is_folder=False)


def _of_open(call: ast.Call, paths: Paths, owner: str, keywords: dict[str | None, ast.expr]) -> Iterator[_Found]:
    """`open(path, mode)`, `path.open(mode)` and the like, unless the mode only reads."""
    modules = {"", "io", "codecs", "aiofiles", "gzip", "bz2", "lzma", "builtins", "shelve", "dbm", "zipfile", "tarfile"}
    is_method = owner not in modules | {"cv2", "os", "Image", "webbrowser", "urllib", "wave", "rasterio", "fitz"}
    if owner in {"os", "Image", "webbrowser", "urllib", "rasterio", "fitz"}:
        return
    path = call.func.value if is_method and isinstance(call.func, ast.Attribute) else next(iter(call.args), None)
    rest = call.args if is_method else call.args[1:]
    mode = keywords.get("mode") or next(iter(rest), None)
    is_database = owner in {"shelve", "dbm"}
    if mode is None and not is_database:
        return
    written = mode.value if isinstance(mode, ast.Constant) else "w"
    if is_database or (isinstance(written, str) and _MODE.search(written) and len(written) < 5):
        yield _Found(paths.read(path or keywords.get("file")), call.lineno, is_folder=False)


def _of_setting(node: ast.Assign | ast.keyword | ast.Dict, paths: Paths) -> Iterator[_Found]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _SETTING.fullmatch(name):
            yield _Found(paths.read(value), node.lineno, is_folder=True)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _FILE_SETTING.fullmatch(name):
            yield _Found(paths.read(value), node.lineno, is_folder=False)
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str(name)))], value=value) if (
            _SETTING.fullmatch(name)
        ):
            yield _Found(paths.read(value), node.lineno, is_folder=True)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "filename" and _is_handler(node):
                    yield _Found(paths.read(value), node.lineno, is_folder=False)


def _is_handler(node: ast.Dict) -> bool:
    """Whether a dictionary is a handler of `logging.config.dictConfig`."""
    return any(isinstance(key, ast.Constant) and key.value in {"class", "()"} for key in node.keys)


def _of_database(node: ast.expr, paths: Paths, inner: set[ast.AST]) -> Iterator[_Found]:
    """A path or URL of an SQLite database, wherever it is written."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        return
    path = paths.read(node)
    if path is None:
        return
    url = _DATABASE.match(path)
    if url or _DATABASE_FILE.match(path.replace(UNKNOWN, "x")):
        inner.update(child for child in ast.walk(node) if child is not node)
        yield _Found(url[1] if url else path, node.lineno, is_folder=False)


def _of_starts(project: Project) -> Iterator[Write]:
    for start in starts(project):
        if start.role == "probe":
            continue
        yield from _of_start(project, start)


def _of_start(project: Project, start: Start) -> Iterator[Write]:
    workdir, values = project.contract.workdir, start.command.values
    is_beat = start.program == "celery" and ("beat" in values or "-B" in values or "--beat" in values)
    if start.program in _KEEPS_FILES or is_beat or _MANAGE & set(values):
        yield Write(workdir, start.origin)
    for name in _FILE_OPTIONS:
        given = start.command.option(name)
        if given and given.text not in {"-", "", "/dev/stdout", "/dev/stderr", "/dev/null"}:
            yield from _write(given.value, workdir, start.origin, is_folder=False)
    if start.program in _FILE_PROGRAMS:
        for word in start.command.words[1:]:
            if not word.text.startswith("-"):
                yield from _write(word.value, workdir, start.origin, is_folder=start.program == "mkdir")


def _of_environment(project: Project) -> Iterator[Write]:
    for name, value in project.contract.environment.items():
        if value and value.startswith("/") and _FILE_VARIABLE.fullmatch(name):
            yield from _write(value, "/", f"ENV {name}", is_folder=True)
