"""A script that was read once is the same script at every other place of a file."""

from __future__ import annotations

import pytest

from pydock.dockerfile import Logical
from pydock.shell.reading import _read, read_script

SCRIPTS = {
    "one command": "echo 1 > /srv/f",
    "a chain with a pipe": "apt-get update && curl -f x | sh || true",
    "groups, loops and choices": "for f in a b; do if [ -f $f ]; then cat $f; else (cd /; ls); fi; done",
    "a case": 'case "$1" in a|b) echo 1;; *) exit 2;; esac',
    "substitutions in words and redirections": 'echo "$(cat $(ls))" `id` > $(pwd)/f 2>&1 <<< $(date)',
    "a function": 'run() { local a=1; exec "$@"; }; run true',
    "what the grammar does not read": "echo 'a",
}


@pytest.mark.parametrize("text", SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_that_is_known_is_read_at_its_own_place(text: str) -> None:
    half = len(text) // 2
    for parts in (((0, 0),), ((0, 90),), ((0, 7), (half, half + 60))):
        assert read_script(Logical(text, parts)) == _read(Logical(text, parts))
