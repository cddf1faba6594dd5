"""A comment silences what it names where it stands, and one that silences nothing is told."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check
from pydock.project import Project
from pydock.rules import RULES

BASE = "FROM python:3.12.7-slim-bookworm\n"
INSTALL = "RUN pip install flask==3.1.0\n"
OWN = ("PYD001", "PYD302")

TOLD = {
    "a comment that silences something is not told": (f"{BASE}# pydock: ignore[PYD302]\n{INSTALL}", []),
    "nor one by name, in any case, by the start of a code": (
        f"{BASE}# pydock: ignore[Pip-Cache]\n{INSTALL}# pydock: ignore[pyd302]\n{INSTALL}"
        f"# pydock: ignore[PYD30]\n{INSTALL}",
        [],
    ),
    "nor one for the whole file": (f"# pydock: ignore-file[PYD302]\n{BASE}{INSTALL}", []),
    "nor one of hadolint": (f"{BASE}# hadolint ignore=DL3042,DL3009\n{INSTALL}", []),
    "a rule that finds nothing there": (
        f"{BASE}# pydock: ignore[PYD302]\nUSER 1000\n",
        [(2, 18, "PYD302 finds nothing here that could be silenced")],
    ),
    "one word of several": (
        f"{BASE}# pydock: ignore[PYD302, pip-cash]\n{INSTALL}",
        [(2, 26, "no rule is called 'pip-cash', did you mean pip-cache?")],
    ),
    "a code that no rule has": (
        f"{BASE}# pydock: ignore[PYD999]\n{INSTALL}",
        [(2, 18, "no rule is called 'PYD999'"), (3, 5, "the download cache of pip")],
    ),
    "each comment for itself": (
        f"{BASE}# pydock: ignore[PYD302]\n{INSTALL}# pydock: ignore[PYD302]\nUSER 1000\n",
        [(4, 18, "PYD302 finds nothing here that could be silenced")],
    ),
    "a comment behind the last instruction": (
        f"{BASE}USER 1000\n# pydock: ignore[PYD302]\n",
        [(3, 1, "this comment silences nothing: no instruction follows it")],
    ),
    "a file comment behind the first instruction": (
        f"{BASE}# pydock: ignore-file[PYD302]\nUSER 1000\n",
        [(2, 1, "this comment silences nothing: ignore-file only counts in front of the first instruction")],
    ),
    "a comment inside an instruction": (
        f"{BASE}RUN true && \\\n  # pydock: ignore[PYD302]\n  true\n",
        [(3, 3, "this comment silences nothing: it stands inside an instruction, and only counts in front of one")],
    ),
    "a typing error in the word": (
        f"{BASE}# pydock: ingore[PYD302]\nUSER 1000\n",
        [(2, 1, "this comment silences nothing: it asks neither for ignore[RULE] nor for ignore-file[RULE]")],
    ),
    "empty brackets": (
        f"{BASE}# pydock: ignore[ ]\nUSER 1000\n",
        [(2, 1, "this comment silences nothing: there is no rule between its brackets")],
    ),
    "a rule that was not run": (f"{BASE}# pydock: ignore[PYD304]\nUSER 1000\n", []),
    "all rules, of which not all were run": (f"{BASE}# pydock: ignore\nUSER 1000\n", []),
    "itself is silenced like any other": (
        f"# pydock: ignore-file[PYD001]\n{BASE}# pydock: ignore[PYD302]\nUSER 1000\n",
        [],
    ),
    "with the line ends of Windows behind a byte order mark": (
        f"\ufeff# pydock: ignore-file[PYD302]\r\n{BASE.replace(chr(10), chr(13) + chr(10))}USER 1000\r\n",
        [(1, 24, "PYD302 finds nothing here that could be silenced")],
    ),
}


def _found(text: str, codes: tuple[str, ...]) -> list[tuple[int, int, str]]:
    project = Project(Tree.of({"Dockerfile": text}))
    findings = sorted(check(project, [rule for rule in RULES if rule.code in codes]), key=lambda each: each.span)
    return [(*project.dockerfile.position(finding.span.start), finding.message) for finding in findings]


@pytest.mark.parametrize(("text", "expected"), TOLD.values(), ids=TOLD)
def test_what_is_told_about_comments(text: str, expected: list[tuple[int, int, str]]) -> None:
    found = _found(text, OWN)
    assert [(line, column) for line, column, _ in found] == [(line, column) for line, column, _ in expected]
    for (*_, said), (*_, wanted) in zip(found, expected, strict=True):
        assert said.startswith(wanted)


def test_nothing_is_told_when_the_rule_about_comments_is_not_run() -> None:
    assert _found(f"{BASE}# pydock: ignore[PYD999]\nUSER 1000\n", ("PYD302",)) == []


def test_a_comment_for_all_rules_is_told_when_all_rules_were_run_and_found_nothing() -> None:
    text = f"{BASE}# pydock: ignore\nLABEL a=b\n"
    everything = tuple(rule.code for rule in RULES)
    assert (2, 1, "this comment silences nothing") in _found(text, everything)


def test_what_is_for_the_whole_file_silences_findings_in_other_files_too() -> None:
    url = "--extra-index-url https://u:hunter2-k3x9@example.org/simple\nflask==3.1.0\n"
    files = {
        "requirements.txt": url,
        "Dockerfile": f"{BASE}COPY requirements.txt .\nRUN pip install -r requirements.txt\n",
    }
    rules = [rule for rule in RULES if rule.code == "PYD210"]
    assert len(check(Project(Tree.of(files)), rules)) == 1
    files["Dockerfile"] = "# pydock: ignore-file[PYD210]\n" + files["Dockerfile"]
    assert not check(Project(Tree.of(files)), rules)
