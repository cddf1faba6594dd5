"""No key of a repository's own configuration, no hook, attribute or link of it makes git run or fetch anything."""

from __future__ import annotations

import os
import subprocess
from datetime import date
from pathlib import Path

import pytest

from pydock.context import Tree
from pydock.errors import UnreadableError
from pydock.migrate.deliver import Part, commit, uncommitted
from pydock.migrate.records.record import Change
from pydock.resolve import last_change
from tests.command_line import Runner

FILES = {
    "Dockerfile": "FROM python:3.11\nWORKDIR /app\nCOPY . .\nRUN pip install -r requirements.txt\nCMD python app.py\n",
    "requirements.txt": "flask==3.1.2\n",
    "app.py": "print('hello')\n",
    ".gitattributes": "* filter=x diff=x merge=x\n",
}
CHANGE = Change("Dockerfile", FILES["Dockerfile"], "FROM python:3.12\n")
# Every key that names a program, and those that make git use one; TRAP stands for one that leaves a mark.
KEYS = """\
core.fsmonitor=TRAP
core.hooksPath=HOOKS
core.sshCommand=TRAP
core.gitProxy=TRAP
core.editor=TRAP
core.pager=TRAP
core.askPass=TRAP
core.alternateRefsCommand=TRAP
core.worktree=/
sequence.editor=TRAP
filter.x.clean=TRAP
filter.x.smudge=TRAP
filter.x.process=TRAP
filter.x.required=true
diff.external=TRAP
diff.x.command=TRAP
diff.x.textconv=TRAP
diff.guitool=x
difftool.x.cmd=TRAP
merge.x.driver=TRAP
mergetool.x.cmd=TRAP
interactive.diffFilter=TRAP
credential.helper=!TRAP
commit.gpgSign=true
tag.gpgSign=true
gpg.program=TRAP
gpg.ssh.program=TRAP
gpg.x509.program=TRAP
gpg.ssh.defaultKeyCommand=TRAP
remote.origin.url=ext::TRAP
remote.origin.uploadpack=TRAP
remote.origin.receivepack=TRAP
remote.origin.vcs=x
remote.origin.proxy=http://127.0.0.1:1
remote.origin.promisor=true
remote.origin.partialclonefilter=blob:none
extensions.partialClone=origin
protocol.ext.allow=always
protocol.allow=always
uploadpack.packObjectsHook=TRAP
alias.rev-parse=!TRAP
alias.commit-tree=!TRAP
alias.diff=!TRAP
pager.diff=TRAP
pager.rev-list=TRAP
pager.config=TRAP
man.x.cmd=TRAP
browser.x.cmd=TRAP
web.browser=x
imap.tunnel=TRAP
sendemail.sendmailCmd=TRAP
trailer.x.cmd=TRAP
trailer.x.command=TRAP
gc.auto=1
gc.recentObjectsHook=TRAP
maintenance.auto=true
maintenance.autoDetach=false
submodule.recurse=true
diff.submodule=log
status.submoduleSummary=true
submodule.sub.update=!TRAP
include.path=included
log.showSignature=true
url.ext::TRAP.insteadOf=https://
""".splitlines()
HOOKS = ("pre-commit", "post-commit", "reference-transaction", "post-index-change", "fsmonitor-watchman", "pre-auto-gc")


@pytest.fixture(autouse=True)
def person(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    (tmp_path / "home").mkdir()
    (tmp_path / "home/.gitconfig").write_text("[user]\n\tname = A\n\temail = a@b\n")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def _repository(folder: Path) -> Path:
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    _git(folder, "init", "-q", "-b", "main")
    _git(folder, "add", "-A")
    _git(folder, "commit", "-q", "-m", "first")
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return _repository(tmp_path / "services" / "one")


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A program that leaves a mark beside it, whatever it is asked."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch '{tmp_path}/mark'\ncat\n")
    program.chmod(0o755)
    return program


def _set(folder: Path, line: str, trap: Path) -> None:
    """Write one key into the configuration of a repository, and all hooks beside it."""
    key, _, value = line.replace("TRAP", str(trap)).replace("HOOKS", str(folder / ".git/traps")).partition("=")
    (folder / ".git/included").write_text(f'[core]\n\tfsmonitor = {trap}\n[filter "x"]\n\tclean = {trap}\n')
    for place in (folder / ".git/traps", folder / ".git/hooks"):
        place.mkdir(exist_ok=True)
        for hook in HOOKS:
            (place / hook).unlink(missing_ok=True)
            (place / hook).symlink_to(trap)
    _git(folder, "config", "--file", ".git/config", key, value)


def _touched(folder: Path) -> None:
    """Make git look at every file again, as it does where it cannot tell by the time."""
    for name in FILES:
        os.utime(folder / name, (1, 1))


@pytest.mark.parametrize("line", KEYS, ids=lambda line: line.partition("=")[0])
def test_no_key_of_a_repository_runs_anything(line: str, repository: Path, trap: Path, tmp_path: Path) -> None:
    _set(repository, line, trap)
    _touched(repository)
    uncommitted(repository, ".")
    assert last_change(Tree(repository)) <= date.today()
    assert commit(repository, "pydock", [Part((CHANGE,), "message\n")]) == ("",)
    assert (repository / ".git/refs/heads/pydock").exists()
    assert not (tmp_path / "mark").exists()


def test_all_of_them_together_run_nothing_in_a_migration(
    repository: Path, trap: Path, tmp_path: Path, run: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    for line in KEYS:
        if not line.startswith("extensions."):
            _set(repository, line, trap)
    _touched(repository)
    monkeypatch.chdir(tmp_path)
    done = run("migrate", "services", "--out", "out", "--branch", "pydock")
    assert "not committed" not in done.err
    assert (repository / ".git/refs/heads/pydock").exists()
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize("line", ["filter.x.clean=TRAP", "core.fsmonitor=TRAP", "include.path=included"])
def test_git_itself_falls_into_these_traps(line: str, repository: Path, trap: Path, tmp_path: Path) -> None:
    _set(repository, line, trap)
    _touched(repository)
    subprocess.run(["git", "diff", "HEAD"], cwd=repository, capture_output=True, check=False)
    assert (tmp_path / "mark").exists()


def test_nothing_is_fetched_for_a_clone_that_is_not_whole(tmp_path: Path, trap: Path) -> None:
    source = _repository(tmp_path / "source")
    _git(source, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    _git(tmp_path, "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{source}", str(clone))
    _git(clone, "config", "remote.origin.uploadpack", str(trap))
    assert commit(clone, "pydock", [Part((Change("new", None, "x\n"),), "message\n")]) == ("",)
    assert last_change(Tree(clone)) <= date.today()
    assert not (tmp_path / "mark").exists()
    assert "?" in _git(clone, "rev-list", "--objects", "--missing=print", "pydock")


def test_the_configuration_of_a_submodule_runs_nothing(repository: Path, trap: Path, tmp_path: Path) -> None:
    inner = _repository(tmp_path / "inner")
    _git(repository, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "sub")
    _git(repository, "commit", "-q", "-am", "sub")
    _git(repository / "sub", "config", "core.fsmonitor", str(trap))
    (repository / "sub/app.py").write_text("changed\n")
    uncommitted(repository, ".")
    assert commit(repository, "pydock", [Part((CHANGE,), "message\n")]) == ("",)
    assert not (tmp_path / "mark").exists()
    assert commit(repository / "sub", "pydock", [Part((CHANGE,), "message\n")]) == ("",)
    assert not (tmp_path / "mark").exists()
    assert _git(inner, "branch", "--list", "pydock") == ""


def test_a_work_tree_beside_another_is_a_repository_too(repository: Path, tmp_path: Path) -> None:
    _git(repository, "worktree", "add", "-q", "-b", "other", str(tmp_path / "beside"))
    assert commit(tmp_path / "beside", "pydock", [Part((CHANGE,), "message\n")]) == ("",)
    assert _git(repository, "rev-parse", "pydock~1") == _git(repository, "rev-parse", "other")


@pytest.mark.parametrize("part", [".git", ".git/objects", ".git/refs", ".git/refs/heads", ".git/refs/heads/a"])
def test_a_part_that_lies_in_another_repository_is_not_followed(part: str, repository: Path, tmp_path: Path) -> None:
    other = _repository(tmp_path / "other")
    (other / ".git/refs/heads/a").mkdir()
    if (repository / part).exists():
        (repository / part).rename(tmp_path / "away")
    (repository / part).symlink_to(other / part)
    before = sorted(str(path) for path in other.rglob("*"))
    try:
        (why,) = commit(repository, "a/pydock", [Part((CHANGE,), "message\n")])
    except UnreadableError as error:
        why = error.message
    assert "lies elsewhere" in why
    assert sorted(str(path) for path in other.rglob("*")) == before


def test_a_file_that_names_the_repository_of_another_folder_is_not_followed(repository: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger"
    stranger.mkdir()
    (stranger / "Dockerfile").write_text(FILES["Dockerfile"])
    (stranger / ".git").write_text(f"gitdir: {repository}/.git\n")
    with pytest.raises(UnreadableError, match="lies elsewhere"):
        commit(stranger, "pydock", [Part((CHANGE,), "message\n")])
    assert _git(repository, "branch", "--list", "pydock") == ""


def test_who_commits_may_depend_on_where_the_repository_lies(repository: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "work").write_text("[user]\n\temail = a@work\n")
    (home / ".gitconfig").write_text(
        f'[user]\n\tname = A\n\temail = a@b\n[includeIf "gitdir:{tmp_path}/services/"]\n\tpath = work\n'
    )
    assert commit(repository, "pydock", [Part((CHANGE,), "message\n")]) == ("",)
    assert _git(repository, "log", "-1", "--format=%ce", "pydock") == "a@work"
