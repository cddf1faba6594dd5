"""How a command ends that cannot do what it was asked: in words on standard error, and with an exit code."""

from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import NoReturn

from pydock.errors import PydockError
from pydock.files import Terminated, written
from pydock.terminal import console

NO_ANSWER, INTERRUPTED, TERMINATED = 2, 130, 143


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
    """Where nobody reads what typer prints any more, nothing failed."""
    if isinstance(error, OSError) and _is_printing(error.__traceback__):
        console.abandon(1)
        if isinstance(error, BrokenPipeError):
            raise SystemExit(console.BROKEN_PIPE) from None
        console.fail(console.unwritable(error))
    else:
        console.crashed(error)
    raise SystemExit(NO_ANSWER) from None


def _is_printing(trace: TracebackType | None) -> bool:
    """Whether it was typer that was at work: it prints helps by itself, and opens no files."""
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_globals["__name__"].partition(".")[0] in {"typer", "click"}
