"""pip: where it installs to, what it brings, what it reads and what it needs."""

from __future__ import annotations

import pytest

from pydock.state import Answer, Kind, Numbers, Purpose
from pydock.state.needs import (
    Below,
    Buildable,
    Distribution,
    File,
    Matching,
    Place,
    Program,
    SourceLink,
    Toolchain,
    Variable,
)
from pydock.values import replace
from tests.effects.python_images import after, brought, done, image, needed

SETUP = """
from setuptools import setup
setup(name="my-shop", install_requires=["click"], entry_points={"console_scripts": ["shop=shop:main"]})
"""
PROJECT = """
[project]
name = "shop"
dependencies = ["flask==3.1.2"]
[project.optional-dependencies]
postgres = ["psycopg2"]
all = ["shop[postgres]", "redis"]
[project.scripts]
shop-serve = "shop:main"
"""
FILES = {
    "/app/requirements.txt": "flask==3.1.2\n-r more.txt\n-c limits.txt\npywin32; sys_platform == 'win32'\n",
    "/app/more.txt": "Django>=5\n",
    "/app/limits.txt": "redis<5\n",
    "/shop/pyproject.toml": PROJECT,
    "/old/setup.py": SETUP,
}

BRINGS = [
    pytest.param("pip install flask", {"/usr/local: flask"}, id="a name"),
    pytest.param("pip3.12 install Flask==3 'c[x]>2'", {"/usr/local: flask", "/usr/local: c"}, id="pins and extras"),
    pytest.param("pip install d@https://example.com/d-1.zip", {"/usr/local: d"}, id="a name at an address"),
    pytest.param("pip install weasyprint==$V", {"/usr/local: weasyprint"}, id="a name whose version is not known"),
    pytest.param("pip install weasy$V", set(), id="half a name is no name"),
    pytest.param(
        "pip install -Ur requirements.txt", {"/usr/local: flask", "/usr/local: django"}, id="joined options, a list"
    ),
    pytest.param(
        "pip install --requirement=requirements.txt gunicorn",
        {"/usr/local: flask", "/usr/local: django", "/usr/local: gunicorn"},
        id="a list and a name",
    ),
    pytest.param("pip install /shop", {"/usr/local: shop", "/usr/local: flask"}, id="a folder"),
    pytest.param(
        "pip install '/shop[all]'",
        {"/usr/local: shop", "/usr/local: flask", "/usr/local: psycopg2", "/usr/local: redis"},
        id="extras that stand for others",
    ),
    pytest.param("pip install --no-dependencies /shop", {"/usr/local: shop"}, id="the project alone"),
    pytest.param("pip install --no-deps -e ../old", {"/usr/local: my-shop"}, id="an editable project alone"),
    pytest.param("pip install -e ../old", {"/usr/local: my-shop", "/usr/local: click"}, id="setup.py, editable"),
    pytest.param("pip install git+https://example.com/team/lib.git@v1#egg=lib", {"/usr/local: lib"}, id="a repository"),
    pytest.param("pip install ./dist/thing-1.0-py3-none-any.whl", {"/usr/local: thing"}, id="a wheel"),
    pytest.param("pip install --user flask", {"/root/.local: flask"}, id="for the user"),
    pytest.param("pip install -t /deps flask", {"/deps: flask"}, id="a target"),
    pytest.param("pip install --prefix=/install flask", {"/install: flask"}, id="a prefix"),
    pytest.param("pip install --root /out flask", {"/out/usr/local: flask"}, id="a root"),
    pytest.param("pip --python /opt/env install flask", {"/opt/env: flask"}, id="another environment by option"),
    pytest.param("pip --python /opt/env/bin/python install a", {"/opt/env: a"}, id="another interpreter by option"),
    pytest.param("/opt/env/bin/pip install flask", {"/opt/env: flask"}, id="the pip of an environment by path"),
    pytest.param("python -m pip install flask", {"/usr/local: flask"}, id="as a module"),
    pytest.param("pip install --dry-run flask", set(), id="nothing in a dry run"),
    pytest.param("pip download flask", set(), id="a download installs nothing"),
    pytest.param("pip wheel -w /wheels -r requirements.txt", set(), id="wheels are not installed"),
    pytest.param("pip list", set(), id="a list is harmless"),
]


@pytest.mark.parametrize(("command", "expected"), BRINGS)
def test_it_brings(command: str, expected: set[str]) -> None:
    assert brought(done(command, image(FILES))) == expected


NEEDS = [
    pytest.param(
        "pip install -r requirements.txt",
        {File("/app/requirements.txt"), File("/app/more.txt"), File("/app/limits.txt"), Program("pip")},
        id="a list with all that it includes",
    ),
    pytest.param("pip install -r gone.txt", {File("/app/gone.txt"), Program("pip")}, id="a list that is not there"),
    pytest.param(
        "pip install .",
        {Place("/app"), Below("/app"), Buildable("/app"), Program("pip")},
        id="the folder of a project and all below it",
    ),
    pytest.param(
        "pip install a -c limits.txt", {File("/app/limits.txt"), Program("pip")}, id="the constraints of a name"
    ),
    pytest.param("pip install dist/*.whl", {Matching("/app/dist/*.whl"), Program("pip")}, id="wheels by a pattern"),
    pytest.param("pip install git+https://x.org/a/b", {Program("git"), Program("pip")}, id="git for a repository"),
    pytest.param(
        "pip install git+ssh://git@x.org/a/b.git",
        {Program("git"), Program("ssh"), Below("/root/.ssh"), Program("pip")},
        id="ssh and its keys",
    ),
    pytest.param(
        "pip install --no-index --find-links=/wheels flask",
        {Below("/wheels"), Program("pip")},
        id="a folder of wheels",
    ),
    pytest.param("/opt/env/bin/pip install a", {File("/opt/env/bin/pip")}, id="the pip that is called"),
    pytest.param(
        "python3 -m pip install a", {Program("python3"), Distribution("/usr/local", "pip")}, id="pip for the module"
    ),
]


@pytest.mark.parametrize(("command", "expected"), NEEDS)
def test_it_needs(command: str, expected: set[object]) -> None:
    assert needed(done(command, image(FILES))) == expected


def test_it_takes_what_it_reads_where_that_is_there() -> None:
    state = image({}, PIP_INDEX_URL="https://x.org", https_proxy="x", GREETING="hi")
    (found,) = done("pip install flask", state)
    reads = {Toolchain(), File("/etc/pip.conf"), File("/root/.netrc"), Below("/root/.config/pip"), Below("/root/.ssh")}
    assert reads | {Variable("PIP_INDEX_URL"), Variable("https_proxy")} <= set(found.takes)
    assert Variable("GREETING") not in found.takes


def test_it_may_bring_more_than_it_names_to_its_environment_and_nowhere_else() -> None:
    (found,) = done("pip install flask", image())
    assert found.opens is not None
    assert found.opens.kinds == {Kind.FILE, Kind.DISTRIBUTION}
    assert found.opens.places == ("/usr/local",)
    assert found.installs == "/usr/local"


def test_tools_and_packages_in_one_command_come_apart() -> None:
    tool, package = done("pip install poetry==1.8 gunicorn", image())
    assert (tool.purpose, tool.installs, tool.operand and tool.operand.value) == (Purpose.TOOL, None, "poetry==1.8")
    assert (package.purpose, package.installs) == (Purpose.SERVICE, "/usr/local")
    assert File("/usr/local/bin/poetry") in tool.provides


PROGRAMS = [
    pytest.param("pip install django", "django-admin", id="by the table"),
    pytest.param("pip install uvicorn[standard]", "uvicorn", id="by the name of the package"),
    pytest.param("pip install /shop", "shop-serve", id="of the project itself"),
    pytest.param("pip install /old", "shop", id="of a project with setup.py"),
]


@pytest.mark.parametrize(("command", "program"), PROGRAMS)
def test_programs_come_with_packages(command: str, program: str) -> None:
    state = after(command, image(FILES))
    assert state.find(Program(program)).answer is Answer.YES


def test_an_editable_install_leaves_metadata_beside_the_source_and_a_way_to_it() -> None:
    (found,) = done("pip install -e /old", image(FILES))
    assert File("/old/my_shop.egg-info/PKG-INFO") in found.provides
    assert SourceLink("/usr/local", "/old") in found.provides


def test_other_backends_leave_no_metadata_in_the_source() -> None:
    files = {"/app/pyproject.toml": PROJECT + '[build-system]\nbuild-backend = "hatchling.build"\n'}
    (found,) = done("pip install --editable .", image(files))
    assert not [thing for thing in found.provides if "egg-info" in getattr(thing, "path", "")]
    assert SourceLink("/usr/local", "/app") in found.provides


def test_it_installs_where_the_pip_lies_that_the_path_finds() -> None:
    state = after("python -m venv /opt/venv", image(PATH="/opt/venv/bin:/usr/local/bin:/usr/bin"))
    assert brought(done("pip install flask", state)) == {"/opt/venv: flask"}
    assert brought(done("python -m pip install flask", state)) == {"/opt/venv: flask"}


def test_an_environment_without_pip_is_passed_by_pip_but_not_by_python() -> None:
    state = after("python -m venv --without-pip /opt/venv", image(PATH="/opt/venv/bin:/usr/local/bin"))
    assert brought(done("pip install flask", state)) == {"/usr/local: flask"}
    as_module = done("python -m pip install flask", state)
    assert brought(as_module) == {"/opt/venv: flask"}
    assert state.find(Distribution("/opt/venv", "pip")).answer is Answer.NO


def test_one_who_may_not_write_to_the_system_installs_to_the_home() -> None:
    assert brought(done("pip install flask", replace(image(), user="app"))) == {"/home/app/.local: flask"}


def test_the_later_of_two_installs_decides() -> None:
    state = after("pip install pymongo && pip uninstall -y pymongo", image())
    assert not state.makers(Distribution("/usr/local", "pymongo"))
    state = after("pip install pymongo", state)
    assert state.makers(Distribution("/usr/local", "pymongo")) == Numbers([10])


def test_settings_are_a_file_of_known_text() -> None:
    state = after("pip config set global.index-url https://x.org/simple", image())
    assert state.text("/root/.config/pip/pip.conf") == "[global]\nindex-url = https://x.org/simple\n"


def test_removing_the_cache_is_upkeep() -> None:
    (found,) = done("pip cache purge", image())
    assert found.purpose is Purpose.UPKEEP


def test_compiled_lists_are_new_files_and_need_their_source() -> None:
    (found,) = done("pip-compile -o requirements.txt pyproject.toml", image({"/app/pyproject.toml": PROJECT}))
    assert File("/app/requirements.txt") in found.provides
    assert File("/app/pyproject.toml") in found.needs
