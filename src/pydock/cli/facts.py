"""The `facts` command: what pydock has read about a service, so that a person can check it."""

from enum import StrEnum
from typing import Annotated

import typer

from pydock.cli.options import BudgetMemory, BudgetSeconds, budget
from pydock.errors import PydockError
from pydock.terminal import console

TOLD, NO_ANSWER = 0, 2


class Form(StrEnum):
    """How facts are written."""

    TEXT = "text"
    JSON = "json"


def facts(
    paths: Annotated[
        list[str] | None, typer.Argument(metavar="[PATH]...", help="Folders to search, or Dockerfiles.")
    ] = None,
    output_format: Annotated[Form, typer.Option(help="How facts are written.")] = Form.TEXT,
    budget_seconds: BudgetSeconds = None,
    budget_memory: BudgetMemory = None,
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

    question = Question(budget(budget_seconds, budget_memory))
    found, code = [], TOLD
    for target in targets(paths or ["."]):
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
    console.show(page.document(found) if output_format is Form.JSON else "\n".join(page.text(*each) for each in found))
    raise typer.Exit(code)
