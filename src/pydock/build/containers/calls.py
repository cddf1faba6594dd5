"""Programs that the application's own Python source starts, by literal names."""

from __future__ import annotations

import ast
import posixpath
import re
from functools import lru_cache

from pydock.build.sources import sources
from pydock.build.steps import read_steps
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.source import MOST_SOURCES, dotted, program_calls, syntax, walk


@remembered
def python_calls(project: Project) -> tuple[tuple[str, str], ...]:
    """(program, "file.py:line") for each call whose program is written out."""
    found: list[tuple[str, str]] = []
    for path in sources(project):
        text = project.tree.text(path)
        found += [(call.program, f"{path}:{call.line}") for call in program_calls(text or "") if call.program]
    return tuple(found)


@remembered
def hidden_calls(project: Project) -> tuple[str, ...]:
    """The places, "file.py:line", of calls whose program is only known when the code runs."""
    return tuple(
        f"{path}:{call.line}"
        for path in sources(project)
        for call in program_calls(project.tree.text(path) or "")
        if call.program is None
    )


_COMPILES = regex(
    r"\bpyximport\b|\bffi\w*\.verify\(|\btorch\.compile\b|\bload_inline\b|\bcpp_extension\b|\bcmdstanpy\b|\bpystan\b"
    r"|\btheano\b|\bpytensor\b|\bbuild_ext\b|^\s*(?:import|from)\s+triton\b|\bnumba\.pycc\b|\bcython\.inline\b",
    re.M,
    words="pyximport .verify torch.compile load_inline cpp_ext cmdstanpy pystan theano pytensor build_ext triton pycc "
    "cython.inline",
)


@remembered
def compiling(project: Project) -> tuple[str, str] | None:
    """The first file of the source that compiles something when it runs, and the words that say so."""
    for path in sources(project):
        if posixpath.basename(path) not in _OF_BUILDS and (found := _COMPILES.search(project.tree.text(path) or "")):
            return path, found[0].strip()
    return None


# They run while the image is built.
_OF_BUILDS = frozenset({"setup.py", "build.py", "hatch_build.py"})
_LOADS = regex(
    r"(?:CDLL|LoadLibrary|find_library|dlopen|PyDLL)[\s\\]*\(|_LIBRARY_PATH\b",
    words="ctypes cffi dlopen LoadLibrary _LIBRARY_PATH",
)
_LOADERS = frozenset({"CDLL", "LoadLibrary", "find_library", "dlopen", "PyDLL"})


@remembered
def libraries(project: Project) -> tuple[tuple[str, str], ...]:
    """(shared library, "file.py:line") for each library that the source loads by a literal name."""
    found: list[tuple[str, str]] = []
    for path in sources(project):
        text = project.tree.text(path)
        found += [(name, f"{path}:{line}") for name, line in (_loads_of(text) if text else ())]
    variables = read_steps(project).final.variables
    found += [(value, name) for name, value in variables.items() if value and _names_library(name, value)]
    return tuple(found)


def _names_library(variable: str, value: str) -> bool:
    """Whether a setting says where a library is: GDAL_LIBRARY_PATH of Django and others, not a folder of libraries.

    https://docs.djangoproject.com/en/stable/ref/contrib/gis/install/geolibs/, read 2026-11.
    """
    return variable.endswith("_LIBRARY_PATH") and ".so" in value


@lru_cache(maxsize=MOST_SOURCES)
def _loads_of(text: str) -> tuple[tuple[str, int], ...]:
    tree = syntax(text) if _LOADS.search(text) else None
    nodes = tuple(walk(tree)) if tree else ()
    named = tuple(
        (each.value, node.lineno)
        for node in nodes
        if isinstance(node, ast.Assign) and isinstance(target := node.targets[0], ast.Name)
        for each in ast.walk(node.value)
        if isinstance(each, ast.Constant) and isinstance(each.value, str) and _names_library(target.id, each.value)
    )
    return named + tuple(
        (node.args[0].value, node.lineno)
        for node in nodes
        if isinstance(node, ast.Call) and node.args and dotted(node.func)[1] in _LOADERS
        if isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str)
    )
