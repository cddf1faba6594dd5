"""A service that is split: its Dockerfile, its files, and what each stage has to hold."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal, Split, split

SLIM, FULL = "FROM python:3.11-slim\n", "FROM python:3.11\n"
BEFORE = "WORKDIR /app\nCOPY requirements.txt .\n"
INSTALL = f"{BEFORE}RUN pip install -r requirements.txt\nCOPY . .\n"
CMD = 'CMD ["python", "app.py"]\n'
PLAIN = f"{SLIM}{INSTALL}{CMD}"
BY_NAME = f'{INSTALL}CMD ["./app.py"]\n'


@dataclass(frozen=True)
class Case:
    """A Dockerfile with its files, and the reason of the refusal or what a stage has to hold."""

    does: str
    dockerfile: str
    files: dict[str, str] = field(default_factory=dict)
    refuses: str = ""
    builder: tuple[str, ...] = ()
    runtime: tuple[str, ...] = ()


def found(case: Case) -> Split | Refusal | None:
    """The split of a case, which is a service: where its Dockerfile starts nothing, `CMD` does."""
    is_started = any(keyword in case.dockerfile for keyword in ("CMD", "ENTRYPOINT"))
    dockerfile = case.dockerfile if is_started else f"{case.dockerfile}{CMD}"
    return split(Project(Tree.of({"requirements.txt": "flask\n", "Dockerfile": dockerfile, **case.files})))


def lacking(case: Case) -> tuple[str, ...]:
    """What a stage does not hold, or not behind what was to stand in front of it."""
    split_file = found(case)
    if not isinstance(split_file, Split):
        return (f"a split, not {split_file}",)
    builder, _, runtime = split_file.plan.text().partition("\nFROM ")
    absent = []
    for text, wanted in ((builder, case.builder), (runtime, case.runtime)):
        at = -1
        for each in wanted:
            place = text.find(each, at + 1)
            absent += [each] * (place < 0)
            at = max(at, place)
    return tuple(absent)
