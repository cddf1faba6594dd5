"""Which hosts may be asked: the public package index, those of a person's own settings, those a person allows.

A project names hosts, too, and nobody vouches for it: its word alone makes pydock ask nobody. An
address has to be plain, so that everybody who reads it reads the same host: browsers, and uv with
them, take `http:\\\\a@b` and `http:127.1` for addresses (https://url.spec.whatwg.org/#url-parsing,
read 2026-11).
"""

from __future__ import annotations

import configparser
import os
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydock.patterns import regex
from pydock.values import Value

_PORTS = {"http": 80, "https": 443, "ssh": 22}
_LARGEST = 1024 * 1024
_HOST = r"(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::(?P<port>\d{1,5}))?"
_ADDRESS = regex(
    r"(?:git\+)?(?P<scheme>https?|ssh)://(?:[^\s/?#@\\\x00-\x20]*@)?" + _HOST + r"(?:[/?#][^\s\\\x00-\x20\x7f]*)?\Z"
)
_NAMED = regex(_HOST + r"\Z")
_WRITTEN = regex(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s,;\"']+")
_DEFAULT_VARIABLES = ("UV_DEFAULT_INDEX", "UV_INDEX_URL")
_EXTRA_VARIABLES = ("UV_INDEX", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")
_PIP_VARIABLES = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS")
_KEYS = ("index-url", "extra-index-url", "find-links", "index")


class Origin(Value):
    """Who is asked: a host in small letters, and a port."""

    host: str
    port: int

    def __str__(self) -> str:
        return self.host if self.port in _PORTS.values() else f"{self.host}:{self.port}"


# Where uv looks by default, and where that index keeps its files (https://docs.astral.sh/uv/concepts/indexes/).
PUBLIC = Origin("pypi.org", 443)
_PUBLIC = frozenset({PUBLIC, Origin("pypi.python.org", 443), Origin("files.pythonhosted.org", 443)})


def origin(address: str) -> Origin | None:
    """Who an address asks; None for one that is not plain or of a kind that nothing is fetched by."""
    match = _ADDRESS.match(address)
    if match is None:
        return None
    port = int(match["port"] or _PORTS[match["scheme"].lower()])
    return Origin(match["host"].lower(), port) if 0 < port < 65536 else None


def is_name(text: str) -> bool:
    """Whether a text is what --allow-hosts takes: a host, or a host and a port."""
    return _NAMED.match(text) is not None


def is_allowed(asked: Origin, allowed: Iterable[str]) -> bool:
    """Whether a host may be asked; a name in `allowed` without a port means the usual ports."""
    names = {name.lower() for name in allowed}
    is_named = asked.port in _PORTS.values() and asked.host in names
    return is_named or f"{asked.host}:{asked.port}" in names or is_vouched(asked)


def is_vouched(asked: Origin) -> bool:
    """Whether a host is the public package index or one of a person's own settings."""
    return asked in _PUBLIC or asked in own()


def own() -> frozenset[Origin]:
    """The hosts in a person's own settings of uv and pip."""
    texts = (os.environ.get(name, "") for name in (*_DEFAULT_VARIABLES, *_EXTRA_VARIABLES, *_PIP_VARIABLES))
    written = (*texts, *_of_uv(), *(text for path in _pip_files() for text in _of_pip(path)))
    return frozenset(found for text in written for address in _addresses(text) if (found := origin(address)))


def usual() -> tuple[Origin, ...]:
    """The hosts that are asked where a project names no index."""
    texts = [os.environ.get(name, "") for name in (*_DEFAULT_VARIABLES, *_EXTRA_VARIABLES)]
    has_default = any(texts[:2]) or any(True for _ in _of_uv(("index-url",)))
    found = (origin(address) for text in (*texts, *_of_uv()) for address in _addresses(text))
    return tuple(dict.fromkeys((*(each for each in found if each), *(() if has_default else (PUBLIC,)))))


def _addresses(text: str) -> Iterator[str]:
    yield from _WRITTEN.findall(text)


def _folders() -> Iterator[Path]:
    """Where a person's settings are, then where those of the machine are."""
    home = os.path.expanduser("~")
    places = (os.environ.get("XDG_CONFIG_HOME") or f"{home}/.config", os.environ.get("APPDATA", ""))
    machine = ("/etc/xdg", "/etc", os.environ.get("PROGRAMDATA", ""))
    yield from (Path(place) for place in (*places, *machine) if os.path.isabs(place))


def uv_settings() -> tuple[Mapping[str, object], ...]:
    """What uv.toml of the person says, then that of the machine.

    https://docs.astral.sh/uv/concepts/configuration-files/, read 2026-11.
    """
    return tuple(table for folder in _folders() if (table := _table(folder / "uv" / "uv.toml")))


def _table(path: Path) -> Mapping[str, object]:
    try:
        return tomllib.loads(_text(path))
    except tomllib.TOMLDecodeError:
        return {}


def _of_uv(keys: tuple[str, ...] = _KEYS) -> Iterator[str]:
    for table in uv_settings():
        pip = table.get("pip")
        for part in (table, pip if isinstance(pip, dict) else {}):
            yield from (text for key in keys for text in _strings(part.get(key)))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        yield from (text for each in value for text in _strings(each))
    elif isinstance(value, dict):
        yield from _strings(value.get("url"))


def _pip_files() -> Iterator[Path]:
    """https://pip.pypa.io/en/stable/topics/configuration/#location, read 2026-11."""
    home = os.path.expanduser("~")
    named = os.environ.get("PIP_CONFIG_FILE", "")
    yield from (Path(place) for place in (named, f"{home}/.pip/pip.conf") if os.path.isabs(place))
    for folder in (*_folders(), Path(home, "Library/Application Support"), Path("/Library/Application Support")):
        yield from (folder / "pip" / name for name in ("pip.conf", "pip.ini"))
    yield from (Path("/etc/pip.conf"), Path(sys.prefix, "pip.conf"), Path(sys.prefix, "pip.ini"))


def _of_pip(path: Path) -> Iterator[str]:
    parser = configparser.RawConfigParser(strict=False)
    try:
        parser.read_string(_text(path))
    except configparser.Error:
        return
    for section in parser.sections():
        for name, value in parser.items(section):
            if name.replace("_", "-") in _KEYS and value:
                yield value


def _text(path: Path) -> str:
    """The text of a file of settings, "" where there is none that can be read."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return ""
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
