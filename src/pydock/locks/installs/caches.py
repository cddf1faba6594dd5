"""Where installers keep their downloads, and which of those folders a cache mount keeps out of the layer.

Folders: https://pip.pypa.io/en/stable/topics/caching/, https://docs.astral.sh/uv/concepts/cache/,
https://python-poetry.org/docs/configuration/#cache-dir, read 2026-11.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from pydock.dockerfile import Instruction, mounts
from pydock.state import is_root
from pydock.text import expand

_VARIABLES = {"pip": "PIP_CACHE_DIR", "uv": "UV_CACHE_DIR", "poetry": "POETRY_CACHE_DIR", "pipenv": "PIPENV_CACHE_DIR"}
_NAMES = {"pip": "pip", "uv": "uv", "poetry": "pypoetry", "pipenv": "pipenv"}
_OFF = {
    "pip": ("PIP_NO_CACHE_DIR",),
    "uv": ("UV_NO_CACHE",),
    "poetry": ("POETRY_NO_CACHE", "PIP_NO_CACHE_DIR"),
    "pipenv": ("PIP_NO_CACHE_DIR",),
}

Values = Mapping[str, str | None]


def cache_folder(tool: str, environment: Values, user: str) -> str | None:
    """The absolute folder of a tool's downloads, or None when a variable or the user hides it."""
    own = _VARIABLES[tool]
    if own in environment:
        folder = environment[own]
    elif "XDG_CACHE_HOME" in environment:
        folder = _below(environment["XDG_CACHE_HOME"], _NAMES[tool])
    elif "HOME" in environment or is_root(user):
        folder = _below(environment.get("HOME", "/root"), f".cache/{_NAMES[tool]}")
    else:
        folder = None
    # The work directory is not looked at: nobody keeps a cache in a relative folder on purpose.
    return posixpath.normpath(folder) if folder and folder.startswith("/") else None


def _below(folder: str | None, name: str) -> str | None:
    return posixpath.join(folder, name) if folder else None


def mounted_folders(tool: str, folder: str) -> tuple[str, ...]:
    """What to mount: Poetry keeps its virtual environments beside its downloads, and they have to stay."""
    return (f"{folder}/cache", f"{folder}/artifacts") if tool == "poetry" else (folder,)


def is_mounted(instruction: Instruction, tool: str, folder: str | None, environment: Values) -> bool:
    """Whether cache mounts hold the tool's downloads; one that names the tool is believed to."""
    targets = [expand(mount.target, environment) for mount in mounts(instruction, "cache")]
    known = [posixpath.normpath(target) for target in targets if target]
    if len(known) < len(targets) or any(re.search(rf"\b{_NAMES[tool]}\b", target) for target in known):
        return True
    return folder is not None and all(
        any(posixpath.join(part, "").startswith(posixpath.join(target, "")) for target in known)
        for part in mounted_folders(tool, folder)
    )


def switched_off(tool: str, environment: Values) -> str:
    """The variable that turns the tool's cache off, "" where none does.

    For pip every value does, "0" and "off" too:
    https://github.com/pypa/pip/blob/25.0/src/pip/_internal/cli/cmdoptions.py#L875
    """
    for name in _OFF[tool]:
        value = environment.get(name, "")
        if value is None or (
            value and (name.startswith("PIP") or value.lower() in {"1", "true", "yes", "on", "t", "y"})
        ):
            return name
    return ""
