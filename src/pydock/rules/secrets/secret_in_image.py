"""A password, a token or a key is written into the image.

ENV is in the image's configuration, ARG and RUN are in its history, and both go wherever the
image goes: `docker history` and `docker inspect` print them, and deleting the file in a later
layer does not help. A secret that was once pushed has to be replaced at its source.

A build argument becomes a secret mount in the RUNs that name it, unsafe because the build has to
be called differently. Anything else has no fix: a service that needs a secret has to get it from
outside. The value is shown in no message, in no format. Names that only
speak of secrets (`TOKEN_URL`, `KEY_PATH`, `PUBLIC_KEY`), empty values, files and variables are
not reported, and a placeholder only where ENV leaves it behind as the default, or where it becomes the password
of an account. A build argument for a secret is one, although no RUN names it: every RUN below it gets to see it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.dockerfile import Assignment, Instruction, Stage
from pydock.project import Project
from pydock.project.secrets import Weight, is_index_variable, is_secret_name, weigh
from pydock.rule import Example, Finding, Level, Rule
from pydock.service.files.leaks import Leak, leaks
from pydock.system.build_secrets import as_build_secret
from pydock.text import Fix, Safety, Span, variables

EXAMPLES = (
    Example(before="FROM python:3.12-slim\nENV DB_PASSWORD=hunter22\n", finds=True),
    Example(
        before="FROM python:3.12-slim\nARG API_TOKEN\nRUN fetch --token $API_TOKEN\n",
        after="FROM python:3.12-slim\nRUN --mount=type=secret,id=api_token "
        'export API_TOKEN="$(cat /run/secrets/api_token)" \\\n    && fetch --token $API_TOKEN\n',
        allow=Safety.UNSAFE,
    ),
    Example(
        before="FROM python:3.12-slim\nARG API_TOKEN\nENV API_TOKEN=$API_TOKEN\nRUN fetch --token $API_TOKEN\n",
        finds=True,
    ),
    Example(before="FROM python:3.12-slim\nRUN curl -u ci:hunter22 -O https://files.example.com/a.tgz\n", finds=True),
    Example(before="FROM python:3.12-slim\nRUN echo 'root:root' | chpasswd\n", finds=True),
    Example(before="FROM python:3.12-slim\nRUN SECRET_KEY=build python manage.py collectstatic\n"),
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
        yield from _written_out(project, instruction, shipped=True)
    for stage in dockerfile.stages:
        shipped = stage in project.lineage(project.final)
        for instruction in stage.instructions:
            yield from _written_out(project, instruction, shipped=shipped)
            yield from _assigned(project, stage, instruction, shipped=shipped)


def _written_out(project: Project, instruction: Instruction, *, shipped: bool) -> Iterator[Finding]:
    """One finding for each place where a value stands."""
    found = {leak.span: leak for leak in reversed(leaks(project).get(instruction.number, ())) if not leak.is_index}
    for span, leak in sorted(found.items()):
        if leak.is_guessable:
            yield _guessable(instruction, leak, shipped=shipped)
        elif leak.name:
            yield _value(instruction, leak, shipped=shipped)
        else:
            yield _in_command(instruction, leak.what, span, shipped=shipped)


def _assigned(project: Project, stage: Stage, instruction: Instruction, *, shipped: bool) -> Iterator[Finding]:
    if instruction.keyword not in {"ENV", "ARG"}:
        return
    written = {leak.span for leak in leaks(project).get(instruction.number, ())}
    for entry in instruction.assignments:
        if is_index_variable(entry.name) or entry.span in written:
            continue
        if instruction.keyword == "ARG":
            if not entry.value and is_secret_name(entry.name) and (user := _user(stage, instruction, entry.name)):
                fix = as_build_secret(project, stage, instruction)
                yield _argument(entry, user, fix, shipped=shipped)
        elif entry.value and shipped:
            if weigh(entry.name, entry.value) is Weight.PLACEHOLDER:
                yield _placeholder(entry)
            elif _is_from_argument(project, stage, instruction, entry):
                yield _kept(entry)


def _user(stage: Stage, declared: Instruction, name: str) -> Instruction | None:
    """The RUN that the history of the image shows the argument with: the first that names it, else the first.

    BuildKit gives every RUN all the arguments that are declared above it, and notes them in the history.
    """
    after = [entry for entry in stage.instructions[stage.instructions.index(declared) + 1 :] if entry.keyword == "RUN"]
    for entry in after:
        if any(name in variables(text) for text in (entry.logical.text, *entry.documents)):
            return entry
    return after[0] if after else None


def _is_from_argument(project: Project, stage: Stage, instruction: Instruction, entry: Assignment) -> bool:
    arguments = {
        each.name
        for argument in stage.of("ARG")
        if argument.number < instruction.number
        for each in argument.assignments
    }
    # `${TOKEN:+true}` only says whether there is one.
    taken = variables(re.sub(r"\$\{\w+:?\+[^{}]*\}", "", entry.value or "")) & arguments
    return bool(taken) and any(map(is_secret_name, (entry.name, *taken)))


def _shown(entry: Assignment | Leak) -> str:
    """The name without what a slip of the pen may have put into it: `ENV PASSWORD:value`."""
    found = re.match(r"\w+", entry.name)
    return found[0] if found else "a variable"


def _cost(where: str, *, shipped: bool) -> str:
    if shipped:
        return f"everybody who can pull the image reads it in {where}"
    return "it stays in the build cache, and in this file for everybody who can read it"


def _value(instruction: Instruction, leak: Leak, *, shipped: bool) -> Finding:
    where = "its history" if instruction.keyword == "ARG" else "its configuration"
    return Finding(
        RULE,
        leak.span,
        f"{_shown(leak)} looks like a secret that is written out",
        cost=_cost(where, shipped=shipped),
        advice=(_AT_BUILD if instruction.keyword in {"ARG", "RUN"} else _AT_RUN_TIME) + _REPLACE,
    )


def _guessable(instruction: Instruction, leak: Leak, *, shipped: bool) -> Finding:
    return Finding(
        RULE,
        leak.span,
        f"{instruction.keyword} sets {leak.what} to one that everybody can guess",
        cost="anyone who reaches a login of the container gets the rights of that user"
        if shipped
        else _cost("", shipped=False),
        advice="Leave it out: without a password nobody can log in, and `docker exec` needs none.",
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


def _argument(entry: Assignment, user: Instruction, fix: Fix | None, *, shipped: bool) -> Finding:
    where = "the image's history" if shipped else "the build cache and the provenance of the build"
    return Finding(
        RULE,
        entry.span,
        f"{_shown(entry)} is passed as a build argument",
        fix,
        cost=f"its value stays in {where}, with the RUN on line {user.number}",
        advice="" if fix else _AT_BUILD,
    )


def _kept(entry: Assignment) -> Finding:
    return Finding(
        RULE,
        entry.span,
        f"{_shown(entry)} keeps a build argument in the image",
        cost=_cost("its configuration", shipped=True),
        advice=_AT_RUN_TIME,
    )


def _in_command(instruction: Instruction, what: str, span: Span, *, shipped: bool) -> Finding:
    return Finding(
        RULE,
        span,
        f"{instruction.keyword} writes out {what}",
        cost=_cost("its history" if instruction.keyword == "RUN" else "its configuration", shipped=shipped),
        advice=(_AT_BUILD if instruction.keyword == "RUN" else _AT_RUN_TIME) + _REPLACE,
    )


RULE = Rule(
    "PYD501", "secret-in-image", check, __doc__, EXAMPLES, same_as=("SecretsUsedInArgOrEnv",), level=Level.ERROR
)
