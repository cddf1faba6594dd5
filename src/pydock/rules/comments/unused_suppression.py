"""PYD001 unused-suppression: a comment that silences nothing."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.dockerfile import suppressions
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule

DOCS = """
A comment that should silence a rule silences nothing.

`# pydock: ignore[PYD304]` counts for the instruction behind it, `# pydock: ignore-file[PYD304]` for the whole file when
it stands in front of the first instruction. A comment that is not understood, that stands where it does not count, that
names no rule there is, or whose rule finds nothing there any more misleads the reader, and hides the next finding of
that rule from everybody.

The cure is to remove it, or the rule from its brackets. `fix` leaves it: a comment is a person's own words.

Nothing is said about a rule that was not run (`--select`, `--ignore`), nor about hadolint's comments.
"""


def check(project: Project) -> Iterator[Finding]:
    """The comments that are not understood; whether a rule is silenced at all is for the engine to say."""
    for each in suppressions(project.dockerfile):
        if each.problem:
            message = f"this comment silences nothing: {each.problem}"
            yield Finding(RULE, each.span, message, advice="Mend it or remove it.")


RULE = Rule(
    code="PYD001",
    name="unused-suppression",
    check=check,
    docs=DOCS,
    examples=(
        Example("FROM python:3.12\n# pydock: ignroe[PYD302]\nRUN pip install flask\n", finds=True),
        Example("FROM python:3.12\n# pydock: ignore-file[PYD302]\nRUN pip install flask\n", finds=True),
        Example("FROM python:3.12\nRUN pip \\\n    # pydock: ignore\n    install flask\n", finds=True),
        Example("FROM python:3.12\n# pydock: ignore[PYD302]\nRUN pip install flask\n"),
        Example("# pydock: ignore-file[pip-cache]\nFROM python:3.12\nRUN pip install flask\n"),
    ),
    level=Level.NOTE,
)
