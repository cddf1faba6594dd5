"""Everything is pinned, but nothing says which file a version is.

A pin names a version; a hash names the very file. With hashes a package that was replaced on
the index, or a mirror that serves something else, stops the build instead of reaching
production.

A lock that `pydock fix` makes has them. Whether what somebody else has pinned should get them is a
choice, so it is only shown, and only where all requirements are pinned; with `--hashes` a resolver
is asked for them, and the install takes nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.locks.installs.requests import Wanted, wanted
from pydock.locks.lock_edits import Locked, hashed
from pydock.packages.requirements import Kind
from pydock.project import Project
from pydock.rule import Example, Finding, Level, Rule
from pydock.text import Fix, Safety

_FILE = "FROM python:3.12-slim\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n"

EXAMPLES = (
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\n"}, finds=True),
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\ngunicorn\n"}),
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2 --hash=sha256:00\n"}),
)


def check(project: Project) -> Iterator[Finding]:
    seen: set[str] = set()
    for entry in wanted(project):
        path = next(iter(entry.paths), "")
        if path in seen or entry.loose or not entry.install.files:
            continue
        if not path or not (count := _pins_without_hash(project, path)):
            continue
        seen.add(path)
        lock = hashed(project, entry) if project.options.hashes else ""
        yield Finding(
            RULE,
            entry.install.files[0].span,
            f"{path}: {count} pinned requirements without hashes",
            None if isinstance(lock, str) else _fix(project, entry, lock),
            cost="a file that was replaced on the index would be installed unnoticed",
            advice=_advice(lock) if isinstance(lock, str) else "",
        )


def _fix(project: Project, entry: Wanted, lock: Locked) -> Fix:
    title = f"install {lock.path} with the hashes of its {lock.count} packages"
    answer = entry.answer(project)
    notes = tuple(project.running.notes(entry.request, answer)) if entry.request and answer else ()
    return Fix(title, Safety.SAFE, lock.edits, frozenset({"packages", "files"}), notes=notes)


def _advice(why_not: str) -> str:
    return f"No hashes were found: {why_not}." if why_not else "`pydock fix --hashes` locks the files, too."


def _pins_without_hash(project: Project, path: str) -> int:
    """How many pins have no hash, 0 unless all lines are pins and none has one.

    Where hashes are asked for, a line that a constraints file pins is one, too.
    """
    found = project.requirement_set(path)
    asked = [entry for entry in found.entries if entry.kind is not Kind.OPTION]
    is_bound = bool(project.options.hashes)
    is_plain = all(
        entry.requirement and (entry.is_pinned or is_bound) and "--hash" not in entry.text for entry in asked
    )
    return len(asked) if is_plain and not found.troubles else 0


RULE = Rule("PYD202", "no-hashes", check, __doc__, EXAMPLES, level=Level.NOTE)
