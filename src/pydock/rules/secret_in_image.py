"""A password, a token or a key is written into the image.

ENV is in the image's configuration, ARG and RUN are in its history, and both go wherever the
image goes: `docker history` and `docker inspect` print them, and deleting the file in a later
layer does not help. A secret that was once pushed has to be replaced at its source.

No fix: a build that needs the secret has to be called differently, and a service that needs
it has to get it from outside. The value is shown in no message, in no format. Names that only
speak of secrets (`TOKEN_URL`, `KEY_PATH`, `PUBLIC_KEY`), empty values, files and variables are
not reported, and a placeholder only where ENV leaves it behind as the default.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.dockerfile import Assignment, Instruction, Stage
from pydock.lines import Span
from pydock.project import Project
from pydock.project.secrets import (
    Secret,
    Weight,
    is_index_variable,
    is_installer,
    is_secret_name,
    shaped,
    weigh,
)
from pydock.rule import Example, Finding, Rule
from pydock.shell import Command, script
from pydock.words import variables

EXAMPLES = (
    Example(before="FROM python:3.12-slim\nENV DB_PASSWORD=hunter22\n", finds=True),
    Example(before="FROM python:3.12-slim\nARG API_TOKEN\nRUN fetch --token $API_TOKEN\n", finds=True),
    Example(before="FROM python:3.12-slim\nENV TOKEN_URL=https://example.com/token PUBLIC_KEY=abc DB_PASSWORD=\n"),
    Example(
        before="FROM python:3.12-slim\nRUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) fetch\n",
    ),
)

_AT_RUN_TIME = "Leave it out and pass it when the container starts: --env-file, a secret of compose or of the cluster."
_AT_BUILD = (
    "Use a secret mount: RUN --mount=type=secret,id=token TOKEN=$(cat /run/secrets/token) ..., "
    "and docker build --secret id=token,env=TOKEN."
)
_REPLACE = " Replace the secret where it was issued, if this file or image has been shared."


def check(project: Project) -> Iterator[Finding]:
    dockerfile = project.dockerfile
    first = dockerfile.stages[0].start
    for instruction in dockerfile.instructions[: dockerfile.instructions.index(first)]:
        yield from _assigned(project, None, instruction)
    for stage in dockerfile.stages:
        for instruction in stage.instructions[1:]:
            shipped = stage in project.lineage(project.final)
            match instruction.keyword:
                case "ENV" | "ARG":
                    yield from _assigned(project, stage, instruction)
                case "RUN" | "CMD" | "ENTRYPOINT" | "HEALTHCHECK":
                    yield from _commands(instruction, shipped=shipped)
                case "LABEL" | "COPY" | "ADD" | "USER" | "WORKDIR":
                    yield from _shaped(instruction, shipped=shipped)
                case _:
                    pass


def _assigned(project: Project, stage: Stage | None, instruction: Instruction) -> Iterator[Finding]:
    shipped = stage is None or stage in project.lineage(project.final)
    for entry in instruction.assignments:
        if is_index_variable(entry.name):
            continue
        if entry.value is None:
            if stage is not None and is_secret_name(entry.name) and (user := _user(stage, instruction, entry.name)):
                yield _argument(entry, user, shipped=shipped)
            continue
        weight = weigh(entry.name, entry.value)
        if weight is Weight.SECRET:
            yield _value(instruction, entry, shipped=shipped)
        elif not shipped or instruction.keyword != "ENV":
            continue
        elif weight is Weight.PLACEHOLDER:
            yield _placeholder(entry)
        elif _is_from_argument(project, stage, instruction, entry):
            yield _kept(entry)


def _user(stage: Stage, declared: Instruction, name: str) -> Instruction | None:
    """The first RUN that gets to see a build argument; BuildKit's history shows it there."""
    after = stage.instructions[stage.instructions.index(declared) + 1 :]
    for entry in after:
        texts = (entry.logical.text, *entry.documents)
        if entry.keyword == "RUN" and any(name in variables(text) for text in texts):
            return entry
    return None


def _is_from_argument(project: Project, stage: Stage | None, instruction: Instruction, entry: Assignment) -> bool:
    if stage is None or not entry.value:
        return False
    arguments = {
        each.name
        for argument in stage.of("ARG")
        if argument.number < instruction.number
        for each in argument.assignments
    }
    taken = variables(entry.value) & arguments
    return bool(taken) and any(map(is_secret_name, (entry.name, *taken)))


def _shown(entry: Assignment) -> str:
    """The name without what a slip of the pen may have put into it: `ENV PASSWORD:value`."""
    found = re.match(r"\w+", entry.name)
    return found[0] if found else "a variable"


def _cost(where: str, *, shipped: bool) -> str:
    if shipped:
        return f"everybody who can pull the image reads it in {where}"
    return "it stays in the build cache, and in this file for everybody who can read it"


def _value(instruction: Instruction, entry: Assignment, *, shipped: bool) -> Finding:
    where = "its configuration" if instruction.keyword == "ENV" else "its history"
    return Finding(
        RULE,
        entry.span,
        f"{_shown(entry)} looks like a secret that is written out",
        cost=_cost(where, shipped=shipped),
        advice=(_AT_RUN_TIME if instruction.keyword == "ENV" else _AT_BUILD) + _REPLACE,
    )


def _placeholder(entry: Assignment) -> Finding:
    return Finding(
        RULE,
        entry.span,
        f"{_shown(entry)} has a default that everybody can guess",
        cost="a container that is started without it runs with this one, and nothing says so",
        advice="Leave it out, so that a missing secret stops the start; what only the build needs goes in front of the "
        "one command: RUN NAME=unused command.",
    )


def _argument(entry: Assignment, user: Instruction, *, shipped: bool) -> Finding:
    where = "the image's history" if shipped else "the build cache and the provenance of the build"
    return Finding(
        RULE,
        entry.span,
        f"{_shown(entry)} is passed as a build argument",
        cost=f"its value stays in {where}, with the RUN on line {user.number}",
        advice=_AT_BUILD,
    )


def _kept(entry: Assignment) -> Finding:
    return Finding(
        RULE,
        entry.span,
        f"{_shown(entry)} keeps a build argument in the image",
        cost=_cost("its configuration", shipped=True),
        advice=_AT_RUN_TIME,
    )


def _commands(instruction: Instruction, *, shipped: bool) -> Iterator[Finding]:
    found = script(instruction)
    covered: list[Span] = []
    for command in found.commands:
        if is_installer(command.values):
            covered.append(command.span)
        elif instruction.keyword == "RUN":
            for name, span in _written_out(command):
                covered.append(span)
                yield _in_command(instruction, f"the value of {name}", span, shipped=shipped)
    for secret, span in _places(instruction):
        if not any(other.touches(span) for other in covered):
            yield _in_command(instruction, secret.kind, span, shipped=shipped)


def _written_out(command: Command) -> Iterator[tuple[str, Span]]:
    """`NAME=value` in front of a command or behind export, and `--password value`."""
    exports = command.words[1:] if command.program in {"export", "declare", "env"} else ()
    for word in (*command.assignments, *exports):
        name, equals, value = word.text.partition("=")
        if equals and weigh(name, value.strip("\"'")) is Weight.SECRET:
            yield name, word.span
    for at, word in enumerate(command.words[1:], 1):
        name, equals, value = word.text.partition("=")
        if not name.startswith("--"):
            continue
        if not equals:
            value = command.words[at + 1].text if at + 1 < len(command.words) else ""
        if not value.startswith("-") and weigh(name[2:], value.strip("\"'")) is Weight.SECRET:
            yield name, word.span


def _in_command(instruction: Instruction, what: str, span: Span, *, shipped: bool) -> Finding:
    return Finding(
        RULE,
        span,
        f"{instruction.keyword} writes out {what}",
        cost=_cost("its history" if instruction.keyword == "RUN" else "its configuration", shipped=shipped),
        advice=(_AT_BUILD if instruction.keyword == "RUN" else _AT_RUN_TIME) + _REPLACE,
    )


def _shaped(instruction: Instruction, *, shipped: bool) -> Iterator[Finding]:
    for secret, span in _places(instruction):
        yield _in_command(instruction, secret.kind, span, shipped=shipped)


def _places(instruction: Instruction) -> Iterator[tuple[Secret, Span]]:
    for secret in shaped(instruction.value):
        yield secret, instruction.place(secret.span.start, secret.span.end)
    for heredoc, text in zip(instruction.heredocs, instruction.documents, strict=True):
        for secret in shaped(text):
            start = heredoc.body.start
            yield secret, Span(start + secret.span.start, start + secret.span.end)


RULE = Rule("PYD501", "secret-in-image", check, __doc__, EXAMPLES, same_as=("SecretsUsedInArgOrEnv",))
