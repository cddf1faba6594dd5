"""Which Dockerfiles a person means, and which folder each of them is built in."""

from __future__ import annotations

import os
import posixpath
import re
import stat
import sys
from collections.abc import Collection, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from pydock.budget import Budget, within
from pydock.checkout import configuration, contexts, forget, repository
from pydock.config import FOUND, NAMES, File, Sources, exclusions
from pydock.config import unmatched as _unmatched
from pydock.context import LARGEST_TEXT, Excluded, Passed, Tree, files_below
from pydock.dockerfile import Dockerfile, read
from pydock.errors import PydockError, UnreadableError
from pydock.files import kind
from pydock.files import read as read_file
from pydock.patterns import regex
from pydock.terminal import console, named
from pydock.text import unquote
from pydock.values import Value

STDIN = "-"
# `Dockerfile.dockerignore` belongs to the builder, the others are sources of a Dockerfile or leftovers.
_NO_DOCKERFILE = (
    r"dockerignore|j2|jinja2?|tmpl|tpl|template|in|erb|mustache|md|rst|txt|py|sh|orig|rej|bak|old|before|save|disabled|swp|dpkg-\w+"
    r"|js|ts|map|css|html?|json|ya?ml|toml|lua|vim|go|rs"
)
_NAME = regex(
    rf"(?!.*\.(?:{_NO_DOCKERFILE})\Z)(?:(?:dockerfile|containerfile)(?:[._-][^~]+)?|[^~]+\.(?:dockerfile|containerfile))\Z",
    re.I,
)
_PROJECT = regex(r".*\.py|requirements.*|pyproject\.toml|setup\.cfg|Pipfile|poetry\.lock|uv\.lock|src|app")
_REMOTE = regex(r"https?://|git@|git://|ssh://")


class Target(Value):
    """One Dockerfile to answer for.

    `shown` is what the person would call it, `path` its path inside `tree`, `patch` what stands
    before the paths of the tree in a patch that is applied from the current folder. `stage` is
    the one that is built, "" for the last, and `arguments` are what the build passes.
    """

    shown: str
    tree: Tree
    path: str
    patch: str
    stage: str = ""
    arguments: tuple[tuple[str, str], ...] = ()


class Unusable(Value):
    """A path that leads to no Dockerfile, and why."""

    shown: str
    error: PydockError
    path: str = ""


class Search(Value):
    """How folders are searched: what is left out beside what git ignores, and which configuration says more of it.

    `exclude` stands in place of what files say there, None where that counts; `extend` comes on top. Both are patterns
    in the language of .gitignore. `stdin_filename` is the file whose text standard input is; it need not be there.
    """

    exclude: tuple[str, ...] | None = None
    extend: tuple[str, ...] = ()
    sources: Sources = FOUND
    stdin_filename: str | None = None

    def left_out(self, top: Path) -> Iterator[Excluded]:
        """What a search of this folder leaves out, and why: as options say, else as files do, else vendored trees.

        Raises ConfigurationError for a file that means nothing.
        """
        is_decided = self.exclude is not None
        yield Excluded(Path.cwd(), self.exclude or (), "--exclude names it")
        yield Excluded(Path.cwd(), self.extend, "--extend-exclude names it")
        for file, key, patterns in exclusions(configuration(Tree(top), "Dockerfile", self.sources)):
            if key == "exclude" and self.exclude is not None:
                continue
            is_decided = is_decided or key == "exclude"
            is_given = any(file.name == name for name, _ in self.sources.given)
            folder = os.path.join(os.path.abspath(top), *[".."] * file.dockerfile.count("/"))
            place = self.sources.folder if is_given else os.path.normpath(folder)
            yield Excluded(Path(place), patterns, f"{key} of {file.name} names it")
        if not is_decided:
            yield Excluded(top)

    def inner(self, folder: Path, names: Collection[str]) -> Iterator[Excluded]:
        """What the configuration of a folder on the way leaves out in it; a broken one is told with its Dockerfiles."""
        for name in (name for name in NAMES if name in names and self.sources.is_found):
            with suppress(PydockError):
                file = File(os.path.join(folder, name), Tree(folder).text(name) or "")
                for _, key, patterns in exclusions([file]):
                    yield Excluded(folder, patterns, f"{key} of {file.name} names it")


EVERYWHERE = Search()


def begin() -> None:
    """Forget what was seen of folders: that belongs to one run."""
    forget()


def targets(paths: Iterable[str], search: Search = EVERYWHERE) -> Iterator[Target | Unusable]:
    """What each path means: a Dockerfile, a folder to search, or `-`; each file once, in order."""
    begin()
    seen: set[str] = set()
    for given in paths:
        try:
            if given == STDIN:
                text = _standard_input()
                name = search.stdin_filename
                yield _nowhere(text) if name is None else held(Path(name), text)
                continue
            found = list(_of_path(Path(given), search))
        except PydockError as error:
            yield Unusable(given, error)
            continue
        for each in found:
            if isinstance(each, Unusable):
                yield each
            elif (key := os.path.abspath(each[0])) not in seen:
                seen.add(key)
                yield _target(*each)


def unmatched(
    paths: Iterable[str], found: Iterable[Target | Unusable], search: Search = EVERYWHERE
) -> Iterator[tuple[str, str]]:
    """(place, pattern) of the tables of services that mean no Dockerfile, of the files that count for searched folders.

    Where only a part of what a file is for was searched, those are told that nothing on the disk is called like.
    """
    dockerfiles = [
        os.path.abspath(each.tree.root / each.path) for each in found if isinstance(each, Target) and each.tree.root
    ]
    for top in (os.path.abspath(path) for path in paths if os.path.isdir(path)):
        for file in configuration(Tree(Path(top)), "Dockerfile", search.sources):
            folder = os.path.normpath(os.path.join(top, *[".."] * file.dockerfile.count("/")))
            inside = [os.path.relpath(each, folder).replace(os.sep, "/") for each in dockerfiles]
            for pattern, place in _unmatched(file, inside):
                if folder == top or not ("*" in pattern or os.path.exists(os.path.join(folder, pattern))):
                    yield place, pattern


def is_dockerfile(name: str) -> bool:
    """Whether a file of this name is taken for a Dockerfile when a folder is searched."""
    return _NAME.match(name) is not None


def target(path: Path, root: Path, shown: str) -> Target:
    """A Dockerfile in a build context that is known; patches begin at the context.

    Raises UnreadableError for one that cannot be read or lies outside.
    """
    _text(path)
    _refuse_outside(path, root)
    return Target(shown, Tree(root), os.path.relpath(path, root).replace(os.sep, "/"), "")


def held(path: Path, text: str) -> Target | Unusable:
    """A Dockerfile whose text is held elsewhere, as an editor does, in the place of what the disk has or has not."""
    return _target(path, repository(path), text)


def _standard_input() -> str:
    data = sys.stdin.buffer.read(LARGEST_TEXT + 1)
    _refuse_unreadable(data[:4096], len(data), "standard input")
    return data.decode("utf-8", "surrogateescape")


def _nowhere(text: str) -> Target:
    return Target("<stdin>", Tree(None, {"Dockerfile": text}), "Dockerfile", "")


def _of_path(given: Path, search: Search) -> Iterator[tuple[Path, Path] | Unusable]:
    """(Dockerfile, topmost folder that may be its build context), and folders that cannot be searched."""
    if given.is_dir():
        found = list(_searched(given, search))
        if all(isinstance(each, Passed) for each in found):
            raise UnreadableError(f"{given}: no Dockerfile in this folder", _hint(found))
        yield from (each for each in found if isinstance(each, Unusable))
        yield from ((path, given) for path in sorted(each for each in found if isinstance(each, Path)))
    elif given.exists() or given.is_symlink():
        yield given, repository(given)
    else:
        raise UnreadableError(f"{given}: there is no such file or folder", "paths are read from the current folder")


def _searched(top: Path, search: Search) -> Iterator[Path | Unusable | Passed]:
    """The Dockerfiles below a folder, what of it cannot be read, and what is left out."""
    for found in files_below(top, is_dockerfile, search.left_out(top), search.inner):
        if isinstance(found, Passed) and found.is_error:
            yield Unusable(found.path, UnreadableError(f"{found.path}: {found.why.removeprefix('cannot be read: ')}"))
        else:
            if isinstance(found, Passed):
                console.detail(f"left out: {found.path}: {found.why}")
            yield found


def _hint(found: Iterable[Path | Unusable | Passed]) -> str:
    left = [each for each in found if isinstance(each, Passed) and is_dockerfile(os.path.basename(each.path))]
    if left:
        return f"{left[0].path} was left out: {left[0].why}; name the file to have it answered"
    return "name the file if it is called otherwise: pydock check path/to/file"


def _target(path: Path, top: Path, held: str | None = None) -> Target | Unusable:
    try:
        with within(Budget()):
            text = _text(path) if held is None else held
            root = context(path, top, text)
            _refuse_outside(path, root)
    except PydockError as error:
        return Unusable(named(path), error)
    inside = os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/")
    tree = Tree(root) if held is None else Tree(root, {inside: held})
    return Target(named(path), tree, inside, _patch(root, top))


def context(path: Path, top: Path, text: str) -> Path:
    """The folder a Dockerfile is built in, not above `top`.

    It is the one that a compose file says, else the nearest one that has most of what is copied.
    """
    dockerfile, last = Path(os.path.abspath(path)), Path(os.path.abspath(top))
    folders = [dockerfile.parent]
    while folders[-1] != last and last in folders[-1].parents:
        folders.append(folders[-1].parent)
    sources = list(_literal_sources(read(text))) if len(folders) > 1 else []

    def held(folder: Path) -> int:
        return sum(_exists(folder, source) for source in sources)

    said = (each for folder in folders for each in contexts(folder, dockerfile) if each in folders)
    composed = max(dict.fromkeys(said), key=held, default=None)
    # A compose file that is run with another project folder says where nothing of it is.
    best = max(folders, key=held)
    return composed if composed and (held(composed) or not held(best)) else best


def _literal_sources(dockerfile: Dockerfile) -> Iterator[str]:
    for instruction in dockerfile.instructions:
        if instruction.keyword not in {"COPY", "ADD"} or instruction.heredocs or instruction.flag("from") is not None:
            continue
        for word in instruction.words[:-1]:
            source = unquote(word.text, instruction.escape).lstrip("/")
            if source and "$" not in source and not _REMOTE.match(source):
                yield source


def _exists(folder: Path, source: str) -> bool:
    if posixpath.normpath(source) == ".":
        # A folder for Dockerfiles alone is not the one that `COPY . .` means.
        return any(_PROJECT.fullmatch(entry.name) for entry in folder.iterdir())
    if re.search(r"[*?\[]", source):
        if source.count("**") > 1:  # each more of them walks the folder once for each folder in it
            return False
        try:
            return next(folder.glob(source), None) is not None
        except (ValueError, NotImplementedError, OSError):
            return False
    return os.path.exists(folder / source)


def _patch(root: Path, top: Path) -> str:
    """Patches are made for the current folder, or for `top` where that is elsewhere."""
    here = Path.cwd()
    base = here if here in (root, *root.parents) else Path(os.path.abspath(top))
    relative = os.path.relpath(root, base).replace(os.sep, "/")
    return "" if relative == "." else f"{relative}/"


def _text(path: Path) -> str:
    """The Dockerfile's text; nothing large or strange is read whole."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            why = f"{kind(status.st_mode)}, not a regular file"
            raise UnreadableError(f"{path}: {why}", "give its text with -: pydock check - < file")
        data = read_file(path, LARGEST_TEXT)
        if data is None:
            _refuse_unreadable(b"", max(status.st_size, LARGEST_TEXT + 1), str(path))
        data = data or b""
        _refuse_unreadable(data[:4096], len(data), str(path))
        return data.decode("utf-8", "surrogateescape")
    except OSError as error:
        hint = "the link leads nowhere" if path.is_symlink() else "is it readable for you?"
        raise UnreadableError(f"{path}: {error.strerror}", hint) from error


def _refuse_unreadable(start: bytes, size: int, name: str) -> None:
    if size > LARGEST_TEXT:
        limit = f"a Dockerfile has at most {LARGEST_TEXT // 2**20} MB here"
        raise UnreadableError(f"{name}: too large ({size / 2**20:.0f} MB or more)", limit)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableError(f"{name}: written in UTF-16, which builders do not read", "save it as UTF-8")
    if b"\0" in start:
        raise UnreadableError(f"{name}: a binary file, no Dockerfile")


def _refuse_outside(path: Path, root: Path) -> None:
    """A link out of the build context is never followed: writing through it would change a stranger's file."""
    real, top = path.resolve(), root.resolve()
    if top not in real.parents:
        raise UnreadableError(f"{path}: a symbolic link that leads out of {root}", f"run pydock on {real} itself")
