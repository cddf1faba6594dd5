"""Who works with apt's package lists: an install by name does, and one of a file does where lists are there."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules.layers.apt_leftovers import RULE
from pydock.text import Safety

BASE = "FROM python:3.13-slim\n"
QUIET = "apt-get install -y --no-install-recommends"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param(
            f"RUN apt-get update\nCOPY tool.deb /tmp/\nRUN {QUIET} /tmp/tool.deb\n",
            f"COPY tool.deb /tmp/\n"
            f"RUN apt-get update \\\n    && {QUIET} /tmp/tool.deb \\\n    && rm -rf /var/lib/apt/lists/*\n",
            id="an update in front of a package in a file is joined to its install, which finds dependencies in it",
        ),
        pytest.param(
            f"RUN apt-get update\nRUN dpkg --configure -a\nRUN {QUIET} ./tool.deb\n",
            f"RUN apt-get update\nRUN dpkg --configure -a\n"
            f"RUN apt-get update \\\n    && {QUIET} ./tool.deb \\\n    && rm -rf /var/lib/apt/lists/*\n",
            id="a package in a file gets an update of its own where another RUN stands between",
        ),
        pytest.param(
            f"COPY tool.deb /tmp/\nRUN {QUIET} /tmp/tool.deb\n",
            f"COPY tool.deb /tmp/\nRUN {QUIET} /tmp/tool.deb\n",
            id="a package in a file, where no lists are, has all that it depends on",
        ),
        pytest.param(
            f"RUN apt-get update && {QUIET} jq && rm -rf /var/lib/apt/lists/*\nRUN {QUIET} ./tool.deb\n",
            f"RUN apt-get update && {QUIET} jq && rm -rf /var/lib/apt/lists/*\nRUN {QUIET} ./tool.deb\n",
            id="lists that an earlier RUN has removed are not there",
        ),
    ],
)
def test_a_package_in_a_file_depends_on_the_lists_that_are_there(before: str, after: str) -> None:
    report = rewrite(Project(Tree.of({"Dockerfile": BASE + before, "tool.deb": ""})), (RULE,), Safety.SAFE)
    assert report.result.dockerfile.text == BASE + after


def test_the_stage_that_removes_the_lists_of_the_one_below_has_none() -> None:
    below = "FROM python:3.13-slim AS base\nRUN apt-get update\nRUN dpkg --configure -a\n"
    text = f"{below}FROM base\nRUN rm -rf /var/lib/apt/lists/*\nRUN {QUIET} ./tool.deb\n"
    report = rewrite(Project(Tree.of({"Dockerfile": text, "tool.deb": ""})), (RULE,), Safety.SAFE)
    assert report.result.dockerfile.text == text


def test_what_a_package_in_a_file_recommends_is_not_known() -> None:
    text = BASE + "COPY tool.deb /tmp/\nRUN apt-get install -y /tmp/tool.deb\n"
    report = rewrite(Project(Tree.of({"Dockerfile": text, "tool.deb": ""})), (RULE,), Safety.SAFE)
    assert report.result.dockerfile.text == text
    assert [finding.fix.doubts for finding in report.remaining if finding.fix] == [
        ("what tool.deb recommends is not known",)
    ]
