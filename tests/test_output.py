"""What a person reads: the worst first, as wide as the terminal, in colours where they are wanted, once."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
import termios
from collections.abc import Mapping
from pathlib import Path

import pytest

from pydock import DOCUMENTATION
from pydock.report import Answer, Changed
from pydock.report.formats import counts, diff, sarif
from pydock.report.formats.text import written
from pydock.rules import RULES
from pydock.terminal import Style, style_for, width
from tests.answers import checked_fixture
from tests.command_line import Runner

BOTH = (checked_fixture("flask-legacy"), checked_fixture("user-install-broken"))


def _on_a_terminal(columns: int, *arguments: str) -> str:
    """What a command writes on a terminal of so many columns, without its colours."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "COLUMNS": str(columns), "TERM": "xterm"}
    command = [sys.executable, "-P", "-m", "pydock", *arguments]
    with subprocess.Popen(command, stdout=theirs, stderr=subprocess.DEVNULL, env=environment, close_fds=True):
        os.close(theirs)
        parts = []
        try:
            while part := os.read(ours, 65536):
                parts.append(part)
        except OSError:  # how Linux ends what comes from a terminal that nobody has open any more
            pass
    os.close(ours)
    return re.sub(r"\x1b\[[\d;]*m", "", b"".join(parts).decode()).replace("\r\n", "\n")


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_findings_are_as_wide_as_the_terminal(columns: int, folder: Path) -> None:
    (folder / "Dockerfile").write_text(f"FROM python:3.12\nRUN pip install flask {'#' * 150}\nCMD python x.py\n")
    shown = _on_a_terminal(columns, "check", ".")
    assert max(map(width, shown.splitlines())) <= columns
    words = " ".join(shown.split())
    assert "stays in this layer" in words
    assert "PYD302" in words


def test_a_terminal_is_as_wide_as_itself_where_results_go_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 66))
    with os.fdopen(theirs, "w") as stream:
        assert style_for(stream).columns == 66
    os.close(ours)


def test_nothing_is_wrapped_where_nobody_looks() -> None:
    shown = written(BOTH, Style())
    heads = [line for line in shown.splitlines() if re.match(r"\S+:\d+:\d+: ", line)]
    assert len(heads) == sum(len(answer.findings) for answer in BOTH)
    assert max(map(len, heads)) > 100


WRAPPED = {
    "short enough": ("a b", 9, 2, "a b"),
    "at blanks, the rest indented": ("aaaa bbbb cccc", 9, 2, "aaaa bbbb\n  cccc"),
    "what the first line begins with": ("  aaaa bbbb", 9, 4, "  aaaa\n    bbbb"),
    "a word that is too long": ("a bbbbbbbbbbbb c", 9, 2, "a\n  bbbbbbbbbbbb\n  c"),
    "wide letters": ("日本語 日本語", 9, 0, "日本語\n日本語"),
    "colours take no room": ("\033[31maaaa\033[0m bbbb", 9, 2, "\033[31maaaa\033[0m bbbb"),
    "nobody looks": ("aaaa bbbb cccc", 0, 2, "aaaa bbbb cccc"),
}


@pytest.mark.parametrize(("text", "columns", "hang", "expected"), WRAPPED.values(), ids=WRAPPED)
def test_lines_are_wrapped(text: str, columns: int, hang: int, expected: str) -> None:
    assert Style(columns=columns).wrapped(text, hang) == expected


def test_the_worst_level_comes_first_under_its_headline() -> None:
    shown = written(BOTH, Style())
    headlines = re.findall(r"^\d+ (error|warning|note)s?$", shown, re.M)
    assert headlines == ["error", "warning", "note"]
    levels = re.findall(r"^\S+:\d+:\d+: (\w+):", shown, re.M)
    assert levels == sorted(levels, key=["error", "warning", "note"].index)
    assert not re.search(r"^\d+ note", written([Answer("x", BOTH[0].findings[-1:])], Style()), re.M)


COLOURS: Mapping[str, tuple[dict[str, str], list[str], bool]] = {
    "not into a pipe": ({}, [], False),
    "where they are forced": ({"FORCE_COLOR": "1"}, [], True),
    "not where nobody wants any": ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, [], False),
    "the option wins": ({"NO_COLOR": "1"}, ["--color", "always"], True),
    "the option wins here too": ({"FORCE_COLOR": "1"}, ["--color", "never"], False),
}


@pytest.mark.parametrize(("environment", "options", "expected"), COLOURS.values(), ids=COLOURS)
@pytest.mark.parametrize("command", ["check", "fix", "explain"])
def test_colours(
    project: Path,
    run: Runner,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    options: list[str],
    expected: bool,
    command: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    given = {"check": ["svc"], "fix": ["--diff", "svc"], "explain": ["PYD302"]}[command]
    result = run(command, *given, *options)
    assert ("\033[" in result.out) is expected
    failed = run(command, "nope", *options)
    assert ("\033[" in failed.err) is expected


def test_no_wish_outlives_its_run(project: Path, run: Runner) -> None:
    run("check", "svc", "--color", "always", "--quiet")
    assert "\033[" not in run("check", "svc").out
    assert not style_for(sys.stdout).is_coloured


def test_statistics_count_each_rule_the_worst_first() -> None:
    found = json.loads(counts("json", BOTH, Style()))
    assert sum(each["findings"] for each in found) == sum(len(answer.findings) for answer in BOTH)
    order = [(["error", "warning", "note"].index(each["level"]), -each["findings"]) for each in found]
    assert order == sorted(order)
    text = counts("text", BOTH, Style()).splitlines()
    assert len(text) == len(found) + 2
    assert [line.split()[:3] for line in text[:-2]] == [
        [str(each["findings"]), each["level"], each["code"]] for each in found
    ]


def test_statistics_of_nothing_are_one_line(run: Runner, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch\n")
    assert run("check", "--statistics").out == "No findings in Dockerfile.\n"
    assert run("check", "--statistics", "--output-format", "sarif").code == 2


def test_fix_tells_each_service_when_it_is_done_and_all_of_them_at_the_end(folder: Path, run: Runner) -> None:
    for name in ("a", "b", "c"):
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text("FROM python:3.12.7-slim-bookworm\nRUN pip install flask==3.1.0\n")
    (folder / "c/Dockerfile").write_text("NO\n")
    told = run("fix", "--select", "PYD302").err
    places = [
        told.index(text) for text in ("wrote a/Dockerfile", "b/Dockerfile: fixed 1 finding", "wrote b/Dockerfile")
    ]
    assert places == sorted(places)
    assert "error: c/Dockerfile:1:" in told
    assert told.endswith("3 Dockerfiles: fixed 2 findings, 0 left to you, 1 without an answer.\n")
    assert run("fix", "--select", "PYD302", "--quiet", "a").err == ""


def test_who_asks_for_everything_hears_what_is_read_and_left_out(folder: Path, run: Runner) -> None:
    for name in ("a", "vendor/b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text("FROM scratch\n")
    (folder / "a/pydock.toml").write_text("")
    told = run("check", "--verbose").err
    assert "left out: ./vendor: a vendored tree" in told or "left out: vendor: a vendored tree" in told
    assert re.search(r"a/Dockerfile: built in .*, settings of a/pydock.toml", told)
    assert re.search(r"\d\.\d\d s  a/Dockerfile", told)
    assert run("check").err == ""


PEERS = {
    "hadolint": ("DL3042", "PYD302"),
    "in lower case": ("dl3042", "PYD302"),
    "BuildKit": ("SecretsUsedInArgOrEnv", "PYD501"),
}


@pytest.mark.parametrize(("word", "code"), PEERS.values(), ids=PEERS)
def test_explain_knows_the_codes_of_others(run: Runner, word: str, code: str) -> None:
    assert run("explain", word).out.startswith(code)
    (document,) = json.loads(run("explain", word, "--output-format", "json").out)
    assert (document["code"], document["url"]) == (code, f"{DOCUMENTATION}/rules/{code}/")
    assert document["examples"][0]["before"]
    assert f"{word} is {code}" in run("check", "--select", word).err


def test_rules_are_written_for_programs_too(run: Runner) -> None:
    found = json.loads(run("rules", "--output-format", "json").out)
    assert [each["code"] for each in found] == sorted(rule.code for rule in RULES)
    assert all(each["summary"] and each["docs"] and each["url"].endswith(f"/{each['code']}/") for each in found)


def test_code_scanning_leads_to_the_page_of_a_rule() -> None:
    rules = json.loads(sarif.written(BOTH, Style()))["runs"][0]["tool"]["driver"]["rules"]
    assert {rule["id"]: rule["helpUri"] for rule in rules} == {
        rule.code: f"{DOCUMENTATION}/rules/{rule.code}/" for rule in RULES
    }


WRITTEN = (["rules"], ["explain", "PYD302"], ["data"], ["facts", "svc"], ["codemods"], ["schema", "configuration"])


@pytest.mark.parametrize("command", WRITTEN, ids=" ".join)
def test_every_result_goes_into_a_file(project: Path, run: Runner, command: list[str]) -> None:
    shown = run(*command).data
    result = run(*command, "--output", "out/result")
    assert (result.code, result.data) == (0, b"")
    assert Path("out/result").read_bytes() == shown != b""


def _locked(hashes: int) -> Answer:
    lines = [f"    --hash=sha256:{number:064x}" for number in range(hashes)]
    text = " \\\n".join(["flask==3.1.2", *lines]) + "\n    # via -r requirements.txt\n"
    return Answer("Dockerfile", changes=(Changed("requirements.lock.txt", None, text),))


def test_many_hashes_of_a_lock_are_counted_on_a_screen() -> None:
    shown, _ = diff.patch([_locked(93)], Style(), is_seen=True)
    body = ["+flask==3.1.2 \\", "+    … 93 hashes; a pipe or --output has them", "+    # via -r requirements.txt"]
    assert shown.splitlines()[3:] == body


def test_few_hashes_and_those_of_a_patch_are_all_there() -> None:
    assert "--hash=sha256:" in diff.patch([_locked(2)], Style(), is_seen=True)[0]
    assert diff.patch([_locked(93)], Style())[0].count("--hash=") == 93
