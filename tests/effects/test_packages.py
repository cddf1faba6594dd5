"""What package managers need and bring."""

import pytest

from pydock.state import Answer, Effect, Numbers, Purpose
from pydock.state.needs import (
    Below,
    File,
    InSuite,
    Library,
    Need,
    Package,
    PackageLists,
    Program,
    Source,
    Thing,
    Toolchain,
)
from tests.effects.lines import (
    FULL,
    SLIM,
    after,
    effects_for,
    needs_of,
    opened_by,
    provided_by,
    removed_by,
    state_with,
    takes_of,
)


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        pytest.param("apt-get install -y curl", {Program("apt-get"), PackageLists(), InSuite("curl")}, id="lists"),
        pytest.param("apt-get install -y", {Program("apt-get"), PackageLists()}, id="lists-for-packages-of-a-pipe"),
        pytest.param(
            "apt-get install -t bookworm-backports git",
            {Program("apt-get"), PackageLists(), Source("bookworm-backports")},
            id="the-source-of-a-suite-that-an-option-names",
        ),
        pytest.param(
            "apt-get install git/sid",
            {Program("apt-get"), PackageLists(), Source("sid")},
            id="the-source-of-a-suite-behind-a-slash",
        ),
        pytest.param(
            "apt-get install -y ./tool.deb",
            {Program("apt-get"), PackageLists(), File("/app/tool.deb")},
            id="a-deb-file-of-its-own",
        ),
        pytest.param("apt-get update", {Program("apt-get")}, id="nothing-but-apt-for-an-update"),
        pytest.param("dpkg -i /tmp/x.deb", {Program("dpkg"), File("/tmp/x.deb")}, id="the-file-that-dpkg-installs"),
        pytest.param("apt-key add key.asc", {Program("apt-key"), Program("gpg"), File("/app/key.asc")}, id="a-key"),
        pytest.param("apt-key add -", {Program("apt-key"), Program("gpg")}, id="no-file-for-a-key-of-a-pipe"),
        pytest.param("apk add ./x.apk", {Program("apk"), File("/app/x.apk")}, id="an-apk-file"),
        pytest.param("yum install -y ./x.rpm", {Program("yum"), File("/app/x.rpm")}, id="an-rpm-file"),
    ],
)
def test_a_command_needs(line: str, needs: set[Need]) -> None:
    assert needs_of(line) == needs


@pytest.mark.parametrize(
    ("line", "things"),
    [
        pytest.param("apt-get -qq update", {PackageLists()}, id="lists-by-an-update"),
        pytest.param("apt-get install -y curl", {Package("curl"), File("/usr/bin/curl")}, id="a-program"),
        pytest.param("apt-get install -y curl=7.88.1-10", {Package("curl")}, id="a-package-with-a-version"),
        pytest.param("apt-get install -y libpq5", {Package("libpq5"), Library("libpq5")}, id="a-library"),
        pytest.param(
            "apt-get install -y gcc",
            {Package("gcc"), File("/usr/bin/gcc"), Toolchain()},
            id="a-toolchain",
        ),
        pytest.param(
            "apt-get install -y libpq-dev",
            {Package("libpq-dev"), Toolchain(), Library("libpq5")},
            id="headers-bring-the-library-too",
        ),
        pytest.param("debconf-set-selections x", {File("/var/cache/debconf/config.dat")}, id="answers-for-installs"),
        pytest.param("apk add --virtual .build gcc", {Package(".build"), Package("gcc"), Toolchain()}, id="a-group"),
        pytest.param("dnf install -y git", {Package("git"), File("/usr/bin/git"), Toolchain()}, id="a-package-of-dnf"),
    ],
)
def test_a_command_provides(line: str, things: set[Thing]) -> None:
    assert things <= provided_by(line)


def test_recommended_packages_come_along_unless_they_are_turned_off() -> None:
    gcc = "apt-get install -y {} gcc"
    assert Package("libc6-dev") in provided_by(gcc.format(""))
    for option in ("--no-install-recommends", "-o APT::Install-Recommends=0"):
        assert Package("libc6-dev") not in provided_by(gcc.format(option))


def test_programs_of_recommended_packages_are_there_unless_they_are_turned_off() -> None:
    assert File("/usr/bin/ssh-keyscan") in provided_by("apt-get install -y git")
    assert File("/usr/bin/ssh-keyscan") not in provided_by("apt-get install -y --no-install-recommends git")


def test_what_a_package_depends_on_comes_along_in_any_case() -> None:
    assert Package("gcc") in provided_by("apt-get install -y --no-install-recommends build-essential")


def test_each_package_stands_for_itself() -> None:
    found = effects_for("apt-get install -y gcc curl")
    assert [each.operand.value for each in found if each.operand] == ["gcc", "curl"]


def test_a_package_that_no_table_knows_reads_sources_and_keys_and_opens_programs() -> None:
    assert Below("/etc/apt") in takes_of("apt-get install -y google-chrome-stable")
    assert {"/usr/bin", "/opt"} <= opened_by("apt-get install -y google-chrome-stable")
    assert Below("/etc/apt") not in takes_of("apt-get install -y curl")
    assert not opened_by("apt-get install -y curl")


def test_a_release_of_its_own_is_asked_only_where_no_other_source_is_there() -> None:
    state = state_with("/etc/apt/sources.list.d/pgdg.list")
    assert InSuite("postgresql-client-17") not in needs_of("apt-get install postgresql-client-17", state)


def test_an_update_reads_sources_and_keys() -> None:
    assert {Below("/etc/apt"), Below("/usr/share/keyrings")} <= takes_of("apt-get update")
    assert [each.purpose for each in effects_for("apt-get update")] == [Purpose.UPKEEP]


def test_a_suite_is_found_in_a_source_that_a_file_names() -> None:
    state = state_with(
        texts={"/etc/apt/sources.list.d/b.list": "deb http://deb.debian.org/debian bookworm-backports main"}
    )
    need = Source("bookworm-backports")
    assert need in needs_of("apt-get install -t bookworm-backports git", state)
    assert state.find(need).answer is Answer.YES


@pytest.mark.parametrize("verb", ["remove", "purge -y --auto-remove"])
def test_a_removed_package_takes_its_programs_along(verb: str) -> None:
    state = after("apt-get install -y gcc curl", state_with())
    gone = after(f"apt-get {verb} curl", state)
    assert gone.find(Program("curl")).answer is Answer.NO
    assert gone.find(Program("gcc")).answer is Answer.YES


def test_every_package_of_one_line_has_its_part_in_the_toolchain() -> None:
    first, second = effects_for("apt-get install -y gcc libpq-dev")
    state = state_with().after(first, 1).after(second, 2)
    assert state.makers(Toolchain()) == Numbers([1, 2])


def test_a_package_that_only_the_run_names_may_be_any_package() -> None:
    state = after("apt-get install -y $PACKAGES", state_with(base=SLIM))
    assert state.find(Package("libpq5")).answer is Answer.UNKNOWN
    assert state.find(Program("psql")).answer is Answer.UNKNOWN
    assert state.find(File("/app/main.py")).answer is Answer.NO


def test_lists_of_clean_and_upgrade() -> None:
    assert removed_by("apt-get clean") == {Below("/var/cache/apt/archives")}
    assert needs_of("apt-get upgrade -y") == {Program("apt-get"), PackageLists()}


def test_a_group_of_apk_goes_by_its_name() -> None:
    assert Package(".build") in removed_by("apk del .build")


def test_the_base_image_has_apt() -> None:
    for base in (SLIM, FULL):
        assert state_with(base=base).has(Program("apt-get"))
    assert isinstance(effects_for("apt-get update")[0], Effect)
