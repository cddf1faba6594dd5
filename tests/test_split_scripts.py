"""A script of the context decides something about the image where something in a container calls it."""

from __future__ import annotations

import pytest

from pydock.build.walk import starts
from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal, Split
from tests.split_cases import BEFORE, CMD, INSTALL, PLAIN, SLIM, Case, found

HOST = {"deploy.sh": "#!/bin/sh\nsudo gunicorn app:app\n"}
MANIFEST = 'apiVersion: apps/v1\nkind: Deployment\ncommand: ["sh", "/app/deploy.sh"]\n'

CALLED = (
    Case("by CMD", f'{SLIM}{INSTALL}CMD ["sh", "deploy.sh"]\n', HOST),
    Case(
        "by a script that CMD calls", f'{SLIM}{INSTALL}CMD ["sh", "run.sh"]\n', {**HOST, "run.sh": "sh ./deploy.sh\n"}
    ),
    Case("by Python code", PLAIN, {**HOST, "app.py": "import os\nos.system('sh deploy.sh')\n"}),
    Case("by a manifest of the cluster", PLAIN, {**HOST, "k8s/web.yaml": MANIFEST}),
)


@pytest.mark.parametrize("case", CALLED, ids=lambda case: case.does)
def test_a_script_that_is_called_stands_in_the_way(case: Case) -> None:
    refusal = found(case)
    assert isinstance(refusal, Refusal)
    assert refusal.why == "deploy.sh:2 starts `sudo`, which sets PATH anew"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param({}, id="nobody"),
        pytest.param({"release.sh": "#!/bin/sh\n./deploy.sh\n"}, id="another script of the host"),
        pytest.param({".gitlab-ci.yml": "deploy:\n  script: ./deploy.sh\n"}, id="continuous integration"),
    ],
)
def test_a_script_that_only_the_host_calls_decides_nothing(files: dict[str, str]) -> None:
    assert isinstance(found(Case("", PLAIN, {**HOST, **files})), Split)


CRONTAB = {"jobs/crontab": "* * * * * /usr/local/bin/python3 /app/app.py\n"}
ONE_FILE = f"{SLIM}{BEFORE}RUN pip install -r requirements.txt\nCOPY app.py .\n"


@pytest.mark.parametrize(
    "case",
    [
        pytest.param(Case("", PLAIN, CRONTAB), id="COPY . . brings"),
        pytest.param(Case("", f"{ONE_FILE}COPY jobs/crontab /etc/cron.d/jobs\n{CMD}", CRONTAB), id="COPY names"),
        pytest.param(
            Case(
                "",
                ONE_FILE + CMD,
                {**CRONTAB, "compose.yaml": "services: {web: {build: ., volumes: ['./jobs:/jobs']}}"},
            ),
            id="compose mounts",
        ),
    ],
)
def test_a_path_of_the_system_in_a_file_stands_in_the_way_where(case: Case) -> None:
    refusal = found(case)
    assert isinstance(refusal, Refusal)
    assert refusal.why == "jobs/crontab:1 calls /usr/local/bin/python3"


def test_a_path_of_the_system_in_a_file_that_no_container_has_decides_nothing() -> None:
    assert isinstance(found(Case("", ONE_FILE + CMD, CRONTAB)), Split)


def test_an_environment_that_a_start_script_enters_stays_although_nothing_is_in_it() -> None:
    lines = "RUN python -m venv venv\nRUN pip install -r requirements.txt\nCOPY boot.sh ./\n"
    script = "#!/bin/sh\n. venv/bin/activate\nexec flask run\n"
    made = found(Case("", f'{SLIM}{BEFORE}{lines}ENTRYPOINT ["./boot.sh"]\n', {"boot.sh": script}))
    assert isinstance(made, Split)
    assert "RUN python -m venv venv\n" in made.plan.text().rpartition("\nFROM ")[2]


@pytest.mark.parametrize("command", ['ENTRYPOINT ["./boot.sh"]\n', "CMD ./boot.sh\n"])
def test_an_environment_that_a_start_script_enters_stays_where_only_a_mount_brings_the_script(command: str) -> None:
    lines = "RUN python -m venv venv\nRUN pip install -r requirements.txt\nCOPY app.py ./\n"
    files = {
        "boot.sh": "#!/bin/sh\n. venv/bin/activate\nexec flask run\n",
        "compose.yaml": "services: {web: {build: ., volumes: ['./boot.sh:/app/boot.sh']}}",
    }
    made = found(Case("", f"{SLIM}{BEFORE}{lines}{command}", files))
    assert isinstance(made, Split)
    assert "RUN python -m venv venv\n" in made.plan.text().rpartition("\nFROM ")[2]


def test_a_mount_of_the_script_that_the_image_has_makes_no_second_start() -> None:
    files = {
        "boot.sh": "#!/bin/sh\nexec flask run\n",
        "compose.yaml": "services: {web: {build: ., volumes: ['.:/app']}}",
    }
    project = Project(Tree.of({"Dockerfile": f'{SLIM}{BEFORE}COPY boot.sh ./\nENTRYPOINT ["./boot.sh"]\n', **files}))
    assert [start.role for start in starts(project) if start.program == "flask"] == ["script"]
