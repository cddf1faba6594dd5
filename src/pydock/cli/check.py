"""The `check` command."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from pydock.cli.answers import answers as answers_of
from pydock.cli.answers import exit_code
from pydock.cli.options import (
    DETAILED,
    BaselineOption,
    BudgetMemory,
    BudgetSeconds,
    Colour,
    ColourOption,
    Exclude,
    FailLevel,
    Format,
    Ignore,
    InstallerOption,
    Jobs,
    Paths,
    Portable,
    Select,
    WriteBaseline,
    budget,
)
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.report import Answer


def check(
    paths: Paths = None,
    select: Select = None,
    ignore: Ignore = None,
    exclude: Exclude = None,
    fail_level: Annotated[
        FailLevel | None, typer.Option(help="The least level that makes the exit code 1.", show_default="note")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 whatever is found.")] = False,
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
    given["fail-level"] = fail_level
    given |= budget(budget_seconds, budget_memory)
    question = Question(given, is_detailed=output_format in DETAILED)
    answers = _compared(answers_of(question, paths, jobs, exclude), baseline, write_baseline)
    style = Style() if console.is_file(output) else style_for(sys.stdout, color)
    console.write(output, written(output_format, answers, style))
    is_failing = not exit_zero and any(answer.is_failing for answer in answers)
    raise typer.Exit(exit_code(answers, is_found=is_failing))


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
