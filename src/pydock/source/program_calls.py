"""Programs that Python source starts: subprocess, os.system, os.popen, asyncio, shutil.which.

A name is followed to what the file assigns to it; of a shell's command line every program counts, whatever is put into
it when the code runs.
"""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Iterable, Mapping
from functools import cached_property, lru_cache

from pydock.patterns import regex
from pydock.shell import BUILTINS, script_of_text, unwrapped
from pydock.source.syntax import MOST_SOURCES, imports_of, syntax, walk
from pydock.values import Value

_HINT = regex(
    r"(?:run|call|Popen|check_output|check_call|getoutput|getstatusoutput|system|popen|which|exec[lv]p?e?|spawn[lv]p?e?"
    r"|create_subprocess_exec|create_subprocess_shell)[\s\\]*\(|\bfrom (?:subprocess|os) import\b",
    words="subprocess os.system os.popen which os.exec os.spawn",
)
_RUNS = frozenset({"run", "call", "Popen", "check_output", "check_call", "getoutput", "getstatusoutput"})
_OS_RUNS = frozenset({"system", "popen", "execvp", "execv", "execlp", "execl", "spawnvp", "spawnlp"})
_ASYNC_RUNS = frozenset({"create_subprocess_exec", "create_subprocess_shell"})
_NAME = regex(r"[A-Za-z0-9_.+-]+\Z")
_SYSTEM_FOLDERS = frozenset({"", "/bin", "/usr/bin", "/usr/local/bin", "/sbin", "/usr/sbin", "/usr/local/sbin"})
# How far a name is followed to what another name holds.
_DEEPEST = 8
_MODULES = frozenset({"subprocess", "sp", "os", "asyncio", "shutil"})
# What `%` and str.format put into a line, and a word whose value is not known, to a shell.
_FIELD = regex(r"%(?:\(\w*\))?[-+ #0-9.]*[a-zA-Z]|(?<!\$)\{[^{}\s]*\}")
_UNKNOWN = "$_"
_ANY = "any-program"
_Function = ast.FunctionDef | ast.AsyncFunctionDef


class ProgramCall(Value):
    """A call that starts a program; `program` is None where its name is only known when the code runs."""

    program: str | None
    line: int


def called_programs(text: str) -> tuple[str, ...]:
    """The programs that a Python file starts, each once, by the names that are written out."""
    return tuple(dict.fromkeys(call.program for call in program_calls(text) if call.program))


def may_start_programs(text: str) -> bool:
    """Whether a Python file has a word of those that start programs."""
    return _HINT.search(text) is not None


@lru_cache(maxsize=MOST_SOURCES)
def program_calls(text: str) -> tuple[ProgramCall, ...]:
    """Every call of a Python file that starts a program; () where the file cannot be read."""
    tree = syntax(text) if _HINT.search(text) else None
    if tree is None:
        return ()
    names = _Names(walk(tree))
    found: list[ProgramCall] = []
    for node in names.nodes:
        if isinstance(node, ast.Call) and (argument := names.command(node)) is not None:
            programs = names.programs(argument, names.function_of(node))
            if programs is not None:
                found += [ProgramCall(name, node.lineno) for name in programs]
            elif names.called(node.func)[1] != "which":
                # To look for a program is not to start it.
                found.append(ProgramCall(None, node.lineno))
    return tuple(found)


def _assigned(nodes: list[ast.AST]) -> Mapping[str, tuple[ast.expr, ...]]:
    """What names are bound to, one after the other: by assignments, and by loops over values that are written out."""
    found: dict[str, list[ast.expr]] = {}
    for node in nodes:
        match node:
            case ast.Assign(targets=targets, value=value):
                bound = [(each, value) for each in targets]
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                bound = [(target, value)]
            case ast.For(target=target, iter=ast.Tuple(elts=values) | ast.List(elts=values)):
                bound = [(target, value) for value in values]
            case _:
                continue
        for target, value in bound:
            if isinstance(target, ast.Name):
                found.setdefault(target.id, []).append(value)
    return {name: tuple(values) for name, values in found.items()}


def dotted(function: ast.expr) -> tuple[str, str]:
    """(module, name) of what is called: ("os", "system"); ("?", name) where the owner is no plain name."""
    if isinstance(function, ast.Attribute):
        return (function.value.id if isinstance(function.value, ast.Name) else "?"), function.attr
    return "", function.id if isinstance(function, ast.Name) else ""


class _Names:
    """What the names of a file stand for: what is assigned to them, what functions are called with."""

    def __init__(self, nodes: list[ast.AST]) -> None:
        self.nodes = nodes
        self.assigned = _assigned(nodes)
        self.imports = imports_of(nodes)

    def called(self, function: ast.expr) -> tuple[str, str]:
        """(module, name) of what is called, by the names that they have where they are imported from."""
        module, name = dotted(function)
        origin = self.imports.get(module or name, module or name)
        return (origin, name) if module else (origin.rpartition(".")[0], origin.rpartition(".")[2])

    def command(self, call: ast.Call) -> ast.expr | None:
        """The argument that names the program; `shutil.which` asks for one, which is a need too."""
        module, name = self.called(call.func)
        is_run = (name in _RUNS and module in {"subprocess", ""}) or (name in _OS_RUNS and module == "os")
        if not (is_run or name in _ASYNC_RUNS or (name == "which" and module in {"shutil", ""})):
            return None
        if module == "" and name in {"run", "call"}:
            # A bare run() or call() is far more often the application's own.
            return None
        if name == "create_subprocess_exec" and call.args:
            # Its words are arguments of their own.
            return ast.Tuple(elts=call.args, ctx=ast.Load())
        arguments = call.args or [keyword.value for keyword in call.keywords if keyword.arg in {"args", "cmd"}]
        return arguments[0] if arguments else None

    @cached_property
    def owners(self) -> Mapping[ast.AST, _Function]:
        """The innermost function that a node stands in."""
        functions = [node for node in self.nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return {node: function for function in functions for node in walk(function) if node is not function}

    def function_of(self, node: ast.AST) -> _Function | None:
        return self.owners.get(node)

    def programs(self, argument: ast.expr, function: _Function | None, depth: int = 0) -> tuple[str, ...] | None:
        """The programs of a command line or of a list of words, None where they are not known."""
        match argument:
            case ast.Constant(value=str(text)):
                return _of_line(text)
            case ast.List(elts=[first, *rest]) | ast.Tuple(elts=[first, *rest]):
                found = self.first(first, function, depth)
                return None if found is None else (*found, *_behind(found, rest))
            case ast.JoinedStr() | ast.BinOp(op=ast.Add() | ast.Mod()):
                return self.of_parts(_parts(argument), function, depth)
            case ast.BoolOp(values=values):
                return self.all_of(((value, function) for value in values), depth)
            case ast.IfExp(body=body, orelse=other):
                return self.all_of(((body, function), (other, function)), depth)
            case ast.Call():
                return self.of_call(argument, function, depth)
            case ast.Name(id=name) if depth < _DEEPEST:
                return self.of_name(name, function, depth + 1)
            case ast.Attribute(value=ast.Name(id="sys"), attr="executable"):
                return ()
            case _:
                return None

    def first(self, word: ast.expr, function: _Function | None, depth: int) -> tuple[str, ...] | None:
        """The first word of a list; `sys.executable` is no program that could be missing."""
        match word:
            case ast.Constant(value=str(text)):
                return tuple(filter(None, [_program(text)]))
            case ast.Starred(value=value):
                return self.programs(value, function, depth)
            case _:
                return self.programs(word, function, depth)

    def all_of(self, parts: Iterable[tuple[ast.expr, _Function | None]], depth: int) -> tuple[str, ...] | None:
        """The programs of several possible values, None where one of them is not known."""
        found = [self.programs(value, function, depth) for value, function in parts]
        known = [names for names in found if names is not None]
        return tuple(dict.fromkeys(name for names in known for name in names)) if len(known) == len(found) else None

    def of_call(self, call: ast.Call, function: _Function | None, depth: int) -> tuple[str, ...] | None:
        """What a call gives: text that is put together or apart, a program that was looked for, a setting's default."""
        module, name = self.called(call.func)
        if module == "shlex" or name == "which":
            return self.programs(call.args[0], function, depth) if call.args else None
        if name in {"get", "getenv"}:
            return self.programs(call.args[1], function, depth) if len(call.args) > 1 else None
        if isinstance(call.func, ast.Attribute) and name in {"format", "split", "strip"}:
            value = call.func.value
            is_filled = name == "format" and isinstance(value, ast.Constant) and isinstance(value.value, str)
            return self.of_parts(_parts(call), function, depth) if is_filled else self.programs(value, function, depth)
        return None

    def of_parts(self, parts: list[str | ast.expr], function: _Function | None, depth: int) -> tuple[str, ...] | None:
        """The programs of a text that is put together; of a list that is, those of its head."""
        first, *rest = parts
        line = "".join(part if isinstance(part, str) else _UNKNOWN for part in rest)
        if isinstance(first, str):
            return _of_line(first + line)
        found = self.programs(first, function, depth)
        if found is None or not any(isinstance(part, str) for part in rest):
            return found
        following = _of_line(f"{_ANY}{line}")
        return None if following is None else tuple(dict.fromkeys([*found, *(set(following) - {_ANY})]))

    def of_name(self, name: str, function: _Function | None, depth: int) -> tuple[str, ...] | None:
        """What a name holds: what the file assigns to it, or what the callers of its function hand over."""
        if function is None or name not in _parameters(function):
            bound = [(value, self.function_of(value)) for value in self.assigned.get(name, ())]
            own = [entry for entry in bound if entry[1] is function]
            outer = [entry for entry in bound if entry[1] is None]
            chosen = own or outer or bound
            return self.all_of(chosen, depth) if chosen else None
        calls = [node for node in self.nodes if isinstance(node, ast.Call) and _is_call_of(function, node)]
        given = [(_given(function, name, call), self.function_of(call)) for call in calls]
        known = [(value, owner) for value, owner in given if value is not None]
        return self.all_of(known, depth) if known and len(known) == len(given) else None


def _parts(value: ast.expr) -> list[str | ast.expr]:
    """The pieces of a text that `+`, `%`, str.format or an f-string puts together."""
    match value:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.JoinedStr(values=values):
            return _joined([part for each in values for part in _parts(each)])
        case ast.FormattedValue(value=inner):
            return [inner]
        case ast.BinOp(left=left, op=ast.Add(), right=right):
            return _joined([*_parts(left), *_parts(right)])
        case ast.BinOp(left=filled, op=ast.Mod()) | ast.Call(func=ast.Attribute(value=filled)):
            return [_FIELD.sub(_UNKNOWN, part) if isinstance(part, str) else part for part in _parts(filled)]
        case _:
            return [value]


def _joined(parts: list[str | ast.expr]) -> list[str | ast.expr]:
    """Texts that follow each other as one."""
    found: list[str | ast.expr] = []
    for part in parts:
        if isinstance(part, str) and found and isinstance(found[-1], str):
            found[-1] += part
        else:
            found.append(part)
    return found or [""]


def _behind(found: tuple[str, ...], words: list[ast.expr]) -> tuple[str, ...]:
    """The programs that the words behind a program ask for.

    Python comes without pip where an environment has none: `[sys.executable, "-m", "pip", "install", x]`.
    """
    texts = [word.value if isinstance(word, ast.Constant) else None for word in words]
    is_pip = not found and texts[:2] == ["-m", "pip"]
    return ((("pip",) if is_pip else ()) + _fetching(texts)) if is_pip or "pip" in found else ()


def _fetching(words: Iterable[object]) -> tuple[str, ...]:
    """What pip calls for a package of a repository: `git+https://...`."""
    return ("git",) if any(isinstance(word, str) and "git+" in word for word in words) else ()


def _parameters(function: _Function) -> tuple[str, ...]:
    """The names of the parameters in order, `*args` as the last one."""
    arguments = function.args
    named = [each.arg for each in (*arguments.posonlyargs, *arguments.args)]
    return (*named, *([arguments.vararg.arg] if arguments.vararg else ()))


def _is_call_of(function: _Function, call: ast.Call) -> bool:
    """Whether a call may be one of a function or method of the same file, and not of a module with such a name."""
    module, name = dotted(call.func)
    is_plain = isinstance(call.func, ast.Name)
    return name == function.name and (module not in _MODULES if _is_method(function) else is_plain)


def _is_method(function: _Function) -> bool:
    return _parameters(function)[:1] in {("self",), ("cls",)}


def _given(function: _Function, name: str, call: ast.Call) -> ast.expr | None:
    """What a call hands over for a parameter, None where that is not plain to see."""
    value = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    names = _parameters(function)
    # A method is called without its own object.
    at = names.index(name) - (_is_method(function) and isinstance(call.func, ast.Attribute))
    before = call.args[:at] if at > 0 else []
    if value is not None or not 0 <= at < len(call.args) or any(isinstance(each, ast.Starred) for each in before):
        return value
    is_rest = function.args.vararg is not None and name == function.args.vararg.arg
    return ast.Tuple(elts=call.args[at:], ctx=ast.Load()) if is_rest else call.args[at]


def _of_line(text: str) -> tuple[str, ...] | None:
    """The programs of a shell's command line, in order; what the shell cannot read gives its first word.

    None where it starts one that is only known when the code runs.
    """
    read = script_of_text(text)
    if read.opaque or not read.commands:
        words = text.split()
        return tuple(filter(None, [_program(words[0])])) if words else ()
    found: list[str | None] = []
    for command in read.commands:
        wrappers, inner = unwrapped(command)
        values = inner.values
        if inner.words and not inner.words[0].value:
            return None
        found += [*wrappers, _program(values[0]) if values else None]
        found += _fetching(values) if found[-1] in {"pip", "pip3"} else ()
    return tuple(dict.fromkeys(name for name in found if name and name not in BUILTINS))


def _program(word: str) -> str | None:
    """The name of a program of the system, None for a path of the application's own."""
    name = posixpath.basename(word)
    return name if posixpath.dirname(word) in _SYSTEM_FOLDERS and _NAME.match(name) and name[0] != "-" else None
