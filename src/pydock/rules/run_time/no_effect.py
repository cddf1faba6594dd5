"""An instruction does nothing.

Of several CMD, ENTRYPOINT or HEALTHCHECK in one stage only the last one counts, and a RUN that is nothing but
`export` or `cd` changes a shell that ends with it: whoever wrote the line believes in an effect that it has not.

The cure for a CMD or HEALTHCHECK that another one replaces is to leave it out. What `export` and `cd` should have
done, ENV and WORKDIR would do; but then the image would be another one, so that is for a person.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build import walk
from pydock.dockerfile import Stage
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.text import Edit, Fix, Safety

_LAST_ONE_COUNTS = ("CMD", "ENTRYPOINT", "HEALTHCHECK")

EXAMPLES = (
    Example(
        before='FROM python:3.12-slim\nCMD ["flask", "run"]\nCMD ["gunicorn", "app:app"]\n',
        after='FROM python:3.12-slim\nCMD ["gunicorn", "app:app"]\n',
    ),
    Example(before='FROM python:3.12-slim\nRUN export APP_ENV=production\nCMD ["python"]\n', finds=True),
    Example(before='FROM python:3.12-slim\nRUN cd /srv\nCMD ["python"]\n', finds=True),
    Example(before='FROM python:3.12-slim\nRUN cd /srv && touch here\nCMD ["python"]\n'),
)


def check(project: Project) -> Iterator[Finding]:
    for stage in project.dockerfile.stages:
        yield from _replaced(project, stage)
        yield from _of_a_shell(project, stage)


def _replaced(project: Project, stage: Stage) -> Iterator[Finding]:
    for keyword in _LAST_ONE_COUNTS:
        for instruction in stage.of(keyword)[:-1]:
            edit = Edit(project.path, instruction.span, "")
            yield Finding(
                RULE,
                instruction.body,
                f"this {keyword} does nothing: line {stage.of(keyword)[-1].number} replaces it",
                Fix(f"leave out the {keyword} that is replaced", Safety.SAFE, (edit,), frozenset()),
                cost="a reader takes it for what runs",
            )


def _of_a_shell(project: Project, stage: Stage) -> Iterator[Finding]:
    build = walk(project)
    for run in stage.of("RUN"):
        steps = build.of_instruction(run)
        if not steps or not all(step.is_setting for step in steps):
            continue
        advice = {"export": "Write ENV, which stays.", "cd": "Write WORKDIR, which stays."}
        yield Finding(
            RULE,
            run.body,
            f"`{' '.join(run.value.split())}` does nothing: the shell that it changes ends with this RUN",
            cost="what follows runs without it",
            advice=next((text for word, text in advice.items() if steps[0].text.startswith(word)), ""),
        )


RULE = Rule("PYD419", "no-effect", check, __doc__, EXAMPLES, level=Level.NOTE)
