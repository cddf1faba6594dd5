"""How a command ends that cannot do what it was asked: in words on standard error, and with an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

from typer.core import TyperGroup

from pydock import console
from pydock.errors import PydockError
from pydock.files import Terminated, written

NO_ANSWER, INTERRUPTED, TERMINATED = 2, 130, 143


class Commands(TyperGroup):
    """Commands whose failures are told here: typer would make 1 of some of them, which means findings."""

    def make_context(self, *arguments: Any, **options: Any) -> Any:
        with failures_told():
            return super().make_context(*arguments, **options)

    def invoke(self, ctx: Any) -> Any:
        with failures_told():
            return super().invoke(ctx)


@contextmanager
def failures_told() -> Iterator[None]:
    """What went wrong in words and as an exit code: never 1, never a traceback that nobody asked for."""
    try:
        yield
    except KeyboardInterrupt as stop:
        console.interrupted(written())
        raise SystemExit(TERMINATED if isinstance(stop, Terminated) else INTERRUPTED) from None
    except PydockError as error:
        console.fail(error)
        raise SystemExit(NO_ANSWER) from None
    except Exception as error:
        if hasattr(error, "exit_code"):  # a usage that typer explains, or an end that a command asked for
            raise
        _fail(error)


def _fail(error: Exception) -> NoReturn:
    """Where a stream is what failed, nobody reading it any more is no failure."""
    if isinstance(error, OSError) and (stream := console.lost()):
        if isinstance(stream, BrokenPipeError):
            raise SystemExit(console.BROKEN_PIPE) from None
        console.fail(console.unwritable(stream))
    else:
        console.crashed(error)
    raise SystemExit(NO_ANSWER) from None
