"""A script of the context decides something about the image where something in a container calls it."""

from __future__ import annotations

import pytest

from pydock.split import Refusal, Split
from tests.split_cases import INSTALL, PLAIN, SLIM, Case, found

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
