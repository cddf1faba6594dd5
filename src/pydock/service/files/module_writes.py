"""Where one Python file writes, as far as it says so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import lru_cache

from pydock.patterns import regex
from pydock.service.files.paths import UNKNOWN, Paths
from pydock.source import MOST_SOURCES, syntax, walk
from pydock.values import Value

LARGEST = 400_000
# A file that says where it writes has one of these words, or what the pattern below finds: parsing takes far longer.
_NAMES = """
    mkdir makedirs write_text write_bytes write_image write_html sqlite FileHandler "filename" 'filename' filename=
    MEDIA_ROOT savefig imwrite save_pretrained extractall shutil os.remove os.unlink os.rename .unlink( .touch(
    download_file urlretrieve shelve gradio accesslog errorlog pidfile ZipFile TinyDB fileConfig diskcache FanoutCache
    download_to_filename logger.add( shell=True os.system os.popen filesystem://
"""
_WORDS = tuple(_NAMES.split())
# The rest of the arguments of a call that opens a file to read it.
_READS = r"(?:,?\s*[\"'](?:r|rb|rt)[\"']\s*)?(?:,?\s*(?:encoding|errors|newline)\s*=\s*[^(),]+)*,?\s*\)"
_HINT = regex(
    rf"open(?<![.\w]open)\((?!\s*[^(),]+{_READS})|\.open\((?!\s*{_READS})|\.(?:db|duckdb)[\"']"
    r"|\.save\(\s*(?!\)|\w+\s*=|\*\*)|\.to_(?:csv|excel|parquet|json|pickle|feather)\(|\bCache\("
    r"|(?:UPLOAD|CACHE|LOG|OUTPUT)\w*(?:FOLDER|DIR|ROOT|PATH|DEST|FILE)",
    words="open( .db .duckdb .save( .to_ Cache( UPLOAD CACHE LOG OUTPUT",
)
_DATABASE = regex(r"sqlite(?:\+\w+)?:///([^?\s]*)")
_DATABASE_FILE = regex(r"[^\s:?]{1,120}\.(db|sqlite3?|duckdb)\Z")
# In a text that names a database: a URL, or a word that ends as a file of one does.
_DATABASE_LIKE = regex(r"sqlite|db\b", words="sqlite db")
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
    "download_to_filename": (0, False),
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
_PATH_LIKE = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)


class Found(Value):
    """A write in a file: the path as read there, None when it is not known."""

    path: str | None
    line: int
    is_folder: bool


@lru_cache(maxsize=MOST_SOURCES)
def may_write(text: str) -> bool:
    """Whether a file is worth the time that it takes to parse it."""
    is_hinted = any(map(text.__contains__, _WORDS)) or _HINT.search(text) is not None
    return is_hinted and len(text) <= LARGEST


@lru_cache(maxsize=MOST_SOURCES)
def read_writes(
    text: str, file: str, workdir: str, environment: tuple[tuple[str, str | None], ...]
) -> tuple[Found, ...]:
    """The writes of a file: `file` is its place in the image, `environment` what ENV says that the text may ask for."""
    tree = syntax(text)
    if tree is None:
        return ()
    nodes = walk(tree)
    paths = Paths(file, workdir, dict(environment))
    paths.learn(nodes)
    has_database = any(_DATABASE_LIKE.search(each or "") for each in (text, *dict(environment).values()))
    found = [*_of_broker(text)]
    inner: set[ast.AST] = set()
    for node in nodes:
        if isinstance(node, ast.Call):
            found += _of_call(node, paths)
        elif isinstance(node, ast.Assign | ast.keyword | ast.Dict):
            found += _of_setting(node, paths)
        if has_database and isinstance(node, _PATH_LIKE) and node not in inner:
            found += _of_database(node, paths, inner)
    return tuple(found)


def read_setting(
    text: str, file: str, workdir: str, environment: tuple[tuple[str, str | None], ...], name: str
) -> Iterator[str | None]:
    """The paths that a module sets a name to, None for one that cannot be read."""
    tree = syntax(text)
    nodes = walk(tree) if tree is not None else ()
    paths = Paths(file, workdir, dict(environment))
    paths.learn(nodes)
    for node in nodes:
        match node:
            case ast.Assign(targets=[ast.Name(id=set_name)], value=value) if set_name == name:
                yield paths.read(value)


def _of_broker(text: str) -> Iterator[Found]:
    """Where kombu keeps the exchanges of a broker in the file system, when it is not told.

    https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.filesystem.html, read 2026-11.
    """
    if (at := text.find("filesystem://")) >= 0 and "control_folder" not in text:
        yield Found("control", text.count("\n", 0, at) + 1, is_folder=True)


def _of_call(call: ast.Call, paths: Paths) -> Iterator[Found]:
    function, arguments = call.func, call.args
    owner = getattr(function.value, "id", "?") if isinstance(function, ast.Attribute) else ""
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if name in _OPENERS:
        yield from _of_open(call, paths, owner, keywords)
    elif name == "basicConfig" and "filename" in keywords:
        yield Found(paths.read(keywords["filename"]), call.lineno, is_folder=False)
    elif name in _METHODS and isinstance(function, ast.Attribute) and owner != "os":
        yield Found(paths.read(function.value), call.lineno, is_folder=_METHODS[name])
    elif name in _WRITERS and (name not in _OWNERS or owner in _OWNERS[name] or owner == ""):
        position, is_folder = _WRITERS[name]
        given = arguments[position] if len(arguments) > position else keywords.get("path") or keywords.get("filename")
        if given is not None:
            yield Found(paths.read(given), call.lineno, is_folder=is_folder)
    elif name == "add" and owner == "logger" and arguments and isinstance(arguments[0], _PATH_LIKE):
        # https://loguru.readthedocs.io/en/stable/api/logger.html#loguru._logger.Logger.add, read 2026-11.
        yield Found(paths.read(arguments[0]), call.lineno, is_folder=False)
    elif name == "save" and arguments:
        path = paths.read(arguments[0])
        if path is not None or re.search(r"path|file|dest|out", ast.unparse(arguments[0])[:200]):
            yield Found(path, call.lineno, is_folder=False)
    elif name in {"system", "popen", "run", "call", "check_call", "check_output", "Popen"} and arguments:
        yield from _of_shell(arguments[0], call.lineno)
    elif name in {"Interface", "ChatInterface"} and owner in {"gr", "gradio"}:
        yield Found("flagged", call.lineno, is_folder=True)


def _of_shell(command: ast.expr, line: int) -> Iterator[Found]:
    """The files that a shell command in a string is redirected to."""
    text = command.value if isinstance(command, ast.Constant) else None
    for target in re.findall(r">>?\s*([\w./-]+)", text) if isinstance(text, str) else ():
        yield Found(target, line, is_folder=False)


def _of_open(call: ast.Call, paths: Paths, owner: str, keywords: dict[str | None, ast.expr]) -> Iterator[Found]:
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
        yield Found(paths.read(path or keywords.get("file")), call.lineno, is_folder=False)


def _of_setting(node: ast.Assign | ast.keyword | ast.Dict, paths: Paths) -> Iterator[Found]:
    match node:
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _SETTING.fullmatch(name):
            yield Found(paths.read(value), node.lineno, is_folder=True)
        case ast.Assign(targets=[ast.Name(id=name)], value=value) if _FILE_SETTING.fullmatch(name):
            yield Found(paths.read(value), node.lineno, is_folder=False)
        case ast.Assign(targets=[ast.Subscript(slice=ast.Constant(value=str(name)))], value=value) if (
            _SETTING.fullmatch(name)
        ):
            yield Found(paths.read(value), node.lineno, is_folder=True)
        case ast.Dict(keys=keys, values=values):
            for key, value in zip(keys, values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "filename" and _is_handler(node):
                    yield Found(paths.read(value), node.lineno, is_folder=False)


def _is_handler(node: ast.Dict) -> bool:
    """Whether a dictionary is a handler of `logging.config.dictConfig`."""
    return any(isinstance(key, ast.Constant) and key.value in {"class", "()"} for key in node.keys)


def _of_database(node: ast.expr, paths: Paths, inner: set[ast.AST]) -> Iterator[Found]:
    """A path or URL of an SQLite database, wherever it is written."""
    if isinstance(node, ast.Constant) and not isinstance(node.value, str):
        return
    path = paths.read(node)
    if path is None:
        return
    url = _DATABASE.match(path)
    if url or _DATABASE_FILE.match(path.replace(UNKNOWN, "x")):
        inner.update(child for child in walk(node) if child is not node)
        yield Found(url[1] if url else path, node.lineno, is_folder=False)
