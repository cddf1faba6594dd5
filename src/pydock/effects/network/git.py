"""git: a folder for a repository, or what lies in the one that it runs in."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import joined, opened, path_of, taken
from pydock.effects.registry import effect
from pydock.shell import Argv
from pydock.state import Effect, Need, State, files_below
from pydock.state.needs import Below, File, Folder, Package, Program
from pydock.values import replace

_SSH = ("git@", "ssh:", "git+ssh:")
_READING = frozenset({"log", "describe", "rev-parse", "status", "show", "diff", "config", "ls-files", "version"})


@effect("git")
def git(line: Argv, state: State) -> Iterable[Effect]:
    folder = line.value("-C")
    if folder is not None:
        state = replace(state, workdir=path_of(folder, state))
    if line.verb == "clone":
        return (_clone(line, state),)
    if line.verb == "config":
        return (_config(line, state),)
    where = state.workdir
    takes: list[Need] = [*_settings(state)]
    if where is not None:
        takes.append(Below(joined(where, ".git")))
    takes += [need for word in line.operands if "/" in word.head for need in taken(word, state)]
    is_reading = line.verb in _READING or where in {None, "/"}
    return (Effect(takes=tuple(takes), opens=None if is_reading or where is None else files_below(where)),)


def _settings(state: State) -> tuple[Need, ...]:
    return (File(joined(state.home, ".gitconfig")), File("/etc/gitconfig"), Package("ca-certificates"))


def _config(line: Argv, state: State) -> Effect:
    if line.has("--global", "--system"):
        path = "/etc/gitconfig" if line.has("--system") else joined(state.home, ".gitconfig")
        thing = File(path)
        return Effect(changes=(thing,)) if state.makers(thing) else Effect(provides=(thing,))
    return Effect(takes=(Below(joined(state.workdir, ".git")),) if state.workdir else ())


def _clone(line: Argv, state: State) -> Effect:
    if not line.operands:
        return Effect()
    url, *rest = line.operands
    needs: tuple[Need, ...] = ()
    takes = _settings(state)
    if url.head.startswith(_SSH):
        needs = (Program("ssh"),)
        takes = (*takes, Below(joined(state.home, ".ssh")), Below("/etc/ssh"))
    if rest:
        where = path_of(rest[0], state)
        opens = opened(rest[0], state)
    else:
        name = url.value.rstrip("/").rpartition("/")[2].rpartition(":")[2].removesuffix(".git") if url.value else None
        where = state.at(name) if name else None
        opens = files_below(where or state.workdir or "/")
    return Effect(needs, takes=takes, provides=(Folder(where),) if where else (), opens=opens)
