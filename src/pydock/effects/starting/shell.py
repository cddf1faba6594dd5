"""The shell's own words, and shells that run a script: a text, a file, or their input."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import path_of
from pydock.effects.registry import effect, effects_of
from pydock.shell import Argv, Word, argv
from pydock.state import Effect, Nested, Purpose, State
from pydock.state.needs import File, Folder, Variable
from pydock.values import replace

_SETTING = (Effect(purpose=Purpose.SETTING),)


@effect("cd", "pushd", is_builtin=True)
def cd(line: Argv, state: State) -> Iterable[Effect]:
    target = line.operands[0] if line.operands else None
    if target is None:
        return (Effect(workdir=state.home, purpose=Purpose.SETTING),)
    path = None if target.value == "-" else path_of(target, state)
    if path is None:
        return (Effect(purpose=Purpose.SETTING, is_elsewhere=True),)
    return (Effect((Folder(path),), workdir=path, purpose=Purpose.SETTING),)


@effect("popd", is_builtin=True)
def popd(line: Argv, state: State) -> Iterable[Effect]:
    return (Effect(purpose=Purpose.SETTING, is_elsewhere=True),)


@effect("set", "export", "unset", "umask", "shopt", "local", "readonly", "declare", "typeset", "alias", is_builtin=True)
@effect("unalias", "ulimit", "trap", "hash", "let", "getopts", "shift", "return", "break", "continue", is_builtin=True)
def setting(line: Argv, state: State) -> Iterable[Effect]:
    return _SETTING


@effect("true", "false", ":", "exit", "echo", "printf", "pwd", "type", "wait", "read", "jobs", "times", is_builtin=True)
@effect("bg", "fg", "disown", "mapfile", "readarray", "builtin", "enable", "help", "history", is_builtin=True)
def builtin(line: Argv, state: State) -> Iterable[Effect]:
    """Nothing stays; what echo and printf print is `printed`."""
    return (Effect(),)


@effect("test", "[", "[[", is_builtin=True)
def test(line: Argv, state: State) -> Iterable[Effect]:
    """Asks whether something is there: no need, for both answers have a branch."""
    return (Effect(),)


@effect("eval", is_builtin=True)
def evaluate(line: Argv, state: State) -> Iterable[Nested]:
    values = [word.value for word in line.words[1:]]
    known = [value for value in values if value is not None]
    return (Nested(" ".join(known) if len(known) == len(values) else None, is_same_shell=True),)


@effect("source", ".", is_builtin=True)
def source(line: Argv, state: State) -> Iterable[Effect | Nested]:
    if not line.words[1:]:
        return (Effect(),)
    word, *arguments = line.words[1:]
    path = path_of(word, state)
    if path is None:
        return (Nested(None, tuple(arguments), is_same_shell=True),)
    text = state.text(path)
    if text is None and path.endswith(("/bin/activate", "/.cargo/env", "/etc/profile", "/.bashrc", "/.profile")):
        # They set variables and nothing else.
        return (Effect((File(path),), takes=(Variable("PATH"),), purpose=Purpose.SETTING),)
    return (Nested(text, tuple(arguments), (File(path),), is_same_shell=True),)


@effect("sh", "bash", "dash", "ash", "zsh", "ksh")
def shell(line: Argv, state: State) -> Iterable[Effect | Nested]:
    words = list(line.words[1:])
    reads_text = reads_input = False
    while words and words[0].head[:1] in {"-", "+"}:
        option = words.pop(0).head
        if option in {"--", "-"}:
            break
        if option.startswith("--"):
            words = words[1:] if option in {"--rcfile", "--init-file"} else words
            continue
        reads_text |= "c" in option
        reads_input |= "s" in option
        if option[-1:] in {"o", "O"}:
            words = words[1:]
    if reads_text:
        # The word behind the text is the script's own name.
        return (Nested(words[0].value if words else None, tuple(words[2:])),)
    if reads_input or not words:
        return (Nested(None, tuple(words), is_input=True),)
    return (_file(words[0], tuple(words[1:]), state),)


def _file(word: Word, arguments: tuple[Word, ...], state: State) -> Nested:
    path = path_of(word, state)
    if path is None:
        return Nested(None, arguments)
    if path in {"/dev/stdin", "/proc/self/fd/0"}:
        return Nested(None, arguments, is_input=True)
    return Nested(state.text(path), arguments, (File(path),))


@effect("su", "runuser")
def su(line: Argv, state: State) -> Iterable[Effect | Nested]:
    """`su -c TEXT USER` and `su USER -c TEXT`; `runuser -u USER -- command`."""
    if line.program == "runuser" and not line.has("-u", "--user"):
        line = argv(line.words, "su")
    given = line.value("-c", "--command", "--session-command")
    user = line.value("-u", "--user")
    operands = [word for word in line.operands if word.value != "-"]
    named = user or next(iter(operands[:1]), None)
    if given is not None:
        return (Nested(given.value, tuple(operands[1:])),)
    if user is None or not operands:
        return (Effect(),)
    as_user = replace(state, user=named.value) if named and named.value else state
    return effects_of(tuple(operands), as_user)
