"""Programs that Python source starts: subprocess, os.system, os.popen, asyncio, shutil.which.

A name is followed to what the file assigns to it; of a shell's command line every program counts.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Mapping
from functools import lru_cache

from pydock.patterns import regex
from pydock.shell import script_of_text, unwrapped
from pydock.source.syntax import MOST_SOURCES, syntax, walk
from pydock.values import Value

_HINT = regex(
    r"(?:run|call|Popen|check_output|check_call|getoutput|getstatusoutput|system|popen|which|exec[lv]p?e?|spawn[lv]p?e?"
    r"|create_subprocess_exec|create_subprocess_shell)[\s\\]*\(",
    words="subprocess os.system os.popen which os.exec os.spawn",
)
_RUNS = frozenset({"run", "call", "Popen", "check_output", "check_call", "getoutput", "getstatusoutput"})
_OS_RUNS = frozenset({"system", "popen", "execvp", "execv", "execlp", "execl", "spawnvp", "spawnlp"})
_ASYNC_RUNS = frozenset({"create_subprocess_exec", "create_subprocess_shell"})
_BUILTINS = frozenset({"exec", "command", "time"})
_NAME = regex(r"[A-Za-z0-9_.+-]+\Z")
_SYSTEM_FOLDERS = frozenset({"", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"})
# How far a name is followed to what another name holds.
_DEEPEST = 8


class ProgramCall(Value):
    """A call that starts a program; `program` is None where its name is only known when the code runs."""

    program: str | None
    line: int


def called_programs(text: str) -> tuple[str, ...]:
    """The programs that a Python file starts, each once, by the names that are written out."""
    return tuple(dict.fromkeys(call.program for call in program_calls(text) if call.program))


@lru_cache(maxsize=MOST_SOURCES)
def program_calls(text: str) -> tuple[ProgramCall, ...]:
    """Every call of a Python file that starts a program; () where the file cannot be read."""
    tree = syntax(text) if _HINT.search(text) else None
    if tree is None:
        return ()
    nodes = walk(tree)
    assigned = _assigned(nodes)
    found: list[ProgramCall] = []
    for node in nodes:
        if isinstance(node, ast.Call) and (argument := _command(node)) is not None:
            names = _programs(argument, assigned)
            found += [ProgramCall(name, node.lineno) for name in names or ((None,) if names is None else ())]
    return tuple(found)


def _assigned(nodes: list[ast.AST]) -> Mapping[str, ast.expr | None]:
    """What names are bound to, None for those that are bound more than once."""
    found: dict[str, ast.expr | None] = {}
    for node in nodes:
        if not isinstance(node, ast.Assign | ast.AnnAssign) or node.value is None:
            continue
        targets: list[ast.expr] = node.targets if isinstance(node, ast.Assign) else [node.target]
        found |= {each.id: None if each.id in found else node.value for each in targets if isinstance(each, ast.Name)}
    return found


def _command(call: ast.Call) -> ast.expr | None:
    """The argument that names the program; `shutil.which` asks for one, which is a need too."""
    module, name = dotted(call.func)
    is_run = (name in _RUNS and module in {"subprocess", "sp", ""}) or (name in _OS_RUNS and module == "os")
    if not (is_run or name in _ASYNC_RUNS or (name == "which" and module in {"shutil", ""})):
        return None
    if module == "" and name in {"run", "call"}:
        # A bare run() or call() is far more often the application's own.
        return None
    arguments = call.args or [keyword.value for keyword in call.keywords if keyword.arg in {"args", "cmd"}]
    return arguments[0] if arguments else None


def dotted(function: ast.expr) -> tuple[str, str]:
    """(module, name) of what is called: ("os", "system"); ("?", name) where the owner is no plain name."""
    if isinstance(function, ast.Attribute):
        return (function.value.id if isinstance(function.value, ast.Name) else "?"), function.attr
    return "", function.id if isinstance(function, ast.Name) else ""


def _programs(argument: ast.expr, assigned: Mapping[str, ast.expr | None], depth: int = 0) -> tuple[str, ...] | None:
    """The programs of a command line or of a list of words, None where they are not known."""
    match argument:
        case ast.Constant(value=str(text)):
            return _of_line(text)
        case ast.List(elts=[first, *_]) | ast.Tuple(elts=[first, *_]):
            return _first(first, assigned, depth)
        case ast.JoinedStr(values=[ast.Constant(value=str(text)), *_]) if " " in text.lstrip():
            return _of_line(text)
        case ast.BinOp(left=left, op=ast.Add() | ast.Mod()):
            return _programs(left, assigned, depth)
        case ast.Call(func=ast.Attribute(attr="format" | "split" | "strip", value=value)):
            return _programs(value, assigned, depth)
        case ast.Call(func=ast.Attribute(attr="split", value=ast.Name(id="shlex")), args=[first, *_]):
            return _programs(first, assigned, depth)
        case ast.Name(id=name) if depth < _DEEPEST and (bound := assigned.get(name)) is not None:
            return _programs(bound, assigned, depth + 1)
        case ast.Attribute(value=ast.Name(id="sys"), attr="executable"):
            return ()
        case _:
            return None


def _first(word: ast.expr, assigned: Mapping[str, ast.expr | None], depth: int) -> tuple[str, ...] | None:
    """The first word of a list; `sys.executable` is no program that could be missing."""
    match word:
        case ast.Constant(value=str(text)):
            return tuple(filter(None, [_program(text)]))
        case ast.Starred(value=value):
            return _programs(value, assigned, depth)
        case _:
            return _programs(word, assigned, depth)


def _of_line(text: str) -> tuple[str, ...] | None:
    """The programs of a shell's command line, in order; what the shell cannot read gives its first word."""
    read = script_of_text(text)
    if read.opaque or not read.commands:
        words = text.split()
        return tuple(filter(None, [_program(words[0])])) if words else ()
    found: list[str | None] = []
    for command in read.commands:
        wrappers, inner = unwrapped(command)
        found += [name for name in wrappers if name not in _BUILTINS]
        found.append(_program(inner.values[0]) if inner.values else None)
    return tuple(dict.fromkeys(name for name in found if name))


def _program(word: str) -> str | None:
    """The name of a program of the system, None for a path of the application's own."""
    name = posixpath.basename(word)
    return name if posixpath.dirname(word) in _SYSTEM_FOLDERS and _NAME.match(name) and name[0] != "-" else None
