"""The command line: parse, one call, render, exit code.

Exit codes: 0 nothing to say, 1 findings (for `fix --diff` a difference, for `fix` findings that
left), 2 no answer for at least one path, 130 interrupted, 143 ended by SIGTERM. Results go to
standard output, talk to standard error.
Imports that cost time happen inside the commands, so that `pydock --help` is quick. The modules
of the commands do without `from __future__ import annotations`: typer would evaluate each text, twice.
"""

import gc
import sys
from collections.abc import Iterable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pydock import __version__
from pydock.cli.about import explain, rules, schema
from pydock.cli.bench import bench
from pydock.cli.codemods import CodemodsOption, codemods, spelled_out
from pydock.cli.data import data
from pydock.cli.facts import facts
from pydock.cli.failures import NO_ANSWER, Commands, failures_told
from pydock.cli.migrate import migrate
from pydock.cli.options import (
    DETAILED,
    AllowBuilds,
    AllowHosts,
    AsOf,
    BaselineOption,
    BudgetMemory,
    BudgetSeconds,
    Colour,
    ColourOption,
    FixFormat,
    Format,
    Hashes,
    Ignore,
    InstallerOption,
    Jobs,
    LockFormatOption,
    Offline,
    Paths,
    Pin,
    PinsFrom,
    Portable,
    Select,
    WriteBaseline,
    budget,
)
from pydock.cli.verify import Builder, Network, UnsafeFixes, WithServices
from pydock.cli.verify import verify as verify_command
from pydock.errors import OptionError, PydockError
from pydock.files import accounted, begin, settle, terminating, unsettled
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.project.running import Running
    from pydock.questions import Question
    from pydock.report import Answer

CLEAN, FINDINGS = 0, 1


app = typer.Typer(
    cls=Commands,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(is_asked: bool) -> None:
    if is_asked:
        console.show(f"pydock {__version__}\n")
        raise typer.Exit


@app.callback()
def pydock(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find what is wrong in a Python service's Dockerfile, and rewrite it."""


@app.command()
def check(
    paths: Paths = None,
    select: Select = None,
    ignore: Ignore = None,
    portable: Portable = None,
    installer: InstallerOption = None,
    output_format: Annotated[Format, typer.Option(help="How findings are written.")] = Format.TEXT,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the findings there.", show_default=False)
    ] = None,
    baseline: BaselineOption = None,
    write_baseline: WriteBaseline = None,
    budget_seconds: BudgetSeconds = None,
    budget_memory: BudgetMemory = None,
    color: ColourOption = Colour.AUTO,
    jobs: Jobs = 1,
) -> None:
    """Report what is wrong. Nothing is changed."""
    from pydock.questions import Question
    from pydock.report.formats import written
    from pydock.terminal import Style, style_for

    given: dict[str, object] = {"select": select, "ignore": ignore, "portable": portable, "installer": installer}
    given |= budget(budget_seconds, budget_memory)
    question = Question(given, is_detailed=output_format in DETAILED)
    answers = _compared(_answers(question, paths, jobs), baseline, write_baseline)
    style = Style() if console.is_file(output) else style_for(sys.stdout, color)
    console.write(output, written(output_format, answers, style))
    raise typer.Exit(_exit_code(answers, is_found=any(answer.findings for answer in answers)))


@app.command()
def fix(
    paths: Paths = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print the difference, write nothing.")] = False,
    unsafe_fixes: UnsafeFixes = None,
    codemods: CodemodsOption = None,
    verify: Annotated[
        bool, typer.Option("--verify", help="Build both versions and apply only what leaves the service the same.")
    ] = False,
    explain_plan: Annotated[
        bool, typer.Option("--explain-plan", help="Print how stages would be split, and stop.")
    ] = False,
    output: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Write the result there, - for standard output, instead of in place."),
    ] = None,
    output_format: Annotated[FixFormat, typer.Option(help="How it tells what it does.")] = FixFormat.TEXT,
    select: Select = None,
    ignore: Ignore = None,
    portable: Portable = None,
    installer: InstallerOption = None,
    pin: Annotated[
        Pin | None,
        typer.Option(
            help="Base images: exact tags of pydock's table, the registry's newest, or its digests.",
            show_default="table",
        ),
    ] = None,
    hashes: Hashes = None,
    lock_format: LockFormatOption = None,
    as_of: AsOf = None,
    pins_from: PinsFrom = None,
    offline: Offline = None,
    allow_builds: AllowBuilds = None,
    allow_hosts: AllowHosts = None,
    network: Network = False,
    with_services: WithServices = False,
    builder: Builder = "",
    budget_seconds: BudgetSeconds = None,
    budget_memory: BudgetMemory = None,
    color: ColourOption = Colour.AUTO,
    jobs: Jobs = 1,
) -> None:
    """Rewrite Dockerfiles, or with --diff show how."""
    from pydock.bench.prove import Ways
    from pydock.questions import Question
    from pydock.report.formats import written
    from pydock.terminal import style_for

    is_text = output_format is FixFormat.TEXT
    if output and not is_text:
        raise OptionError(
            "--output is for the text of the result", f"--output-format {output_format} > FILE keeps that"
        )
    output = output or (Path("-") if paths == ["-"] and is_text else None)
    given = {"select": select, "ignore": ignore, "portable": portable, "installer": installer}
    ways = Ways(network, builder, with_services) if verify else None
    pins = {
        "pin": pin,
        "hashes": hashes,
        "lock-format": lock_format,
        "as-of": as_of,
        "offline": offline,
        "allow-builds": allow_builds,
        "allow-hosts": allow_hosts,
    }
    settings = {**given, **pins, "unsafe-fixes": unsafe_fixes, **budget(budget_seconds, budget_memory)}
    is_dry = diff or output is not None
    question = Question(
        settings, True, is_dry, ways, tuple(codemods or ()), output_format in DETAILED, _running(pins_from)
    )
    if explain_plan:
        _show_plans(question, paths)
    with nullcontext() if is_dry else accounted(paths or ["."]):
        answers = _answers(question, paths, jobs)
    if is_text:
        _deliver(answers, diff=diff, output=output, colour=color)
    else:
        console.show(written(output_format, answers, style_for(sys.stdout, color)))
    is_found = any(answer.changes if diff else answer.remaining or answer.is_partly_refused for answer in answers)
    raise typer.Exit(_exit_code(answers, is_found=is_found))


for command in (explain, rules, codemods, facts, bench, data, schema, migrate):
    app.command()(command)
app.command(name="verify")(verify_command)


def _running(image: str | None) -> "Running":
    """What an image runs, nothing where none is named; a pull is told on standard error."""
    from pydock.project.running import Running

    if image is None:
        return Running()
    from pydock.bench.engine import running  # drives an engine, which a plain fix does not

    return running(image, lambda name: console.complain(f"pulling {name}", kind="note"))


def _answers(question: "Question", paths: Sequence[str] | None, jobs: int) -> "list[Answer]":
    """One answer a Dockerfile; failures are told on standard error as they come."""
    from pydock.questions import answers, refuse_unknown_rules
    from pydock.targets import targets

    refuse_unknown_rules(question)
    _tell_leftovers(paths or ["."], is_writing=question.is_fix and not question.is_dry)
    found = []
    for answer in answers(question, targets(paths or ["."]), jobs):
        found.append(answer)
        _tell(answer)
    return found


def _tell_leftovers(paths: Sequence[str], *, is_writing: bool) -> None:
    """What a run that was killed has left between two states is finished by one that writes, and told by the others."""
    if is_writing:
        for remark in settle(paths):
            console.complain(remark, kind="note")
    else:
        for folder in unsettled(paths):
            why = "a run was killed while it wrote there, so its files may not fit each other"
            console.complain(f"{folder}: {why}", "pydock fix finishes it", "note")


def _compared(answers: "list[Answer]", baseline: Path | None, write_baseline: Path | None) -> "Sequence[Answer]":
    """The answers without what the baseline knows, or without anything where a whole new one is written."""
    if baseline is None and write_baseline is None:
        return answers
    from pydock.report import baseline as known

    if baseline is None:
        compared = known.compared(answers, known.recorded(answers))
    else:
        compared = known.compared(answers, known.read(baseline))
    if write_baseline is not None:
        console.write(write_baseline, known.written(compared.held))
        console.complain(f"{write_baseline}: findings on record: {len(compared.held)}", kind="note")
    elif compared.gone:
        hint = f"--write-baseline {baseline} takes them out, and adds none"
        console.complain(f"{baseline}: findings on record that are fixed: {len(compared.gone)}", hint, "note")
    return compared.answers


def _show_plans(question: "Question", paths: Sequence[str] | None) -> NoReturn:
    from pydock.questions import one, plan
    from pydock.report import failed
    from pydock.targets import targets

    code = CLEAN
    for target in targets(paths or ["."]):
        try:
            with one(question, target) as usable:
                text = plan(question, usable)
        except PydockError as error:
            _tell(failed(target.shown, error, target.path))
            code = NO_ANSWER
        else:
            console.show(text)
    raise typer.Exit(code)


def _deliver(answers: "Sequence[Answer]", *, diff: bool, output: Path | None, colour: Colour) -> None:
    """Print the difference or the new Dockerfile, or neither, and tell the story on standard error."""
    from pydock.report.formats import patch, seen, story
    from pydock.terminal import Style, style_for

    if diff:
        is_file = console.is_file(output)
        style = Style() if is_file else style_for(sys.stdout, colour)
        text, is_masked = patch(answers, style, is_seen=not is_file and sys.stdout.isatty())
        console.write(output, text)
        if is_masked:
            hint = "pydock fix without --diff writes the real file"
            console.complain("secrets are masked in this diff, so it cannot be applied", hint, "note")
    elif output is not None:
        only = _only(answers)
        is_seen = not console.is_file(output) and sys.stdout.isatty()
        console.write(
            output, "".join(map(seen, only.mask(only.text).splitlines(keepends=True))) if is_seen else only.text
        )
        if is_seen and only.mask.found_in(only.text):
            console.complain("secrets are masked on the screen", "a file or a pipe gets the real text", "note")
        if others := [change.path for change in only.changes if change.after != only.text]:
            console.complain(f"not written: {', '.join(others)}", "--diff shows them", "note")
    console.talk(story(answers, style_for(sys.stderr, colour), is_written=not diff and output is None))


def _only(answers: "Sequence[Answer]") -> "Answer":
    if len(answers) != 1:
        raise OptionError(f"--output takes one Dockerfile, {len(answers)} were found", "with --diff it takes them all")
    if answers[0].failure:
        raise typer.Exit(NO_ANSWER)
    return answers[0]


def _exit_code(answers: "Iterable[Answer]", *, is_found: bool) -> int:
    if any(answer.failure or answer.is_unproven for answer in answers):
        return NO_ANSWER
    return FINDINGS if is_found else CLEAN


def _tell(answer: "Answer") -> None:
    for loss in answer.losses:
        console.complain(f"{answer.path}: {loss}", kind="note")
    if answer.failure:
        console.complain(answer.failure.message, answer.failure.hint)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; `arguments` are those of the process unless given."""
    # Nearly all that is made while a command starts stays until it ends: looking through it again finds nothing.
    gc.set_threshold(100_000)
    console.reserve()
    begin()
    with failures_told(), terminating():
        app(spelled_out(sys.argv[1:] if arguments is None else arguments), prog_name="pydock")
