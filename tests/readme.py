"""`python -m tests.readme`: whether README.md still shows what is true; `--write` makes it so.

Between `<!-- rules -->` and `<!-- /rules -->` stands the table of all rules, behind
`<!-- diff: COMMAND -->` a block with what that command prints.
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
from pydock.report.pages import rules_table
from pydock.rules import RULES

README = Path(__file__).parent.parent / "README.md"
_RULES = re.compile(r"(<!-- rules -->\n).*?(<!-- /rules -->)", re.S)
_DIFF = re.compile(r"(<!-- diff: (?P<command>[^\n]*?) -->\n```diff\n).*?(```)", re.S)
_SHELL = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```", re.S | re.M)


def fresh(text: str) -> str:
    """The text with its generated parts as they should be."""
    text = _RULES.sub(lambda match: f"{match[1]}{rules_table(RULES, 'github')}\n{match[2]}", text)
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
    """The shell commands that the README shows, block by block."""
    return _SHELL.findall(text)


def run(arguments: list[str]) -> int:
    text = README.read_text(encoding="utf-8")
    wanted = fresh(text)
    if arguments == ["--write"]:
        README.write_text(wanted, encoding="utf-8")
    elif arguments == ["--test-command"]:
        print(shell_blocks(text)[1], end="")
    elif text != wanted:
        print("README.md shows what is no longer true: python -m tests.readme --write", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(run(sys.argv[1:]))
