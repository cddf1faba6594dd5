"""A bench for a person: what was measured, one column a version, and what makes the difference."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TypeVar

from pydock.bench.measure import BYTES, COUNTS, Life, Measured, Scenario, Seconds, Weight, differences, figures
from pydock.report.pages.tables import bench_table
from pydock.terminal import printable
from pydock.values import Value

MOST_CAUSES = 6
Known = TypeVar("Known")


class Bench(Value):
    """Everything that is said about one bench; `path` is what the person called it."""

    path: str
    engine: str
    runs: int
    moment: str
    versions: tuple[Measured, ...]


class Row(Value):
    """One line of the table: the name, a cell for each version, and the change from the first to each other."""

    name: str
    cells: tuple[str, ...]
    changes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The cells, each but the first with its change behind it."""
        first, *others = self.cells
        return (first, *(text for pair in zip(others, self.changes, strict=True) for text in pair))


def written(bench: Bench) -> str:
    """The whole report as text."""
    head = (
        f"{printable(bench.path)} on {bench.engine}, {bench.runs} {'run' if bench.runs == 1 else 'runs each, medians'}"
    )
    parts = [head, "", grid(bench, "simple"), ""]
    parts += [printable(line) for line in (*remarks(bench), *size_story(bench))]
    return "\n".join(parts).rstrip() + "\n"


def grid(bench: Bench, form: str) -> str:
    """The rows as a table; `form` is a tabulate format."""
    return bench_table([(row.name, *row.columns) for row in table(bench)], ("", *headers(bench)), form)


def headers(bench: Bench) -> tuple[str, ...]:
    """What stands above the columns of `Row.columns`."""
    first, *others = (measured.name for measured in bench.versions)
    return (first, *(text for name in others for text in (name, "change")))


def table(bench: Bench) -> tuple[Row, ...]:
    """The rows of the comparison; a row that says nothing for any version is left out."""
    rows = [
        *(_build_row(bench, scenario) for scenario in Scenario),
        _row(bench, "size", lambda each: _of(each.weight, lambda weight: megabytes(weight.size)), "size"),
        _row(
            bench,
            "as pushed",
            lambda each: _of(each.weight, lambda weight: megabytes(weight.compressed)),
            "compressed",
        ),
        _row(bench, "layers", lambda each: _of(each.weight, lambda weight: str(weight.layers)), ""),
        _row(bench, "answers after", lambda each: _starts(each.lives), "start"),
        _row(bench, "healthy after", lambda each: _first(each.lives, _health), ""),
        _row(bench, "memory", lambda each: _of(figures(each)["memory"], megabytes), "memory"),
        _row(bench, "user", lambda each: _first(each.lives, lambda life: life.user), ""),
        _row(bench, "stops in", lambda each: _stops(each.lives), "stop"),
    ]
    return tuple(row for row in rows if any(cell not in {"", "-"} for cell in row.cells))


def remarks(bench: Bench) -> Iterator[str]:
    """What could not be measured and why, and where a build differs from what its file asks for."""
    reasons: dict[str, list[str]] = {}
    for measured in bench.versions:
        for scenario, why in measured.why_not.items():
            reasons.setdefault(f"{scenario}: not measured: {why}", []).append(measured.name)
        for note in measured.notes:
            reasons.setdefault(note, []).append(measured.name)
        for life in measured.lives[:1]:
            for line in _troubles(life):
                reasons.setdefault(line, []).append(measured.name)
        if measured.failure:
            yield f"{measured.name}: {measured.failure.message}"
            yield from (f"    {line}" for line in measured.failure.log[-10:])
    everybody = len(bench.versions)
    for line, names in reasons.items():
        yield line if len(names) == everybody and everybody > 1 else f"{', '.join(names)}: {line}"


def size_story(bench: Bench) -> Iterator[str]:
    """The difference by cause, and of the last version what is largest and what each instruction adds."""
    weighed = [(measured.name, measured.weight) for measured in bench.versions if measured.weight]
    if len(weighed) > 1:
        yield ""
        yield f"From {weighed[0][0]} to {weighed[-1][0]}: {causes(weighed[0][1], weighed[-1][1])}"
    if not weighed:
        return
    name, weight = weighed[-1]
    for title, entries in (
        (f"Largest folders ({name})", weight.folders),
        (f"Largest packages ({name})", weight.packages),
        (f"By instruction ({name})", [entry for entry in weight.instructions if entry[1]]),
    ):
        yield from ["", title, *(f"  {megabytes(size):>10}  {shortened(what, 100)}" for what, size in entries)]


def causes(before: Weight, after: Weight) -> str:
    """Such as: compilers and headers -412 MB, pip cache -61 MB."""
    found = [(cause, change) for cause, change in differences(before, after) if abs(change) >= 50_000]
    told = [f"{cause} {signed_megabytes(change)}" for cause, change in found[:MOST_CAUSES]]
    return ", ".join(told) or "the same size"


def megabytes(size: float) -> str:
    """Bytes as a person reads them, in the units of `docker images`."""
    if size < 999_500:
        return f"{size / 1e3:.0f} kB" if size >= 1_000 else f"{size:.0f} B"
    return f"{size / 1e6:,.1f} MB" if size < 99_950_000 else f"{size / 1e6:,.0f} MB"


def signed_megabytes(change: float) -> str:
    return f"{'-' if change < 0 else '+'}{megabytes(abs(change))}"


def seconds_text(value: float) -> str:
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s"


def figure_text(name: str, value: float) -> str:
    """One of the numbers of `figures`, with its unit."""
    if name in COUNTS:
        return f"{value:.0f}"
    return megabytes(value) if name in BYTES else seconds_text(value)


def percent(before: float | None, after: float | None) -> str:
    """The signed change; nothing where one of them is not known or there is nothing to divide by."""
    if not before or after is None:
        return ""
    change = 100 * (after - before) / before
    if abs(change) < 0.5:
        return "0 %"
    return f"{change:+.1f} %" if -100 < change <= -99 else f"{change:+.0f} %"


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _build_row(bench: Bench, scenario: Scenario) -> Row:
    cells = tuple(_spread(measured.builds.get(scenario)) for measured in bench.versions)
    known = [each.builds[scenario].median if scenario in each.builds else None for each in bench.versions]
    name = f"{scenario} build" if scenario is Scenario.COLD else f"build, {scenario}"
    return Row(name, cells, tuple(percent(known[0], value) for value in known[1:]))


def _row(bench: Bench, name: str, cell: Callable[[Measured], str], figure: str) -> Row:
    known = [figures(measured).get(figure) for measured in bench.versions]
    changes = tuple(percent(known[0], value) for value in known[1:])
    return Row(name, tuple(cell(measured) for measured in bench.versions), changes)


def _of(value: Known | None, text: Callable[[Known], str]) -> str:
    return "-" if value is None else text(value)


def _spread(seconds: Seconds | None) -> str:
    if seconds is None:
        return "-"
    low, high = (seconds_text(bound).removesuffix(" s") for bound in seconds.range)
    return seconds_text(seconds.median) + (f" ({low}-{high})" if len(seconds.times) > 1 else "")


def _starts(lives: Sequence[Life]) -> str:
    answers = [life.answers for life in lives if life.answers is not None]
    if answers:
        return _spread(Seconds(tuple(answers)))
    return _first(lives, _ending)


def _ending(life: Life) -> str:
    if life.exit_code is not None and life.lasted is None:
        return "does not start"
    if life.exit_code is not None:
        return f"ended, code {life.exit_code}"
    if life.listens is not None:
        return f"no answer (listens after {seconds_text(life.listens)})"
    return "no port opened"


def _health(life: Life) -> str:
    if life.health == "none" or life.exit_code is not None:
        return "no check" if life.health == "none" else life.health
    return seconds_text(life.healthy) if life.healthy is not None else life.health


def _stops(lives: Sequence[Life]) -> str:
    stopped = [life.stopped for life in lives if life.stopped]
    if not stopped:
        return "-"
    endings = dict.fromkeys("killed" if each.is_killed else f"code {each.code}" for each in stopped)
    return f"{_spread(Seconds(tuple(each.seconds for each in stopped)))}, {' or '.join(endings)}"


def _first(lives: Iterable[Life], text: Callable[[Life], str]) -> str:
    return next((text(life) or "-" for life in lives), "-")


def _troubles(life: Life) -> Iterator[str]:
    if life.why:
        yield life.why
    if life.exit_code is not None and life.lasted is not None:
        yield f"the container ended by itself after {seconds_text(life.lasted)} with code {life.exit_code}"
        yield from (f"    {line}" for line in life.log)
    if life.stopped and life.stopped.is_killed:
        yield "the container ignored its stop signal and was killed"
