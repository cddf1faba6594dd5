"""What is inside an image: every file of every layer, read from the stream that `docker save` gives.

No container is started, so it works for any image, and one pass also tells what a push would send.
Format: https://github.com/opencontainers/image-spec/blob/v1.1.0/layer.md, read 2026-11.
"""

from __future__ import annotations

import io
import json
import posixpath
import tarfile
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import IO

from pydock.patterns import regex
from pydock.values import Value

_READ = 4 * 2**20
_LARGEST_DOCUMENT = 8 * 2**20
_LARGEST_LIST = 4 * 2**20
_WHITEOUT, _OPAQUE = ".wh.", ".wh..wh..opq"
_OWNERS = regex(r"(?:\A|/)([^/]+)\.dist-info/RECORD\Z|\Avar/lib/dpkg/info/([^/]+)\.list\Z")
# The level that Docker and containerd push with, and how many blocks are read ahead of the compression.
_LEVEL, _AHEAD = 6, 16


class Layer(Value):
    """One layer: its bytes as pushed, and its files by path with their sizes.

    `removed` are paths that it takes away from the layers below, `emptied` folders whose earlier
    content it hides. `lists` are the file lists that package managers left.
    """

    compressed: int
    files: dict[str, int]
    removed: tuple[str, ...]
    emptied: tuple[str, ...]
    lists: dict[str, bytes]


class Contents(Value):
    """The image as a whole: what a container sees, and what its layers carry besides.

    `hidden` counts bytes of files that a later layer removes or writes again; they are shipped all the same.
    """

    layers: tuple[Layer, ...]
    files: dict[str, int]
    hidden: int
    owners: dict[str, str]

    @property
    def compressed(self) -> int:
        return sum(layer.compressed for layer in self.layers)


def read_image(stream: Iterable[bytes], on_layer: Callable[[int], None] = lambda count: None) -> Contents:
    """Read what `docker save` writes; `on_layer` hears how many layers are done."""
    layers: dict[str, Layer] = {}
    documents: dict[str, bytes] = {}
    links: dict[str, str] = {}
    with tarfile.open(fileobj=_Stream(stream), mode="r|") as tar:
        for entry in tar:
            name = posixpath.normpath(entry.name)
            if entry.issym() or entry.islnk():
                links[name] = posixpath.normpath(posixpath.join(posixpath.dirname(name), entry.linkname))
            file = tar.extractfile(entry) if entry.isfile() else None
            if file is None:
                continue
            start = file.read(512)
            if start[257:262] == b"ustar" or name.endswith("layer.tar"):
                layers[name] = _layer(start, file)
                on_layer(len(layers))
            elif entry.size <= _LARGEST_DOCUMENT:
                documents[name] = start + file.read()
    manifest = json.loads(documents.get("manifest.json", b"[]"))
    names = [posixpath.normpath(name) for entry in manifest[:1] for name in entry.get("Layers") or ()]
    found = (layers.get(links.get(name, name)) for name in names)
    return combined(layer for layer in found if layer is not None)


def combined(layers: Iterable[Layer]) -> Contents:
    """The layers on top of one another, the lowest first."""
    ordered = tuple(layers)
    files: dict[str, int] = {}
    hidden = 0
    lists: dict[str, bytes] = {}
    for layer in ordered:
        for folder in (*layer.emptied, *layer.removed):
            below = f"{folder}/" if folder else ""
            gone = [path for path in files if path.startswith(below) or (path == folder and folder in layer.removed)]
            for path in gone:
                hidden += files.pop(path)
                lists.pop(path, None)
        hidden += sum(files[path] for path in layer.files if path in files)
        files.update(layer.files)
        lists.update(layer.lists)
    return Contents(ordered, files, hidden, _owners(lists, files))


def _layer(start: bytes, file: IO[bytes]) -> Layer:
    with ThreadPoolExecutor() as workers:
        counter = _Counter(workers)
        found = _listed(_Stream(_chunks(start, file), counter.take))
        return Layer(counter.total(), *found)


def _listed(stream: _Stream) -> tuple[dict[str, int], tuple[str, ...], tuple[str, ...], dict[str, bytes]]:
    files: dict[str, int] = {}
    removed: list[str] = []
    emptied: list[str] = []
    lists: dict[str, bytes] = {}
    with tarfile.open(fileobj=stream, mode="r|") as tar:
        for entry in tar:
            path = posixpath.normpath(entry.name).lstrip("/")
            folder, base = posixpath.split(path)
            if base == _OPAQUE:
                emptied.append(folder)
            elif base.startswith(_WHITEOUT):
                removed.append(posixpath.join(folder, base.removeprefix(_WHITEOUT)))
            elif not entry.isdir():
                files[path] = entry.size if entry.isfile() else 0
                if entry.isfile() and entry.size <= _LARGEST_LIST and _OWNERS.search(path):
                    content = tar.extractfile(entry)
                    lists[path] = content.read() if content else b""
            # tarfile keeps every entry it has seen, and an image has 100,000.
            vars(tar)["members"] = []
    stream.drain()
    return files, tuple(removed), tuple(emptied), lists


def _owners(lists: dict[str, bytes], files: dict[str, int]) -> dict[str, str]:
    """Which package a path belongs to: `python flask`, `debian gcc-12`."""
    owners: dict[str, str] = {}
    for path, data in lists.items():
        match = _OWNERS.search(path)
        if match is None:
            continue
        lines = data.decode("utf-8", "replace").splitlines()
        if match[2]:
            name = f"debian {match[2].partition(':')[0]}"
            owners |= {real: name for line in lines if (real := line.lstrip("/")) in files}
            # Since the merged /usr a list may name /lib where the file is in /usr/lib.
            owners |= {f"usr{line}": name for line in lines if f"usr{line}" in files}
        else:
            root = posixpath.dirname(posixpath.dirname(path))
            name = f"python {match[1].rpartition('-')[0] or match[1]}"
            owners |= {
                real: name
                for line in lines
                if (real := posixpath.normpath(posixpath.join(root, line.split(",")[0].strip('"')))) in files
            }
    return owners


def _chunks(start: bytes, file: IO[bytes]) -> Iterator[bytes]:
    yield start
    while data := file.read(_READ):
        yield data


class _Counter:
    """Counts what gzip would make of the bytes, in blocks as parallel gzip programs do; zlib lets other threads run."""

    def __init__(self, workers: ThreadPoolExecutor) -> None:
        self._workers = workers
        self._waiting: deque[Future[int]] = deque()
        self._size = 0

    def take(self, data: bytes) -> None:
        self._waiting.append(self._workers.submit(_compressed, data))
        if len(self._waiting) > _AHEAD:
            self._size += self._waiting.popleft().result()

    def total(self) -> int:
        return self._size + sum(future.result() for future in self._waiting)


def _compressed(data: bytes) -> int:
    return len(zlib.compress(data, _LEVEL))


@dataclass(eq=False)
class _Stream(io.RawIOBase):
    """Pieces of bytes as a file that is read once, front to back."""

    pieces: Iterable[bytes]
    on_data: Callable[[bytes], None] = lambda data: None
    _rest: bytes = b""
    _at: int = 0
    _iterator: Iterator[bytes] = field(init=False)

    def __post_init__(self) -> None:
        super().__init__()
        self._iterator = iter(self.pieces)

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        found = bytearray()
        while size < 0 or len(found) < size:
            if self._at >= len(self._rest):
                self._rest, self._at = next(self._iterator, b""), 0
                if not self._rest:
                    break
                self.on_data(self._rest)
            end = len(self._rest) if size < 0 else min(len(self._rest), self._at + size - len(found))
            found += self._rest[self._at : end]
            self._at = end
        return bytes(found)

    def drain(self) -> None:
        """Read what is left, so that it is counted."""
        while self.read(_READ):
            pass
