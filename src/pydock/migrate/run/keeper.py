"""Keeps a child process for each thread that asks, and tells what became of it.

Threads of this process and threads of a Dask worker do the same: hand a task over, and wait for
the answer or the end of the child. So a service can crash, hang or eat all memory, and the next
one finds a new child.
"""

from __future__ import annotations

import pickle
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import IO

from pydock import __version__
from pydock.migrate.records.record import Record, failed
from pydock.migrate.run.child import OUT_OF_MEMORY, Doing
from pydock.migrate.run.examine import Examined, Task
from pydock.processes import Child, environment
from pydock.project.secrets import mask
from pydock.values import Value

# Caches of a process grow with what it has seen.
_MOST_TASKS = 500
_GRACE = 5.0
_STARTED = "import sys; from pydock.migrate.run.child import main; main()"


class Limits(Value):
    """What one service may take: seconds, and bytes of memory. `version` is that of the asking pydock."""

    seconds: float = 180.0
    memory: int = 1_000_000_000
    version: str = __version__


@dataclass
class _Keeper:
    """One child, started when the first task comes."""

    limits: Limits
    process: subprocess.Popen[bytes] | None = None
    errors: IO[bytes] = field(default_factory=tempfile.TemporaryFile)
    tasks: int = 0

    def answered(self, task: Task) -> Examined:
        process = self._running()
        self.tasks += 1
        seconds = self.limits.seconds * len(task.members) + _GRACE
        timer = threading.Timer(seconds, process.kill)
        timer.start()
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            pickle.dump(task, process.stdin)
            process.stdin.flush()
            while isinstance(found := pickle.load(process.stdout), Doing):
                for listener in _listeners:
                    listener(task.members[0].name, found.text, found.is_passing)
        except (EOFError, BrokenPipeError, pickle.UnpicklingError):
            return (self._buried(process, is_late=not timer.is_alive()),) * len(task.members)
        finally:
            timer.cancel()
        if self.tasks >= _MOST_TASKS:
            self.close()
        answer: Examined = found
        return answer

    def _running(self) -> subprocess.Popen[bytes]:
        if self.process is None:
            self.tasks = 0
            self.errors.seek(0)
            self.errors.truncate()
            arguments = [sys.executable, "-P", "-c", _STARTED, str(self.limits.memory), str(self.limits.seconds)]
            # In a session of its own: what a person's Ctrl-C means for it is decided here.
            self.process = subprocess.Popen(
                arguments,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.errors,
                env=environment(Child.PYDOCK),
                start_new_session=True,
            )
        return self.process

    def _buried(self, process: subprocess.Popen[bytes], *, is_late: bool) -> Record:
        """What the end of a child means for the service it was busy with."""
        try:
            code = process.wait(_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        self.process = None
        megabytes = self.limits.memory // 1_000_000
        if is_late or code == -getattr(signal, "SIGALRM", 0):
            return failed(f"took more than {self.limits.seconds:g} s", "--limit gives it more time")
        if code == OUT_OF_MEMORY:
            return failed(f"needs more than {megabytes} MB of memory", "--memory gives it more")
        if code == -signal.SIGKILL:
            return failed(
                "its process was killed, most likely for the memory it took", "fewer --jobs leave more for each"
            )
        self.errors.seek(0)
        said = self.errors.read()[-4000:].decode("utf-8", "replace").strip().splitlines()
        why = said[-1] if said else f"exit code {code}"
        if "MemoryError" in why:
            return failed(f"needs more than {megabytes} MB of memory", "--memory gives it more")
        return failed(
            f"pydock crashed on it: {mask(why)}", "this is a bug of pydock; please report it with the Dockerfile"
        )

    def close(self) -> None:
        """End the child; one that is busy is interrupted, so that what it started can be cleared away."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.stdin is not None:
            with suppress(BrokenPipeError):
                process.stdin.close()
        for farewell in (None, signal.SIGINT, signal.SIGKILL):
            if farewell is not None:
                process.send_signal(farewell)
            with suppress(subprocess.TimeoutExpired):
                process.wait(_GRACE if farewell else 1.0)
                break
        if process.stdout is not None:
            process.stdout.close()


@contextmanager
def heard(listener: Callable[[str, str, bool], None]) -> Iterator[None]:
    """Somebody hears what the children of this process are at: (service, what, whether it only passes)."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


_listeners: list[Callable[[str, str, bool], None]] = []
_own = threading.local()
_keepers: list[_Keeper] = []


def examined(task: Task, limits: Limits) -> Examined:
    """What comes of a task, whatever it does to the process that examines it."""
    if limits.version != __version__:
        why = f"this worker has pydock {__version__}, asked was {limits.version}"
        return (failed(why, is_kept=False),) * len(task.members)
    keeper: _Keeper | None = getattr(_own, "keeper", None)
    if keeper is None or keeper.limits != limits:
        keeper = _own.keeper = _Keeper(limits)
        _keepers.append(keeper)
    return keeper.answered(task)


def close_all() -> None:
    """End every child of this process."""
    while _keepers:
        _keepers.pop().close()
    _own.__dict__.clear()
