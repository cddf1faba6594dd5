"""A comment on a pull request: sound, short enough, and nobody is mentioned by it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from markdown_it import MarkdownIt

from pydock import engine
from pydock.context import Tree
from pydock.project import Project
from pydock.report import fixed
from pydock.report.formats import markdown
from pydock.rules import RULES
from pydock.terminal import Style
from pydock.text import Safety, Span
from tests.answers import FIXTURES, NAMES, checked_fixture, said


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def _rendered(text: str) -> _Html:
    html = _Html()
    html.feed(MarkdownIt("commonmark").render(text).replace("<hr />", "").replace("<br />", ""))
    assert html.open == []
    return html


@pytest.mark.parametrize("names", [NAMES[:1], NAMES[4:8]], ids=["one", "several"])
def test_a_comment_is_sound_and_fits(names: list[str]) -> None:
    findings = markdown.written([checked_fixture(name) for name in names], Style())
    reports = [engine.rewrite(Project(Tree(FIXTURES / name), "Dockerfile"), RULES, Safety.SAFE) for name in names]
    changes = markdown.written([fixed(report, "Dockerfile", "") for report in reports], Style())
    for text in (findings, changes):
        assert text.startswith(f"{markdown.HEAD}\n")
        assert len(text) <= 65_536
        assert "script" not in _rendered(text).tags


def test_a_comment_says_how_much_did_not_fit() -> None:
    text = markdown.written([checked_fixture(name) for name in NAMES * 8], Style())
    assert len(text) <= 65_536
    assert re.search(r"… and \d+ more, too long to be shown here\.\n\Z", text)
    _rendered(text)


def test_a_comment_neither_mentions_anybody_nor_becomes_html() -> None:
    text = markdown.written([said("FROM a\n", Span(0, 6), "@team <script>x</script> *a* `x|y` [b](c)")], Style())
    assert "@team" not in text
    assert "`x|y`" in text
    assert not _rendered(text).tags & {"script", "a"}


def test_a_diff_with_fences_in_it_stays_one_block() -> None:
    before = "FROM python:3.12.7-slim-bookworm\n# ```\nRUN pip install flask==3.1.0\n# ````\n"
    report = engine.rewrite(Project(Tree.of({"Dockerfile": before})), RULES, Safety.SAFE)
    text = markdown.written([fixed(report, "Dockerfile", "")], Style())
    assert text.count("`````") == 2
