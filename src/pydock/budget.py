"""What one project may take, and what becomes of one that takes more or brings pydock down: an error of this project.

Seconds are those of work on a processor, so that a busy machine fails no project; one that hardly works at all for as
many seconds by the clock waits for what never comes, and ends, too. They are enforced where the system has interval
timers, memory where it has RLIMIT_DATA (https://man7.org/linux/man-pages/man2/setrlimit.2.html, read 2026-11).
Windows has neither: nothing is enforced there. Child processes have limits of their own.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import Final

from pydock.errors import BudgetError, BugError, OptionError, PydockError
from pydock.terminal import console
from pydock.values import Value

SECONDS: Final = 60.0
MEMORY: Final = 2_000_000_000
# The files of a project may ask for this many times the defaults: nobody trusts them with the whole machine.
_TIMES = 10
# Work is looked at again after so many seconds by the clock, and whoever catches an alarm by mistake hears another.
_REMINDER = 1.0
# Who works for a smaller part of the time than this, on the busiest machine, waits.
_LEAST_WORK = 0.01
# Enough for the deepest nesting that readers let through, and far below what a stack of 8 MB holds.
_CALLS = 4_000
_PLEASE = "this is a bug of pydock; PYDOCK_TRACEBACK=1 shows where, please report it with the Dockerfile"
_WAITING = "does the disk that it lies on answer? --budget-seconds gives it more"
_UNITS = {"mb": 10**6, "gb": 10**9, "mib": 2**20, "gib": 2**30}
_STATM = Path("/proc/self/statm")


class Budget(Value):
    """Seconds of work and bytes of memory for one project; waiting for others is no work."""

    seconds: float = SECONDS
    memory: int = MEMORY


def size(text: str, name: str) -> int:
    """The bytes that a size such as 800MB or 2GB means.

    Raises OptionError, which calls it by `name`.
    """
    match = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)\s?(MB|GB|MiB|GiB)", text, re.I | re.A)
    if match is None:
        raise OptionError(f"{name} {text}: not a size", "such as 800MB or 2GB")
    return int(float(match[1]) * _UNITS[match[2].lower()])


def is_modest(budget: Budget) -> bool:
    """Whether the files of a project may ask for it; the command line may for any."""
    return 0 < budget.seconds <= SECONDS * _TIMES and budget.memory <= MEMORY * _TIMES


@contextmanager
def within(budget: Budget, through: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Work on one project, which may go wrong in any way, and may take so much.

    Raises BudgetError where it takes more, and what `undisturbed` raises. Seconds count in the main thread alone.
    """
    try:
        with undisturbed((*through, MemoryError)), _limited(budget):
            yield
        return
    except MemoryError:
        failure = BudgetError(f"needs more than {budget.memory // 10**6} MB of memory", "--budget-memory gives it more")
    # Outside of the handler, so that what the work holds is let go with the traceback.
    raise failure


@contextmanager
def undisturbed(through: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Work on one project: what goes wrong is an error of this project, and the next one goes on.

    Raises BugError for what nobody foresaw; PydockError and what is let `through` are raised as they are.
    """
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, _CALLS))
    try:
        yield
        return
    except RecursionError as error:
        console.places(error)
        failure = BugError("something in it is nested deeper than pydock can follow", "nothing has been written")
    except Exception as error:
        if isinstance(error, (PydockError, *through)):
            raise
        console.places(error)
        said = f"pydock failed on it: {type(error).__name__}: {error}"
        failure = BugError(said, _PLEASE)
    finally:
        sys.setrecursionlimit(before)
    raise failure


@contextmanager
def unhurried() -> Iterator[None]:
    """What is waited for, or must not be cut short, takes nothing of a budget."""
    alarm = signal.getsignal(signal.SIGALRM) if _has_clock() else None
    if not isinstance(alarm, _Alarm):
        yield
        return
    left, _ = signal.setitimer(signal.ITIMER_REAL, 0)
    inside = _limit_memory(alarm.outside)
    clock, work = time.monotonic(), time.process_time()
    try:
        yield
    finally:
        _limit_memory(inside)
        alarm.pass_over(time.monotonic() - clock, time.process_time() - work)
        # Zero would take the alarm back.
        signal.setitimer(signal.ITIMER_REAL, max(left, 0.001), _REMINDER)


class _Alarm:
    """Looks at the work that was done, now and then; `outside` is the limit of memory that was in force before."""

    def __init__(self, seconds: float, outside: int | None) -> None:
        self.seconds = seconds
        self.outside = outside
        self._begun = time.process_time()
        # Where the last `seconds` by the clock began, and how much work was done until then.
        self._clock, self._work = time.monotonic(), self._begun

    def pass_over(self, clock: float, work: float) -> None:
        """Time and work that do not count."""
        self._begun += work
        self._clock += clock
        self._work += work

    def __call__(self, number: int, frame: FrameType | None) -> None:
        clock, work = time.monotonic(), time.process_time()
        if work - self._begun >= self.seconds:
            raise BudgetError(f"takes more than {self.seconds:g} s", "--budget-seconds gives it more")
        if clock - self._clock < self.seconds:
            return
        if work - self._work < self.seconds * _LEAST_WORK:
            raise BudgetError(f"waits for more than {self.seconds:g} s for what does not come", _WAITING)
        self._clock, self._work = clock, work


def _has_clock() -> bool:
    return hasattr(signal, "setitimer") and threading.current_thread() is threading.main_thread()


@contextmanager
def _limited(budget: Budget) -> Iterator[None]:
    """The limits of a budget, and afterwards those that were there before."""
    outside = _limit_memory(_held() + budget.memory)
    try:
        if not _has_clock():
            yield
            return
        before = signal.signal(signal.SIGALRM, _Alarm(budget.seconds, outside))
        try:
            signal.setitimer(signal.ITIMER_REAL, budget.seconds, _REMINDER)
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
    finally:
        _limit_memory(outside)


def _held() -> int:
    """The bytes that this process has already, where the system tells."""
    try:
        return int(_STATM.read_text("ascii").split()[5]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError, IndexError):
        return 0


def _limit_memory(most: int | None) -> int | None:
    """What more than so many bytes is refused, as MemoryError; the limit so far, None where there is no such thing."""
    if most is None:
        return None
    try:
        import resource  # not on Windows
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most if hard == resource.RLIM_INFINITY else min(most, hard), hard))
    return soft
