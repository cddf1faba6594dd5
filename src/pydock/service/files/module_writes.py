"""Where one Python file writes, as far as it says so."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from functools import cache, lru_cache

from pydock.data import rows
from pydock.patterns import regex
from pydock.service.files.paths import UNKNOWN, Paths
from pydock.source import MOST_SOURCES, syntax, walk
from pydock.values import Value

LARGEST = 400_000
# A file that says where it writes has one of these words, or what the pattern below finds: parsing takes far longer.
_NAMES = """
    mkdir write_text write_bytes sqlite "filename" 'filename' filename= MEDIA_ROOT shutil .unlink( .touch(
    shelve gradio accesslog errorlog pidfile ZipFile fileConfig diskcache logger.add( shell=True os.system os.popen
    filesystem:// numpy np.save torch.save soundfile wavfile
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
_METHODS = {"write_text": False, "write_bytes": False, "mkdir": True, "touch": False, "unlink": False}
_OPENERS = {"open", "ZipFile", "TarFile", "VideoWriter"}
_PATH_LIKE = (ast.Constant, ast.JoinedStr, ast.BinOp, ast.Call)


class WritingCall(Value):
    """A row of the table: the function writes where the argument at this position says.

    `owners` are the modules that it is called on, any where there are none.
    """

    position: int
    is_folder: bool
    owners: frozenset[str]


@cache
def _writing_calls() -> Mapping[str, tuple[WritingCall, ...]]:
    found: dict[str, list[WritingCall]] = {}
    for row in rows("writing_calls"):
        owners = frozenset(row["owners"].split())
        found.setdefault(row["name"], []).append(WritingCall(int(row["position"]), row["is_folder"] == "yes", owners))
    return {name: tuple(calls) for name, calls in found.items()}


@cache
def _called_words() -> tuple[str, ...]:
    """What a text has that calls one of them, `save(` aside: most of those are a database's."""
    return tuple(f"{name}(" for name in _writing_calls() if name not in {"save", "write", "replace", "copy", "Cache"})


class Found(Value):
    """A write in a file: the path as read there, None when it is not known."""

    path: str | None
    line: int
    is_folder: bool


@lru_cache(maxsize=MOST_SOURCES)
def may_write(text: str) -> bool:
    """Whether a file is worth the time that it takes to parse it."""
    words = (*_WORDS, *_called_words())
    is_hinted = any(map(text.__contains__, words)) or _HINT.search(text) is not None
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
    elif writing := _writing_call(name, owner):
        given = next(iter(arguments[writing.position :]), keywords.get("path") or keywords.get("filename"))
        if given is not None:
            yield Found(paths.read(given), call.lineno, is_folder=writing.is_folder)
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


def _writing_call(name: str, owner: str) -> WritingCall | None:
    calls = _writing_calls().get(name, ())
    # Without an owner it was imported by its name; `save` and `write` are the names of too much else.
    is_plain = owner == "" and name not in {"save", "write", "replace", "dump"}
    return next((call for call in calls if not call.owners or owner in call.owners or is_plain), None)


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
