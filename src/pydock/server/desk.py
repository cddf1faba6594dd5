"""Work that other threads hand to the main one, where budgets of time count: one piece after the other.

What is asked for again, while it waits or is worked on, makes the earlier piece needless: it is dropped or stopped.
"""

from __future__ import annotations

import os
import queue
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import FrameType
from typing import Any, TypeVar

from pydock.errors import PydockError

# Seconds between looks at whether whoever asks is still there.
_PATIENCE = 2.0
Result = TypeVar("Result")


class Dropped(PydockError):
    """Nobody waits for the answer any more."""


class _Piece:
    """A piece of work, and who waits for it."""

    def __init__(self, work: Callable[[], Any], topic: str) -> None:
        self.work = work
        self.topic = topic
        self.future: Future[Any] = Future()
        self.is_unwanted = False


class Desk:
    """The pieces of work that wait, and the one that is worked on."""

    def __init__(self) -> None:
        self._waiting: queue.SimpleQueue[_Piece | None] = queue.SimpleQueue()
        self._newest: dict[str, _Piece] = {}
        self._current: _Piece | None = None

    def put(self, work: Callable[[], Result], topic: str = "") -> Future[Result]:
        """Hand in a piece of work; one with the same topic that is not done is not wanted any more."""
        piece = _Piece(work, topic)
        if topic:
            earlier, self._newest[topic] = self._newest.get(topic), piece
            if earlier is not None:
                self._drop(earlier)
        self._waiting.put(piece)
        return piece.future

    def drop(self, future: Future[Any]) -> None:
        """Nobody waits for this any more."""
        current = self._current
        if current is not None and current.future is future:
            self._drop(current)
        future.cancel()

    def close(self) -> None:
        """End `run`, whatever is worked on or waits."""
        self._waiting.put(None)
        if (current := self._current) is not None:
            self._drop(current)

    def run(self, is_asked: Callable[[], bool]) -> bool:
        """Work until the desk is closed, which is true, or until nobody is there who asks."""
        can_stop = hasattr(signal, "pthread_kill")
        before = signal.signal(signal.SIGUSR1, self._stop) if can_stop else None
        try:
            while is_asked():
                try:
                    piece = self._waiting.get(timeout=_PATIENCE)
                except queue.Empty:
                    continue
                if piece is None:
                    return True
                self._work(piece)
            return False
        finally:
            if can_stop:
                signal.signal(signal.SIGUSR1, before)

    def _work(self, piece: _Piece) -> None:
        if not piece.future.set_running_or_notify_cancel():
            return
        self._current = piece
        try:
            try:
                result = piece.work()
            finally:
                self._current = None
        except Exception as error:
            piece.future.set_exception(error)
        else:
            piece.future.set_result(result)

    def _drop(self, piece: _Piece) -> None:
        piece.is_unwanted = True
        if not piece.future.cancel() and self._current is piece and hasattr(signal, "pthread_kill"):
            signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGUSR1)

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """In the main thread: the piece that is worked on goes no further, unless it is already another one."""
        if self._current is not None and self._current.is_unwanted:
            raise Dropped("not wanted any more")


def is_alive(process: int | None) -> bool:
    """Whether a process is there; true where that cannot be told without harm."""
    if not process or sys.platform == "win32":
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
