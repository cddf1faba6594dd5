"""Secrets that are written out: in the Dockerfile, in what names package indexes, in files that hold secrets.

What is found here is what the rules report, and what no output shows (`pydock.service.files.secret_values`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from pydock.build.views import image
from pydock.dockerfile import Assignment, Instruction, Stage
from pydock.patterns import regex
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.secrets import (
    Weight,
    is_index_variable,
    is_installer,
    is_placeholder,
    is_secret_name,
    shaped,
    url_variables,
    weigh,
)
from pydock.project.secrets.commands import Given, accounts, given, lines, piped, plain_text
from pydock.project.secrets.shapes import url_passwords
from pydock.shell import Command, Step, script
from pydock.text import Span
from pydock.values import Value

_VARIABLE = regex(r"\$(?:(\w+)|\{(\w+)\})\Z")
_REGISTRY = regex(r"(?P<user>[\w.-]+):(?P<value>[^\s@/:]+)@(?!sha256:)[\w.-]+")
_READS_ACCOUNTS = regex(r"(?<!\w)chpasswd\s*<<")
_PASSWORD_FILE = regex(
    r"(?:[^\s:\"']{1,255}|\*):(?:\d{1,5}|\*):[^\s:\"']{1,255}:[^\s:\"']{1,255}:(?P<value>[^\s:\"']+)"
)
CONFIGURATIONS = ("pip.conf", "pip.ini", ".pip/pip.conf", "Pipfile", "pyproject.toml", "poetry.toml", "uv.toml")
_OF_INDEX = regex(r"(?:https?|git\+\w+|git|ssh|ftp)\Z", re.I)
_KEY = regex(r"[ \t]*[\"']?(?P<name>[\w.-]+)[\"']?[ \t]*=")
_NAMES_INDEX = regex(r"url|git|index|links|source|repo|default|hg|svn", re.I)
_RUNS = frozenset({"RUN", "CMD", "ENTRYPOINT", "HEALTHCHECK"})


class Leak(Value):
    """A secret that is written out: what it is, where, and its value.

    `name` is that of the variable that holds it, "" where it is none; `before` stands right before the value. An index
    is what an installer is given or asks. `is_guessable` where it is a password that everybody knows.
    """

    what: str
    span: Span
    value: str
    name: str = ""
    before: str = ""
    is_index: bool = False
    is_guessable: bool = False


@remembered
def leaks(project: Project) -> dict[int, tuple[Leak, ...]]:
    """What the instructions of the Dockerfile write out, by the number of their first line, each place once."""
    found: dict[int, tuple[Leak, ...]] = {}
    stages = {id(entry): stage for stage in project.dockerfile.stages for entry in stage.instructions}
    for instruction in project.dockerfile.instructions:
        if each := tuple(_of_instruction(project, stages.get(id(instruction)), instruction)):
            found[instruction.number] = each
    return found


def _of_instruction(project: Project, stage: Stage | None, instruction: Instruction) -> Iterator[Leak]:
    match instruction.keyword:
        case "ENV" | "ARG":
            yield from _assigned(project, stage, instruction)
        case "LABEL":
            yield from _labels(instruction)
        case "FROM":
            yield from _registry(instruction)
        case keyword if keyword in _RUNS:
            yield from _commands(project, stage, instruction)
        case _:
            yield from _places(instruction, [])
            yield from _documents(instruction, [])


def _assigned(project: Project, stage: Stage | None, instruction: Instruction) -> Iterator[Leak]:
    for entry in instruction.assignments:
        value = entry.value or ""
        if is_index_variable(entry.name):
            yield from _index(project, stage, instruction, entry)
        elif weigh(entry.name, value) is Weight.SECRET:
            parts = [value[each.span.start : each.span.end] for each in shaped(value)]
            # Of an address only the password is secret, whatever the variable is called.
            whole = [] if parts and not is_secret_name(entry.name) else [_told(value)]
            yield from (Leak("", entry.span, each, entry.name) for each in dict.fromkeys([*whole, *parts]))
        elif is_secret_name(entry.name):
            yield from _by_reference(project, stage, instruction, entry.name, value, entry.span)
        elif names := url_variables(value):
            yield from _known(project, stage, instruction, names, entry.span)


def _told(value: str) -> str:
    """The secret of a default, `${TOKEN:-value}`."""
    default = re.match(r"\$\{\w+:?-([^${}]+)\}\Z", value)
    return default[1] if default else value


def _by_reference(
    project: Project, stage: Stage | None, instruction: Instruction, name: str, value: str, span: Span
) -> Iterator[Leak]:
    """`ARG BUILD=...`, then `ENV DB_PASSWORD=$BUILD`: the value stands under another name."""
    match = _VARIABLE.match(value)
    known = _literal(project, stage, instruction, match[1] or match[2]) if match else ""
    if known and weigh(name, known) is Weight.SECRET:
        yield Leak("", span, known, name)


def _known(
    project: Project,
    stage: Stage | None,
    instruction: Instruction,
    names: frozenset[str],
    span: Span,
    *,
    is_index: bool = False,
) -> Iterator[Leak]:
    """What variables hold that a URL has for its password."""
    for name in sorted(names):
        value = _literal(project, stage, instruction, name)
        if value and weigh("PASSWORD", value) is Weight.SECRET:
            yield Leak("", span, value, name, is_index=is_index)


def _literal(project: Project, stage: Stage | None, instruction: Instruction, name: str) -> str:
    """What a variable holds where an instruction stands, as far as this file says it."""
    if stage is None:
        declared = (
            entry
            for each in project.dockerfile.instructions
            for entry in each.assignments
            if each.number < instruction.number
        )
        return next((entry.value or "" for entry in declared if entry.name == name), "")
    return image(project, stage, instruction).variables.get(name) or ""


def _index(project: Project, stage: Stage | None, instruction: Instruction, entry: Assignment) -> Iterator[Leak]:
    value = entry.value or ""
    spans = [span for span in url_passwords(value) if not is_placeholder(value[span.start : span.end])]
    for span in spans:
        yield Leak("", entry.span, value[span.start : span.end], entry.name, is_index=True)
    is_password = entry.name.endswith("PASSWORD") or "TOKEN" in entry.name
    if not spans and is_password and weigh("PASSWORD", value) is Weight.SECRET:
        yield Leak("", entry.span, value, entry.name, is_index=True)
    yield from _known(project, stage, instruction, url_variables(value), entry.span, is_index=True)


def _labels(instruction: Instruction) -> Iterator[Leak]:
    covered = []
    for entry in instruction.assignments:
        if entry.value and weigh(entry.name, entry.value) is Weight.SECRET:
            covered.append(entry.span)
            yield Leak("", entry.span, entry.value, entry.name)
    yield from _places(instruction, covered)


def _registry(instruction: Instruction) -> Iterator[Leak]:
    match = _REGISTRY.match(instruction.value)
    if match and not is_placeholder(match["value"]) and "$" not in match["value"]:
        yield Leak("the password of a registry", instruction.place(*match.span("value")), match["value"])
    else:
        yield from _places(instruction, [])


def _commands(project: Project, stage: Stage | None, instruction: Instruction) -> Iterator[Leak]:
    covered: list[Span] = []
    found = script(instruction)
    for each in _given(found.steps):
        span = each.word.span
        if not any(other.touches(span) for other in covered):
            covered.append(span)
            yield Leak(each.what, span, each.value, before=each.before, is_guessable=each.weight is Weight.PLACEHOLDER)
    for command in found.commands:
        yield from _referred(project, stage, instruction, command)
        if is_installer(command.values):
            places = list(_installer(project, stage, instruction, command, covered))
            covered += [leak.span for leak in places]
            yield from places
    yield from _places(instruction, covered)
    yield from _documents(instruction, covered)


def _given(steps: Iterable[Step]) -> Iterator[Given]:
    for step in steps:
        for first, second in zip(step.commands, step.commands[1:], strict=False):
            yield from piped(first, second)
        for command in step.commands:
            yield from given(command)


def _referred(project: Project, stage: Stage | None, instruction: Instruction, command: Command) -> Iterator[Leak]:
    """`--password $NAME` where the file says what NAME is."""
    for at, word in enumerate(command.words[1:], 1):
        name, equals, value = plain_text(word).partition("=")
        if not name.startswith("-") or not is_secret_name(name.lstrip("-")):
            continue
        text = value if equals else plain_text(command.words[at + 1]) if at + 1 < len(command.words) else ""
        yield from _by_reference(project, stage, instruction, name.lstrip("-"), text, word.span)


def _installer(
    project: Project, stage: Stage | None, instruction: Instruction, command: Command, covered: list[Span]
) -> Iterator[Leak]:
    """What installers are given as URLs with a password in them, or with a variable that this file knows."""
    for word in (*command.assignments, *command.words):
        for secret in shaped(word.text):
            is_url = secret.kind == "a password in a URL"
            if (is_url or not word.text.startswith("-")) and not any(other.touches(word.span) for other in covered):
                yield Leak(secret.kind, word.span, word.text[secret.span.start : secret.span.end], is_index=True)
        yield from _known(project, stage, instruction, url_variables(word.text), word.span, is_index=True)


def _places(instruction: Instruction, covered: list[Span]) -> Iterator[Leak]:
    """What gives itself away in the arguments and in documents."""
    texts = [(instruction.value, instruction.place(0, 0), True)]
    texts += [(text, each.body, False) for each, text in zip(instruction.heredocs, instruction.documents, strict=True)]
    for text, body, is_argument in texts:
        for secret in shaped(text):
            start, end = secret.span.start, secret.span.end
            span = instruction.place(start, end) if is_argument else Span(body.start + start, body.start + end)
            if not any(other.touches(span) for other in covered):
                yield Leak(secret.kind, span, text[start:end])


def _documents(instruction: Instruction, covered: list[Span]) -> Iterator[Leak]:
    """Lines of heredocs that set a secret, accounts that chpasswd reads, and lines of a .pgpass."""
    if ".pgpass" in instruction.value:
        for match in _PASSWORD_FILE.finditer(instruction.value):
            if not is_placeholder(match["value"]) and "$" not in match["value"]:
                yield Leak("the password of a database", instruction.place(*match.span("value")), match["value"])
    for heredoc, text in zip(instruction.heredocs, instruction.documents, strict=True):
        at = heredoc.body.start
        for name, value, start, end in lines(text):
            span = Span(at + start, at + end)
            if not any(other.touches(span) for other in covered):
                covered.append(span)
                yield Leak(f"the value of {name}", span, value)
        for user, value, start, end in accounts(text) if _READS_ACCOUNTS.search(instruction.value) else ():
            if "$" not in value:
                guessable = is_placeholder(value)
                yield Leak(
                    f"the password of {user}", Span(at + start, at + end), value, "", f"{user}:", False, guessable
                )


def index_passwords(text: str) -> tuple[Span, ...]:
    """Where URLs of indexes and repositories have passwords; a database or a service of another name is neither."""
    found = []
    for span in url_passwords(text):
        slashes = text.rfind("://", 0, span.start)
        begin = text.rfind("\n", 0, slashes) + 1
        key = _KEY.match(text, begin, slashes)
        scheme = re.split(r"[^\w+]", text[max(begin, slashes - 12) : slashes])[-1]
        is_index = _OF_INDEX.match(scheme) and (
            key is None or _NAMES_INDEX.search(key["name"]) or "@" in text[begin:slashes]
        )
        if is_index and not is_placeholder(text[span.start : span.end]):
            found.append(span)
    return tuple(found)
