"""Folders are given to the user in front of the code where no copy can take them back, else behind it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from pydock.context import Tree
from pydock.engine import rewrite
from pydock.project import Project
from pydock.rules.run_time.root_user import RULE
from pydock.text import Safety
from tests.containers import Build

if TYPE_CHECKING:
    from docker import DockerClient

HEAD, CODE = "FROM python:3.11-slim\n", "COPY . /app\n"
END = 'WORKDIR /app\nCMD ["python", "app.py"]\n'
ARCHIVE = "ADD files.tar.gz /app/\nCOPY app.py /app/\n"
REPORT = {"app.py": "import os\n\nos.makedirs('/app/reports', exist_ok=True)\nopen('/app/reports/today.txt', 'w')\n"}
BESIDE = {"app.py": "open('/app/state.json', 'w')\n"}
OUTSIDE = {"app.py": "import os\n\nos.makedirs('/data', exist_ok=True)\nopen('/data/state.json', 'w')\n"}
HIDDEN = {".dockerignore": "reports\n"}
GIVING = re.compile(r"# \S+ (?:may write|writes?) [^\n]*\nRUN (?:mkdir [^\n]*\\\n    && )?chown [^\n]*\n")

IN_FRONT = {
    "a folder that lies elsewhere": (HEAD + CODE + END, OUTSIDE),
    "the folder that the code is copied into": (HEAD + CODE + END, BESIDE),
    "the work directory, once it is made": (f"{HEAD}WORKDIR /app\nCOPY . .\n{END}", BESIDE),
    "a folder that the ignore file keeps out": (HEAD + CODE + END, REPORT | HIDDEN),
    "a folder beside the only file that is copied": (f"{HEAD}COPY app.py /app/\n{END}", REPORT),
    "a folder that a RUN makes before the code comes": (f"{HEAD}RUN mkdir -p /data\n{CODE}{END}", OUTSIDE),
    "a folder below one that a RUN makes": (f"{HEAD}RUN mkdir /app\n{CODE}{END}", REPORT | HIDDEN),
}
BEHIND = {
    "a folder that the context has": (HEAD + CODE + END, REPORT | {"reports/first.txt": ""}),
    "a folder that another checkout may have": (HEAD + CODE + END, REPORT),
    "a folder with an exception in the ignore file": (
        HEAD + CODE + END,
        REPORT | {".dockerignore": "reports\n!reports/x\n"},
    ),
    "a folder that a later RUN makes": (f"{HEAD}{CODE}RUN mkdir /data && echo made\n{END}", OUTSIDE),
    "a folder that a later RUN may make": (
        f"{HEAD}{CODE}ENV TOP=/data\nRUN mkdir -p $TOP && true\n{END}",
        OUTSIDE,
    ),
    "a folder that another stage may bring": (f"FROM x AS made\n{HEAD}COPY --from=made /x /app\n{CODE}{END}", REPORT),
    "a folder that an archive may hold": (f"{HEAD}{ARCHIVE}{END}", REPORT | {"files.tar.gz": ""}),
}

SERVED = 'WORKDIR /app\nCMD ["gunicorn", "shop.wsgi"]\n'
MOUNTED = {
    "no file at all": HEAD + SERVED,
    "a list alone": f"{HEAD}COPY requirements.txt /app/\n{SERVED}",
    "a lock alone, in a builder": (
        f"FROM python:3.11 AS builder\nCOPY requirements.lock.txt ./\nRUN pip install -r requirements.lock.txt -t /x\n"
        f"{HEAD}COPY --from=builder /x /x\n{SERVED}"
    ),
}


@pytest.mark.parametrize("text", MOUNTED.values(), ids=MOUNTED)
def test_no_user_is_safe_where_nothing_but_lists_is_copied(text: str) -> None:
    files = {"shop/wsgi.py": "import shop.db\n", "shop/db.py": "open('state.json', 'w')\n"}
    assert "USER" not in _given(
        text, {**files, "requirements.txt": "gunicorn\n", "requirements.lock.txt": "gunicorn==23.0.0\n"}
    )


def _given(text: str, files: dict[str, str]) -> str:
    project = Project(Tree.of({"Dockerfile": text, **files}))
    return rewrite(project, (RULE,), Safety.SAFE).result.dockerfile.text


@pytest.mark.parametrize(("text", "files"), IN_FRONT.values(), ids=IN_FRONT)
def test_is_given_in_front_of_the_code(text: str, files: dict[str, str]) -> None:
    after = _given(text, files)
    assert after.index("chown app:app /") < min(after.index(word) for word in ("COPY", "ADD") if word in after)


@pytest.mark.parametrize(("text", "files"), BEHIND.values(), ids=BEHIND)
def test_is_given_behind_the_code(text: str, files: dict[str, str]) -> None:
    after = _given(text, files)
    assert max(after.rindex(word) for word in ("COPY", "mkdir") if word in after) < after.index("app:app /")


def test_a_comment_of_the_shell_stays_behind_what_is_added_to_its_command() -> None:
    text = f"{HEAD}RUN useradd -m web\nRUN mkdir /data # kept\n{CODE}{END}"
    assert "RUN mkdir /data \\\n    && chown web /data # kept\n" in _given(text, OUTSIDE)


@pytest.mark.engine
@pytest.mark.parametrize(("text", "files"), IN_FRONT.values(), ids=IN_FRONT)
def test_owner_and_mode_are_those_of_giving_it_at_the_end(
    engine: DockerClient, built: Build, text: str, files: dict[str, str]
) -> None:
    early = _given(text, files)
    late = _at_the_end(early)
    said = []
    for each in (early, late):
        image = built(Project(Tree.of({"Dockerfile": each, "pkg/module.py": "", **files})))
        find = "find /app /data -printf '%p %u:%g %m\\n' 2>/dev/null | sort"
        said.append(engine.containers.run(image, ["sh", "-c", find], remove=True, network_mode="none").decode())
    assert early != late
    assert said[0] == said[1]
    assert "app:app 755" in said[0]


def _at_the_end(text: str) -> str:
    """The same with the folders given to the user right in front of USER."""
    if block := GIVING.search(text):
        rest = text.replace(block[0], "")
        return rest.replace("USER 10001\n", f"{block[0]}USER 10001\n")
    joined = re.search(r" \\\n    && (chown app:app .*)\n", text)
    assert joined is not None
    return text.replace(joined[0], "\n").replace("USER 10001\n", f"RUN {joined[1]}\nUSER 10001\n")
