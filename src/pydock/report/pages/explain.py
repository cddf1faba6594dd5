"""What a rule means, with its own examples run through the engine."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydock.context import Tree
from pydock.engine import Report, rewrite
from pydock.project import Project
from pydock.report.answer import Changed
from pydock.report.formats.diff import unified
from pydock.rule import Example, Rule
from pydock.terminal import Style
from pydock.text import Safety

if TYPE_CHECKING:
    from pydock.codemods.codemod import Codemod

PRIMER = """\
A rule is one smell. It has a code and a name; both are accepted wherever a rule can be named, and so
is the beginning of a code: `--select PYD3` means every rule of that group.

    PYD1xx  base image and stages        PYD4xx  run time
    PYD2xx  dependencies                 PYD5xx  secrets and supply chain
    PYD3xx  layers, cache, context       PYD0xx  comments that silence other rules

A finding has a fix that is
    safe            applied by `pydock fix`: the container can be relied on as before, or what changes is named
    unsafe          applied by `pydock fix --unsafe-fixes`: it may change what the service does
    by hand         never applied: the finding says what to do
A doubt is something the files could not settle; it is shown and never guessed away.

Leave one instruction alone with a comment in front of it, a whole file with one in its head:
    # pydock: ignore[PYD304]
    # pydock: ignore-file[no-healthcheck]

A codemod changes the application's own source, and only when it is asked for: --codemods
makes all that are sure, --codemods NAME one of them, its doubtful changes too.

`pydock explain NAME` shows one rule or codemod with its examples, `pydock rules` and
`pydock codemods` list them.
"""


def codemod_page(codemod: Codemod, style: Style) -> str:
    """The codemod's docs, then each of its examples as the engine answers it today."""
    head = style(f"codemod {codemod.name}, for {codemod.cures}", "bold")
    parts = [f"{head}\n\n{inspect.cleandoc(codemod.docs)}\n"]
    for example in codemod.examples:
        report = rewrite(Project(Tree.of(example.context)), (codemod.rule(is_named=True),), Safety.SAFE)
        said = "".join(f"{finding.message[:1].upper()}{finding.message[1:]}:" for finding in report.remaining)
        if report.changed:
            parts.append(style(f"pydock fix --codemods {codemod.name} --diff", "cyan"))
            parts += ["".join(_coloured(line, style) for line in _difference(report))]
        else:
            parts += [style(said or "Left alone:", "cyan"), example.before]
    return "\n".join(parts)


def _difference(report: Report) -> Iterator[str]:
    for path in report.changed:
        yield from unified(Changed(path, report.project.tree.text(path), report.result.tree.changes[path]))


def page(rule: Rule, style: Style) -> str:
    """The rule's docs, then each of its examples as the engine answers it today."""
    head = f"{style(f'{rule.code} {rule.name}', 'bold')} ({rule.level})"
    same = f"\nhadolint: {', '.join(rule.same_as)}\n" if rule.same_as else ""
    parts: list[str] = []
    for example in rule.examples:
        title, lines, is_difference = _answered(rule, example)
        parts += [style(title, "cyan"), "".join(_coloured(line, style) if is_difference else line for line in lines)]
    return f"{head}\n\n{inspect.cleandoc(rule.docs)}\n{same}\n" + "\n".join(parts)


def markdown_page(rule: Rule) -> str:
    """The same in Markdown, below a heading."""
    same = f", the same as {', '.join(rule.same_as)} of hadolint" if rule.same_as else ""
    parts = [f"# {rule.code} {rule.name}\n\n*{rule.level}{same}*\n\n{inspect.cleandoc(rule.docs)}\n"]
    for example in rule.examples:
        title, lines, is_difference = _answered(rule, example)
        command = f"`{title}`" if is_difference else title
        parts.append(f"{command}\n\n```{'diff' if is_difference else 'Dockerfile'}\n{''.join(lines).rstrip()}\n```\n")
    return "\n".join(parts)


def _answered(rule: Rule, example: Example) -> tuple[str, list[str], bool]:
    """A title, lines, and whether these are a difference."""
    project = Project(Tree.of({"Dockerfile": example.before, **example.files}))
    report = rewrite(project, (rule,), example.allow)
    if not report.changed:
        said = "; ".join(finding.message for finding in report.findings)
        return f"Reported only: {said}" if said else "Left alone:", [example.before], False
    flag = " --unsafe-fixes" if example.allow is Safety.UNSAFE else ""
    return f"pydock fix{flag} --select {rule.code} --diff", list(_difference(report)), True


def _coloured(line: str, style: Style) -> str:
    names = {"+": "green", "-": "red"}
    return style(line.rstrip("\n"), names[line[0]]) + "\n" if line[0] in names else line
