"""How this machine reaches the network: the proxies that a person has set up, in the environment or in uv.toml."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import date, datetime, time
from ipaddress import ip_address, ip_network
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from pydock.hosts import Origin, uv_settings
from pydock.values import Value

# https://docs.astral.sh/uv/reference/settings/#http-proxy, read 2026-11; these win over the environment.
_KEYS = {"http-proxy": "http", "https-proxy": "https", "no-proxy": "no"}


class Proxy(Value):
    """A proxy that is spoken to in clear text, and what it is told to let a person through."""

    host: str
    port: int
    headers: tuple[tuple[str, str], ...] = ()


class Upstream(Value):
    """Proxies by the scheme that they are for; `no` and `all` mean what the variables of these names do."""

    proxies: Mapping[str, str]

    @property
    def problem(self) -> str:
        """Why nothing is asked through one of them, "" where it can be."""
        for scheme in ("http", "https", "all"):
            address = self.proxies.get(scheme, "")
            if address and _proxy(address) is None:
                kind = address.partition("://")[0] if "://" in address else "unknown"
                return f"the proxy for {scheme} is of the kind {kind}, and only those of http are known to pydock"
        return ""

    def of(self, asked: Origin, scheme: str) -> Proxy | None:
        """The proxy for a host that is asked by `http` or `https`, None where it is asked directly."""
        address = self.proxies.get(scheme) or self.proxies.get("all", "")
        if not address or _is_exempt(asked.host.strip("[]"), self.proxies.get("no", "")):
            return None
        return _proxy(address)


def upstream() -> Upstream:
    """What counts for uv on this machine."""
    said = {
        scheme: _text(table[key]) for table in reversed(uv_settings()) for key, scheme in _KEYS.items() if key in table
    }
    return Upstream(getproxies() | said)


def without_proxies() -> str | None:
    """A person's uv.toml and that of the machine as one, without the proxies; None where they name none.

    uv would take those for more important than what the environment says.
    """
    tables = uv_settings()
    if not any(key in table for table in tables for key in _KEYS):
        return None
    merged: dict[str, object] = {}
    for table in tables:
        merged = _under(merged, table)
    return "".join(f"{json.dumps(key)} = {_toml(value)}\n" for key, value in merged.items() if key not in _KEYS)


def _is_exempt(host: str, exempt: str) -> bool:
    """As uv takes NO_PROXY: names with all below them, addresses and networks."""
    for entry in filter(None, (each.strip().lower() for each in exempt.split(","))):
        name = entry.lstrip(".")
        if entry == "*" or host == name or host.endswith(f".{name}"):
            return True
        with suppress(ValueError):
            if ip_address(host) in ip_network(entry, strict=False):
                return True
    return False


def _proxy(address: str) -> Proxy | None:
    parts = urlsplit(address if "://" in address else f"http://{address}")
    try:
        port = parts.port or 80
    except ValueError:
        return None
    if parts.scheme != "http" or not parts.hostname:
        return None
    if parts.username is None:
        return Proxy(parts.hostname, port)
    secret = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return Proxy(
        parts.hostname, port, (("Proxy-Authorization", f"Basic {base64.b64encode(secret.encode()).decode()}"),)
    )


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _under(above: dict[str, object], below: Mapping[str, object]) -> dict[str, object]:
    """As uv merges: lists are joined, of other values the first counts."""
    merged = dict(above)
    for key, value in below.items():
        known = merged.get(key)
        if isinstance(known, list) and isinstance(value, list):
            merged[key] = [*known, *value]
        elif isinstance(known, dict) and isinstance(value, dict):
            merged[key] = _under(known, value)
        else:
            merged.setdefault(key, value)
    return merged


def _toml(value: object) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{json.dumps(key)} = {_toml(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case datetime() | date() | time():
            return value.isoformat()
        case _:
            return json.dumps(value, ensure_ascii=False)
