"""The folder with metadata that setuptools leaves beside the source of an editable install without pyproject.toml.

NAME.egg-info lies where the packages are: in the folder of setup.py, or in the one that `package_dir` names for them
(https://setuptools.pypa.io/en/latest/deprecated/python_eggs.html, read 2026-11).
"""

from __future__ import annotations

import configparser
import posixpath
from collections.abc import Callable, Mapping

from pydock.packages.setup_script import argument
from pydock.patterns import regex

_NOT_IN_NAMES = regex(r"[^A-Za-z0-9.]+")


def egg_info(folder: str, text_of: Callable[[str], str | None]) -> str | None:
    """The absolute path of the folder, None where only running setup.py tells it."""
    script = text_of(posixpath.join(folder, "setup.py"))
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(text_of(posixpath.join(folder, "setup.cfg")) or "")
        name = parser.get("metadata", "name", fallback=None) or argument(script or "setup()", "name")
        places = argument(script or "setup()", "package_dir") or _table(
            parser.get("options", "package_dir", fallback="")
        )
    except (ValueError, configparser.Error):
        return None
    place = places.get("", ".") if isinstance(places, Mapping) else None
    if not isinstance(name, str) or not isinstance(place, str):
        return None
    written = _NOT_IN_NAMES.sub("_", name)
    return posixpath.normpath(posixpath.join(folder, place, f"{written}.egg-info"))


def _table(text: str) -> dict[str, str]:
    """`package_dir` of setup.cfg: one `package = folder` a line, without a name for all packages."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name.strip(): folder.strip() for name, _, folder in pairs}
