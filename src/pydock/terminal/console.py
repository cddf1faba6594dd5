"""Where words go: results to standard output byte for byte, talk to standard error."""

from __future__ import annotations

import errno
import os
import stat
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from pydock.errors import BuildError, PydockError, UnwritableError
from pydock.files import put
from pydock.patterns import regex
from pydock.terminal import wishes
from pydock.terminal.style import columns_of, printable, style_for

# What a shell makes of the signal that ends other tools where nobody reads what they write.
BROKEN_PIPE = 141
_LOG_LINES = 20
_COLOURS = {"error": ("red", "bold"), "note": ("cyan", "bold")}
_MOST_NAMED = 20
# The end of a recursion without end shows what recurs.
_MOST_CALLS = 100
_DESCRIPTOR = regex(r"/dev/(stdout|stderr)|/(?:dev|proc/self)/fd/(\d{1,4})")
_NAMED = {"stdout": 1, "stderr": 2}


@dataclass
class _Live:
    """What stands in the last line for now, and who hears of what is done instead of the person."""

    is_shown: bool = False
    listener: Callable[[str, bool], None] | None = None


_live = _Live()


def is_file(output: Path | None) -> bool:
    return output is not None and str(output) != "-"


def write(output: Path | None, text: str) -> None:
    """Write to a file as atomically as everything else, to what else the name leads to, or to standard output.

    Only regular files are replaced. What is no file (a named pipe, a device, an open descriptor such as
    /dev/stdout or the /dev/fd/63 of a shell's process substitution) is written into, and nothing is read there.
    """
    if output is None or not is_file(output):
        show(text)
        return
    data = text.encode("utf-8", "surrogateescape")
    try:
        if number := _DESCRIPTOR.fullmatch(str(output)):
            _pour(os.dup(_NAMED.get(number[1]) or int(number[2])), data)
        elif is_stream(output):
            _pour(os.open(output, os.O_WRONLY | getattr(os, "O_NOCTTY", 0)), data)
        else:
            put(_followed(output), data)
    except BrokenPipeError:
        raise SystemExit(BROKEN_PIPE) from None
    except OSError as error:
        raise UnwritableError(f"{output}: {error.strerror}", "--output names a file to write to") from error


def _followed(output: Path) -> Path:
    """The file behind a link, which does not lead out of the folder that it is in."""
    real, folder = Path(os.path.realpath(output)), Path(os.path.realpath(output.parent))
    if output.is_symlink() and folder not in real.parents:
        raise UnwritableError(f"{output}: a symbolic link that leads out of {folder}", f"name {real} itself")
    return real if output.is_symlink() else output


def is_stream(output: Path) -> bool:
    """Whether the name leads to what is written into and never replaced: a named pipe or a character device."""
    try:
        mode = os.stat(output).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISCHR(mode)


def _pour(descriptor: int, data: bytes) -> None:
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def show(text: str) -> None:
    """Bytes to standard output as they are: no wrapping, no other line ends, no other encoding.

    Raises UnwritableError where that cannot be done. Where nobody reads any more the run ends quietly, as that of
    other tools does.
    """
    clear()
    try:
        sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        abandon(1)
        raise SystemExit(BROKEN_PIPE) from None
    except OSError as error:
        abandon(1)
        raise unwritable(error) from error


def unwritable(error: OSError) -> UnwritableError:
    """Why there are no results on standard output."""
    return UnwritableError(f"standard output: {'it is closed' if error.errno == errno.EBADF else error.strerror}")


def talk(text: str, stream: IO[str] | None = None) -> None:
    """Words to standard error, or to what stands for it; where nobody can hear them, all is done all the same."""
    told = sys.stderr if stream is None else stream
    clear()
    try:
        told.write(text)
        told.flush()
    except OSError:
        abandon(2)


def listen(listener: Callable[[str, bool], None]) -> None:
    """What is done, and whether it only passes, is told to somebody else, who tells the person."""
    _live.listener = listener


def doing(text: str, *, is_passing: bool = False) -> None:
    """What is being done: a line, or what passes, on a terminal alone, the last line until something else is said."""
    if _live.listener is not None:
        _live.listener(text, is_passing)
    elif is_passing and sys.stderr.isatty() and not wishes.is_quiet():
        columns = columns_of(sys.stderr) - 1
        talk(f"{printable(text)[:columns]}")
        _live.is_shown = True
    elif not is_passing and not wishes.is_quiet():
        talk(f"{printable(text)}\n")


def clear() -> None:
    """Take away what was only passing."""
    if _live.is_shown:
        _live.is_shown = False
        with suppress(OSError):
            sys.stderr.write("\r\033[K")
            sys.stderr.flush()


def reserve() -> None:
    """Give closed standard streams something in their place, which no file that is opened later gets then.

    Standard input is empty then, results cannot be written, and talk goes nowhere. Python itself has None for a closed
    stream.
    """
    # One that is only opened for reading fails when it is written to.
    kinds = ((0, "stdin", "r", os.O_RDONLY), (1, "stdout", "w", os.O_RDONLY), (2, "stderr", "w", os.O_WRONLY))
    for number, name, mode, flags in kinds:
        if getattr(sys, name) is None:
            with suppress(OSError):
                descriptor = os.open(os.devnull, flags)
                if descriptor != number:
                    os.dup2(descriptor, number)
                    os.close(descriptor)
                setattr(sys, name, os.fdopen(number, mode, closefd=False))


def abandon(number: int) -> None:
    """What is left in the buffer of a stream goes nowhere, so that the end of the process does not fail on it.

    https://docs.python.org/3/library/signal.html#note-on-sigpipe, read 2026-11.
    """
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)


def complain(message: str, hint: str = "", kind: str = "error") -> None:
    """A failure, and what can be done about it."""
    if kind == "note" and wishes.is_quiet():
        return
    style = style_for(sys.stderr)
    lines = [
        f"{style(kind, *_COLOURS.get(kind, ()))}: {printable(message)}",
        *([f"  hint: {printable(hint)}"] if hint else []),
    ]
    talk("".join(f"{style.wrapped(line, 2 if at == 0 else 8)}\n" for at, line in enumerate(lines)))


def detail(text: str) -> None:
    """What only a person hears who asked for everything."""
    if wishes.is_verbose():
        talk(f"{printable(text)}\n")


def fail(error: PydockError) -> None:
    """A failure, and of a build the end of its output."""
    complain(error.message, error.hint)
    if isinstance(error, BuildError):
        talk("".join(f"    {printable(line)}\n" for line in error.log[-_LOG_LINES:]))


def crashed(error: Exception) -> None:
    """What nobody foresaw: in one line, with the places in the code where PYDOCK_TRACEBACK=1 asks for them."""
    what = "out of memory" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}".rstrip(": ")
    hint = "this is a bug of pydock; PYDOCK_TRACEBACK=1 shows where, please report it"
    complain(f"pydock crashed: {what}", hint)
    places(error)


def places(error: BaseException) -> None:
    """The places in the code that something unforeseen came through, where PYDOCK_TRACEBACK=1 asks for them.

    Without its words: they may quote a secret, and are told by themselves.
    """
    if os.environ.get("PYDOCK_TRACEBACK") != "1":
        return
    import traceback  # brings tokenize along, which only a crash needs

    if (cause := error.__cause__ or error.__context__) is not None:
        places(cause)
    calls = traceback.format_tb(error.__traceback__, -_MOST_CALLS)
    talk(f"Traceback of {type(error).__name__} (most recent call last):\n{''.join(calls)}")


def interrupted(written: Sequence[str]) -> None:
    """That a run was ended, and what it has changed by then."""
    here = f"{os.getcwd()}{os.sep}"
    shown = [path.removeprefix(here) for path in written[:_MOST_NAMED]]
    more = f", and {len(written) - len(shown)} more" if len(written) > len(shown) else ""
    if shown:
        hint = "the files of a service are written all or none; the same command goes on from there"
        complain(f"interrupted; written by then: {', '.join(shown)}{more}", hint, "note")
    else:
        complain("interrupted; nothing was written in any project", kind="note")
