"""What is known of each service, or why nothing is."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.errors import PydockError
from pydock.project.secrets import Mask
from pydock.questions.ask import Question, one, unchanged
from pydock.report import Answer, failed
from pydock.service.facts import Facts, facts
from pydock.service.files import secret_values
from pydock.targets import Target, Unusable
from pydock.values import Value


class Known(Value):
    """`told` are the facts of each Dockerfile by its name, with what hides its secrets; `failures` are the others."""

    told: tuple[tuple[str, Facts, Mask], ...]
    failures: tuple[Answer, ...]


def known_facts(question: Question, targets: Iterable[Target | Unusable]) -> Known:
    """The facts of every target; one that fails stops no other."""
    told, failures = [], []
    for target in targets:
        try:
            with one(question, target) as usable:
                project = unchanged(question, usable)
                with secret_values.without_secrets(project):
                    found = facts(project)
                told.append((usable.shown, found, secret_values.mask(project)))
        except PydockError as error:
            failures.append(failed(target.shown, error, target.path))
    return Known(tuple(told), tuple(failures))
