"""The build runs or unpacks what it downloads, and checks nothing.

`curl ... | sh` runs whatever the server sends at that moment, as root, and half of it when the
connection breaks. A download without a checksum makes the build depend on every machine on
the way, and no two builds have to be the same.

Display only: the right checksum is a fact that only the publisher can give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pydock.dockerfile import Dockerfile, Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.shell import Command, Step, script
from pydock.text import Span

EXAMPLES = (
    Example(before="FROM python:3.12-slim\nRUN curl -sSL https://install.example.com | sh\n", finds=True),
    Example(before="FROM python:3.12-slim\nADD https://example.com/tool.tar.gz /opt/\n", finds=True),
    Example(
        before="FROM python:3.12-slim\nRUN curl -fsSLO https://example.com/tool.tar.gz \\\n"
        "    && echo '0123  tool.tar.gz' | sha256sum -c\n",
    ),
    Example(before="FROM python:3.12-slim\nRUN curl -f http://localhost:8000/health\n"),
)

_FETCHERS = frozenset({"curl", "wget"})
_SHELLS = regex(r"(?:ba|da|z|k|a)?sh|python[\d.]*|perl|ruby|node|php")
_CHECKS = regex(
    r"\b(?:sha(?:1|224|256|384|512)sum|shasum|md5sum|b2sum|cksum|gpg\s+(?:-\S+\s+)*--(?:batch\s+--)?verify|gpgv"
    r"|cosign|minisign|openssl\s+dgst|hashlib)\b|gpg\b[^|&;]*--verify"
)
_RUNNABLE = regex(
    r"\.(?:t(?:ar\.)?(?:gz|bz2|xz|zst)|tgz|tbz2?|zip|deb|rpm|apk|sh|py|pl|run|bin|whl|jar|AppImage)(?:[?#].*)?\Z"
    r"|/(?:releases/download|get|install)\b",
    re.I,
)
_URL = regex(r"[\"']?((?:https?|ftp)://[^\s\"']+)")


def check(project: Project) -> Iterator[Finding]:
    for instruction in project.dockerfile.instructions:
        if instruction.keyword == "ADD":
            yield from _added(instruction)
        elif instruction.keyword == "RUN":
            yield from _run(project.dockerfile, instruction)


def _added(instruction: Instruction) -> Iterator[Finding]:
    if instruction.flag("checksum") or instruction.heredocs:
        return
    for word in instruction.words[:-1]:
        if (match := _URL.match(word.text)) and not re.search(r"\.git(?:#|\Z)", match[1]):
            yield Finding(
                RULE,
                instruction.place(word.start, word.end),
                "ADD downloads without a checksum",
                cost="the build takes whatever the server sends that day",
                advice="Write ADD --checksum=sha256:..., with the sum that the publisher names.",
            )


def _run(dockerfile: Dockerfile, run: Instruction) -> Iterator[Finding]:
    found = script(run)
    is_checked = bool(_CHECKS.search(" ".join((run.logical.text, *run.documents))))
    for step in found.steps:
        for at, command in enumerate(step.commands):
            if command.program not in _FETCHERS or not _is_remote(command):
                continue
            if shell := _runs_it(dockerfile, step, command, at):
                yield _piped(step, shell)
                break
            if not is_checked and _is_runnable(command) and not _is_key(dockerfile, step):
                yield _unchecked(command)


def _is_remote(command: Command) -> bool:
    urls = [match[1] for word in command.words if (match := _URL.match(word.text))]
    return bool(urls) and not any(re.match(r"\w+://(?:localhost|127\.|\[::1\])", url) for url in urls)


def _runs_it(dockerfile: Dockerfile, step: Step, command: Command, at: int) -> str:
    """The shell that a download is piped or substituted into, "" when there is none."""
    for other in step.commands[at + 1 :]:
        between = dockerfile.text[command.span.end : other.span.start]
        if not re.search(r"(?<!\|)\|(?!\|)", between) or re.search(r"&&|\|\||;", between):
            continue
        name = next((value for value in other.values if value not in {"sudo", "-E", "-H", "env"}), "")
        if _SHELLS.fullmatch(name.rpartition("/")[2]) and not {"-c", "-m"} & set(other.values):
            return name
    for other in step.commands:
        is_outer = other is not command and other.span.holds(command.span)
        if is_outer and _SHELLS.fullmatch(other.program):
            return other.program
    return ""


def _is_key(dockerfile: Dockerfile, step: Step) -> bool:
    """Whether a step fetches the public key of a package archive, which apt checks with."""
    return bool(re.search(r"apt-key|gpg|\.asc\b|keyring", dockerfile.slice(step.span)))


def _is_runnable(command: Command) -> bool:
    return any(_RUNNABLE.search(match[1]) for word in command.words if (match := _URL.match(word.text)))


def _piped(step: Step, shell: str) -> Finding:
    return Finding(
        RULE,
        step.span,
        f"{shell} runs a download without a checksum",
        cost="the server decides what runs in the build, and a broken connection runs half a script",
        advice="Install a pinned package, or download to a file, check its sum and run that.",
    )


def _unchecked(command: Command) -> Finding:
    return Finding(
        RULE,
        Span(command.span.start, command.span.end),
        f"{command.program} downloads a program or an archive that nothing checks",
        cost="the build takes whatever the server sends that day",
        advice='Check it in the same RUN: echo "SUM  FILE" | sha256sum -c -.',
    )


RULE = Rule("PYD503", "remote-script", check, __doc__, EXAMPLES)
