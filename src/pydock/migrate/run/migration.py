"""A whole run: what is known already is taken as it is, the rest is examined, and everything is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from pydock.budget import Budget, within
from pydock.checkout import DOCUMENTED, compose_above, configuration, texts_above
from pydock.config import Sources, settings
from pydock.context import Tree
from pydock.errors import BudgetError, PydockError, UnreadableError
from pydock.hosts import own
from pydock.migrate.find.services import Found, Service
from pydock.migrate.records.patches import Touched, together
from pydock.migrate.records.record import Reason, Record, State, failed
from pydock.migrate.run.bench import Bench
from pydock.migrate.run.examine import Task
from pydock.migrate.run.keeper import Limits
from pydock.migrate.run.worker_pool import Pool, answers
from pydock.migrate.store.database import Store
from pydock.migrate.store.fingerprint import era, fingerprint, key
from pydock.project.builders import tells_builder
from pydock.project.secrets import mask
from pydock.questions import Question
from pydock.values import Value, replace, to_builtins

Tell = Callable[[Service, Record], None]


class Asked(Value):
    """What is asked about every service; `is_retried` asks again where there was no answer."""

    question: Question
    bench: Bench | None = None
    limits: Limits = Limits()
    is_retried: bool = False

    @property
    def values(self) -> Mapping[str, object]:
        """What answers depend on beside the files."""
        wanted = settings((), self.question.given)
        return {
            "given": {name: value for name, value in self.question.given.items() if value is not None},
            "proof": to_builtins(self.question.proof) if self.question.proof else None,
            "bench": to_builtins(self.bench) if self.bench else None,
            "limits": [self.limits.seconds, self.limits.memory],
            "offline": wanted.offline,
            "hosts": sorted({*wanted.allow_hosts, *map(str, own())}),
            "era": era(date.today()),
        }


@dataclass
class Known:
    """The records of a run by service: most of them in the store, a few that are not kept in memory.

    What each of them changes is remembered beside, so that nobody reads all records to know who meets whom.
    """

    store: Store
    found: Found
    keys: dict[str, str] = field(default_factory=dict)
    loose: dict[str, Record] = field(default_factory=dict)
    changes: dict[str, Touched] = field(default_factory=dict)

    def record(self, service: Service) -> Record:
        if service.name in self.loose:
            return self.loose[service.name]
        found = self.store.record(self.keys[service.name])
        assert found is not None, "what was kept in this run is there"
        return found

    def records(self) -> Iterator[tuple[Service, Record]]:
        """One after the other, so that memory stays flat."""
        for service in self.found.services:
            yield service, self.record(service)

    @property
    def touched(self) -> list[Touched]:
        """What services change, in the order of the services."""
        changing = (self.changes.get(service.name) for service in self.found.services)
        return [each for each in changing if each is not None and each.files]

    def note(self, service: Service, place: str, record: Record) -> None:
        """The record of a service is the one at this place."""
        self.keys[service.name] = place
        self.changes[service.name] = Touched.by(service, record)

    def put(self, service: Service, place: str, record: Record, *, is_kept: bool) -> None:
        self.loose.pop(service.name, None)
        self.note(service, place, record)
        if is_kept:
            self.store.keep(place, record)
        else:
            self.loose[service.name] = record


def run(found: Found, asked: Asked, store: Store, workers: Pool, tell: Tell) -> Known:
    """Examine what is not known; `tell` hears of every service once."""
    known = Known(store, found)
    seen: dict[Path, str] = {}
    for (service, place), (record,) in answers(workers, _unknown(known, asked, seen, tell), asked.limits):
        is_same = record.fingerprint in {"", seen[service.root]}
        known.put(service, place, record, is_kept=record.is_kept and is_same)
        tell(service, record)
    _examine_clashes(known, asked, workers)
    return known


def _unknown(
    known: Known, asked: Asked, seen: dict[Path, str], tell: Tell
) -> Iterator[tuple[tuple[Service, str], Task]]:
    """The tasks whose answers are not in the store, with their place there; what is there is told at once."""
    values = asked.values
    limits = asked.limits
    for service in known.found.services:
        try:
            with within(Budget(limits.seconds, limits.memory)):
                place = _key(values, service, seen, asked.question.sources)
        except PydockError as error:
            hint = "--limit and --memory give it more" if isinstance(error, BudgetError) else error.hint
            unread = failed(mask(error.message), mask(hint))
            known.put(service, "", unread, is_kept=False)
            tell(service, unread)
            continue
        record = known.store.record(place)
        if record is None or (asked.is_retried and record.state is State.FAILED):
            yield (service, place), Task((service,), asked.question, asked.bench)
        else:
            known.note(service, place, record)
            tell(service, record)


def _key(values: Mapping[str, object], service: Service, seen: dict[Path, str], sources: Sources) -> str:
    """Where the answer for a service is kept: neither its name nor its place on the disk matter."""
    tree = Tree(service.root)
    if service.root not in seen:
        seen[service.root] = fingerprint(tree)
    try:
        settings = [[file.dockerfile, file.text] for file in configuration(tree, service.path, sources)]
    except UnreadableError as error:  # which is told when the service is examined
        settings = [[error.message]]
    uses = [to_builtins(use) for use in service.uses]
    above = [list(each) for each in compose_above(tree, service.path)]
    about = {"dockerfile": service.dockerfile, "context": service.context, "uses": uses}
    told = [list(each) for each in texts_above(tree, service.path, tells_builder, DOCUMENTED)]
    about |= {"settings": settings, "above": above, "told": told}
    return key({**values, **about}, [seen[service.root]])


def _examine_clashes(known: Known, asked: Asked, workers: Pool) -> None:
    """Services that change the same file in different ways are examined again, each over the one before it."""
    groups = [group for group in together(known.touched, is_clash=True) if len(group) > 1]
    tasks = []
    for group in groups:
        alone = _without_double_use(known, group)
        place = key({"together": True}, [known.keys[service.name] for service in alone])
        if len(alone) < 2:
            continue
        found = [known.store.record(f"{place}-{at}") for at in range(len(alone))]
        kept = [record for record in found if record is not None]
        if len(kept) == len(alone):
            for at, (service, record) in enumerate(zip(alone, kept, strict=True)):
                known.loose.pop(service.name, None)
                known.note(service, f"{place}-{at}", record)
        else:
            tasks.append(((place, alone), Task(alone, asked.question, asked.bench)))
    for (place, members), records in answers(workers, tasks, asked.limits):
        for at, (service, record) in enumerate(zip(members, records, strict=True)):
            known.put(service, f"{place}-{at}", record, is_kept=record.is_kept)


def _without_double_use(known: Known, group: tuple[Service, ...]) -> tuple[Service, ...]:
    """The members of a group without those whose Dockerfile is built in two folders and wants two rewrites."""
    owners: dict[tuple[str, str], list[Service]] = {}
    for service in group:
        owners.setdefault((service.repository, service.dockerfile), []).append(service)
    for shared in (services for services in owners.values() if len(services) > 1):
        contexts = " and ".join(service.context for service in shared)
        why = f"{shared[0].dockerfile} is built in {contexts}, and each of them wants another rewrite of it"
        reason = Reason(why, "give each of them a Dockerfile of its own, or one build context to both")
        for service in shared:
            record = replace(known.record(service), state=State.REFUSED, reason=reason, changes=(), patch="", diff="")
            known.put(service, known.keys[service.name], record, is_kept=False)
    return tuple(service for services in owners.values() if len(services) == 1 for service in services)
