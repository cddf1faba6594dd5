"""What lies in the home of the user that a process ran as, and its new user does not find: part of law 12."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.build.laws.identity import by_identity, identity
from pydock.build.laws.violation import Violation, whose
from pydock.build.model import Build, Process, Step
from pydock.effects import kept_by_libraries
from pydock.patterns import regex
from pydock.state import is_below
from pydock.state.needs import File

OF_TOOLS = regex(
    r"(?:.*/)?(?:\.cache|\.config|\.pip|\.ssh|\.npm|\.local|\.poetry|get-pip\.py|uvx?|[\w.-]+\.egg-info)(?:/.*)?"
)
# Library code that fetches at build time does so below HOME.
_FILLS = regex(r"python[\d.]* (?:-c|-m (?!pip|venv|compileall|build))|playwright|spacy|nltk|huggingface|download")


def in_home(process: Process, was: Process, before: Build, after: Build) -> Iterator[Violation]:
    """Files below the home of the user before, written by commands that do so unasked: models, browsers."""
    for step in before.steps:
        opened = any(was.home in opened.places for opened in step.opens) and _FILLS.search(step.text)
        paths = [thing.path for thing in step.provides if isinstance(thing, File)]
        is_there = any(is_below(path, was.home) and not OF_TOOLS.fullmatch(path) for path in paths)
        if is_there or (opened and not _is_moved(step, after)):
            text = f"{whose(process)} runs as {process.user}, and line {step.line} may have written to {was.home}"
            yield Violation(12, None, text, is_doubt=True)
            return


def _is_moved(step: Step, after: Build) -> bool:
    """Whether a variable sends what a step fetches to another place now."""
    places = set(kept_by_libraries(step.before))
    return any(set(kept_by_libraries(each.before)) - places for each in by_identity(after).get(identity(step), ()))
