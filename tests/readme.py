"""`python -m tests.readme`: whether README.md and the pages below docs still show what is true; `--write` makes it so.

Behind `<!-- diff: COMMAND -->` stands a block with what that command prints.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import sys
from pathlib import Path

from pydock.cli import main

README = Path(__file__).parent.parent / "README.md"
PAGES = (README, *sorted((README.parent / "docs").glob("*.md")))
_DIFF = re.compile(r"(<!-- diff: (?P<command>[^\n]*?) -->\n```diff\n).*?(```)", re.S)
_SHELL = re.compile(r"^```(?:sh|bash|shell)\n(.*?)^```", re.S | re.M)
_CONSOLE = re.compile(r"^```console\n(.*?)^```", re.S | re.M)
_INLINE = re.compile(r"`(pydock(?: [^`]+))`")


def fresh(text: str) -> str:
    """The text with its generated parts as they should be."""
    return _DIFF.sub(lambda match: f"{match[1]}{printed(match['command'])}{match[3]}", text)


def printed(command: str) -> str:
    """What `pydock ...` prints to standard output, run in the folder of the README.

    Without a package index: what that answers is another thing every day.
    """
    os.environ["PYDOCK_OFFLINE"] = "1"
    program, *arguments = shlex.split(command)
    assert program == "pydock"
    data = io.BytesIO()
    output = io.TextIOWrapper(data, encoding="utf-8", newline="")
    with (
        contextlib.chdir(README.parent),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(io.StringIO()),
        contextlib.suppress(SystemExit),
    ):
        main(arguments)
    output.flush()
    return data.getvalue().decode()


def shell_blocks(text: str) -> list[str]:
    """The shell commands that a page shows, block by block."""
    return _SHELL.findall(text)


def sessions(text: str) -> list[list[str]]:
    """What a page shows at a prompt, block by block: the commands behind `$ `."""
    lines = (block.splitlines() for block in _CONSOLE.findall(text))
    return [[line.removeprefix("$ ") for line in each if line.startswith("$ ")] for each in lines]


def mentioned(text: str) -> list[str]:
    """The commands of pydock that a page mentions in its sentences."""
    return [" ".join(found.split()) for found in _INLINE.findall(text)]


def run(arguments: list[str]) -> int:
    if arguments == ["--test-command"]:
        print(shell_blocks(README.read_text(encoding="utf-8"))[1], end="")
        return 0
    stale = []
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if text != (wanted := fresh(text)):
            stale.append(page.name)
            if arguments == ["--write"]:
                page.write_text(wanted, encoding="utf-8")
    if stale and arguments != ["--write"]:
        print(f"{', '.join(stale)}: shows what is no longer true: python -m tests.readme --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
