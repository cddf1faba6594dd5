"""Folders that git ignores are no source of the service: nothing is told of them, and a COPY still finds them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.build.sources import sources
from pydock.context import Tree, matcher
from pydock.context.gitignore import _Rules
from pydock.project import Project

FILES = {
    "Dockerfile": 'FROM python:3.13\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n',
    "app.py": "",
    "web/site.py": "",
    "web/made/client.py": "",
    "web/made/deep/er.py": "",
    "settings/local.py": "",
}
RULES = {
    "a folder by its name": ("made/\n", ["app.py", "settings/local.py", "web/site.py"]),
    "a folder by its path": ("/web/made\n", ["app.py", "settings/local.py", "web/site.py"]),
    "a folder inside one that is not": ("web/*\n!web/site.py\n", ["app.py", "settings/local.py", "web/site.py"]),
    "a file of the person's own is still read": ("local.py\n", [*sorted(set(FILES) - {"Dockerfile"})]),
    "a comment and a blank line": ("# made/\n\n", [*sorted(set(FILES) - {"Dockerfile"})]),
    "another folder": ("build/\n*.egg-info/\n", [*sorted(set(FILES) - {"Dockerfile"})]),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    return tmp_path


@pytest.mark.parametrize(("rules", "expected"), RULES.values(), ids=RULES)
def test_the_source_is_what_git_would_take(folder: Path, rules: str, expected: list[str]) -> None:
    (folder / ".gitignore").write_text(rules)
    assert list(sources(Project(Tree(folder)))) == expected


def test_a_folder_that_was_added_against_the_rules_is_source(folder: Path) -> None:
    (folder / ".gitignore").write_text("made/\n")
    for command in (["init", "-q"], ["add", "-f", "web/made/client.py"]):
        subprocess.run(["git", "-C", str(folder), *command], check=True)
    assert "web/made/client.py" in sources(Project(Tree(folder)))


def test_rules_of_the_repository_hold_in_a_context_below_its_top(folder: Path) -> None:
    subprocess.run(["git", "-C", str(folder), "init", "-q"], check=True)
    (folder / ".gitignore").write_text("/web/made/\n")
    project = Project(Tree(folder / "web", {"Dockerfile": FILES["Dockerfile"]}))
    assert sources(project) == ("site.py",)


def test_a_copy_takes_what_git_ignores(folder: Path) -> None:
    (folder / ".gitignore").write_text("made/\n")
    tree = Tree(folder)
    assert tree.has_folder("web/made")
    assert "web/made/client.py" in tree.files


_LINES = st.lists(st.text("ab*?!/[]\\ #.", max_size=6), max_size=4)
_PATH = st.lists(st.text("ab.", min_size=1, max_size=3), min_size=1, max_size=3).map("/".join)


@given(_LINES, _PATH)
def test_a_name_that_no_line_fits_is_ruled_out_without_asking_further(lines: list[str], path: str) -> None:
    rules = _Rules(tuple(lines))
    try:
        verdict = matcher(lines).check_file(path).include
    except ValueError:
        verdict = None
    parents = [path[:at] for at, letter in enumerate(path) if letter == "/"]
    if not any(rules.verdict(f"{parent}/") is not None for parent in parents):
        assert rules.verdict(path) == verdict
