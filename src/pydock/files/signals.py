"""Requests to end (Ctrl-C, SIGTERM): SIGTERM ends a run as Ctrl-C does, and both wait while files are put in place."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_NUMBERS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """SIGTERM was received: whatever cleans up after Ctrl-C does so here, too."""


@contextmanager
def terminating() -> Iterator[None]:
    """SIGTERM raises Terminated in the main thread meanwhile."""
    if not _is_main() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    previous = signal.signal(signal.SIGTERM, _terminate)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, previous)


def left_to_parent() -> None:
    """In a process of a run that has several: the one that started it hears Ctrl-C, and ends it by SIGTERM."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def held() -> Iterator[None]:
    """Requests to end are answered when this is over. Other threads than the main one never see any."""
    if not _is_main():
        yield
        return
    received: list[int] = []
    previous = {number: signal.getsignal(number) for number in _NUMBERS}
    for number in _NUMBERS:
        signal.signal(number, lambda number, _: received.append(number))
    try:
        yield
    finally:
        for number, handler in previous.items():
            # A handler that was not installed from Python cannot be given back.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        for waiting in received[:1]:
            signal.raise_signal(waiting)


def _is_main() -> bool:
    return threading.current_thread() is threading.main_thread()


def _terminate(number: int, frame: FrameType | None) -> None:
    raise Terminated
