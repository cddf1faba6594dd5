"""One container that a run started: what is asked of it while it runs and how it ends."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydock.bench.engine.client import is_missing, translated
from pydock.errors import EngineError
from pydock.values import Value

if TYPE_CHECKING:
    from docker.api import APIClient

MOST_OUTPUT = 64 * 2**20
_POLL = 0.02


class Ran(Value):
    """What a command inside a container came to; `code` is None when it took too long."""

    code: int | None
    output: bytes
    is_cut: bool = False

    @property
    def text(self) -> str:
        return self.output.decode("utf-8", "replace")


class Stopped(Value):
    """How a container ended after it was told to: 137 as the code means that it had to be killed."""

    seconds: float
    code: int
    is_killed: bool


class Container(Value):
    """A container by its id; it is removed when the engine's run ends, or earlier by `remove`."""

    api: APIClient
    id: str

    def start(self) -> float:
        """Start it; the moment just before, of `time.monotonic`."""
        before = time.monotonic()
        with translated("the container did not start"):
            self.api.start(self.id)
        return before

    def inspect(self) -> dict[str, Any]:
        with translated("the container cannot be inspected"):
            found: dict[str, Any] = self.api.inspect_container(self.id)
        return found

    @property
    def is_running(self) -> bool:
        return bool(self.inspect()["State"]["Running"])

    def run(self, command: Sequence[str], user: str = "", limit: float = 60, most: int = MOST_OUTPUT) -> Ran:
        """Run a command in it, standard output and error together, at most `limit` seconds.

        A command that takes longer goes on until the container ends. 126 and 127 as the code
        mean that there is no such program.
        """
        with translated("the command did not start in the container"):
            made = self.api.exec_create(self.id, list(command), user=user)
            stream = self.api.exec_start(made["Id"], stream=True)
        reader = _Reader(stream, most)
        reader.start()
        reader.join(limit)
        if reader.is_alive():
            return Ran(None, bytes(reader.output), reader.is_cut)
        with translated("the command's end cannot be read"):
            code = self.api.exec_inspect(made["Id"])["ExitCode"]
        return Ran(code, bytes(reader.output), reader.is_cut)

    def logs(self, tail: int = 200) -> str:
        """The last lines it printed, both streams."""
        with translated("the container's output cannot be read"):
            data: bytes = self.api.logs(self.id, tail=tail)
        return data.decode("utf-8", "replace")

    def wait(self, limit: float) -> int | None:
        """Its exit code, or None when it still runs after that many seconds."""
        end = time.monotonic() + limit
        while (state := self.inspect()["State"])["Running"]:
            if time.monotonic() > end:
                return None
            time.sleep(_POLL)
        return int(state["ExitCode"])

    def stop(self, limit: float = 10) -> Stopped:
        """Send its stop signal, and kill it after `limit` seconds, as `docker stop` does."""
        before = time.monotonic()
        with translated("the container did not stop"):
            self.api.stop(self.id, timeout=int(limit))
        seconds = time.monotonic() - before
        code = int(self.inspect()["State"]["ExitCode"])
        return Stopped(seconds, code, code == 137 and seconds >= limit)

    def memory(self) -> int | None:
        """Bytes in use now, without the page cache; None where the engine does not count them."""
        with translated("the container's memory cannot be read"):
            stats: Any = self.api.stats(self.id, stream=False, one_shot=True)
        used = stats.get("memory_stats") or {}
        if "usage" not in used:
            return None
        details: Mapping[str, int] = used.get("stats") or {}
        return int(used["usage"]) - int(details.get("inactive_file", details.get("total_inactive_file", 0)))

    def changes(self) -> tuple[str, ...]:
        """The paths that differ from the image, volumes left out."""
        with translated("the container's changes cannot be read"):
            found: list[dict[str, Any]] = self.api.diff(self.id) or []
        return tuple(str(entry["Path"]) for entry in found)

    def put(self, folder: str, archive: bytes) -> None:
        """Unpack a tar archive into a folder of the container, which need not run."""
        with translated("files cannot be put into the container"):
            self.api.put_archive(self.id, folder, archive)

    def remove(self) -> None:
        """Kill and remove it with its own volumes; one that is gone already is no error."""
        try:
            with translated("the container cannot be removed"):
                self.api.remove_container(self.id, force=True, v=True)
        except EngineError as error:
            if not is_missing(error) and "already in progress" not in error.message:
                raise


class _Reader(threading.Thread):
    """Collects a stream with an upper bound; a thread, because a read from the engine cannot be timed."""

    def __init__(self, stream: Iterable[bytes], most: int) -> None:
        super().__init__(daemon=True)
        self.stream = stream
        self.most = most
        self.output = bytearray()
        self.is_cut = False

    def run(self) -> None:
        try:
            for piece in self.stream:
                room = self.most - len(self.output)
                self.output += piece[: max(0, room)]
                self.is_cut = self.is_cut or len(piece) > room
        except (OSError, ValueError):
            self.is_cut = True
