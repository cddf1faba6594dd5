"""Whatever a command line of Python's tools says, its effects are told, and a state can follow them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pydock.effects import effects_of
from pydock.shell import Word
from pydock.state import Effect, State
from pydock.text import Span
from pydock.values import replace
from tests.effects.python_images import image

PROGRAMS = (
    *("pip", "pip3.12", "/opt/venv/bin/pip", "pip-sync", "pip-compile", "python", "python3", "uv", "uvx", "poetry"),
    *("pipenv", "pdm", "hatch", "conda", "micromamba", "pixi", "pipx", "virtualenv", "pyenv", "easy_install"),
    *("pyproject-build", "maturin", "flit", "playwright", "spacy"),
)
TEXTS = (
    *("install", "sync", "run", "-m", "-c", "pip", "venv", "config", "set", "add", "tool", "env", "create", "export"),
    *("uninstall", "wheel", "compile", "download", "lock", "build", "self", "setup.py", "get-pip.py", "manage.py", "-"),
    *("-r", "-e", ".", ".[x]", "-U", "--system", "--no-deps", "-t", "-p", "-n", "-f", "-o", "--group", "--extra", "--"),
    *("flask", "a==1", "git+ssh://x/y", "dist/*.whl", "requirements.txt", "../x", "/", "~", "", "global.index-url"),
    *(
        "virtualenvs.create",
        "false",
        "-C",
        "--only",
        "main",
        "-Ur",
        "--python=",
        "--target=",
        "web:start",
        "http.server",
    ),
)
WORDS = st.builds(
    lambda text, is_known, cut: Word(text, text if is_known else None, Span(0, 0), text[:cut]),
    st.sampled_from(TEXTS) | st.text(max_size=8),
    st.integers(0, 5).map(bool),
    st.integers(0, 6),
)
FILES = {
    "/app/requirements.txt": "flask\n-e .\n",
    "/app/pyproject.toml": '[project]\nname = "x"\n[tool.poetry.dependencies]\na = "*"\n',
    "/app/setup.py": "from setuptools import setup\nsetup(name='x')\n",
    "/app/environment.yml": "dependencies: [a, {pip: [b]}]\n",
    "/app/Pipfile": "[packages]\na = '*'\n",
    "/app/manage.py": "print(1)\n",
}
IN = [
    pytest.param(image(FILES), id="a work directory"),
    pytest.param(replace(image(FILES), workdir=None), id="an unknown work directory"),
    pytest.param(image(FILES, workdir="/"), id="the root"),
    pytest.param(image(FILES, PATH=None, VIRTUAL_ENV=None, PYTHONPATH=None), id="unknown variables"),
]


@pytest.mark.parametrize("state", IN)
@given(program=st.sampled_from(PROGRAMS), words=st.lists(WORDS, max_size=6))
def test_every_command_line_has_effects(state: State, program: str, words: list[Word]) -> None:
    found = effects_of((Word(program, program, Span(0, 0)), *words), state)
    assert found
    for step, each in enumerate(found):
        if isinstance(each, Effect):
            state = state.after(each, step)
