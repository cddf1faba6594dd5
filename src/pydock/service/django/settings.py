"""Django's settings, as far as they are written out.

Source: https://docs.djangoproject.com/en/stable/ref/settings/#allowed-hosts, read 2026-11.
"""

from __future__ import annotations

import ast
import posixpath
import re
from collections.abc import Iterator
from functools import lru_cache

from pydock.build.contract import contract
from pydock.build.sources import sources
from pydock.patterns import regex
from pydock.project import Project
from pydock.service.code.imports import module_file, nearest_files
from pydock.source import syntax

_SETTINGS = regex(r"DJANGO_SETTINGS_MODULE[\"']\s*(?:,|\]\s*=)\s*[\"']([\w.]+)[\"']")
_GATES = regex(r"LoginRequired\w*Middleware|BasicAuth\w*Middleware|AuthRequired\w*Middleware", re.I)


def is_gated(project: Project, place: str) -> bool:
    """Whether a middleware asks for a login before any view."""
    return any(_GATES.search(project.tree.text(path) or "") for path in settings_files(project, place))


def accepted_host(project: Project, place: str) -> str | None:
    """A Host header that ALLOWED_HOSTS lets in: "" where any does, None where that is not known."""
    answers = [answer for path in settings_files(project, place) if (answer := _host(project.tree.text(path) or ""))]
    return None if len(answers) != 1 else answers[0].lstrip("*")


def setting(project: Project, place: str, name: str) -> str:
    """A setting that is one literal string, "" for any other."""
    for path in settings_files(project, place):
        if match := re.search(rf"^{name}\s*=\s*[\"']([^\"']+)[\"']", project.tree.text(path) or "", re.M):
            return match[1]
    return ""


def settings_files(project: Project, place: str) -> tuple[str, ...]:
    """The settings module that a file names, with what it imports from its own folder."""
    named = _named_settings(project, place)
    path = module_file(project, named) if named else None
    if path is None:
        return ()
    found = [path]
    for dotted in read_stars(project.tree.text(path) or ""):
        found += [each for each in nearest_files(project, path, dotted) if each not in found]
    return tuple(found)


def _named_settings(project: Project, place: str) -> str:
    chosen = contract(project).environment.get("DJANGO_SETTINGS_MODULE")
    match = _SETTINGS.search(project.tree.text(place) or "")
    return chosen or (match[1] if match else "")


@lru_cache(maxsize=64)
def read_stars(text: str) -> tuple[str, ...]:
    """The modules that a file takes everything from."""
    tree = syntax(text)
    return tuple(
        "." * node.level + (node.module or "")
        for node in (tree.body if tree else ())
        if isinstance(node, ast.ImportFrom) and any(alias.name == "*" for alias in node.names)
    )


def root_urls(project: Project, place: str) -> Iterator[str]:
    """The file that ROOT_URLCONF names, else the urls.py beside."""
    named = setting(project, place, "ROOT_URLCONF")
    if named and (found := module_file(project, named)):
        yield found
        return
    beside = posixpath.join(posixpath.dirname(place), "urls.py")
    if posixpath.basename(place) != "manage.py" and project.tree.has_file(beside):
        yield beside
        return
    found_urls = [path for path in sources(project) if posixpath.basename(path) == "urls.py"]
    if len(found_urls) == 1:
        yield found_urls[0]


@lru_cache(maxsize=64)
def _host(text: str) -> str:
    """ "*" for a settings file that lets any host in, a name that it lets in, "" for neither."""
    tree = syntax(text)
    nodes = [
        node.value
        for node in (tree.body if tree else ())
        if isinstance(node, ast.Assign) and any(ast.unparse(target) == "ALLOWED_HOSTS" for target in node.targets)
    ]
    if len(nodes) != 1 or text.count("ALLOWED_HOSTS") != 1 or not isinstance(nodes[0], ast.List | ast.Tuple):
        return ""
    names = [each.value for each in nodes[0].elts if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    if "*" in names or {"127.0.0.1"} & set(names):
        return "*"
    return next((name.lstrip(".") for name in ("localhost", *names) if name in names), "")
