"""Compares what two images say about their containers: environment, command, user, ports, volumes, labels."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping

from pydock.bench.facts.image import Config, Declared
from pydock.bench.outcome import Difference, Outcome, judged
from pydock.build.files import PROGRAM_FOLDERS
from pydock.patterns import regex
from pydock.state import is_root

# What may come along unasked because no service behaves otherwise with it.
_MAY_BE_ADDED = regex(
    r"PYTHON(?:UNBUFFERED|DONTWRITEBYTECODE|FAULTHANDLER|IOENCODING|UTF8|_\w+)|LANG|LC_ALL|TZ|VIRTUAL_ENV|VENV_PATH"
    r"|PIP_\w+|UV_\w+"
)
# What only building reads, and what the base image says about itself.
_ONLY_BUILDING = regex(
    r"PIP_\w+|UV_\w+|POETRY_\w+|PIPENV_\w+|DEBIAN_FRONTEND|GPG_KEY|SETUPTOOLS_VERSION|VIRTUAL_ENV|VENV_PATH"
    r"|PYTHON_(?:VERSION|SHA256|\w*PIP_\w+|SETUPTOOLS_VERSION)"
)
_SHELL_ONLY = regex(r"[|&;<>()$`\\*?\[\]#~{}\n]|\A\w+=")


def compare_settings(before: Config, after: Config, declared: Declared) -> Iterator[Outcome]:
    yield environment(before, after, declared)
    yield _command("entrypoint", before.entrypoint, after.entrypoint, "entrypoint" in declared.changes)
    yield _command("command", before.command, after.command, "cmd" in declared.changes)
    yield _value("work directory", before.workdir, after.workdir, "workdir" in declared.changes)
    yield _value("user", _user(before), _user(after), "user" in declared.changes)
    yield _set("ports", before.ports, after.ports, "ports" in declared.changes)
    yield _set("volumes", before.volumes, after.volumes, "volumes" in declared.changes)
    yield _labels(before.labels, after.labels, "labels" in declared.changes)
    signals = (_signal(before), _signal(after))
    yield _value("stop signal", *signals, "stop_signal" in declared.changes)


def environment(before: Config, after: Config, declared: Declared) -> Outcome:
    """Nothing is lost and nothing has another value, but for what only building reads."""
    differences: list[Difference] = []
    notes: list[str] = []
    old, new = dict(before.environment), dict(after.environment)
    is_declared = "environment" in declared.changes
    lost = _lost_folders(old.pop("PATH", ""), new.pop("PATH", ""))
    if any(folder in PROGRAM_FOLDERS for folder in lost) or (lost and not is_declared):
        differences.append(Difference("PATH", ":".join(lost), ""))
    elif lost:
        notes.append(f"PATH without {', '.join(lost)}")
    for name in sorted(old.keys() | new.keys()):
        was, now = old.get(name), new.get(name)
        if was == now:
            continue
        if _is_explained(name, was, is_declared=is_declared):
            notes.append(_told(name, was, now))
        else:
            differences.append(Difference(name, _pair(name, was), _pair(name, now)))
    return judged("environment", differences, notes)


def _is_explained(name: str, was: str | None, *, is_declared: bool) -> bool:
    if _ONLY_BUILDING.fullmatch(name):
        return True
    return (was is None or is_declared) and (_MAY_BE_ADDED.fullmatch(name) is not None or (was is None and is_declared))


def _told(name: str, was: str | None, now: str | None) -> str:
    if now is None:
        return f"{name} is gone, which only building reads"
    return f"{_pair(name, now)} added" if was is None else f"{_pair(name, now)}, was {was}"


def _pair(name: str, value: str | None) -> str:
    return "" if value is None else f"{name}={value}"


def _lost_folders(before: str, after: str) -> list[str]:
    kept = after.split(":")
    return [folder for folder in before.split(":") if folder not in kept]


def _command(aspect: str, before: tuple[str, ...], after: tuple[str, ...], is_declared: bool) -> Outcome:
    if before == after:
        return judged(aspect, ())
    shown = (shlex.join(before), shlex.join(after))
    if plain_words(before) == plain_words(after):
        return judged(aspect, (), [f"{shown[1]}: the same words without a shell in between"])
    if is_declared:
        return judged(aspect, (), [f"{shown[1]}, was {shown[0] or 'none'}"])
    return judged(aspect, [Difference(aspect, *shown)])


def plain_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """The words of a program, those of a shell form where the shell does nothing but start it."""
    if words[:2] not in {("/bin/sh", "-c"), ("sh", "-c"), ("/bin/bash", "-c")} or len(words) != 3:
        return words
    text = re.sub(r"\A\s*exec\s+", "", words[2])
    if _SHELL_ONLY.search(text):
        return (*words[:2], text)
    try:
        return tuple(shlex.split(text))
    except ValueError:
        return words


def _value(aspect: str, before: str, after: str, is_declared: bool) -> Outcome:
    if before == after:
        return judged(aspect, ())
    if is_declared:
        return judged(aspect, (), [f"{after}, was {before}"])
    return judged(aspect, [Difference(aspect, before, after)])


def _user(config: Config) -> str:
    return "root" if is_root(config.user) else config.user


def _signal(config: Config) -> str:
    name = config.stop_signal or "SIGTERM"
    return "SIGTERM" if name in {"15", "TERM"} else name


def _set(aspect: str, before: frozenset[str], after: frozenset[str], is_declared: bool) -> Outcome:
    lost, gained = sorted(before - after), sorted(after - before)
    if is_declared:
        return judged(aspect, (), [*(f"{entry} is gone" for entry in lost), *(f"{entry} added" for entry in gained)])
    differences = [Difference(entry, entry, "") for entry in lost]
    return judged(aspect, differences + [Difference(entry, "", entry) for entry in gained])


def _labels(before: Mapping[str, str], after: Mapping[str, str], is_declared: bool) -> Outcome:
    names = [name for name in sorted(before.keys() | after.keys()) if before.get(name) != after.get(name)]
    if is_declared:
        return judged("labels", (), [f"{name}: {after.get(name, 'gone')}" for name in names])
    return judged("labels", [Difference(name, before.get(name, ""), after.get(name, "")) for name in names])
