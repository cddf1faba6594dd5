"""A bench as Markdown, for a pull request."""

from __future__ import annotations

from collections.abc import Iterator

from pydock.report.bench.table import Bench, causes, grid, megabytes, remarks, shortened
from pydock.terminal import printable

_SPECIAL = str.maketrans({char: f"\\{char}" for char in "\\`*_{}[]<>#|~"})


def written(bench: Bench) -> str:
    """A table, the difference by cause, and the rest folded away."""
    head = (
        f"**{_plain(bench.path)}** on {_plain(bench.engine)}, {bench.runs} run{'s, medians' if bench.runs > 1 else ''}"
    )
    return "\n".join([head, "", grid(bench, "github"), "", *_story(bench)]).rstrip() + "\n"


def _story(bench: Bench) -> Iterator[str]:
    for line in remarks(bench):
        yield f"- {_plain(line.strip())}"
    weighed = [(measured.name, measured.weight) for measured in bench.versions if measured.weight]
    if len(weighed) > 1:
        yield from ["", f"From {weighed[0][0]} to {weighed[-1][0]}: {causes(weighed[0][1], weighed[-1][1])}."]
    if weighed:
        name, weight = weighed[-1]
        yield from ["", f"<details><summary>What is in {name}</summary>", ""]
        for title, entries in (("folder", weight.folders), ("package", weight.packages)):
            yield from [f"| {title} | size |", "|:--|--:|"]
            yield from (f"| {_plain(what)} | {megabytes(size)} |" for what, size in entries)
            yield ""
        yield from ["| instruction | size |", "|:--|--:|"]
        yield from (
            f"| {_plain(shortened(what, 120))} | {megabytes(size)} |" for what, size in weight.instructions if size
        )
        yield from ["", "</details>"]


def _plain(text: str) -> str:
    return printable(text).translate(_SPECIAL)
