"""What sed and grep make of a text, for the few commands that Dockerfiles use most: `s/a/b/g`, `/a/d`, `grep -v a`.

Facts: https://www.gnu.org/software/sed/manual/sed.html and
https://www.gnu.org/software/grep/manual/grep.html, read 2026-11. The patterns come from the project, so only
those with at most one repetition are tried: no other is safe from taking for ever.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from pydock.patterns import regex
from pydock.values import Value

_DELETE = regex(r"/((?:\\.|[^/\\])*)/d")
_SUBSTITUTE = regex(r"s(?P<mark>[/|,#@!:])(?P<old>.*?)(?<!\\)(?P=mark)(?P<new>.*?)(?<!\\)(?P=mark)(?P<flags>[gI]*)")
# A longer script is not read: its marks could be put together in ever more ways.
_LONGEST = 1_000
_PLAIN_NEW = regex(r"(?:[^\\&\n]|\\[/|,#@!:.&])*")


class _Edit(Value):
    """`new` is None where a line with the pattern goes."""

    old: re.Pattern[str]
    new: str | None
    is_everywhere: bool = False


def edited(text: str, scripts: Sequence[str], is_extended: bool = False) -> str | None:
    """The text after sed scripts; None where one of them does more than is read here."""
    edits = [_edit(script.strip(), is_extended) for script in scripts]
    if not edits or any(edit is None for edit in edits):
        return None
    lines = text.splitlines(keepends=True)
    for edit in edits:
        if edit is not None:
            lines = [new for line in lines if (new := _line(line, edit)) is not None]
    return "".join(lines)


def chosen(text: str, patterns: Sequence[str], *, is_extended: bool, is_inverted: bool, is_blind: bool) -> str | None:
    """The lines with one of the patterns, inverted those with none; None where a pattern is not read here."""
    words = [each for pattern in patterns for each in re.split(r"\|" if is_extended else r"\\\|", pattern)]
    read = [_pattern(word, is_extended, re.I if is_blind else 0) for word in words]
    known = [each for each in read if each is not None]
    if not known or len(known) < len(read):
        return None
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if any(each.search(line.rstrip("\n")) for each in known) != is_inverted)


def _line(line: str, edit: _Edit) -> str | None:
    body = line.rstrip("\n")
    end = line[len(body) :]
    if edit.new is None:
        return None if edit.old.search(body) else line
    new = edit.new
    return edit.old.sub(lambda _: new, body, count=0 if edit.is_everywhere else 1) + end


def _edit(script: str, is_extended: bool) -> _Edit | None:
    if len(script) > _LONGEST:
        return None
    if found := _DELETE.fullmatch(script):
        if "\\|" in found[1]:
            return None
        pattern = _pattern(found[1], is_extended)
        return _Edit(pattern, None) if pattern else None
    found = _SUBSTITUTE.fullmatch(script)
    if found is None or not _PLAIN_NEW.fullmatch(found["new"]):
        return None
    pattern = _pattern(found["old"], is_extended, re.I if "I" in found["flags"] else 0)
    new = re.sub(r"\\(.)", r"\1", found["new"])
    return _Edit(pattern, new, "g" in found["flags"]) if pattern else None


def _pattern(text: str, is_extended: bool, flags: int = 0) -> re.Pattern[str] | None:
    """A pattern of sed as one of Python; None where they may differ."""
    if re.search(r"\\[^/|,#@!:.*$^rt\[\]+-]|\[\[|[(){}|?]", text) or len(re.findall(r"[*+]", text)) > 1:
        return None
    if not is_extended:
        # A plain + is a letter there, and \+ repeats.
        text = re.sub(r"(\\?)\+", lambda found: "+" if found[1] else r"\+", text)
    try:
        return re.compile(text, flags)
    except re.error:
        return None
