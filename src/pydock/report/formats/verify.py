"""What a real engine said about a rewrite, for a person and for programs.

The JSON object
schema     1; a field that goes or changes its meaning makes it 2, a new field does not
version    of pydock
projects   one object a Dockerfile
    path       as the command line leads to it
    error      null, or {message, hint} where there is no answer
    verdict    "same", "fixed" (the original is broken and the rewrite is not), "different", "could not be compared"
    aspects    objects with
        aspect, verdict  what was compared, and the same words for it alone
        differences      [{what, before, after}], "" for a side that has no such thing
        notes            differences that the rewrite declares, and remarks
        why              why it could not be compared, or ""
    left_out   [{code, name, differences}] rules that `fix --verify` leaves out
    promoted   [{code, name, title}] doubtful fixes that proved the same
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence

from pydock import __version__
from pydock.bench import Difference, Outcome, Proof, Verdict
from pydock.report.answer import Failure
from pydock.terminal import Style, printable
from pydock.values import to_builtins

SCHEMA = 1
WIDEST = 160
_COLOURS = {Verdict.SAME: "green", Verdict.FIXED: "cyan", Verdict.DIFFERENT: "red", Verdict.UNKNOWN: "yellow"}
_ORDER = (Verdict.DIFFERENT, Verdict.UNKNOWN, Verdict.FIXED, Verdict.SAME)
_MEANS = {
    Verdict.SAME: "the same service before and after",
    Verdict.FIXED: "the same service, but for what was broken and is mended",
    Verdict.DIFFERENT: "not the same service",
    Verdict.UNKNOWN: "could not be compared",
}


def text(path: str, proof: Proof, style: Style) -> str:
    """The proof in lines: what is different first, what is the same without a remark in one line."""
    lines = [f"{style(printable(path), 'bold')}: {style(_headline(proof), 'bold', _COLOURS[proof.verdict])}"]
    plain = []
    for outcome in sorted(proof.outcomes, key=lambda outcome: _ORDER.index(outcome.verdict)):
        if outcome.verdict is Verdict.SAME and not outcome.notes:
            plain.append(outcome.aspect)
        else:
            lines += _of_outcome(outcome, style)
    if plain:
        lines.append(f"  {style('same', 'green')}: {', '.join(plain)}")
    lines += list(_of_rules(proof, style))
    counts = Counter(outcome.verdict for outcome in proof.outcomes)
    lines.append(", ".join(f"{counts[verdict]} {verdict}" for verdict in _COLOURS if counts[verdict]) + ".")
    return "".join(f"{style.wrapped(line, 2 + len(line) - len(line.lstrip()))}\n" for line in lines)


def _headline(proof: Proof) -> str:
    verdicts = {outcome.aspect: outcome.verdict for outcome in proof.outcomes}
    if proof.verdict is Verdict.FIXED and verdicts.get("state") is Verdict.FIXED:
        return "fixed: the original does not run, the new version does"
    is_partial = proof.verdict is Verdict.SAME and Verdict.UNKNOWN in verdicts.values()
    return _MEANS[proof.verdict] + (", as far as it could be compared" if is_partial else "")


def _of_outcome(outcome: Outcome, style: Style) -> Iterator[str]:
    why = f": {_cut(outcome.why)}" if outcome.why else ""
    yield f"  {style(str(outcome.verdict), _COLOURS[outcome.verdict])}: {outcome.aspect}{why}"
    yield from _differences(outcome.differences)
    yield from (f"      {_cut(note)}" for note in outcome.notes)


def _differences(differences: Sequence[Difference]) -> Iterator[str]:
    for each in differences:
        yield f"      {_cut(each.what)}"
        yield f"        before: {_cut(each.before) or '-'}"
        yield f"        after:  {_cut(each.after) or '-'}"


def _of_rules(proof: Proof, style: Style) -> Iterator[str]:
    for omission in proof.left_out:
        yield f"  {style('left out', 'yellow')}: {omission.code} {omission.name}, which makes a difference"
        yield from _differences(omission.differences)
    for promotion in proof.promoted:
        yield f"  {style('proven', 'green')}: {promotion.code} {printable(promotion.title)}"


def _cut(line: str) -> str:
    line = printable(line.replace("\n", " "))
    return line if len(line) <= WIDEST else line[: WIDEST - 1] + "…"


def document(answers: Sequence[tuple[str, Proof | Failure]]) -> str:
    """The JSON object described above, of paths with what came of each."""
    projects = [_project(*answer) for answer in answers]
    return json.dumps({"schema": SCHEMA, "version": __version__, "projects": projects}, indent=2) + "\n"


def _project(path: str, proof: Proof | Failure) -> dict[str, object]:
    if isinstance(proof, Failure):
        return {"path": path, "error": to_builtins(proof), "verdict": Verdict.UNKNOWN}
    aspects = [
        {
            "aspect": outcome.aspect,
            "verdict": outcome.verdict,
            "differences": [to_builtins(each) for each in outcome.differences],
            "notes": outcome.notes,
            "why": outcome.why,
        }
        for outcome in proof.outcomes
    ]
    return {
        "path": path,
        "error": None,
        "verdict": proof.verdict,
        "aspects": aspects,
        "left_out": [to_builtins(each) for each in proof.left_out],
        "promoted": [to_builtins(each) for each in proof.promoted],
    }
