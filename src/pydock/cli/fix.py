"""The `fix` command."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pydock.cli.answers import CLEAN, Told, exit_code
from pydock.cli.answers import answers as answers_of
from pydock.cli.codemods import CodemodsOption
from pydock.cli.failures import NO_ANSWER
from pydock.cli.options import (
    BUDGET,
    DETAILED,
    FIXES,
    PROOF,
    RULES,
    SEARCH,
    VOICE,
    Chosen,
    FixFormat,
    Jobs,
    Paths,
    takes,
)
from pydock.errors import OptionError, PydockError
from pydock.files import accounted
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.project.running import Running
    from pydock.questions import Question
    from pydock.report import Answer


@takes(RULES, SEARCH, FIXES, PROOF, BUDGET, VOICE)
def fix(
    given: Chosen,
    paths: Paths = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print the difference, write nothing.")] = False,
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
    output_format: Annotated[FixFormat, typer.Option(help="How it tells what it does.")] = "text",
    pins_from: Annotated[
        str | None,
        typer.Option(
            metavar="IMAGE",
            help="Lock the versions that this built image runs, read with the container engine.",
            show_default=False,
        ),
    ] = None,
    allow_builds: Annotated[
        bool | None,
        typer.Option(
            "--allow-builds",
            help="Let source archives run their own code on this machine to tell what they need.",
            show_default=False,
        ),
    ] = None,
    jobs: Jobs = 1,
) -> None:
    """Rewrite Dockerfiles, or with --diff show how."""
    from pydock.questions import Question
    from pydock.report.formats import written
    from pydock.terminal import style_for

    is_text = output_format == "text"
    if output and not is_text:
        raise OptionError(
            "--output is for the text of the result", f"--output-format {output_format} > FILE keeps that"
        )
    output = output or (Path("-") if paths == ["-"] and is_text else None)
    settings = {**given.settings, "allow-builds": allow_builds}
    is_dry = diff or output is not None
    question = Question(
        settings,
        True,
        is_dry,
        given.ways if verify else None,
        tuple(codemods or ()),
        output_format in DETAILED,
        _running(pins_from),
        sources=given.sources,
    )
    if explain_plan:
        _show_plans(question, paths, given)
    with nullcontext() if is_dry else accounted(paths or ["."]):
        answers = answers_of(question, paths, jobs, given.search)
    if is_text:
        _deliver(answers, diff=diff, output=output)
    else:
        console.show(written(output_format, answers, style_for(sys.stdout)))
    is_found = any(answer.changes if diff else answer.remaining or answer.is_partly_refused for answer in answers)
    raise typer.Exit(exit_code(answers, is_found=is_found))


def _running(image: str | None) -> "Running":
    """What an image runs, nothing where none is named; a pull is told on standard error."""
    from pydock.project.running import Running

    if image is None:
        return Running()
    from pydock.bench.engine import running  # drives an engine, which a plain fix does not

    return running(image, lambda name: console.complain(f"pulling {name}", kind="note"))


def _show_plans(question: "Question", paths: Sequence[str] | None, given: Chosen) -> NoReturn:
    from pydock.questions import one, plan
    from pydock.report import failed
    from pydock.targets import targets

    code, told = CLEAN, Told()
    for target in targets(paths or ["."], given.search):
        try:
            with one(question, target) as usable:
                text = plan(question, usable)
        except PydockError as error:
            told(failed(target.shown, error, target.path))
            code = NO_ANSWER
        else:
            console.show(text)
    told.close()
    raise typer.Exit(code)


def _deliver(answers: "Sequence[Answer]", *, diff: bool, output: Path | None) -> None:
    """Print the difference or the new Dockerfile, or neither, and tell the story on standard error."""
    from pydock.report.formats import patch, seen, story
    from pydock.terminal import Style, style_for

    if diff:
        is_file = console.is_file(output)
        style = Style() if is_file else style_for(sys.stdout)
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
    console.talk(story(answers, style_for(sys.stderr), is_written=not diff and output is None))


def _only(answers: "Sequence[Answer]") -> "Answer":
    if len(answers) != 1:
        raise OptionError(f"--output takes one Dockerfile, {len(answers)} were found", "with --diff it takes them all")
    if answers[0].failure:
        raise typer.Exit(NO_ANSWER)
    return answers[0]
