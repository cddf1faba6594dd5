"""`.dockerignore` hides what a builder hides, by the port of Docker's own matcher."""

from __future__ import annotations

import pytest
from e2b_dockerfile_utils import PatternMatcher
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pydock.context import Ignore

HIDDEN = {
    "a name at the top": ("a.txt", "a.txt", True),
    "a name in a folder is another path": ("a.txt", "b/a.txt", False),
    "a folder hides what is in it": ("a", "a/b/c.txt", True),
    "** is any folder, none too": ("**/*.pyc", "a.pyc", True),
    "** is any depth": ("**/__pycache__", "a/b/__pycache__/c.pyc", True),
    "* does not cross a slash": ("*.txt", "a/b.txt", False),
    "? is one character": ("?.txt", "ab.txt", False),
    "a leading slash is no matter": ("/a", "a", True),
    "a trailing slash is no matter": ("a/", "a/b", True),
    "the last pattern wins": ("*.txt\n!a.txt", "a.txt", False),
    "folders that a pattern may do without end at a slash": ("*/*/**?", "a/a/ab", False),
    "such folders are there": ("*/*/**?", "a/a/b/c/d", True),
    "there are none": ("*/*/**?", "a/a/b", True),
    "an exception inside a hidden folder": ("a\n!a/b.txt", "a/b.txt", False),
    "hidden again": ("*\n!a\na/b", "a/b", True),
    "everything but": ("*\n!src", "src/x.py", False),
    "a comment is no pattern": ("#a", "#a", False),
    "a class": ("[ab].txt", "b.txt", True),
    "blanks around": ("  a  ", "a", True),
    "a byte order mark": ("\ufeffa", "a", True),
    "no patterns": ("", "a", False),
}


@pytest.mark.parametrize(("text", "path", "expected"), HIDDEN.values(), ids=HIDDEN)
def test_hides(text: str, path: str, expected: bool) -> None:
    assert Ignore(text).hides(path) is expected


_PART = st.text("ab.*?-", min_size=1, max_size=3) | st.sampled_from(["**", "*", "*.py", "[ab]", "a", "b", ".git"])
_PATTERN = st.builds(
    lambda mark, parts, end: mark + "/".join(parts) + end,
    st.sampled_from(["", "", "!", "/"]),
    st.lists(_PART, min_size=1, max_size=3),
    st.sampled_from(["", "/"]),
)
_PATH = st.lists(st.sampled_from(["a", "b", "ab", "a.py", ".git", "a-b", "..b"]), min_size=1, max_size=4).map("/".join)


@settings(max_examples=1500)
@given(st.lists(_PATTERN, min_size=1, max_size=4), _PATH)
def test_any_patterns_hide_what_docker_hides(patterns: list[str], path: str) -> None:
    try:
        expected = PatternMatcher(patterns).matches(path)
    except ValueError:
        assume(False)
    assert Ignore("\n".join(patterns)).hides(path) is expected
