"""Where tasks run: threads of this process, each with a child, or the workers of a Dask cluster.

Both are executors of concurrent.futures, so there is one way through. The only door to distributed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

from pydock.errors import EngineError, OptionError
from pydock.migrate.records.record import Record, failed
from pydock.migrate.run.examine import Examined, Task
from pydock.migrate.run.keeper import Limits, close_all, examined
from pydock.questions import Ask, Paused, asking, served
from pydock.values import Value, replace

# So many tasks for each worker are handed out ahead: enough to keep it busy, and no more to keep in memory.
_AHEAD = 3
_CONNECT_SECONDS = 20
Label = TypeVar("Label")


class Pool(Value):
    """An executor and how many tasks it works on at once; who asks a resolver for them, and where answers are put."""

    executor: Executor
    width: int
    ask: Ask
    kept: str


@contextmanager
def pool(jobs: int, scheduler: str) -> Iterator[Pool]:
    """The workers of a run; what they started is ended with it.

    Raises OptionError without the library for clusters, EngineError when no scheduler answers.
    """
    started = _cluster(scheduler) if scheduler else _threads(jobs)
    with TemporaryDirectory(prefix="pydock-") as kept, asking(Path(kept)) as ask, started as (executor, width):
        yield Pool(executor, width, ask, kept)


@contextmanager
def _threads(jobs: int) -> Iterator[tuple[Executor, int]]:
    threads = ThreadPoolExecutor(jobs, thread_name_prefix="pydock")
    try:
        yield threads, jobs
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        close_all()
        threads.shutdown(wait=True)


@contextmanager
def _cluster(scheduler: str) -> Iterator[tuple[Executor, int]]:
    try:
        from distributed import Client
    except ImportError as error:
        raise OptionError("--scheduler needs the library distributed", "pip install distributed") from error
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with client:
        width = sum(client.nthreads().values())
        if not width:
            raise EngineError(f"the scheduler at {scheduler} has no workers", "dask worker ADDRESS starts one")
        yield client.get_executor(pure=False), width


def answers(
    workers: Pool, tasks: Iterable[tuple[Label, Task]], limits: Limits
) -> Iterator[tuple[Label, tuple[Record, ...]]]:
    """The records of each task as they come; `tasks` is taken from as workers get free."""
    labels: dict[int, Label] = {}

    def numbered() -> Iterator[Task]:
        for number, (label, task) in enumerate(tasks):
            labels[number] = label
            yield replace(task, number=number, question=replace(task.question, kept=workers.kept))

    def start(task: Task) -> Future[Examined]:
        return workers.executor.submit(examined, task, limits)

    for task, future in served(start, numbered(), workers.width * _AHEAD, workers.ask):
        yield labels.pop(task.number), _result(future, task)


def _result(future: Future[Examined], task: Task) -> tuple[Record, ...]:
    """The records, or that the worker itself is gone, which says nothing about the services."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        error = cancelled
    if error is not None:
        return (failed(f"the worker is gone: {error!r}", is_kept=False),) * len(task.members)
    found = future.result()
    assert not isinstance(found, Paused), "what waits for an answer is not done"
    return found
