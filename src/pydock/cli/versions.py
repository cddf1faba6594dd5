"""Which versions of a Dockerfile a bench compares: as it is, as pydock would write it, or another one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pydock.bench.engine import Recipe
from pydock.bench.measure import Version
from pydock.engine import Report
from pydock.errors import OptionError, PydockError
from pydock.project import Project
from pydock.questions import Question, one, rewritten, unchanged
from pydock.report import failed
from pydock.targets import STDIN, Search, Target, Unusable, targets
from pydock.values import Value, replace

MOST_PATHS = 2


class Comparison(Value):
    """The versions, what a person calls them together, and remarks about them."""

    shown: str
    versions: tuple[Version, ...]
    notes: tuple[str, ...] = ()


def comparison(
    paths: Sequence[str],
    question: Question,
    search: Search,
    recipe: Recipe,
    *,
    is_as_is: bool,
    has_installers: bool,
) -> Comparison:
    """The versions that these paths mean; `recipe` holds what is the same for all builds.

    Raises OptionError for paths that do not mean one Dockerfile each.
    """
    found = [_only(path, search) for path in paths]
    if len(found) > MOST_PATHS:
        raise OptionError(f"{len(found)} paths were given", "bench compares two at most")
    if len(found) == MOST_PATHS:
        versions = [_version(target.shown, _as_is(question, target), recipe) for target in found]
        return Comparison(" and ".join(target.shown for target in found), tuple(versions))
    target = found[0]
    if is_as_is:
        return Comparison(target.shown, (_version("as it is", _as_is(question, target), recipe),))
    versions = list(_rewrites(target, question, recipe, has_installers))
    notes = () if len(versions) > 1 else ("pydock would change nothing, so there is only one version",)
    return Comparison(target.shown, tuple(versions), notes)


def _rewrites(target: Target, question: Question, recipe: Recipe, has_installers: bool) -> Iterator[Version]:
    report = _rewritten(question, target)
    yield _version("before", report.project, recipe)
    if report.changed:
        yield _version("after", report.result, recipe)
    if has_installers:
        other = "pip" if report.project.options.installer == "uv" else "uv"
        changed = _rewritten(replace(question, given={**question.given, "installer": other}), target)
        if changed.result.tree.changes != report.result.tree.changes:
            yield _version(f"after, {other}", changed.result, recipe)


def _rewritten(question: Question, target: Target) -> Report:
    with _named(target), one(question, target):
        return rewritten(question, target)


def _as_is(question: Question, target: Target) -> Project:
    with _named(target), one(question, target):
        return unchanged(question, target)


@contextmanager
def _named(target: Target) -> Iterator[None]:
    """What goes wrong with one of two Dockerfiles says with which, in the words of the person."""
    try:
        yield
    except PydockError as error:
        if failure := failed(target.shown, error, target.path).failure:
            error.message, error.hint = failure.message, failure.hint
        raise


def _version(name: str, project: Project, recipe: Recipe) -> Version:
    return Version(name, project, replace(recipe, tree=project.tree, path=project.path))


def _only(path: str, search: Search) -> Target:
    if path == STDIN:
        raise OptionError("bench builds a folder, and standard input has none", "give the path of the Dockerfile")
    found = list(targets([path], search))
    usable = [entry for entry in found if isinstance(entry, Target)]
    for entry in found:
        if isinstance(entry, Unusable) and not usable:
            raise entry.error
    if len(usable) != 1:
        names = ", ".join(entry.shown for entry in usable)
        raise OptionError(f"{path}: bench takes one Dockerfile, there are {len(usable)}: {names}", "name one of them")
    return usable[0]
