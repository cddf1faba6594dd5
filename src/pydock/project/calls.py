"""Programs that the application's own Python source starts, by literal names."""

from __future__ import annotations

import ast
import posixpath
import re
import shlex
from collections.abc import Iterator
from functools import lru_cache

from pydock.patterns import regex
from pydock.project import Project
from pydock.project.sources import MOST_SOURCES, remembered, sources, syntax, walk

_HINT = regex(
    r"(?:run|call|Popen|check_output|check_call|getoutput|getstatusoutput|system|popen|which"
    r"|create_subprocess_exec|create_subprocess_shell)[\s\\]*\(",
    words="subprocess os.system os.popen which",
)
_RUNS = frozenset({"run", "call", "Popen", "check_output", "check_call", "getoutput", "getstatusoutput"})
_OS_RUNS = frozenset({"system", "popen"})
_ASYNC_RUNS = frozenset({"create_subprocess_exec", "create_subprocess_shell"})
_NAME = regex(r"[A-Za-z0-9_.+-]+\Z")


@remembered
def python_calls(project: Project) -> tuple[tuple[str, str], ...]:
    """(program, "file.py:line") for each call whose program is written out."""
    found: list[tuple[str, str]] = []
    for path in sources(project):
        text = project.tree.text(path)
        found += [(name, f"{path}:{line}") for name, line in (_calls_of(text) if text else ())]
    return tuple(found)


@lru_cache(maxsize=MOST_SOURCES)
def _calls_of(text: str) -> tuple[tuple[str, int], ...]:
    tree = syntax(text) if _HINT.search(text) else None
    return tuple(
        (name, node.lineno)
        for node in (walk(tree) if tree else ())
        if isinstance(node, ast.Call)
        for name in _programs(node)
    )


def _programs(call: ast.Call) -> Iterator[str]:
    """The programs that one call starts; `shutil.which` asks for one, which is a need too."""
    module, name = _dotted(call.func)
    arguments = call.args or [keyword.value for keyword in call.keywords if keyword.arg in {"args", "cmd"}]
    if not arguments:
        return
    is_run = (name in _RUNS and module in {"subprocess", "sp", ""}) or (name in _OS_RUNS and module == "os")
    if not (is_run or name in _ASYNC_RUNS or (name == "which" and module in {"shutil", ""})):
        return
    if module == "" and name in {"run", "call"}:
        # A bare run() or call() is far more often the application's own.
        return
    if (text := _first_word(arguments[0])) and (program := _program(text)):
        yield program


def _dotted(function: ast.expr) -> tuple[str, str]:
    if isinstance(function, ast.Attribute):
        return (function.value.id if isinstance(function.value, ast.Name) else "?"), function.attr
    return "", function.id if isinstance(function, ast.Name) else ""


def _first_word(argument: ast.expr) -> str:
    """The literal beginning of a command: a string, a list's first, an f-string's head."""
    match argument:
        case ast.Constant(value=str(text)):
            return text
        case ast.List(elts=[ast.Constant(value=str(text)), *_]) | ast.Tuple(elts=[ast.Constant(value=str(text)), *_]):
            return text
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if " " in text.lstrip():
            return text
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return _first_word(left)
        case ast.Call(func=ast.Attribute(attr="format" | "split", value=value)):
            return _first_word(value)
        case _:
            return ""


def _program(text: str) -> str:
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    while words and (words[0] in {"sudo", "exec", "env", "nohup"} or re.match(r"\w+=", words[0])):
        words = words[1:]
    name = words[0] if words else ""
    folder = posixpath.dirname(name)
    is_system = folder in {"", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin"}
    return posixpath.basename(name) if is_system and _NAME.match(posixpath.basename(name)) else ""


_LOADS = regex(r"(?:CDLL|LoadLibrary|find_library|dlopen|PyDLL)[\s\\]*\(", words="ctypes cffi dlopen LoadLibrary")
_LOADERS = frozenset({"CDLL", "LoadLibrary", "find_library", "dlopen", "PyDLL"})


@remembered
def libraries(project: Project) -> tuple[tuple[str, str], ...]:
    """(shared library, "file.py:line") for each library that the source loads by a literal name."""
    found: list[tuple[str, str]] = []
    for path in sources(project):
        text = project.tree.text(path)
        found += [(name, f"{path}:{line}") for name, line in (_loads_of(text) if text else ())]
    return tuple(found)


@lru_cache(maxsize=MOST_SOURCES)
def _loads_of(text: str) -> tuple[tuple[str, int], ...]:
    tree = syntax(text) if _LOADS.search(text) else None
    return tuple(
        (node.args[0].value, node.lineno)
        for node in (walk(tree) if tree else ())
        if isinstance(node, ast.Call) and node.args and _dotted(node.func)[1] in _LOADERS
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    )
