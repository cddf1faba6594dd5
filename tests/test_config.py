"""Settings come from the command line over pydock.toml over pyproject.toml, and a typo is told."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from pydock.config import Settings, chosen, settings
from pydock.errors import OptionError, UnreadableError


@dataclass(frozen=True)
class Named:
    code: str
    name: str


RULES = (Named("PYD101", "floating-base-image"), Named("PYD302", "pip-cache"), Named("PYD303", "defeated-cache-mount"))

SELECTED = {
    "nothing selected means all": ([], [], ["PYD101", "PYD302", "PYD303"]),
    "by code": (["PYD302"], [], ["PYD302"]),
    "by code in lower case": (["pyd302"], [], ["PYD302"]),
    "by name": (["pip-cache"], [], ["PYD302"]),
    "by the start of a code": (["PYD3"], [], ["PYD302", "PYD303"]),
    "ignoring wins": (["PYD3"], ["pip-cache"], ["PYD303"]),
    "ignoring alone": ([], ["PYD3"], ["PYD101"]),
    "in the order of the list": (["PYD303", "PYD101"], [], ["PYD101", "PYD303"]),
}


@pytest.mark.parametrize(("select", "ignore", "expected"), SELECTED.values(), ids=SELECTED)
def test_chosen(select: list[str], ignore: list[str], expected: list[str]) -> None:
    assert [rule.code for rule in chosen(RULES, select, ignore)] == expected


@pytest.mark.parametrize(
    ("word", "hint"),
    [("pip-cach", "did you mean pip-cache?"), ("PYD32", "did you mean PYD302?"), ("xyz", "`pydock rules`")],
)
def test_a_rule_that_does_not_exist_is_told_with_the_nearest(word: str, hint: str) -> None:
    with pytest.raises(OptionError, match=word) as caught:
        chosen(RULES, [word], [])
    assert hint in caught.value.hint


FILES = {
    "nothing": ({}, {}, Settings()),
    "pyproject.toml": ({"pyproject.toml": "[tool.pydock]\nportable = true"}, {}, Settings(portable=True)),
    "pydock.toml": ({"pydock.toml": 'select = ["PYD3"]\nvenv = false'}, {}, Settings(select=("PYD3",), venv=False)),
    "pydock.toml over pyproject.toml": (
        {"pyproject.toml": '[tool.pydock]\ninstaller = "pip"\nportable = true', "pydock.toml": 'installer = "uv"'},
        {},
        Settings(installer="uv", portable=True),
    ),
    "the command line over both": (
        {"pydock.toml": 'installer = "uv"\nunsafe-fixes = true'},
        {"installer": "pip", "unsafe-fixes": None},
        Settings(installer="pip", unsafe_fixes=True),
    ),
    "commas and repetition": ({}, {"select": ["PYD1,PYD2", " PYD3 "]}, Settings(select=("PYD1", "PYD2", "PYD3"))),
    "another tool's table": ({"pyproject.toml": "[tool.black]\nline-length = 3"}, {}, Settings()),
}


@pytest.mark.parametrize(("files", "given", "expected"), FILES.values(), ids=FILES)
def test_settings(files: dict[str, str], given: dict[str, object], expected: Settings) -> None:
    assert settings(files.get, given) == expected


BROKEN = {
    "an unknown key": ("instaler = 'uv'", "unknown key 'instaler'", "did you mean installer?"),
    "an unknown key like none": ("xyz = 1", "unknown key 'xyz'", "known keys: select"),
    "a wrong type": ("portable = 'yes'", "portable is 'yes'", "true or false"),
    "a list of numbers": ("select = [1]", "select is", "a list of strings"),
    "an unknown installer": ("installer = 'conda'", "installer is 'conda'", "pip or uv"),
    "broken TOML": ("select = [", "pydock.toml: ", "settings"),
}


@pytest.mark.parametrize(("text", "message", "hint"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_in_the_file_is_told(text: str, message: str, hint: str) -> None:
    with pytest.raises((OptionError, UnreadableError)) as caught:
        settings({"pydock.toml": text}.get, {})
    assert message in caught.value.message
    assert hint in caught.value.hint
