"""Programs of packages that fetch more when they are asked to: browsers, models, corpora."""

from __future__ import annotations

from collections.abc import Iterable

from pydock.effects.paths import opened as files_at
from pydock.effects.python import environments
from pydock.effects.python.installing import opened, taken
from pydock.effects.registry import effect
from pydock.effects.unknown import unknown
from pydock.packages import normalised
from pydock.shell import Argv
from pydock.state import Effect, Kind, Open, State, files_below
from pydock.state.needs import Distribution, Distributions, PackageLists, Variable
from pydock.values import replace


@effect("playwright")
def playwright(line: Argv, state: State) -> Iterable[Effect]:
    """Browsers below PLAYWRIGHT_BROWSERS_PATH, and with --with-deps Debian's packages for them
    (https://playwright.dev/python/docs/browsers, read 2026-11)."""
    verbs = [word.value for word in line.operands]
    environment = environments.of_program(line.path or "playwright", state)
    if verbs[:1] not in (["install"], ["install-deps"]):
        return (unknown(line, state, is_library=True),)
    known = state.variables.get("PLAYWRIGHT_BROWSERS_PATH")
    where = f"{environment}/lib" if known == "0" else known or f"{state.home}/.cache/ms-playwright"
    has_packages = line.has("--with-deps") or verbs[0] == "install-deps"
    kinds = {Kind.FILE} | ({Kind.PACKAGE, Kind.LIBRARY} if has_packages else set())
    places = ("/",) if has_packages else (where,)
    return (
        Effect(
            takes=(Distributions(environment), Variable("PLAYWRIGHT_BROWSERS_PATH")),
            provides=(PackageLists(),) if has_packages else (),
            opens=Open(frozenset(kinds), places),
        ),
    )


@effect("spacy")
def spacy(line: Argv, state: State) -> Iterable[Effect]:
    """`spacy download MODEL` installs a package of that name (https://spacy.io/api/cli#download, read 2026-11)."""
    environment = environments.active(state)
    words = [word for word in line.operands if word.head != "download"]
    if not any(word.value == "download" for word in line.operands):
        return (unknown(line, state, is_library=True),)
    names = [normalised(word.head.rsplit("-", 1)[0] if "-" in word.head else word.head) for word in words[:1]]
    return (
        Effect(
            takes=taken(environment, state),
            provides=tuple(Distribution(environment, name) for name in names),
            opens=opened(environment),
            installs=environment,
        ),
    )


def nltk_downloader(line: Argv, state: State) -> Iterable[Effect]:
    """`python -m nltk.downloader -d FOLDER ...`, ~/nltk_data where none is given."""
    words = list(line.words[1:])
    at = next((at for at, word in enumerate(words) if word.head == "-d"), None)
    found = unknown(line, state, is_library=True)
    if at is not None and at + 1 < len(words):
        return (replace(found, opens=files_at(words[at + 1], state)),)
    places = ("/usr/local/share/nltk_data", f"{state.home}/nltk_data", *(found.opens.places if found.opens else ()))
    return (replace(found, opens=files_below(*places)),)
