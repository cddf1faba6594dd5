"""`pip install --prefix` whose folder is copied: a finding where no Python finds it, silence where one may."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety

ONLY = tuple(rule for rule in RULES if rule.code == "PYD107")
BUILDER = "FROM python:3.12-slim AS builder\nCOPY requirements.txt .\nRUN pip install {} -r requirements.txt\n"
RUNTIME = "FROM python:3.12-slim\n"
CMD = 'CMD ["python", "app.py"]\n'
PREFIX = BUILDER.format("--prefix=/install")

LOST = {
    "to its own name": "COPY --from=builder /install /install\n",
    "to a folder of the service": "COPY --from=builder /install/ /app/packages/\n",
    "in part": "COPY --from=builder /install/lib /deps/lib\n",
}
FOUND = {
    "onto the interpreter": "COPY --from=builder /install /usr/local\n",
    "part by part onto the interpreter": (
        "COPY --from=builder /install/lib /usr/local/lib\nCOPY --from=builder /install/bin /usr/local/bin\n"
    ),
    "where PYTHONPATH names it": (
        "ENV PYTHONPATH=/install/lib/python3.12/site-packages\nCOPY --from=builder /install /install\n"
    ),
    "where it is the user's base": "ENV PYTHONUSERBASE=/install\nCOPY --from=builder /install /install\n",
    "to a place that a variable names": "ARG PLACE\nCOPY --from=builder /install $PLACE\n",
    "to a place that depends on the work directory": "WORKDIR /usr/local\nCOPY --from=builder /install .\n",
    "of a stage that made no such folder": f"FROM busybox AS other\n{RUNTIME}COPY --from=other /install /x\n",
}


def _project(dockerfile: str, **files: str) -> Project:
    tree = {"Dockerfile": dockerfile, "requirements.txt": "flask==3.1.2\n", "app.py": ""}
    return Project(Tree.of({**tree, **{name.replace("_", "."): text for name, text in files.items()}}))


@pytest.mark.parametrize("case", LOST)
def test_packages_that_no_python_finds_are_told_when_copied(case: str) -> None:
    (found,) = check(_project(PREFIX + RUNTIME + LOST[case] + CMD), ONLY)
    assert found.message.startswith("the packages of `pip install --prefix=/install` are copied to /")
    assert found.fix is not None


@pytest.mark.parametrize("case", FOUND)
def test_nothing_is_said_of_packages_that_are_copied(case: str) -> None:
    assert check(_project(PREFIX + RUNTIME + FOUND[case] + CMD), ONLY) == ()


@pytest.mark.parametrize("named", ["app_py", "start_sh"])
def test_nothing_is_said_where_a_script_says_where_the_packages_are(named: str) -> None:
    files = {named: "# finds /install/lib/python3.12/site-packages\n"}
    assert check(_project(PREFIX + RUNTIME + LOST["to its own name"] + CMD, **files), ONLY) == ()


@pytest.mark.parametrize("option", ["--prefix=/install", "--prefix /install"])
def test_the_environment_takes_the_place_of_the_prefix(option: str) -> None:
    text = BUILDER.format(option) + RUNTIME + "ENV PATH=/install/bin:$PATH\n" + LOST["to its own name"] + CMD
    result = rewrite(_project(text), ONLY, Safety.SAFE).result.dockerfile.text
    assert "/install" not in result
    assert "RUN pip --python /opt/venv install -r requirements.txt\n" in result
    assert "ENV PATH=/opt/venv/bin:$PATH\nCOPY --from=builder /opt/venv /opt/venv\n" in result
