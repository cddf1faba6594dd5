"""The four situations in which an image is built, each as a change of the tree that is built."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Iterable
from enum import StrEnum

from pydock.bench.engine.context import ignored
from pydock.bench.engine.recipe import Recipe
from pydock.build.copies import copies
from pydock.build.installs import installs_of, requirement_sets
from pydock.context import Tree
from pydock.packages.requirements import entries
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.app import app
from pydock.text import Edit, Span, apply
from pydock.values import Value

# A small pure package for every Python there is, with the hashes of its wheel and its source.
_ADDED = "iniconfig==1.1.1"
_HASHES = (
    "011e24c64b7f47f6ebd835bb12a743f2fbe9a26d4cecaa7f53bc4f35ee9da8b3",
    "bc3af051d7d14b2ee5ef9969666def0cd1a000e121eaea580d4a313df4b37f32",
)
_LOCKS = ("uv.lock", "poetry.lock", "Pipfile.lock", "pdm.lock", "environment.yml")
_DEPENDENCIES = regex(r"^dependencies\s*=\s*\[", re.M)
_NO_SOURCE = regex(r"(?:\A|/)(?:tests?/|test_|conftest\.py|setup\.py|healthcheck\.py|__init__\.py)")
_CACHE = regex(r"(?<![\w-])id=([^,\s]+)")
_TARGET = regex(r"(?<![\w-])(?:target|dst|destination)=([^,\s]+)")


class Scenario(StrEnum):
    """A situation; the value is what people call it."""

    COLD = "cold"
    SAME = "no change"
    CODE = "code change"
    DEPENDENCY = "dependency change"


class Change(Value):
    """A tree with something changed in it: what, and where; `why` it was not possible instead."""

    tree: Tree | None
    what: str = ""
    why: str = ""


def changed(scenario: Scenario, project: Project, source: str | None, mark: str) -> Change:
    """The tree that a scenario builds; `mark` makes each time a new one."""
    match scenario:
        case Scenario.CODE:
            return _with_code_change(project.tree, source, mark)
        case Scenario.DEPENDENCY:
            return _with_dependency_change(project, mark)
        case _:
            return Change(project.tree)


def with_own_caches(recipe: Recipe, name: str) -> Recipe:
    """The recipe with its cache mounts under names of their own, so that they start empty.

    Two mounts that shared a cache go on sharing one.
    """
    dockerfile = recipe.dockerfile
    edits = []
    for stage in dockerfile.stages:
        for run in stage.of("RUN"):
            for flag in run.flags:
                if flag.name == "mount" and re.search(r"(?<![\w-])type=cache\b", flag.value):
                    edits.append(_renamed(dockerfile.slice(flag.span), flag.span, recipe.path, name))
    return recipe.with_text(apply(dockerfile.text, edits)) if edits else recipe


def _renamed(text: str, span: Span, path: str, name: str) -> Edit:
    own = _CACHE.search(text) or _TARGET.search(text)
    key = hashlib.sha256((own[1] if own else "").strip("\"'").encode()).hexdigest()[:8]
    value = f"id={name}-{key}"
    if _CACHE.search(text):
        return Edit(path, span, _CACHE.sub(value, text, count=1))
    quote = text[-1] if text[-1] in "\"'" else ""
    return Edit(path, span, f"{text.removesuffix(quote)},{value}{quote}")


def source_file(projects: Iterable[Project]) -> str | None:
    """A Python file that every one of these versions copies: the one that is started, else a likely one."""
    common: set[str] | None = None
    wanted: list[str] = []
    for project in projects:
        found = app(project)
        wanted += [found.path] if found else []
        visible = set(_copied_sources(project))
        common = visible if common is None else common & visible
    candidates = common or set()
    for path in wanted:
        if path in candidates:
            return path
    ordered = sorted(candidates, key=lambda path: (bool(_NO_SOURCE.search(path)), path.count("/"), path))
    return ordered[0] if ordered else None


def _copied_sources(project: Project) -> Iterable[str]:
    ignore = ignored(project.tree, project.path)
    sources = {
        source for stage in project.dockerfile.stages for copied in copies(project, stage) for source in copied.sources
    }
    for path in project.tree.files:
        if path.endswith(".py") and not ignore.hides(path) and any(_takes(source, path) for source in sources):
            yield path


def _takes(source: str, path: str) -> bool:
    if source in {".", path} or path.startswith(f"{source}/"):
        return True
    return posixpath.dirname(path) == posixpath.dirname(source) and "*" in source and path.endswith(".py")


def _with_code_change(tree: Tree, path: str | None, mark: str) -> Change:
    """One more comment at the end of a source file."""
    text = tree.text(path) if path else None
    if path is None or text is None:
        return Change(None, why="no Python file of the context is copied by every version")
    return Change(tree.over({path: _appended(text, f"# {mark}")}), f"one line in {path}")


def _with_dependency_change(project: Project, mark: str) -> Change:
    """One more small pure package among what is installed."""
    for requirements in requirement_sets(project):
        path = requirements.path
        text = project.tree.text(path)
        if text is not None:
            return _with_requirement(project.tree, path, text, mark)
    if lock := next((name for name in _LOCKS if project.tree.has_file(name)), None):
        return Change(None, why=f"only its own tool can add to {lock}")
    if change := _with_project_dependency(project, mark) or _with_inline_requirement(project, mark):
        return change
    return Change(None, why="nothing is installed that a requirement could be added to")


def _with_requirement(tree: Tree, path: str, text: str, mark: str) -> Change:
    listed = entries(path, text)
    if any(entry.name == "iniconfig" for entry in listed):
        return Change(None, why=f"{path} has iniconfig already, which would be added")
    is_hashed = any("--hash" in entry.text for entry in listed)
    hashes = "".join(f" --hash=sha256:{value}" for value in _HASHES) if is_hashed else ""
    return Change(tree.over({path: _appended(text, f"# {mark}\n{_ADDED}{hashes}")}), f"one requirement in {path}")


def _with_project_dependency(project: Project, mark: str) -> Change | None:
    text = project.tree.text("pyproject.toml")
    found = _DEPENDENCIES.search(text) if text else None
    words = [
        word
        for stage in project.dockerfile.stages
        for install in installs_of(project, stage)
        for word in (*install.packages, *install.editables)
    ]
    if text is None or found is None or not any((word.value or "").startswith(".") for word in words):
        return None
    changed = f'{text[: found.end()]}\n    "{_ADDED}",  # {mark}\n{text[found.end() :]}'
    return Change(project.tree.over({"pyproject.toml": changed}), "one dependency in pyproject.toml")


def _with_inline_requirement(project: Project, mark: str) -> Change | None:
    """One more word on the command line, as a range that means the same but is new each time."""
    for stage in project.dockerfile.stages:
        for install in installs_of(project, stage):
            if install.packages and not install.files and re.match(r"[\w.\[\]-]+", install.packages[0].value or ""):
                place = Span(install.packages[-1].span.end, install.packages[-1].span.end)
                number = int(hashlib.sha256(mark.encode()).hexdigest()[:6], 16)
                words = f" '{_ADDED},!=0.{number}'"
                text = apply(project.dockerfile.text, [Edit(project.path, place, words)])
                return Change(project.tree.over({project.path: text}), "one more word for pip install")
    return None


def _appended(text: str, line: str) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    start = text if not text or text.endswith("\n") else text + newline
    return start + line.replace("\n", newline) + newline
