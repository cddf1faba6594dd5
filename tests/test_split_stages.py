"""Files with several stages: the one that installs is split where it stands, the others stay as they are."""

from __future__ import annotations

import pytest

from pydock.context import Tree
from pydock.project import Project
from pydock.split import Refusal, Split, split

FILES = {
    "requirements.txt": "flask==3.1.2\n",
    "app.py": "import flask\n",
    "web/package.json": "{}\n",
    "pyproject.toml": "[tool.poetry]\nname = 'x'\nversion = '1'\n[tool.poetry.dependencies]\nflask = '3.1.2'\n",
}
INSTALL = "WORKDIR /app\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\nCOPY app.py ./\n"
CMD = 'CMD ["python", "app.py"]\n'
NODE = "FROM node:22 AS web\nWORKDIR /web\nCOPY web ./\nRUN npm ci && npm run build\n"
EXPORT = (
    "FROM python:3.12 AS lists\nWORKDIR /tmp\nRUN pip install poetry\nCOPY pyproject.toml ./\n"
    "RUN poetry export -o requirements.txt\n"
)
VENV = "RUN python -m venv /opt/venv && /opt/venv/bin/pip install -r requirements.txt\n"


def decided(dockerfile: str) -> Split | Refusal | None:
    return split(Project(Tree.of({**FILES, "Dockerfile": dockerfile})))


@pytest.mark.parametrize(
    ("dockerfile", "froms", "has"),
    [
        pytest.param(
            f"{NODE}FROM python:3.12\n{INSTALL}COPY --from=web /web/dist ./static\n{CMD}",
            ("node:22 AS web", "python:3.12 AS builder", "python:3.12-slim"),
            "COPY --from=web /web/dist ./static",
            id="a node stage in front makes the pages",
        ),
        pytest.param(
            f"FROM mwader/static-ffmpeg:7.1 AS ffmpeg\nFROM python:3.12\nCOPY --from=ffmpeg /ffmpeg /usr/local/bin/\n"
            f"{INSTALL}{CMD}",
            ("mwader/static-ffmpeg:7.1 AS ffmpeg", "python:3.12 AS builder", "python:3.12-slim"),
            "COPY --from=ffmpeg /ffmpeg /usr/local/bin/",
            id="a program comes from an image with a stage of its own",
        ),
        pytest.param(
            f"{EXPORT}FROM python:3.12\nWORKDIR /app\nCOPY --from=lists /tmp/requirements.txt ./\n"
            f"RUN pip install -r requirements.txt\nCOPY app.py ./\n{CMD}",
            ("python:3.12 AS lists", "python:3.12 AS builder", "python:3.12-slim"),
            "COPY --from=lists /tmp/requirements.txt ./\nRUN pip --python",
            id="a stage writes the list of requirements with poetry",
        ),
        pytest.param(
            f"FROM python:3.12 AS base\n{INSTALL}FROM base AS web\n{CMD}",
            ("python:3.12 AS builder", "python:3.12-slim AS base", "base AS web"),
            "FROM base AS web\nCMD",
            id="the final stage stands on the one that installs",
        ),
        pytest.param(
            f'FROM python:3.12 AS base\n{INSTALL}FROM base AS worker\nCMD ["python", "-m", "app"]\n'
            f"FROM base AS web\n{CMD}",
            ("python:3.12 AS builder", "python:3.12-slim AS base", "base AS worker", "base AS web"),
            "FROM base AS worker\nCMD",
            id="two services stand on the one that installs",
        ),
        pytest.param(
            f"FROM python:3.12-slim AS base\nENV APP_ENV=production\nFROM base\n{INSTALL}{CMD}",
            ("python:3.12-slim AS base", "base AS builder", "base"),
            "FROM base\nWORKDIR /app\nENV PATH=",
            id="what installs stands on a slim stage with settings",
        ),
        pytest.param(
            f"FROM python:3.12-slim AS base\nRUN pip install poetry\nFROM base\nWORKDIR /app\nCOPY pyproject.toml ./\n"
            f"RUN poetry config virtualenvs.create false && poetry install --no-root\nCOPY app.py ./\n{CMD}",
            ("python:3.12-slim AS base", "base AS builder", "base"),
            "poetry install --no-root\n\nFROM base",
            id="the stage below has the tool that installs",
        ),
        pytest.param(
            f"FROM python:3.12 AS app\n{INSTALL}{CMD}FROM nginx AS proxy\nCOPY --from=app /app /srv\nFROM app\n{CMD}",
            ("python:3.12 AS builder", "python:3.12-slim AS app", "nginx AS proxy", "app"),
            "COPY --from=app /app /srv",
            id="another stage takes files of it by its name",
        ),
        pytest.param(
            f"FROM python:3.12\n{INSTALL}FROM nginx\nCOPY --from=0 /app /srv\nFROM nginx\nCOPY --from=1 /srv /srv\n",
            (),
            "",
            id="a stage that ships no Python is left alone",
        ),
        pytest.param(
            f"FROM python:3.12 AS app\n{INSTALL}FROM alpine\nCOPY --from=0 /app /srv\nFROM app\n"
            f"COPY --from=1 /srv /srv\nRUN --mount=type=bind,from=1,target=/mnt true\n{CMD}",
            ("python:3.12 AS builder", "python:3.12-slim AS app", "alpine", "app"),
            "COPY --from=1 /app /srv\nFROM app\nCOPY --from=2 /srv /srv\nRUN --mount=type=bind,from=2,target=/mnt true",
            id="stages behind it are called by their new numbers",
        ),
        pytest.param(
            f"{NODE}FROM python:3.12\n{INSTALL}COPY --from=0 /web/dist ./static\n{CMD}",
            ("node:22 AS web", "python:3.12 AS builder", "python:3.12-slim"),
            "COPY --from=0 /web/dist ./static",
            id="a stage in front keeps its number",
        ),
        pytest.param(
            f"FROM golang:1.23 AS tool\nRUN go install example.com/tool@v1\nFROM python:3.12\n"
            f"COPY --from=tool /go/bin/tool /usr/local/bin/tool\n{INSTALL}RUN tool --version\n{CMD}",
            ("golang:1.23 AS tool", "python:3.12 AS builder", "python:3.12-slim"),
            "COPY --from=tool /go/bin/tool /usr/local/bin/tool",
            id="a Go program is made beside it",
        ),
        pytest.param(
            f"FROM node:22 AS builder\nRUN npm i\nFROM python:3.12\n{INSTALL}COPY --from=builder /x ./x\n{CMD}",
            ("node:22 AS builder", "python:3.12 AS build", "python:3.12-slim"),
            "COPY --from=build /opt/venv /opt/venv",
            id="the name builder is taken",
        ),
        pytest.param(
            f"FROM python:3.12 AS app\n{INSTALL}{CMD}FROM app AS test\nRUN python -m unittest\nFROM app\n",
            ("python:3.12 AS builder", "python:3.12-slim AS app", "app AS test", "app"),
            "FROM app AS test\nRUN python -m unittest",
            id="tests run on top of what ships",
        ),
        pytest.param(
            f"FROM python:3.12 AS app\n{INSTALL}{CMD}FROM app AS version\nRUN git describe > /v\nFROM app\n{CMD}",
            ("python:3.12 AS builder", "python:3.12-slim AS app", "app AS version", "app"),
            "# a command below calls git\nRUN apt-get update",
            id="a stage on top calls a program of the full image",
        ),
    ],
)
def test_the_stage_that_installs_is_split_where_it_stands(dockerfile: str, froms: tuple[str, ...], has: str) -> None:
    found = decided(dockerfile)
    if not froms:
        assert found is None
        return
    assert isinstance(found, Split), found
    text = found.plan.text()
    assert tuple(line.removeprefix("FROM ") for line in text.splitlines() if line.startswith("FROM ")) == froms
    assert has in text


def test_the_table_of_a_split_names_each_stage_by_what_it_is() -> None:
    found = decided(f"{NODE}FROM python:3.12 AS app\n{INSTALL}FROM nginx\nCOPY --from=app /app /srv\nFROM app\n{CMD}")
    assert isinstance(found, Split)
    wheres = dict.fromkeys(where.partition(",")[0] for _, where, _ in found.plan.table())
    assert tuple(wheres) == ("stage web", "builder", "runtime", "stage 3", "stage 4", "dropped")[: len(wheres)]


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param(
            f"FROM python:3.12 AS b\nCOPY requirements.txt .\n{VENV}FROM python:3.12-slim\n"
            f"COPY --from=b /opt/venv /opt/venv\nENV PATH=/opt/venv/bin:$PATH\nCOPY app.py .\n{CMD}",
            id="an environment comes from another stage",
        ),
        pytest.param(
            "FROM python:3.12 AS b\nCOPY requirements.txt .\nRUN pip wheel -w /wheels -r requirements.txt\n"
            f"FROM python:3.12-slim\nCOPY --from=b /wheels /wheels\nRUN pip install /wheels/*\nCOPY app.py .\n{CMD}",
            id="wheels come from another stage",
        ),
        pytest.param(
            "FROM python:3.12 AS b\nCOPY requirements.txt .\nRUN pip install --prefix=/install -r requirements.txt\n"
            f"FROM python:3.12-slim\nCOPY --from=b /install /usr/local\nRUN pip install gunicorn\n{CMD}",
            id="a prefix comes from another stage, and one package more is installed",
        ),
        pytest.param(
            "FROM python:3.12 AS b\nCOPY requirements.txt .\nRUN pip install --user -r requirements.txt\n"
            f"FROM python:3.12-slim\nCOPY --from=b /root/.local /root/.local\nCOPY app.py .\n{CMD}",
            id="the packages of a user come from another stage",
        ),
        pytest.param(
            f"FROM python:3.12-slim AS base\nWORKDIR /app\nFROM base AS b\nCOPY requirements.txt .\n{VENV}"
            f"FROM base AS production\nCOPY --from=b /opt/venv /opt/venv\nCOPY app.py .\n{CMD}"
            "FROM production AS test\nCOPY app.py test.py\n",
            id="tests stand on a stage that takes its environment from another",
        ),
    ],
)
def test_a_file_that_has_its_builder_is_not_split(dockerfile: str) -> None:
    assert decided(dockerfile) is None


@pytest.mark.parametrize(
    "dockerfile",
    [
        pytest.param(
            f"FROM python:3.12 AS app\n{INSTALL}{CMD}FROM app AS dev\nRUN pip install pytest\nFROM app\n{CMD}",
            id="a stage for development that does not ship",
        ),
        pytest.param(
            f"FROM python:3.12 AS app\n{INSTALL}FROM app\nRUN pip install gunicorn\n{CMD}",
            id="the final stage",
        ),
    ],
)
def test_what_installs_on_top_of_the_packages_stands_in_the_way(dockerfile: str) -> None:
    found = decided(dockerfile)
    assert isinstance(found, Refusal)
    assert found.reason == "two installs"
