"""Programs that run the command behind them: sudo, env, exec, xargs, gosu, tini and many more."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import path_of
from pydock.effects.registry import effect, effects_of
from pydock.patterns import regex
from pydock.shell import Argv, Word, behind
from pydock.state import Effect, Need, Nested, Purpose, State
from pydock.state.needs import Folder, User
from pydock.values import replace

_ASSIGNMENT = regex(r"[A-Za-z_]\w*=")
_WITH_USER = frozenset({"gosu", "su-exec", "setuidgid", "s6-setuidgid"})


def _behind(words: tuple[Word, ...], state: State, needs: tuple[Need, ...] = ()) -> tuple[Effect | Nested, ...]:
    """The effects of the command behind a wrapper, and the wrapper's own needs with the first of them."""
    found = effects_of(words, state) or (Effect(),)
    first = replace(found[0], needs=(*needs, *found[0].needs)) if needs else found[0]
    return (first, *found[1:])


@effect("sudo", "doas")
def sudo(line: Argv, state: State) -> Iterable[Effect | Nested]:
    user = line.value("-u", "--user")
    name = user.value if user else "root"
    words, given = _without_assignments(line.operands, state)
    needs = (User(name),) if user and name else ()
    return _behind(words, replace(given, user=name) if name else given, needs)


@effect("env")
def env(line: Argv, state: State) -> Iterable[Effect | Nested]:
    words, given = _without_assignments(line.operands, state)
    folder = line.value("-C", "--chdir")
    if folder is not None:
        given = replace(given, workdir=path_of(folder, state))
    return _behind(words, given) if words else (Effect(),)


def _without_assignments(words: tuple[Word, ...], state: State) -> tuple[tuple[Word, ...], State]:
    """The command behind `NAME=value` words, and the state with those variables."""
    rest = list(words)
    while rest and _ASSIGNMENT.match(rest[0].head):
        name, _, _ = rest[0].head.partition("=")
        state = state.with_variable(name, rest.pop(0).behind(len(name) + 1).value)
    return tuple(rest), state


@effect("exec", "time", "nohup", "command", "coproc", is_builtin=True)
def exec_(line: Argv, state: State) -> Iterable[Effect | Nested]:
    if line.program == "command" and line.has("-v", "-V"):
        return (Effect(),)
    if not line.operands:
        # `exec > file` redirects what follows.
        return (Effect(purpose=Purpose.SETTING),)
    return _behind(line.operands, state)


@effect("nice", "ionice", "tini", "tini-static", "dumb-init", "catatonit", "stdbuf", "eatmydata", "setpriv", "xvfb-run")
@effect("fakeroot", "setsid", "unbuffer", "catchsegv", "timeout", "gosu", "su-exec", "setuidgid", "s6-setuidgid")
@effect("watch", "flock", "numactl", "taskset", "chrt", "proxychains4", "torsocks", "strace", "ltrace")
@effect("linux32", "linux64", "with-contenv", "dockerize")
def wrapper(line: Argv, state: State) -> Iterable[Effect | Nested]:
    user = line.operands[0].value if line.program in _WITH_USER and line.operands else None
    if user is None:
        return _behind(behind(line) or (), state)
    needs = tuple(User(name) for name in user.split(":") if name)
    return _behind(behind(line) or (), replace(state, user=user), needs)


@effect("chroot")
def chroot(line: Argv, state: State) -> Iterable[Effect]:
    """What it runs sees another root; nothing of this one but that folder changes."""
    path = path_of(line.operands[0], state) if line.operands else None
    return (Effect((Folder(path),) if path else ()),)


@effect("xargs")
def xargs(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """The command with one more word, which its input tells; `-I` says where that stands."""
    if not line.operands:
        return (Effect(),)
    mark = line.value("-I", "-i", "--replace")
    span = line.operands[-1].span
    unknown = Word("", None, span)
    if mark is not None and mark.value:
        words = [unknown if mark.value in word.head else word for word in line.operands]
    else:
        words = [*line.operands, unknown]
    return _behind(tuple(words), state)
