"""What a build says while it runs, as steps with times and the end of their output.

BuildKit's trace is a stream of `moby.buildkit.v1.StatusResponse` messages; only the few fields
needed are decoded: https://github.com/moby/buildkit/blob/v0.20.0/api/services/control/control.proto,
read 2026-11. buildx says the same as lines of JSON (`--progress=rawjson`).
"""

from __future__ import annotations

import base64
import struct
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pydock.values import Value

# Output is kept per step and only its end, so a build that prints without end costs no memory.
MOST_LINES = 40
LONGEST_LINE = 2_000
MOST_STEPS = 2_000


class Step(Value):
    """One step of a build; `seconds` is None while it runs, `log` the last lines it printed."""

    name: str
    is_cached: bool
    seconds: float | None
    error: str
    log: tuple[str, ...]

    @property
    def is_internal(self) -> bool:
        """Whether it is the builder's own work rather than an instruction."""
        return self.name.startswith("[internal]") or not self.name.startswith("[")


@dataclass(slots=True)
class _Vertex:
    name: str = ""
    is_cached: bool = False
    started: float = 0.0
    completed: float = 0.0
    error: str = ""
    log: deque[str] = field(default_factory=lambda: deque(maxlen=MOST_LINES))
    rest: str = ""

    def print(self, text: str) -> None:
        *lines, self.rest = (self.rest + text).replace("\r\n", "\n").split("\n")
        self.log.extend(line[:LONGEST_LINE] for line in lines)
        self.rest = self.rest[-LONGEST_LINE:]

    def step(self) -> Step:
        seconds = max(0.0, self.completed - self.started) if self.completed and self.started else None
        if self.completed and not self.started:
            seconds = 0.0
        log = (*self.log, self.rest) if self.rest else tuple(self.log)
        return Step(self.name, self.is_cached, seconds, self.error, log)


@dataclass(slots=True)
class Trace:
    """The steps seen so far, in the order in which they appeared."""

    _vertices: dict[str, _Vertex] = field(default_factory=dict)

    def take_trace(self, aux: str) -> tuple[Step, ...]:
        """Read one `moby.buildkit.trace` message; the steps that started or ended with it."""
        changed: dict[str, None] = {}
        for number, value in _fields(base64.b64decode(aux)):
            if number == 1 and isinstance(value, bytes):
                changed |= dict.fromkeys(self._take_vertex(value))
            elif number == 3 and isinstance(value, bytes):
                entry = dict(_fields(value))
                self._at(_text(entry.get(1))).print(_text(entry.get(4)))
        return tuple(self._vertices[digest].step() for digest in changed)

    def take_json(self, message: Mapping[str, object]) -> tuple[Step, ...]:
        """Read one line of `buildx --progress=rawjson`."""
        changed = []
        for entry in _list(message.get("vertexes")):
            digest = str(entry.get("digest"))
            vertex = self._at(digest)
            vertex.name = str(entry.get("name") or vertex.name)
            vertex.is_cached = bool(entry.get("cached")) or vertex.is_cached
            vertex.started = vertex.started or _moment(entry.get("started"))
            vertex.completed = _moment(entry.get("completed")) or vertex.completed
            vertex.error = str(entry.get("error") or vertex.error)
            changed.append(digest)
        for entry in _list(message.get("logs")):
            data = base64.b64decode(str(entry.get("data") or "")).decode("utf-8", "replace")
            self._at(str(entry.get("vertex"))).print(data)
        return tuple(self._vertices[digest].step() for digest in changed)

    def take_text(self, text: str) -> None:
        """Keep plain output, which is all that a builder without a trace gives."""
        self._at("").print(text)

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(vertex.step() for vertex in self._vertices.values() if vertex.name)

    @property
    def failed(self) -> Step | None:
        """The step that stopped the build; one that was cancelled because of it comes later."""
        broken = [step for step in self.steps if step.error]
        return next((step for step in broken if "context canceled" not in step.error), broken[0] if broken else None)

    @property
    def output(self) -> tuple[str, ...]:
        """The last lines of output: of the failed step, else of plain text, else of all."""
        failed = self.failed
        if failed and failed.log:
            return failed.log
        plain = self._vertices.get("")
        return plain.step().log if plain else ()

    def _at(self, digest: str) -> _Vertex:
        if digest not in self._vertices and len(self._vertices) >= MOST_STEPS:
            return _Vertex()
        return self._vertices.setdefault(digest, _Vertex())

    def _take_vertex(self, message: bytes) -> Iterator[str]:
        entry = dict(_fields(message))
        digest = _text(entry.get(1))
        vertex = self._at(digest)
        vertex.name = _text(entry.get(3)) or vertex.name
        vertex.is_cached = bool(entry.get(4)) or vertex.is_cached
        vertex.started = vertex.started or _time(entry.get(5))
        vertex.completed = _time(entry.get(6)) or vertex.completed
        vertex.error = _text(entry.get(7)) or vertex.error
        if digest in self._vertices:
            yield digest


def _list(value: object) -> list[dict[str, object]]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else ""


def _time(value: object) -> float:
    """A google.protobuf.Timestamp as seconds, 0 where there is none."""
    if not isinstance(value, bytes):
        return 0.0
    entry = dict(_fields(value))
    seconds, nanoseconds = entry.get(1, 0), entry.get(2, 0)
    return (seconds if isinstance(seconds, int) else 0) + (nanoseconds if isinstance(nanoseconds, int) else 0) / 1e9


def _moment(value: object) -> float:
    """An RFC 3339 time as seconds, 0 where there is none."""
    return datetime.fromisoformat(value).timestamp() if isinstance(value, str) and value else 0.0


def _fields(data: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The fields of a protobuf message: https://protobuf.dev/programming-guides/encoding/."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        match key & 7:
            case 0:
                value, at = _varint(data, at)
                yield key >> 3, value
            case 1:
                yield key >> 3, struct.unpack_from("<Q", data, at)[0]
                at += 8
            case 2:
                size, at = _varint(data, at)
                yield key >> 3, data[at : at + size]
                at += size
            case 5:
                yield key >> 3, struct.unpack_from("<I", data, at)[0]
                at += 4
            case _:
                return


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data):
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            break
        shift += 7
    return value, at
