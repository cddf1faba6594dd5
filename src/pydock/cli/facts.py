"""The `facts` command: what pydock has read about a service, so that a person can check it."""

from typing import Annotated, Literal

import typer

from pydock.cli.options import BUDGET, SEARCH, VOICE, Chosen, Output, Paths, takes
from pydock.errors import PydockError
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
    from pydock.questions import Question, one, unchanged
    from pydock.report import failed
    from pydock.report.pages import facts as page
    from pydock.service.facts import facts as known
    from pydock.service.files import secret_values
    from pydock.targets import targets

    question = Question(given.settings, sources=given.sources)
    found, code = [], TOLD
    for target in targets(paths or ["."], given.search):
        try:
            with one(question, target) as usable:
                project = unchanged(question, usable)
                with secret_values.without_secrets(project):
                    told = known(project)
                found.append((usable.shown, told, secret_values.mask(project)))
        except PydockError as error:
            if failure := failed(target.shown, error, target.path).failure:
                console.complain(failure.message, failure.hint)
            code = NO_ANSWER
    text = page.document(found) if output_format == "json" else "\n".join(page.text(*each) for each in found)
    console.write(output, text)
    raise typer.Exit(code)
