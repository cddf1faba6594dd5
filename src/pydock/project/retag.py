"""How a FROM comes to name another tag: the word itself, or the default of the argument in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.dockerfile import Assignment, Stage
from pydock.images.tags import parse, published, python_image
from pydock.patterns import regex
from pydock.project import Project
from pydock.text import Edit, Piece, Span, expand, unquote, variables
from pydock.values import Value

_LAST_VARIABLE = regex(r"(.*)\$(?:(\w+)|\{(\w+)\})([^${}]*)\Z")
_VERSION = regex(r"\d+(\.\d+)*\Z")
_DRIVES_BUILDS = regex(
    r"(\.(ya?ml|sh|bash|hcl|mk|tf|json|toml|ps1|bat|just)|(\A|/)(Makefile|Jenkinsfile|justfile|\.env[\w.]*))\Z", re.I
)


class Retag(Value):
    """Edits that make a FROM name another tag; `doubt` says who may still pass another one."""

    edits: tuple[Edit, ...]
    doubt: str = ""


def retagged(project: Project, stage: Stage, tag: str) -> Retag | None:
    """How a FROM comes to name another tag of the same image; None where an argument stands in the way.

    A digest that the registry told for the new tag comes with it where a person wants digests. Beside an
    argument there is none: it would win over every other version that is passed.
    """
    word = stage.start.words[0]
    span = stage.start.place(word.start, word.end)
    if project.dockerfile.slice(span) != word.text or unquote(word.text) != word.text:
        return None
    if not variables(word.text):
        repository = parse(word.text).repository
        found = project.registry.digest(f"{repository}:{tag}") if project.options.pin == "digest" else ""
        digest = f"@{found}" if found else ""
        return Retag((Edit(project.path, Span(span.start + len(repository), span.end), f":{tag}{digest}"),))
    return _with_argument(project, word, span, tag)


def _with_argument(project: Project, word: Piece, span: Span, tag: str) -> Retag | None:
    held = _held(project, word)
    if held is None:
        return None
    repository = parse(held.before + held.default + held.after).repository
    wanted = f"{repository}:{tag}"
    if not wanted.startswith(held.before):
        return None
    if not held.after and {other.text for other in _users(project, held.name)} == {word.text}:
        return Retag((Edit(project.path, held.span, wanted.removeprefix(held.before)),))
    patch, dash, suffix = tag.partition("-")
    prefix, _, version = held.default.rpartition(":")
    prefix = f"{prefix}:" if prefix else ""
    if f"{held.before}{prefix}" != f"{repository}:" or not _VERSION.match(version):
        return None
    if not _fits_others(project, held.name, word, prefix, patch):
        return None
    edits = []
    if version != patch:
        edits.append(Edit(project.path, held.span, prefix + patch))
    if held.after != dash + suffix:
        edits.append(Edit(project.path, Span(span.end - len(held.after), span.end), dash + suffix))
    return Retag(tuple(edits), _who_passes(project, held.name, f"a version that has no -{suffix} image"))


class Held(Value):
    """The last argument that a FROM is made of, the only one with a say in the tag.

    `before` and `after` are what the FROM writes around it, other arguments put in; `default` is
    its value and `span` the place of that.
    """

    name: str
    before: str
    default: str
    after: str
    span: Span


def _held(project: Project, word: Piece) -> Held | None:
    """None where the argument is given by who builds, has no plain default, or makes anything but images."""
    match = _LAST_VARIABLE.match(word.text)
    name = match and (match[2] or match[3])
    default = name and _only_default(project, name)
    if not match or not name or not default or default.value is None or name in dict(project.dockerfile.given):
        return None
    before = expand(match[1], project.dockerfile.global_arguments)
    if before is None or (before != match[1] and not before.endswith(":")):
        return None
    span = _value_span(project, default)
    return Held(name, before, default.value, match[4], span) if span else None


class Parted(Value):
    """An argument that comes to hold the version alone, and the distribution that FROM writes instead.

    `default` is the edit of the argument; `doubt` says who may still pass a whole tag.
    """

    name: str
    default: Edit
    doubt: str


def parted(project: Project, stage: Stage, suite: str) -> Parted | None:
    """How an argument that holds the end of a tag, distribution included, leaves the distribution to FROM."""
    held = _held(project, stage.start.words[0])
    if held is None or held.after or not suite or not held.default.endswith(f"-{suite}"):
        return None
    version = held.default.removesuffix(f"-{suite}")
    who = _who_passes(project, held.name, "a distribution, which FROM names now")
    return Parted(held.name, Edit(project.path, held.span, version), who)


def _users(project: Project, name: str) -> list[Piece]:
    return [
        stage.start.words[0]
        for stage in project.dockerfile.stages
        if stage.start.words and name in variables(stage.start.words[0].text)
    ]


def _only_default(project: Project, name: str) -> Assignment | None:
    """The one default of an argument that nothing but the images of FROM uses."""
    declared = []
    for entry in project.dockerfile.instructions:
        if entry.keyword == "ARG":
            declared += [each for each in entry.assignments if each.name == name]
        elif entry.keyword != "FROM" and re.search(rf"\${{?{name}\b", project.dockerfile.slice(entry.span)):
            return None
        uses = [word.text for word in entry.words[1 if entry.keyword == "FROM" else 0 :]]
        if any(name in variables(text) for text in (*uses, *(flag.value for flag in entry.flags))):
            return None
    return declared[0] if len(declared) == 1 and declared[0].value else None


def _value_span(project: Project, default: Assignment) -> Span | None:
    """Where the value of `NAME=value` stands, without its quotes."""
    text = project.dockerfile.slice(default.span)
    for quote in ("", '"', "'"):
        head = f"{default.name}={quote}"
        if text == f"{head}{default.value}{quote}" and default.value and "$" not in default.value:
            start = default.span.start + len(head)
            return Span(start, start + len(default.value))
    return None


def _fits_others(project: Project, name: str, word: Piece, prefix: str, patch: str) -> bool:
    """Whether the other images that use the argument exist with this patch release too."""
    values = {**project.dockerfile.global_arguments, name: prefix + patch}
    for other in _users(project, name):
        if other is word:
            continue
        image = python_image(expand(other.text, values) or "")
        if image is None or not image.is_debian or image.version != patch:
            return False
        if patch not in published(image.minor, image.suite_meant, image.variant):
            return False
    return True


def _who_passes(project: Project, name: str, what: str) -> str:
    found = next((path for path, text in build_files(project) if re.search(rf"\b{name}\b", text)), None)
    return f"{found} names {name} and may pass {what}" if found else ""


def build_files(project: Project) -> Iterator[tuple[str, str]]:
    """The files of the context that may call the builder: compose, CI, make and shell files."""
    for path in project.tree.files:
        if _DRIVES_BUILDS.search(path) and (text := project.tree.text(path)) is not None:
            yield path, text
