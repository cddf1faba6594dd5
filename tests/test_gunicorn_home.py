"""A setting that is added to gunicorn's configuration file stands with the others."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety

TEXT = 'FROM python:3.11.7-slim-bookworm\nCOPY . .\nCMD ["gunicorn", "-c", "conf.py", "app:app"]\n'
ADDED = 'worker_tmp_dir = "/dev/shm"'
CASES = (
    ("settings alone", "bind = ':80'\n", f"bind = ':80'\n{ADDED}\n"),
    ("no last newline", "bind = ':80'", f"bind = ':80'\n{ADDED}\n"),
    (
        "hooks below the settings",
        "bind = ':80'\n\n\ndef on_exit(server):\n    pass\n",
        f"bind = ':80'\n{ADDED}\n\n\ndef on_exit(server):\n    pass\n",
    ),
    ("a setting over several lines", "bind = [\n    ':80',\n]\n# end\n", f"bind = [\n    ':80',\n]\n{ADDED}\n# end\n"),
    ("CRLF", "bind = ':80'\r\n\r\n# end\r\n", f"bind = ':80'\r\n{ADDED}\r\n\r\n# end\r\n"),
    ("nothing yet", "# settings\n", f"# settings\n{ADDED}\n"),
)


@pytest.mark.parametrize(("before", "after"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_the_setting_stands_behind_the_last_one(before: str, after: str) -> None:
    report = rewrite(Project(Tree.of({"Dockerfile": TEXT, "app.py": "", "conf.py": before})), RULES, Safety.SAFE)
    assert report.result.tree.text("conf.py") == after
