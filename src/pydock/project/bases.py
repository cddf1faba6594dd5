"""Base images of a file seen together: the exact tag that a floating one should become.

All stages on one Python minor version share a patch release and a codename unless somebody
wrote another; whatever pins a stage asks here, so that no two rules pull it different ways.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta

from pydock.dockerfile import Assignment, Stage
from pydock.edits import Edit
from pydock.images.tags import (
    PythonImage,
    judged_suites,
    known_suites,
    minors_of,
    newest_suite,
    parse,
    published,
    python_image,
    suites_of,
    suites_with,
    tagged,
    version_order,
)
from pydock.lines import Span
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.apt import apt_installs
from pydock.project.python import Wish, suite, wishes
from pydock.values import Value, once, replace
from pydock.words import Piece, expand, unquote, variables

_LAST_VARIABLE = regex(r"(.*)\$(?:(\w+)|\{(\w+)\})([^${}]*)\Z")
# Tags without a codename never meant wheezy where they have one with it.
_SUITES = tuple(name for name in known_suites() if name != "wheezy")
_ARCHIVE = regex(r"sources\.list|add-apt-repository|apt-key|keyrings|nodesource|packagecloud|\.deb\b")
GRACE = timedelta(days=365)
_VERSION = regex(r"\d+(\.\d+)*\Z")
_DRIVES_BUILDS = regex(
    r"(\.(ya?ml|sh|bash|hcl|mk|tf|json|toml|ps1|bat|just)|(\A|/)(Makefile|Jenkinsfile|justfile|\.env[\w.]*))\Z", re.I
)


class Target(Value):
    """The exact tag that a floating one should become.

    `refusing` are the files that ask for another Python than the tag means today, `missing` the
    packages that the codename the tag means today does not have; `is_known` is false for a
    release that is younger than the table.
    """

    tag: str
    suite: str
    refusing: tuple[Wish, ...] = ()
    missing: tuple[str, ...] = ()
    is_known: bool = True


@once
def roots(project: Project) -> tuple[tuple[Stage, PythonImage], ...]:
    """The stages that start from an official Python image, each with it."""
    bottom = [stage for stage in project.dockerfile.stages if len(project.lineage(stage)) == 1]
    return tuple((stage, image) for stage in bottom if (image := project.python_image(stage)))


@once
def target(project: Project, stage: Stage) -> Target | None:
    """The exact tag for a stage on an official Debian image of Python; None where the tables have none."""
    image = project.python_image(stage)
    if image is None or not image.is_debian:
        return None
    refusing: tuple[Wish, ...] = ()
    minor = image.minor
    if image.version.count(".") == 0:
        refusing = tuple(wish for wish in wishes(project.tree) if not wish.takes(minor))
        minor = _minor_wished(project, image) if refusing else minor
    codename = suite_for(project, image, minor) or (project.options.pin != "table" and newest_suite()) or ""
    found = released(project, image, minor, codename)
    missing = lacking(image.suite_meant, system_packages(project, stage)) if codename != image.suite_meant else ()
    if image.version.count(".") == 2:
        known = image.version in found
        if not known and (project.options.pin != "table" or not _is_younger(image, minor)):
            return None
        return Target(tagged(image.version, image.variant, codename), codename, refusing, missing, known)
    written = {entry.version for _, entry in roots(project) if entry.minor == minor and entry.version.count(".") == 2}
    shared = written & found if len(written) == 1 else set()
    patch = max(shared or found, key=version_order, default="")
    return Target(tagged(patch, image.variant, codename), codename, refusing, missing) if patch else None


def released(project: Project, image: PythonImage, minor: str, codename: str) -> frozenset[str]:
    """The patch releases to choose from: those of the table, or what the registry has where a person wants that."""
    if project.options.pin == "table":
        return published(minor, codename, image.variant)
    return project.registry.released(image, minor, codename)


def _minor_wished(project: Project, image: PythonImage) -> str:
    asked = wishes(project.tree)
    possible = minors_of(image.version or "3", image.suite)
    return next((minor for minor in possible if all(wish.takes(minor) for wish in asked)), "")


def _is_younger(image: PythonImage, minor: str) -> bool:
    """Whether a release came after the table was made; it is then on the newest codename."""
    newest = [patch for name in suites_of(minor) for patch in published(minor, name, image.variant)]
    return bool(newest) and version_order(image.version) > max(map(version_order, newest))


@once
def suite_for(project: Project, image: PythonImage, minor: str) -> str:
    """The codename for a stage: as written, as another stage wrote it, or what the tag floats to.

    Where apt-get asks for packages that this codename does not have, it is the newest that has them all.
    """
    if image.suite:
        return image.suite
    group = _group(project, image, minor)
    floating = [entry for _, entry in group if not entry.suite]
    possible = [name for name in _SUITES if all(_is_published(entry, minor, name) for entry in floating)]
    possible = possible or [name for name in _SUITES if _is_published(image, minor, name)]
    packages = {name for stage, entry in group if not entry.suite for name in system_packages(project, stage)}
    having = [name for name in possible if is_on_mirrors(project, name) and not lacking(name, packages)]
    meant = replace(image, version=image.version if image.version.count(".") else minor).suite_meant
    written = {entry.suite for _, entry in group if entry.suite}
    if len(written) == 1 and (shared := written & set(having or possible)):
        return shared.pop()
    if meant in possible and not lacking(meant, packages):
        return meant
    newest = having or possible
    return meant if meant in newest or not newest else newest[-1]


def meant(project: Project, stage: Stage) -> PythonImage | None:
    """The Python image of a stage with the codename that is settled for a tag that leaves it open.

    Whoever names a package of the system asks here, so that all names are those of one Debian release.
    """
    image = project.python_image(stage)
    if image is None or image.suite or not image.is_debian or not image.minor:
        return image
    return replace(image, suite=suite_for(project, image, image.minor))


def meant_reference(project: Project, stage: Stage) -> str | None:
    """The reference of a stage's base image; the codename is in the tag where it is not what that means today."""
    reference, image = project.reference(stage), meant(project, stage)
    plain = project.python_image(stage)
    if image is None or plain is None or image.suite in {"", plain.suite_meant}:
        return reference
    return f"{image.image.repository}:{tagged(image.version or image.minor, image.variant, image.suite)}"


def is_on_mirrors(project: Project, codename: str) -> bool:
    """Whether apt-get still finds a codename: its packages move to the archive about a year after its life."""
    life = suite(codename)
    return codename in judged_suites() and life is not None and life.end_of_lts + GRACE > project.options.today


def _group(project: Project, image: PythonImage, minor: str) -> list[tuple[Stage, PythonImage]]:
    """The stages of the file that have to agree: those on the same minor version."""
    found = [(stage, entry) for stage, entry in roots(project) if entry.is_debian and entry.minor == minor]
    return found or [(stage, entry) for stage, entry in roots(project) if entry == image]


def _is_published(image: PythonImage, minor: str, suite: str) -> bool:
    found = published(minor, suite, image.variant)
    return image.version in found if image.version.count(".") == 2 else bool(found)


@once
def system_packages(project: Project, root: Stage) -> frozenset[str]:
    """The packages that apt-get takes from Debian in the stages built on this one, itself included.

    None where other package archives are added, for any of them may come from there.
    """
    stages = [stage for stage in project.dockerfile.stages if root in project.lineage(stage)]
    if any(_ARCHIVE.search(project.dockerfile.slice(run.span)) for stage in stages for run in stage.of("RUN")):
        return frozenset()
    installs = [entry for stage in stages for entry in apt_installs(stage) if entry.step.command is not None]
    return frozenset(name for entry in installs for name in entry.names)


def lacking(suite: str, names: Iterable[str]) -> tuple[str, ...]:
    """The packages that a codename does not have while others do."""
    if suite not in judged_suites():
        return ()
    return tuple(sorted(name for name in names if (having := suites_with(name)) and suite not in having))


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
