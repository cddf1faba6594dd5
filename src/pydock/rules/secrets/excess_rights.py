"""More rights than anything needs.

`chmod 777` lets every process in the container replace the code it runs, so a hole in the
service becomes a lasting one; and `chmod -R` in its own RUN writes every file a second time
into a new layer. `sudo` in a build is either without effect, since the build is root already,
or it leaves a way back to root in the image.

`sudo` in front of a command of root is left out. The rest is only shown: which rights are enough depends on who has to
write where.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.build import walk
from pydock.build.commands import CommandLine
from pydock.build.views import user_of
from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.state import is_root
from pydock.text import Edit, Fix, Safety, Span

EXAMPLES = (
    Example(before="FROM python:3.12-slim\nRUN chmod -R 777 /app\n", finds=True),
    Example(
        before="FROM python:3.12-slim\nRUN sudo mkdir /data && sudo touch /data/x\n",
        after="FROM python:3.12-slim\nRUN mkdir /data && touch /data/x\n",
    ),
    Example(before="FROM python:3.12-slim\nUSER app\nRUN sudo apt-get update\n", finds=True),
    Example(before="FROM cimg/python:3.12\nRUN sudo apt-get update\n", finds=True),
    Example(before="FROM registry.example/team/base:1\nRUN sudo apt-get update\n", finds=True),
    Example(before="FROM python:3.12-slim\nRUN sudo -u app touch /data/x\n", finds=True),
    Example(before="FROM python:3.12-slim\nCOPY --chmod=777 run.sh /run.sh\n", finds=True),
    Example(before="FROM python:3.12-slim\nRUN chmod 1777 /tmp/work && chmod +x /run.sh\n"),
)

_OCTAL = regex(r"0?[0-7]?[0-7][0-7]([2367])")
_SYMBOLIC = regex(r"(?:^|,)[ug]*[oa][ugoa]*[+=][rxXst]*w")
_ADVICE = "Give the rights to the one user that writes there: COPY --chown=app:app, or chown one folder."


def check(project: Project) -> Iterator[Finding]:
    for instruction in project.dockerfile.instructions:
        if instruction.keyword in {"COPY", "ADD"} and _is_open(instruction.flag("chmod") or ""):
            mode = instruction.flag("chmod")
            yield _open(instruction.body, f"--chmod={mode}", is_recursive=False)
        elif instruction.keyword == "RUN":
            yield from _run(project, instruction)


def _is_open(mode: str) -> bool:
    """Whether everybody may write; with the sticky bit, as /tmp has it, that is in order."""
    if re.fullmatch(r"1[0-7]{3}", mode):
        return False
    return bool(_OCTAL.fullmatch(mode) or _SYMBOLIC.search(mode))


def _run(project: Project, run: Instruction) -> Iterator[Finding]:
    calls = walk(project).commands_in(run)
    with_sudo = [call for call in calls if "sudo" in (*call.wrappers, call.program)]
    if with_sudo:
        yield _sudo(project, run, with_sudo)
    for call in calls:
        modes = [word.head for word in call.line.words[1:] if _is_open(word.head)] if call.program == "chmod" else []
        if modes:
            yield _open(call.span, f"chmod {modes[0]}", is_recursive=call.line.has("-R", "--recursive"))
    for call in calls:
        if "NOPASSWD" in project.dockerfile.slice(call.span):
            yield Finding(
                RULE,
                call.span,
                "a user may become root without a password",
                cost="running the service as that user protects nothing",
                advice="Do what needs root above USER, and leave sudo out of the image.",
            )


def _open(span: Span, what: str, *, is_recursive: bool) -> Finding:
    again = "; each file is also stored a second time in this layer" if is_recursive else ""
    return Finding(
        RULE,
        span,
        f"{what} lets everybody in the container write",
        cost=f"a compromised service can change the code that runs{again}",
        advice=_ADVICE,
    )


def _sudo(project: Project, run: Instruction, calls: list[CommandLine]) -> Finding:
    user = user_of(project, project.dockerfile.stages[calls[0].stage], run)
    fix = _without_sudo(project, calls) if user is not None and is_root(user) else None
    return Finding(
        RULE,
        calls[0].command.words[0].span,
        "sudo in a build",
        fix,
        cost="without USER the build is root already; with it, the image keeps a way to become root",
        advice="" if fix else "Put what needs root above USER and leave sudo out.",
    )


def _without_sudo(project: Project, calls: list[CommandLine]) -> Fix | None:
    """The commands without sudo, where root runs them and sudo has neither options nor variables."""
    edits = []
    for call in calls:
        words = call.command.words
        is_plain = (
            len(words) > 1 and words[0].text == "sudo" and words[1].text[:1].isalpha() and "=" not in words[1].text
        )
        if not (is_plain and call.is_in_file):
            return None
        edits.append(Edit(project.path, Span(words[0].span.start, words[1].span.start), ""))
    return Fix("run it without sudo, as root", Safety.SAFE, tuple(edits))


RULE = Rule("PYD504", "excess-rights", check, __doc__, EXAMPLES, same_as=("DL3004",))
