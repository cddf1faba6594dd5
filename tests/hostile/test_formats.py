"""What machines read stays what it is, whatever files and folders are called and hold."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import get_args
from xml.etree import ElementTree

import pytest

from pydock.cli.options import Format
from pydock.errors import PydockError
from pydock.questions.ask import answer
from pydock.report import Answer, failed
from pydock.terminal import Style
from tests.command_line import Runner
from tests.hostile.folders import made
from tests.hostile.test_printing import CHECK, FIX
from tests.hostile.test_terminals import MARKUP, STEERING

# What runs of continuous integration take for words to themselves, at the start of a line.
COMMANDS = {
    "a command of GitHub": "::add-mask::a",
    "a command of GitHub that ends others": "::stop-commands::end",
    "an old command of GitHub": "##[error]a",
    "a command of Azure": "##vso[task.setvariable variable=a]b",
    "a command of TeamCity": "##teamcity[message text='a']",
    "an option": "--output",
}
TEXTS: Mapping[str, str] = {
    **STEERING,
    **MARKUP,
    **COMMANDS,
    "what XML may not hold": "a\x01\x0b\x1f\ufffe\uffffb",
    "half a character": "a\udcffb\udcfe",
    "an end of a CDATA": "]]></failure><!-- -->",
    "a percent that is decoded": "%0A::error::a%0D%25",
    "quotes": "\"'`\"\"\"'''",
    "an escape of JSON": '\\u0000\\"\\',
    "a very long word": "a" * 30_000,
}
STARTS = ("::", "##[", "##vso", "##teamcity", "--output")


def _answers(text: str) -> Iterator[Answer]:
    from pydock.context import Tree
    from pydock.targets import Target
    from tests.hostile.secrets_kinds import Kind

    quoted = text.replace("'", "").replace("\\", "")
    files = Kind("", f"# {text}\nLABEL about='{quoted}'\nRUN echo '{quoted}' && apt-get install curl\n").context
    name = f"{text[:100].replace('/', '')}/Dockerfile"
    found = Target(name, Tree.of(files), "Dockerfile", "")
    yield from (answer(question, found, {})[0] for question in (CHECK, FIX))
    yield failed(name, PydockError(text, text))


def _xml(text: str) -> None:
    assert ElementTree.fromstring(text.encode()).tag == "testsuites"


READERS: Mapping[str, Callable[[str], object]] = {
    "json": json.loads,
    "sarif": json.loads,
    "gitlab": json.loads,
    "junit": _xml,
}


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in TEXTS.items()])
def test_every_format_can_be_read(text: str) -> None:
    found = list(_answers(text))
    written = {
        form: import_module(f"pydock.report.formats.{form}").written(found, Style()) for form in get_args(Format)
    }
    for form, read in READERS.items():
        read(written[form])
        read(written[form].encode("utf-8").decode("utf-8"))
    findings = sum(len(each.findings) for each in found) + sum(each.failure is not None for each in found)
    lines = written["github"].splitlines()
    assert len(lines) == findings, "a finding is a command, and nothing else is one"
    assert {line.split(" ")[0] for line in lines} <= {"::error", "::warning", "::notice"}
    assert len(written["concise"].splitlines()) <= findings


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in COMMANDS.items()])
def test_the_name_of_a_folder_is_no_command(text: str, folder: Path, run: Runner) -> None:
    """Where pydock runs on a server, what it prints is read line by line for words to that server."""
    name = text.replace("/", "")
    made(folder / name, {"Dockerfile": f"FROM python:3.12\n# {text}\nRUN pip install flask \\\n{text}\n"})
    made(folder / f"{name}.broken", {"Dockerfile": f"FROM python:3.12\n{text}\n"})
    for arguments in (
        ("check", "."),
        ("check", ".", "--output-format", "concise"),
        ("fix", "--explain-plan", "."),
        ("facts", "."),
        ("fix", "--diff", "."),
        ("fix", "."),
        ("migrate", ".", "--out", "out"),
    ):
        result = run(*arguments)
        lines = f"{result.out}\n{result.err}".splitlines()
        assert not [line for line in lines if line.startswith(STARTS)], arguments
