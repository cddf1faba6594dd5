"""Everything is pinned, but nothing says which file a version is.

A pin names a version; a hash names the very file. With hashes a package that was replaced on
the index, or a mirror that serves something else, stops the build instead of reaching
production.

Hashes come from the resolver that makes the lock, so this is only shown, and only where all
requirements are pinned already: there the step is a small one.
"""

from __future__ import annotations

from collections.abc import Iterator

from pydock.project import Project
from pydock.project.installs import RESOLVING, installs
from pydock.project.requirements import Kind
from pydock.rule import Example, Finding, Rule

_FILE = "FROM python:3.12-slim\nCOPY requirements.txt ./\nRUN pip install -r requirements.txt\n"

EXAMPLES = (
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\n"}, finds=True),
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2\ngunicorn\n"}),
    Example(before=_FILE, files={"requirements.txt": "flask==3.1.2 --hash=sha256:00\n"}),
)


def check(project: Project) -> Iterator[Finding]:
    seen: set[str] = set()
    for stage in project.dockerfile.stages:
        for install in installs(project.dockerfile, stage, RESOLVING):
            for word in install.files:
                path = project.origin(stage, word.value, install.instruction) if word.value else None
                if path is None or path in seen or path.endswith((".toml", ".cfg", ".py")):
                    continue
                seen.add(path)
                if count := _pins_without_hash(project, path):
                    yield Finding(
                        RULE,
                        word.span,
                        f"{path}: {count} pinned requirements without hashes",
                        cost="a file that was replaced on the index would be installed unnoticed",
                        advice="`pip-compile --generate-hashes` or `uv pip compile --generate-hashes` writes them;"
                        f" {path} then has to name the indirect packages too.",
                    )


def _pins_without_hash(project: Project, path: str) -> int:
    """How many pins have no hash, 0 unless all lines are pins and none has one."""
    found = project.requirement_set(path)
    asked = [entry for entry in found.entries if entry.kind is not Kind.OPTION]
    is_plain = all(entry.requirement and entry.is_pinned and "--hash" not in entry.text for entry in asked)
    return len(asked) if is_plain and not found.troubles else 0


RULE = Rule("PYD202", "no-hashes", check, __doc__, EXAMPLES)
