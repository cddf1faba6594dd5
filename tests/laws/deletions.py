"""`python -m tests.laws.deletions`: how many lines of good files the laws miss when they are deleted, by keyword.

The files are those that pydock writes for the fixtures, the results of all rules' examples, and services
written by hand. Each instruction is deleted in turn. Prints for each keyword how many deletions there are and
the share that is caught, by the parser or by laws 11 and 12; `--show RUN` lists those missed.
"""

from __future__ import annotations

import argparse
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from pydock.build import walk
from pydock.build.laws import broken
from pydock.context import Tree
from pydock.dockerfile import Instruction
from pydock.engine import rewrite
from pydock.errors import PydockError
from pydock.project import Options, Project
from pydock.rules import RULES
from pydock.text import Safety
from tests.laws.good import SERVICES

FIXTURES = Path(__file__).parent.parent.parent / "fixtures"
OPTIONS = Options(today=date(2026, 11, 1))
# Deletions that change nothing that a service or a build relies on, and why.
HARMLESS = (
    ("LABEL", re.compile(""), "a label is read by people; the contract has it"),
    ("EXPOSE", re.compile(""), "a port is published by whoever runs the image; the contract has it"),
    (
        "ENV",
        re.compile(r"(?:(?:PYTHON|PIP_|LC_ALL|LANG|TZ|UV_|POETRY_)\w*=?\S*\s*)+\Z"),
        "how tools talk",
    ),
    ("RUN", re.compile(r"(?:rm -rf?|apt-get clean|apt-get update\Z|find)\b"), "clean-up, and lists that nobody reads"),
    ("ARG", re.compile(r"DEBIAN_FRONTEND"), "how apt talks"),
    ("STOPSIGNAL", re.compile(""), "the contract has it"),
    ("VOLUME", re.compile(""), "the contract has it"),
    ("MAINTAINER", re.compile(""), "a name"),
    ("RUN", re.compile(r"pip3? install (?:-U|--upgrade) pip\S*\Z"), "another version of pip"),
    (
        "RUN",
        re.compile(r"(?:uv sync|poetry install)\b.*--no-(?:install-project|root)"),
        "the next install does it, too",
    ),
    ("SHELL", re.compile(""), "the contract has it"),
)


@dataclass(frozen=True)
class Deletion:
    """One instruction of a good file left out."""

    name: str
    keyword: str
    text: str
    caught: str | None

    @property
    def is_harmless(self) -> bool:
        return any(self.keyword == keyword and shape.match(self.text) for keyword, shape, _ in HARMLESS)


@cache
def good() -> tuple[tuple[str, Project], ...]:
    """Good projects by name."""
    found = [(service.name, service.project()) for service in SERVICES]
    for folder in sorted(path.parent for path in FIXTURES.glob("*/Dockerfile")):
        for allow in (Safety.SAFE, Safety.UNSAFE):
            report = rewrite(Project(Tree(folder), "Dockerfile", OPTIONS), RULES, allow)
            found.append((f"{folder.name} {allow.label}", report.result))
    for rule in RULES:
        for number, example in enumerate(rule.examples, 1):
            if example.after is not None:
                before = Project(Tree.of({"Dockerfile": example.before, **example.files}), "Dockerfile", OPTIONS)
                found.append((f"{rule.code} {number}", rewrite(before, (rule,), example.allow).result))
    return tuple(found)


def deletions(name: str, project: Project) -> Iterator[Deletion]:
    """Each instruction of a project deleted in turn, FROM of the first stage left out."""
    for instruction in project.dockerfile.instructions[1:]:
        caught = _caught(project, instruction)
        yield Deletion(name, instruction.keyword, " ".join(instruction.value.split()), caught)


def _caught(project: Project, gone: Instruction) -> str | None:
    """Who sees that an instruction is gone: "parser", "laws", or None where nobody does."""
    text = project.dockerfile.text
    without = project.again(project.tree.over({project.path: text[: gone.span.start] + text[gone.span.end :]}))
    if without.dockerfile.problems:
        return "parser"
    try:
        found = broken(walk(project), walk(without))
    except PydockError:
        return "parser"
    return "laws" if any(not each.is_doubt for each in found) else None


def every() -> tuple[Deletion, ...]:
    return tuple(each for name, project in good() for each in deletions(name, project))


def shares(found: tuple[Deletion, ...]) -> dict[str, tuple[int, int]]:
    """(caught, all) by keyword, the harmless ones left out."""
    told = [each for each in found if not each.is_harmless]
    every_one, seen = Counter(each.keyword for each in told), Counter(each.keyword for each in told if each.caught)
    return {keyword: (seen[keyword], number) for keyword, number in every_one.most_common()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.laws.deletions")
    parser.add_argument("--show", default="", help="list the deletions of a keyword that nobody sees")
    given = parser.parse_args()
    found = every()
    print(f"{len(good())} files, {len(found)} deletions, {sum(each.is_harmless for each in found)} of them harmless")
    for keyword, (seen, number) in shares(found).items():
        print(f"{keyword:12} {seen:5} of {number:5}  {100 * seen / number:5.1f} %")
    for each in found:
        if each.keyword == given.show and not each.caught and not each.is_harmless:
            print(f"  {each.name}: {each.text[:110]}")


if __name__ == "__main__":
    main()
