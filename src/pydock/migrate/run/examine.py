"""One task, answered in a process of its own: what `fix` would do to a service, as records."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from pydock.bench import Proof
from pydock.budget import undisturbed
from pydock.context import Tree
from pydock.engine import Report
from pydock.errors import BuildError, EngineError, PydockError
from pydock.migrate.find.services import Service
from pydock.migrate.records.inventory import inventory
from pydock.migrate.records.patches import masked, patch
from pydock.migrate.records.record import Change, Measured, Reason, Record, Remark, State, failed
from pydock.migrate.records.state import is_python, judged
from pydock.migrate.run.bench import Bench, bench, proven
from pydock.migrate.run.users import rewrite
from pydock.migrate.store.fingerprint import fingerprint
from pydock.project.pins import Request, Unanswered
from pydock.project.secrets import mask
from pydock.questions import Paused, Question
from pydock.report import Answer, Entry, fixed, mask_of
from pydock.targets import target
from pydock.text import Safety
from pydock.values import Value, replace


class Task(Value):
    """Services to examine, each over the changes of those before it, and what is asked about them.

    `promised` are the questions at which it has stopped so far, `number` tells the tasks of a run apart.
    """

    members: tuple[Service, ...]
    question: Question
    bench: Bench | None = None
    promised: tuple[Request, ...] = ()
    number: int = 0


Examined = tuple[Record, ...] | Paused[Task]


def advanced(task: Task) -> Examined:
    """The records, or what has to be asked first; all that was asked before has its answer by the next time."""
    try:
        return examine(task)
    except Unanswered as missing:
        asked = tuple(dict.fromkeys((*task.promised, *missing.requests)))
        return Paused(replace(task, promised=asked), missing.requests)


def examine(task: Task) -> tuple[Record, ...]:
    """A record for each member; what cannot be answered is a record, too.

    Raises Unanswered where the question does not wait for a resolver.
    """
    records: list[Record] = []
    changed: dict[str, str] = {}
    for service in task.members:
        try:
            with undisturbed((Unanswered, MemoryError)):
                record = _examined(task, service, changed)
        except PydockError as error:
            record = _failed(service, error)
        changed |= {os.path.join(service.repository, change.path): change.after for change in record.changes}
        records.append(record)
    return tuple(records)


def _failed(service: Service, error: PydockError) -> Record:
    """A failure of the service itself is kept with its files; one of the engine is tried again."""
    message = error.message.replace(f"{service.repository}{os.sep}", "")
    is_lasting = not isinstance(error, EngineError) or isinstance(error, BuildError)
    seen = fingerprint(Tree(service.root))
    return replace(failed(mask(message), mask(error.hint), is_kept=is_lasting), fingerprint=seen)


def _examined(task: Task, service: Service, changed: Mapping[str, str]) -> Record:
    if service.path.startswith("../"):
        why = f"{service.dockerfile} lies outside of its build context {service.context}"
        hint = "pydock reads one folder: move the Dockerfile into it, or build it in a folder that holds both"
        return Record(State.REFUSED, reason=Reason(why, hint), fingerprint=fingerprint(Tree(service.root)))
    found = target(Path(service.repository, service.dockerfile), service.root, service.dockerfile)
    over = {path: text for whole, text in changed.items() if (path := _inside(whole, service)) is not None}
    rewritten = rewrite(task.question, replace(found, tree=Tree(found.tree.root, over)), service.uses, task.promised)
    report = rewritten.report
    seen = fingerprint(Tree(service.root))
    if not is_python(report.project):
        return Record(State.OTHER, fingerprint=seen)
    mask = mask_of(report)
    state, reason, decisions = judged(report, rewritten.decisions)
    prefix = "" if service.context == "." else f"{service.context}/"
    answer = fixed(report, service.dockerfile, prefix)
    changes = tuple(Change(change.path, change.before, change.after) for change in answer.changes)
    hidden = tuple(masked(change, mask) for change in changes)
    whole = patch(changes)
    told = Record(
        state,
        inventory(report.project),
        reason,
        decisions,
        tuple(_remarks(answer, service)),
        diff=whole if hidden == changes else patch(hidden),
        withheld=_withheld(report, zip(changes, hidden, strict=True)),
        measured=_measured(task, report, rewritten.proofs),
        fingerprint=seen,
    )
    # What is kept for the next run stays on the disk: texts that hold a secret do not.
    is_kept = rewritten.is_final and hidden == changes
    return _with_proof(_withholding(replace(mask.over(told), changes=changes, patch=whole, is_kept=is_kept)))


def _inside(whole: str, service: Service) -> str | None:
    relative = os.path.relpath(whole, service.root).replace(os.sep, "/")
    return None if relative.startswith("../") else relative


def _measured(task: Task, report: Report, proofs: Mapping[str, Proof]) -> Measured:
    found = bench(report, task.bench) if task.bench else Measured()
    if not proofs:
        return found
    verdict, differences = proven(proofs)
    return replace(found, verdict=verdict, differences=differences)


def _withholding(record: Record) -> Record:
    """What stands in the way of a patch is for a person to decide."""
    if not record.withheld or record.state is State.REFUSED:
        return record
    return replace(record, state=State.DECISION, decisions=(*record.decisions, record.withheld))


def _with_proof(record: Record) -> Record:
    """What an engine could not compare is for a person to decide."""
    if record.measured.verdict != "could not be compared" or record.state in {State.REFUSED, State.FAILED}:
        return record
    why = next(iter(record.measured.differences), "no version could be built")
    return replace(record, state=State.DECISION, decisions=(*record.decisions, f"not proven: {why}"))


def _remarks(answer: Answer, service: Service) -> Iterator[Remark]:
    for entry in answer.settled:
        yield _remark("fixed", entry, service)
    for entry in answer.remaining:
        is_held = entry.fix is not None and entry.fix.safety is Safety.UNSAFE
        yield _remark("held" if is_held else "yours", entry, service)


def _remark(outcome: str, entry: Entry, service: Service) -> Remark:
    fix = entry.fix
    return Remark(
        outcome,
        entry.code,
        entry.name,
        entry.message,
        entry.path,
        entry.line,
        entry.cost,
        entry.advice,
        fix.title if fix else "",
        fix.doubts if fix else (),
        fix.notes if fix else (),
    )


def _withheld(report: Report, changes: Iterable[tuple[Change, Change]]) -> str:
    """Why these changes must not be written as a patch, "" where they may."""
    before = report.project.tree
    for path in report.changed:
        if _is_linked(before, path):
            return f"{path} is a link, which a patch does not follow"
        text = before.text(path)
        if text is not None and before.data(path) != text.encode("utf-8", "surrogateescape"):
            return f"{path} is not written in UTF-8"
    for change, hidden in changes:
        if hidden != change and patch([hidden]) != patch([change]):
            return f"a patch of {change.path} would hold a secret in clear text; take it out of the file first"
    return ""


def _is_linked(tree: Tree, path: str) -> bool:
    root = os.path.realpath(tree.root or "")
    return os.path.realpath(os.path.join(root, path)) != os.path.join(root, os.path.normpath(path))
