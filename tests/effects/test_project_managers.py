"""uv, Poetry, pipenv, pdm, hatch, conda and pixi: which environment, what goes there, what that needs."""

from __future__ import annotations

import pytest

from pydock.state import Answer, Effect
from pydock.state.needs import Below, File, Folder, Matching, Program, SourceLink
from tests.effects.python_images import after, brought, done, image, needed, nested

PROJECT = """
[project]
name = "shop"
dependencies = ["flask>=3"]
[project.optional-dependencies]
fast = ["orjson"]
[project.scripts]
shop = "shop:main"
[dependency-groups]
dev = ["pytest"]
docs = [{include-group = "dev"}, "sphinx"]
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
"""
POETRY = """
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
flask = "^3.0"
orjson = {version = "*", optional = true}
[tool.poetry.extras]
fast = ["orjson"]
[tool.poetry.group.dev.dependencies]
pytest = "*"
[tool.poetry.group.docs]
optional = true
[tool.poetry.group.docs.dependencies]
sphinx = "*"
"""
UV_LOCK = """
version = 1
[[package]]
name = "flask"
version = "3.1.2"
dependencies = [{ name = "werkzeug" }]
[[package]]
name = "werkzeug"
version = "3.1.0"
[[package]]
name = "pytest"
version = "8.0"
"""
POETRY_LOCK = """
[[package]]
name = "flask"
version = "3.1.2"
[package.dependencies]
Werkzeug = ">=3"
[[package]]
name = "werkzeug"
version = "3.1.0"
"""
PLAIN = PROJECT.partition("[build-system]")[0]
WORKSPACE = PLAIN + '[tool.uv.sources]\nflask = { workspace = true }\n[tool.uv.workspace]\nmembers = ["libs/*"]\n'


def uv_project(lock: str = UV_LOCK, project: str = PROJECT) -> dict[str, str]:
    return {"/app/pyproject.toml": project, "/app/uv.lock": lock}


UV = [
    pytest.param("uv sync --no-dev", {"flask", "werkzeug", "shop"}, id="all of the lock that hangs on it"),
    pytest.param("uv sync", {"flask", "werkzeug", "shop", "pytest"}, id="the group dev by default"),
    pytest.param("uv sync --no-dev --no-install-project", {"flask", "werkzeug"}, id="without the project"),
    pytest.param("uv sync --no-dev --extra fast", {"flask", "werkzeug", "shop", "orjson"}, id="an extra"),
    pytest.param("uv sync --only-group docs", {"pytest", "sphinx"}, id="one group, with what it includes"),
]


@pytest.mark.parametrize(("command", "names"), UV)
def test_uv_sync_brings(command: str, names: set[str]) -> None:
    assert brought(done(command, image(uv_project()))) == {f"/app/.venv: {name}" for name in names}


def test_a_project_without_a_build_system_is_no_package() -> None:
    assert "/app/.venv: shop" not in brought(done("uv sync", image(uv_project(project=PLAIN))))


PLACES = [
    pytest.param("uv sync", {"UV_PROJECT_ENVIRONMENT": "/opt/venv"}, "/opt/venv", id="uv's own variable"),
    pytest.param("uv sync", {"UV_PROJECT_ENVIRONMENT": "/usr/local"}, "/usr/local", id="the system by the variable"),
    pytest.param("uv sync", {"VIRTUAL_ENV": "/opt/venv"}, "/app/.venv", id="an active one is no matter to uv sync"),
    pytest.param("uv sync --active", {"VIRTUAL_ENV": "/opt/venv"}, "/opt/venv", id="but with --active"),
    pytest.param("uv pip install flask", {"VIRTUAL_ENV": "/opt/venv"}, "/opt/venv", id="uv pip into the active one"),
    pytest.param("uv pip install --system flask", {"VIRTUAL_ENV": "/opt/venv"}, "/usr/local", id="the system"),
    pytest.param("uv pip install -p /opt/venv/bin/python flask", {}, "/opt/venv", id="by the path of a Python"),
    pytest.param("uv pip sync --python /opt/venv list.txt", {}, "/opt/venv", id="by the path of an environment"),
    pytest.param("poetry install", {"POETRY_VIRTUALENVS_CREATE": "false"}, "/usr/local", id="Poetry, none is made"),
    pytest.param("poetry install", {"POETRY_VIRTUALENVS_IN_PROJECT": "1"}, "/app/.venv", id="Poetry, in the project"),
    pytest.param("poetry install", {"VIRTUAL_ENV": "/opt/venv"}, "/opt/venv", id="Poetry, the active one"),
    pytest.param(
        "poetry install", {}, "/root/.cache/pypoetry/virtualenvs/shop-9TtSrW0h-py3.12", id="Poetry, below its cache"
    ),
    pytest.param(
        "poetry install",
        {"POETRY_VIRTUALENVS_PATH": "/envs"},
        "/envs/shop-9TtSrW0h-py3.12",
        id="Poetry, where it is told",
    ),
    pytest.param("poetry -C /srv install", {"POETRY_VIRTUALENVS_IN_PROJECT": "1"}, "/srv/.venv", id="another folder"),
    pytest.param("pipenv install --system --deploy", {}, "/usr/local", id="pipenv, the system"),
    pytest.param("pipenv sync", {"PIPENV_VENV_IN_PROJECT": "1"}, "/app/.venv", id="pipenv, in the project"),
    pytest.param(
        "pipenv sync", {}, "/root/.local/share/virtualenvs/app-4PlAip0Q", id="pipenv, called by a hash of the Pipfile"
    ),
    pytest.param(
        "python -m pipenv sync",
        {"WORKON_HOME": "/envs", "PIPENV_PYTHON": "/usr/bin/python3"},
        "/envs/app-4PlAip0Q-python3",
        id="pipenv, with the name of the Python that it is told",
    ),
    pytest.param(
        "pipenv sync",
        {"PIPENV_CUSTOM_VENV_NAME": "web", "XDG_DATA_HOME": "/data"},
        "/data/virtualenvs/web",
        id="pipenv, a name of one's own",
    ),
    pytest.param("pdm sync --prod", {}, "/app/.venv", id="pdm, in the project"),
    pytest.param("hatch env create", {"HATCH_ENV_TYPE_VIRTUAL_PATH": ".venv"}, "/app/.venv", id="hatch"),
    pytest.param("conda install flask", {}, "/opt/conda", id="conda's base"),
    pytest.param("conda create -n web flask", {}, "/opt/conda/envs/web", id="conda by name"),
    pytest.param("mamba create -p /env flask", {}, "/env", id="mamba by path"),
    pytest.param("pixi install --locked -e prod", {}, "/app/.pixi/envs/prod", id="pixi by name"),
]


@pytest.mark.parametrize(("command", "variables", "environment"), PLACES)
def test_it_installs_to(command: str, variables: dict[str, str], environment: str) -> None:
    files = {**uv_project(), "/app/list.txt": "flask\n", "/srv/pyproject.toml": POETRY, "/app/Pipfile": "[packages]\n"}
    found = done(command, image(files, **variables))
    assert [each.installs for each in found] == [environment]


def test_pdm_installs_beside_where_that_folder_is() -> None:
    state = image(uv_project())
    state = state.after(Effect(provides=(Folder("/app/__pypackages__"),)), 3)
    (found,) = done("pdm sync --prod --no-editable", state)
    assert found.installs == "/app/__pypackages__/3.12"


def test_the_configuration_of_poetry_is_followed() -> None:
    state = after("poetry config virtualenvs.create false", image({"/app/pyproject.toml": POETRY}))
    (found,) = done("poetry install --no-root", state)
    assert found.installs == "/usr/local"
    state = after("poetry config virtualenvs.create true && poetry config virtualenvs.in-project true", state)
    assert done("poetry install", state)[0].installs == "/app/.venv"


@pytest.mark.parametrize(
    ("variables", "is_needed"),
    [
        pytest.param({}, False, id="Poetry clones by itself"),
        pytest.param({"POETRY_SYSTEM_GIT_CLIENT": "true"}, True, id="a setting asks for git"),
        pytest.param({"POETRY_EXPERIMENTAL_SYSTEM_GIT_CLIENT": "1"}, True, id="its name before Poetry 2"),
    ],
)
def test_poetry_needs_git_for_a_package_from_a_repository(variables: dict[str, str], *, is_needed: bool) -> None:
    project = POETRY.replace('flask = "^3.0"', 'flask = {git = "https://example.org/flask"}')
    (found,) = done("poetry install --no-root", image({"/app/pyproject.toml": project}, **variables))
    assert (Program("git") in found.needs) is is_needed
    assert (Program("git") in found.takes) is not is_needed


POETRIES = [
    pytest.param("poetry install", {"flask", "werkzeug", "shop", "pytest"}, id="all that is not optional"),
    pytest.param("poetry install --no-root", {"flask", "werkzeug", "pytest"}, id="without the project"),
    pytest.param("poetry install --only main --no-root", {"flask", "werkzeug"}, id="the main group"),
    pytest.param("poetry install --without dev --no-root", {"flask", "werkzeug"}, id="without a group"),
    pytest.param("poetry install --no-dev --with docs --no-root", {"flask", "werkzeug", "sphinx"}, id="with a group"),
    pytest.param("poetry install --only main --no-root -E fast", {"flask", "werkzeug", "orjson"}, id="with an extra"),
    pytest.param("poetry install --only-root", {"shop"}, id="the project alone"),
]


@pytest.mark.parametrize(("command", "names"), POETRIES)
def test_poetry_brings(command: str, names: set[str]) -> None:
    files = {"/app/pyproject.toml": POETRY, "/app/poetry.lock": POETRY_LOCK}
    found = done(command, image(files, POETRY_VIRTUALENVS_CREATE="0"))
    assert brought(found) == {f"/usr/local: {name}" for name in names}


def test_an_install_of_the_project_leaves_a_way_to_its_source() -> None:
    state = image({"/app/pyproject.toml": POETRY}, POETRY_VIRTUALENVS_CREATE="0")
    assert SourceLink("/usr/local", "/app") in done("poetry install", state)[0].provides
    assert SourceLink("/usr/local", "/app") not in done("poetry install --no-root", state)[0].provides
    assert SourceLink("/app/.venv", "/app") not in done("uv sync --no-editable", image(uv_project()))[0].provides


def test_an_exported_list_says_what_the_lock_says() -> None:
    files = {"/app/pyproject.toml": POETRY, "/app/poetry.lock": POETRY_LOCK}
    state = after("poetry export -f requirements.txt -o /tmp/requirements.txt", image(files))
    assert state.text("/tmp/requirements.txt") == "flask==3.1.2\nwerkzeug==3.1.0\n"
    assert brought(done("pip install -r /tmp/requirements.txt", state)) == {"/usr/local: flask", "/usr/local: werkzeug"}


LOCKS = [
    pytest.param("uv sync --frozen", File("/app/uv.lock"), True, id="uv, frozen"),
    pytest.param("uv sync", File("/app/uv.lock"), False, id="uv, which makes one"),
    pytest.param("pipenv sync", File("/app/Pipfile.lock"), True, id="pipenv sync"),
    pytest.param("pipenv install --system --deploy", File("/app/Pipfile.lock"), False, id="pipenv, which makes one"),
    pytest.param("pdm sync", File("/app/pdm.lock"), True, id="pdm sync"),
    pytest.param("pixi install --locked", File("/app/pixi.lock"), True, id="pixi, locked"),
]


@pytest.mark.parametrize(("command", "lock", "is_hard"), LOCKS)
def test_the_lock_is_needed_or_taken(command: str, lock: File, is_hard: bool) -> None:
    (found,) = done(command, image({"/app/pyproject.toml": PROJECT}))
    assert (lock in found.needs, lock in found.takes) == (is_hard, not is_hard)


def test_members_of_a_workspace_are_needed_where_they_are_asked_for() -> None:
    assert Matching("/app/libs/*/pyproject.toml") in needed(done("uv sync", image({"/app/pyproject.toml": WORKSPACE})))
    assert Matching("/app/libs/*/pyproject.toml") not in needed(done("uv sync", image(uv_project())))


LOCKED_MEMBER = '[[package]]\nname = "flask"\nversion = "1"\nsource = { editable = "libs/flask" }\n'
MEMBERS = [
    pytest.param("uv sync", True, id="with the project"),
    pytest.param("uv sync --package flask", True, id="by its own name"),
    pytest.param("uv sync --no-install-project", True, id="without the project alone"),
    pytest.param("uv sync --no-install-package flask", False, id="without itself"),
    pytest.param("uv sync --no-install-workspace", False, id="without any member"),
]


@pytest.mark.parametrize(("command", "is_needed"), MEMBERS)
def test_a_lock_says_which_members_a_sync_builds(command: str, is_needed: bool) -> None:
    lock = '[[package]]\nname = "shop"\nversion = "1"\nsource = { virtual = "." }\n' + (
        f'dependencies = [{{ name = "flask" }}]\n{LOCKED_MEMBER}'
    )
    found = done(command, image(uv_project(lock, WORKSPACE)))
    assert (File("/app/libs/flask/pyproject.toml") in needed(found)) is is_needed
    assert (SourceLink("/app/.venv", "/app/libs/flask") in found[0].provides) is is_needed


PIPFILE = '[packages]\nbottle = "~=0.13"\nlib = {path = "./lib", editable = true}\n[dev-packages]\npytest = "*"\n'
PIPFILE_LOCK = '{"default": {"bottle": {"version": "==0.13.1"}, "waitress": {}}, "develop": {"pluggy": {}}}'


def test_pipenv_brings_the_lock_and_with_dev_the_rest_of_it() -> None:
    state = image({"/app/Pipfile": PIPFILE, "/app/Pipfile.lock": PIPFILE_LOCK})
    assert brought(done("pipenv install --system", state)) == {
        f"/usr/local: {name}" for name in ("bottle", "waitress", "lib")
    }
    assert {"/usr/local: pytest", "/usr/local: pluggy"} <= brought(done("pipenv install --system --dev", state))
    assert Below("/app/lib") in needed(done("pipenv install --system", state))


CONDA = """
name: geo
dependencies:
  - python=3.11
  - conda-forge::gdal>=3
  - pip
  - pip:
      - fastapi==0.115.0
      - -r more.txt
"""


def test_conda_brings_what_its_file_says() -> None:
    state = image({"/app/environment.yml": CONDA, "/app/more.txt": "redis\n"})
    (found,) = done("conda env create -f environment.yml", state)
    assert {f"/opt/conda/envs/geo: {name}" for name in ("gdal", "pip", "fastapi", "redis")} == brought([found])
    assert {File("/app/environment.yml"), File("/app/more.txt")} <= set(found.needs)


def test_micromamba_has_its_own_root() -> None:
    (found,) = done("micromamba create -y -n web -c conda-forge flask", image(MAMBA_ROOT_PREFIX="/mamba"))
    assert found.installs == "/mamba/envs/web"


RUNS = [
    pytest.param(
        "poetry run gunicorn a:b", {"POETRY_VIRTUALENVS_IN_PROJECT": "1"}, File("/app/.venv/bin/gunicorn"), id="Poetry"
    ),
    pytest.param("uv run --no-sync gunicorn a:b", {}, File("/app/.venv/bin/gunicorn"), id="uv"),
    pytest.param("uv run --frozen -- gunicorn a:b", {}, File("/app/.venv/bin/gunicorn"), id="uv, behind dashes"),
    pytest.param("pdm run gunicorn a:b", {}, File("/app/.venv/bin/gunicorn"), id="pdm"),
    pytest.param(
        "pipenv run gunicorn a:b", {"PIPENV_VENV_IN_PROJECT": "1"}, File("/app/.venv/bin/gunicorn"), id="pipenv"
    ),
    pytest.param("conda run -n web gunicorn a:b", {}, File("/opt/conda/envs/web/bin/gunicorn"), id="conda"),
    pytest.param("pixi run -e prod gunicorn a:b", {}, File("/app/.pixi/envs/prod/bin/gunicorn"), id="pixi"),
    pytest.param("poetry run ls", {"POETRY_VIRTUALENVS_IN_PROJECT": "1"}, Program("ls"), id="a program of the image"),
    pytest.param(
        "poetry run gunicorn a:b", {"POETRY_VIRTUALENVS_CREATE": "false"}, Program("gunicorn"), id="in the system"
    ),
]


@pytest.mark.parametrize(("command", "variables", "need"), RUNS)
def test_a_program_is_run_from_the_environment(command: str, variables: dict[str, str], need: object) -> None:
    assert need in needed(done(command, image(uv_project(), **variables)))


def test_a_manager_makes_the_environment_that_is_not_there_yet() -> None:
    (found,) = nested("uv run --no-sync main.py", image({**uv_project(), "/app/main.py": "print(1)\n"}))
    assert File("/app/.venv/bin/python") not in found.needs


def test_a_script_is_run_by_the_environment_s_python() -> None:
    files = {**uv_project(), "/app/main.py": "print(1)\n", "/app/.venv/bin/python": ""}
    (found,) = nested("uv run --no-sync main.py", image(files))
    assert found.text == "print(1)\n"
    assert {File("/app/main.py"), File("/app/.venv/bin/python")} <= set(found.needs)


def test_pip_run_by_a_manager_installs_to_its_environment() -> None:
    state = image({"/app/pyproject.toml": POETRY}, POETRY_VIRTUALENVS_CREATE="false")
    assert brought(done("poetry run pip install torch==2.0.1", state)) == {"/usr/local: torch"}


def test_a_tool_of_uv_is_on_the_path_of_the_user() -> None:
    state = after("uv tool install poetry", image(UV_TOOL_BIN_DIR="/usr/local/bin"))
    assert state.find(Program("poetry")).answer is Answer.YES
