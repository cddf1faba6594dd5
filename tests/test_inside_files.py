"""What the programs inside of images say of files that a build makes anew, and of those that packages made."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any, cast

import pytest

from pydock.bench import Outcome, Verdict
from pydock.bench.compare.contents import compare_files
from pydock.bench.facts.image import Config, Declared, File, Image
from pydock.bench.facts.inside import files, python

TOOL, CONFIG = "/app/tool.so", "/etc/tool.conf"
SYMBOL, SECTION = "IBBHQQ", "IIQQQQIIQQ"


def _compiled(
    names: tuple[str, ...] = ("run",), needed: str = "libc.so.6", code: bytes = b"\x90" * 8, said: str = ""
) -> bytes:
    """An ELF file with a table of symbols, a library that it needs, code, and what the compiler wrote down."""
    strings = b"\0" + b"".join(f"{each}\0".encode() for each in (*names, needed))
    symbols = b"".join(
        struct.pack("<" + SYMBOL, strings.index(f"\0{each}\0".encode()) + 1, 0x12, 0, 1, 0, 0) for each in names
    )
    dynamic = struct.pack("<QQ", 1, strings.index(f"\0{needed}\0".encode()) + 1)
    bodies = [(3, 0, strings), (11, 0, symbols), (6, 0, dynamic), (1, 4, code), (1, 0, said.encode())]
    data, sections = b"", b""
    for kind, flags, body in bodies:
        sections += struct.pack("<" + SECTION, 0, kind, flags, 0, 64 + len(data), len(body), 0, 0, 1, 0)
        data += body
    head = b"\x7fELF\x02\x01".ljust(40, b"\0") + struct.pack(
        "<QIHHHHHH", 64 + len(data), 0, 0, 0, 0, 64, len(bodies), 0
    )
    return head + data + sections


def _compared(folder: Path, before: bytes, after: bytes) -> Outcome:
    images = []
    for side, data in (("before", before), ("after", after)):
        path = folder / side
        path.write_bytes(data)
        told = cast("list[Any]", files.contents([str(path)])[str(path)])
        images.append(Image(Config(), files={TOOL: File(*told)}))
    return compare_files(images[0], images[1], Declared())


def test_a_file_that_was_compiled_anew_is_the_same_and_said(tmp_path: Path) -> None:
    found = _compared(tmp_path, _compiled(said="/tmp/build-a at 10:00"), _compiled(said="/tmp/build-b at 11:00"))
    assert (found.verdict, found.differences) == (Verdict.SAME, ())
    assert found.notes == (f"compiled anew in each build, with the same libraries and symbols: {TOOL}",)


@pytest.mark.parametrize(
    "after",
    [_compiled(("walk",)), _compiled(needed="libm.so.6"), _compiled(code=b"\x90" * 9), b"#!/bin/sh\n"],
    ids=["other symbols", "another library", "more code", "no compiled file"],
)
def test_a_compiled_file_differs_with(tmp_path: Path, after: bytes) -> None:
    assert _compared(tmp_path, _compiled(), after).verdict is Verdict.DIFFERENT


@pytest.mark.parametrize("end", [5, 70, 150], ids=["its first bytes", "its head", "half of it"])
def test_a_compiled_file_that_is_cut_off_is_compared_byte_by_byte(tmp_path: Path, end: int) -> None:
    assert _compared(tmp_path, _compiled()[:end], _compiled()[:end] + b"x").verdict is Verdict.DIFFERENT


def _said(before: tuple[str, ...], after: tuple[str, ...]) -> Outcome:
    kept = Image(Config(), files={CONFIG: File("a" * 64, 0o100644, 0, 0)}, scripted={CONFIG: before})
    return compare_files(kept, Image(Config(), scripted={CONFIG: after} if after else {}), Declared())


def test_what_a_script_of_a_package_made_goes_with_the_package_and_not_without() -> None:
    gone = _said(("tool",), ())
    assert (gone.verdict, gone.notes) == (Verdict.SAME, (f"made by the Debian package tool, which is gone: {CONFIG}",))
    assert _said(("tool",), ("tool",)).verdict is Verdict.DIFFERENT
    assert _said((), ()).verdict is Verdict.DIFFERENT


def test_a_package_whose_script_names_a_file_is_its_maker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tool.postinst").write_text(f'#!/bin/sh\ncat > "{CONFIG}" <<EOF\nEOF\n')
    (tmp_path / "tool.list").write_text("/etc\n/etc/listed.conf\n")
    (tmp_path / "other.prerm").write_text(f"rm -f {CONFIG}\n")
    monkeypatch.setattr(files, "PACKAGES", str(tmp_path))
    assert files.scripted([CONFIG, "/etc/tool.conf.d", "/app/x"]) == {CONFIG: ["tool"]}
    assert "/etc/listed.conf" in files.system_files()


@pytest.mark.parametrize(
    ("folder", "name", "line"),
    [
        ("tool-1.0.dist-info", "RECORD", "../../../bin/tool,sha256=x,9"),
        ("tool-1.0-py3.8.egg-info", "installed-files.txt", "../../../../bin/tool"),
    ],
    ids=["a wheel", "setup.py install"],
)
def test_the_programs_of_a_distribution_are_known_from_what_its_installer_wrote(
    tmp_path: Path, folder: str, name: str, line: str
) -> None:
    site = tmp_path / "lib" / "python3.8" / "site-packages"
    (site / folder).mkdir(parents=True)
    (site / folder / name).write_text(f"{line}\n../tool.py\n" if name.endswith("txt") else f"{line}\ntool.py,,\n")
    assert python.installed(str(site / folder), str(site)) == [str(tmp_path / "bin" / "tool")]
