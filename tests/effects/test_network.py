"""What comes over the network, and where it lies."""

import pytest

from pydock.effects import piped_script
from pydock.state import Purpose, State
from pydock.state.needs import Below, File, Folder, Package, PackageLists, Program, Thing, Toolchain
from tests.effects.lines import needs_of, opened_by, provided_by, state_with, takes_of


@pytest.mark.parametrize(
    ("line", "things"),
    [
        pytest.param("curl -fsSL https://x.org/a.tgz", set(), id="curl-prints"),
        pytest.param("curl -fsSLo /tmp/a.tgz https://x.org/b", {File("/tmp/a.tgz")}, id="a-file-that-curl-is-given"),
        pytest.param("curl -LO https://x.org/d/a.tgz?x=1", {File("/app/a.tgz")}, id="the-name-in-the-address"),
        pytest.param("wget https://x.org/d/a.tgz", {File("/app/a.tgz")}, id="wget-saves"),
        pytest.param("wget -q -P /opt https://x.org/a.tgz", {File("/opt/a.tgz")}, id="wget-saves-in-a-folder"),
        pytest.param("wget -O/opt/b https://x.org/a.tgz", {File("/opt/b")}, id="a-file-that-wget-is-given"),
        pytest.param("wget -qO- https://x.org/a.tgz", set(), id="wget-prints"),
        pytest.param("git clone https://x.org/a/b.git", {Folder("/app/b")}, id="a-clone-by-its-name"),
        pytest.param("git clone -b main https://x.org/a/b.git /src", {Folder("/src")}, id="a-clone-in-its-folder"),
        pytest.param("gpg --dearmor -o /etc/apt/keyrings/x.gpg", {File("/etc/apt/keyrings/x.gpg")}, id="a-key"),
    ],
)
def test_a_command_saves(line: str, things: set[Thing]) -> None:
    assert provided_by(line) == things


def test_a_name_that_only_the_run_knows_lies_in_the_folder() -> None:
    assert opened_by("wget https://x.org/$VERSION.tgz") == {"/app"}
    assert opened_by("curl -o $OUT https://x.org/a") == {"/"}


def test_certificates_are_taken_along() -> None:
    for line in ("curl https://x.org", "wget https://x.org/a", "git clone https://x.org/a/b.git"):
        assert Package("ca-certificates") in takes_of(line), line


def test_a_clone_over_ssh_needs_ssh_and_takes_the_keys() -> None:
    line = "git clone git@x.org:a/b.git"
    assert Program("ssh") in needs_of(line)
    assert Below("/root/.ssh") in takes_of(line)
    assert Program("ssh") not in needs_of("git clone https://x.org/a/b.git")


def test_other_verbs_of_git_read_the_repository() -> None:
    assert Below("/app/.git") in takes_of("git rev-parse HEAD")


@pytest.mark.parametrize(
    ("url", "things"),
    [
        pytest.param("https://sh.rustup.rs", {File("/root/.cargo/bin/cargo"), Toolchain()}, id="rust"),
        pytest.param("https://astral.sh/uv/install.sh", {File("/root/.local/bin/uv")}, id="uv"),
        pytest.param("https://install.python-poetry.org", {File("/root/.local/bin/poetry")}, id="poetry"),
        pytest.param("https://deb.nodesource.com/setup_20.x", {PackageLists()}, id="nodesource"),
    ],
)
def test_a_known_script_leaves(url: str, things: set[Thing]) -> None:
    found = piped_script(url, State())
    assert found is not None
    assert things <= set(found.provides)


def test_a_variable_moves_what_a_script_leaves() -> None:
    state = State().with_variable("POETRY_HOME", "/opt/poetry")
    found = piped_script("https://install.python-poetry.org", state)
    assert found is not None
    assert File("/opt/poetry/bin/poetry") in found.provides
    assert found.purpose is Purpose.TOOL


def test_a_script_that_no_table_knows_is_unknown() -> None:
    assert piped_script("https://x.org/install.sh", state_with()) is None
