"""What a wheel or a source archive of the context needs, from its own metadata; nothing is unpacked or run.

Format: https://packaging.python.org/en/latest/specifications/core-metadata/, read 2026-11. Before version 2.2 the
metadata of a source archive are those of the machine that made it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pydock.packages.requirements import Entry, Kind, RequirementSet, Trouble
from pydock.patterns import regex
from pydock.text import Span

_PLACE = regex(r"(?P<path>.*\.(?:whl|tar\.gz|tgz|zip))(?:\[(?P<extras>[^\]]*)\])?\Z")
_FIELD = regex(r"^(?P<name>[\w-]+): *(?P<value>.+)$", re.MULTILINE)
_EXTRA = regex(r"(?:(?P<rest>.+) and )?extra == \"(?P<extra>[^\"]+)\"\Z")
_STATIC = Version("2.2")
_LARGEST = 1024 * 1024
_FARTHEST = 256 * 1024 * 1024


def is_archive(path: str) -> bool:
    """Whether a path, with extras behind it or not, names a wheel or a source archive."""
    return _PLACE.match(path) is not None


def asked_for(path: str, data_of: Callable[[str], bytes | None]) -> RequirementSet:
    """The requirements of an archive by its path, `x.whl[extra]`; a trouble where it does not say them."""
    import lzma
    import tarfile
    import zipfile
    import zlib

    match = _PLACE.match(path)
    assert match is not None, "is_archive was asked before"
    extras = {str(canonicalize_name(extra.strip())) for extra in (match["extras"] or "").split(",") if extra.strip()}
    data = data_of(match["path"])
    try:
        text = _metadata(match["path"], data or b"")
        found = tuple(
            Entry(match["path"], 1, Span(0, 0), Kind.REQUIREMENT, str(each), "", each) for each in _needs(text, extras)
        )
    except (
        *(ValueError, OSError, EOFError, LookupError, zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
        RuntimeError,  # a file that is encrypted, packed in a way that nobody knows, or nested without an end
    ):
        blamed = Entry(match["path"], 1, Span(0, 0), Kind.INVALID, "")
        trouble = Trouble(blamed, "does not say what it needs without being built")
        return RequirementSet(path, (match["path"],), (), troubles=(trouble,))
    return RequirementSet(path, (match["path"],), found)


def _needs(text: str, extras: set[str]) -> Iterator[Requirement]:
    for field in _FIELD.finditer(text):
        if field["name"] != "Requires-Dist":
            continue
        requirement = Requirement(field["value"])
        marker = str(requirement.marker or "")
        if "extra" not in marker:
            yield requirement
            continue
        match = _EXTRA.match(marker)
        if match is None:
            raise ValueError(marker)
        if canonicalize_name(match["extra"]) in extras:
            bare = str(requirement).partition(";")[0]
            yield Requirement(f"{bare}; {match['rest']}" if match["rest"] else bare)


def _metadata(path: str, data: bytes) -> str:
    """The head of METADATA or PKG-INFO.

    Raises ValueError, and what zipfile and tarfile raise, where there is none to rely on.
    """
    is_wheel = path.endswith(".whl")
    packed = _of_zip(data, is_wheel) if path.endswith((".whl", ".zip")) else _of_tar(data)
    text = packed.decode("utf-8", "replace").partition("\n\n")[0]
    fields = [(field["name"], field["value"].strip()) for field in _FIELD.finditer(text)]
    version = Version(dict(fields)["Metadata-Version"])
    if not is_wheel and (version < _STATIC or ("Dynamic", "Requires-Dist") in fields):
        raise ValueError(path)
    return text


def _of_zip(data: bytes, is_wheel: bool) -> bytes:
    import zipfile

    pattern = re.compile(r"[^/]+\.dist-info/METADATA" if is_wheel else r"[^/]+/PKG-INFO")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (found,) = (each for each in archive.infolist() if pattern.fullmatch(each.filename))
        with archive.open(found) as file:
            return file.read(_LARGEST)


def _of_tar(data: bytes) -> bytes:
    import tarfile

    with tarfile.open(fileobj=io.BytesIO(data), mode="r:*") as archive:
        for member in archive:
            if member.isfile() and re.fullmatch(r"[^/]+/PKG-INFO", member.name.removeprefix("./")):
                file = archive.extractfile(member)
                return file.read(_LARGEST) if file else b""
            # To find the next one, all of this one is unpacked.
            if member.offset_data + member.size > _FARTHEST:
                break
    raise ValueError("no metadata")
