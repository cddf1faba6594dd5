"""Programs that start another program: what stands behind `exec`, `tini --`, `gosu app`, `poetry run`.

How they read their own options stands with those of every program, in `data/command_options.csv`.
"""

from __future__ import annotations

from pydock.patterns import regex
from pydock.shell.argv import Argv, argv
from pydock.shell.structure import Command, Word
from pydock.values import once

INITS = frozenset({"tini", "tini-static", "dumb-init", "catatonit", "docker-init", "s6-svscan", "supervisord", "init"})

_PYTHON = regex(r"(?:\S*/)?python[\d.]*\Z")
_ASSIGNMENT = regex(r"[A-Za-z_]\w*=")
_RUNNERS = ("poetry", "pipenv", "pdm", "rye", "hatch", "uv", "conda", "mamba", "micromamba", "pixi")
# Each with the number of operands that are its own; a verb belongs to the name.
_OWN_OPERANDS = {
    **dict.fromkeys(("exec", "command", "nohup", "setsid", "time", "nice", "ionice", "env", "stdbuf", "xargs"), 0),
    **dict.fromkeys(("tini", "tini-static", "dumb-init", "catatonit", "sudo", "doas", "setpriv", "runuser"), 0),
    **dict.fromkeys(("xvfb-run", "catchsegv", "ddtrace-run", "opentelemetry-instrument", "dockerize"), 0),
    **dict.fromkeys(("eatmydata", "fakeroot", "unbuffer", "linux32", "linux64", "strace", "with-contenv"), 0),
    **dict.fromkeys(("ltrace", "numactl", "proxychains4", "torsocks", "watch"), 0),
    **dict.fromkeys(("newrelic-admin run-program", "watchmedo auto-restart"), 0),
    **dict.fromkeys((f"{name} run" for name in _RUNNERS), 0),
    **dict.fromkeys(("timeout", "gosu", "su-exec", "s6-setuidgid", "setuidgid", "chroot", "flock"), 1),
    **dict.fromkeys(("taskset", "chrt"), 1),
}
# All up to `--` is their own, and without it they start nothing.
_TO_DASHES = frozenset(
    {"wait-for-it", "wait-for-it.sh", "wait-for", "wait-for.sh", "wait_for_it.sh"}
    | {"doppler", "infisical", "chamber", "gotenv"}
)
_WRAPPERS = _TO_DASHES | {name.partition(" ")[0] for name in _OWN_OPERANDS}
_TAKES_VARIABLES = frozenset({"env", "sudo", "doas"})


def behind(line: Argv) -> tuple[Word, ...] | None:
    """The command that a wrapper starts; None where the program is no wrapper, or starts nothing that is seen."""
    if line.program in _TO_DASHES:
        dashes = next((at for at, word in enumerate(line.words) if word.value == "--"), len(line.words))
        return line.words[dashes + 1 :] or None
    count = _OWN_OPERANDS.get(_name(line))
    if count is None or (line.has("-c", "--command") and line.program in {"runuser", "flock"}):
        return None
    if line.program == "runuser" and not line.has("-u", "--user"):
        # It then is `su`: its operand is a user.
        return None
    operands = line.operands
    if line.program in _TAKES_VARIABLES:
        while operands and _ASSIGNMENT.match(operands[0].head):
            operands = operands[1:]
    return operands[count:] or None


def _may_wrap(word: Word) -> bool:
    """Whether a command that begins with this word may start another one."""
    path = (word.value or "").rstrip("/")
    return path.rpartition("/")[2] in _WRAPPERS or _PYTHON.match(path) is not None


def _name(line: Argv) -> str:
    return f"{line.program} {line.verb}" if line.verb else line.program or ""


def called(command: Command) -> Command:
    """`poetry run` for `python -m poetry run`; every other command is what it says."""
    words = command.words
    if not words[2:] or not _PYTHON.match(words[0].value or ""):
        return command
    line = argv(words)
    module = line.value("-m")
    return command.of((module, *line.operands)) if module is not None else command


@once
def unwrapped(command: Command) -> tuple[tuple[str, ...], Command]:
    """The names of the wrappers in front, outermost first, and the command behind them.

    A wrapper that starts nothing that can be seen is itself the command.
    """
    names: list[str] = []
    words = command.words
    while words and _may_wrap(words[0]):
        line = argv(called(command.of(words)).words)
        rest = behind(line)
        if rest is None:
            break
        names.append(line.program or "")
        words = rest
    return tuple(names), command.of(words)
