"""The base image moves under the file.

`python:3.11` is another image after each patch release, and on another Debian after each
Debian release: builds that passed yesterday fail today because a package was renamed, and
nobody can say what is running. `python:latest` changes the interpreter as well.

The cure is the exact tag, `X.Y.Z-codename` or `X.Y.Z-slim-codename`, from a dated table of
the tags that were published: the same minor version, the same variant, and the codename that
the tag stands for today. Where apt-get asks for packages that this codename does not have, it
is the newest one that has them, for the build does not pass otherwise. A tag that the table
knows never to have been published is a finding as well. Safe: it is the image
that a build would take today. Unsafe where a file of the project asks for another Python than
`python:latest` brings, where that may mean a minor version that is younger than the table or the
table is older than a year, where another registry may lack the tag, or where somebody else passes
the argument that the tag is made of.

`pydock fix --pin registry` takes the newest patch release that the registry has instead of the
one in the table, `--pin digest` adds the digest that the registry tells, the tag stays beside it
for people. Both ask the registry itself, with the logins and mirrors that docker has on this machine,
and the container engine where it cannot be reached; what a registry does not tell is never written.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from pydock.data import day
from pydock.dockerfile import Stage
from pydock.images.tags import (
    Image,
    PythonImage,
    floating_suite,
    known_suites,
    latest_patch,
    never_published,
    parse,
    published,
    tagged,
    version_order,
)
from pydock.project import Project
from pydock.project.bases import Target, newer_release, target
from pydock.project.python import release
from pydock.project.retag import Retag, retagged
from pydock.rule import Example, Finding, Level, Rule
from pydock.text import Fix, Safety, Span, variables

EXAMPLES = (
    Example(before="FROM python:3.11\nCOPY . /app\n", after="FROM python:3.11.16-trixie\nCOPY . /app\n"),
    Example(
        before="FROM python:3.11-bookworm AS builder\nFROM python:3.11-slim\nCOPY --from=builder /opt/venv /opt/venv\n",
        after="FROM python:3.11.16-bookworm AS builder\nFROM python:3.11.16-slim-bookworm\n"
        "COPY --from=builder /opt/venv /opt/venv\n",
    ),
    Example(
        before="ARG PYTHON_VERSION=3.12\nFROM python:${PYTHON_VERSION}-slim\n",
        after="ARG PYTHON_VERSION=3.12.14\nFROM python:${PYTHON_VERSION}-slim-trixie\n",
    ),
    Example(
        before="FROM python:latest\n",
        after="FROM python:3.10.21-trixie\n",
        files={".python-version": "3.10\n"},
        allow=Safety.UNSAFE,
    ),
    Example(
        before="FROM python:3.11-slim\nRUN apt-get update && apt-get install -y libgl1-mesa-glx\n",
        after="FROM python:3.11.16-slim-bookworm\nRUN apt-get update && apt-get install -y libgl1-mesa-glx\n",
    ),
    Example(
        before="FROM python:3.11-slim\nRUN apt-get update && apt-get install -y libldap-2.5\n",
        after="FROM python:3.11.16-slim-bookworm\nRUN apt-get update && apt-get install -y libldap-2.5\n",
    ),
    Example(before="FROM python:3.11.7-slim-bookworm\n"),
    Example(before="FROM python:3.11-alpine\n", finds=True),
    Example(before="FROM python:3.8.5-slim-trixie\n", finds=True),
    Example(before="FROM python:3.99-slim\n", finds=True),
    Example(before="FROM nginx:latest\n", finds=True),
)

_TABLE = "python_images"
# A new Python comes every October (https://peps.python.org/pep-0602/), a new Debian every second year.
_OLD = timedelta(days=365)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        reference = project.reference(stage)
        if len(project.lineage(stage)) > 1 or not reference or _lacks_argument(reference):
            continue
        image = project.python_image(stage)
        if image is None:
            yield from _other_image(project, stage, reference)
        elif project.options.pin == "table" and image.is_of_hub and never_published(image):
            yield _unpublished(stage, image, reference)
        elif _floats(image):
            yield from _python_image(project, stage, image, reference)
        elif project.options.pin == "digest" and not image.image.digest:
            yield _undigested(project, stage, reference)


def _lacks_argument(reference: str) -> bool:
    """Whether an argument without a default has left a hole: `python:` or `python:-slim`."""
    return reference.endswith(":") or ":-" in reference


def _floats(image: PythonImage) -> bool:
    if image.image.digest:
        return False
    if image.variant.startswith("alpine"):
        return image.version.count(".") < 2 or image.image.tag.endswith("alpine")
    return not image.is_exact and not image.variant.startswith(("windows", "nanoserver"))


def _place(stage: Stage) -> Span:
    word = stage.start.words[0]
    return stage.start.place(word.start, word.end)


def _unpublished(stage: Stage, image: PythonImage, reference: str) -> Finding:
    suites = [name for name in known_suites() if published(image.minor, name, image.variant)]
    last = [tagged(latest_patch(image.minor, name), image.variant, name) for name in suites]
    return Finding(
        RULE,
        _place(stage),
        f"{reference} was never published",
        cost="the build fails wherever this tag is not made by hand",
        own_level=Level.ERROR,
        advice=f"Of Python {image.minor} there are {', '.join(last)}." if last else f"There is no such {image.minor}.",
    )


def _undigested(project: Project, stage: Stage, reference: str) -> Finding:
    image = parse(reference)
    tag = image.tag or "latest"
    digest = project.registry.digest(f"{image.repository}:{tag}")
    has_argument = bool(variables(stage.start.words[0].text))
    retag = retagged(project, stage, tag) if digest and not has_argument else None
    advice = "" if retag else _why_undigested(project, image, has_argument=has_argument)
    return Finding(
        RULE,
        _place(stage),
        f"{reference} names no digest",
        Fix(f"pin the base image to {digest[:19]}", Safety.SAFE, retag.edits, frozenset({"base"})) if retag else None,
        cost="its publisher can put another image under the tag",
        advice=advice,
    )


def _why_undigested(project: Project, image: Image, *, has_argument: bool) -> str:
    if has_argument:
        return "An argument is part of this FROM, and a digest beside it would win over what is passed."
    if why := project.registry.why_not(image.repository):
        return f"No digest could be had: {why}."
    if project.registry.digests:
        return f"The registry has no tag {image.tag or 'latest'} of {image.repository}."
    return "`pydock fix --pin digest` asks the registry for it."


def _other_image(project: Project, stage: Stage, reference: str) -> Iterator[Finding]:
    image = parse(reference)
    if image.digest or image.repository == "scratch":
        return
    if project.options.pin == "digest":
        yield _undigested(project, stage, reference)
        return
    if image.tag not in {"", "latest"}:
        return
    yield Finding(
        RULE,
        _place(stage),
        f"{reference} names no version",
        cost="the same Dockerfile gives another image whenever this one is published again",
        advice="Write the tag or the digest of the image that was tested.",
    )


def _python_image(project: Project, stage: Stage, image: PythonImage, reference: str) -> Iterator[Finding]:
    found = target(project, stage)
    if found is None and project.options.pin == "digest":
        yield _undigested(project, stage, reference)
        return
    if found is None and image.is_debian and image.version.count(".") == 2:
        # Older than codenames in tags: nobody publishes it again.
        return
    retag = retagged(project, stage, found.tag) if found else None
    yield Finding(
        RULE,
        _place(stage),
        f"{reference} is a floating tag: it names no {_lacking(image)}",
        _fix(project, image, found, retag) if found and retag else None,
        cost="the same Dockerfile gives another image after the next "
        + ("release of Python" if image.version.count(".") < 2 else "release of its distribution"),
        advice=_advice(project, stage, image, found, retag),
    )


def _lacking(image: PythonImage) -> str:
    counted = image.version.count(".")
    version = "" if counted == 2 else "patch release" if counted == 1 else "Python version"
    distribution = "" if image.suite else "distribution release"
    if image.variant.startswith("alpine") and not image.image.tag.endswith("alpine"):
        distribution = ""
    return " and no ".join(part for part in (version, distribution) if part) or "release"


def _fix(project: Project, image: PythonImage, found: Target, retag: Retag) -> Fix:
    doubts = [retag.doubt] if retag.doubt else []
    meant = f"{image.image} means Python {image.minor} today"
    doubts += [f"{meant}, but {wish.path} asks for {wish.text}" for wish in found.refusing]
    if (newer := newer_release(project, image)) and not found.refusing:
        doubts.append(
            f"Python {newer.minor} is out since {newer.released} and the table of tags does not have it yet, so "
            f"{image.image} may mean that today"
        )
    if not found.is_known:
        doubts.append(f"{image.version} is younger than the table of tags, so {found.tag} is a guess")
    if not image.is_of_hub and project.options.pin == "table":
        doubts.append(f"the registry of {image.image.repository} may not have the tag {found.tag}")
    is_chosen = project.options.pin == "table" and image.version.count(".") < 2
    if is_chosen and project.options.today - day(_TABLE) > _OLD:
        doubts.append(f"the table of tags is of {day(_TABLE)}, and a Python or Debian release may have come since then")
    notes = (*_notes(image, found, is_sure=newer is None), *(_since(found) if is_chosen else ()))
    title = f"pin the base image to {found.tag}{f' (tags of {day(_TABLE)})' if is_chosen else ''}"
    return Fix(title, Safety.UNSAFE if doubts else Safety.SAFE, retag.edits, frozenset({"base"}), tuple(doubts), notes)


def _since(found: Target) -> Iterator[str]:
    """What is known to be newer than the table of tags."""
    patch = found.tag.partition("-")[0]
    known = release(patch.rpartition(".")[0])
    is_last = patch == latest_patch(patch.rpartition(".")[0], found.suite)
    if known and is_last and version_order(known.latest) > version_order(patch):
        asking = "`--pin registry` or `pydock data --refresh` finds its tag"
        yield f"Python {known.latest} is out, which is not in the table of tags: {asking}"


def _notes(image: PythonImage, found: Target, *, is_sure: bool) -> tuple[str, ...]:
    notes = []
    if image.version.count(".") == 0 and not found.refusing and is_sure:
        notes.append(f"{image.image} means Python {image.minor} today; if the service is older, name its version")
    if found.missing:
        packages = ", ".join(found.missing)
        notes.append(f"{image.image} means {image.suite_meant} today, which has no {packages}; {found.suite} has")
    newest = latest_patch(image.minor, found.suite)
    if image.version.count(".") < 2 and not found.refusing and not found.tag.startswith(newest):
        notes.append(f"another stage is on {found.tag.partition('-')[0]}, so this one is too; {newest} is newer")
    return tuple(notes)


def _arguments(stage: Stage) -> frozenset[str]:
    """The arguments that a FROM is made of."""
    return frozenset(variables(stage.start.words[0].text))


def _advice(project: Project, stage: Stage, image: PythonImage, found: Target | None, retag: Retag | None) -> str:
    if found and retag:
        return ""
    if why := project.registry.why_not(image.image.repository):
        return f"No exact tag could be had: {why}."
    if found and (passed := [name for name, _ in project.options.arguments if name in _arguments(stage)]):
        return f"Pass what makes it {found.tag}: the build gives {', '.join(passed)}, so the default decides nothing."
    if found:
        return f"Write {found.tag}; the argument in this FROM is used elsewhere too, or is no plain version."
    if image.is_debian and project.options.pin == "registry":
        return f"The registry has no exact tag that {image.image} could stand for."
    if image.variant == "onbuild":
        return "The onbuild images are gone; write out what they did on an exact python image."
    if image.variant.startswith("alpine"):
        return "Write the patch release and the Alpine release: X.Y.Z-alpineX.Y."
    if not latest_patch(image.minor, floating_suite(image.minor)):
        version = image.minor or image.version
        return f"The table of tags knows no Python {version}; `pydock fix --pin registry` asks the registry."
    return "Write an exact tag, such as X.Y.Z-slim-codename."


RULE = Rule("PYD101", "floating-base-image", check, __doc__, EXAMPLES, same_as=("DL3006", "DL3007"))
