"""A setting that is added to gunicorn's configuration file stands with the others."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules import by_name
from pydock.text import Safety

TEXT = 'FROM python:3.11.7-slim-bookworm\nCOPY . .\nCMD ["gunicorn", "-c", "conf.py", "-w", "2", "app:app"]\n'
ADDED = 'threads = 4\nworker_class = "gthread"'
CASES = (
    ("settings alone", "bind = ':80'\n", f"bind = ':80'\n{ADDED}\n"),
    ("no last newline", "bind = ':80'", f"bind = ':80'\n{ADDED}\n"),
    (
        "hooks below the settings",
        "bind = ':80'\n\n\ndef on_exit(server):\n    pass\n",
        f"bind = ':80'\n{ADDED}\n\n\ndef on_exit(server):\n    pass\n",
    ),
    ("a setting over several lines", "bind = [\n    ':80',\n]\n# end\n", f"bind = [\n    ':80',\n]\n{ADDED}\n# end\n"),
    (
        "CRLF",
        "bind = ':80'\r\n\r\n# end\r\n",
        f"bind = ':80'\r\n{ADDED.replace(chr(10), chr(13) + chr(10))}\r\n\r\n# end\r\n",
    ),
    ("nothing yet", "# settings\n", f"# settings\n{ADDED}\n"),
)


@pytest.mark.parametrize(("before", "after"), [each[1:] for each in CASES], ids=[each[0] for each in CASES])
def test_the_setting_stands_behind_the_last_one(before: str, after: str) -> None:
    project = Project(Tree.of({"Dockerfile": TEXT, "app.py": "", "conf.py": before}))
    report = rewrite(project, (by_name("gunicorn-single-thread"),), Safety.UNSAFE)
    assert report.result.tree.text("conf.py") == after


def test_what_only_a_container_has_is_no_matter_of_a_file_that_is_used_elsewhere() -> None:
    project = Project(Tree.of({"Dockerfile": TEXT, "app.py": "", "conf.py": "bind = ':80'\n"}))
    report = rewrite(project, (by_name("gunicorn-heartbeat-on-disk"),), Safety.SAFE)
    assert report.changed == ("Dockerfile",)
    assert '"--worker-tmp-dir", "/dev/shm"' in report.result.dockerfile.text
