"""Image references: what `FROM python:3.11-slim` names, and which exact tags there are.

Tags come from `data/python_images.csv` and `data/python_image_patches.csv`, made from the
history of the official image's own list, so no tag is ever made up.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from pydock.data import rows, rows_of
from pydock.patterns import regex
from pydock.values import Value

# The official image by all its names, read 2026-11: that of an architecture (README of docker-library/official-images),
# and those of mirrors, which keep `library/python` or say that they are one of Docker Hub: caches of ECR, Artifact
# Registry, Harbor and Artifactory, GitLab's dependency proxy.
_HUBS = (
    *("python", "library/python", "docker.io/", "index.docker.io/", "public.ecr.aws/docker/", "mirror.gcr.io/"),
    *("amd64/", "arm64v8/", "arm32v5/", "arm32v6/", "arm32v7/", "i386/", "ppc64le/", "s390x/", "riscv64/"),
)
_HOST = r"(?:[^/]+[.:][^/]*|localhost)/"
_PYTHON = regex(
    r"(?:(?:(?:index\.)?docker\.io|public\.ecr\.aws/docker|mirror\.gcr\.io)/)?(?:library/)?python\Z"
    r"|(?:docker\.io/)?(?:amd64|arm64v8|arm32v[567]|i386|ppc64le|s390x|riscv64)/python\Z"
    rf"|{_HOST}(?:[^/]+/)*library/python\Z"
    rf"|(?:{_HOST})?(?:[^/]+/)*(?:docker-?hub|docker-?io|docker\.io|dependency_proxy/containers)[\w.-]*/python\Z"
)
_TAG = regex(
    r"(?P<version>\d+(?:\.\d+){0,2})?(?P<rc>(?:a|b|rc)\d+)?"
    r"(?:(?:\A|-)(?P<slim>slim))?(?:(?:\A|-)(?P<suite>[a-z]+))?(?P<rest>[-\d.].*)?\Z",
    re.DOTALL,  # an argument may hold anything
)

# The first patch releases with a codename in their tag, of 2017, have none for slim.
_BEFORE_SLIM = frozenset({"2.7.13", "3.4.6", "3.5.3", "3.6.2"})
# Published for stretch too, but without a codename they meant jessie.
_MEANT_JESSIE = frozenset({"2.7.13", "2.7.14", "3.3.6", "3.3.7", "3.6.2", "3.6.3", "3.6.4"})


class Image(Value):
    """A reference taken apart; empty parts were not written."""

    repository: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.repository}{tag}{'@' + self.digest if self.digest else ''}"


def parse(reference: str) -> Image:
    """A reference such as `registry:5000/team/python:3.11@sha256:...`."""
    rest, _, digest = reference.partition("@")
    head, colon, tag = rest.rpartition(":")
    if not colon or "/" in tag:
        return Image(rest, "", digest)
    return Image(head, tag, digest)


class PythonImage(Value):
    """An official Python image.

    `version` is as exact as the tag is ("", "3", "3.11", "3.11.7"); `variant` is "" for the
    full image, "slim", "alpine" or another word; `suite` the Debian codename where written.
    """

    image: Image
    version: str
    variant: str
    suite: str

    @property
    def is_of_hub(self) -> bool:
        """Whether it comes from where every tag of the official image is, not from a mirror that may lack some."""
        return self.image.repository.startswith(_HUBS)

    @property
    def minor(self) -> str:
        """X.Y of the interpreter inside; for a floating tag what it means by the table."""
        parts = self.version.split(".")
        if len(parts) >= 2:
            return ".".join(parts[:2])
        return newest_minor(parts[0] or "3", self.suite if self.is_debian else "")

    @property
    def patch(self) -> str:
        """X.Y.Z of the interpreter inside, for a floating tag what it means by the table; "" where that has none."""
        return self.version if self.version.count(".") == 2 else latest_patch(self.minor, self.suite_meant)

    @property
    def is_exact(self) -> bool:
        """Whether patch release and distribution are both written."""
        return bool(self.image.digest) or (self.version.count(".") == 2 and bool(self.suite))

    @property
    def is_debian(self) -> bool:
        return self.variant in {"", "slim"}

    @property
    def suite_meant(self) -> str:
        """The Debian codename inside: as written, else what the tag floats to by the table.

        An exact patch release meant the newest suite that it was published for.
        """
        if self.suite:
            return self.suite
        if self.version in _MEANT_JESSIE:
            return "jessie"
        floating = floating_suite(self.minor)
        if self.version.count(".") == 2:
            suites = [name for name in suites_of(self.minor) if self.version in patches(self.minor, name)]
            if suites:
                return floating if floating in suites else suites[-1]
            newest = latest_patch(self.minor, floating) or self.version
            # Before codenames were part of tags nothing says what was inside.
            return floating if version_order(self.version) > version_order(newest) else ""
        return floating


@lru_cache(maxsize=1024)
def python_image(reference: str) -> PythonImage | None:
    """The official Python image that a reference names, or None for any other image."""
    image = parse(reference)
    if not _PYTHON.match(image.repository):
        return None
    tag = "" if image.tag == "latest" else image.tag
    match = _TAG.match(tag)
    if not match or (match["rest"] and not (match["suite"] or "").startswith(("alpine", "windows"))):
        return PythonImage(image, "", "unknown", "")
    suite = match["suite"] or ""
    if suite.startswith(("alpine", "windows", "onbuild", "nanoserver")):
        return PythonImage(image, match["version"] or "", suite, "")
    if (suite and suite not in known_suites()) or match["rc"]:
        return PythonImage(image, match["version"] or "", "unknown", suite)
    return PythonImage(image, match["version"] or "", match["slim"] or "", suite)


@cache
def known_suites() -> tuple[str, ...]:
    """Debian codenames, oldest first."""
    return tuple(row["codename"] for row in rows("debian_releases"))


def newest_suite() -> str:
    """The Debian release that images of a Python younger than the table are most likely built on."""
    return known_suites()[-1]


@cache
def newest_minor(major: str, suite: str = "") -> str:
    """The newest minor of a major version that has a released official image, for a codename where one is given."""
    return next(iter(minors_of(major, suite)), "")


@cache
def minors_of(major: str, suite: str = "") -> tuple[str, ...]:
    """Every minor of a major version with a released official image, newest first."""
    found = {row["minor"] for row in rows("python_images") if not suite or row["suite"] == suite}
    return tuple(sorted((minor for minor in found if minor.split(".")[0] == major), key=version_order, reverse=True))


@cache
def suites_of(minor: str) -> tuple[str, ...]:
    """The Debian codenames with a slim image of this minor version, oldest first."""
    found = {row["suite"] for row in rows_of("python_images", minor) if row["slim"] == "yes"}
    return tuple(suite for suite in known_suites() if suite in found)


@cache
def floating_suite(minor: str) -> str:
    """The codename that `python:X.Y` means by the table, "" for an unknown version."""
    floating = [row["suite"] for row in rows_of("python_images", minor) if row["floating"] == "yes"]
    return floating[0] if floating else ""


@cache
def latest_patch(minor: str, suite: str) -> str:
    """The last X.Y.Z published for a suite, "" where there is none."""
    found = [row["patch"] for row in rows_of("python_images", minor) if row["suite"] == suite]
    return found[0] if found else ""


@cache
def patches(minor: str, suite: str) -> frozenset[str]:
    """Every X.Y.Z that was published for a suite."""
    listed = [row["patches"].split() for row in rows_of("python_image_patches", minor) if row["suite"] == suite]
    return frozenset(listed[0] if listed else ())


@cache
def published(minor: str, suite: str, variant: str) -> frozenset[str]:
    """Every X.Y.Z for which `X.Y.Z-suite`, or `X.Y.Z-slim-suite`, is a tag."""
    found = patches(minor, suite)
    if variant != "slim":
        return found
    return found - _BEFORE_SLIM if suite in suites_of(minor) else frozenset()


def never_published(image: PythonImage) -> bool:
    """Whether the table knows that a tag with a codename is none: a release older than its newest one, or a minor.

    What is younger than the table may exist.
    """
    if not image.suite or not image.is_debian or image.version.count(".") == 0:
        return False
    known = {patch for name in known_suites() for patch in patches(image.minor, name)}
    if not known:
        return False
    if image.version.count(".") == 1:
        return not published(image.minor, image.suite, image.variant)
    is_covered = min(map(version_order, known)) <= version_order(image.version) <= max(map(version_order, known))
    return is_covered and image.version not in published(image.minor, image.suite, image.variant)


@cache
def suites_with(package: str) -> frozenset[str]:
    """The Debian codenames that have a package of this name, as far as the table tells.

    Empty for names that are in all of them or in none. apt takes a name that it does not have for a
    pattern if it holds one of `.?*` (apt-get(8)): `libldap-2.5` finds libldap-2.5-0.
    """
    found = rows_of("suite_package_names", package)
    if not found and "." in package:
        begin = re.compile(re.escape(package).replace(r"\.", "."))
        found = tuple(row for row in rows("suite_package_names") if begin.match(row["package"]))
    return frozenset(suite for row in found for suite in row["suites"].split())


@cache
def judged_suites() -> frozenset[str]:
    """The codenames whose packages the table knows."""
    return frozenset(suite for row in rows("suite_package_names") for suite in row["suites"].split())


def debian_suite(reference: str) -> str:
    """The codename in a reference to a Debian or Debian-based official image, "" where none is written."""
    if image := python_image(reference):
        return image.suite_meant if image.is_debian else ""
    plain = parse(reference)
    if plain.repository.rpartition("/")[2] not in {"debian", "buildpack-deps"}:
        return ""
    word = plain.tag.split("-", 1)[0]
    numbers = {row["number"]: row["codename"] for row in rows("debian_releases")}
    return word if word in known_suites() else numbers.get(word.split(".")[0], "")


def tagged(version: str, variant: str, suite: str) -> str:
    """The tag of a Python image: 3.11.7-slim-bookworm."""
    return "-".join(part for part in (version, variant, suite) if part)


def release_number(patch: str) -> int:
    """The Z of X.Y.Z."""
    return version_order(patch)[2]


def version_order(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def slim_tag(reference: str, suite: str) -> str:
    """A full image's reference as written, with `slim` put in: `python:${V}-bookworm` and `${IMAGE}` too."""
    head, colon, tag = reference.rpartition(":")
    if not colon or "/" in tag:
        return f"{reference}-slim" if "$" in reference.rpartition("/")[2] else f"{reference}:slim"
    if tag in {"latest", suite}:
        return f"{head}:slim" if tag == "latest" else f"{head}:slim-{suite}"
    if suite and tag.endswith(f"-{suite}"):
        return f"{head}:{tag.removesuffix(f'-{suite}')}-slim-{suite}"
    return f"{head}:{tag}-slim"
