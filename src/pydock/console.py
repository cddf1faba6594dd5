"""Where words go: results to standard output byte for byte, talk to standard error."""

from __future__ import annotations

import sys
from pathlib import Path

from pydock.errors import BuildError, PydockError

_LOG_LINES = 20


def is_file(output: Path | None) -> bool:
    return output is not None and str(output) != "-"


def write(output: Path | None, text: str) -> None:
    """Write to a file as atomically as everything else, or to standard output."""
    from pydock.tree import Tree

    if output is not None and is_file(output):
        Tree(output.absolute().parent, {output.name: text}).write([output.name])
    else:
        show(text)


def show(text: str) -> None:
    """Bytes to standard output as they are: no wrapping, no other line ends, no other encoding."""
    sys.stdout.buffer.write(text.encode("utf-8", "surrogateescape"))
    sys.stdout.buffer.flush()


def talk(text: str) -> None:
    """Words to standard error."""
    sys.stderr.write(text)
    sys.stderr.flush()


def complain(message: str, hint: str = "", kind: str = "error") -> None:
    """A failure, and what can be done about it."""
    from pydock.terminal import printable

    talk(f"{kind}: {printable(message)}\n" + (f"  hint: {printable(hint)}\n" if hint else ""))


def fail(error: PydockError) -> None:
    """A failure, and of a build the end of its output."""
    from pydock.terminal import printable

    complain(error.message, error.hint)
    if isinstance(error, BuildError):
        talk("".join(f"    {printable(line)}\n" for line in error.log[-_LOG_LINES:]))
