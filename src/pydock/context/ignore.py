"""`.dockerignore`: which paths of a build context a builder never sees.

Semantics: https://docs.docker.com/build/concepts/context/#dockerignore-files and
https://github.com/moby/patternmatcher, read 2026-11; tests compare with a port of the latter.
"""

from __future__ import annotations

import posixpath
import re
from functools import cached_property, lru_cache

from pydock.context.wildcards import Matcher, Step, Times, compiled
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
    def _compiled(self) -> tuple[tuple[bool, Matcher | None], ...]:
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
        ends = [] if path.rpartition("/")[0] in self._folders else [match.start() for match in re.finditer("/", path)]
        for end in ends:
            if path[:end] not in self._folders:
                self._folders[path[:end]] = self._judged(path[:end])[1]
        return self._judged(path)[0]

    def _judged(self, path: str) -> tuple[bool, tuple[bool, ...]]:
        """Whether a path is left out, and which patterns hold for it; the folder that it is in was judged before."""
        hidden, held = False, list(self._folders[path.rpartition("/")[0]])
        for at, (negated, expression) in enumerate(self._compiled):
            if not held[at] and negated == hidden:
                held[at] = expression is not None and expression.fullmatch(path) is not None
            if held[at]:
                hidden = not negated
        return hidden, tuple(held)


@lru_cache(maxsize=2048)
def _expression(pattern: str) -> Matcher | None:
    """What matches the pattern; None when Docker would call it malformed."""
    if pattern.startswith("**") and not re.search(r"[*?\[\]\\]", pattern[2:]):
        # Docker compares the end of the path here, so `**b` hides `ab` too.
        rest = re.escape(pattern[2:].removeprefix("/"))
        return re.compile(f"(.*/)?{rest}" if pattern.startswith("**/") else f".*{rest}", re.DOTALL)
    steps: list[Step] = []
    at = 0
    while at < len(pattern):
        char = pattern[at]
        if pattern.startswith("**", at):
            at += 2
            if pattern.startswith("/", at):
                at += 1
            steps.append(Step(".", Times.ANY) if at >= len(pattern) else Step("", Times.FOLDERS))
            continue
        if char == "*":
            steps.append(Step("[^/]", Times.ANY))
        elif char == "?":
            steps.append(Step("[^/]"))
        elif char == "[":
            end = pattern.find("]", at + 2)
            if end < 0:
                return None
            steps.append(Step(pattern[at : end + 1]))
            at = end
        elif char == "\\" and at + 1 < len(pattern):
            at += 1
            steps.append(Step(re.escape(pattern[at])))
        else:
            steps.append(Step(re.escape(char)))
        at += 1
    try:
        return compiled(steps)
    except re.error:
        return None
