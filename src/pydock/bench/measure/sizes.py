"""How large an image is, and what makes it so."""

from __future__ import annotations

import heapq
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from pydock.bench.measure.layers import Contents
from pydock.patterns import regex
from pydock.project.secrets import mask
from pydock.values import Value

MOST_LISTED = 10
_DEEPEST = 7

# The first that matches a path, or the Debian package it belongs to, is its cause.
_BY_PATH = (
    ("pip and uv cache", regex(r"(?:\A|/)\.cache/(?:pip|uv|pypoetry|pipenv)/|\Aroot/\.local/share/uv/")),
    ("apt lists", regex(r"\Avar/lib/apt/lists/|\Avar/cache/(?:apt|debconf)/|\A(?:var/cache|etc)/apk/cache/")),
    ("docs", regex(r"\Ausr/(?:local/)?share/(?:doc|man|info|locale|gtk-doc|help)/")),
    ("bytecode", regex(r"\.py[co]\Z")),
)
_BY_PACKAGE = (
    (
        "compilers and headers",
        regex(
            r"(?:gcc|g\+\+|cpp|binutils|libgcc-\d+-dev|libstdc\+\+|lib(?:a|t|l|ub)san|libcc1|libisl|libmpc|libmpfr"
            r"|make|dpkg-dev|build-essential|autoconf|automake|autotools|libtool|m4|patch|pkgconf|pkg-config|clang|llvm"
            r"|rustc|cargo|cmake|ninja)|.*-dev\Z|.*-dev-bin\Z|libc-dev|linux-libc"
        ),
    ),
    ("version control", regex(r"git\b|mercurial|subversion|libsvn|breezy|bzr|openssh-client")),
)
_COMPILERS = regex(r"\Ausr/(?:include|libexec/gcc|lib/gcc)/|\Ausr/lib/.*\.a\Z")
_PACKAGES = regex(r"/(?:site|dist)-packages/|\Aopt/venv/|/(?:\.venv|venv)/")
_PYTHON = regex(r"\Ausr/(?:local/)?(?:lib|include|bin|share)/(?:lib)?python[\d.]*|\Ausr/local/lib/libpython")
HIDDEN = "deleted or overwritten in a later layer"


class Weight(Value):
    """The size of an image in bytes; the listed are the ten largest, `causes` cover all of it.

    `compressed` is what a push to an empty registry sends. `instructions` are (what made the
    layer, bytes), the oldest first.
    """

    size: int
    compressed: int
    layers: int
    instructions: tuple[tuple[str, int], ...]
    folders: tuple[tuple[str, int], ...]
    packages: tuple[tuple[str, int], ...]
    causes: Mapping[str, int]


def weighed(contents: Contents, size: int, history: Iterable[Mapping[str, Any]]) -> Weight:
    """The weight of an image from what is in it, its size and its history as the engine tells them."""
    made = [(_instruction(str(entry.get("CreatedBy") or "")), int(entry.get("Size") or 0)) for entry in history]
    packages: Counter[str] = Counter()
    for path, owner in contents.owners.items():
        packages[owner] += contents.files[path]
    return Weight(
        size,
        contents.compressed,
        len(contents.layers),
        tuple(reversed(made)),
        largest_folders(contents.files),
        tuple(packages.most_common(MOST_LISTED)),
        causes(contents),
    )


def causes(contents: Contents) -> dict[str, int]:
    """Bytes by what they are there for."""
    found: Counter[str] = Counter()
    for path, size in contents.files.items():
        found[_cause(path, contents.owners.get(path, ""))] += size
    found[HIDDEN] += contents.hidden
    return {cause: size for cause, size in found.most_common() if size}


def differences(before: Weight, after: Weight) -> tuple[tuple[str, int], ...]:
    """By cause, what the second has more than the first (negative: less), the largest change first."""
    names = dict.fromkeys((*before.causes, *after.causes))
    changes = ((name, after.causes.get(name, 0) - before.causes.get(name, 0)) for name in names)
    return tuple(sorted((entry for entry in changes if entry[1]), key=lambda entry: -abs(entry[1])))


def largest_folders(files: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    """The folders that hold the most, none inside another: large ones are opened until ten are known."""
    sizes: Counter[str] = Counter()
    children: dict[str, set[str]] = {}
    for path, size in files.items():
        folder = path
        while folder:
            child, folder = folder, folder.rpartition("/")[0]
            sizes[folder] += size
            if child != path:
                children.setdefault(folder, set()).add(child)
    heap = [(-sizes[""], "")]
    done: list[tuple[int, str]] = []
    while heap and len(heap) + len(done) < 3 * MOST_LISTED:
        size, folder = heapq.heappop(heap)
        inside = children.get(folder, set())
        own = -size - sum(sizes[child] for child in inside)
        if not inside or folder.count("/") >= _DEEPEST or re.search(r"(?:site|dist)-packages/", folder):
            done.append((size, folder))
            continue
        if own:
            done.append((-own, f"{folder}/*"))
        for child in inside:
            heapq.heappush(heap, (-sizes[child], child))
    ordered = sorted((*heap, *done))[:MOST_LISTED]
    return tuple((f"/{folder.lstrip('/')}", -size) for size, folder in ordered if size)


def _cause(path: str, owner: str) -> str:
    for cause, pattern in _BY_PATH:
        if pattern.search(path):
            return cause
    kind, _, package = owner.partition(" ")
    if kind == "debian":
        return next((cause for cause, pattern in _BY_PACKAGE if pattern.match(package)), "system packages")
    if kind == "python" or _PACKAGES.search(path):
        return "Python packages"
    if _PYTHON.search(path):
        return "Python itself"
    if _COMPILERS.search(path):
        return "compilers and headers"
    if path.startswith(("usr/", "lib", "bin/", "sbin/", "etc/", "var/")):
        return "other system files"
    return "application and other files"


def _instruction(created: str) -> str:
    """What made a layer, as a Dockerfile would say it."""
    text = re.sub(r"\A(?:\|\d+ .*?)?/bin/sh -c (?:#\(nop\)\s*)?", "", created).removesuffix("# buildkit").strip()
    text = re.sub(r"\ARUN /bin/sh -c ", "RUN ", re.sub(r"\ARUN \|\d+ .*?/bin/sh -c ", "RUN ", text))
    return mask(" ".join(text.split()))
