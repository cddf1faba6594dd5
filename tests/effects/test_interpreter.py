"""python: texts, modules and scripts are seen, with what they import from and where they may write."""

from __future__ import annotations

import pytest

from pydock.effects import effects_of
from pydock.state import Answer, Effect, Language, Purpose, State
from pydock.state.needs import Below, Distribution, Distributions, File, Folder, Module, Program
from tests.effects.python_images import after, brought, done, image, needed, nested, words

SCRIPT = "import os\nos.system('convert a b')\n"
FILES = {
    "/app/manage.py": SCRIPT,
    "/app/shop/jobs.py": SCRIPT,
    "/lib/tool/__main__.py": SCRIPT,
    "/app/setup.py": "from setuptools import setup\nsetup(name='shop', install_requires=['click'])\n",
    "/tmp/get-pip.py": "",
}

TEXTS = [
    pytest.param("python -c 'import nltk'", "import nltk", id="a text"),
    pytest.param("python -uc 'import nltk' a", "import nltk", id="a text behind joined letters"),
    pytest.param("python -W ignore -c 'import nltk'", "import nltk", id="a text behind an option with a value"),
    pytest.param("python manage.py migrate", SCRIPT, id="a script"),
    pytest.param("python3 -u /app/manage.py", SCRIPT, id="a script by path"),
    pytest.param("python -m shop.jobs", SCRIPT, id="a module of the project"),
    pytest.param("python gone.py", None, id="a script that is not there"),
    pytest.param("python -", None, id="what it reads"),
]


@pytest.mark.parametrize(("command", "text"), TEXTS)
def test_it_runs(command: str, text: str | None) -> None:
    (found,) = nested(command, image(FILES))
    assert (found.text, found.language) == (text, Language.PYTHON)


def test_what_it_reads_is_its_input() -> None:
    (found,) = nested("python -", image())
    assert found.is_input


def _needs(command: str, state: State) -> set[object]:
    found: set[object] = {need for each in effects_of(words(command), state) for need in each.needs}
    return found - {Program("python")}


NEEDS = [
    pytest.param("python manage.py migrate", {File("/app/manage.py")}, id="the script"),
    pytest.param("python -m shop.jobs", {File("/app/shop/jobs.py")}, id="the file of an own module"),
    pytest.param("python -m shop.gone", {Folder("/app/shop")}, id="the package of an own module"),
    pytest.param("python -m tool", {File("/lib/tool/__main__.py")}, id="a package on PYTHONPATH"),
    pytest.param("python -m uvicorn a:b", {Module("/usr/local", "uvicorn")}, id="an installed module"),
    pytest.param("python -m http.server", set(), id="nothing for a module of Python itself"),
    pytest.param("python --version", set(), id="nothing for its version"),
    pytest.param("python -m spacy download x", {Module("/usr/local", "spacy")}, id="the tool that is a module"),
]


@pytest.mark.parametrize(("command", "expected"), NEEDS)
def test_it_needs(command: str, expected: set[object]) -> None:
    assert _needs(command, image(FILES, PYTHONPATH="/lib")) == expected


def test_code_reads_what_is_installed_and_may_write_to_the_home_and_near_by() -> None:
    (effect,) = (each for each in effects_of(words("python -c 'import a'"), image()) if isinstance(each, Effect))
    assert Distributions("/usr/local") in effect.takes
    assert effect.opens is not None
    assert set(effect.opens.places) == {"/app", "/root", "/tmp"}


VENVS = [
    pytest.param("python -m venv /opt/venv", True, id="with pip"),
    pytest.param("python3 -m venv --without-pip /opt/venv", False, id="without pip"),
    pytest.param("virtualenv -p python3 /opt/venv", True, id="by virtualenv"),
    pytest.param("uv venv /opt/venv", False, id="by uv"),
    pytest.param("uv venv --seed /opt/venv", True, id="by uv, seeded"),
]


@pytest.mark.parametrize(("command", "has_pip"), VENVS)
def test_a_new_environment_has_python(command: str, has_pip: bool) -> None:
    (found,) = done(command, image())
    assert {Folder("/opt/venv"), File("/opt/venv/bin/python"), File("/opt/venv/bin/activate")} <= set(found.provides)
    assert (File("/opt/venv/bin/pip") in found.provides) is has_pip
    assert found.purpose is Purpose.TOOL


def test_an_environment_over_the_system_s_packages_has_them() -> None:
    state = after("pip install flask && python -m venv --system-site-packages --without-pip /opt/venv", image())
    assert state.find(Module("/opt/venv", "flask")).answer is Answer.YES
    assert state.find(Distribution("/opt/venv", "pip")).answer is Answer.YES


def test_get_pip_needs_its_file_and_brings_pip() -> None:
    (found,) = done("python /tmp/get-pip.py", image(FILES))
    assert File("/tmp/get-pip.py") in found.needs
    assert File("/usr/local/bin/pip") in found.provides
    assert found.purpose is Purpose.TOOL


SETUPS = [
    pytest.param("python setup.py install", {"/usr/local: shop", "/usr/local: click"}, id="install"),
    pytest.param("python setup.py develop --no-deps", {"/usr/local: shop"}, id="develop alone"),
    pytest.param("python setup.py build_ext --inplace", set(), id="compile in place"),
    pytest.param("python -m build --wheel", set(), id="a wheel"),
]


@pytest.mark.parametrize(("command", "expected"), SETUPS)
def test_builds_bring(command: str, expected: set[str]) -> None:
    found = done(command, image(FILES))
    assert brought(found) == expected
    assert Below("/app") in needed(found)


def test_what_is_compiled_in_place_lies_in_the_source() -> None:
    (found,) = done("python setup.py build_ext --inplace", image(FILES))
    assert found.opens is not None
    assert "/app" in found.opens.places


def test_pipx_keeps_applications_apart() -> None:
    (found,) = done("pipx install hatch==1.7", image(PIPX_BIN_DIR="/opt/pipx/bin", PIPX_HOME="/opt/pipx/home"))
    assert File("/opt/pipx/bin/hatch") in found.provides
    assert found.purpose is Purpose.TOOL
