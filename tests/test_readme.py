"""README.md and the documentation show what is true today, and every command in them is one that pydock takes."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import typer
import yaml

from pydock.cli.commands import app
from pydock.cli.options import spelled_out
from pydock.migrate.find.manifest import read
from pydock.rules import RULES
from tests import rule_pages
from tests.command_line import Runner
from tests.readme import PAGES, README, fresh, mentioned, sessions, shell_blocks

TOP = README.parent
TEXT = README.read_text(encoding="utf-8")
EACH_PAGE = pytest.mark.parametrize("page", PAGES, ids=[page.name for page in PAGES])


@EACH_PAGE
def test_what_a_page_shows_is_what_pydock_prints(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert fresh(text) == text, "python -m tests.readme --write"


@EACH_PAGE
def test_what_a_page_shows_at_a_prompt_runs(
    page: Path, folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(TOP / "fixtures/flask-legacy", folder / "work", ignore=shutil.ignore_patterns("expected"))
    shutil.copytree(folder / "work", folder / "work/services/web")
    monkeypatch.chdir(folder / "work")
    for commands in sessions(page.read_text(encoding="utf-8")):
        for command in commands:
            words, _, source = command.partition(" < ")
            program, *arguments = shlex.split(words)
            stdin = Path(source).read_bytes() if source else b""
            assert program == "pydock"
            assert run(*arguments, stdin=stdin).code in {0, 1}, command


@EACH_PAGE
def test_the_commands_that_a_page_mentions_are_understood(page: Path) -> None:
    for command in mentioned(page.read_text(encoding="utf-8")):
        words = [word for word in shlex.split(command)[1:] if not re.fullmatch(r"\[.*\]?|.*\]|ROOT\.\.\.", word)]
        name, *arguments = spelled_out(words)
        group = typer.main.get_command(app)
        found = group.get_command(typer.Context(group), name)  # type: ignore[attr-defined]
        assert found is not None, command
        found.make_context(name, arguments)


def test_its_first_command_does_the_main_job_and_its_second_runs_the_tests() -> None:
    first, second, *_ = shell_blocks(TEXT)
    assert "pydock fix --diff fixtures/flask-legacy" in first
    assert "pytest" in second


def test_its_first_screen_shows_a_real_diff() -> None:
    assert "<!-- diff: pydock fix --diff" in "".join(TEXT.splitlines(keepends=True)[:40])


def test_what_it_leads_to_is_there() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            is_there = (page.parent / target).exists() or target == "rules/index.md"
            assert is_there, f"{page.name}: {target}"


def test_every_page_is_in_the_navigation() -> None:
    nav = yaml.safe_load((TOP / "mkdocs.yml").read_text(encoding="utf-8"))["nav"]
    listed = {path for entry in nav for path in entry.values()}
    assert listed == {*(page.name for page in PAGES if page != README), "rules/index.md"}


def test_every_rule_has_a_page_and_is_in_the_list() -> None:
    pages = dict(rule_pages.pages())
    assert set(pages) == {"rules/index.md", *(f"rules/{rule.code}.md" for rule in RULES)}
    assert all(f"[{rule.code}]({rule.code}.md)" in pages["rules/index.md"] for rule in RULES)
    assert all(f"# {rule.code} {rule.name}" in pages[f"rules/{rule.code}.md"] for rule in RULES)


def test_the_manifest_that_is_shown_is_one(tmp_path: Path) -> None:
    text = (TOP / "docs/migration.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", text, re.S | re.M)
    (tmp_path / "services.toml").write_text(block)
    assert [service.name for service in read(tmp_path / "services.toml").services] == ["billing"]
