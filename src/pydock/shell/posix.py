"""The shell that reads RUN, CMD and ENTRYPOINT in shell form."""

from __future__ import annotations

import posixpath

from pydock.dockerfile import Instruction

# What is read as their language; another shell's commands are nobody's.
SHELLS = frozenset({"sh", "bash", "dash", "ash"})


def is_posix(shell: Instruction | None) -> bool:
    """Whether a SHELL instruction leaves shell form to sh or one like it; without one it is sh's."""
    words = (shell.exec_form or ()) if shell is not None else ()
    return not words or posixpath.basename(words[0].text) in SHELLS
