"""Archives of a project: whatever they unpack to, little of it is unpacked, and what cannot be read is told."""

from __future__ import annotations

import io
import resource
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pydock.packages.archive import asked_for
from pydock.packages.requirements import RequirementSet
from tests.command_line import Runner
from tests.hostile.folders import made

METADATA = "Metadata-Version: 2.2\nName: a\nVersion: 1\nRequires-Dist: shop\n"


def _wheel(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", how) as archive:
        for name, data in files:
            archive.writestr(name, data)
    return buffer.getvalue()


def _tar(*files: tuple[str, bytes], mode: str = "w:gz") -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _plain_wheel(text: str) -> bytes:
    return _wheel(("a-1.dist-info/METADATA", text.encode()))


def _encrypted() -> bytes:
    """The flag of the one file in it says so, in both of its headers."""
    data = bytearray(_plain_wheel(METADATA))
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    return bytes(data)


def _packed_by(method: int) -> bytes:
    data = bytearray(_plain_wheel(METADATA))
    data[8] = method
    data[data.index(b"PK\x01\x02") + 10] = method
    return bytes(data)


def _long_names(count: int) -> bytes:
    """Headers that each say that a name follows, and what follows is another one."""
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.GNUTYPE_LONGNAME, 512
    return (header.tobuf(tarfile.GNU_FORMAT) + b"x" * 512) * count


def _endless(size: int) -> bytes:
    """A header that says how large its file is, and not much of it."""
    header = tarfile.TarInfo("a-1/x")
    header.size = size
    return header.tobuf(tarfile.PAX_FORMAT) + b"x" * 512


ARCHIVES: Mapping[str, tuple[str, Callable[[], bytes]]] = {
    "nothing": ("a.whl", lambda: b""),
    "text": ("a.whl", lambda: b"remember the milk"),
    "half a wheel": ("a.whl", lambda: _plain_wheel(METADATA)[:60]),
    "a wheel with an end only": ("a.whl", lambda: b"PK\5\6" + b"\0" * 18),
    "a wheel that is encrypted": ("a.whl", _encrypted),
    "a wheel that is packed in an unknown way": ("a.whl", lambda: _packed_by(9)),
    "a wheel that is packed otherwise than it says": ("a.whl", lambda: _packed_by(14)),
    "a wheel with two heads": ("a.whl", lambda: _wheel(("a.dist-info/METADATA", b"x"), ("b.dist-info/METADATA", b"x"))),
    "a wheel whose head is no text": ("a.whl", lambda: _wheel(("a.dist-info/METADATA", bytes(range(256)) * 100))),
    "a requirement that is none": ("a.whl", lambda: _plain_wheel(METADATA.replace("shop", "(((("))),
    "a marker of brackets": ("a.whl", lambda: _plain_wheel(METADATA.replace("shop", "shop; " + "(" * 20_000))),
    "a version of digits": ("a.whl", lambda: _plain_wheel(METADATA.replace("2.2", "9" * 10_000))),
    "half an archive": ("a.tar.gz", lambda: _tar(("a-1/PKG-INFO", METADATA.encode()))[:50]),
    "an archive of another kind": ("a.tar.gz", lambda: _plain_wheel(METADATA)),
    "names that name names": ("a.tar.gz", lambda: _long_names(3_000)),
    "a file of a terabyte": ("a.tar.gz", lambda: _endless(2**40)),
    "a file of less than nothing": ("a.tar.gz", lambda: _endless(0).replace(b"00000000000", b"-0000000001", 1)),
}  # fmt: skip


def _asked(name: str, data: bytes) -> RequirementSet:
    return asked_for(name, lambda _: data)


@pytest.mark.parametrize("what", ARCHIVES)
def test_an_archive_that_cannot_be_read_is_told(what: str) -> None:
    name, make = ARCHIVES[what]
    found = _asked(name, make())
    assert not found.entries
    assert [trouble.message for trouble in found.troubles] == ["does not say what it needs without being built"]


def test_a_head_without_an_end_is_read_up_to_a_length() -> None:
    """A thousandth of it unpacks to thirty megabytes."""
    data = _wheel(("a-1.dist-info/METADATA", METADATA.encode() + b"X: " + b"x" * 30_000_000))
    assert len(data) < 60_000
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert [str(entry.requirement) for entry in _asked("a.whl", data).entries] == ["shop"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_what_stands_far_behind_in_an_archive_is_not_unpacked(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    near, far = (_tar(("a-1/big", b"\0" * size), ("a-1/PKG-INFO", METADATA.encode()), mode=mode) for size in (9, 10**6))
    monkeypatch.setattr("pydock.packages.archive._FARTHEST", 10**5)
    assert not _asked("a.tar.gz", near).troubles
    assert _asked("a.tar.gz", far).troubles


def test_a_bad_archive_costs_its_own_install(folder: Path, run: Runner) -> None:
    """It is told by the rule that it stands in the way of, and all others are answered."""
    text = "FROM python:3.12.7-slim-bookworm\nCOPY . .\nRUN pip install ./a-1-py3-none-any.whl\nCMD python app.py\n"
    made(folder / "svc", {"Dockerfile": text, "app.py": ""})
    for name, make in ARCHIVES.values():
        if name == "a.whl":
            (folder / "svc/a-1-py3-none-any.whl").write_bytes(make())
            result = run("check", "svc")
            assert result.code == 1, result.err
            assert "PYD401" in result.out
