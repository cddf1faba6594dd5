"""How often each rule finds something: the worst level first, in it what is found most."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from pydock.report.answer import Answer, Entry
from pydock.report.formats.text import COLOURS, summary
from pydock.rule import Level
from pydock.terminal import Style
from pydock.text import Safety
from pydock.values import Value, to_builtins


class RuleCount(Value):
    """A rule with the number of its findings, and of those that a fix of each kind is offered for."""

    code: str
    name: str
    level: Level
    findings: int
    safe: int
    unsafe: int


def counts(form: str, answers: Sequence[Answer], style: Style) -> str:
    """The numbers as text, with a summary in one line, or as a JSON array."""
    tallies = tallied(entry for answer in answers for entry in answer.findings)
    if form == "json":
        return json.dumps([to_builtins(each) for each in tallies], indent=2) + "\n"
    figures, names = (
        max([0, *map(len, texts)]) for texts in ((str(t.findings) for t in tallies), (t.name for t in tallies))
    )
    lines = [
        f"{each.findings:>{figures}}  {style(f'{each.level:<7}', COLOURS[each.level], 'bold')}  {each.code}  "
        f"{style(f'{each.name:<{names}}', 'cyan')}  {_fixes(each)}".rstrip()
        for each in tallies
    ]
    return "".join(f"{line}\n" for line in [*lines, *([""] if lines else []), summary(answers)])


def tallied(entries: Iterable[Entry]) -> list[RuleCount]:
    """The tallies of the rules that find something; a rule with several levels has its worst."""
    by_rule: dict[str, list[Entry]] = {}
    for entry in entries:
        by_rule.setdefault(entry.code, []).append(entry)
    found = []
    for code, of_rule in by_rule.items():
        safeties = [entry.fix.safety for entry in of_rule if entry.fix]
        level = min((entry.level for entry in of_rule), key=lambda level: level.rank)
        safe, unsafe = safeties.count(Safety.SAFE), safeties.count(Safety.UNSAFE)
        found.append(RuleCount(code, of_rule[0].name, level, len(of_rule), safe, unsafe))
    return sorted(found, key=lambda each: (each.level.rank, -each.findings, each.code))


def _fixes(each: RuleCount) -> str:
    parts = [f"{each.safe} fixed by `pydock fix`"] if each.safe else []
    parts += [f"{each.unsafe} with --unsafe-fixes"] if each.unsafe else []
    own = each.findings - each.safe - each.unsafe
    return ", ".join([*parts, *([f"{own} by hand"] if own else [])])
