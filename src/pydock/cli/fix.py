"""The `fix` command."""

import sys
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from pydock.cli.answers import CLEAN, Told, exit_code
from pydock.cli.answers import answers as answers_of
from pydock.cli.failures import NO_ANSWER
from pydock.cli.options import (
    BUDGET,
    DETAILED,
    FIXES,
    PROOF,
    RULES,
    SEARCH,
    STDIN,
    VOICE,
    Chosen,
    CodemodsOption,
    FixFormat,
    Jobs,
    Paths,
    takes,
)
from pydock.errors import OptionError, PydockError
from pydock.files import accounted
from pydock.terminal import console, wishes

if TYPE_CHECKING:
    from pydock.project.running import Running
    from pydock.questions import Question
    from pydock.report import Answer


@takes(RULES, SEARCH, STDIN, FIXES, PROOF, BUDGET, VOICE)
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
    delivery = _Delivery(is_diff=diff, output=output)
    with nullcontext() if is_dry else accounted(paths or ["."]):
        answers = answers_of(question, paths, jobs, given.search, *([delivery] if is_text else []))
    if is_text:
        delivery.close(answers)
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


class _Delivery:
    """Prints the difference or the new Dockerfile, or neither, and tells the story on standard error, one by one."""

    def __init__(self, *, is_diff: bool, output: Path | None) -> None:
        self._is_diff = is_diff
        self._output = output
        self._is_file = console.is_file(output)
        self._is_written = not is_diff and output is None
        self._is_masked = False

    def __call__(self, answer: "Answer") -> None:
        """What can be told of a Dockerfile before the others are answered."""
        if self._is_diff and not self._is_file:
            console.show(self._patch([answer]))
        if self._is_diff or self._is_written:
            self._talk(answer)

    def close(self, answers: "Sequence[Answer]") -> None:
        """What is told of all of them, and written into a file."""
        from pydock.report.formats import closing
        from pydock.terminal import style_for

        if self._is_diff and self._is_file:
            console.write(self._output, self._patch(answers))
        if self._is_masked:
            hint = "pydock fix without --diff writes the real file"
            console.complain("secrets are masked in this diff, so it cannot be applied", hint, "note")
        if not self._is_diff and self._output is not None:
            only = _only(answers)
            _write_text(only, self._output)
            self._talk(only)
        if not wishes.is_quiet():
            console.talk(closing(answers, style_for(sys.stderr), is_written=self._is_written))

    def _patch(self, answers: "Sequence[Answer]") -> str:
        from pydock.report.formats import patch
        from pydock.terminal import Style, style_for

        style = Style() if self._is_file else style_for(sys.stdout)
        text, is_masked = patch(answers, style, is_seen=not self._is_file and sys.stdout.isatty())
        self._is_masked = self._is_masked or is_masked
        return text

    def _talk(self, answer: "Answer") -> None:
        from pydock.report.formats import told
        from pydock.terminal import style_for

        if not wishes.is_quiet():
            console.talk(told(answer, style_for(sys.stderr), is_written=self._is_written))


def _write_text(only: "Answer", output: Path) -> None:
    from pydock.report.formats import seen

    is_seen = not console.is_file(output) and sys.stdout.isatty()
    lines = only.mask(only.text).splitlines(keepends=True) if is_seen else ()
    console.write(output, "".join(map(seen, lines)) if is_seen else only.text)
    if is_seen and only.mask.found_in(only.text):
        console.complain("secrets are masked on the screen", "a file or a pipe gets the real text", "note")
    if others := [change.path for change in only.changes if change.after != only.text]:
        console.complain(f"not written: {', '.join(others)}", "--diff shows them", "note")


def _only(answers: "Sequence[Answer]") -> "Answer":
    if len(answers) != 1:
        raise OptionError(f"--output takes one Dockerfile, {len(answers)} were found", "with --diff it takes them all")
    if answers[0].failure:
        raise typer.Exit(NO_ANSWER)
    return answers[0]
