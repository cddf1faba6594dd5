"""What the programs for users and groups need and make."""

import pytest

from pydock.state.needs import Folder, Need, Program, Thing, User
from tests.effects.lines import changed_by, needs_of, opened_by, provided_by, removed_by


@pytest.mark.parametrize(
    ("line", "things"),
    [
        pytest.param("useradd -r app", {User("app")}, id="a-user"),
        pytest.param("useradd -m -u 1000 app", {User("app"), User("1000"), Folder("/home/app")}, id="number-and-home"),
        pytest.param("useradd -md /srv/app app", {User("app"), Folder("/srv/app")}, id="a-home-of-its-own"),
        pytest.param("adduser --disabled-password --gecos '' app", {User("app"), Folder("/home/app")}, id="debian"),
        pytest.param("adduser --system --no-create-home --group app", {User("app")}, id="a-system-user"),
        pytest.param("adduser -D -u 1000 -G web app", {User("app"), User("1000"), Folder("/home/app")}, id="busybox"),
        pytest.param("adduser -S -H app", {User("app")}, id="busybox-without-a-home"),
        pytest.param("groupadd -g 999 web", {User("web"), User("999")}, id="a-group"),
        pytest.param("addgroup --system web", {User("web")}, id="a-system-group"),
        pytest.param("adduser app docker", set(), id="nothing-new-for-a-group-of-a-user"),
    ],
)
def test_a_command_makes(line: str, things: set[Thing]) -> None:
    assert provided_by(line) == things


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        pytest.param("useradd -g web -G docker,video app", {User("web"), User("docker"), User("video")}, id="groups"),
        pytest.param("adduser -D -G web app", {User("web")}, id="the-group-of-busybox"),
        pytest.param("adduser app docker", {User("app"), User("docker")}, id="user-and-group"),
        pytest.param("usermod -aG docker app", {User("app"), User("docker")}, id="the-user-that-changes"),
        pytest.param("userdel app", {User("app")}, id="the-user-that-goes"),
        pytest.param("chpasswd", set(), id="nothing-known-of-a-pipe"),
    ],
)
def test_a_command_needs(line: str, needs: set[Need]) -> None:
    assert needs_of(line) - {Program(line.split(maxsplit=1)[0])} == needs


def test_a_user_goes_with_its_home() -> None:
    assert removed_by("userdel -r app") == {User("app"), Folder("/home/app")}


def test_a_change_has_its_hand_in_the_user() -> None:
    assert changed_by("adduser app docker") == {User("app")}
    assert changed_by("usermod -aG docker app") == {User("app")}


def test_a_user_that_only_the_run_names_may_be_any() -> None:
    assert opened_by("useradd $NAME") == {"/home"}
