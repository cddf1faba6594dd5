"""python: programs in text, modules, scripts (https://docs.python.org/3/using/cmdline.html, read 2026-11)."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Iterator

from pydock.effects.paths import path_of
from pydock.effects.python import environments
from pydock.effects.python.build_backends import pyproject_build, setup_script
from pydock.effects.python.downloads import nltk_downloader, playwright, spacy
from pydock.effects.python.pdm import pdm
from pydock.effects.python.pip import pip_effects
from pydock.effects.python.pipenv import pipenv
from pydock.effects.python.poetry import poetry
from pydock.effects.python.uv import uv
from pydock.effects.python.virtualenvs import virtual_environment, virtualenv
from pydock.effects.registry import effect, script_at
from pydock.effects.unknown import unknown
from pydock.patterns import regex
from pydock.shell import Argv, Word, argv
from pydock.state import Effect, Language, Need, Nested, Purpose, State
from pydock.state.needs import Below, Distribution, Distributions, File, Folder, Module, Place, Variable
from pydock.values import replace

_LETTERS = regex(r"-[bBdEhiIOPqRsSuvVx?]*([cmWX])?(.*)\Z", re.DOTALL)
# Modules that are tools with effects of their own, and the programs whose options they take.
_TOOLS: dict[str, Callable[[Argv, State], Iterable[Effect | Nested]]] = {
    "uv": uv,
    "poetry": poetry,
    "pipenv": pipenv,
    "pdm": pdm,
    "virtualenv": virtualenv,
    "build": pyproject_build,
    "spacy": spacy,
    "playwright": playwright,
    "nltk.downloader": nltk_downloader,
}


@effect("python", "pypy", "ipython")
def python(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """It runs a text, a module, a script, or what it reads."""
    environment = environments.of_program(line.path or "python", state)
    rest = list(line.words[1:])
    while rest:
        word = rest.pop(0)
        if word.head in {"-", ""} and word.value is not None:
            return (code(line, tuple(rest), state, environment), _input(rest))
        match = _LETTERS.match(word.head)
        if not word.head.startswith("-") or match is None:
            return _script(line, word, tuple(rest), state, environment) if word.head[:1] != "-" else (Effect(),)
        value = word.behind(match.start(2)) if match[2] else (rest.pop(0) if match[1] and rest else None)
        if match[1] == "c" and value:
            text = Nested(value.value, tuple(rest), language=Language.PYTHON)
            return (code(line, tuple(rest), state, environment), text)
        if match[1] == "m" and value:
            return tuple(_module(line, value, tuple(rest), state, environment))
        if word.head in {"-V", "-h", "-VV", "-?"}:
            return (Effect(),)
    if line.has("--version", "--help"):
        return (Effect(),)
    return (code(line, (), state, environment), _input(rest))


def _input(arguments: Iterable[Word]) -> Nested:
    return Nested(None, tuple(arguments), language=Language.PYTHON, is_input=True)


def code(line: Argv, arguments: tuple[Word, ...], state: State, environment: str, *needs: Need) -> Effect:
    """What Python code may do that nobody looks into: it imports what is installed, and writes near and to HOME."""
    words = Argv((*line.words[:1], *arguments), line.program, operands=arguments)
    found = unknown(words, state, is_library=True)
    takes = [*found.takes, Distributions(environment), Variable("PYTHONPATH")]
    for folder in (state.variables.get("PYTHONPATH") or "").split(":"):
        if folder and (path := state.at(folder)) and path != "/":
            takes.append(Below(path))
    return replace(found, needs=(*needs, *found.needs), takes=tuple(dict.fromkeys(takes)))


def _script(
    line: Argv, word: Word, arguments: tuple[Word, ...], state: State, environment: str
) -> tuple[Effect | Nested, ...]:
    path = path_of(word, state)
    if path is None:
        return (code(line, (word, *arguments), state, environment),)
    match posixpath.basename(path):
        case "setup.py":
            return tuple(setup_script(path, arguments, state, environment))
        case "get-pip.py":
            return (_get_pip(path, environment),)
    is_file = path.endswith(".py") or bool(state.makers(File(path)))
    found = code(line, arguments, state, environment, File(path) if is_file else Place(path))
    folder = posixpath.dirname(path) if is_file else path
    if folder != "/":
        found = replace(found, takes=(*found.takes, Below(folder)))
    return (found, replace(script_at(path, arguments, state), language=Language.PYTHON)) if is_file else (found,)


def _get_pip(path: str, environment: str) -> Effect:
    """https://github.com/pypa/get-pip, read 2026-11."""
    programs = tuple(File(f"{environment}/bin/{name}") for name in ("pip", "pip3"))
    return Effect(
        needs=(File(path),),
        takes=(File("/etc/pip.conf"),),
        provides=(Distribution(environment, "pip"), *programs),
        purpose=Purpose.TOOL,
    )


def _module(
    line: Argv, module: Word, arguments: tuple[Word, ...], state: State, environment: str
) -> Iterator[Effect | Nested]:
    name = module.value
    if name is None:
        yield code(line, arguments, state, environment)
    elif name == "pip":
        found = pip_effects(argv((module, *arguments), "pip"), state, environment)
        yield from (_needing(each, Distribution(environment, "pip")) for each in found)
    elif name == "venv":
        yield from virtual_environment(argv((module, *arguments), "venv"), state)
    elif name == "ensurepip":
        yield Effect(provides=(Distribution(environment, "pip"), File(f"{environment}/bin/pip3")), purpose=Purpose.TOOL)
    elif name in _TOOLS:
        words = (module, *arguments)
        line = argv(words, "pyproject-build" if name == "build" else name)
        yield from (_needing(each, Module(environment, name)) for each in _TOOLS[name](line, state))
    else:
        needs = _own_module(name, state) or _of_library(name, environment)
        yield code(line, arguments, state, environment, *needs)
        for need in needs:
            if isinstance(need, File):
                yield replace(script_at(need.path, arguments, state), language=Language.PYTHON)


def _needing(found: Effect | Nested, need: Need) -> Effect | Nested:
    return replace(found, needs=(need, *found.needs))


def _own_module(name: str, state: State) -> tuple[Need, ...]:
    """The file or the folder of a module that lies in the work directory or on PYTHONPATH."""
    folders = [".", *(each for each in (state.variables.get("PYTHONPATH") or "").split(":") if each)]
    for folder in folders:
        path = state.at(posixpath.join(folder, name.replace(".", "/")))
        if path is None:
            continue
        if state.makers(File(f"{path}.py")):
            return (File(f"{path}.py"),)
        if state.makers(File(f"{path}/__main__.py")):
            return (File(f"{path}/__main__.py"),)
        if state.makers(Folder(path)):
            return (Folder(path),)
        package = state.at(posixpath.join(folder, name.partition(".")[0]))
        if package and "." in name and state.makers(Folder(package)):
            return (Folder(package),)
    return ()


def _of_library(name: str, environment: str) -> tuple[Need, ...]:
    """A module that an installed package brings; those of Python itself are always there."""
    top = name.partition(".")[0]
    return () if top in sys.stdlib_module_names else (Module(environment, name),)
