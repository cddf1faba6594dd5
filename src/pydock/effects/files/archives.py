"""tar, unzip, gzip and their like: an archive is needed, a folder is opened."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from pydock.effects.paths import needed, opened, path_of, taken
from pydock.effects.registry import effect
from pydock.shell import Argv, Word, argv
from pydock.state import Effect, Open, State, files_below
from pydock.state.needs import File, Folder, Need, Program

_CALLED = {".xz": "xz", ".txz": "xz", ".bz2": "bzip2", ".tbz2": "bzip2", ".zst": "zstd", ".lz4": "lz4", ".7z": "7z"}
_OPTIONS = {"-J": "xz", "--xz": "xz", "-j": "bzip2", "--bzip2": "bzip2", "--zstd": "zstd"}
_PACKED = (".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z")


@effect("tar", "bsdtar")
def tar(line: Argv, state: State) -> Iterable[Effect]:
    line = _with_dash(line)
    archive = line.value("-f", "--file")
    if archive is not None and archive.value == "-":
        archive = None
    unpackers = tuple(Program(name) for option, name in _OPTIONS.items() if line.has(option))
    if not unpackers and archive is not None:
        unpackers = tuple(Program(name) for end, name in _CALLED.items() if archive.head.endswith(end))
    folder = line.value("-C", "--directory", "--cd")
    where = (Folder(path),) if (path := path_of(folder, state)) else ()
    if line.has("-c", "--create", "-r", "--append"):
        takes = tuple(need for word in line.operands for need in taken(word, state))
        made = path_of(archive, state)
        return (Effect((*unpackers, *where), takes=takes, provides=(File(made),) if made else ()),)
    read = needed(archive, state, File)
    if line.has("-t", "--list"):
        return (Effect((*unpackers, *read)),)
    return (Effect((*unpackers, *read, *where), opens=_into(folder, state)),)


def _with_dash(line: Argv) -> Argv:
    """`tar xzf file` as `tar -xzf file`."""
    first = line.words[1] if len(line.words) > 1 else None
    if first is None or not first.value or first.value.startswith("-"):
        return line
    dashed = Word(f"-{first.text}", f"-{first.value}", first.span)
    return argv((line.words[0], dashed, *line.words[2:]), "tar")


def _into(folder: Word | None, state: State) -> Open:
    """The folder that is unpacked to; the work directory where none is named, "/" where nobody knows it."""
    return opened(folder, state) if folder else files_below(state.workdir or "/")


@effect("unzip", "7z", "7za", "7zr", "unrar", "cpio", "ar")
def unzip(line: Argv, state: State) -> Iterable[Effect]:
    operands = list(line.operands)
    if line.program in {"7z", "7za", "7zr", "unrar", "ar"}:
        operands = operands[1:]
    needs = tuple(need for word in operands[:1] for need in needed(word, state, File))
    # `-oFOLDER` of 7z, `-d FOLDER` of unzip.
    folder = line.value("-d", "-D") or line.value("-o")
    return (Effect(needs, opens=_into(folder, state)),)


@effect("zip")
def zip_(line: Argv, state: State) -> Iterable[Effect]:
    made = path_of(line.operands[0], state) if line.operands else None
    takes = tuple(need for word in line.operands[1:] for need in taken(word, state))
    return (Effect(takes=takes, provides=(File(made),) if made else ()),)


@effect("gunzip", "gzip", "xz", "unxz", "bzip2", "bunzip2", "zstd", "unzstd", "lz4")
def gunzip(line: Argv, state: State) -> Iterable[Effect]:
    """One file each; it takes the place of the one that it was made of."""
    unpacks = (line.program or "").startswith(("un", "gun", "bun")) or line.has("-d", "--decompress", "--uncompress")
    found = []
    for word in line.operands:
        path = path_of(word, state)
        if path is None:
            needs: tuple[Need, ...] = needed(word, state, File)
            found.append(Effect(needs, opens=opened(word, state), operand=word))
            continue
        stem, end = posixpath.splitext(path)
        given = path_of(line.value("-o", "--output"), state)
        ends = {"gzip": ".gz", "xz": ".xz", "bzip2": ".bz2", "zstd": ".zst", "lz4": ".lz4"}
        new = stem if unpacks and end in _PACKED else f"{path}{ends.get(line.program or '', '')}"
        is_printed = line.has("-c", "--stdout", "--to-stdout", "-t", "-l")
        stays = line.has("-k", "--keep") or (line.program or "").endswith(("zstd", "lz4"))
        found.append(
            Effect(
                (File(path),),
                provides=() if is_printed else (File(given or new),),
                removes=() if is_printed or stays else (File(path),),
                operand=word,
            )
        )
    return tuple(found) or (Effect(),)
