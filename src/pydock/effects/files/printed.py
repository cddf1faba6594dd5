"""echo, printf, cat, grep, sed: the text that a command prints, which a redirection puts into a file.

Facts: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/printf.html and dash(1), read 2026-11.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydock.effects.files.edited import chosen, edited
from pydock.effects.paths import path_of
from pydock.patterns import regex
from pydock.shell import Argv, Word
from pydock.state import State

_ESCAPE = regex(r"\\(?:([abefnrtv\\\"'])|0?([0-7]{1,3})|x([0-9a-fA-F]{1,2})|c)")
_NAMED = {"a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_PLAIN_GREP = frozenset({"-e", "-v", "-i", "-E", "-F", "--regexp", "--invert-match", "--ignore-case"})
_PLAIN_GREP |= {"--extended-regexp", "--fixed-strings"}
_PLAIN_SED = frozenset({"-e", "--expression", "-E", "-r", "--regexp-extended"})
_FORMAT = regex(r"%(?:%|-?\d*(?:\.\d+)?[sbdiu])")


def printed(line: Argv, state: State, given: str | None = None, *, is_dash: bool = True) -> str | None:
    """What a command writes to its output; None where that is not known.

    `given` is what stands in its input. `is_dash`: Debian's sh runs it, whose echo reads backslashes and has no -e.
    """
    match line.program:
        case "echo":
            return _echoed(line.words[1:], is_dash=is_dash)
        case "printf":
            return _formatted(line.words[2:] if _is_dashes(line.words) else line.words[1:])
        case "cat":
            return _joined(line, state, given)
        case "grep" | "egrep" | "fgrep":
            return _chosen(line, state, given)
        case "sed" if not {option.name for option in line.options} - _PLAIN_SED:
            return _edited(line, state, given)
        case "true" | ":":
            return ""
        case _:
            return None


def _is_dashes(words: Sequence[Word]) -> bool:
    return len(words) > 1 and words[1].value == "--"


def _echoed(words: Sequence[Word], *, is_dash: bool) -> str | None:
    values = [word.value for word in words]
    pattern = r"-n" if is_dash else r"-[neE]+"
    flags = ""
    while values and values[0] is not None and re.fullmatch(pattern, values[0]):
        flags += (values.pop(0) or "")[1:]
    texts = [value for value in values if value is not None]
    if len(texts) < len(values):
        return None
    text = " ".join(texts)
    if is_dash or "e" in flags:
        text, is_cut = _unescaped(text)
        if is_cut:
            return text
    return text if "n" in flags else text + "\n"


def _unescaped(text: str) -> tuple[str, bool]:
    r"""The text with its escapes read, up to `\c`, which ends all output."""
    before, cut, _ = text.partition("\\c") if re.search(r"(?<!\\)(?:\\\\)*\\c", text) else (text, "", "")
    return _ESCAPE.sub(_character, before), bool(cut)


def _character(found: re.Match[str]) -> str:
    if found[1]:
        return _NAMED.get(found[1], found[1])
    if found[2]:
        return chr(int(found[2], 8) & 0xFF)
    return chr(int(found[3], 16)) if found[3] else ""


def _formatted(words: Sequence[Word]) -> str | None:
    if not words or any(word.value is None for word in words):
        return None
    pattern, *rest = [word.value or "" for word in words]
    holes = [hole for hole in _FORMAT.findall(pattern) if hole != "%%"]
    if any(hole not in {"%s", "%b", "%d", "%i"} for hole in holes) or "%" in _FORMAT.sub("", pattern):
        return None
    text = _once(pattern, rest)
    left = rest[len(holes) :]
    # The format is used again until all is printed.
    while holes and left:
        text += _once(pattern, left)
        left = left[len(holes) :]
    return text


def _once(pattern: str, values: Sequence[str]) -> str:
    given = iter(values)
    parts = []
    at = 0
    for found in _FORMAT.finditer(pattern):
        parts.append(_unescaped(pattern[at : found.start()])[0])
        at = found.end()
        if found[0] == "%%":
            parts.append("%")
            continue
        value = next(given, "0" if found[0] in {"%d", "%i"} else "")
        parts.append(_unescaped(value)[0] if found[0] == "%b" else value)
    return "".join([*parts, _unescaped(pattern[at:])[0]])


def _chosen(line: Argv, state: State, given: str | None) -> str | None:
    if {option.name for option in line.options} - _PLAIN_GREP:
        return None
    named = line.values("-e", "--regexp")
    patterns, files = (named, line.operands) if named else (line.operands[:1], line.operands[1:])
    text = _one(files, state, given)
    values = [word.value for word in patterns if word.value is not None]
    if text is None or len(values) < len(patterns):
        return None
    is_fixed = line.program == "fgrep" or line.has("-F", "--fixed-strings")
    return chosen(
        text,
        [re.sub(r"([.*^$\[\]])", r"\\\1", value) for value in values] if is_fixed else values,
        is_extended=line.program == "egrep" or line.has("-E", "--extended-regexp"),
        is_inverted=line.has("-v", "--invert-match"),
        is_blind=line.has("-i", "--ignore-case"),
    )


def _edited(line: Argv, state: State, given: str | None) -> str | None:
    named = line.values("-e", "--expression")
    scripts, files = (named, line.operands) if named else (line.operands[:1], line.operands[1:])
    text = _one(files, state, given)
    if text is None or any(word.value is None for word in scripts):
        return None
    return edited(text, [word.value or "" for word in scripts], line.has("-E", "-r", "--regexp-extended"))


def _one(files: Sequence[Word], state: State, given: str | None) -> str | None:
    """The text of the one file that is read, or of the input; grep writes names in front where there are more."""
    if not files:
        return given
    path = path_of(files[0], state) if len(files) == 1 else None
    return state.text(path) if path else None


def _joined(line: Argv, state: State, given: str | None) -> str | None:
    if line.options:
        return None
    texts = []
    for word in line.operands:
        path = path_of(word, state)
        texts.append(given if word.value == "-" else state.text(path) if path else None)
    known = [text for text in texts if text is not None]
    if not line.operands:
        return given
    return "".join(known) if len(known) == len(texts) else None
