"""A baseline: what is known is left out wherever its line has moved, and what is fixed leaves it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command_line import Runner

BASE = "FROM python:3.12.7-slim-bookworm\n"
ONE = "RUN pip install flask==3.1.0\n"
OTHER = "RUN pip install rich==14.0.0\n"
RULES = ("--select", "PYD302,PYD402,PYD405")
KNOWN = ("--baseline", "known.json")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _found(run: Runner, *arguments: str) -> list[str]:
    """Code and line of what is told."""
    document = json.loads(run("check", *RULES, *arguments, "--output-format", "json").out)
    return [f"{each['code']}:{each['line']}" for entry in document["projects"] for each in entry["findings"]]


def _write(text: str, name: str = "Dockerfile") -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text, newline="")


START = BASE + ONE + "EXPOSE 80\nCMD gunicorn a:app\n"
EDITS = {
    "nothing": (START, []),
    "lines in front of it": ("# a\n\n" + START.replace("EXPOSE", "LABEL a=b\nEXPOSE"), []),
    "another base image": (START.replace("3.12.7", "3.12.8"), []),
    "the line ends of Windows": (START.replace("\n", "\r\n"), []),
    "other blanks in its line": (START.replace("pip install", "pip  install \\\n   "), []),
    "an edit of its own line": (START.replace("3.1.0", "3.1.1").replace("a:app", "b:app"), []),
    "the same smell once more": (START.replace(ONE, ONE + OTHER), ["PYD302:3"]),
    "the same smell once more, in front": (START.replace(ONE, OTHER + ONE), ["PYD302:2"]),
    "the same line once more": (START.replace(ONE, ONE + ONE), ["PYD302:3"]),
    "another smell": ("ARG A\n" + START + 'HEALTHCHECK CMD ["true"]\n', []),
}


@pytest.mark.parametrize(("text", "expected"), EDITS.values(), ids=EDITS)
def test_only_what_is_new_is_told_after(folder: Path, run: Runner, text: str, expected: list[str]) -> None:
    _write(START)
    assert len(_found(run)) == 3
    assert run("check", *RULES, "--write-baseline", "known.json").code == 0
    _write(text)
    assert _found(run, *KNOWN) == expected
    assert run("check", *RULES, *KNOWN).code == bool(expected)


def test_the_summary_says_how_many_are_known(folder: Path, run: Runner) -> None:
    _write(START)
    written = run("check", *RULES, "--write-baseline", "known.json")
    assert (written.out, written.err) == (
        "No new findings in Dockerfile, 3 known.\n",
        "note: known.json: findings on record: 3\n",
    )
    _write(START.replace(ONE, ONE + OTHER))
    assert run("check", *RULES, *KNOWN).out.splitlines()[-1] == (
        "1 new finding in Dockerfile (1 warning): 1 fixed by `pydock fix`. 3 known."
    )


def test_two_equal_findings_count_as_two(folder: Path, run: Runner) -> None:
    _write(BASE + ONE + ONE)
    run("check", *RULES, "--write-baseline", "known.json")
    assert _found(run, *KNOWN) == []
    _write(BASE + ONE)
    assert "findings on record that are fixed: 1" in run("check", *RULES, *KNOWN).err
    run("check", *RULES, *KNOWN, "--write-baseline", "known.json")
    _write(BASE + ONE + ONE)
    assert _found(run, *KNOWN) == ["PYD302:3"]


def test_what_is_fixed_leaves_the_baseline_and_nothing_new_enters_it(folder: Path, run: Runner) -> None:
    _write(START)
    run("check", *RULES, "--write-baseline", "known.json")
    _write(START.replace(ONE, "").replace("CMD gunicorn", "ENTRYPOINT python -m a\nCMD gunicorn"))
    new = _found(run, *KNOWN)
    assert new
    assert "known.json: findings on record that are fixed: 1\n" in run("check", *RULES, *KNOWN).err
    run("check", *RULES, *KNOWN, "--write-baseline", "known.json")
    assert {each["code"] for each in json.loads(Path("known.json").read_text())["findings"]} == {"PYD402", "PYD405"}
    assert (_found(run, *KNOWN), run("check", *RULES, *KNOWN).err) == (new, "")
    _write(START)
    assert _found(run, *KNOWN) == ["PYD302:2"]


def test_what_was_not_asked_stays_in_the_baseline(folder: Path, run: Runner) -> None:
    _write(START, "a/Dockerfile")
    _write(START, "b/Dockerfile")
    run("check", *RULES, "--write-baseline", "known.json")
    before = Path("known.json").read_text()
    assert len(json.loads(before)["findings"]) == 6
    for arguments in (("a", *RULES), (".", "--select", "PYD302"), ("nope", *RULES)):
        result = run("check", *arguments, *KNOWN, "--write-baseline", "known.json")
        assert "on record: 6" in result.err
        assert Path("known.json").read_text() == before


def test_paths_in_a_baseline_do_not_depend_on_the_current_folder(
    folder: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    _write(START, "a/Dockerfile")
    run("check", *RULES, "--write-baseline", "known.json")
    monkeypatch.chdir(folder / "a")
    assert run("check", *RULES, "--baseline", "../known.json").code == 0
    assert str(folder) not in (folder / "known.json").read_text()


BAD = {
    "no file": (None, "known.json: No such file"),
    "no JSON": ("{", "known.json: not a baseline"),
    "another document": ('{"schema": 1, "findings": [{"a": 1}]}', "known.json: not a baseline"),
    "another version": ('{"schema": 9, "findings": []}', "another version"),
    "bytes": ("\x80", "known.json: not a baseline"),
}


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_a_file_that_is_no_baseline_is_told(folder: Path, run: Runner, text: str | None, message: str) -> None:
    _write(START)
    if text is not None:
        Path("known.json").write_bytes(text.encode("latin-1"))
    result = run("check", *RULES, *KNOWN)
    assert result.code == 2
    assert message in result.err
    assert "--write-baseline FILE" in result.err
