"""The process that examines services: it may be killed at any time, and ends with the one that started it.

It reads pickled tasks from standard input and writes to standard output, which nothing else can reach
then, for each what it is at and one answer, pickled. A task that goes on for too long ends the process,
even where nobody is left to end it.
"""

from __future__ import annotations

import contextlib
import gc
import os
import pickle
import signal
import sys
from typing import IO

from pydock.migrate.run.examine import Task, advanced
from pydock.terminal import console
from pydock.values import Value

OUT_OF_MEMORY = 77


class Doing(Value):
    """What the child is at, told before the answer; `is_passing` is for a line that the next one takes the place of."""

    text: str
    is_passing: bool


def main() -> None:
    """Answer tasks until standard input ends; the arguments are the most bytes and the most seconds."""
    most_bytes, most_seconds = int(sys.argv[1]), float(sys.argv[2])
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    _limit_memory(most_bytes)
    # What was imported stays; to look at it again in every collection costs as much as a small service.
    gc.freeze()
    # What a service leaves behind is small; to look for it ten times as rarely saves a tenth of the time.
    gc.set_threshold(20_000, 10, 10)
    console.listen(lambda text, is_passing: _send(answers, Doing(text, is_passing)))
    with contextlib.suppress(EOFError, BrokenPipeError):
        _answer_all(sys.stdin.buffer, answers, most_seconds)


def _answer_all(tasks: IO[bytes], answers: IO[bytes], most_seconds: float) -> None:
    while True:
        task: Task = pickle.load(tasks)
        _limit_time(most_seconds * len(task.members))
        try:
            found = advanced(task)
        except MemoryError:
            # What is left of the heap is of no use to the next service.
            os._exit(OUT_OF_MEMORY)
        _limit_time(0)
        _send(answers, found)


def _send(answers: IO[bytes], said: object) -> None:
    pickle.dump(said, answers)
    answers.flush()


def _limit_memory(most: int) -> None:
    """Where the system can (https://man7.org/linux/man-pages/man2/setrlimit.2.html), more raises MemoryError."""
    try:
        import resource
    except ImportError:
        return
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, hard))


def _limit_time(seconds: float) -> None:
    """An alarm that nobody handles ends the process; 0 takes it back."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds)


if __name__ == "__main__":
    main()
