"""How the builder fills the environment: whose pip, which packages of the system."""

from __future__ import annotations

import re

import pytest

from pydock.context import Tree
from pydock.project import Options, Project
from pydock.split import Refusal, Split, split
from tests.split_cases import BEFORE, CMD, FULL, INSTALL, PLAIN, SLIM, Case, found, lacking


@pytest.mark.parametrize(
    "setting",
    [
        "ENV PIP_INDEX_URL=https://example.org/simple\n",
        "COPY pip.conf /etc/pip.conf\n",
        "RUN pip config set global.index-url https://example.org/simple\n",
    ],
    ids=["a variable", "a file", "a command"],
)
def test_pip_stays_where_it_is_told_what_uv_does_not_read(setting: str) -> None:
    told = f"{SLIM}{setting}{INSTALL}{CMD}"
    for text, program in ((told, "pip --python /opt/venv install"), (PLAIN, "uv pip install")):
        tree = Tree.of({"requirements.txt": "flask\n", "Dockerfile": text})
        result = split(Project(tree, options=Options(installer="uv")))
        assert isinstance(result, Split)
        assert f"RUN {program} -r requirements.txt" in result.plan.text()


NEWEST = "FROM python:3.13-slim\n"
OUTSIDE = "RUN python -m venv --without-pip /opt/venv\n"
APART = "RUN python -m venv /opt/venv\n"
SYNC = "COPY pyproject.toml uv.lock ./\nRUN uv sync --locked\n"
PIPS = (
    Case(
        "plain installs are the work of the image's pip",
        PLAIN,
        builder=(OUTSIDE, "RUN pip --python /opt/venv install -r"),
    ),
    Case(
        "pip3, a module of Python and a pipe are plain, too",
        f"{SLIM}{BEFORE}RUN pip3 install flask && python3 -m pip check && cat requirements.txt | grep -v x"
        " | xargs -0 true && echo flask | pip install -c requirements.txt flask\n",
        builder=(
            OUTSIDE,
            "pip3 --python /opt/venv install flask",
            "python3 -m pip --python /opt/venv check",
            "| pip --python /opt/venv install -c",
        ),
    ),
    Case(
        "a newer pip is the builder's",
        f"{SLIM}{BEFORE}RUN pip install --upgrade pip && pip install -r requirements.txt\n",
        builder=("RUN pip install --upgrade pip\n", OUTSIDE, "RUN pip --python /opt/venv install -r"),
    ),
    Case(
        "newer setuptools beside a pip that fills another environment serve nobody",
        f"{SLIM}{BEFORE}RUN pip install --upgrade pip setuptools\nRUN pip install -r requirements.txt\n",
        builder=("RUN pip install --upgrade pip\n", OUTSIDE.strip(), "RUN pip --python /opt/venv install -r"),
    ),
    Case(
        "a pip of its own is that of the image, where Python brings an older one",
        f"FROM python:3.7.2-slim\n{BEFORE}RUN pip install -r requirements.txt\n",
        builder=(
            "RUN python -m venv /opt/venv \\\n    && /opt/venv/bin/pip install pip==$PYTHON_PIP_VERSION\n",
            'ENV PATH="/opt/venv/bin:$PATH"\n',
            "RUN pip install -r requirements.txt",
        ),
    ),
    Case(
        "a newer pip, and what builds with it, are those of an environment with a pip of its own",
        f"FROM python:3.8.6-slim\n{BEFORE}RUN pip install --upgrade pip wheel && pip install -r requirements.txt\n",
        builder=(
            APART,
            'ENV PATH="/opt/venv/bin:$PATH"\n',
            "RUN pip install --upgrade pip wheel && pip install -r requirements.txt",
        ),
    ),
    Case(
        "setuptools that an image without it was given is the environment's, too",
        f"{NEWEST}{BEFORE}RUN pip install --upgrade pip setuptools wheel\nRUN pip install -r requirements.txt\n",
        {"requirements.txt": "something-unknown\n"},
        builder=(
            "# setuptools before 82, which took pkg_resources out\n",
            "--without-pip /opt/venv \\\n    && pip --python /opt/venv install setuptools==79.0.1",
        ),
    ),
    Case(
        "setuptools beside packages keeps the version that it was given",
        f"{NEWEST}RUN pip install something-unknown setuptools==79.0.1 wheel\n",
        builder=("&& pip --python /opt/venv install setuptools==79.0.1", "install something-unknown\n"),
    ),
    Case(
        "setuptools that no package imports stays with the builder",
        f"{NEWEST}{BEFORE}RUN pip install --upgrade pip setuptools\nRUN pip install -r requirements.txt\n",
        builder=(OUTSIDE,),
    ),
    Case(
        "uv needs no pip in the environment",
        f"{SLIM}RUN pip install uv==0.9.9\n{BEFORE}RUN uv pip install --system -r requirements.txt\n",
        builder=("RUN pip install uv==0.9.9", OUTSIDE, "uv pip install -r"),
    ),
    Case(
        "uv sync never showed the project the image's packages",
        f"{SLIM}COPY --from=uv /uv /bin/\nWORKDIR /app\n{SYNC}",
        {"pyproject.toml": '[project]\nname = "a"\nversion = "1"\n', "uv.lock": ""},
        builder=("RUN python -m venv --without-pip /opt/venv\n", "uv sync --locked"),
    ),
    Case(
        "a manager that is called as a module is called by its name: the environment does not have it",
        f"{SLIM}RUN pip install pipenv\n{BEFORE}COPY Pipfile Pipfile.lock ./\nRUN python -m pipenv sync\n"
        'CMD ["python", "-m", "pipenv", "run", "gunicorn", "app:app"]\n',
        {
            "Pipfile": '[packages]\ngunicorn = "*"\n',
            "Pipfile.lock": '{"default": {"gunicorn": {"version": "==23.0.0"}}}',
        },
        builder=("RUN pip install pipenv", APART, "ENV VIRTUAL_ENV=/opt/venv", "RUN pipenv sync"),
        runtime=("COPY --from=builder /opt/venv /opt/venv", 'CMD ["gunicorn", "app:app"]'),
    ),
    Case(
        "a tool with packages of its own stays apart from the service",
        f"{SLIM}RUN pip install poetry==2.1.4\n{BEFORE}COPY poetry.lock pyproject.toml ./\n"
        "RUN poetry export -o all.txt && pip install -r all.txt\n",
        {"poetry.lock": "", "pyproject.toml": "[tool.poetry]\n"},
        builder=("RUN pip install poetry==2.1.4", OUTSIDE, "&& pip --python /opt/venv install -r all.txt"),
    ),
    Case(
        "a start script that installs finds a pip of the service",
        f'{SLIM}{INSTALL}CMD ["sh", "run.sh"]\n',
        {"run.sh": "pip install -r more.txt\nexec python app.py\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "a compose service that installs finds a pip of the service",
        PLAIN,
        {"compose.yaml": "services:\n  web:\n    build: .\n    command: sh -c 'pip install x && python app.py'\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "code that calls pip by its name finds a pip of the service",
        PLAIN,
        {"app.py": "import subprocess\nsubprocess.run(['pip', 'install', 'x'])\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "a script that nothing in the image runs is the host's",
        PLAIN,
        {"install.sh": "pip3 install -r requirements.txt\n"},
        builder=(OUTSIDE, "RUN pip --python /opt/venv install -r"),
    ),
    Case(
        "a script that the source runs finds a pip of the service",
        PLAIN,
        {"install.sh": "pip3 install -r requirements.txt\n", "app.py": "import os\nos.system('./install.sh')\n"},
        builder=(APART, "RUN pip install -r"),
    ),
    Case(
        "a comment calls nothing",
        PLAIN,
        {"run.sh": "# first: pip install x, or pip install --user x\nexec python app.py\n"},
        builder=(OUTSIDE, "RUN pip --python /opt/venv install -r"),
    ),
    Case(
        "what is taken away leaves the environment",
        f"{SLIM}{INSTALL}RUN pip uninstall -y flask\n",
        builder=(OUTSIDE, "RUN pip --python /opt/venv uninstall -y flask"),
    ),
)


@pytest.mark.parametrize("case", PIPS, ids=lambda case: case.does)
def test_the_environment_has_a_pip_of_its_own_only_where_one_is_needed(case: Case) -> None:
    assert not lacking(case)


APT = "RUN apt-get update && apt-get install -y --no-install-recommends"
HEADERS = (
    ("what the full image has", FULL, "gcc libpq-dev", "", ""),
    ("the rest of what is asked for", FULL, "gcc libldap2-dev", "", "install -y --no-install-recommends libldap2-dev"),
    ("slim has none of it", SLIM, "gcc libpq-dev", "", "install -y --no-install-recommends gcc libpq-dev"),
    ("a certain version", FULL, "libpq-dev=15.1-1", "", "libpq-dev=15.1-1"),
    ("a certain release", FULL, "-t bookworm-backports libpq-dev", "", "-t bookworm-backports libpq-dev"),
    (
        "another source of packages",
        FULL,
        "libpq-dev",
        "COPY x.list /etc/apt/sources.list.d/\n",
        "install -y --no-install-recommends libpq-dev",
    ),
)


@pytest.mark.parametrize(
    ("base", "packages", "setting", "wanted"), [e[1:] for e in HEADERS], ids=[e[0] for e in HEADERS]
)
def test_the_builder_installs_nothing_that_its_image_has(base: str, packages: str, setting: str, wanted: str) -> None:
    result = found(Case("", f"{base}{setting}# for the driver\n{APT} {packages}\n{INSTALL}"))
    assert isinstance(result, Split)
    builder, _, runtime = result.plan.text().partition("\n\nFROM ")
    assert "# for the driver" in result.plan.text()
    assert ("apt-get" in builder) == bool(wanted)
    assert wanted in builder
    assert "libpq5" in runtime or "libpq-dev" not in packages or "=" in packages


def test_a_uv_that_is_brought_and_its_environment_are_one_layer_of_the_builder_alone() -> None:
    tree = Tree.of({"requirements.txt": "flask\n", "Dockerfile": PLAIN})
    result = split(Project(tree, options=Options(installer="uv")))
    assert isinstance(result, Split)
    builder, _, runtime = result.plan.text().partition("\n\nFROM ")
    assert re.search(r"RUN pip install uv==\S+ \\\n    && python -m venv --without-pip .*/opt/venv\n", builder)
    assert "uv pip install -r requirements.txt" in builder
    assert "uv" not in runtime.replace("venv", "")


@pytest.mark.parametrize("variables", ["ENV HOME_OF=/srv\nENV APP_HOME=$HOME_OF/app\n", "ARG APP_HOME=/srv/app\n"])
def test_the_builder_knows_the_variables_of_the_folder_it_works_in(variables: str) -> None:
    dockerfile = f"{FULL}{variables}WORKDIR $APP_HOME\nCOPY . .\nRUN pip install flask\n{CMD}"
    wanted = (*variables.splitlines(keepends=True), "WORKDIR $APP_HOME")
    assert not lacking(Case("", dockerfile, builder=wanted, runtime=wanted))


def test_a_variable_that_keeps_uv_out_of_a_venv_stands_in_the_way() -> None:
    refusal = found(Case("", f"{SLIM}ENV UV_SYSTEM_PYTHON=1\n{INSTALL}{CMD}"))
    assert isinstance(refusal, Refusal)
    assert refusal.why == "UV_SYSTEM_PYTHON keeps uv out of every venv"
