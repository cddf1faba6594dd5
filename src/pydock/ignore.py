"""`.dockerignore`: which paths of a build context a builder never sees.

Semantics: https://docs.docker.com/build/concepts/context/#dockerignore-files and
https://github.com/moby/patternmatcher, read 2026-11; tests compare with a port of the latter.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property, lru_cache

from pydock.values import Value


class Ignore(Value, dict=True):
    """The patterns of one file, in order; the last that matches a path or a parent of it wins."""

    text: str

    @cached_property
    def patterns(self) -> tuple[str, ...]:
        """The patterns cleaned as Docker cleans them, `!` in front of exceptions."""
        found = []
        for raw in self.text.removeprefix("\ufeff").splitlines():
            line = raw.strip()
            if not line or raw.startswith("#"):
                continue
            mark = "!" if line.startswith("!") else ""
            body = line[1:].strip() if mark else line
            if not body:
                continue
            clean = posixpath.normpath(body)
            clean = clean[1:] if len(clean) > 1 and clean.startswith("/") else clean
            found.append(mark + (clean.lstrip("/") or "."))
        return tuple(found)

    @cached_property
    def _compiled(self) -> tuple[tuple[bool, re.Pattern[str] | None], ...]:
        return tuple((each.startswith("!"), _expression(each.removeprefix("!"))) for each in self.patterns)

    @cached_property
    def _folders(self) -> dict[str, tuple[bool, ...]]:
        """Which patterns hold inside the folders that were judged so far."""
        return {"": (False,) * len(self._compiled)}

    def hides(self, path: str) -> bool:
        """Whether this path, relative to the context, is left out.

        Each folder on the way is judged first. A pattern that changed the answer for a folder
        goes on holding for what is inside, one that had nothing to change there does not.
        """
        return self._judged(path)[0]

    def _judged(self, path: str) -> tuple[bool, tuple[bool, ...]]:
        """Whether a path is left out, and which patterns hold for it."""
        folder = path.rpartition("/")[0]
        if folder not in self._folders:
            self._folders[folder] = self._judged(folder)[1]
        hidden, held = False, list(self._folders[folder])
        for at, (negated, expression) in enumerate(self._compiled):
            if not held[at] and negated == hidden:
                held[at] = expression is not None and expression.fullmatch(path) is not None
            if held[at]:
                hidden = not negated
        return hidden, tuple(held)


@lru_cache(maxsize=2048)
def _expression(pattern: str) -> re.Pattern[str] | None:
    """The pattern as a regular expression; None when Docker would call it malformed."""
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        # Docker compares the end of the path here, so `**b` hides `ab` too.
        rest = re.escape(pattern[2:].removeprefix("/"))
        return re.compile(f"(.*/)?{rest}" if pattern.startswith("**/") else f".*{rest}", re.DOTALL)
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
            out += ".*" if at >= len(pattern) else "(.*/)?"
            continue
        if char == "*":
            out += "[^/]*"
        elif char == "?":
            out += "[^/]"
        elif char == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                return None
            out += pattern[at : end + 1]
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            out += re.escape(pattern[at])
        else:
            out += re.escape(char)
        at += 1
    try:
        return re.compile(out, re.DOTALL)
    except re.error:
        return None
