"""What a codemod is: a name, the rule whose smell it cures, the changes it makes, and examples that run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from pydock.codemods.source import Source
from pydock.project import Project
from pydock.rule import Finding, Rule
from pydock.text import Edit, Fix, Safety, Span
from pydock.values import Value, field

CODE = "codemod"


class Example(Value):
    """A service whose file `path` is changed, or left alone when there is no `after`.

    `files` is the rest of the build context, a Dockerfile that starts the file unless it brings
    one; `refuses` says that the codemod names the line that stands in its way.
    """

    before: str
    after: str | None = None
    path: str = "app.py"
    files: Mapping[str, str] = field(default_factory=dict)
    refuses: bool = False

    @property
    def context(self) -> dict[str, str]:
        """All files of the service, as they are before."""
        dockerfile = f'FROM python:3.12-slim\nWORKDIR /app\nCOPY . .\nCMD ["python", "{self.path}"]\n'
        return {"Dockerfile": dockerfile, **self.files, self.path: self.before}


class Change(Value):
    """One change to one file; without edits it is refused, and `what` says why.

    `span` is the place in the file. A change with a doubt is made only where its codemod was named.
    """

    source: Source
    span: Span
    what: str
    edits: tuple[Edit, ...] = ()
    doubts: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class Codemod(Value):
    """A change of the source that somebody has to ask for; `changes` is a pure function of the project."""

    name: str
    cures: str
    changes: Callable[[Project], Iterator[Change]]
    docs: str
    examples: tuple[Example, ...]

    def rule(self, *, is_named: bool) -> Rule:
        """The codemod as something that the engine runs."""

        def check(project: Project) -> Iterator[Finding]:
            for change in self.changes(project):
                yield _finding(rule, change, is_named=is_named)

        rule = Rule(CODE, self.name, check, self.docs, (), is_source=True)
        return rule


def _finding(rule: Rule, change: Change, *, is_named: bool) -> Finding:
    path = change.source.path
    if not change.edits:
        advice = f"Change it by hand, or leave {rule.name} out."
        return Finding(rule, change.span, f"not changed: {change.what}", advice=advice, path=path)
    safety = Safety.UNSAFE if change.doubts and not is_named else Safety.SAFE
    fix = Fix(f"{rule.name} in {path}: {change.what}", safety, change.edits, doubts=change.doubts, notes=change.notes)
    return Finding(rule, change.span, change.what, fix, path=path)
