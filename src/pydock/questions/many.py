"""Many Dockerfiles in one run: in processes where that was asked for, and while a resolver is asked, the next ones.

What waits for answers of a resolver is put aside as `Paused` and makes room, so that a run takes
as long as reading or asking takes, whichever is longer, and not both.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Future, wait
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydock.errors import BugError, PydockError
from pydock.files import begin, begun, left_to_parent
from pydock.project.pins import Request, Unanswered
from pydock.questions.ask import Question, answer, one
from pydock.report import Answer, failed
from pydock.targets import Target, Unusable
from pydock.values import Value, field, replace

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor

# So many tasks for each worker are handed out ahead, so that none waits for work.
_AHEAD = 3
# Seconds for a child to end that is told to: it may have containers to remove.
_FAREWELL = 60.0
Task = TypeVar("Task")
Result = TypeVar("Result")


class Paused(Value, Generic[Task]):
    """What a worker gives back instead of a result: the task to go on with once these requests are answered."""

    task: Task
    requests: tuple[Request, ...]


Start = Callable[[Task], "Future[Result | Paused[Task]]"]
Ask = Callable[[Iterable[Request]], "Future[None]"]


def served(
    start: Start[Task, Result], tasks: Iterable[Task], width: int, ask: Ask
) -> Iterator[tuple[Task, Future[Result | Paused[Task]]]]:
    """The tasks as they are done, each with its future, which may hold an exception.

    At most `width` are started at once; `ask` begins to ask a resolver (`Resolver.ahead`).
    """
    waiting = iter(tasks)
    running: dict[Future[Result | Paused[Task]], Task] = {}
    stopped: dict[Future[None], Task] = {}
    while True:
        for task in islice(waiting, max(0, width - len(running))):
            running[start(task)] = task
        if not running and not stopped:
            return
        some: list[Future[Any]] = [*running, *stopped]
        done, _ = wait(some, return_when=FIRST_COMPLETED)
        for answered in [each for each in stopped if each in done]:
            task = stopped.pop(answered)
            running[start(task)] = task
        for future in [each for each in running if each in done]:
            task = running.pop(future)
            result = None if future.cancelled() or future.exception() else future.result()
            if isinstance(result, Paused):
                stopped[ask(result.requests)] = result.task
            else:
                yield task, future


class Batch(Value):
    """Dockerfiles of one folder, each over the changes of those before it, and how far they have come.

    `promised` are the questions at which the first one without an answer has stopped.
    """

    number: int
    question: Question
    members: tuple[Target | Unusable, ...]
    answers: tuple[Answer, ...] = ()
    changes: Mapping[str, str] = field(default_factory=dict)
    promised: tuple[Request, ...] = ()


def answers(question: Question, found: Iterable[Target | Unusable], jobs: int) -> Iterator[Answer]:
    """One answer a Dockerfile, in their order; what cannot be answered is an answer that says so."""
    groups = _groups(found) if question.is_fix else ([entry] for entry in found)
    is_alone = not isinstance(groups, list) or len(groups) == 1
    with _asking(question, is_alone=is_alone) as (asked, ask), _started(jobs) as start:
        batches = (Batch(number, asked, tuple(group)) for number, group in enumerate(groups))
        ready: dict[int, tuple[Answer, ...]] = {}
        following = 0
        for batch, future in served(start, batches, jobs * _AHEAD if jobs > 1 else 1, ask):
            result = _alone(batch) if isinstance(future.exception(), BrokenExecutor) else future.result()
            assert not isinstance(result, Paused)
            ready[batch.number] = result
            while following in ready:
                yield from ready.pop(following)
                following += 1


def _groups(found: Iterable[Target | Unusable]) -> list[list[Target | Unusable]]:
    """Dockerfiles of one folder share its other files, so each starts from what the one before it made."""
    shared: dict[object, list[Target | Unusable]] = {}
    for entry in found:
        shared.setdefault(entry.tree.root if isinstance(entry, Target) else entry, []).append(entry)
    return list(shared.values())


def advanced(batch: Batch) -> tuple[Answer, ...] | Paused[Batch]:
    """The answers of a batch, or the batch as far as it comes without waiting."""
    found, changes, promised = list(batch.answers), batch.changes, batch.promised
    for entry in batch.members[len(found) :]:
        try:
            with one(batch.question, entry) as target:
                said, changes = answer(batch.question, target, changes, promised)
        except Unanswered as missing:
            rest = replace(batch, answers=tuple(found), changes=changes, promised=missing.requests)
            return Paused(rest, missing.requests)
        except PydockError as error:
            said = failed(entry.shown, error, entry.path)
        promised = ()
        found.append(said)
    return tuple(found)


@contextmanager
def _started(jobs: int) -> Iterator[Start[Batch, tuple[Answer, ...]]]:
    """How to start a batch: here and at once, or in one of several processes."""
    if jobs == 1:
        yield _done
        return
    # A process that is spawned begins with -c, which looks for modules in the current folder first.
    os.environ["PYTHONSAFEPATH"] = "1"
    from multiprocessing import active_children  # a run in one process does without

    pools = [_pool(jobs)]

    def start(batch: Batch) -> Future[tuple[Answer, ...] | Paused[Batch]]:
        try:
            return pools[-1].submit(advanced, batch)
        except BrokenExecutor:
            # A project has ended its process, and the pool with it; the others go on in a new one.
            pools.append(_pool(jobs))
            return pools[-1].submit(advanced, batch)

    try:
        yield start
    except BaseException:
        # What is being written is written whole first, what waits is not begun.
        children = active_children()
        for child in children:
            child.terminate()
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.join(_FAREWELL)
        raise
    for pool in pools:
        pool.shutdown()


def _pool(jobs: int) -> ProcessPoolExecutor:
    from concurrent.futures import ProcessPoolExecutor

    return ProcessPoolExecutor(jobs, initializer=_in_child, initargs=begun())


def _in_child(tops: tuple[str, ...], account: str) -> None:
    left_to_parent()
    begin(tops, account)


def _alone(batch: Batch) -> tuple[Answer, ...]:
    """The answers of a batch that was at work while a process ended, each Dockerfile in a process of its own."""
    found = list(batch.answers)
    # It waits for a resolver itself: nobody else is left who would ask.
    waiting = replace(batch, question=replace(batch.question, kept=""), answers=(), promised=())
    for entry in batch.members[len(found) :]:
        with _pool(1) as pool:
            try:
                result = pool.submit(advanced, replace(waiting, members=(entry,))).result()
                assert not isinstance(result, Paused)
                found += result
            except BrokenExecutor:
                why = BugError("the process that read it ended", "this is a bug of pydock; please report it")
                found.append(failed(entry.shown, why, entry.path))
    return tuple(found)


def _done(batch: Batch) -> Future[tuple[Answer, ...] | Paused[Batch]]:
    future: Future[tuple[Answer, ...] | Paused[Batch]] = Future()
    future.set_result(advanced(batch))
    return future


@contextmanager
def _asking(question: Question, *, is_alone: bool) -> Iterator[tuple[Question, Ask]]:
    """The question that does not wait for a resolver, and who is asked instead; what is alone may wait itself."""
    if is_alone:
        yield question, lambda _: Future()
        return
    with TemporaryDirectory(prefix="pydock-") as folder, asking(Path(folder)) as ask:
        yield replace(question, kept=folder), ask


@contextmanager
def asking(folder: Path) -> Iterator[Ask]:
    """Asks a resolver for a run whose questions look for its answers in a folder (`Question.kept`)."""
    from pydock.resolve import (
        Kept,
        Resolver,  # starts a process, which `check` does not
    )

    resolver = Resolver(Kept(folder))
    try:
        yield resolver.ahead
    finally:
        resolver.close()
