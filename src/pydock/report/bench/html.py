"""A bench as one HTML page: bars drawn as SVG, nothing loaded from anywhere, fit to be printed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from pydock.bench.measure import History, Measured, Weight, differences, figures
from pydock.report.bench.table import (
    Bench,
    figure_text,
    headers,
    megabytes,
    percent,
    remarks,
    shortened,
    signed_megabytes,
    table,
)
from pydock.terminal import printable

_CHARTS = (
    ("Size", ("size", "compressed")),
    ("Build time", ("cold", "unchanged", "rebuild", "dependency")),
    ("Run time", ("start", "healthy", "stop")),
    ("Memory after start", ("memory",)),
)
_LABELS = {
    "size": "on disk",
    "compressed": "as pushed",
    "cold": "cold",
    "unchanged": "no change",
    "rebuild": "code change",
    "dependency": "dependency change",
    "start": "answers after",
    "healthy": "healthy after",
    "stop": "stops in",
    "memory": "in use",
}
_LEFT, _WIDTH, _BAR, _GAP = 150, 720, 18, 14
_RIGHT = 120
_STYLE = """
:root { color-scheme: light dark; --paper: #fff; --ink: #1c2330; --soft: #5b6474; --line: #d9dde5;
  --first: #9aa4b5; --middle: #7a8fd0; --last: #0b7a75; --worse: #b3372f }
@media (prefers-color-scheme: dark) { :root { --paper: #14181f; --ink: #e6e9ef; --soft: #9aa4b2; --line: #2d3440;
  --first: #66707f; --middle: #7f97e6; --last: #3fb8ae; --worse: #ef8a80 } }
@media print { :root { --paper: #fff; --ink: #000; --soft: #444; --line: #bbb; --first: #999; --middle: #667bbd;
  --last: #0b7a75; --worse: #b3372f } svg, tr { break-inside: avoid } h2, thead { break-after: avoid }
  body { max-width: none; margin: 0 }
  .scroll { overflow: visible } .scroll table { font-size: .8em } .scroll :is(th, td) { white-space: normal } }
* { print-color-adjust: exact; -webkit-print-color-adjust: exact }
body { font: 15px/1.5 system-ui, sans-serif; background: var(--paper); color: var(--ink); max-width: 60rem;
  margin: 2rem auto; padding: 0 1rem }
h1 { font-size: 1.5rem; margin: 0; overflow-wrap: anywhere } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem }
p.where { color: var(--soft); margin: .2rem 0 1.5rem }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .6rem; border-bottom: 1px solid var(--line); text-align: right; white-space: nowrap }
th:first-child, td:first-child { text-align: left } td.what { white-space: normal; overflow-wrap: anywhere }
td.what, li { font-family: ui-monospace, monospace; font-size: .85em }
thead th { color: var(--soft); font-weight: 600 } .worse { color: var(--worse) } .better { color: var(--last) }
.key { white-space: nowrap; margin-left: 1em }
.key span { display: inline-block; width: .8em; height: .8em; margin-right: .4em; border-radius: 2px }
svg { width: 100%; height: auto; display: block } svg text { fill: var(--ink); font: 13px system-ui, sans-serif }
svg .soft { fill: var(--soft) } svg line { stroke: var(--line) }
svg .first { fill: var(--first) } svg .middle { fill: var(--middle) } svg .last { fill: var(--last) }
svg .worse { fill: var(--worse) } svg polyline { fill: none; stroke: var(--last); stroke-width: 2 }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(20rem, 1fr)); gap: 0 2rem }
"""


def written(bench: Bench, history: History = ()) -> str:
    """The page; with a history also how size and rebuild went over time."""
    names = [measured.name for measured in bench.versions]
    known = [figures(measured) for measured in bench.versions]
    sections = [
        f"<section>{_table(bench)}</section>",
        *_remarks(bench),
        *(section for title, wanted in _CHARTS for section in _chart(title, wanted, names, known)),
        *_weights(bench),
        *_trends(history, names[-1]),
    ]
    keys = "".join(
        f' <span class="key"><span style="background: var(--{_tone(at, len(names))})"></span>{_text(name)}</span>'
        for at, name in enumerate(names)
    )
    runs = f"{bench.runs} run{'s each, medians' if bench.runs > 1 else ''}"
    title = _text(bench.path)
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8"/>\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1"/>\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f'<p class="where">{_text(bench.engine)}, {runs}, {_text(_moment(bench.moment))}{keys}</p>\n'
        + "\n".join(sections)
        + "\n</body>\n</html>\n"
    )


def _table(bench: Bench) -> str:
    head = "".join(f"<th>{_text(name)}</th>" for name in ("", *headers(bench)))
    body = ""
    for row in table(bench):
        cells = "".join(_cell(text, is_change=at > 0 and at % 2 == 0) for at, text in enumerate(row.columns))
        body += f"<tr><td>{_text(row.name)}</td>{cells}</tr>\n"
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table></div>'


def _cell(text: str, *, is_change: bool) -> str:
    tone = {"+": "worse", "-": "better"}.get(text[:1], "") if is_change else ""
    return f'<td class="{tone}">{_text(text)}</td>' if tone else f"<td>{_text(text)}</td>"


def _remarks(bench: Bench) -> Iterator[str]:
    lines = [f"<li>{_text(line.strip())}</li>" for line in remarks(bench)]
    if lines:
        yield f"<section><h2>Remarks</h2><ul>{''.join(lines)}</ul></section>"


def _chart(
    title: str, wanted: Sequence[str], names: Sequence[str], known: Sequence[Mapping[str, float | None]]
) -> Iterator[str]:
    """Bars for the figures that at least one version has, all on one scale."""
    shown = [name for name in wanted if any(each[name] is not None for each in known)]
    most = max((each[name] or 0.0 for name in shown for each in known), default=0.0)
    if not shown or not most:
        return
    parts, top = [], 0
    for name in shown:
        middle = top + len(names) * _BAR / 2 + 5
        parts.append(f'<text x="0" y="{middle:.0f}">{_LABELS[name]}</text>')
        for at, each in enumerate(known):
            parts.append(
                _bar(top, each[name], most, _tone(at, len(names)), _shown(name, each[name], known[0][name], at))
            )
            top += _BAR
        top += _GAP
    yield f"<section><h2>{title}</h2>{_svg(top - _GAP + 4, title, parts)}</section>"


def _bar(top: int, value: float | None, most: float, tone: str, label: str) -> str:
    width = max((value or 0.0) / most * (_WIDTH - _LEFT - _RIGHT), 1.0 if value else 0.0)
    return (
        f'<rect class="{tone}" x="{_LEFT}" y="{top}" width="{width:.1f}" height="{_BAR - 3}" rx="2"/>'
        f'<text class="soft" x="{_LEFT + width + 6:.1f}" y="{top + 12}">{escape(label)}</text>'
    )


def _shown(name: str, value: float | None, first: float | None, at: int) -> str:
    if value is None:
        return "no figure"
    text = figure_text(name, value)
    change = percent(first, value) if at else ""
    return f"{text} ({change})" if change else text


def _weights(bench: Bench) -> Iterator[str]:
    weighed = [(measured, measured.weight) for measured in bench.versions if measured.weight]
    if len(weighed) > 1:
        yield from _causes(*weighed[0], *weighed[-1])
    if not weighed:
        return
    last: Measured
    last, weight = weighed[-1]
    both = _sizes("Folder", weight.folders) + _sizes("Package", weight.packages)
    yield f'<section><h2>Largest in {_text(last.name)}</h2><div class="two">{both}</div></section>'
    for measured, each in weighed:
        made = [entry for entry in each.instructions if entry[1]]
        yield f"<section><h2>By instruction, {_text(measured.name)}</h2>{_sizes('Instruction', made)}</section>"


def _causes(first: Measured, before: Weight, last: Measured, after: Weight) -> Iterator[str]:
    """Bars to the left for what is gone, to the right for what came."""
    changes = [entry for entry in differences(before, after) if abs(entry[1]) >= 50_000]
    if not changes:
        return
    most = max(abs(change) for _, change in changes)
    zero = (
        _LEFT
        + 110
        + (_WIDTH - _LEFT - 220)
        * (most if any(change < 0 for _, change in changes) else 0)
        / (most + max((change for _, change in changes if change > 0), default=0) or 1)
    )
    scale = (zero - _LEFT - 110) / most if zero > _LEFT + 110 else (_WIDTH - _LEFT - 220) / most
    parts = []
    for at, (cause, change) in enumerate(changes):
        width = abs(change) * scale
        y, x = at * (_BAR + 6), zero - width if change < 0 else zero
        parts.append(f'<text x="0" y="{y + 12}">{escape(cause)}</text>')
        tone = "last" if change < 0 else "worse"
        parts.append(
            f'<rect class="{tone}" x="{x:.1f}" y="{y}" width="{max(width, 1):.1f}" height="{_BAR - 3}" rx="2"/>'
        )
        anchor, place = ("end", x - 6) if change < 0 else ("start", x + width + 6)
        label = escape(signed_megabytes(change))
        parts.append(f'<text class="soft" text-anchor="{anchor}" x="{place:.1f}" y="{y + 12}">{label}</text>')
    height = len(changes) * (_BAR + 6)
    parts.append(f'<line x1="{zero:.1f}" x2="{zero:.1f}" y1="0" y2="{height}"/>')
    title = f"What makes the difference in size, from {_text(first.name)} to {_text(last.name)}"
    yield f"<section><h2>{title}</h2>{_svg(height, 'Difference by cause', parts)}</section>"


def _sizes(title: str, entries: Sequence[tuple[str, int]]) -> str:
    rows = "".join(
        f'<tr><td class="what">{_text(shortened(what, 160))}</td><td>{megabytes(size)}</td></tr>'
        for what, size in entries
    )
    return f"<table><thead><tr><th>{title}</th><th>Size</th></tr></thead><tbody>{rows}</tbody></table>"


def _trends(history: History, name: str) -> Iterator[str]:
    for figure, title in (("size", "Size over time"), ("rebuild", "Code-change build over time")):
        values = [value for row in history if (value := row["versions"].get(name, {}).get(figure)) is not None]
        if len(values) < 2:
            continue
        most = max(values) or 1.0
        step = (_WIDTH - _LEFT - _RIGHT) / (len(values) - 1)
        points = " ".join(f"{_LEFT + at * step:.1f},{90 - value / most * 80:.1f}" for at, value in enumerate(values))
        text = _shown(figure, values[-1], values[0], 1)
        parts = [
            f'<polyline points="{points}"/>',
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="90" y2="90"/>',
            f'<text x="0" y="50">{len(values)} benches</text>',
            f'<text class="soft" x="{_WIDTH - _RIGHT + 8}" y="{94 - values[-1] / most * 80:.1f}">{escape(text)}</text>',
        ]
        yield f"<section><h2>{title}</h2>{_svg(96, title, parts)}</section>"


def _svg(height: float, label: str, parts: Sequence[str]) -> str:
    size = f'viewBox="0 0 {_WIDTH} {height:.0f}"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(label)}">'
    return f"{head}{''.join(parts)}</svg>"


def _moment(text: str) -> str:
    """A moment of ISO 8601 as people write it."""
    return text.replace("T", " ")[:16] + " UTC"


def _tone(at: int, count: int) -> str:
    return "last" if at == count - 1 else "first" if at == 0 else "middle"


def _text(text: str) -> str:
    return escape(printable(text))
