"""Writes changes into the folders of services: a service's files all or none, even where the run is killed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from pydock.budget import undisturbed
from pydock.errors import PydockError
from pydock.migrate.record import Change
from pydock.migrate.store import Store
from pydock.tree import Tree

_STAGED = ".pydock-*"


def apply(store: Store, repository: str, changes: tuple[Change, ...]) -> str:
    """Write the changes of a service; "" or why nothing was written.

    What is about to be written is noted first, so that a run that is killed in the middle is
    finished by the next one. What cannot be written is settled at once: nothing was.
    """
    try:
        with undisturbed():
            if (path := _moved_on(repository, changes)) is not None:
                return f"{path} is not what it was when it was read"
            number = store.intend(repository, changes)
            try:
                _write(repository, changes)
            except Exception:
                store.settle(number)
                raise
            store.settle(number)
    except PydockError as error:
        return error.message
    return ""


def finish(store: Store) -> Iterator[str]:
    """Finish what a killed run began; yields a remark for each service where a person wrote something since."""
    for number, repository, changes in store.intents():
        try:
            with undisturbed():
                why = _finished(repository, changes)
        except PydockError as error:
            why = f"a run was killed while it wrote there, and it cannot be finished: {error.message}"
        if why:
            yield f"{repository}: {why}; see git status"
        # Settled in any case: what cannot be finished now must not stop each later run.
        store.settle(number)


def _finished(repository: str, changes: tuple[Change, ...]) -> str:
    """Write what a killed run was about to write; "" or why a person has to look."""
    _sweep(repository, changes)
    tree = Tree(Path(repository))
    if any(tree.text(change.path) not in {change.before, change.after} for change in changes):
        return "a run was killed while it wrote there, and files have changed since"
    _write(repository, changes)
    return ""


def _moved_on(repository: str, changes: Iterable[Change]) -> str | None:
    tree = Tree(Path(repository))
    return next((change.path for change in changes if tree.text(change.path) != change.before), None)


def _write(repository: str, changes: Iterable[Change]) -> None:
    texts = {change.path: change.after for change in changes}
    Tree(Path(repository), texts).write(texts)


def _sweep(repository: str, changes: Iterable[Change]) -> None:
    """Files that were staged and never put in place."""
    for folder in {Path(repository, change.path).parent for change in changes}:
        for path in folder.glob(_STAGED):
            path.unlink(missing_ok=True)
