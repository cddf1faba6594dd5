"""What a split leaves behind: nothing dead in either stage, and nothing gone that something may call."""

from __future__ import annotations

import pytest

from pydock.split import Refusal, Split
from tests.split_cases import BEFORE, CMD, FULL, INSTALL, SLIM, Case, found

APT = "RUN apt-get update && apt-get install -y "
PROJECT = "[tool.poetry]\nname = 'x'\nversion = '1'\n[tool.poetry.dependencies]\nflask = '3.1.2'\n"
SHOP = "COPY shop shop\n"
REQUIRED = "RUN pip install -r requirements.txt\n"
FETCHED = (
    "RUN apt-get update && apt-get install -y curl\n"
    "RUN curl -sSL https://install.python-poetry.org | POETRY_HOME=/opt/poetry python3 -\n"
)
LOCKED = "COPY pyproject.toml poetry.lock* /app/\nWORKDIR /app\nRUN poetry install --no-root\nCOPY app.py .\n"
DESCRIBED = {
    "pyproject.toml": f"[build-system]\nrequires = ['setuptools']\n[tool.ruff]\nline-length = 99\n{PROJECT}",
    "README.md": "A shop.\n",
    "shop/__init__.py": "",
    "app.py": "",
}
NAMED = "WORKDIR /app\nRUN pip install flask==3.1.2\nCOPY . .\n"


def test_each_half_of_a_run_has_the_caches_of_its_own_tools_alone() -> None:
    caches = "--mount=type=cache,target=/root/.cache/pip \\\n    --mount=type=cache,target=/var/cache/apt \\\n    "
    text = f"{SLIM}{BEFORE}RUN {caches}apt-get update && apt-get install -y ffmpeg && pip install -r requirements.txt\n"
    split = found(Case("", f"{text}COPY . .\n{CMD}"))
    assert isinstance(split, Split), split
    builder, _, runtime = split.plan.text().partition("\nFROM ")
    assert "RUN --mount=type=cache,target=/root/.cache/pip \\\n    pip --python /opt/venv install -r" in builder
    assert "RUN --mount=type=cache,target=/var/cache/apt,sharing=locked \\\n    apt-get update" in runtime


def test_a_comment_inside_an_env_goes_where_its_variable_goes() -> None:
    text = "ENV PIP_NO_INPUT=1 \\\n    # at once\n    PYTHONUNBUFFERED=1 \\\n    # slow index\n    PIP_TIMEOUT=90\n"
    split = found(Case("", f"{SLIM}{text}{INSTALL}{CMD}"))
    assert isinstance(split, Split), split
    builder, _, runtime = split.plan.text().partition("\nFROM ")
    assert "ENV PIP_NO_INPUT=1 \\\n    # slow index\n    PIP_TIMEOUT=90\n" in builder
    assert "# at once\nENV PYTHONUNBUFFERED=1\n" in runtime


@pytest.mark.parametrize(
    ("case", "gone"),
    [
        pytest.param(
            Case("", f"{SLIM}{INSTALL}RUN find /usr/local -name '*.pyc' | xargs rm -f\n{CMD}"),
            "find",
            id="a clean-up of bytecode that xargs removes",
        ),
        pytest.param(
            Case("", f"{SLIM}{INSTALL}RUN find /usr/local/lib -name tests -exec rm -r {{}} +\n{CMD}"),
            "find",
            id="a clean-up of the packages' tests",
        ),
        pytest.param(
            Case("", f"{SLIM}RUN mkdir -p /root/.ssh && echo x > /root/.ssh/known_hosts\n{INSTALL}{CMD}"),
            "mkdir",
            id="a folder for keys that only the install reads",
        ),
        pytest.param(
            Case("", f"{SLIM}RUN pip install uv\nENV UV_CACHE_DIR=/tmp/uv\n{INSTALL.replace('pip', 'uv pip')}{CMD}"),
            "UV_CACHE_DIR",
            id="a setting that only uv reads",
        ),
        pytest.param(
            Case(
                "",
                f"{SLIM}WORKDIR /app\nRUN pip install poetry && poetry --version\nCOPY pyproject.toml ./\n"
                f"RUN poetry config virtualenvs.create false && poetry install --no-root\nCOPY . .\n{CMD}",
                {"pyproject.toml": PROJECT},
            ),
            "--version",
            id="a version that is asked of the manager",
        ),
        pytest.param(
            Case(
                "", f"{SLIM}WORKDIR /app\nCOPY pyproject.toml README.md ./\n{SHOP}RUN pip install .\n{CMD}", DESCRIBED
            ),
            "COPY pyproject.toml",
            id="what a project says of itself to its installer",
        ),
        pytest.param(
            Case("", f"{SLIM}{BEFORE}{REQUIRED}COPY pyproject.toml ./\nCOPY . .\n{CMD}", DESCRIBED),
            "COPY pyproject.toml",
            id="a file that a later COPY brings again",
        ),
        pytest.param(
            Case("", f"{SLIM}COPY requirements.txt /\n{INSTALL}{CMD}"),
            "COPY requirements.txt /",
            id="a list that nothing reads",
        ),
        pytest.param(
            Case("", f"{SLIM}{FETCHED}RUN ln -s /opt/poetry/bin/poetry /usr/bin\n{LOCKED}{CMD}", DESCRIBED),
            "ln -s",
            id="a link to the manager",
        ),
        pytest.param(
            Case("", f"{SLIM}{FETCHED}ENV PATH=/opt/poetry/bin:$PATH\n{LOCKED}{CMD}", DESCRIBED),
            "pyproject.toml",
            id="a lock that may not be there",
        ),
        pytest.param(
            Case("", f"{SLIM}{APT}gcc\nENV CC=/usr/bin/gcc CFLAGS=-O3 LEVEL=1\n{NAMED}{CMD}"),
            "gcc",
            id="a variable that names a compiler",
        ),
        pytest.param(
            Case(
                "",
                f"FROM python:3.11-bookworm\n{APT}libgl1-mesa-glx\n{INSTALL}{CMD}",
                {"requirements.txt": "opencv-python\n"},
            ),
            " libgl1 ",
            id="a library that another package brings",
        ),
    ],
)
def test_the_runtime_stage_has_nothing_without_a_use(case: Case, gone: str) -> None:
    split = found(case)
    assert isinstance(split, Split), split
    assert gone not in split.plan.text().rpartition("\nFROM ")[2]


@pytest.mark.parametrize(
    ("dockerfile", "files", "builder", "runtime"),
    [
        pytest.param(
            f"{SLIM}{INSTALL}RUN find /app -name '*.orig' -delete\n{CMD}",
            {},
            "",
            "find /app",
            id="a clean-up of the source stays",
        ),
        pytest.param(
            f"{SLIM}{APT}git openssh-client\n{NAMED}{CMD}",
            {"app.py": "import subprocess\nsubprocess.run(['git', 'pull'])\n"},
            "",
            "install -y git openssh-client",
            id="ssh stays where the service calls git",
        ),
        pytest.param(
            f"{SLIM}{APT}gcc\nENV CC=/usr/bin/gcc\n{NAMED}{CMD}",
            {"app.py": "import torch\ntorch.compile(print)\n"},
            "CC=/usr/bin/gcc",
            "CC=/usr/bin/gcc",
            id="a variable that names a compiler stays where somebody calls it",
        ),
        pytest.param(
            f"{SLIM}{APT}openssh-client\nCOPY . .\nRUN pip install .\n{CMD}",
            {"pyproject.toml": "[project]\nname = 'x'\nversion = '1'\ndynamic = ['dependencies']\n"},
            "install -y openssh-client",
            "",
            id="ssh is in the builder where what is asked for is not known",
        ),
        pytest.param(
            f"{FULL}{APT}curl gcc && curl -O https://example.com/x.whl && pip install ./x.whl\nCOPY . .\n{CMD}",
            {},
            "install -y curl",
            "",
            id="what fetches is installed by name once, whatever the image has",
        ),
    ],
)
def test_a_stage_keeps_what_it_may_call(dockerfile: str, files: dict[str, str], builder: str, runtime: str) -> None:
    split = found(Case("", dockerfile, files))
    assert isinstance(split, Split), split
    first, _, second = split.plan.text().rpartition("\nFROM ")
    assert builder in first
    assert runtime in second


def test_a_list_is_left_to_the_builder_where_the_folder_it_came_into_changes_hands() -> None:
    text = f"{SLIM}{BEFORE}RUN pip install -r requirements.txt\nCOPY app.py .\n"
    split = found(Case("", f"{text}RUN useradd web && chown -R web /app\nUSER web\n{CMD}"))
    assert isinstance(split, Split), split
    assert "requirements.txt" not in split.plan.text().rpartition("\nFROM ")[2]


def test_a_list_that_grep_makes_of_another_is_read_and_each_stage_has_what_grep_reads() -> None:
    run = "RUN grep -v torch requirements.txt > some.txt && pip install -r some.txt\n"
    files = {"requirements.txt": "flask\ntorch\n", "app.py": ""}
    split = found(Case("", f"{FULL}{BEFORE}{run}COPY app.py .\n{CMD}", files))
    assert isinstance(split, Split), split
    assert not split.doubts
    for stage in split.plan.text().split("\nFROM "):
        assert stage.index("COPY requirements.txt") < stage.index("RUN grep -v torch requirements.txt > some.txt")


def test_an_install_whose_program_nothing_brings_is_no_split() -> None:
    split = found(Case("", f"{SLIM}WORKDIR /app\nCOPY . .\nRUN poetry install\n{CMD}", {"pyproject.toml": PROJECT}))
    assert isinstance(split, Refusal)
    assert "nothing above puts it on the PATH" in split.why


def test_a_list_that_poetry_writes_without_a_lock_is_read() -> None:
    dockerfile = f"{FULL}{BEFORE}COPY pyproject.toml ./\nRUN pip install poetry && poetry export -o all.txt\n"
    split = found(Case("", f"{dockerfile}RUN pip install -r all.txt\n{CMD}", {"pyproject.toml": PROJECT}))
    assert isinstance(split, Split), split
    assert split.doubts == ()


@pytest.mark.parametrize(
    ("files", "kept"),
    [
        pytest.param({"shop/about.py": "P = 'pyproject.toml'\n"}, "COPY pyproject.toml ./\n", id="code reads it"),
        pytest.param(
            {"pyproject.toml": f"{PROJECT}[tool.aerich]\nlocation = './migrations'\n"},
            "COPY pyproject.toml ./\n",
            id="it holds settings of a tool that may run",
        ),
    ],
)
def test_a_manifest_stays_for_who_may_read_it(files: dict[str, str], kept: str) -> None:
    dockerfile = f"{SLIM}WORKDIR /app\nCOPY pyproject.toml ./\n{SHOP}RUN pip install .\n{CMD}"
    split = found(Case("", dockerfile, {**DESCRIBED, **files}))
    assert isinstance(split, Split), split
    assert kept in split.plan.text().rpartition("\nFROM ")[2]


def test_a_licence_that_ships_stays() -> None:
    split = found(Case("", f"{SLIM}COPY LICENSE /licenses/\n{INSTALL}{CMD}", {"LICENSE": "MIT\n"}))
    assert isinstance(split, Split), split
    assert "COPY LICENSE /licenses/\n" in split.plan.text().rpartition("\nFROM ")[2]


def test_an_upgrade_has_the_package_lists_that_it_reads_in_its_own_stage() -> None:
    update = "RUN apt-get update && apt-get upgrade -y\nRUN apt-get install -y gcc\n"
    split = found(Case("", f"{SLIM}{update}{INSTALL}{CMD}"))
    assert isinstance(split, Split), split
    builder, _, runtime = split.plan.text().rpartition("\nFROM ")
    assert "RUN apt-get update\nRUN apt-get install -y gcc\n" in builder
    assert "RUN apt-get update && apt-get upgrade -y\n" in runtime


def test_a_fetched_manager_goes_where_the_variable_in_front_of_its_interpreter_says() -> None:
    link = "RUN cd /usr/local/bin && ln -s /opt/poetry/bin/poetry\n"
    split = found(Case("", f"{SLIM}{FETCHED}{link}{LOCKED}{CMD}", DESCRIBED))
    assert isinstance(split, Split), split
    builder, _, runtime = split.plan.text().rpartition("\nFROM ")
    assert builder.index("POETRY_HOME=/opt/poetry python3") < builder.index("ln -s /opt/poetry/bin/poetry")
    assert "poetry" not in runtime


@pytest.mark.parametrize(
    ("lines", "is_read"),
    [
        pytest.param("RUN pip install -r requirements.txt\n", False, id="not a list of packages"),
        pytest.param(
            "COPY . .\nRUN pip install -r requirements.txt .\n", True, id="modules that an install may import"
        ),
    ],
)
def test_the_builder_has_the_path_of_modules_only_with_modules_there(lines: str, is_read: bool) -> None:
    path = "ENV PYTHONPATH=/app\n"
    made = found(Case("", f"{SLIM}{path}{BEFORE}{lines}{CMD}", {"setup.py": "import setup_tools\n"}))
    assert isinstance(made, Split)
    builder, _, runtime = made.plan.text().rpartition("\nFROM ")
    assert (path in builder) is is_read
    assert path in runtime


@pytest.mark.parametrize(
    ("copy", "builder"),
    [
        pytest.param("requirements.txt requirements.lock.txt ./", "COPY requirements.lock.txt ./\n", id="by words"),
        pytest.param(
            '["requirements.txt", "requirements.lock.txt", "/app/"]', "COPY requirements.lock.txt ./\n", id="by JSON"
        ),
        pytest.param(
            "requirements.txt base.txt ./", "COPY requirements.txt base.txt ./\n", id="not where one names the other"
        ),
    ],
)
def test_a_list_that_nobody_reads_is_not_copied_beside_its_lock(copy: str, builder: str) -> None:
    name = copy.split()[1].strip('",') if "lock" in copy else "requirements.txt"
    text = f"{SLIM}WORKDIR /app\nCOPY {copy}\nRUN pip install -r {name}\nCOPY app.py ./\n{CMD}"
    files = {"requirements.txt": "-r base.txt\n", "base.txt": "flask\n", "requirements.lock.txt": "flask==3.1.2\n"}
    made = found(Case("", text, {**files, "app.py": ""}))
    assert isinstance(made, Split)
    assert builder in made.plan.text().partition("\nFROM ")[0]
