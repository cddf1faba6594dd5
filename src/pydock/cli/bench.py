"""The `bench` command: it has more options than the others together, and lives in a file of its own."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from pydock.cli.options import BUDGET, FIXES, PROOF, RULES, SEARCH, VOICE, Chosen, Output, takes
from pydock.errors import EngineError, OptionError
from pydock.terminal import console

if TYPE_CHECKING:
    from pydock.bench.measure import Limit, Wishes
    from pydock.cli.versions import Comparison
    from pydock.report.bench import Bench

CLEAN, EXCEEDED, NO_ANSWER = 0, 1, 2


# Each is a module of `report`.
Form = Literal["table", "json", "markdown", "html"]


@takes(RULES, SEARCH, FIXES, PROOF, BUDGET, VOICE)
def bench(
    given: Chosen,
    paths: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH]...", help="A folder or Dockerfile; two are compared as they are."),
    ] = None,
    runs: Annotated[int, typer.Option(min=1, metavar="N", help="How often each build is measured.")] = 3,
    as_is: Annotated[bool, typer.Option("--as-is", help="Measure the Dockerfile as it is, alone.")] = False,
    installers: Annotated[
        bool, typer.Option("--installers", help="Measure the rewrite with the other installer, too.")
    ] = False,
    output_format: Annotated[Form, typer.Option(help="How the result is written.")] = "table",
    output: Output = None,
    history: Annotated[Path | None, typer.Option(metavar="FILE", help="Append the figures as a line of JSON.")] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MOST", help="Exit with 1 above it: size=200MB,rebuild=5s.")
    ] = None,
    start: Annotated[bool, typer.Option("--start/--no-start", help="Start containers and measure them.")] = True,
    env: Annotated[
        list[str] | None, typer.Option("--env", "-e", metavar="NAME=VALUE", help="For started containers.")
    ] = None,
    target: Annotated[str, typer.Option(metavar="STAGE", help="The stage to build.", show_default=False)] = "",
    platform: Annotated[
        str, typer.Option(metavar="OS/ARCH", help="The platform to build for.", show_default=False)
    ] = "",
    build_arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="For builds.")] = None,
    secret: Annotated[
        list[str] | None, typer.Option(metavar="id=NAME,src=FILE", help="For RUN --mount=type=secret.")
    ] = None,
    ssh: Annotated[
        list[str] | None, typer.Option(metavar="default|ID=SOCKET", help="For RUN --mount=type=ssh.")
    ] = None,
    start_limit: Annotated[float, typer.Option(min=1, metavar="SECONDS", help="The most a start may take.")] = 60,
) -> None:
    """Build a Dockerfile as it is and as pydock would write it, and measure both on a container engine."""
    from pydock.bench.engine import Recipe
    from pydock.bench.measure import Wishes, limits
    from pydock.cli.versions import comparison
    from pydock.context import Tree
    from pydock.questions import Question

    wanted = limits(",".join(limit or ()))
    arguments = _pairs("--build-arg", build_arg)
    recipe = Recipe(
        Tree(), "", None, target, platform, arguments,
        secrets=tuple(secret or ()), ssh=tuple(ssh or ()),
        builder=given.options["builder"], limit=given.options["build_limit"],
    )  # fmt: skip
    question = Question(given.settings, is_fix=True, sources=given.sources)
    versions = comparison(paths or ["."], question, given.search, recipe, is_as_is=as_is, has_installers=installers)
    mode = "bridge" if given.options["network"] else "none"
    wishes = Wishes(runs, start, _pairs("--env", env), mode, given.options["with_services"], start_limit)
    result = _measured(versions, wishes)
    _deliver(result, versions.notes, output_format, output, history)
    raise typer.Exit(_judged(result, wanted))


def _measured(versions: "Comparison", wishes: "Wishes") -> "Bench":
    from pydock.bench.engine import connect
    from pydock.bench.measure import Progress, measure
    from pydock.report.bench import Bench
    from pydock.service.files.secret_values import hide, mask

    progress = Progress(sys.stderr)
    moment = datetime.now(UTC).isoformat(timespec="seconds")
    try:
        with connect() as engine:
            name = engine.name
            if "Podman" in name:
                hint = "its times are whole builds, and images have no HEALTHCHECK unless it writes Docker's format"
                console.complain("podman tells no build steps", hint, "note")
            found = measure(engine, versions.versions, wishes, progress)
            progress.close()
    except KeyboardInterrupt:
        progress.close()
        console.complain("what was made on the engine has been removed", kind="note")
        raise
    except EngineError as error:
        progress.close()
        for version in versions.versions:
            hide(error, mask(version.project))
        raise
    return Bench(versions.shown, name, wishes.runs, moment, found)


def _deliver(result: "Bench", notes: Sequence[str], form: Form, output: Path | None, history: Path | None) -> None:
    from pydock.bench.measure import history_row, read_history
    from pydock.report.bench import written

    text = ""
    if history is not None:
        try:
            with history.open("a+", encoding="utf-8") as file:
                file.write(history_row(result.versions, result.path, result.engine, result.moment))
                file.seek(0)
                text = file.read()
        except OSError as error:
            raise OptionError(f"--history {history}: {error.strerror}") from error
    for note in notes:
        console.complain(note, kind="note")
    earlier = read_history(text, result.path) if form == "html" else ()
    console.write(output, written(form, result, earlier))


def _judged(result: "Bench", wanted: "Sequence[Limit]") -> int:
    from pydock.bench.measure import exceeded
    from pydock.report.bench import figure_text

    last = next((version for version in result.versions if version.name == "after"), result.versions[-1])
    above = exceeded(last, wanted)
    for bound, value in above:
        said = "was not measured" if value is None else f"is {figure_text(bound.name, value)}"
        console.complain(f"{last.name}: {bound.name} {said}, the limit is {bound.text}")
    if last.failure:
        return NO_ANSWER
    return EXCEEDED if above else CLEAN


def _pairs(option: str, given: Sequence[str] | None) -> dict[str, str]:
    found = {}
    for entry in given or ():
        name, equals, value = entry.partition("=")
        if not name or not equals:
            raise OptionError(f"{option} {entry}: it takes NAME=VALUE")
        found[name] = value
    return found
