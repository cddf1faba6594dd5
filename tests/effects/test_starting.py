"""Shells, wrappers and unknown programs: what runs in the end, and what it may do."""

import pytest

from pydock.effects import effects_of
from pydock.state import ANYTHING, Answer, Effect, Language, Nested, Purpose, State
from pydock.state.needs import Below, Distribution, File, Folder, Need, PackageLists, Place, Program, Toolchain, User
from tests.effects.lines import (
    after,
    effects_for,
    found_for,
    needs_of,
    opened_by,
    provided_by,
    removed_by,
    state_with,
    takes_of,
    words,
)

PROJECT = state_with(
    "/app/", texts={"/app/run.sh": "ls\n", "/app/go": "#!/usr/bin/env python3\nx\n", "/usr/local/bin/hi": "ls\n"}
)


@pytest.mark.parametrize(
    ("line", "text", "arguments"),
    [
        pytest.param("sh -c 'a b'", "a b", [], id="a-text"),
        pytest.param("bash -euxo pipefail -c 'a' x y", "a", ["y"], id="a-text-behind-options-with-its-arguments"),
        pytest.param("sh run.sh x", "ls\n", ["x"], id="a-file"),
        pytest.param("./run.sh x", "ls\n", ["x"], id="a-script-by-its-path"),
        pytest.param("hi x", "ls\n", ["x"], id="a-script-on-the-path"),
        pytest.param("sudo sh run.sh", "ls\n", [], id="a-file-behind-a-wrapper"),
        pytest.param("sh nowhere.sh", None, [], id="a-file-that-nobody-knows"),
        pytest.param("su app -c 'a b'", "a b", [], id="a-text-for-a-user"),
        pytest.param("runuser app -c 'a b'", "a b", [], id="a-text-for-a-user-of-runuser"),
        pytest.param("eval a b", "a b", [], id="words"),
        pytest.param("source run.sh", "ls\n", [], id="a-file-of-the-same-shell"),
        pytest.param('bash -c "$X"', None, [], id="a-text-that-only-the-run-knows"),
    ],
)
def test_a_script_runs(line: str, text: str | None, arguments: list[str]) -> None:
    (found,) = found_for(line, PROJECT)
    assert isinstance(found, Nested)
    assert (found.text, [word.value for word in found.arguments]) == (text, arguments)
    assert not found.is_input


def test_a_shell_without_a_script_reads_its_input() -> None:
    for line in ("sh", "bash -s -- -y", "bash -", "sudo -E bash -"):
        (found,) = found_for(line)
        assert isinstance(found, Nested), line
        assert found.is_input, line


def test_a_first_line_tells_the_language() -> None:
    (found,) = found_for("./go", PROJECT)
    assert isinstance(found, Nested)
    assert found.language is Language.PYTHON


@pytest.mark.parametrize("line", ["source run.sh", ". ./run.sh", "eval ls"])
def test_the_same_shell_goes_on(line: str) -> None:
    (found,) = found_for(line, PROJECT)
    assert isinstance(found, Nested)
    assert found.is_same_shell


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        pytest.param("sudo -u app curl x", {Program("sudo"), Program("curl"), User("app")}, id="sudo"),
        pytest.param("gosu app curl x", {Program("gosu"), Program("curl"), User("app")}, id="gosu"),
        pytest.param("env A=b curl x", {Program("env"), Program("curl")}, id="env"),
        pytest.param("exec curl x", {Program("curl")}, id="exec"),
        pytest.param("tini -g -- curl x", {Program("tini"), Program("curl")}, id="tini"),
        pytest.param("timeout -s KILL 10 curl x", {Program("timeout"), Program("curl")}, id="timeout"),
        pytest.param("nice -n 10 nohup curl x", {Program("nice"), Program("curl")}, id="two-wrappers"),
        pytest.param("command -v curl", set(), id="a-question"),
        pytest.param("cd /app", {Folder("/app")}, id="cd"),
        pytest.param("npm ci", {Program("npm"), Program("node"), File("/app/package.json")}, id="npm"),
        pytest.param("make", {Program("make")}, id="make"),
        pytest.param("nowhere x", {Program("nowhere")}, id="an-unknown-program"),
        pytest.param("/opt/tool x", {File("/opt/tool")}, id="an-unknown-program-by-its-path"),
        pytest.param("bin/tool x", {File("/app/bin/tool")}, id="one-by-a-relative-path"),
        pytest.param("/usr/bin/curl x", {Program("curl")}, id="the-system's-program-by-its-path"),
        pytest.param("echo a", set(), id="the-shell's-own-word"),
        pytest.param("/bin/echo a", {Program("echo")}, id="a-program-of-the-same-name"),
    ],
)
def test_a_command_needs(line: str, needs: set[Need]) -> None:
    assert needs_of(line) == needs


def test_xargs_gives_one_more_word() -> None:
    assert PackageLists() in needs_of("xargs apt-get install -y")
    state = after("xargs apt-get install -y", state_with())
    assert state.find(Program("psql")).answer is Answer.UNKNOWN


def test_a_folder_is_entered() -> None:
    (found,) = effects_for("cd src")
    assert (found.workdir, found.purpose) == ("/app/src", Purpose.SETTING)


@pytest.mark.parametrize("line", ["cd $X", "cd -", "popd"])
def test_a_folder_that_only_the_run_knows_is_elsewhere(line: str) -> None:
    (found,) = effects_for(line)
    assert found.is_elsewhere
    assert found.workdir is None


def test_a_program_that_only_the_run_names_may_do_anything() -> None:
    assert effects_of(words("$X y"), State()) == (Effect(opens=ANYTHING),)


def test_an_unknown_program_is_bounded() -> None:
    state = state_with("/app/", "/app/data/")
    assert opened_by("tool data --out=/srv/x", state) == {"/app", "/root", "/tmp", "/srv/x"}
    assert {Below("/app/data"), Place("/srv/x"), Below("/app")} <= takes_of("tool data --out=/srv/x", state)
    (found,) = effects_for("tool data", state)
    assert found.opens is not None
    made = state.after(found, 1)
    assert made.find(File("/etc/x")) == state.find(File("/etc/x"))
    assert made.find(Distribution("/opt/venv", "flask")).answer is Answer.NO


def test_a_script_of_the_project_is_no_tool_of_the_same_name() -> None:
    assert provided_by("./install a b") == set()
    assert needs_of("./install a b") == {File("/app/install")}


def test_building_takes_the_toolchain_and_installs_below_usr_local() -> None:
    assert Toolchain() in takes_of("make install")
    assert "/usr/local" in opened_by("make install")
    assert "/usr/local" not in opened_by("make")
    assert "/usr/local/bin" in opened_by("npm install -g yarn")


def test_a_table_of_cron_is_put_where_cron_reads_it() -> None:
    state = after("crontab jobs", state_with("/app/", texts={"/app/jobs": "* * * * * ls\n"}))
    assert state.text("/var/spool/cron/crontabs/root") == "* * * * * ls\n"
    assert removed_by("crontab -r") == {File("/var/spool/cron/crontabs/root")}
