"""What begins a rule, an effect, a fact or a fixture is right from the start."""

from __future__ import annotations

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tasks

TOP = Path(__file__).parent.parent
NEW = {
    "a rule": (("rule", "run_time", "PYD499", "my-rule"), "src/pydock/rules/run_time/my_rule.py"),
    "the effects of a tool": (("effect", "network", "my-tool"), "src/pydock/effects/network/my_tool.py"),
    "a fact": (("fact", "log-level"), "src/pydock/service/log_level.py"),
    "a fixture": (("fixture", "flask-logs"), "fixtures/flask-logs/app.py"),
}


@pytest.mark.parametrize(("words", "path"), NEW.values(), ids=NEW)
def test_what_is_new_is_python_as_the_linter_wants_it_and_is_made_once(
    words: tuple[str, ...], path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "TOP", tmp_path)
    assert path.rpartition("/")[0] in tasks.new(*words)
    shutil.copy(TOP / "pyproject.toml", tmp_path)
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--ignore", "I", path]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    assert ast.get_docstring(ast.parse((tmp_path / path).read_text())) or words[0] == "fixture"
    with pytest.raises(FileExistsError):
        tasks.new(*words)


def test_every_task_that_is_written_about_is_there() -> None:
    text = (TOP / "CONTRIBUTING.md").read_text(encoding="utf-8")
    named = {word for line in text.splitlines() for word in tasks.TASKS if f"python -m tasks {word}`" in line}
    assert named == set(tasks.TASKS) - {"setup", "wheel"}
