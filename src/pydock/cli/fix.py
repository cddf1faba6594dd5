"""The `fix` command."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pydock.cli.answers import CLEAN, exit_code, tell
from pydock.cli.answers import answers as answers_of
from pydock.cli.codemods import CodemodsOption
from pydock.cli.failures import NO_ANSWER
from pydock.cli.options import (
    DETAILED,
    AllowBuilds,
    AllowHosts,
    AsOf,
    BudgetMemory,
    BudgetSeconds,
    Colour,
    ColourOption,
    Exclude,
    FixFormat,
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
    budget,
)
from pydock.cli.verify import Builder, Network, UnsafeFixes, WithServices
from pydock.errors import OptionError, PydockError
from pydock.files import accounted
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.project.running import Running
    from pydock.questions import Question
    from pydock.report import Answer


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
    exclude: Exclude = None,
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
        _show_plans(question, paths, exclude)
    with nullcontext() if is_dry else accounted(paths or ["."]):
        answers = answers_of(question, paths, jobs, exclude)
    if is_text:
        _deliver(answers, diff=diff, output=output, colour=color)
    else:
        console.show(written(output_format, answers, style_for(sys.stdout, color)))
    is_found = any(answer.changes if diff else answer.remaining or answer.is_partly_refused for answer in answers)
    raise typer.Exit(exit_code(answers, is_found=is_found))


def _running(image: str | None) -> "Running":
    """What an image runs, nothing where none is named; a pull is told on standard error."""
    from pydock.project.running import Running

    if image is None:
        return Running()
    from pydock.bench.engine import running  # drives an engine, which a plain fix does not

    return running(image, lambda name: console.complain(f"pulling {name}", kind="note"))


def _show_plans(question: "Question", paths: Sequence[str] | None, exclude: Sequence[str] | None) -> NoReturn:
    from pydock.questions import one, plan
    from pydock.report import failed
    from pydock.targets import targets

    code = CLEAN
    for target in targets(paths or ["."], exclude or ()):
        try:
            with one(question, target) as usable:
                text = plan(question, usable)
        except PydockError as error:
            tell(failed(target.shown, error, target.path))
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
