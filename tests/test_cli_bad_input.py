"""Bad input on the command line: told with its place, the others are answered, and no secret is printed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.command_line import ONLY, SMELLY, Runner

BAD = {
    "an unknown instruction": (b"FROM a\n\nRUM b\n", "svc/Dockerfile:3: unknown instruction: RUM"),
    "an unterminated heredoc": (b"FROM a\nRUN <<EOF\nb\n", "svc/Dockerfile:2: unterminated heredoc"),
    "an empty file": (b"", "svc/Dockerfile:1: no FROM"),
    "ENV without a value": (b"FROM a\nENV A\n", "svc/Dockerfile:2: ENV needs name=value"),
    "a binary file": (b"\x7fELF\0\0\0", "svc/Dockerfile: a binary file"),
    "UTF-16": ("FROM a\n".encode("utf-16"), "svc/Dockerfile: written in UTF-16"),
    "requirements in a circle": (
        b"FROM python:3.12\nWORKDIR /app\nCOPY . .\nRUN pip install -r a.txt\n",
        "svc/Dockerfile: b.txt:1: the files include each other: a.txt -> b.txt -> a.txt",
    ),
}


@pytest.mark.parametrize(("data", "message"), BAD.values(), ids=BAD)
@pytest.mark.parametrize("command", [("check",), ("fix", "--diff"), ("fix",), ("fix", "--explain-plan")])
def test_bad_input_is_told_and_the_others_are_answered(
    project: Path, run: Runner, command: tuple[str, ...], data: bytes, message: str
) -> None:
    (project.parent / "good").mkdir()
    (project.parent / "good/Dockerfile").write_text(SMELLY)
    (project / "Dockerfile").write_bytes(data)
    (project / "a.txt").write_text("-r b.txt\n")
    (project / "b.txt").write_text("-r a.txt\n")
    result = run(*command, ".", *ONLY)
    assert result.code == 2
    assert f"error: {message}" in result.err
    assert (project / "Dockerfile").read_bytes() == data
    assert "good/Dockerfile" in result.out + result.err


@pytest.mark.parametrize(
    ("paths", "message"),
    [(["nope"], "nope: there is no such file"), (["empty"], "empty: no Dockerfile in this folder")],
    ids=["a missing path", "a folder without a Dockerfile"],
)
def test_a_path_that_leads_nowhere_is_told_and_the_others_are_answered(
    project: Path, run: Runner, paths: list[str], message: str
) -> None:
    Path("empty").mkdir()
    result = run("check", *paths, "svc", *ONLY)
    assert result.code == 2
    assert f"error: {message}" in result.err
    assert "  hint: " in result.err
    assert "svc/Dockerfile:2:5: warning: PYD302" in result.out


def test_a_file_that_cannot_be_written_leaves_all_as_it_was(
    project: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "Dockerfile").write_text(SMELLY + "COPY . /app\n")
    (project / "app.py").touch()
    before = {path.name: path.read_bytes() for path in project.iterdir()}
    real, calls = os.replace, [0]

    def fail(staged: str, target: str) -> None:
        calls[0] += 1
        if calls[0] == 2:
            raise OSError(28, "No space left on device")
        real(staged, target)

    monkeypatch.setattr(os, "replace", fail)
    result = run("fix", "svc")
    assert calls[0] == 2
    assert result.code == 2
    assert "No space left on device" in result.err
    assert {path.name: path.read_bytes() for path in project.iterdir()} == before


SECRET = "hunter2-k3x9-Zq81"


@pytest.mark.parametrize(
    "command",
    [
        ("check", "svc"),
        *(
            ("check", "svc", "--output-format", form)
            for form in ("json", "concise", "sarif", "github", "gitlab", "junit", "markdown")
        ),
        ("check", "svc", "--write-baseline", "-"),
        ("fix", "--diff", "svc", "--output-format", "json"),
        ("fix", "--diff", "svc", "--output-format", "markdown"),
        ("fix", "--diff", "svc"),
        ("fix", "--diff", "--unsafe-fixes", "svc"),
        ("fix", "--explain-plan", "svc"),
        ("fix", "svc"),
    ],
    ids=" ".join,
)
def test_a_secret_is_never_printed(project: Path, run: Runner, command: tuple[str, ...]) -> None:
    (project / "Dockerfile").write_text(
        f"FROM python:3.12\nENV DB_PASSWORD={SECRET}\nARG API_TOKEN={SECRET}\n"
        f"RUN pip install --extra-index-url https://u:{SECRET}@example.org/simple flask\n"
        "COPY . /app\nCMD python app.py\n"
    )
    (project / "app.py").touch()
    result = run(*command)
    assert result.code in {0, 1}
    assert SECRET not in result.out + result.err


def test_a_masked_diff_says_that_it_cannot_be_applied(project: Path, run: Runner) -> None:
    (project / "Dockerfile").write_text(
        f"FROM python:3.12.7-slim-bookworm\nENV DB_PASSWORD={SECRET}\nRUN pip install a==1\n"
    )
    result = run("fix", "--diff", "svc", *ONLY)
    assert " ENV DB_PASSWORD=****\n" in result.out
    assert "secrets are masked in this diff, so it cannot be applied" in result.err
    run("fix", "svc", *ONLY)
    assert SECRET in (project / "Dockerfile").read_text()
