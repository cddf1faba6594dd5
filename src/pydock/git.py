"""The one door to git, which runs nothing of a repository: its configuration is never read as such.

Dozens of keys name a program (https://git-scm.com/docs/git-config, read 2026-11), and each release
may bring more. So git works in a folder of its own, with its own HEAD and configuration, that
shares objects and references with the repository. Of the configurations it gets a few values that
only say who commits and how line ends are written. No remote is known there, so nothing is
fetched; submodules, whose own configuration would be read, are left out.
"""

from __future__ import annotations

import os
import stat
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from pydock import processes
from pydock.errors import UnreadableError
from pydock.patterns import regex
from pydock.processes import Child
from pydock.project.secrets import mask
from pydock.values import Value, replace

_LIMIT = 60
_LARGEST = 1024 * 1024
# What a person's or a repository's configuration may say here: no key that names a program, a file or an address.
_SAID = (
    r"^((user|author|committer)\.(name|email)|user\.useconfigonly"
    r"|core\.(autocrlf|eol|filemode|symlinks|ignorecase|precomposeunicode|trustctime|checkstat))$"
)
_EXTENSIONS = {"objectformat": ("sha1", "sha256"), "refstorage": ("files", "reftable")}
_LINK = regex(r"gitdir: ([^\n\0]+)\n?\Z")
_ALWAYS = {
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "none",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_LITERAL_PATHSPECS": "1",
}


class Repository(Value):
    """The folder of the work tree, git's own folder of it, and the one that all its work trees share."""

    top: Path
    own: Path
    shared: Path


class Git(Value):
    """git in one repository; `environment` tells it where everything is."""

    repository: Repository
    environment: Mapping[str, str]
    folder: Path

    def told(self, *arguments: str, data: bytes = b"") -> str:
        """What git prints; raises UnreadableError where it fails."""
        done = self._run(arguments, data)
        if done.returncode:
            said = mask(done.stderr.decode("utf-8", "replace").strip())
            raise UnreadableError(f"{self.repository.top}: git {arguments[0]}: {said}")
        return done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def asked(self, *arguments: str) -> str:
        """What git prints, "" where it fails."""
        done = self._run(arguments, b"")
        return "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape").rstrip("\n")

    def with_index(self, path: str) -> Git:
        """The same with an index elsewhere, so that the one of the person stays as it is."""
        return replace(self, environment={**self.environment, "GIT_INDEX_FILE": path})

    def _run(self, arguments: Sequence[str], data: bytes) -> subprocess.CompletedProcess[bytes]:
        return _ran(arguments, self.environment, self.folder, data)


def repository(folder: Path, *, above: bool = False) -> Repository | None:
    """The repository of a folder, None where it is none; with `above` also one that begins higher up.

    Raises UnreadableError where a part of it lies elsewhere, so that nothing else is read or written.
    """
    top = Path(os.path.realpath(folder))
    for place in (top, *top.parents) if above else (top,):
        if os.path.lexists(place / ".git"):
            return _repository(place)
    return None


@contextmanager
def opened(found: Repository, folder: Path | None = None) -> Iterator[Git]:
    """git in a repository, working in a folder of it.

    Raises UnreadableError without git, and where the repository is none that it can read.
    """
    with tempfile.TemporaryDirectory(prefix="pydock-git-") as place:
        private = Path(place)
        environment = {
            **processes.environment(Child.GIT),
            **_ALWAYS,
            "GIT_DIR": place,
            "GIT_WORK_TREE": str(found.top),
            "GIT_OBJECT_DIRECTORY": str(found.shared / "objects"),
            "GIT_INDEX_FILE": str(found.own / "index"),
        }
        _furnish(private, found, environment)
        yield Git(found, {**environment, **_said(found, private, environment)}, folder or found.top)


def _repository(top: Path) -> Repository:
    own = top / ".git"
    kind = os.lstat(own).st_mode
    if stat.S_ISREG(kind):
        own = _linked(top, _text(own))
    elif not stat.S_ISDIR(kind):
        raise _elsewhere(top, ".git")
    shared = own
    if os.path.lexists(own / "commondir"):
        shared = Path(os.path.realpath(own / _text(own / "commondir").strip()))
    for name in ("objects", "refs", "refs/heads"):
        if os.path.islink(shared / name):
            raise _elsewhere(top, name)
    if any(entry.is_symlink() for entry in _entries(shared / "objects")):
        raise _elsewhere(top, "objects")
    return Repository(top, own, shared)


def _linked(top: Path, text: str) -> Path:
    """The folder that a file `.git` names, where that folder names this work tree, too.

    A work tree beside another one and a submodule both do
    (https://git-scm.com/docs/gitrepository-layout, read 2026-11).
    """
    match = _LINK.match(text)
    own = Path(os.path.realpath(top / match[1])) if match else top
    back = ""
    if os.path.lexists(own / "gitdir"):
        back = os.path.dirname(os.path.join(own, _text(own / "gitdir").strip()))
    elif match and os.path.lexists(own / "config"):
        named = _config(("--file", str(own / "config"), "--no-includes", "--get", "core.worktree"), own)
        back = os.path.join(own, named[0]) if named else ""
    if not back or os.path.realpath(back) != str(top):
        raise _elsewhere(top, ".git")
    return own


def _elsewhere(top: Path, name: str) -> UnreadableError:
    hint = "pydock reads and writes one repository, and no link out of it"
    return UnreadableError(f"{top}: {name} of its git repository lies elsewhere", hint)


def _furnish(private: Path, found: Repository, environment: Mapping[str, str]) -> None:
    """Make the folder that git takes for its own: what is shared by link, HEAD as a copy, a configuration of ours."""
    values = _config(("--file", str(found.shared / "config"), "--no-includes", "-z", "--get-regexp", r"^extensions\."),
                     private, environment)  # fmt: skip
    told = {}
    for entry in values:
        name, _, value = entry.removeprefix("extensions.").partition("\n")
        if value.lower() in _EXTENSIONS.get(name, ()):
            told[name] = value.lower()
    lines = [f"[core]\n\trepositoryformatversion = {int(bool(told))}\n", *(["[extensions]\n"] if told else [])]
    lines += [f"\t{name} = {value}\n" for name, value in told.items()]
    (private / "config").write_text("".join(lines), encoding="utf-8")
    (private / "HEAD").write_text(_text(found.own / "HEAD"), encoding="utf-8", errors="surrogateescape")
    for name in ("refs", "reftable", "packed-refs", "shallow"):
        if os.path.islink(found.shared / name):
            raise _elsewhere(found.top, name)
        if os.path.exists(found.shared / name):
            (private / name).symlink_to(found.shared / name)
    for part in _entries(found.own):
        if part.name.startswith("sharedindex.") and part.is_file(follow_symlinks=False):
            (private / part.name).symlink_to(part.path)


def _said(found: Repository, private: Path, environment: Mapping[str, str]) -> Mapping[str, str]:
    """What the configurations of the machine, the person and the repository say that is of use here."""
    # The person's own may depend on where the repository lies (includeIf), so git is told where that is.
    persons = {**processes.environment(Child.GIT), "GIT_DIR": str(found.own)}
    asked = ("-z", "--get-regexp", _SAID)
    entries = [
        *_config(("--system", "--includes", *asked), private, persons),
        *_config(("--global", "--includes", *asked), private, persons),
        *_config(("--file", str(found.shared / "config"), "--no-includes", *asked), private, environment),
    ]
    values = dict(entry.partition("\n")[::2] for entry in entries)
    told = {"GIT_CONFIG_COUNT": str(len(values))}
    for at, (name, value) in enumerate(values.items()):
        told |= {f"GIT_CONFIG_KEY_{at}": name, f"GIT_CONFIG_VALUE_{at}": value or "true"}
    return told


def _config(arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str] | None = None) -> list[str]:
    """What `git config` finds, nothing where there is no such file; a file is read and no key of it acted on."""
    if arguments[0] == "--file" and not _is_plain(Path(arguments[1])):
        return []
    told = environment or {**processes.environment(Child.GIT), **_ALWAYS, "GIT_CEILING_DIRECTORIES": str(folder.parent)}
    done = _ran(("config", *arguments), told, folder, b"")
    said = "" if done.returncode else done.stdout.decode("utf-8", "surrogateescape")
    return [entry for entry in said.rstrip("\n").split("\0") if entry]


def _ran(
    arguments: Sequence[str], environment: Mapping[str, str], folder: Path, data: bytes
) -> subprocess.CompletedProcess[bytes]:
    hint = "what needs the history of a repository needs git"
    try:
        return subprocess.run(
            [processes.program("git") or "git", "--no-pager", *arguments],
            cwd=folder, env=dict(environment), input=data, capture_output=True, timeout=_LIMIT, check=False,
        )  # fmt: skip
    except OSError as error:
        raise UnreadableError(f"git cannot be started: {error.strerror}", hint) from error
    except subprocess.TimeoutExpired as error:
        raise UnreadableError(f"git {arguments[0]} takes more than {_LIMIT} s in {folder}") from error


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError as error:
        raise UnreadableError(f"{folder}: {error.strerror}") from error


def _is_plain(path: Path) -> bool:
    try:
        status = os.lstat(path)
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size <= _LARGEST


def _text(path: Path) -> str:
    """The text of one of git's own files; raises UnreadableError for anything but a small plain one."""
    if not _is_plain(path):
        raise UnreadableError(f"{path}: no file of git", "is the repository whole?")
    return path.read_text(encoding="utf-8", errors="surrogateescape")
