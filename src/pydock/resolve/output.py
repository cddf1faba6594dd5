"""What uv writes, read: its lock, who asks for what, and why it has no answer."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from pydock.patterns import regex
from pydock.project.pins import Answer, Artifact, Pin
from pydock.project.secrets import mask, shaped

GUARDED = "pydock: no code of packages is run"
_MOST = 400
_FRAME = regex(r"^[\s×╰╯─▶│├]*(?:cause: )?")
_UNREACHABLE = regex(
    r"error sending request|Request failed after|dns error|operation timed out|[Cc]onnect(?:ion)? (?:refused|reset)"
    r"|tcp connect error|Network connectivity is disabled|network was disabled|Could not connect|Could not resolve host"
)
_CODE = regex(r"Failed to (?:download and )?build `([^`]+)`")
_STATUS = regex(r"HTTP status (?:client|server) error \((\d{3}[^)]*)\)")
_ADDRESS = regex(r"https?://[^\s`)]+")
_FILE = regex(r"https?://[^\s`)]+\.(?:whl|zip|tar\.gz|tgz)(?=[\s`)#?])")
# What the index and the requirements decide; every other failure may be one of this moment.
_LASTING = regex(r"No solution found|[Cc]ouldn't parse|does not match|Distribution not found|filename .+ is invalid")
_LASTING_STATUS = regex(r"4(?!08|25|29)")
_SELECTED = regex(r"^DEBUG Selecting: ([A-Za-z0-9][\w.-]*)==(\S+) ", re.M)
_TAIL = regex(r",? we can conclude that your requirements are unsatisfiable\.?\Z")


def pins_of(lock: Mapping[str, Any]) -> Iterator[Pin]:
    """The packages of a pylock.toml (https://packaging.python.org/en/latest/specifications/pylock-toml/)."""
    for entry in lock.get("packages", ()):
        files = [*entry.get("wheels", ()), *([entry["sdist"]] if "sdist" in entry else [])]
        yield Pin(
            canonicalize_name(entry["name"]),
            str(entry.get("version", "")),
            tuple(Artifact(_file_name(file), file.get("hashes", {}).get("sha256", "")) for file in files),
            place=_place(entry),
        )


def _file_name(file: Mapping[str, Any]) -> str:
    return str(file.get("name") or file.get("url") or file.get("path", "")).partition("#")[0].rpartition("/")[2]


def _place(entry: Mapping[str, Any]) -> str:
    if vcs := entry.get("vcs"):
        folder = f"#subdirectory={vcs['subdirectory']}" if "subdirectory" in vcs else ""
        return f"{vcs['type']}+{vcs.get('url', '')}@{vcs['commit-id']}{folder}"
    return str(entry.get("archive", {}).get("url", ""))


def are_newer(lock: Path, passed: Iterable[tuple[str, str]]) -> bool:
    """Whether what a pylock.toml holds is newer than versions that were passed over, or is not in it at all."""
    locked = {pin.name: pin.version for pin in pins_of(tomllib.loads(lock.read_text(encoding="utf-8")))}
    return all(name not in locked or Version(locked[name]) > Version(version) for name, version in passed)


def preferring(preferences: Sequence[str]) -> Iterator[str]:
    """A pylock.toml that is no lock, but makes uv stay at `name==version` where it can."""
    yield 'lock-version = "1.0"'
    yield 'created-by = "pydock"'
    for preference in preferences:
        name, _, version = preference.partition("==")
        yield from ("[[packages]]", f"name = {json.dumps(name)}", f"version = {json.dumps(version)}")


def revised(talk: str, pins: Iterable[Pin]) -> Iterator[str]:
    """The newest version of each package that uv took first and then gave up, from its log."""
    taken: dict[str, list[str]] = {}
    for name, version in _SELECTED.findall(talk):
        taken.setdefault(str(canonicalize_name(name)), []).append(version)
    for pin in pins:
        first = taken.get(pin.name, [pin.version])[0]
        if first != pin.version and not pin.place:
            yield f"{pin.name}=={first}"


def untold(talk: str) -> tuple[str, str] | None:
    """The name and version of the archive that was not allowed to run, None where something else went wrong."""
    built = _CODE.search(talk)
    if built is None or GUARDED not in talk:
        return None
    name, _, version = built[1].partition("==")
    return (canonicalize_name(name), version) if version else None


def explained(talk: str) -> Answer:
    """The answer for a failed run, from what uv wrote to standard error, its log included."""
    talk = "\n".join(line for line in talk.splitlines() if not line.startswith("DEBUG "))
    lines = [_FRAME.sub("", line).strip() for line in talk.splitlines()]
    if (built := _CODE.search(talk)) and GUARDED in talk:
        what = "has to run its own code to tell what it needs, which --allow-builds allows"
        return Answer(why_not=f"{_hidden(built[1])} {what}")
    index = index_of(talk)
    if status := _STATUS.search(talk):
        is_final = _LASTING_STATUS.match(status[1]) is not None
        file = _FILE.search(talk)
        return Answer(
            why_not=f"{mask(file[0]) if file else index} says {status[1]}",
            is_unreachable=not is_final,
            is_final=is_final,
        )
    if _UNREACHABLE.search(talk):
        return unreachable(f"{index} {'does not answer' if 'timed out' in talk else 'cannot be reached'}")
    is_final = _LASTING.search(talk) is not None
    return Answer(why_not=_hidden(_reason([line for line in lines if line])), is_final=is_final)


def index_of(talk: str) -> str:
    """The first server that is named, without its path and credentials."""
    address = _ADDRESS.search(talk)
    return re.sub(r"\A(https?://)(?:[^/@]*@)?([^/]+).*", r"\1\2", address[0]) if address else "the package index"


def unreachable(why_not: str) -> Answer:
    """The answer where nobody answered."""
    return Answer(why_not=why_not, is_unreachable=True, is_final=False)


def _hidden(text: str) -> str:
    """Without the secrets of addresses; `get-docker-secret==2.0` is none."""
    return mask(text) if "://" in text or shaped(text) else text


def _reason(lines: Sequence[str]) -> str:
    begin = next((at for at, line in enumerate(lines) if line.startswith("Because ")), None)
    if begin is None:
        text = "; ".join(line.removeprefix("error: ") for line in lines if not line.startswith("warning: "))
    else:
        end = next((at for at in range(begin, len(lines)) if lines[at].startswith("hint: ")), len(lines))
        text = _TAIL.sub("", " ".join(lines[begin:end])).removeprefix("Because ")
    return text if len(text) <= _MOST else f"{text[: _MOST - 3].rstrip()}..."
