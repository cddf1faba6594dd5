"""What programs that make, copy, change and remove files need and leave."""

import pytest

from pydock.effects import printed
from pydock.shell import argv, script_of_text
from pydock.state import Answer, Purpose, State
from pydock.state.needs import (
    Below,
    File,
    Folder,
    Matching,
    Need,
    NotAMount,
    PackageLists,
    Place,
    Program,
    Thing,
    User,
)
from tests.effects.lines import (
    after,
    changed_by,
    effects_for,
    needs_of,
    opened_by,
    provided_by,
    removed_by,
    state_with,
    takes_of,
)

PROJECT = state_with(
    "/app/",
    "/app/src/",
    "/app/src/__pycache__/x.pyc",
    texts={"/app/src/main.py": "import flask\n", "/app/run.sh": "ls\n"},
)


@pytest.mark.parametrize(
    ("line", "needs"),
    [
        pytest.param("mkdir a/b", {Folder("/app/a")}, id="the-folder-above-a-new-one"),
        pytest.param("mkdir -p a/b", set(), id="nothing-where-mkdir-makes-those-above"),
        pytest.param("mkdir /x /x/y", {Folder("/")}, id="not-the-folder-that-it-makes-itself"),
        pytest.param("cp run.sh /usr/local/bin/", {Place("/app/run.sh"), Folder("/usr/local/bin")}, id="both-ends"),
        pytest.param("cp *.sh /opt/", {Matching("/app/*.sh"), Folder("/opt")}, id="one-file-of-a-pattern"),
        pytest.param("ln -s /nowhere /opt/x", {Folder("/opt")}, id="no-target-of-a-symbolic-link"),
        pytest.param("ln /nowhere /opt/x", {Place("/nowhere"), Folder("/opt")}, id="the-target-of-a-hard-link"),
        pytest.param("install -o app -d /data", {User("app")}, id="the-owner-of-a-new-folder"),
        pytest.param("rm a.txt", {Place("/app/a.txt")}, id="the-file-that-is-removed"),
        pytest.param("rm -f a.txt", set(), id="nothing-where-a-removal-is-forced"),
        pytest.param("chmod +x run.sh", {Place("/app/run.sh")}, id="the-file-whose-mode-changes"),
        pytest.param("chmod -x run.sh", {Place("/app/run.sh")}, id="a-mode-that-looks-like-an-option"),
        pytest.param("chown -R app:web /app", {User("app"), User("web"), Place("/app")}, id="user-and-group"),
        pytest.param("tar -xzf a.tgz -C /opt", {File("/app/a.tgz"), Folder("/opt")}, id="an-archive-and-its-folder"),
        pytest.param("tar xJf a.tar.xz", {File("/app/a.tar.xz"), Program("xz")}, id="what-unpacks-an-archive"),
        pytest.param("tar -xz", set(), id="no-file-for-an-archive-of-a-pipe"),
        pytest.param("sed -i s/a/b/ run.sh", {File("/app/run.sh")}, id="the-file-that-sed-edits"),
        pytest.param("cat a.txt", {File("/app/a.txt")}, id="the-file-that-is-read"),
        pytest.param("test -f a.txt", set(), id="nothing-for-a-question"),
        pytest.param("sha256sum -c sums.txt", {File("/app/sums.txt")}, id="the-file-of-sums"),
    ],
)
def test_a_command_needs(line: str, needs: set[Need]) -> None:
    assert needs_of(line) - {Program(line.split(maxsplit=1)[0])} == needs


@pytest.mark.parametrize(
    ("line", "things"),
    [
        pytest.param("mkdir -p /data/x $Y", {Folder("/data/x")}, id="a-folder"),
        pytest.param("touch new.txt", {File("/app/new.txt")}, id="an-empty-file"),
        pytest.param("tee /etc/x.conf", {File("/etc/x.conf")}, id="a-file-of-tee"),
        pytest.param("cp run.sh /bin/start", {File("/bin/start")}, id="a-copy-under-another-name"),
        pytest.param("cp run.sh /usr/local/bin", {File("/usr/local/bin/run.sh")}, id="a-copy-in-a-folder"),
        pytest.param("cp -r src /srv/code", {Folder("/srv/code"), File("/srv/code/main.py")}, id="all-below-a-folder"),
        pytest.param("cp -r src/. /srv", {File("/srv/main.py")}, id="the-contents-of-a-folder"),
        pytest.param("cp -t /srv run.sh", {File("/srv/run.sh")}, id="a-copy-whose-target-comes-first"),
        pytest.param("rsync -a src/ /srv", {File("/srv/main.py")}, id="the-contents-for-rsync"),
        pytest.param("rsync -a src /srv", {File("/srv/src/main.py")}, id="the-folder-for-rsync"),
        pytest.param("ln -s ../app/run.sh /bin/go", {File("/bin/go")}, id="a-link-to-a-file"),
        pytest.param("ln -s /app/src /code", {Folder("/code"), File("/code/main.py")}, id="a-link-to-a-folder"),
        pytest.param("install -D run.sh /opt/a/run", {File("/opt/a/run")}, id="a-copy-of-install"),
        pytest.param("tar -czf /out.tgz src", {File("/out.tgz")}, id="an-archive"),
        pytest.param("gunzip a.gz", {File("/app/a")}, id="the-file-that-was-packed"),
    ],
)
def test_a_command_provides(line: str, things: set[Thing]) -> None:
    assert things <= provided_by(line, PROJECT)


@pytest.mark.parametrize(
    ("line", "gone"),
    [
        pytest.param("rm -rf src", {Folder("/app/src")}, id="a-folder"),
        pytest.param("find /usr -name '*.pyc' -delete", {Matching("/usr/**.pyc")}, id="what-find-knows-by-name-alone"),
        pytest.param("rm -rf /var/lib/apt/lists/*", {Below("/var/lib/apt/lists"), PackageLists()}, id="package-lists"),
        pytest.param("rm -rf src/*", {Below("/app/src")}, id="all-in-a-folder"),
        pytest.param("rm *.sh", {File("/app/run.sh")}, id="the-files-of-a-pattern"),
        pytest.param("mv run.sh /srv/x", {File("/app/run.sh")}, id="what-is-moved"),
        pytest.param("gzip run.sh", {File("/app/run.sh")}, id="what-is-packed"),
        pytest.param("find . -name '*.pyc' -delete", {File("/app/src/__pycache__/x.pyc")}, id="what-find-finds"),
        pytest.param(r"find . -name '*.pyc' -exec rm {} \;", {File("/app/src/__pycache__/x.pyc")}, id="what-rm-finds"),
        pytest.param("find . -type f -delete", {Below("/app")}, id="all-that-find-finds"),
        pytest.param("find . -mtime +3 -delete", set(), id="nothing-surely-where-find-asks-for-more"),
        pytest.param("find . ! -name '*.py' -delete", set(), id="nothing-surely-where-find-leaves-some"),
    ],
)
def test_a_command_removes(line: str, gone: set[object]) -> None:
    assert removed_by(line, PROJECT) == gone


@pytest.mark.parametrize(
    ("line", "changes"),
    [
        pytest.param("chmod +x run.sh", {File("/app/run.sh")}, id="a-file"),
        pytest.param("chmod +x *.sh", {File("/app/run.sh")}, id="the-files-of-a-pattern"),
        pytest.param("sed -i s/a/b/ run.sh", {File("/app/run.sh")}, id="what-sed-edits"),
        pytest.param("sed s/a/b/ run.sh", set(), id="nothing-where-sed-prints"),
        pytest.param("tee -a run.sh", {File("/app/run.sh")}, id="what-tee-appends-to"),
        pytest.param(r"find . -name '*.sh' -exec chmod +x {} +", {File("/app/run.sh")}, id="what-find-finds"),
        pytest.param("mkdir -p src", {Folder("/app/src")}, id="a-folder-that-is-there"),
    ],
)
def test_a_command_changes(line: str, changes: set[Thing]) -> None:
    assert changed_by(line, PROJECT) == changes


def test_a_change_below_reaches_all_that_is_below() -> None:
    assert {File("/app/src/main.py"), Folder("/app/src")} <= changed_by("chown -R root /app", PROJECT)
    assert File("/app/src/main.py") not in changed_by("chown root /app", PROJECT)


@pytest.mark.parametrize(
    ("line", "path", "text"),
    [
        pytest.param("cp run.sh /bin/go", "/bin/go", "ls\n", id="a-copy"),
        pytest.param("mv run.sh /bin/go", "/bin/go", "ls\n", id="a-move"),
        pytest.param("cp -r src /srv/c", "/srv/c/main.py", "import flask\n", id="a-copy-of-a-folder"),
        pytest.param("chmod +x run.sh", "/app/run.sh", "ls\n", id="a-change-of-mode"),
        pytest.param("sed -i s/ls/pwd/g run.sh", "/app/run.sh", "pwd\n", id="an-edit-that-is-understood"),
        pytest.param("sed -i /flask/d src/main.py", "/app/src/main.py", "", id="lines-that-sed-takes-out"),
        pytest.param(r"sed -i 's/\(a\)/\1/' run.sh", "/app/run.sh", None, id="no-edit-that-is-not-understood"),
        pytest.param("tee run.sh", "/app/run.sh", None, id="not-what-tee-writes-over"),
    ],
)
def test_a_text_is_known_after(line: str, path: str, text: str | None) -> None:
    assert after(line, PROJECT).text(path) == text


@pytest.mark.parametrize(
    ("line", "purpose"),
    [
        pytest.param("rm -rf /root/.cache", Purpose.UPKEEP, id="a-cache"),
        pytest.param("rm -rf ~/.cache/pip", Purpose.UPKEEP, id="a-cache-at-home"),
        pytest.param("rm -rf /var/lib/apt/lists/*", Purpose.UPKEEP, id="package-lists"),
        pytest.param("rm -rf /tmp/* /var/tmp/*", Purpose.UPKEEP, id="temporary-files"),
        pytest.param("rm -rf tests", Purpose.SERVICE, id="files-of-the-service"),
    ],
)
def test_a_removal_is_upkeep_where_it_clears(line: str, purpose: Purpose) -> None:
    assert {each.purpose for each in effects_for(line)} == {purpose}


def test_a_mount_cannot_be_removed() -> None:
    state = state_with(mounts=("/root/.cache/pip",))
    need = NotAMount("/root/.cache/pip")
    for line in ("rm -rf /root/.cache", "rm -rf /root/.cache/pip", "rm -rf /root/.cache/*"):
        assert need in needs_of(line, state), line
    assert need not in needs_of("rm -rf /root/.cache/pip/*", state)
    assert state.find(need).answer is Answer.NO


def test_an_archive_opens_its_folder() -> None:
    assert opened_by("tar -xzf a.tgz -C /opt/x") == {"/opt/x"}
    assert opened_by("unzip a.zip") == {"/app"}
    assert opened_by("7z x a.7z -o/srv") == {"/srv"}


def test_a_target_that_only_the_run_names_may_lie_anywhere() -> None:
    assert opened_by("cp a.txt $TARGET") == {"/"}
    assert opened_by("mkdir -p $TARGET") == {"/"}


def test_nothing_relative_is_known_in_an_unknown_folder() -> None:
    state = state_with(workdir=None)
    assert provided_by("touch new.txt", state) == set()
    assert takes_of("ls x", state) == set()


@pytest.mark.parametrize(
    ("line", "is_dash", "text"),
    [
        pytest.param("echo a  'b  c'", True, "a b  c\n", id="words-with-one-blank"),
        pytest.param("echo -n a", True, "a", id="no-end-of-line"),
        pytest.param(r"echo 'a\nb'", True, "a\nb\n", id="dash-reads-backslashes"),
        pytest.param(r"echo 'a\nb'", False, "a\\nb\n", id="bash-does-not"),
        pytest.param(r"echo -e 'a\nb'", False, "a\nb\n", id="bash-does-with-an-option"),
        pytest.param(r"echo -e 'a'", True, "-e a\n", id="dash-has-no-such-option"),
        pytest.param(r"printf '%s\n' a b", True, "a\nb\n", id="a-format-is-used-again"),
        pytest.param(r"printf 'x=%s\t%%\n' 1", True, "x=1\t%\n", id="a-format-with-a-percent-sign"),
        pytest.param(r"printf '%5.2f' 1", True, None, id="no-number-formats"),
        pytest.param("echo $X", True, None, id="nothing-that-only-the-run-knows"),
        pytest.param("cat run.sh", True, "ls\n", id="a-file"),
        pytest.param("cat", True, "given", id="its-input"),
        pytest.param("cat nowhere", True, None, id="no-unknown-file"),
        pytest.param("grep -v given", True, "", id="what-grep-leaves-of-its-input"),
        pytest.param("grep -vi 'GIV\\|x'", True, "", id="alternatives-without-case"),
        pytest.param("grep -vE 'a|b' run.sh", True, "ls\n", id="the-lines-of-a-file-without-a-word"),
        pytest.param("grep -e s -e x run.sh", True, "ls\n", id="the-lines-with-one"),
        pytest.param("grep -vF 'l.' run.sh", True, "ls\n", id="no-pattern-but-a-word"),
        pytest.param("grep -c s run.sh", True, None, id="no-counting"),
        pytest.param("grep -v '(a' run.sh", True, None, id="no-pattern-that-is-read-otherwise"),
        pytest.param("grep -v $X run.sh", True, None, id="no-unknown-pattern"),
        pytest.param("grep s run.sh other.sh", True, None, id="no-names-in-front"),
        pytest.param("sed '/l/d' run.sh", True, "", id="what-sed-leaves"),
        pytest.param("sed -n '/l/d' run.sh", True, None, id="no-silent-sed"),
        pytest.param(r"sed '/a\|l/d' run.sh", True, None, id="no-alternatives-of-sed"),
    ],
)
def test_a_command_prints(line: str, is_dash: bool, text: str | None) -> None:
    words = script_of_text(line).commands[0].words
    assert printed(argv(words), PROJECT, "given", is_dash=is_dash) == text


def test_a_copy_of_what_may_hold_more_may_hold_more_too() -> None:
    state = after("git clone https://example.org/x.git /src", State())
    copied = after("cp -r /src /dst", state)
    assert copied.find(File("/dst/any")).answer is Answer.UNKNOWN
