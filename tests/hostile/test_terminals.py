"""What files and names hold cannot steer a terminal, turn the order of letters, or become Markdown or HTML."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest
from markdown_it import MarkdownIt

from pydock.bench.measure import Measured
from pydock.bench.measure.versions import Failure
from pydock.cli.options import Format
from pydock.errors import PydockError
from pydock.migrate.deliver import message, page, results, summary
from pydock.migrate.find.services import Service
from pydock.migrate.records import State
from pydock.migrate.records.record import Reason, Record
from pydock.migrate.records.rows import Row
from pydock.migrate.run.examine import Task, examine
from pydock.project import Project
from pydock.questions import plan
from pydock.questions.ask import answer
from pydock.report import failed
from pydock.report.bench import Bench
from pydock.report.formats import diff, markdown
from pydock.report.pages import facts as told_facts
from pydock.service.facts import facts
from pydock.service.files import secret_values
from pydock.terminal import Style
from tests.command_line import Runner
from tests.hostile.secrets_kinds import Kind
from tests.hostile.test_printing import CHECK, FIX, made

STEERING = {
    "an escape sequence": "\x1b]0;owned\x07\x1b[2J",
    "a sequence in one character": "\x9b31m",
    "a turn to the left": "\u202etxt.exe",
    "an isolated turn": "\u2066x\u2069",
    "a blank without width": "a\u200bb\u2060c",
    "a mark that is not seen": "a\ufeffb\u00adc",
    "letters that are tags": "a\U000e0041\U000e007f",
    "a backspace": "safe\b\b\b\bevil",
}
SEEN = {"an escape sequence": "\\x1b", "a turn to the left": "\\u202e", "a sequence in one character": "\\x9b"}


def _files(text: str) -> dict[str, str]:
    return Kind("", f"# {text}\nLABEL about='{text}'\nRUN echo '{text}' && apt-get install curl\n").context


def _outputs(folder: Path, text: str) -> Iterator[tuple[str, str]]:
    found = made(folder, _files(text))
    project = Project(found.tree)
    both = [answer(question, found, {})[0] for question in (CHECK, FIX)]
    for each in both:
        for form in get_args(Format):
            yield f"{form}", import_module(f"pydock.report.formats.{form}").written([each], Style())
    yield "the difference where it is seen", diff.patch(both, Style(), is_seen=True)[0]
    yield "the story", diff.story(both, Style(), is_written=False)
    yield "the plan", plan(FIX, found)
    yield "facts", told_facts.text(text, facts(project), secret_values.mask(project))
    yield "facts as JSON", told_facts.document([(text, facts(project), secret_values.mask(project))])
    measured = Measured("before", steps=((text, 1.0),), notes=(text,), failure=Failure(text, (text,)))
    for way in ("table", "json", "markdown", "html"):
        bench = Bench(text, "engine", 1, "2026-11-30T00:00:00+00:00", (measured,))
        yield f"a bench as {way}", import_module(f"pydock.report.bench.{way}").written(bench)
    service = Service(text, str(folder), ".", "Dockerfile")
    (record,) = examine(Task((service,), FIX))
    row = Row(service, record, "", (text,), record.diff)
    yield "the page", page.row(row, 0) + page.data(row, 0)
    yield "the results", results.line(row)
    yield "the summary", summary.lines(row)
    yield "the message of a commit", message([(service, record)], [text])


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in STEERING.items()])
def test_nothing_steers_the_reader(text: str, tmp_path: Path) -> None:
    marks = {char for char in text if not (char.isprintable() or char == "\n")}
    assert marks
    found = {(name, char) for name, output in _outputs(tmp_path, text) for char in marks if char in output}
    assert not found


@pytest.mark.parametrize("text", [pytest.param(STEERING[what], id=what) for what in SEEN])
def test_what_would_steer_is_spelled_out(text: str, tmp_path: Path) -> None:
    spelled = SEEN[next(what for what, each in STEERING.items() if each == text)]
    outputs = dict(_outputs(tmp_path, text))
    for name in (
        "the difference where it is seen",
        "facts",
        "a bench as table",
        "a bench as html",
        "the page",
        "markdown",
    ):
        assert spelled in outputs[name].replace("\\\\", "\\"), name


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in STEERING.items()])
def test_a_difference_in_a_pipe_is_a_patch_and_on_a_terminal_it_is_for_the_eye(
    text: str, tmp_path: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = _files(text)
    made(tmp_path, files)
    monkeypatch.chdir(tmp_path)
    piped = run("fix", "--diff")
    assert text.encode() in piped.data
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    seen = run("fix", "--diff", "--color", "never")
    assert not {char for char in text if not char.isprintable()} & set(seen.out)
    subprocess.run(["git", "apply", "-"], input=piped.data, check=True, cwd=tmp_path)
    assert (tmp_path / "Dockerfile").read_bytes() != files["Dockerfile"].encode()


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_the_name_of_a_file_steers_nothing(
    tmp_path: Path, state: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = [text.replace("/", "") for text in STEERING.values()]
    (tmp_path / "bad").mkdir()
    for name in names:
        made(tmp_path / f"svc{name}", _files("plain"))
        (tmp_path / "bad" / f"Dockerfile.{name}").write_text("FROM a\nRUM x\n")
    monkeypatch.chdir(tmp_path)
    marks = {char for name in names for char in name if not char.isprintable()}
    for command in (
        ("check", "."),
        ("check", ".", "--output-format", "markdown"),
        ("facts", "."),
        ("migrate", "."),
        ("migrate", f"svc{names[0]}"),
        ("migrate", ".", "--out", f"../out{names[0]}"),
    ):
        result = run(*command)
        assert not marks & set(result.out + result.err), command
    for path in (path for name in ("summary.md", "report.html", "results.jsonl") for path in state.rglob(name)):
        assert not marks & set(path.read_text("utf-8")), path.name
    assert len(list(state.rglob("report.html"))) == 2


MARKUP = {
    "an image": "<img src=x onerror=alert(1)>",
    "a script": "</script><script>alert(1)</script>",
    "a link": "[x](javascript:alert(1))",
    "a link in a code span that is not closed": "`a``[x](https://evil.example.com)",
    "columns of a table": "a | b | c",
    "a heading": "# x",
    "an entity": "&lt;img src=x&gt;",
    "a mention": "@everyone",
    "an address by itself": "<https://evil.example.com>",
    "an end of a fence": "```` ~~~~ </details>",
}


def _documents(text: str, folder: Path) -> Iterator[tuple[str, str]]:
    """(what it is, its Markdown) of all that is written for pull requests."""
    found = made(folder, _files(text.replace("'", "")))
    both = [answer(question, found, {})[0] for question in (CHECK, FIX)]
    yield "a report", markdown.written([both[0], failed(text, PydockError(text, text))], Style())
    yield "a report of fixes", markdown.written([both[1]], Style())
    record = Record(State.REFUSED, reason=Reason(text, text, 3), withheld=text, decisions=(text,))
    yield "the summary", summary.lines(Row(Service(text, "/r", ".", text), record))
    measured = Measured("before", steps=((text, 1.0),), notes=(text,), failure=Failure(text, (text,)))
    bench = Bench(text, "engine", 1, "2026-11-30T00:00:00+00:00", (measured,))
    yield "a bench", import_module("pydock.report.bench.markdown").written(bench)


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in MARKUP.items()])
def test_markup_stays_text(text: str, tmp_path: Path) -> None:
    plain = {
        name: MarkdownIt("commonmark").enable("table").render(each)
        for name, each in _documents("plain", tmp_path / "a")
    }
    for name, document in _documents(text, tmp_path / "b"):
        shown = MarkdownIt("commonmark").enable("table").render(document)
        for tag in ("<img", "<script", "<a ", "<h1", "<th", "<td", "</details"):
            assert shown.count(tag) <= plain[name].count(tag), (name, tag)


@pytest.mark.parametrize("text", [pytest.param(text, id=what) for what, text in MARKUP.items()])
def test_markup_stays_text_in_pages(text: str) -> None:
    record = Record(State.REFUSED, reason=Reason(text, text, 3), decisions=(text,), diff=text)
    row = Row(Service(text, "/r", text, text), record, "", (text,), text, text)
    whole = page.row(row, 0) + page.data(row, 0)
    plain_record = Record(State.REFUSED, reason=Reason("x", "x", 3), decisions=("x",), diff="x")
    plain_row = Row(Service("x", "/r", "x", "x"), plain_record, "", ("x",), "x", "x")
    assert whole.count("<") == (page.row(plain_row, 0) + page.data(plain_row, 0)).count("<")
