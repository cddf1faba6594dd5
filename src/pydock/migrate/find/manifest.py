"""`services.toml`: which services there are, where the files alone would say too much or too little.

search = true                  # false: only the services named here
exclude = ["legacy/", "**/Dockerfile.dev"]      # in the language of .gitignore

[[service]]
dockerfile = "billing/Dockerfile"               # relative to this file
name = "billing"               # optional, as are the following
context = "billing"
target = "production"
args = { PYTHON_VERSION = "3.11" }
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path

from pydock.config import suggestion
from pydock.context import is_modest, matcher
from pydock.errors import OptionError, UnreadableError
from pydock.values import Value

NAME = "services.toml"
_LARGEST = 5_000_000
_KEYS: Mapping[str, type] = {"search": bool, "exclude": list, "service": list}
_SERVICE: Mapping[str, type] = {"dockerfile": str, "name": str, "context": str, "target": str, "args": dict}


class Named(Value):
    """A service as the manifest names it; paths are absolute, "" stands for what was not given."""

    dockerfile: str
    name: str = ""
    context: str = ""
    target: str = ""
    args: tuple[tuple[str, str], ...] = ()


class Manifest(Value):
    """One manifest: `exclude` holds patterns relative to `folder`."""

    folder: Path = Path()
    is_searched: bool = True
    exclude: tuple[str, ...] = ()
    services: tuple[Named, ...] = ()


def read(path: Path) -> Manifest:
    """The manifest at a path.

    Raises UnreadableError for a file that is no TOML, OptionError for keys and values that mean nothing.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise UnreadableError(f"{path}: too large", f"it has at most {_LARGEST // 10**6} MB")
        table = tomllib.loads(data.decode("utf-8"))
    except OSError as error:
        raise UnreadableError(f"{path}: {error.strerror}") from error
    except RecursionError:
        raise UnreadableError(f"{path}: nested too deep", "it has to be TOML") from None
    except ValueError as error:
        raise UnreadableError(f"{path}: {error}", "it has to be TOML") from error
    folder = path.absolute().parent
    _refuse_unknown(path, table, _KEYS)
    exclude = table.get("exclude", [])
    if not all(isinstance(pattern, str) for pattern in exclude):
        raise OptionError(f"{path}: exclude is {exclude!r}", "it has to be a list of strings")
    if not all(map(_is_usable, exclude)):
        odd = next(pattern for pattern in exclude if not _is_usable(pattern))
        raise OptionError(f"{path}: exclude has {odd!r}", "it has to be a line of .gitignore with three * at most")
    services = tuple(_named(path, folder, entry) for entry in table.get("service", []))
    return Manifest(folder, table.get("search", True), tuple(exclude), services)


def _is_usable(pattern: str) -> bool:
    try:
        return is_modest(pattern) and bool(matcher([pattern]))
    except ValueError:
        return False


def _named(path: Path, folder: Path, entry: object) -> Named:
    if not isinstance(entry, dict) or "dockerfile" not in entry:
        raise OptionError(f"{path}: a [[service]] without a dockerfile", 'such as dockerfile = "billing/Dockerfile"')
    _refuse_unknown(path, entry, _SERVICE)
    context = str(folder / entry["context"]) if "context" in entry else ""
    args = tuple((str(name), str(value)) for name, value in entry.get("args", {}).items())
    return Named(str(folder / entry["dockerfile"]), entry.get("name", ""), context, entry.get("target", ""), args)


def _refuse_unknown(path: Path, table: Mapping[str, object], known: Mapping[str, type]) -> None:
    for key, value in table.items():
        if key not in known:
            raise OptionError(
                f"{path}: unknown key {key!r}", suggestion(key, known) or f"known keys: {', '.join(known)}"
            )
        if not isinstance(value, known[key]):
            kind = {bool: "true or false", list: "a list", str: "a string", dict: "a table"}[known[key]]
            raise OptionError(f"{path}: {key} is {value!r}", f"it has to be {kind}")
