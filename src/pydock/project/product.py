"""Which stage of a Dockerfile is the product: not the tests or the tools that stand behind it."""

from __future__ import annotations

import posixpath
import re

from pydock.context import Tree
from pydock.context.compose import builds, is_compose_file, shown
from pydock.dockerfile import Dockerfile, Stage
from pydock.patterns import regex

_ASIDE = regex(
    r"(?:.*[-_.])?(?:tests?|testing|unittests?|e2e|dev|devel|develop|development|debug|lint|linting|ci|docs?"
    r"|devcontainer|check|checks)(?:[-_.].*)?\Z"
)
_PRODUCT = regex(r"(?:.*[-_.])?(?:prod|production|release|runtime|deploy|final)(?:[-_.].*)?\Z")
# `tests/Dockerfile`, `Dockerfile.dev`, `docker/test.Dockerfile`.
_FILE = regex(
    r"(?:\A|/)(?:tests?|e2e)/(?:.*/)?[^/]*\Z|(?:dockerfile|containerfile)[-._](?:tests?|testing|dev|develop|development|e2e)\b"
    r"|(?:\A|/)(?:tests?|testing|dev|develop|development|e2e)\.(?:dockerfile|containerfile)\Z",
    re.I,
)
_TESTS = regex(r"\b(?:pytest|py\.test|unittest|tox|nox|nosetests)\b")
# Where stages are built by name beside compose files: pipelines, bake files.
_BUILDS = regex(r"(?:.*/)?(?:\.github/workflows/[^/]+\.ya?ml|\.gitlab-ci\.ya?ml|docker-bake\.(?:hcl|json)|Makefile)\Z")
_TARGET = regex(r"(?:^[ \t]*\"?target\"?[ \t]*[:=]|--target[ =])[ \t]*[\"']?([\w.-]+)", re.M)
LARGEST = 200_000


def shipped(dockerfile: Dockerfile, tree: Tree) -> str:
    """The name of the stage that is shipped, "" for the last one.

    It is the last one, unless that is for tests or development: then what compose, bake or CI build, else the stage
    that is called like a product, else the last one that is neither.
    """
    stages = dockerfile.stages
    if len(stages) < 2 or not _is_aside(stages[-1]):
        return ""
    others = [stage for stage in stages if stage.name and not _is_aside(stage) and _runs(dockerfile, stage)]
    named = _named(tree)
    for wanted in (lambda stage: stage.name in named, lambda stage: _PRODUCT.match(stage.name), lambda stage: True):
        if chosen := [stage for stage in others if wanted(stage)]:
            return chosen[-1].name
    return ""


def purpose_aside(path: str, final: Stage) -> str:
    """What an image is for that nobody serves with, in words; "" for one that serves.

    A folder or a name says it, or a command that runs tests.
    """
    if ".devcontainer" in path.split("/"):
        return "development"
    named = _FILE.search(path)
    if named or _ASIDE.match(final.name):
        word = (named[0] if named else final.name).lower()
        return "tests" if "test" in word or "e2e" in word else "development"
    starts = [entry.value for entry in final.instructions if entry.keyword in {"CMD", "ENTRYPOINT"}]
    return "tests" if any(_TESTS.search(text) for text in starts) else ""


def _is_aside(stage: Stage) -> bool:
    starts = [entry.value for entry in stage.instructions if entry.keyword in {"CMD", "ENTRYPOINT"}]
    return _ASIDE.match(stage.name) is not None or any(_TESTS.search(text) for text in starts)


def _runs(dockerfile: Dockerfile, stage: Stage) -> bool:
    """Whether a stage, or one that it stands on, says what a container of it runs."""
    seen: list[Stage] = []
    while stage not in seen:
        seen.append(stage)
        if stage.of("CMD", "ENTRYPOINT"):
            return True
        stage = dockerfile.stage_named(stage.base) or stage
    return False


def _named(tree: Tree) -> frozenset[str]:
    """The targets that are built by name, whatever Dockerfile they belong to."""
    texts = (tree.text(path) or "" for path in tree.files if _BUILDS.match(path))
    named = [name for text in texts if len(text) < LARGEST for name in _TARGET.findall(text)]
    paths = [path for path in tree.files if is_compose_file(posixpath.basename(path))]
    named += [shown(build.target) for _, build in builds(paths, "/context", tree.text)]
    return frozenset(map(str.lower, named))
