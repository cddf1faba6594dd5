"""The configuration as a person meets it: the same options on every command, and what is said about their files."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from pydock.config import Choices, File, Table, keys, schema, settings
from pydock.rules import RULES
from tests.command_line import SMELLY, Runner

PAGE = (Path(__file__).parent.parent / "docs/configuration.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.S)


@pytest.fixture(autouse=True)
def services(folder: Path) -> Path:
    (folder / ".git").mkdir()
    for name in ("a", "b", "vendor/c"):
        (folder / name).mkdir(parents=True)
        (folder / name / "Dockerfile").write_text(SMELLY)
    return folder


FOUND = {
    "what is vendored is left out": ("", (), "a b"),
    "exclude stands in its place": ('exclude = ["b/"]', (), "a vendor/c"),
    "extend-exclude comes beside it": ('extend-exclude = ["b/"]', (), "a"),
    "the option wins over the file": ('exclude = ["b/"]', ("--exclude", "a"), "b vendor/c"),
    "the option that extends adds to the file": ('extend-exclude = ["b/"]', ("--extend-exclude", "a"), ""),
    "no file is read": ('exclude = ["b/"]', ("--isolated",), "a b"),
    "one that is named is read instead": ('exclude = ["b/"]', ("--config", "other.toml"), "b"),
    "a single setting is on top": ('exclude = ["b/"]', ("--config", 'exclude = ["a/"]'), "b vendor/c"),
}


@pytest.mark.parametrize(("text", "options", "expected"), FOUND.values(), ids=FOUND)
@pytest.mark.parametrize("command", ["check", "fix"])
def test_commands_find_the_same(
    services: Path, run: Runner, text: str, options: tuple[str, ...], expected: str, command: str
) -> None:
    (services / "pydock.toml").write_text(text)
    (services / "other.toml").write_text('extend-exclude = ["a/"]')
    wanted = [f"{name}/Dockerfile" for name in expected.split()]
    if command == "check":
        assert run("check", "--show-files", *options).out.splitlines() == wanted
    else:
        result = run("fix", "--diff", "--output-format", "json", *options)
        shown = [each["path"] for each in json.loads(result.out)["projects"] if not each["error"]]
        assert shown == wanted


def test_a_file_on_the_way_says_what_is_left_out_in_its_folder(services: Path, run: Runner) -> None:
    (services / "a/old").mkdir()
    (services / "a/old/Dockerfile").write_text(SMELLY)
    assert run("check", "--show-files").out.splitlines() == ["a/Dockerfile", "a/old/Dockerfile", "b/Dockerfile"]
    (services / "a/pydock.toml").write_text('exclude = ["old/"]')
    assert run("check", "--show-files").out.splitlines() == ["a/Dockerfile", "b/Dockerfile"]
    assert run("check", "--show-files", "--isolated", "a").out.splitlines() == ["a/Dockerfile", "a/old/Dockerfile"]
    (services / "a/pydock.toml").write_text("exclude = [")
    assert run("check").err.count("no TOML") == 2, "told once, with the number of the others"


def test_a_migration_finds_the_same(services: Path, state: Path, run: Runner) -> None:
    (services / "pydock.toml").write_text('extend-exclude = ["b/"]')
    run("migrate", ".")
    assert [path.name for path in state.rglob("*.patch")] == ["a.patch"]


LEVELS = {
    "by its code": ('severity = { PYD302 = "error" }', "error"),
    "by its name": ('severity = { pip-cache = "note" }', "note"),
    "the more exact one": ('severity = { PYD302 = "error", PYD3 = "note" }', "error"),
    "of another rule": ('severity = { PYD1 = "note" }', "warning"),
    "ignored in its file": ('per-file-ignores = { "a/Dockerfile" = ["PYD3"] }', None),
    "ignored in its folder": ('per-file-ignores = { "a/" = ["pip-cache"] }', None),
    "ignored in another file": ('per-file-ignores = { "b/" = ["PYD302"] }', "warning"),
    "ignored by a service": ('[services.a]\nignore = ["PYD302"]', None),
}


@pytest.mark.parametrize(("text", "expected"), LEVELS.values(), ids=LEVELS)
def test_a_rule_has_the_level_that_the_configuration_gives(
    services: Path, run: Runner, text: str, expected: str | None
) -> None:
    (services / "pydock.toml").write_text(text)
    for options in ([], ["--config", "pydock.toml", "--isolated"]):
        document = json.loads(run("check", "a", "--output-format", "json", *options).out)
        found = [each["level"] for each in document["projects"][0]["findings"] if each["code"] == "PYD302"]
        assert found == ([expected] if expected else [])


def test_what_is_ignored_in_a_file_is_not_fixed_there(services: Path, run: Runner) -> None:
    (services / "pydock.toml").write_text('per-file-ignores = { "a/" = ["PYD302"] }\n')
    run("fix", ".", "--select", "PYD302")
    assert (services / "a/Dockerfile").read_text() == SMELLY
    assert (services / "b/Dockerfile").read_text() != SMELLY


def test_a_level_decides_the_exit_code(services: Path, run: Runner) -> None:
    (services / "pydock.toml").write_text('select = ["PYD302"]\nfail-level = "error"\n')
    assert run("check", "a").code == 0
    assert run("check", "a", "--config", 'severity.PYD302 = "error"').code == 1


COMMANDS = (["check"], ["fix"], ["fix", "--diff"], ["facts"], ["migrate"])


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_a_broken_configuration_is_told_once(services: Path, state: Path, run: Runner, command: list[str]) -> None:
    (services / "pydock.toml").write_text('select = ["PYD3"]\nignor = ["PYD4"]\n')
    result = run(*command)
    assert result.code == 2
    assert result.err.count("pydock.toml:2: unknown key 'ignor'") - result.err.count("the same for") == 1
    assert command[0] == "migrate" or "did you mean ignore?" in result.err


GIVEN = {
    "a file that is not there": ("nope.toml", "error: nope.toml: No such file"),
    "a key that there is not": ("venf = true", "error: --config:1: unknown key 'venf'"),
    "no TOML": ("venv = maybe", "error: --config:1: no TOML"),
}


@pytest.mark.parametrize(("given", "expected"), GIVEN.values(), ids=GIVEN)
@pytest.mark.parametrize("command", ["check", "fix", "verify", "bench", "migrate", "facts"])
def test_what_config_cannot_be_is_told_before_anything_is_done(
    run: Runner, given: str, expected: str, command: str
) -> None:
    result = run(command, "--config", given)
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(expected)


def test_a_service_that_there_is_not_is_told(services: Path, run: Runner) -> None:
    (services / "pydock.toml").write_text('[services.a]\nvenv = true\n\n[services."web/*"]\nvenv = true\n')
    said = "note: pydock.toml:4: services.web/* means no Dockerfile that was found"
    assert said in run("check", ".").err
    assert "means no Dockerfile" not in run("check", "a").err, "only a part was searched"
    assert said not in run("check", ".", "--quiet").err


def test_settings_are_shown_with_who_says_so(services: Path, run: Runner) -> None:
    (services / "pydock.toml").write_text('pin = "digest"\n\n[services.b]\ninstaller = "uv"\n')
    shown = run("check", ".", "--show-settings", "--select", "PYD3").out
    first, second = shown.split("\n\n")
    assert first.startswith("# a/Dockerfile\n")
    assert re.search(r'^select = \["PYD3"\] +# command line$', first, re.M)
    assert re.search(r'^pin = "digest" +# pydock.toml:1$', first, re.M)
    assert re.search(r'^installer = "pip" +# default$', first, re.M)
    assert re.search(r'^installer = "uv" +# pydock.toml:4$', second, re.M)
    said = tomllib.loads(first)
    assert list(said) == [key for key in keys(Choices) if key != "hashes"]


def test_the_schema_accepts_what_is_accepted_and_refuses_what_is_refused() -> None:
    validator = Draft202012Validator(json.loads(schema()))
    for text in EXAMPLES:
        document = tomllib.loads(text)
        validator.validate(document.get("tool", {}).get("pydock", document))
    for document in ({"venf": True}, {"venv": 1}, {"severity": {"PYD1": "bad"}}, {"services": {"a": {"exclude": []}}}):
        assert list(validator.iter_errors(document))


def test_the_schema_is_printed(run: Runner) -> None:
    assert run("schema", "configuration").out == schema()


def test_every_key_is_documented_with_its_default() -> None:
    documented = re.findall(r"^### `([\w-]+)`", PAGE, re.M)
    assert documented == list(keys(Table))


def test_every_example_of_the_page_is_a_configuration() -> None:
    assert len(EXAMPLES) > 5
    for text in EXAMPLES:
        name = "pyproject.toml" if "[tool." in text else "pydock.toml"
        settings([File(name, text)], {}, RULES)


def test_every_option_of_the_page_is_one(run: Runner) -> None:
    known = "".join(run(command, "--help").out for command in ("check", "fix", "verify", "bench", "migrate"))
    assert {option for option in re.findall(r"`(--[\w-]+)", PAGE) if option not in known} == set()
