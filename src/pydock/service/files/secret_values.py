"""What no output of a project shows: the values that are written out in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pydock.budget import undisturbed
from pydock.build.installs import requirement_sets
from pydock.errors import BuildError, PydockError
from pydock.packages.requirements import Kind
from pydock.project import Project
from pydock.project.memory import remembered
from pydock.project.pins import Unanswered
from pydock.project.secrets import Mask, mask_of
from pydock.service.files.leaks import CONFIGURATIONS, Leak, index_passwords, leaks
from pydock.service.files.secret_files import held, secret_files


@remembered
def mask(project: Project) -> Mask:
    """Hides what is written out in this project, wherever and however it is told."""
    written = [leak for each in leaks(project).values() for leak in each if not leak.is_guessable]
    found = [(leak.before, leak.value) for leak in written]
    found += [("", part) for leak in written for part in _on_lines(project, leak)]
    return mask_of([*found, *_in_files(project)])


def _on_lines(project: Project, leak: Leak) -> Iterator[str]:
    """The parts of a value that continuations put on lines of their own; a log may quote one line of them."""
    text = project.dockerfile.slice(leak.span)
    lines = [line.rstrip().rstrip("\\`").strip() for line in text.splitlines()] if "\n" in text else []
    for line in lines:
        if line in leak.value:
            yield line
            continue
        ends = (size for size in range(min(len(line), len(leak.value)), 0, -1))
        yield next((line[-size:] for size in ends if leak.value.startswith(line[-size:])), "")


def _in_files(project: Project) -> Iterator[tuple[str, str]]:
    """The secrets of requirements, of configurations of installers, and of files that hold secrets."""
    if not project.tree.known:
        return
    for found in requirement_sets(project):
        for entry in found.entries:
            if entry.kind is not Kind.BLANK:
                yield from (("", entry.text[span.start : span.end]) for span in index_passwords(entry.text))
    for path in project.tree.named(*CONFIGURATIONS):
        text = project.tree.text(path) or ""
        yield from (("", text[span.start : span.end]) for span in index_passwords(text))
    for path in secret_files(project.tree):
        yield from (("", value) for value in held(project.tree.text(path) or ""))


@contextmanager
def without_secrets(project: Project) -> Iterator[None]:
    """What goes wrong meanwhile, in whatever way, is told without what is written out in the project."""
    try:
        with undisturbed((Unanswered, MemoryError)):
            yield
    except PydockError as error:
        hide(error, mask(project))
        raise


def hide(error: PydockError, hidden: Mask) -> None:
    """Take secrets out of everything that an error says."""
    error.message, error.hint = hidden(error.message), hidden(error.hint)
    error.args = tuple(hidden(each) if isinstance(each, str) else each for each in error.args)
    if isinstance(error, BuildError):
        error.step, error.log = hidden(error.step), tuple(map(hidden, error.log))
