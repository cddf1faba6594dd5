"""How far a run is: one line that is kept up to date on a terminal, a line now and then anywhere else."""

from __future__ import annotations

import time
from collections import Counter
from typing import IO

from pydock.migrate.find.services import Service
from pydock.migrate.records.record import SHOWN, Record, State
from pydock.terminal import columns_of, console, printable, wishes

_REFRESH = 0.1
_QUIET_SECONDS = 10.0


class Progress:
    """Counts services as they are told, and says on a stream what is done, what came of it, and what is left."""

    def __init__(self, stream: IO[str], total: int) -> None:
        self._stream = stream
        self._is_live = stream.isatty()
        self._total = total
        self._states: Counter[State] = Counter()
        # A broken configuration is the same for all that it is for.
        self._told: set[str] = set()
        self._begun = time.monotonic()
        self._said = self._begun

    def __call__(self, service: Service, record: Record) -> None:
        self._states[record.state] += 1
        now = time.monotonic()
        if record.state is State.FAILED and record.reason and record.reason.message not in self._told:
            self._told.add(record.reason.message)
            self._clear()
            console.talk(f"error: {printable(f'{service.name}: {record.reason.message}')}\n", self._stream)
        if wishes.is_quiet():
            return
        if now - self._said >= (_REFRESH if self._is_live else _QUIET_SECONDS):
            self._said = now
            self._clear()
            line = self.line(now - self._begun)
            width = columns_of(self._stream) - 1
            console.talk(line[:width] if self._is_live else f"{line}\n", self._stream)

    def doing(self, service: str, what: str, is_passing: bool) -> None:
        """What is done for a service while it is examined: beside the count on a terminal, else in an own line."""
        if wishes.is_quiet():
            return
        text = f"{service}: {' '.join(what.split())}"
        if self._is_live:
            self._clear()
            line = f"{self.line(time.monotonic() - self._begun)}; {text}"
            columns = columns_of(self._stream) - 1
            # What is done now is what a person waits for.
            console.talk(printable(line if len(line) <= columns else text)[:columns], self._stream)
        elif not is_passing:
            console.talk(f"{printable(text)}\n", self._stream)

    def close(self) -> None:
        """The last word, whatever happened."""
        self._clear()
        if not wishes.is_quiet():
            console.talk(f"{self.line(time.monotonic() - self._begun)}\n", self._stream)

    def line(self, seconds: float) -> str:
        """Such as: 120 of 200 done: 80 ready, 12 refused, 28 already good; 80 left, about 40 s to go."""
        done = self._states.total()
        shown = [f"{self._states[state]} {state.label}" for state in (*SHOWN, State.OTHER) if self._states[state]]
        head = f"{done} of {self._total} done: {', '.join(shown) or 'nothing yet'}"
        left = self._total - done
        if not left:
            return f"{head}; {seconds:.1f} s"
        rest = seconds / done * left if done else 0.0
        return f"{head}; {left} left" + (f", about {_time(rest)} to go" if done else "")

    def _clear(self) -> None:
        if self._is_live:
            console.talk("\r\033[K", self._stream)


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds > 90 else f"{seconds:.0f} s"
