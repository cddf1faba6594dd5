"""Users and groups: useradd and groupadd, and the two that are called adduser.

Facts: https://manpages.debian.org/bookworm/passwd/useradd.8.en.html, .../adduser/adduser.8.en.html, and
https://busybox.net/downloads/BusyBox.html for `adduser -D -G group name`, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import path_of
from pydock.effects.registry import effect
from pydock.shell import Argv, Word
from pydock.state import Effect, Kind, Need, Open, State
from pydock.state.needs import Folder, Thing, User

_HOMES = ("-d", "--home-dir", "--home")


@effect("useradd")
def useradd(line: Argv, state: State) -> Iterable[Effect]:
    groups = _listed(line.values("-g", "--gid", "-G", "--groups"))
    return (_user(line, state, line.operands, groups, "-u", makes_home=line.has("-m", "--create-home")),)


@effect("adduser")
def adduser(line: Argv, state: State) -> Iterable[Effect]:
    names = line.operands
    if len(names) == 2:
        # adduser USER GROUP
        return (_changed(names),)
    is_group = line.has("--group") and not line.has("--system", "-S")
    if is_group:
        return (_group(line),)
    groups = _listed(line.values("-G", "--ingroup", "--gid"))
    is_without = line.has("--no-create-home", "-H")
    is_system = line.has("--system") and line.value("--home") is None
    return (_user(line, state, names, groups, "-u", makes_home=not is_without and not is_system),)


@effect("groupadd", "addgroup")
def groupadd(line: Argv, state: State) -> Iterable[Effect]:
    names = line.operands
    if line.program == "addgroup" and len(names) == 2:
        return (_changed(names),)
    return (_group(line),)


def _group(line: Argv) -> Effect:
    names = line.operands
    if _hides(names):
        return Effect(opens=_any_user())
    made = [User(word.value) for word in names[-1:] if word.value]
    number = line.value("-g", "--gid")
    made += [User(number.value)] if number and number.value else []
    return Effect(provides=tuple(made))


def _user(
    line: Argv, state: State, names: tuple[Word, ...], groups: list[Need], number: str, *, makes_home: bool
) -> Effect:
    if _hides(names) or not names[-1].value:
        return Effect(tuple(groups), opens=_any_user())
    name = names[-1].value
    made: list[Thing] = [User(name)]
    uid = line.value(number, "--uid")
    if uid and uid.value:
        made.append(User(uid.value))
    given = line.value(*_HOMES) or (line.value("-h") if line.program == "adduser" else None)
    home = path_of(given, state) if given else f"/home/{name}"
    if makes_home and home:
        made.append(Folder(home))
    return Effect(tuple(groups), provides=tuple(made))


def _listed(words: tuple[Word, ...]) -> list[Need]:
    """The groups of `-G docker,video`."""
    return [User(name) for word in words if word.value for name in word.value.split(",") if name]


def _hides(names: tuple[Word, ...]) -> bool:
    return not names or any(word.value is None for word in names)


def _any_user() -> Open:
    return Open(frozenset({Kind.USER, Kind.FILE}), ("/home",))


def _changed(names: Iterable[Word]) -> Effect:
    users = tuple(User(word.value) for word in names if word.value)
    return Effect(users, changes=users[:1])


@effect("usermod", "gpasswd", "passwd", "chsh", "chage", "groupmod")
def usermod(line: Argv, state: State) -> Iterable[Effect]:
    """Changes a user; numbers and names that it gives are new ones."""
    values = line.values("-g", "--gid", "-G", "--groups", "-a", "--add") if line.program != "groupmod" else ()
    new = line.values("-u", "--uid", "-l", "--login", "-n", "--new-name")
    if line.program == "groupmod":
        new = (*new, *line.values("-g", "--gid"))
    changed = _changed(line.operands[-1:])
    provides = tuple(User(word.value) for word in new if word.value)
    return (Effect((*changed.needs, *_listed(values)), provides=provides, changes=changed.changes),)


@effect("deluser", "userdel", "groupdel", "delgroup")
def userdel(line: Argv, state: State) -> Iterable[Effect]:
    names = [word.value for word in line.operands if word.value]
    if len(names) == 2:
        return (_changed(line.operands),)
    users = tuple(User(name) for name in names)
    homes = tuple(Folder(f"/home/{name}") for name in names) if line.has("-r", "--remove", "--remove-home") else ()
    return (Effect(users, removes=(*users, *homes)),)


@effect("chpasswd")
def chpasswd(line: Argv, state: State) -> Iterable[Effect]:
    """Reads "name:password" from its input, which is a pipe's."""
    return (Effect(),)
