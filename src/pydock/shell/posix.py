"""The shell that reads RUN, CMD and ENTRYPOINT in shell form."""

from __future__ import annotations

import posixpath

from pydock.dockerfile import Instruction

# What is read as their language; another shell's commands are nobody's.
SHELLS = frozenset({"sh", "bash", "dash", "ash"})
_BUILTINS = (
    ". : [ [[ alias bg break case cd command continue declare dirs echo eval exec exit export false fg getopts hash "
    "if jobs kill let local popd printf pushd pwd read readonly return set shift shopt source test time times trap "
    "true type typeset ulimit umask unalias unset wait while until for function select enable builtin"
)
# What a shell is itself: no file stands behind these words.
BUILTINS = frozenset(_BUILTINS.split())


def is_posix(shell: Instruction | None) -> bool:
    """Whether a SHELL instruction leaves shell form to sh or one like it; without one it is sh's."""
    words = (shell.exec_form or ()) if shell is not None else ()
    return not words or posixpath.basename(words[0].text) in SHELLS
