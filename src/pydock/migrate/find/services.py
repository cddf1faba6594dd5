"""Which services there are below some folders, and what each of them is built from."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydock.budget import Budget, within
from pydock.context import LARGEST_TEXT, Excluded, Tree, files_below, is_top
from pydock.context.compose import Build, Unset, builds, file_built, is_compose_file, shown
from pydock.errors import PydockError, UnreadableError
from pydock.files import read as read_file
from pydock.migrate.find.manifest import NAME, Manifest, Named, read
from pydock.project.secrets import mask
from pydock.targets import EVERYWHERE, Search, begin, is_dockerfile
from pydock.targets import context as guessed_context
from pydock.values import Value, replace


class Use(Value):
    """Who builds a Dockerfile: a compose service or the manifest, with the stage and arguments it gives."""

    origin: str
    target: str = ""
    args: tuple[tuple[str, str | None], ...] = ()

    def __str__(self) -> str:
        return told(self.origin, self.target, self.args)

    @property
    def shown_args(self) -> dict[str, str | None]:
        """The arguments without the values of secrets."""
        return {
            name: value if value is None else mask(f"{name}={value}").removeprefix(f"{name}=")
            for name, value in self.args
        }


def told(who: str, stage: str, args: Iterable[tuple[str, str | None]]) -> str:
    """A build for the eye, such as: compose.yml: web (stage production with PYTHON=3.12)."""
    given = mask(", ".join(name if value is None else f"{name}={value}" for name, value in args))
    details = " ".join(filter(None, [f"stage {stage}" if stage else "", f"with {given}" if given else ""]))
    return who + (f" ({details})" if details else "")


class Service(Value):
    """One Dockerfile in one build context, named once in a run.

    `repository` is the work tree it belongs to, or the folder that was searched; `context` and
    `dockerfile` are relative to it, with forward slashes.
    """

    name: str
    repository: str
    context: str
    dockerfile: str
    uses: tuple[Use, ...] = ()

    @property
    def root(self) -> Path:
        return Path(self.repository, self.context)

    @property
    def path(self) -> str:
        """The Dockerfile inside its build context; it begins with ../ where it is not inside."""
        dockerfile, root = (os.path.join(self.repository, path) for path in (self.dockerfile, self.context))
        return os.path.relpath(dockerfile, root).replace(os.sep, "/")


class LeftOut(Value):
    """A path that is no service of this run, and why."""

    path: str
    why: str


class Found(Value):
    """The services in the order of their names, what was left out, what is wrong with some of the roots, remarks."""

    services: tuple[Service, ...]
    left_out: tuple[LeftOut, ...] = ()
    troubles: tuple[PydockError, ...] = ()
    remarks: tuple[str, ...] = ()


@dataclass(slots=True)
class _Search:
    """What is gathered on the way: contexts by Dockerfile, both absolute, with who builds them so."""

    contexts: dict[str, dict[str, list[Use]]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    tops: dict[str, Path] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)

    def add(self, dockerfile: str, top: Path) -> dict[str, list[Use]]:
        self.tops.setdefault(dockerfile, top)
        return self.contexts.setdefault(dockerfile, {})


def find(roots: Sequence[str], manifest: Manifest | None = None, wanted: Search = EVERYWHERE) -> Found:
    """The services below these folders; `services.toml` at the top of a folder is read where none is given.

    Raises UnreadableError for a root that is no folder, or without any Dockerfile, and what is wrong with
    the manifest of the only one.
    """
    begin()
    search = _Search()
    troubles: list[PydockError] = []
    tops = [Path(os.path.abspath(root)) for root in roots]
    for root, top in zip(roots, tops, strict=True):
        if not top.is_dir():
            raise UnreadableError(f"{root}: no such folder", "migrate takes folders with services in them")
        try:
            own = manifest or (read(top / NAME) if (top / NAME).is_file() else Manifest(top))
        except PydockError as error:
            if len(tops) == 1:
                raise
            # What it would have excluded is not known, so nothing of this root is looked at.
            troubles.append(error)
            continue
        if own.is_searched:
            _walk_root(search, top, own, wanted)
        for named in own.services:
            _take_named(search, named, top)
    services = _named_once(list(_services(search, len(tops) > 1)))
    if not services:
        raise UnreadableError(f"{', '.join(roots)}: no Dockerfile found", f"name them in {NAME} if they are hidden")
    left_out = sorted(set(search.left_out), key=lambda entry: (entry.path, entry.why))
    return Found(services, tuple(left_out), tuple(troubles), tuple(search.remarks))


def _walk_root(search: _Search, top: Path, manifest: Manifest, wanted: Search) -> None:
    left_out = tuple(wanted.left_out(top))
    composed: list[Path] = []
    excluded = Excluded(manifest.folder, manifest.exclude, f"{NAME} excludes it")
    for path in _walk(top, (*left_out, excluded), wanted, search):
        if is_compose_file(path.name):
            composed.append(path)
        else:
            search.add(_linked(search, str(path), top), top)
    _take_compose(search, composed, top)
    for dockerfile in [path for path, found in search.tops.items() if found == top]:
        if why := next((each.why for each in (*left_out, excluded) if each.matches(dockerfile)), ""):
            del search.contexts[dockerfile], search.tops[dockerfile]
            search.left_out.append(LeftOut(dockerfile, why))
    passed = [each.path for each in search.left_out if each.why == excluded.why]
    for pattern in manifest.exclude:
        alone = replace(excluded, patterns=(pattern,))
        if not any(alone.matches(path) or alone.matches(path, is_folder=True) for path in passed):
            search.remarks.append(f"{NAME}: exclude {pattern!r} leaves nothing out")


def _walk(top: Path, rules: Sequence[Excluded], wanted: Search, search: _Search) -> Iterator[Path]:
    """The Dockerfiles and compose files below a folder; what was passed over is noted."""

    def is_wanted(name: str) -> bool:
        return is_dockerfile(name) or is_compose_file(name)

    for found in files_below(top, is_wanted, rules, wanted.inner):
        if isinstance(found, Path):
            yield found
        elif not (found.why.startswith(NAME) and is_compose_file(os.path.basename(found.path))):
            search.left_out.append(LeftOut(found.path, found.why))


def _take_compose(search: _Search, paths: list[Path], top: Path) -> None:
    """Note who builds what; a Dockerfile that no name gives away is found here."""
    tree, named = Tree(top), list[str]()
    for path in paths:
        try:
            tree.text(_relative(str(path), str(top)))
        except UnreadableError as error:
            search.left_out.append(LeftOut(str(path), error.message.removeprefix(f"{path}: ")))
        else:
            named.append(_relative(str(path), str(top)))

    def read(path: str) -> str | None:
        with suppress(UnreadableError):
            return tree.text(path)
        return None

    for file, build in builds(named, str(top), read):
        if build.is_inline:
            why = f"the Dockerfile of {build.service} stands in this file, and pydock rewrites files of their own"
            search.left_out.append(LeftOut(str(top / file), why))
        elif not build.is_remote and "\0" not in f"{build.dockerfile}":
            _take_build(search, build, f"{file}: {build.service}", top)


def _take_build(search: _Search, build: Build, origin: str, top: Path) -> None:
    named = os.path.normpath(top / str(build.dockerfile))
    dockerfile = _linked(search, file_built(named, os.path.isfile), top)
    context = os.path.normpath(top / str(build.context))
    if isinstance(build.dockerfile, Unset):
        search.left_out.append(LeftOut(dockerfile, f"{origin} names it by a variable"))
    elif not os.path.isfile(dockerfile):
        search.left_out.append(LeftOut(dockerfile, f"{origin} builds it, and it is not there"))
    elif dockerfile in search.contexts or (_is_inside(dockerfile, top) and not is_dockerfile(Path(dockerfile).name)):
        # Any other was left out on the way down, or lies outside of what was asked for.
        if not _is_inside(context, _repository(dockerfile, top)):
            search.left_out.append(LeftOut(dockerfile, f"{origin} builds it in {context}, outside of its repository"))
        else:
            use = Use(origin, shown(build.target), build.args)
            search.add(dockerfile, top).setdefault(context, []).append(use)


def _linked(search: _Search, dockerfile: str, top: Path) -> str:
    """The file behind a link: a patch changes files, and git takes a link for what it holds."""
    real = os.path.realpath(dockerfile)
    if os.path.islink(dockerfile) and os.path.isfile(real) and Path(os.path.realpath(top)) in Path(real).parents:
        found = str(top / os.path.relpath(real, os.path.realpath(top)))
        search.left_out.append(LeftOut(dockerfile, f"a link to {_relative(found, str(top))}"))
        return found
    return dockerfile


def _is_inside(path: str, folder: Path) -> bool:
    """Whether a path is a folder or in it, links followed: what lies elsewhere is neither read nor written."""
    try:
        real = Path(os.path.realpath(path))
    except ValueError:  # a zero in it
        return False
    return Path(os.path.realpath(folder)) in (real, *real.parents)


def _take_named(search: _Search, named: Named, top: Path) -> None:
    dockerfile, context = os.path.normpath(named.dockerfile), os.path.normpath(named.context or top)
    for path, place in ((dockerfile, top), (context, _repository(dockerfile, top))):
        if not _is_inside(path, place):
            search.left_out.append(LeftOut(path, f"{NAME} names it, and it lies outside of {place}"))
            return
    contexts = search.add(dockerfile, top)
    if named.context:
        contexts.setdefault(context, []).append(Use(NAME, named.target, named.args))
    if named.name:
        search.names[dockerfile] = named.name


def _services(search: _Search, has_roots: bool) -> Iterator[Service]:
    for dockerfile, contexts in sorted(search.contexts.items()):
        top = search.tops[dockerfile]
        repository = _repository(dockerfile, top)
        name = search.names.get(dockerfile) or _name(dockerfile, top, has_roots)
        found: Mapping[str, Iterable[Use]] = contexts or {str(_guessed(dockerfile, repository)): ()}
        for context in sorted(found):
            yield Service(
                name if len(found) == 1 else f"{name} in {_relative(context, str(top))}",
                str(repository),
                _relative(context, str(repository)),
                _relative(dockerfile, str(repository)),
                tuple(found[context]),
            )


def _guessed(dockerfile: str, repository: Path) -> Path:
    """The context where nobody says it; a file that cannot be read is told when it is examined."""
    if not os.path.isfile(dockerfile):
        return Path(dockerfile).parent
    try:
        with within(Budget()):
            text = (read_file(dockerfile, LARGEST_TEXT) or b"").decode("utf-8", "surrogateescape")
            return guessed_context(Path(dockerfile), repository, text)
    except (OSError, PydockError):
        return Path(dockerfile).parent


def _repository(dockerfile: str, top: Path) -> Path:
    return next((folder for folder in Path(dockerfile).parents if is_top(folder)), top)


def _relative(path: str, start: str) -> str:
    return os.path.relpath(path, start).replace(os.sep, "/")


def _name(dockerfile: str, top: Path, has_roots: bool) -> str:
    """The folder for a plain Dockerfile, the path for any other."""
    path = Path(dockerfile)
    plain = path.name.lower() in {"dockerfile", "containerfile"}
    inside = _relative(str(path.parent if plain else path), str(top))
    if inside == ".":
        return top.name or "service"
    return f"{top.name}/{inside}" if has_roots else inside


def _named_once(services: list[Service]) -> tuple[Service, ...]:
    """Sorted by name; a name that is taken gets a number."""
    taken: set[str] = set()
    found = []
    for service in sorted(services, key=lambda each: (each.name, each.repository, each.dockerfile, each.context)):
        name, number = service.name, 1
        while name in taken:
            number += 1
            name = f"{service.name} ({number})"
        taken.add(name)
        found.append(replace(service, name=name))
    return tuple(sorted(found, key=lambda each: each.name))
