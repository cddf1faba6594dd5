"""How far a bench is: one line that is kept up to date on a terminal, plain lines anywhere else."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Event, Thread
from typing import IO

from pydock.bench.engine.trace import Step
from pydock.terminal import columns_of, console, printable

_REFRESH = 0.2
_QUIET_SECONDS = 15.0
# What weighing or starting an image is taken to need before it was done once.
_OTHER_SECONDS = 15.0


class Progress:
    """Tells on a stream what is being measured, the current step, the time, and what is left."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._is_live = stream.isatty()
        self._tasks: list[tuple[str, str]] = []
        self._known: dict[tuple[str, str], float] = {}
        self._done = 0
        self._current = ("", "")
        self._started = time.monotonic()
        self._said_at = 0.0
        self._step = ""
        self._stop = Event()
        self._painter: Thread | None = None

    def plan(self, tasks: Sequence[tuple[str, str]]) -> None:
        self._tasks = list(tasks)

    def begin(self, version: str, what: str) -> None:
        self._finish_line()
        if (version, what) in self._tasks:
            self._done = self._tasks.index((version, what))
        self._current, self._step, self._started = (version, what), "", time.monotonic()
        self._said_at = self._started
        if self._is_live:
            self._stop = Event()
            self._painter = Thread(target=self._paint, args=(self._stop,), daemon=True)
            self._painter.start()

    def step(self, step: Step) -> None:
        if step.seconds is None and not step.is_internal:
            self._step = step.name
        if not self._is_live and time.monotonic() - self._said_at > _QUIET_SECONDS:
            self._said_at = time.monotonic()
            self._write(f"{self._line()}\n")

    def end(self, said: str = "") -> None:
        seconds = time.monotonic() - self._started
        version, what = self._current
        self._known[version, _kind(what)] = seconds
        self._done += 1
        self._finish_line()
        self._write(f"{self._place()} {said or f'{seconds:.1f} s'}{self._left()}\n")

    def close(self) -> None:
        """Leave a clean line behind, whatever happened."""
        self._finish_line()

    def _paint(self, stop: Event) -> None:
        while not stop.wait(_REFRESH):
            width = columns_of(self._stream) - 1
            self._write(f"\r\033[K{self._line()[:width]}")

    def _finish_line(self) -> None:
        if self._painter is not None:
            self._stop.set()
            self._painter.join()
            self._painter = None
            self._write("\r\033[K")

    def _line(self) -> str:
        seconds = time.monotonic() - self._started
        return f"{self._place()} {seconds:.0f} s {printable(' '.join(self._step.split()))[:100]}"

    def _place(self) -> str:
        version, what = self._current
        number = f"[{min(self._done + (self._painter is not None), len(self._tasks))}/{len(self._tasks)}]"
        return f"{number} {version + ': ' if version else ''}{printable(what)}"

    def _left(self) -> str:
        """What the rest takes when it goes on like this; a build that is not known yet counts as a cold one."""
        rest = self._tasks[self._done :]
        times = [self._expected(version, _kind(what)) for version, what in rest]
        known = [seconds for seconds in times if seconds is not None]
        if not rest or len(known) < len(times):
            return ""
        minutes = sum(known) / 60
        return f", about {minutes:.0f} min left" if minutes > 1.5 else f", about {sum(known):.0f} s left"

    def _expected(self, version: str, kind: str) -> float | None:
        if (version, kind) in self._known:
            return self._known[version, kind]
        return _OTHER_SECONDS if kind in {"weigh", "start"} else self._known.get((version, "cold"))

    def _write(self, text: str) -> None:
        console.talk(text, self._stream)


def _kind(what: str) -> str:
    """A task without its number: "cold 2 of 3" is "cold"."""
    return " ".join(word for word in what.split() if not word.isdigit() and word != "of")
