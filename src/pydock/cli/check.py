"""The `check` command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, get_args

import typer

from pydock.cli.answers import answers as answers_of
from pydock.cli.answers import exit_code
from pydock.cli.options import BUDGET, DETAILED, RULES, SEARCH, STDIN, VOICE, Chosen, Format, Jobs, Output, Paths, takes
from pydock.config import Grade
from pydock.errors import OptionError
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.report import Answer


@takes(RULES, SEARCH, STDIN, BUDGET, VOICE)
def check(
    given: Chosen,
    paths: Paths = None,
    fail_level: Annotated[
        Grade | None, typer.Option(help="The least level that makes the exit code 1.", show_default="note")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False,
    output_format: Annotated[Format, typer.Option(help="How findings are written.")] = "text",
    output: Output = None,
    also: Annotated[
        list[str] | None,
        typer.Option(metavar="FORMAT=FILE", help="Write the findings there in this format, too.", show_default=False),
    ] = None,
    statistics: Annotated[
        bool, typer.Option("--statistics", help="Count the findings of each rule instead of telling them.")
    ] = False,
    show_files: Annotated[bool, typer.Option("--show-files", help="List the Dockerfiles, check none.")] = False,
    show_settings: Annotated[
        bool, typer.Option("--show-settings", help="Print the settings of each Dockerfile and who says so, check none.")
    ] = False,
    baseline: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Leave out the findings that it knows.", show_default=False)
    ] = None,
    write_baseline: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write all findings there as known; with --baseline those of it that are left.",
            show_default=False,
        ),
    ] = None,
    jobs: Jobs = 1,
) -> None:
    """Report what is wrong. Nothing is changed."""
    from pydock.questions import Question
    from pydock.report.formats import counts, written
    from pydock.terminal import Style, style_for

    if show_files or show_settings:
        raise typer.Exit(_shown(given, paths, is_files=show_files))
    if statistics and output_format not in {"text", "json"}:
        raise OptionError(f"--statistics is not written as {output_format}", "it can be text or json")
    others = _others(also or ())
    is_detailed = not DETAILED.isdisjoint((output_format, *(form for form, _ in others)))
    question = Question({**given.settings, "fail-level": fail_level}, is_detailed=is_detailed, sources=given.sources)
    answers = _compared(answers_of(question, paths, jobs, given.search), baseline, write_baseline)
    style = Style() if console.is_file(output) else style_for(sys.stdout)
    text = counts(output_format, answers, style) if statistics else written(output_format, answers, style)
    console.write(output, text)
    for form, file in others:
        console.write(file, written(form, answers, Style()))
    is_failing = not exit_zero and any(answer.is_failing for answer in answers)
    raise typer.Exit(exit_code(answers, is_found=is_failing))


def _others(also: Sequence[str]) -> list[tuple[str, Path]]:
    """Formats and files of `--also FORMAT=FILE`.

    Raises OptionError for what means none.
    """
    pairs = [(form, file) for form, _, file in (each.partition("=") for each in also)]
    for form, file in pairs:
        if form not in get_args(Format) or not file:
            raise OptionError(
                f"--also {form}={file}: not a format and a file", f"formats: {', '.join(get_args(Format))}"
            )
    return [(form, Path(file)) for form, file in pairs]


def _shown(given: Chosen, paths: "Sequence[str] | None", *, is_files: bool) -> int:
    from pydock.cli.configuration import show_files, show_settings
    from pydock.report import failed
    from pydock.targets import Unusable, targets

    found = list(targets(paths or ["."], given.search))
    if is_files:
        show_files(found)
    else:
        show_settings(found, given)
    unusable = [failed(each.shown, each.error, each.path) for each in found if isinstance(each, Unusable)]
    return exit_code(unusable, is_found=False)


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
