"""gpg, ssh-keyscan, ssh: keys and what is done with them."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import joined, needed, opened, path_of
from pydock.effects.registry import effect
from pydock.shell import Argv
from pydock.state import Effect, Need, State, files_below
from pydock.state.needs import Below, File, Program


@effect("gpg", "gpg2", "gpgv")
def gpg(line: Argv, state: State) -> Iterable[Effect]:
    reads = line.has("--dearmor", "--import", "--verify", "--decrypt", "-d", "--enarmor", "--show-keys")
    needs = tuple(need for word in line.operands if reads and word.value != "-" for need in needed(word, state, File))
    own = joined(state.home, ".gnupg")
    takes: tuple[Need, ...] = (Below(own),)
    if line.has("--recv-keys", "--recv-key", "--keyserver"):
        takes = (*takes, Program("dirmngr"))
    made: list[File] = []
    places = [own]
    for word in (line.value("-o", "--output"), line.value("--keyring", "--no-default-keyring")):
        path = path_of(word, state)
        if path is not None:
            made.append(File(path))
        elif word is not None:
            places += opened(word, state).places
    if not line.has("-o", "--output") and line.has("--dearmor") and line.operands:
        path = path_of(line.operands[0], state)
        made += [File(f"{path}.gpg")] if path else []
    return (Effect(needs, takes=takes, provides=tuple(made), opens=files_below(*places)),)


@effect("ssh-keyscan")
def ssh_keyscan(line: Argv, state: State) -> Iterable[Effect]:
    """Prints keys; a redirection puts them into known_hosts."""
    return (Effect(),)


@effect("ssh-keygen", "ssh-add", "ssh", "scp", "sftp", "ssh-agent")
def ssh(line: Argv, state: State) -> Iterable[Effect]:
    path = path_of(line.value("-f"), state) if line.program == "ssh-keygen" else None
    made = (File(path), File(f"{path}.pub")) if path else ()
    own = joined(state.home, ".ssh")
    opens = files_below(own, "/etc/ssh") if line.program == "ssh-keygen" and not made else None
    return (Effect(takes=(Below(own),), provides=made, opens=opens),)
