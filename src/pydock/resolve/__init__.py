"""Asks a real resolver, once for each set and run, so that rules stay pure.

The answers become facts of the project (`pydock.project.pins`) before the first round.

A run over many services asks in one place, a `Resolver`, several questions at a time while
services are read. Those who read them find its answers in a folder (`pydock.resolve.kept`), and
what is not there yet they raise as `Unanswered` instead of waiting for it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Protocol, TypeVar

from pydock.hosts import Origin
from pydock.locks.installs.requests import requests
from pydock.locks.platforms import requests_elsewhere
from pydock.locks.python.move import questions
from pydock.locks.stale_locks import asked_again
from pydock.project import Project
from pydock.project.pins import Answer, Indexes, Pins, Request, Unanswered
from pydock.resolve import uv
from pydock.resolve.addresses import asked, refusal
from pydock.resolve.history import last_change
from pydock.resolve.kept import Kept
from pydock.terminal import console
from pydock.values import replace

__all__ = ["THIS_RUN", "Kept", "Reader", "Resolver", "gathered", "last_change"]

# A resolver waits for an index most of its time.
_WORKERS = 6
# An install's question may depend on the answer to the one before it.
_ROUNDS = 8


class Rewritten(Protocol):
    """What rules made of a project."""

    @property
    def result(self) -> Project: ...


Report = TypeVar("Report", bound=Rewritten)
Answers = Callable[[tuple[Request, ...]], dict[Request, Answer]]


class Resolver:
    """What one run asks: no question twice, several at the same time, of an index that is gone none at all.

    Answers are put into the folder `kept` as well, where there is one. Whom it asks it says on
    standard error first.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept
        self._asked: dict[Request, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._heard: set[Indexes] = set()
        self._gone: dict[Indexes, Answer] = {}
        self._told: set[str] = set()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        uv.program()
        return ThreadPoolExecutor(_WORKERS, thread_name_prefix="pydock-resolver")

    def answers(self, asked: Iterable[Request]) -> dict[Request, Answer]:
        """The answer to each request, waited for."""
        wanted = tuple(dict.fromkeys(asked))
        self.ahead(wanted)
        return {request: self._asked[request].result() for request in wanted}

    def ahead(self, asked: Iterable[Request]) -> Future[None]:
        """Begin to ask; the future is done once all of it is answered."""
        found = []
        with self._lock:
            for request in asked:
                if request not in self._asked:
                    self._asked[request] = self._pool.submit(self._answer, request)
                found.append(self._asked[request])
        return _all(found)

    def close(self) -> None:
        """Let go of what has not been asked yet."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _answer(self, request: Request) -> Answer:
        if why_not := refusal(request):
            return self._put(request, Answer(why_not=why_not))
        for host in asked(request):
            self._tell(host)
        where = request.indexes
        found = self._gone.get(where) or uv.answer(request, tell=self._tell)
        if not found.is_final and where in self._heard:
            # The index is there, so the question got lost, as happens on a busy machine.
            found = uv.answer(request, tell=self._tell, is_patient=True)
        if found.is_final:
            self._heard.add(where)
            self._gone.pop(where, None)
        elif where in self._heard:
            # Whether it still is there, the next question finds out.
            self._heard.discard(where)
        elif found.is_unreachable and not any("://" in line for line in request.requirements):
            self._gone[where] = found
        if found.is_unreachable:
            found = _cached(request, found)
        return self._put(request, found)

    def _put(self, request: Request, found: Answer) -> Answer:
        if self._kept:
            self._kept.put(request, found)
        return found

    def _tell(self, host: Origin) -> None:
        """Say whom this run asks, before it does and once."""
        with self._lock:
            is_new = str(host) not in self._told
            self._told.add(str(host))
        if is_new:
            console.complain(f"{host} is asked about packages", kind="note")


class Reader:
    """Answers that somebody else has asked for; a project stops at what is not there, unless it was named before.

    `promised` is what a project has stopped at: if that is not there still, the folder is that of another machine.
    """

    def __init__(self, kept: Kept, promised: Iterable[Request] = ()) -> None:
        self._kept = kept
        self._promised = frozenset(promised)

    def answers(self, asked: Iterable[Request]) -> dict[Request, Answer]:
        """The answer to each request.

        Raises Unanswered where one is not there.
        """
        wanted = tuple(dict.fromkeys(asked))
        found = {request: answer for request in wanted if (answer := self._kept.get(request))}
        absent = [request for request in wanted if request not in found]
        if not self._promised.issuperset(absent):
            raise Unanswered(wanted)
        return found | THIS_RUN.answers(absent)


def gathered(
    project: Project, rewritten: Callable[[Project], Report], answers: Answers, promised: Iterable[Request] = ()
) -> Report:
    """What rules make of a project with the answers to all that it wants to know.

    What rules have moved is asked about where it is then, and base images are exact there.
    `promised` are questions that this very project is known to have.
    """
    asked = tuple(promised)
    for _ in range(_ROUNDS):
        project = replace(project, pins=Pins(answers(asked) if asked else {}))
        report = rewritten(project)
        after = report.result
        known = (*questions(project), *questions(after), *asked_again(after))
        wanted = dict.fromkeys((*asked, *requests(after), *requests_elsewhere(after), *known))
        if len(wanted) == len(asked):
            break
        asked = tuple(wanted)
    return report


def _cached(request: Request, gone: Answer) -> Answer:
    """What uv's cache knows where the index does not answer."""
    found = uv.answer(request, is_offline=True)
    if found.why_not:
        return gone
    warning = f"{gone.why_not}: these are the versions in the cache of uv"
    return replace(found, warnings=(*found.warnings, warning), is_final=False)


def _all(futures: list[Future[Answer]]) -> Future[None]:
    """A future that is done when all of these are."""
    whole: Future[None] = Future()
    left = [len(futures)]
    lock = threading.Lock()

    def count(_: object) -> None:
        with lock:
            left[0] -= 1
            is_last = not left[0]
        if is_last:
            whole.set_result(None)

    for future in futures:
        future.add_done_callback(count)
    if not futures:
        whole.set_result(None)
    return whole


# What one run of the command line has asked.
THIS_RUN = Resolver()
