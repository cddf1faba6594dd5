"""chmod, chown, sed -i, patch, strip: files that are there already, with one more hand in them."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.files.edited import edited
from pydock.effects.paths import contents_of, named_things, needed, path_in, taken, texts_of
from pydock.effects.registry import effect
from pydock.patterns import regex
from pydock.shell import Argv, Word
from pydock.state import Effect, State, files_below
from pydock.state.needs import Below, File, Need, User

_MODE = regex(r"[-+=][rwxXstugo,+=-]+|[ugoa,]*[-+=].*|[0-7]+")


@effect("chmod", "setfacl", "setcap")
def chmod(line: Argv, state: State) -> Iterable[Effect]:
    """The mode comes first, and may look like an option: `chmod -x file`."""
    words = [word for word in line.words[1:] if not word.head.startswith("-") or _MODE.fullmatch(word.head)]
    # `-R` is an option, `-r` takes the right to read.
    words = [word for word in words if word.head not in {"-R", "-Rf"}]
    has_mode = not (line.value("--reference") or line.has("-b", "-k", "--remove-all"))
    paths = words[1:] if has_mode else words
    if line.program == "setfacl":
        paths = list(line.operands)
    return _changed(paths, line, state)


@effect("chown", "chgrp")
def chown(line: Argv, state: State) -> Iterable[Effect]:
    has_owner = not line.has("--reference")
    owner = line.operands[0].value if line.operands and has_owner else None
    paths = line.operands[1:] if has_owner else line.operands
    return _changed(list(paths), line, state, _owners(owner or ""))


def _owners(text: str) -> tuple[Need, ...]:
    """The user and the group of `app:www-data`; `app.www-data` means the same."""
    mark = ":" if ":" in text else "."
    return tuple(User(name) for name in text.split(mark, 1) if name)


def _changed(paths: list[Word], line: Argv, state: State, needs: tuple[Need, ...] = ()) -> tuple[Effect, ...]:
    is_deep = line.has("-R", "--recursive")
    is_forced = line.has("-f", "--silent", "--quiet")
    found = []
    for word in paths:
        things = named_things(word, state, with_below=is_deep)
        read = needed(word, state)
        takes = taken(word, state) if is_deep or is_forced else ()
        same = contents_of(things, state)
        found.append(
            Effect(
                needs if is_forced else (*needs, *read),
                takes=takes,
                changes=things,
                texts=same.texts,
                origins=same.origins,
                operand=word,
            )
        )
    return tuple(found) or (Effect(needs),)


@effect("sed")
def sed(line: Argv, state: State) -> Iterable[Effect]:
    has_scripts = line.has("-e", "--expression", "-f", "--file")
    scripts = line.values("-e", "--expression") if has_scripts else line.operands[:1]
    files = line.operands if has_scripts else line.operands[1:]
    needs = [need for word in files for need in needed(word, state, File)]
    needs += [need for word in line.values("-f", "--file") for need in needed(word, state, File)]
    if not line.has("-i", "--in-place"):
        return (Effect(tuple(needs)),)
    things = tuple(thing for word in files for thing in named_things(word, state))
    texts = {}
    for path, text in texts_of(things, state).items():
        is_known = not line.has("-f", "--file", "-n") and all(word.value is not None for word in scripts)
        new = edited(text, [word.value or "" for word in scripts], line.has("-E", "-r")) if is_known else None
        if new is not None:
            texts[path] = new
    return (Effect(tuple(needs), changes=things, texts=texts),)


@effect("dos2unix", "unix2dos", "strip")
def convert(line: Argv, state: State) -> Iterable[Effect]:
    found = []
    for word in line.operands:
        things = named_things(word, state)
        is_unix = line.program == "dos2unix"
        texts = {path: text.replace("\r\n", "\n") for path, text in texts_of(things, state).items() if is_unix}
        found.append(Effect(needed(word, state, File), changes=things, texts=texts, operand=word))
    return tuple(found) or (Effect(),)


@effect("patch")
def patch(line: Argv, state: State) -> Iterable[Effect]:
    """Whatever lies in the folder, or the one file that it names."""
    patches = line.values("-i", "--input") or line.operands[1:]
    needs = [need for word in patches for need in needed(word, state, File)]
    things = tuple(thing for word in line.operands[:1] for thing in named_things(word, state))
    needs += [File(path_in(thing)) for thing in things]
    folder = line.value("-d", "--directory")
    where = state.at(folder.value) if folder and folder.value else state.workdir
    if things or not where or where == "/":
        return (Effect(tuple(needs), changes=things),)
    known = tuple(state.below(where))
    return (Effect(tuple(needs), takes=(Below(where),), changes=known, opens=files_below(where)),)
