"""Where tasks run: threads of this process, each with a child, or the workers of a Dask cluster.

Both are executors of concurrent.futures, so there is one way through. The only door to distributed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from itertools import islice
from typing import TypeVar

from pydock.errors import EngineError, OptionError
from pydock.migrate.examine import Task
from pydock.migrate.keeper import Limits, close_all, examined
from pydock.migrate.record import Record, failed
from pydock.values import Value

# So many tasks for each worker are handed out ahead: enough to keep it busy, and no more to keep in memory.
_AHEAD = 3
_CONNECT_SECONDS = 20
Label = TypeVar("Label")


class Pool(Value):
    """An executor and how many tasks it works on at once."""

    executor: Executor
    width: int


@contextmanager
def pool(jobs: int, scheduler: str) -> Iterator[Pool]:
    """The workers of a run; what they started is ended with it.

    Raises OptionError without the library for clusters, EngineError when no scheduler answers.
    """
    if scheduler:
        with _cluster(scheduler) as found:
            yield found
        return
    threads = ThreadPoolExecutor(jobs, thread_name_prefix="pydock")
    try:
        yield Pool(threads, jobs)
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
        close_all()
        threads.shutdown(wait=True)


@contextmanager
def _cluster(scheduler: str) -> Iterator[Pool]:
    try:
        from distributed import Client
    except ImportError as error:
        raise OptionError("--scheduler needs the library distributed", "pip install 'pydock[fleet]'") from error
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(f"no Dask scheduler answers at {scheduler}: {error}") from error
    with client:
        width = sum(client.nthreads().values())
        if not width:
            raise EngineError(f"the scheduler at {scheduler} has no workers", "dask worker ADDRESS starts one")
        yield Pool(client.get_executor(pure=False), width)


def answers(
    workers: Pool, tasks: Iterable[tuple[Label, Task]], limits: Limits
) -> Iterator[tuple[Label, tuple[Record, ...]]]:
    """The records of each task as they come; `tasks` is taken from as workers get free."""
    waiting = iter(tasks)
    running: dict[Future[tuple[Record, ...]], tuple[Label, Task]] = {}
    while True:
        for label, task in islice(waiting, workers.width * _AHEAD - len(running)):
            running[workers.executor.submit(examined, task, limits)] = (label, task)
        if not running:
            return
        done, _ = wait(running, return_when=FIRST_COMPLETED)
        for future in done:
            label, task = running.pop(future)
            yield label, _result(future, task)


def _result(future: Future[tuple[Record, ...]], task: Task) -> tuple[Record, ...]:
    """The records, or that the worker itself is gone, which says nothing about the services."""
    try:
        error = future.exception()
    except CancelledError as cancelled:
        error = cancelled
    if error is not None:
        return (failed(f"the worker is gone: {error!r}", is_kept=False),) * len(task.members)
    return future.result()
