"""How a step is known again in another version of the file: what it does, without options and versions."""

from __future__ import annotations

import posixpath

from packaging.utils import canonicalize_name

from pydock.dockerfile import Instruction
from pydock.patterns import regex
from pydock.shell import Argv, Word, argv

_PIP = regex(r"pip[\d.]*\Z")
# A list of requirements and its lock, requirements.txt and requirements.lock.txt, are one list.
_LIST_ENDING = regex(r"(?:[._]lock)?\.(?:txt|in|lock|toml)\Z")
_NAME = regex(r"[A-Za-z0-9][\w.-]*")
_AS_ROOT = frozenset({"sudo", "doas"})
_ALIASES = {"apt-get": "apt", "aptitude": "apt"}


def key_of_command(line: Argv | None, text: str, operand: Word | None = None) -> tuple[str, ...]:
    """The key of one command, or of one of its operands; of what is no simple command its text."""
    if line is not None and line.program in _AS_ROOT and line.operands == line.words[1:]:
        # Whom a command runs as is in the state that it finds.
        line = argv(line.operands)
    if line is None or line.program is None:
        return _key_of_text(text)
    program = _program(line.program)
    if operand is not None:
        return (program, line.verb or "", _bare(program, operand))
    if program == "pip":
        verb = next((word.value for word in line.words[1:] if word.value in _PIP_VERBS), "")
        rest = [_bare("pip", word) for word in line.words[1:] if (word.value or "").strip("-") and not _is_noise(word)]
        return ("pip", verb, *sorted({each for each in rest if each != verb}))
    if program == "apt":
        return ("apt", line.verb or "", *sorted(_bare("apt", word) for word in line.operands))
    return _key_of_text(text)


def list_stem(path: str) -> str:
    """The path of a list of requirements without its ending, which its lock shares; of anything else the path."""
    return _LIST_ENDING.sub("", path)


def _key_of_text(text: str) -> tuple[str, ...]:
    return ("RUN", " ".join(text.replace("\\\n", " ").split()))


_PIP_VERBS = frozenset({"install", "uninstall", "wheel", "download", "config", "freeze", "list", "check", "cache"})


def _program(name: str) -> str:
    return "pip" if _PIP.match(name) else _ALIASES.get(name, name)


def _is_noise(word: Word) -> bool:
    """Whether a word of pip only says how to install: an option, or the place of the environment."""
    text = word.head
    return (text.startswith("-") and text != "-e") or text.startswith(("/opt/venv", "http://", "https://"))


def _bare(program: str, word: Word) -> str:
    """An operand without its version; a list of requirements without its ending, since a lock takes its place."""
    text = word.head or word.text
    if program == "apt":
        return text.partition("=")[0].partition("/")[0]
    if program == "pip":
        if _LIST_ENDING.search(text) or "/" in text:
            return list_stem(posixpath.normpath(text))
        found = _NAME.match(text)
        return canonicalize_name(found[0]) if found else text
    return text


def key_of_copy(instruction: Instruction, word: str, path: str | None) -> tuple[str, ...]:
    """The key of one source of a COPY or ADD: where it comes from and what it is, not where it lands."""
    return ("COPY", (instruction.flag("from") or "").lower(), path if path is not None else word)
