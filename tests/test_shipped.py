"""The stage that ships is the one that is made better; images for tests and development are left as they are."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check
from pydock.project import Project
from pydock.rules import RULES

PRODUCTION = 'FROM base AS production\nCMD ["gunicorn", "app:app"]\n'
SERVES = f"FROM python:3.12-slim AS base\n{PRODUCTION}"
WEB = 'FROM base AS web\nCMD ["gunicorn", "app:app"]\n'
TESTS = 'FROM production AS test\nCMD ["python", "-m", "unittest"]\n'
WORKFLOW = "jobs:\n  b:\n    steps:\n      - uses: docker/build-push-action@v6\n        with:\n          target: {}\n"

STAGES: dict[str, tuple[str, dict[str, str], str]] = {
    "the last one": (SERVES, {}, "production"),
    "the one in front of the tests": (f"{SERVES}{TESTS}", {}, "production"),
    "the one in front of what runs pytest": (f'{SERVES}FROM production\nCMD ["pytest"]\n', {}, "production"),
    "the one in front of development": (f"{SERVES}FROM production AS dev\nUSER dev\n", {}, "production"),
    "the one that a pipeline builds": (
        f"{SERVES}{WEB}{TESTS}",
        {".github/workflows/p.yml": WORKFLOW.format("web")},
        "web",
    ),
    "the one that compose builds": (
        f"{SERVES}{WEB}{TESTS}",
        {"compose.yaml": "services:\n  a:\n    build:\n      context: .\n      target: web\n"},
        "web",
    ),
    "the one that a bake file builds": (
        f"{SERVES}{WEB}{TESTS}",
        {"docker-bake.hcl": 'target "shop" {\n  target = "web"\n}\n'},
        "web",
    ),
    "the one that is called like a product, where nothing else tells": (f"{SERVES}{WEB}{TESTS}", {}, "production"),
    "the tests, where a pipeline builds those alone": (
        f"{SERVES}{TESTS}",
        {".github/workflows/p.yml": WORKFLOW.format("test")},
        "production",
    ),
    "the last one, whose name only sounds like it": (f"{SERVES}FROM production AS latest\n", {}, "latest"),
    "the last one, where no other runs anything": ("FROM python:3.12 AS base\nFROM base AS test\n", {}, "test"),
}


@pytest.mark.parametrize(("text", "files", "expected"), STAGES.values(), ids=STAGES)
def test_the_stage_that_ships_is(text: str, files: dict[str, str], expected: str) -> None:
    assert Project(Tree.of({"Dockerfile": text, **files})).final.name == expected


ASIDE = {
    "tests/Dockerfile": "tests",
    "Dockerfile.test": "tests",
    "docker/Dockerfile-test": "tests",
    "Dockerfile.dev": "development",
    "docker/dev.Dockerfile": "development",
    ".devcontainer/Dockerfile": "development",
    "Dockerfile": "",
    "Dockerfile.latest": "",
    "contests/Dockerfile": "",
    "docker/Dockerfile.device": "",
}


@pytest.mark.parametrize(("path", "purpose"), ASIDE.items(), ids=ASIDE)
def test_an_image_that_nobody_serves_with_gets_no_user_and_that_is_said(path: str, purpose: str) -> None:
    text = 'FROM python:3.12.1-slim-bookworm\nWORKDIR /app\nCOPY . .\nCMD ["python", "app.py"]\n'
    only = [rule for rule in RULES if rule.code == "PYD401"]
    (found,) = check(Project(Tree.of({path: text, "app.py": "print(1)\n"}), path), only)
    assert (found.fix is None) is bool(purpose)
    assert (f"the image is for {purpose}" in found.advice) is bool(purpose)
