"""Where the results of a migration go: a folder of its own, which no project has brought and no image takes along."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path

from pydock.context import Tree
from pydock.errors import OptionError, UnwritableError
from pydock.files import kind, own_folder, top
from pydock.migrate.find.services import Found
from pydock.patterns import regex

_FOLDER = "migrations"
# A project names itself, and the name is shown and typed.
_ODD = regex(r"[^\w.-]+")


def usual(roots: Sequence[str]) -> Path:
    """The folder where none is named: one of the user's own for these roots, the same from wherever it is asked.

    Raises UnwritableError where there is no place for it.
    """
    real = sorted(os.path.realpath(root) for root in roots)
    told = hashlib.sha256("\0".join(real).encode("utf-8", "surrogateescape")).hexdigest()[:12]
    name = _ODD.sub("-", Path(real[0]).name) or "root"
    return Path(own_folder(_FOLDER, map(top, roots)), f"{name}-{told}")


def refuse_unfit(out: Path, roots: Sequence[str], found: Found) -> None:
    """Raise where results would land elsewhere than the name says, or in an image.

    Links above the current folder and the roots are the system's and the user's, those below may be anybody's.
    """
    out = Path(os.path.normpath(out.absolute()))
    within = [Path.cwd(), *(Path(root).absolute() for root in roots), *(Path(top(root)) for root in roots)]
    for part in (out, *out.parents):
        is_judged = part == out or any(folder in part.parents for folder in within)
        if is_judged and part.is_symlink():
            raise UnwritableError(f"{part}: a symbolic link", "--out names a folder, and no part of it is a link")
    if out.exists() and not out.is_dir():
        raise UnwritableError(f"{out}: {kind(out.stat().st_mode)}, not a folder", "--out names a folder")
    real = Path(os.path.realpath(out))
    for service in found.services:
        context = Path(os.path.realpath(service.root))
        if context in (real, *real.parents) and not _is_hidden(context, real):
            why = f"--out {out}: in the build context of {service.name}, whose image would take the results along"
            raise OptionError(why, "name a folder outside of it, or one that its .dockerignore names")


def _is_hidden(context: Path, out: Path) -> bool:
    inside = out.relative_to(context).as_posix()
    return inside != "." and Tree(context).ignore.hides(inside)
