"""The files of the project ask for another Python than the image has.

A project says in several places which interpreter it is for: `requires-python`, `.python-version`,
`runtime.txt`, Pipfile, Poetry's `python`, lock files, tox. Where the image has another one, pip
refuses to install the project, uv brings an interpreter of its own that a non-root user cannot
read, a lock resolves to other versions, or the service simply runs on what nobody tested. Files
that contradict each other cannot both be followed by any image.

No fix: only a person knows which of the two is right. The advice names the versions that all
files agree on. Source that the image's Python cannot read, such as that of Python 2, is said here,
too. A tag without a minor version is PYD101's, a version without support PYD102's, and
stages that differ among themselves PYD105's business.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from pydock.dockerfile import Stage
from pydock.images.tags import PythonImage, minors_of, version_order
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.python import Wish, tested, unreadable_wishes, wishes
from pydock.rule import Example, Finding, Rule
from pydock.service.code.removals import refused_sources, why_unreadable
from pydock.text import Span

EXAMPLES = (
    Example(
        before="FROM python:3.9.25-slim-trixie\n",
        files={"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.11"\n'},
        finds=True,
    ),
    Example(
        before="FROM python:3.12.14-slim-trixie\n",
        files={".python-version": "3.11\n", "runtime.txt": "python-3.12.8\n"},
        finds=True,
    ),
    Example(before="FROM python:3.12.14-slim-trixie\n", files={"tox.ini": "[tox]\nenvlist = py{38,39}\n"}, finds=True),
    Example(before="FROM python:3.12.14-slim-trixie\n", files={".python-version": "three\n"}, finds=True),
    Example(
        before="FROM python:3.12.14-slim-trixie\nCOPY app.py ./\n", files={"app.py": "print 'hello'\n"}, finds=True
    ),
    Example(before="FROM python:2.7.18-slim-buster\nCOPY app.py ./\n", files={"app.py": "print 'hello'\n"}),
    Example(
        before="FROM python:3.12.14-slim-trixie\n",
        files={".python-version": "3.12.1\n", "pyproject.toml": '[project]\nrequires-python = ">=3.10"\n'},
    ),
    Example(before="FROM python:3.12.14-slim-trixie\n", files={"tox.ini": "[tox]\nenvlist = py3{11,12}, lint\n"}),
)

_SAYS_WHICH = (".python-version", "runtime.txt")
_USES_UV = regex(r"\buv\s+(?:sync|run|venv|pip)\b")


def check(project: Project) -> Iterator[Finding]:
    for path, text in unreadable_wishes(project.tree):
        yield _finding(
            project.final,
            f"{path} holds {text!r}, which names no version of Python",
            "uv and hosting platforms stop at it, pyenv takes it for the name of an environment",
            "Write X.Y, the version of the image.",
        )
    image = project.python_image(project.final)
    if image is None or image.version.count(".") == 0 or image.image.digest:
        return
    yield from _unreadable(project, image)
    asked = wishes(project.tree)
    others = [wish for wish in asked if not wish.takes(image.minor)]
    if others:
        yield _finding(
            project.final,
            f"{' and '.join(map(_said, others))}, and the image has {image.minor}",
            _cost(project, others),
            _advice(image, asked),
        )
    elif not asked and (message := _untested(project, image)):
        cost = "the service runs on a version that its tests never see"
        yield _finding(project.final, message, cost, "Test on the version that runs, or run one that is tested.")


def _unreadable(project: Project, image: PythonImage) -> Iterator[Finding]:
    """Source that no Python up to the image's own reads, or that is plainly written for Python 2.

    Anything else that is newer than the grammar of this process proves nothing.
    """
    is_older = version_order(image.minor) <= sys.version_info[:2]
    found = [(path, *why_unreadable(project.tree.text(path) or "")) for path in refused_sources(project)]
    refused = [each for each in found if is_older or each[2].startswith("Missing parentheses in call to")]
    if not refused or version_order(image.minor) < (3,):
        return
    path, line, why = refused[0]
    more = f", and {len(refused) - 1} more files like it" if refused[1:] else ""
    yield _finding(
        project.final,
        f"{path}:{line} is no Python {image.minor} ({why}){more}",
        "whatever loads it stops with SyntaxError, and what it does is not known to pydock",
        "Rewrite it for Python 3, or leave it out of the image.",
    )


def _finding(stage: Stage, message: str, cost: str, advice: str) -> Finding:
    return Finding(RULE, _place(stage), message, cost=cost, advice=advice)


def _place(stage: Stage) -> Span:
    word = stage.start.words[0]
    return stage.start.place(word.start, word.end)


def _said(wish: Wish) -> str:
    return f"{wish.path} {'says' if wish.path in _SAYS_WHICH else 'asks for'} Python {wish.text}"


def _cost(project: Project, others: list[Wish]) -> str:
    if any(wish.path == ".python-version" for wish in others) and _USES_UV.search(project.dockerfile.text):
        return "uv downloads an interpreter of its own into the image, where another user may not read it"
    if all(wish.path in _SAYS_WHICH for wish in others):
        return "what was developed on one version runs on another"
    return "installers refuse the project or resolve it for another version than the one that runs"


def _advice(image: PythonImage, asked: tuple[Wish, ...]) -> str:
    """The minor versions that all the files take."""
    possible = [minor for minor in minors_of("3") if all(wish.takes(minor) for wish in asked)]
    if possible:
        return f"All files agree on {' or '.join(possible[:3])}; make the tag say so, or change the file that is wrong."
    if len(asked) == 1:
        return f"{asked[0].path} takes no version that has an official image; change it, or keep {image.minor}."
    return f"No version suits {', '.join(wish.path for wish in asked)} at once; one of them is wrong."


def _untested(project: Project, image: PythonImage) -> str:
    """What tox or the classifiers say; newer versions than the classifiers list are common and fine."""
    for entry in tested(project.tree):
        is_listed = image.minor in entry.minors
        is_newer = int(image.minor.partition(".")[2]) > int(entry.minors[-1].partition(".")[2])
        if not is_listed and (entry.path == "tox.ini" or not is_newer):
            verb = "tests on" if entry.path == "tox.ini" else "lists"
            return f"{entry.path} {verb} Python {', '.join(entry.minors)}, and the image has {image.minor}"
    return ""


RULE = Rule("PYD109", "other-python", check, __doc__, EXAMPLES)
