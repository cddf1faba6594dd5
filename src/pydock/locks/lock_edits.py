"""How an install is turned to a lock: the words of the install, and the COPY that brings the file.

All of it is one splice from the COPY to the install, so that nothing in between is changed
in the same round; and the requirements are held as they were read, for the same reason.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from packaging.utils import canonicalize_name

from pydock.build.installs import Install, behind, without
from pydock.build.views import image
from pydock.locks.installs.requests import Wanted, wanted
from pydock.locks.local_projects import Unturnable, first_file, in_two
from pydock.locks.lock_copies import bringing, edited_copy
from pydock.locks.lock_files import compiled
from pydock.locks.lockfile import has_hashes, lock_command, lock_path, lock_text, with_hashes
from pydock.locks.platforms import Everywhere, everywhere
from pydock.locks.pylock import pylock_path, pylock_text, unreadable
from pydock.locks.stale_locks import Outdated, outdated
from pydock.packages.requirements import Entry
from pydock.project import Project
from pydock.shell import Word
from pydock.text import Edit, Span, apply
from pydock.values import Value

_MOST_PLACES = 4


class Locked(Value):
    """A lock that can be written: its edits with those of the installs that take it, and how many packages it pins.

    `notes` say for which platforms it is where that is not all that are named.
    """

    path: str
    count: int
    edits: tuple[Edit, ...]
    notes: tuple[str, ...] = ()


def locked(project: Project, entry: Wanted) -> Locked | str:
    """The lock of an install's requirements files, for all installs of them, or why there is none."""
    answer = entry.answer(project)
    if entry.request is None or answer is None or answer.why_not:
        return f"{answer.why_not}{_asked_at(project, entry, answer.why_not)}" if answer else entry.why_not
    is_pylock = project.options.lock_format == "pylock"
    path = pylock_path(entry.paths[0]) if is_pylock else lock_path(entry.paths[0])
    if project.tree.has_file(path):
        return f"{path} is there already, made from something else"
    sharing = [other for other in wanted(project) if other.paths[:1] == entry.paths[:1]]
    if any(other.request != entry.request for other in sharing if not other.supply.is_carried):
        return f"{entry.paths[0]} is installed in more than one way"
    if is_pylock and (why_not := next((why for other in sharing if (why := unreadable(project, other))), "")):
        return why_not
    both = everywhere(project, entry, answer)
    answer = both.answer
    # A pylock.toml has its hashes without being asked.
    hashes = not is_pylock and has_hashes(answer) and _takes_hashes(project, sharing)
    edits: list[Edit] = []
    for other in sharing:
        found = turned(project, other, path, hashes=hashes)
        if isinstance(found, str):
            return found
        edits += found
    if is_pylock:
        text = pylock_text(answer, tuple(lock_command(path, entry.paths, entry.request)))
    else:
        text = lock_text(
            path, entry.paths, entry.request, answer, entry.supply.lines, hashes=hashes, kept=_kept(project, entry),
            is_universal=both.is_universal,
        )  # fmt: skip
    if text is None:
        return "an address in it would hold a password"
    whole = one_splice(project, [edit for edit in edits if edit.path == project.path])
    others = dict.fromkeys(edit for edit in edits if edit.path != project.path)
    return Locked(path, len(answer.pins), (whole, *others, Edit(path, Span(0, 0), text)), both.notes)


def _takes_hashes(project: Project, sharing: Iterable[Wanted]) -> bool:
    """Whether all installs of a lock can take hashes; whoever asks for them hears what stands in the way.

    pip wants a hash of everything that a command installs then, and wheels that a builder makes have others than
    the archives they are made from (https://pip.pypa.io/en/stable/topics/secure-installs/#hash-checking-mode).
    """
    if project.options.hashes is None:
        return not any(entry.names or entry.supply.is_carried for entry in sharing)
    return project.options.hashes


def _kept(project: Project, entry: Wanted) -> str:
    """Whose versions a lock keeps, "" where it takes the newest."""
    if entry.standing:
        return f"of {entry.standing}"
    return f"that {project.running.image} runs" if project.running.image else ""


def relocked(project: Project, entry: Outdated) -> Locked | str:
    """A lock made again where it does not fit, and taken where it is not installed; or why that cannot be done."""
    sharing = [other for other in outdated(project) if other.path == entry.path]
    edits: list[Edit] = []
    hashes, count = entry.made.is_hashed or bool(project.options.hashes), 0
    if entry.why:
        again = _made_again(project, entry, sharing, hashes=hashes)
        if isinstance(again, str):
            return again
        edits, count = [*again.edits], again.count
    for other in sharing:
        found = turned(project, other.beside, entry.path, hashes=hashes) if other.beside else ()
        if isinstance(found, str):
            return found
        edits += found
    own = [edit for edit in edits if edit.path == project.path]
    others = dict.fromkeys(edit for edit in edits if edit.path != project.path)
    return Locked(entry.path, count, (*([one_splice(project, own)] if own else ()), *others))


def _made_again(project: Project, entry: Outdated, sharing: Iterable[Outdated], *, hashes: bool) -> Locked | str:
    again = entry.again
    if again is None or again.request is None:
        return again.why_not if again else ""
    if any(other.again is None or other.again.request != again.request for other in sharing):
        return f"{entry.path} is installed for more than one Python"
    answer = again.answer(project)
    if answer is None or answer.why_not:
        return f"{answer.why_not}{_asked_at(project, again, answer.why_not)}" if answer else ""
    both = everywhere(project, again, answer) if entry.made.is_universal else Everywhere(answer)
    answer, old, sources = both.answer, project.tree.text(entry.path) or "", entry.made.sources
    if entry.path.endswith(".toml"):
        text = pylock_text(answer, tuple(lock_command(entry.path, sources, again.request)))
    elif hashes and not has_hashes(answer):
        return f"{entry.path} would have packages of no index, which have no hashes"
    else:
        text = lock_text(
            entry.path, sources, again.request, answer, again.supply.lines, hashes=hashes,
            is_universal=both.is_universal,
        )  # fmt: skip
    if text is None:
        return "an address in it would hold a password"
    edits = (*held(project, sources), Edit(entry.path, Span(0, len(old)), text))
    return Locked(entry.path, len(answer.pins), edits)


def hashed(project: Project, entry: Wanted) -> Locked | str:
    """The hashes of what an install's files pin: put into a lock that is one already, else a lock with them."""
    answer = entry.answer(project)
    found = project.requirement_set(entry.paths[0])
    if len(entry.paths) > 1 or found.files != (entry.paths[0],) or not compiled(project, found):
        return locked(project, entry)
    if answer is None or answer.why_not or not has_hashes(answer):
        return (answer.why_not if answer else entry.why_not) or f"{entry.paths[0]} has packages of no index"
    if {pin.name for pin in answer.pins} - found.names:
        # Compiled for another machine: what it lacks here is in a lock of its own.
        return locked(project, entry)
    path, text = entry.paths[0], project.tree.text(entry.paths[0]) or ""
    edits = [Edit(path, line.span, with_hashes(text, line, answer)) for line in found.entries if line.name]
    whole = apply(text, edits).replace("uv pip compile ", "uv pip compile --generate-hashes ", 1)
    install = entry.install
    option = Edit(project.path, *behind(install.instruction, install.verb, "--require-hashes"))
    return Locked(path, len(answer.pins), (option, Edit(path, Span(0, len(text)), whole)))


def _asked_at(project: Project, entry: Wanted, why_not: str) -> str:
    """Where the packages or addresses that a reason names are asked for, " (requirements.txt line 3)"."""
    named = {canonicalize_name(name) for name in re.findall(r"[A-Za-z0-9][\w.-]*", why_not)}
    places = [
        f"{line.path} line {line.line}"
        for path in entry.paths
        for line in project.requirement_set(path).entries
        if line.name in named or ((address := _address(line)) and address in why_not)
    ]
    return f" ({', '.join(dict.fromkeys(places))})" if 0 < len(places) <= _MOST_PLACES else ""


def _address(line: Entry) -> str:
    """Where a requirement is from, without what is only for pip, "" where an index is."""
    address = (line.requirement.url or "") if line.requirement else line.value if "://" in line.value else ""
    return address.partition("#")[0]


def turned(project: Project, entry: Wanted, lock: str, *, hashes: bool) -> tuple[Edit, ...] | str:
    """The edits that make an install take a lock instead of its requirements files, or why there are none."""
    if project.tree.ignore.hides(lock):
        return f".dockerignore hides {lock}"
    if hashes and entry.names:
        return f"{entry.names[0]} is named beside it, without hashes"
    install = entry.install
    try:
        edits = list(_turned(project, entry, lock, hashes=hashes))
    except Unturnable as reason:
        return str(reason)
    if hashes and not entry.places and not install.has("--require-hashes"):
        edits.append(Edit(project.path, *behind(install.instruction, install.verb, "--require-hashes")))
    return (*edits, *held(project, entry.paths))


def one_splice(project: Project, edits: Iterable[Edit]) -> Edit:
    """Edits of the Dockerfile as one, over all that lies between them."""
    found = tuple(edits)
    span = Span(min(edit.span.start for edit in found), max(edit.span.end for edit in found))
    shifted = [
        Edit(edit.path, Span(edit.span.start - span.start, edit.span.end - span.start), edit.text) for edit in found
    ]
    return Edit(project.path, span, apply(project.dockerfile.slice(span), shifted))


def held(project: Project, paths: Iterable[str]) -> Iterator[Edit]:
    """Requirements files as they are, with those they include: a fix that was worked out from them holds them."""
    files = dict.fromkeys(path for name in paths for path in project.requirement_set(name).files)
    for path in files:
        text = project.tree.text(path)
        if text is not None:
            yield Edit(path, Span(0, len(text)), text, is_held=True)


def _words(project: Project, install: Install, lock: str) -> Iterator[Edit]:
    """The first file of the install becomes the lock, the others go."""
    first, *others = install.files
    yield _renamed(project, first, lock)
    for word in others:
        at = next(at for at, each in enumerate(install.command.words) if each.span == word.span)
        gone = [word]
        if install.command.words[at - 1].value in {"-r", "--requirement", "--requirements"}:
            gone.insert(0, install.command.words[at - 1])
        spans = [without(project.dockerfile, install.command, each) for each in gone]
        if None in spans:
            raise Unturnable(f"a comment stands beside {word.text}")
        yield Edit(project.path, Span(min(s.start for s in spans if s), max(s.end for s in spans if s)), "")


def _renamed(project: Project, word: Word, lock: str) -> Edit:
    """The last part of a path as it is written, exchanged."""
    written = project.dockerfile.slice(word.span)
    name = posixpath.basename(word.value or "")
    if not name or written.count(name) != 1:
        raise Unturnable(f"{word.text} is written in a way that cannot be edited")
    at = word.span.start + written.index(name)
    return Edit(project.path, Span(at, at + len(name)), posixpath.basename(lock))


def _turned(project: Project, entry: Wanted, lock: str, *, hashes: bool) -> Iterator[Edit]:
    """The words of an install, and what brings the lock to it unless a folder is copied there anyway."""
    install = entry.install
    workdir = image(project, install.stage, install.instruction).workdir
    if workdir is None:
        raise Unturnable("the work directory is known only when the image is built")
    place = posixpath.normpath(posixpath.join(workdir, first_file(entry)))
    copied = bringing(project, install, place)
    if copied is None:
        raise Unturnable(f"no COPY of this file brings {entry.paths[0]}")
    is_local = bool(entry.places)
    words = in_two(project, entry, lock, copied, hashes=hashes) if is_local else tuple(_words(project, install, lock))
    yield from words
    wanted = posixpath.join(posixpath.dirname(place), posixpath.basename(lock))
    after = project.tree.edited([Edit(lock, Span(0, 0), "")])
    if (is_local and len(words) > 1) or copied.origin(after, wanted) == lock:
        return
    # What a local project is built from has to stay where it is.
    files = [] if is_local else [path for name in entry.paths for path in project.requirement_set(name).files]
    yield from edited_copy(project, install, copied, files, lock, posixpath.dirname(place))
