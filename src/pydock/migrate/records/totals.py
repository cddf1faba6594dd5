"""What all services come to: states, Python versions, findings, megabytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydock.migrate.records.record import SHOWN, State
from pydock.migrate.records.rows import Row


@dataclass(slots=True)
class Totals:
    """Counts that grow row by row; `findings` count services, not places."""

    states: Counter[State] = field(default_factory=Counter)
    pythons: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    findings: Counter[tuple[str, str]] = field(default_factory=Counter)
    decisions: Counter[str] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    roots: int = 0
    unpinned: int = 0
    savings: list[tuple[str, float]] = field(default_factory=list)

    def add(self, row: Row) -> None:
        record, inventory = row.record, row.record.inventory
        self.states[record.state] += 1
        if inventory.python:
            minor = ".".join(inventory.python.split(".")[:2])
            self.pythons[minor, inventory.python_end, inventory.is_python_over] += 1
        for finding in {(remark.code, remark.name) for remark in record.remarks}:
            self.findings[finding] += 1
        self.roots += inventory.user == "root"
        self.unpinned += inventory.is_pinned is False
        if row.saved is not None:
            self.savings.append((row.service.name, row.saved))

    @property
    def services(self) -> int:
        return sum(self.states[state] for state in SHOWN)

    @property
    def saved(self) -> float:
        """Bytes over all measured services, growth counted against it."""
        return sum(saved for _, saved in self.savings)

    def by_version(self) -> Iterator[tuple[str, str, bool, int]]:
        """(version, end of life, whether it is over, services), the oldest version first."""
        order = sorted(
            self.pythons, key=lambda each: [int(part) if part.isdigit() else 0 for part in each[0].split(".")]
        )
        yield from ((*each, self.pythons[each]) for each in order)

    def common(self, most: int) -> list[tuple[str, str, int]]:
        """(code, name, services) of the findings that most services have."""
        ordered = sorted(self.findings.items(), key=lambda entry: (-entry[1], entry[0]))
        return [(code, name, count) for (code, name), count in ordered[:most]]
