"""Settings come from the command line over pydock.toml over pyproject.toml, and a typo is told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pydock.checkout import configuration
from pydock.config import NAMES, File, Settings, Spared, chosen, settings, unmatched
from pydock.context import Tree
from pydock.errors import ConfigurationError, OptionError


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
EXTENDED = {
    "beside what is selected": (["PYD1"], ["PYD302"], [], ["PYD101", "PYD302"]),
    "nothing new where all are selected": ([], ["PYD302"], [], ["PYD101", "PYD302", "PYD303"]),
    "out of a group that is ignored": ([], ["PYD302"], ["PYD3"], ["PYD101", "PYD302"]),
    "by its name, out of such a group": ([], ["pip-cache"], ["PYD30"], ["PYD101", "PYD302"]),
    "not a group with a rule that is ignored": (["PYD1"], ["PYD3"], ["PYD302"], ["PYD101", "PYD303"]),
    "not what is ignored as exactly": (["PYD1"], ["PYD302"], ["pip-cache"], ["PYD101"]),
}


@pytest.mark.parametrize(("select", "extend", "ignore", "expected"), EXTENDED.values(), ids=EXTENDED)
def test_extend_select_adds(select: list[str], extend: list[str], ignore: list[str], expected: list[str]) -> None:
    assert [rule.code for rule in chosen(RULES, select, ignore, extend)] == expected


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


@pytest.fixture(autouse=True)
def no_wish_of_the_machine(offline: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYDOCK_OFFLINE")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("0", False), ("", False)])
def test_a_machine_can_be_offline_as_a_whole(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("PYDOCK_OFFLINE", value)
    assert settings((), {}).offline is expected
    assert settings((), {"offline": False}).offline is False


@pytest.mark.parametrize(("files", "given", "expected"), FILES.values(), ids=FILES)
def test_settings(files: dict[str, str], given: dict[str, object], expected: Settings) -> None:
    assert settings(_nearest_first(files), given) == expected


def _nearest_first(files: dict[str, str]) -> list[File]:
    return [File(name, files[name]) for name in NAMES if name in files]


NESTED = {
    "the nearest file wins key by key": (
        [File("a/b/pydock.toml", "portable = true"), File("a/pydock.toml", "portable = false\nvenv = false")],
        Settings(portable=True, venv=False),
    ),
    "a list is a value like any other": (
        [File("a/pydock.toml", "ignore = ['PYD302']"), File("pydock.toml", "ignore = ['PYD303']")],
        Settings(ignore=("PYD302",)),
    ),
    "a service's own table wins over what is said for all": (
        [File("pydock.toml", "installer = 'pip'\n[services.'svc/a']\ninstaller = 'uv'", "svc/a/Dockerfile")],
        Settings(installer="uv"),
    ),
    "another service's table is no matter": (
        [File("pydock.toml", "[services.'svc/a']\ninstaller = 'uv'", "svc/ab/Dockerfile")],
        Settings(),
    ),
    "a table for one Dockerfile of a folder": (
        [File("pydock.toml", "[services.'svc/Dockerfile.web']\nvenv = false", "svc/Dockerfile.web")],
        Settings(venv=False),
    ),
    "a pattern, and of several the last": (
        [
            File(
                "pyproject.toml",
                "[tool.pydock.services.'svc/*']\nvenv = false\nportable = true\n"
                "[tool.pydock.services.'svc/a/']\nvenv = true",
                "svc/a/docker/Dockerfile",
            )
        ],
        Settings(portable=True),
    ),
    "a nearer file wins over a service's table farther away": (
        [File("a/pydock.toml", "venv = true"), File("pydock.toml", "[services.a]\nvenv = false", "a/Dockerfile")],
        Settings(),
    ),
    "what extends comes together from all files": (
        [File("a/pydock.toml", "extend-select = ['PYD302']"), File("pydock.toml", "extend-select = ['PYD1']")],
        Settings(extend_select=("PYD302", "PYD1")),
    ),
    "levels come together, the nearest wins": (
        [
            File("a/pydock.toml", "severity = { PYD302 = 'note' }"),
            File("pydock.toml", "[severity]\nPYD302 = 'error'\nPYD1 = 'error'"),
        ],
        Settings(severity={"PYD302": "note", "PYD1": "error"}),
    ),
    "ignores of files know where they are told from": (
        [File("pydock.toml", "[per-file-ignores]\n'old/' = ['PYD302']", "svc/Dockerfile")],
        Settings(spared=(Spared("old/", ("PYD302",), "svc/Dockerfile"),)),
    ),
    "behind a byte order mark": ([File("pydock.toml", "\ufeffvenv = false")], Settings(venv=False)),
}


@pytest.mark.parametrize(("files", "expected"), NESTED.values(), ids=NESTED)
def test_settings_are_inherited(files: list[File], expected: Settings) -> None:
    assert settings(files, {}) == expected


BROKEN = {
    "an unknown key": (
        "venv = true\n\ninstaler = 'uv'",
        "pydock.toml:3: unknown key 'instaler'",
        "did you mean installer?",
    ),
    "an unknown key like none": ("xyz = 1", "pydock.toml:1: unknown key 'xyz'", "known keys: select"),
    "a wrong type": ("portable = 'yes'", "pydock.toml:1: portable is 'yes'", "true or false"),
    "a number for a truth": ("portable = 1", "pydock.toml:1: portable is 1", "true or false"),
    "a list of numbers": ("select = [1]", "pydock.toml:1: select is", "a list of strings"),
    "an unknown installer": ("installer = 'conda'", "pydock.toml:1: installer is 'conda'", "pip or uv"),
    "a rule that there is not": (
        "ignore = ['PYD302',\n 'pip-cach']",
        "pydock.toml:1: no rule is called 'pip-cach'",
        "did you mean pip-cache?",
    ),
    "a table for a key": ("[venv]\na = 1", "pydock.toml:1: venv is {'a': 1}", "true or false"),
    "an unknown table": ("[servces.a]\nvenv = true", "pydock.toml:1: unknown key 'servces'", "did you mean services?"),
    "a key of a service": (
        "[services.a]\nvenv = true\n[services.'b c']\nven = 1",
        "pydock.toml:4: unknown key 'ven'",
        "did you mean venv?",
    ),
    "a service without a table": ("services.a = 1", "pydock.toml:1: services.a is 1", "a table"),
    "services without tables": ("services = 1", "pydock.toml:1: services is 1", "a table for each service"),
    "a level that there is not": (
        "[severity]\nPYD302 = 'fatal'",
        "pydock.toml:1: severity.PYD302 is 'fatal'",
        "it can be note, warning or error",
    ),
    "a level of no rule": ("severity = { pip-cach = 'note' }", "pydock.toml:1: no rule is called", "pip-cache?"),
    "an ignore of a file that is no list": (
        "per-file-ignores = { 'a/' = 'PYD302' }",
        "pydock.toml:1: per-file-ignores.a/ is 'PYD302'",
        "a list of strings",
    ),
    "a day that there is not": ("as-of = '2023-02-30'", "pydock.toml:1: as-of is '2023-02-30'", "such as 2023-06-01"),
    "a day without quotes": ("as-of = 2023-02-01", "pydock.toml:1: as-of is", "such as 2023-06-01"),
    "memory that is no size": ("budget-memory = 'much'", "pydock.toml:1: budget-memory much", "800MB"),
    "what is for a search, in a service": (
        "[services.a]\nexclude = ['x']",
        "pydock.toml:2: exclude is not for one service",
        "above the tables",
    ),
    "broken TOML in the middle": ("venv = true\nx = = 1\n", "pydock.toml:2: no TOML: Invalid value", "settings"),
    "broken TOML": ("select = [", "pydock.toml:1: ", "settings"),
}


@pytest.mark.parametrize(("text", "message", "hint"), BROKEN.values(), ids=BROKEN)
def test_a_mistake_in_the_file_is_told_with_its_line(text: str, message: str, hint: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        settings([File("pydock.toml", text)], {}, RULES)
    assert caught.value.message.startswith(message)
    assert hint in caught.value.hint


PROJECTS = {
    "under its table": ("[project]\nname = 'a'\n\n[tool.pydock]\nvenv = 3\n", "pyproject.toml:5: venv is 3"),
    "as a dotted key": ("[tool]\npydock.venv = 3\n", "pyproject.toml:2: venv is 3"),
    "no table at all": ("[tool]\nblack = 1\npydock = 3\n", "pyproject.toml:3: tool.pydock is 3"),
    "behind the same key of another tool": (
        "[tool.x]\nvenv = 3\n[tool.pydock]\nvenv = 3\n",
        "pyproject.toml:4: venv is 3",
    ),
}


@pytest.mark.parametrize(("text", "message"), PROJECTS.values(), ids=PROJECTS)
def test_a_mistake_in_pyproject_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(OptionError) as caught:
        settings([File("pyproject.toml", text)], {})
    assert caught.value.message == message


def test_files_are_found_up_to_the_top_of_the_repository(tmp_path: Path) -> None:
    top = tmp_path / "repository"
    service = top / "services/api"
    (service / "docker").mkdir(parents=True)
    (top / ".git").mkdir()
    for folder in (tmp_path, top, top / "services", service, service / "docker"):
        (folder / "pydock.toml").write_text(f"# {folder.name}\n")
    (service / "pyproject.toml").write_text("# project\n")
    found = configuration(Tree(service), "docker/Dockerfile")
    assert [(file.text.strip("# \n"), file.dockerfile) for file in found] == [
        ("docker", "Dockerfile"),
        ("api", "docker/Dockerfile"),
        ("project", "docker/Dockerfile"),
        ("services", "api/docker/Dockerfile"),
        ("repository", "services/api/docker/Dockerfile"),
    ]


def test_without_a_repository_nothing_above_the_build_context_counts(tmp_path: Path) -> None:
    (tmp_path / "svc").mkdir()
    (tmp_path / "pydock.toml").write_text("venv = false\n")
    assert configuration(Tree(tmp_path / "svc"), "Dockerfile") == ()
    assert [file.name for file in configuration(Tree.of({"pydock.toml": ""}), "Dockerfile")] == ["pydock.toml"]


def test_tables_of_services_that_mean_nothing_are_known_with_their_lines() -> None:
    file = File("pydock.toml", "[services.a]\nvenv = true\n[services.'svc/*']\n[services.'sv/b']\n")
    assert list(unmatched(file, ["svc/b/Dockerfile", "a/Dockerfile"])) == [("sv/b", "pydock.toml:4")]
