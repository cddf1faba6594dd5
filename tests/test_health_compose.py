"""Several roles of one image: the check goes to the service in the compose file, and not into the image."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.engine import check, rewrite
from pydock.project import Project
from pydock.rules import RULES
from pydock.text import Safety
from pydock.yaml_text import document

ONLY = tuple(rule for rule in RULES if rule.code == "PYD402")
DOCKERFILE = (
    'FROM python:3.12.1-slim-bookworm\nWORKDIR /srv\nCOPY . .\nCMD ["gunicorn", "-w", "2", "-b", ":8000", "shop:app"]\n'
)
FILES = {
    "Dockerfile": DOCKERFILE,
    "shop.py": "from flask import Flask\n\napp = Flask(__name__)\n\n\n"
    "@app.get('/health')\ndef health():\n    return 'ok'\n",
}
WORKER = "  worker:\n    build: .\n    command: celery -A shop worker\n"
# What the check of `web` asks, where it gets one.
PROMISES: dict[str, tuple[dict[str, str], str]] = {
    "a server beside a worker is asked for its route": (
        {"compose.yml": f"services:\n  web:\n    build: .\n    ports:\n      - 8000:8000\n\n{WORKER}"},
        "/health",
    ),
    "a worker runs the image by the name that compose gives it": (
        {
            "compose.yml": "services:\n  web:\n    build: .\n  worker:\n    image: shop-web:latest\n"
            "    command: celery -A shop worker\n"
        },
        "/health",
    ),
    "a server with a command of its own is asked at its own port": (
        {
            "compose.yml": f"services:\n{WORKER}  web:\n    build: .\n"
            "    command: uvicorn shop:app --host 0.0.0.0 --port 9000\n"
        },
        "9000",
    ),
    "an entry script that is given what to run is followed": (
        {
            "Dockerfile": DOCKERFILE.replace('CMD ["gunicorn", "-w", "2", "-b", ":8000", "shop:app"]', "")
            + 'ENTRYPOINT ["/srv/start.sh"]\nCMD ["worker"]\n',
            "start.sh": '#!/bin/sh\ncase "$1" in\nworker) exec celery -A shop worker ;;\n'
            "web) exec gunicorn -w 2 -b :8080 shop:app ;;\nesac\n",
            "compose.yml": "services:\n  worker:\n    build: .\n  web:\n    build: .\n    command: web\n",
        },
        "8080",
    ),
    "a service that another one extends gets none, for the other would have it too": (
        {
            "compose.yml": "services:\n  web:\n    build: .\n  worker:\n    extends: {service: web}\n"
            "    build: .\n    command: celery -A shop worker\n"
        },
        "",
    ),
    "a service whose keys another one shares gets none": (
        {
            "compose.yml": "services:\n  web: &web\n    build: .\n    init: true\n  worker:\n    <<: *web\n"
            "    command: celery -A shop worker\n"
        },
        "",
    ),
    "a service that an override has listen elsewhere gets none": (
        {
            "compose.yml": f"services:\n  web:\n    build: .\n{WORKER}",
            "compose.override.yml": "services:\n  web:\n    command: flask --app shop run --host 0.0.0.0 --port 5000\n",
        },
        "",
    ),
    "a service that an override builds as another stage gets none": (
        {
            "Dockerfile": DOCKERFILE.replace("bookworm", "bookworm AS dev", 1)
            + DOCKERFILE.replace("bookworm", "bookworm AS prod", 1),
            "compose.yml": f"services:\n  web:\n    build: {{context: ., target: prod}}\n{WORKER}",
            "compose.dev.yml": "services:\n  web:\n    build: {target: dev}\n    command: flask run --port 5000\n"
            "    depends_on: [db]\n  db: {ports: ['1:2']}\n",
        },
        "",
    ),
    "a service that an override only publishes gets its check once": (
        {
            "compose.yml": f"services:\n  web:\n    build: .\n{WORKER}",
            "compose.override.yml": "services:\n  web:\n    ports: ['8000:8000']\n",
        },
        "/health",
    ),
    "a service with a check keeps its own": (
        {
            "compose.yml": "services:\n  web:\n    build: .\n    healthcheck:\n      test: curl -f localhost:8000\n"
            f"{WORKER}"
        },
        "curl",
    ),
    "a service in a line of its own has its check there": (
        {"compose.yml": f"services:\n  web: {{build: ., ports: ['8000:8000']}}\n{WORKER}"},
        "/health",
    ),
    "a service whose keys end in a flow over several lines gets none": (
        {"compose.yml": f"services:\n  web:\n    build: .\n    ports: [\n      '8000:8000'\n    ]\n{WORKER}"},
        "",
    ),
}


@pytest.mark.parametrize("promise", PROMISES)
def test_the_check_goes_to_the_service(promise: str) -> None:
    files, asked = PROMISES[promise]
    report = rewrite(Project(Tree.of({**FILES, **files})), ONLY, Safety.SAFE)
    assert "HEALTHCHECK" not in report.result.dockerfile.text
    services = document(report.result.tree.text("compose.yml") or "")["services"]
    assert {name for name, entry in services.items() if "healthcheck" in entry} == ({"web"} if asked else set())
    assert asked in str(services["web"].get("healthcheck", ""))
    assert [path for path in report.changed if path != "compose.yml"] == []


def test_the_lines_are_those_of_compose_and_nothing_else_changes() -> None:
    text = f"# the shop\nservices:\n  web:\n    build: .\n    ports: ['8000:8000']  # published\n\n{WORKER}"
    report = rewrite(Project(Tree.of({**FILES, "compose.yml": text})), ONLY, Safety.SAFE)
    added = (
        "    healthcheck:\n"
        '      test: ["CMD", "python", "-I", "-S", "-c", "import sys, http.client; '
        "c = http.client.HTTPConnection('127.0.0.1', 8000, timeout=3); c.request('GET', '/health'); "
        'sys.exit(c.getresponse().status >= 400)"]\n'
        "      interval: 30s\n      timeout: 5s\n      start_period: 30s\n      retries: 3\n"
    )
    assert report.result.tree.text("compose.yml") == text.replace("# published\n", f"# published\n{added}")


def test_services_that_have_their_checks_are_no_finding() -> None:
    text = f"services:\n  web:\n    build: .\n{WORKER}"
    before = Project(Tree.of({**FILES, "compose.yml": text}))
    assert [each.rule.code for each in check(before, ONLY)] == ["PYD402"]
    assert check(rewrite(before, ONLY, Safety.SAFE).result, ONLY) == ()
