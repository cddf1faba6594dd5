"""curl and wget: files whose names the command or the address tells."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import joined, opened, path_of
from pydock.effects.registry import effect
from pydock.shell import Argv, Word
from pydock.state import Effect, Open, State, files_below
from pydock.state.needs import File, Package

_CERTIFICATES = (Package("ca-certificates"),)


@effect("curl")
def curl(line: Argv, state: State) -> Iterable[Effect]:
    targets = line.values("-o", "--output")
    folder = line.value("--output-dir")
    if not targets and not line.has("-O", "--remote-name", "--remote-name-all", "-J"):
        return (Effect(takes=_CERTIFICATES),)
    if targets:
        return (_written(targets, state),)
    urls = (*line.operands, *line.values("--url"))
    return (_named(urls, folder, state, hides_names=line.has("-J", "--remote-header-name")),)


@effect("wget", "wget2", "aria2c", "axel")
def wget(line: Argv, state: State) -> Iterable[Effect]:
    options = ("-O", "--output-document") if line.program == "wget" else ("-o", "--out", "--output", "-O")
    if targets := line.values(*options):
        return (_written(targets[-1:], state),)
    hides_names = line.has("--content-disposition", "-i", "--input-file", "-r", "--recursive")
    folder = line.value("-P", "--directory-prefix") or (line.value("-d", "--dir") if line.program == "aria2c" else None)
    return (_named(line.operands, folder, state, hides_names=hides_names),)


def _written(targets: tuple[Word, ...], state: State) -> Effect:
    words = [word for word in targets if word.value not in {"-", "/dev/null", "/dev/stdout"}]
    made = tuple(File(path) for word in words if (path := path_of(word, state)))
    places = [place for word in words if path_of(word, state) is None for place in opened(word, state).places]
    return Effect(takes=_CERTIFICATES, provides=made, opens=files_below(*dict.fromkeys(places)) if places else None)


def _named(urls: tuple[Word, ...], folder: Word | None, state: State, *, hides_names: bool) -> Effect:
    where = path_of(folder, state) if folder else state.workdir
    if where is None:
        return Effect(takes=_CERTIFICATES, opens=opened(folder, state))
    names = [name_in(word) for word in urls]
    made = tuple(File(joined(where, name)) for name in names if name)
    opens: Open | None = files_below(where) if hides_names or not all(names) else None
    return Effect(takes=_CERTIFICATES, provides=made, opens=opens)


def name_in(url: Word) -> str | None:
    """The name of the file that an address leads to; None where it is not known."""
    if not url.value:
        return None
    path = url.value.split("?")[0].split("#")[0].partition("://")[2] or url.value
    return path.rpartition("/")[2] or "index.html"
