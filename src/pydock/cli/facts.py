"""The `facts` command: what pydock has read about a service, so that a person can check it."""

from typing import Annotated, Literal

import typer

from pydock.cli.options import BUDGET, SEARCH, VOICE, Chosen, Output, Paths, takes
from pydock.terminal import console

TOLD, NO_ANSWER = 0, 2


@takes(SEARCH, BUDGET, VOICE)
def facts(
    given: Chosen,
    paths: Paths = None,
    output_format: Annotated[Literal["text", "json"], typer.Option(help="How facts are written.")] = "text",
    output: Output = None,
) -> None:
    """Show what pydock knows about a service: command, framework, application, port, health route, writes.

    Each answer is certain, unsure with candidates, or none. Nothing is changed or run.
    """
    from pydock.questions import Question, known_facts
    from pydock.report.pages import facts as page
    from pydock.targets import targets

    known = known_facts(Question(given.settings, sources=given.sources), targets(paths or ["."], given.search))
    for failure in (answer.failure for answer in known.failures):
        if failure is not None:
            console.complain(failure.message, failure.hint)
    text = page.document(known.told) if output_format == "json" else "\n".join(page.text(*each) for each in known.told)
    console.write(output, text)
    raise typer.Exit(NO_ANSWER if known.failures else TOLD)
