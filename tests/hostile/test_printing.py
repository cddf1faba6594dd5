"""What is found to be a secret is in no output: not before a rewrite, not after it, in no form and in no store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from pydock.bench import Difference, Outcome, Proof, Verdict
from pydock.bench.facts.masks import last_line, loud_lines
from pydock.bench.measure import Measured
from pydock.bench.measure.versions import Failure
from pydock.cli.options import Format
from pydock.errors import BuildError, PydockError
from pydock.migrate.deliver import message, page, results, summary
from pydock.migrate.find.services import Service
from pydock.migrate.records.rows import Row
from pydock.migrate.run.examine import Task, examine
from pydock.project import Project
from pydock.project.pins import Request
from pydock.questions import Question, plan
from pydock.questions.ask import answer
from pydock.report import Answer, failed
from pydock.report.bench import Bench
from pydock.report.formats import diff, verify
from pydock.report.pages import facts as told_facts
from pydock.report.pages.facts import document
from pydock.resolve import Kept
from pydock.resolve.output import explained
from pydock.service.facts import facts
from pydock.service.files import secret_values
from pydock.targets import Target, target
from pydock.terminal import Style
from tests.command_line import Runner
from tests.hostile.secrets_kinds import KINDS, PLAIN, Kind

CHECK = Question({"offline": True}, is_detailed=True)
FIX = Question({"offline": True, "unsafe-fixes": True}, is_fix=True, is_detailed=True)
RULES = frozenset({"PYD210", "PYD501", "PYD502"})


def made(folder: Path, files: Mapping[str, str]) -> Target:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text.encode())
    return target(folder / "Dockerfile", folder, "Dockerfile")


def _outputs(found: Target, checked: Answer, files: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """(what it is, its text) of everything that can be said about a service."""
    folder = found.tree.root
    assert folder is not None
    project = Project(found.tree)
    everything = "\n".join(files.values())
    rewritten, _ = answer(FIX, found, {})
    for each in (checked, rewritten):
        for form in get_args(Format):
            yield f"{form}", import_module(f"pydock.report.formats.{form}").written([each], Style())
    yield "the difference", diff.patch([rewritten], Style())[0]
    yield "the difference in colours", diff.patch([rewritten], Style(True), is_seen=True)[0]
    yield "the story", diff.story([rewritten], Style(), is_written=False)
    yield "the plan", plan(FIX, found)
    yield "facts", told_facts.text("Dockerfile", facts(project), secret_values.mask(project))
    yield "facts as JSON", document([("Dockerfile", facts(project), secret_values.mask(project))])
    yield from _errors(project, everything)
    yield from _measured(project, rewritten, everything)
    yield from _migrated(folder)


def _errors(project: Project, everything: str) -> Iterator[tuple[str, str]]:
    """What goes wrong while a service is looked at, in words that quote all of it."""
    for wrong in (PydockError(everything, everything), BuildError(everything, everything, everything, (everything,))):
        with pytest.raises(PydockError) as caught, secret_values.without_secrets(project):
            raise wrong
        yield "an error", f"{caught.value} {failed('Dockerfile', caught.value).failure}"
        if isinstance(caught.value, BuildError):
            yield "the log of a build", f"{caught.value.step} {caught.value.log}"


def _measured(project: Project, rewritten: Answer, everything: str) -> Iterator[tuple[str, str]]:
    """What an engine says, where builds and containers print all that they were given."""
    log = f"Error: {everything!r}\nfailed with {everything}"
    failure = Failure(everything, tuple(log.splitlines()))
    bench = secret_values.mask(project).over(
        Measured("before", steps=((everything, 1.0),), notes=(everything,), failure=failure)
    )
    for form in ("table", "json", "markdown", "html"):
        told = import_module(f"pydock.report.bench.{form}").written(
            Bench("Dockerfile", "engine", 1, "2026-11-30T00:00:00+00:00", (bench,))
        )
        yield f"a bench as {form}", told
    said = Difference("log", "\n".join(loud_lines(log)), last_line(log))
    proof = Proof(Verdict.DIFFERENT, (Outcome("logs", Verdict.DIFFERENT, (said,), (everything,), everything),))
    proven = rewritten.mask.over(proof)
    yield "a proof", verify.text("Dockerfile", proven, Style())
    yield "a proof as JSON", verify.document([("Dockerfile", proven)])


def _migrated(folder: Path) -> Iterator[tuple[str, str]]:
    service = Service("svc", str(folder), ".", "Dockerfile")
    (record,) = examine(Task((service,), FIX))
    row = Row(service, record, "", (), record.diff)
    yield "the page", page.row(row, 0) + page.data(row, 0)
    yield "the results", results.line(row)
    yield "the summary", summary.lines(row)
    yield "the message of a commit", message([(service, record)])
    if record.is_kept:
        yield "the store", record.written()
    if not record.withheld:
        yield "the patch", record.patch


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.sentence) for kind in KINDS])
def test_a_secret_is_found_and_in_no_output(kind: Kind, tmp_path: Path) -> None:
    found = made(tmp_path, kind.context)
    checked, _ = answer(CHECK, found, {})
    assert RULES & {entry.code for entry in checked.findings}
    assert kind.telling
    shown = {
        (name, part) for name, text in _outputs(found, checked, kind.context) for part in kind.telling if part in text
    }
    assert not shown


FEW = [
    kind
    for kind in KINDS
    if kind.sentence in {"a password in ENV", "curl with a user and a password", "an index", "a copied .env"}
]


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.sentence) for kind in FEW])
@pytest.mark.parametrize(
    "command",
    [
        ("check",),
        ("check", "--write-baseline", "-"),
        ("fix", "--diff", "--unsafe-fixes"),
        ("fix", "--explain-plan"),
        ("facts",),
        ("migrate", "--unsafe-fixes"),
    ],
    ids=" ".join,
)
def test_a_command_line_prints_no_secret(
    command: tuple[str, ...], kind: Kind, tmp_path: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "svc", kind.context)
    monkeypatch.chdir(tmp_path)
    result = run(*command, "svc")
    assert result.out + result.err
    assert kind.value not in result.out + result.err


@pytest.mark.parametrize("kind", [pytest.param(kind, id=kind.sentence) for kind in FEW])
@pytest.mark.parametrize("way", [(), ("--apply",)], ids=["patches only", "written into the folder"])
def test_nothing_that_a_migration_leaves_holds_a_secret(
    way: tuple[str, ...], kind: Kind, tmp_path: Path, state: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(tmp_path / "svc", kind.context)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pydock.migrate.run.worker_pool.examined", lambda task, limits: examine(task))
    run("migrate", "svc", "--unsafe-fixes", *way)
    left = [path for path in state.rglob("*") if path.is_file()]
    assert {"report.html", "results.jsonl", "summary.md", ".migrate.sqlite3"} <= {path.name for path in left}
    assert [path for path in left if kind.value.encode() in path.read_bytes()] == []
    assert kind.value in "".join(path.read_text() for path in (tmp_path / "svc").rglob("*") if path.is_file())


def test_an_answer_of_a_resolver_is_kept_without_the_password_of_the_index(tmp_path: Path) -> None:
    address = f"https://ci:{PLAIN}@pypi.example.com/simple/flask/"
    said = f"error: Failed to fetch: `{address}`\n  HTTP status client error (403 Forbidden)"
    kept, request = Kept(tmp_path), Request(("flask",), "3.12.7", "x86_64-manylinux_2_36")
    kept.put(request, explained(said))
    (place,) = tmp_path.iterdir()
    assert PLAIN not in place.read_text() + place.name
    assert kept.get(request) == explained(said)
