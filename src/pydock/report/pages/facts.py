"""What is known about a service, for people and for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from pydock.project.secrets import Mask
from pydock.service.facts import Fact, Facts, Process
from pydock.terminal import in_json, printable

SCHEMA = 1
_QUESTIONS = ("command", "work", "framework", "application", "host", "port", "health")


def text(shown: str, facts: Facts, mask: Mask) -> str:
    """The facts of one Dockerfile, a line each, without what the mask hides."""
    lines = [shown]
    for process in facts.processes:
        lines.append(f"  {process.origin}")
        lines += [f"    {name + ':':<13}{_written(getattr(process, name))}" for name in _QUESTIONS]
    for title, pairs in (("writes", facts.writes), ("programs", facts.programs), ("libraries", facts.libraries)):
        if pairs:
            lines.append(f"  {title}")
            lines += [
                f"    {name or '(only known at run time)'}{f' ({place})' if place else ''}" for name, place in pairs
            ]
    return mask("".join(f"{printable(line)}\n" for line in lines))


def _written(fact: Fact) -> str:
    match fact.state:
        case "certain":
            return f"{fact.value} ({fact.source})" if fact.source else fact.value
        case "unsure":
            return f"unsure, perhaps {' or '.join(fact.candidates)}"
        case _:
            return "none found"


def document(answers: Iterable[tuple[str, Facts, Mask]]) -> str:
    """All facts as one JSON document, without what the masks hide."""
    found = tuple(answers)
    entries = [{"dockerfile": shown, **dict(_entry(mask.over(facts)))} for shown, facts, mask in found]
    return in_json(Mask()(json.dumps({"schema": SCHEMA, "services": entries}, indent=2, ensure_ascii=False))) + "\n"


def _entry(facts: Facts) -> Iterator[tuple[str, object]]:
    yield "processes", [_process(each) for each in facts.processes]
    for name in ("writes", "programs", "libraries"):
        yield name, [{"name": found, "place": place} for found, place in getattr(facts, name)]


def _process(process: Process) -> dict[str, object]:
    answers: dict[str, object] = {name: _fact(getattr(process, name)) for name in _QUESTIONS}
    return {"origin": process.origin, **answers}


def _fact(fact: Fact) -> dict[str, object]:
    found: dict[str, object] = {"state": fact.state}
    if fact.value:
        found |= {"value": fact.value, "source": fact.source}
    if fact.candidates:
        found["candidates"] = list(fact.candidates)
    return found
