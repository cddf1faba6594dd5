"""The build runs or unpacks what it downloads, and checks nothing.

`curl ... | sh` runs whatever the server sends at that moment, as root, and half of it when the
connection breaks. A download without a checksum makes the build depend on every machine on
the way, and no two builds have to be the same.

Display only: the right checksum is a fact that only the publisher can give.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from pydock.build import walk
from pydock.build.commands import CommandLine
from pydock.dockerfile import Dockerfile, Instruction
from pydock.patterns import regex
from pydock.project import Project
from pydock.rule import Example, Finding, Rule
from pydock.shell import Step
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
            yield from _run(project, instruction)


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


def _run(project: Project, run: Instruction) -> Iterator[Finding]:
    is_checked = bool(_CHECKS.search(" ".join((run.logical.text, *run.documents))))
    piped: set[Span] = set()
    calls = walk(project).commands_in(run)
    for call in calls:
        if call.program not in _FETCHERS or not _is_remote(call) or call.part.span in piped:
            continue
        if shell := _runs_it(project.dockerfile, call, calls):
            piped.add(call.part.span)
            yield _piped(call.part, shell)
        elif not is_checked and _is_runnable(call) and not _is_key(project.dockerfile, call.part):
            yield _unchecked(call)


def _urls(call: CommandLine) -> list[str]:
    return [match[1] for word in call.line.words if (match := _URL.match(word.head or word.text))]


def _is_remote(call: CommandLine) -> bool:
    urls = _urls(call)
    return bool(urls) and not any(re.match(r"\w+://(?:localhost|127\.|\[::1\])", url) for url in urls)


def _runs_it(dockerfile: Dockerfile, call: CommandLine, calls: Sequence[CommandLine]) -> str:
    """The shell that a download is piped or substituted into, "" when there is none."""
    for other in calls:
        if other is call or other.part is not call.part or not _SHELLS.fullmatch(other.program):
            continue
        between = dockerfile.text[call.span.end : other.span.start]
        is_behind = re.search(r"(?<!\|)\|(?!\|)", between) and not re.search(r"&&|\|\||;", between)
        if other.span.holds(call.span) or (is_behind and not other.line.has("-c")):
            return other.line.path or other.program
    return ""


def _is_key(dockerfile: Dockerfile, step: Step) -> bool:
    """Whether a step fetches the public key of a package archive, which apt checks with."""
    return bool(re.search(r"apt-key|gpg|\.asc\b|keyring", dockerfile.slice(step.span)))


def _is_runnable(call: CommandLine) -> bool:
    return any(map(_RUNNABLE.search, _urls(call)))


def _piped(step: Step, shell: str) -> Finding:
    return Finding(
        RULE,
        step.span,
        f"{shell} runs a download without a checksum",
        cost="the server decides what runs in the build, and a broken connection runs half a script",
        advice="Install a pinned package, or download to a file, check its sum and run that.",
    )


def _unchecked(call: CommandLine) -> Finding:
    return Finding(
        RULE,
        call.span,
        f"{call.program} downloads a program or an archive that nothing checks",
        cost="the build takes whatever the server sends that day",
        advice='Check it in the same RUN: echo "SUM  FILE" | sha256sum -c -.',
    )


RULE = Rule("PYD503", "remote-script", check, __doc__, EXAMPLES)
