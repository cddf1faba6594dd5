"""The charts of the page: SVG with text in it, so that they can be read aloud and printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from pydock.migrate.records.record import SHOWN
from pydock.migrate.records.totals import Totals

_WIDTH, _ROW, _BAR = 460, 24, 15
_MOST = 10


def states(totals: Totals) -> str:
    """One bar, split by state; the numbers stand in the tiles below it."""
    parts, at = [], 0.0
    for state in SHOWN:
        width = 1000 * totals.states[state] / max(totals.services, 1)
        if width:
            parts.append(f'<g class="{state}"><rect class="tone" x="{at:.2f}" width="{width:.2f}" height="10"/></g>')
        at += width
    said = ", ".join(f"{totals.states[state]} {state.label}" for state in SHOWN)
    head = f'<svg viewBox="0 0 1000 10" preserveAspectRatio="none" role="img" aria-label="{escape(said)}">'
    return f'<div class="split">{head}{"".join(parts)}</svg></div>'


def all_of(totals: Totals) -> Iterator[str]:
    """The charts that have something to show."""
    pythons = [
        (
            f"Python {version}",
            count,
            f"{count}, {'ended' if is_over else 'until'} {end}" if end else str(count),
            is_over,
        )
        for version, end, is_over, count in totals.by_version()
    ]
    if pythons:
        yield _chart("Python versions by end of life", pythons, label=90, room=150)
    findings = [(name, count, str(count), False) for _, name, count in totals.common(_MOST)]
    if findings:
        yield _chart("Most common findings, by services", findings, label=190, room=40)
    if totals.savings:
        yield _savings(totals)


def megabytes(saved: float) -> str:
    """Bytes saved as megabytes; what grew has a plus."""
    rounded = round(saved / 1e6)
    sign = "+" if rounded < 0 else "-" if rounded > 0 else ""
    return f"{sign}{abs(rounded):,} MB"


def _chart(title: str, bars: Sequence[tuple[str, int, str, bool]], label: int, room: int) -> str:
    """Horizontal bars: (name, value, what stands behind the bar, whether it is past its end)."""
    most = max(value for _, value, _, _ in bars)
    parts = []
    for at, (name, value, said, is_over) in enumerate(bars):
        width = max(1.0, value / most * (_WIDTH - label - room))
        tone = ' class="over"' if is_over else ""
        behind = "over-text" if is_over else "soft"
        parts.append(
            f'<text x="0" y="{at * _ROW + 13}">{escape(name)}</text>'
            f'<rect{tone} x="{label}" y="{at * _ROW + 1}" width="{width:.1f}" height="{_BAR}" rx="2"/>'
            f'<text class="{behind}" x="{label + width + 6:.1f}" y="{at * _ROW + 13}">{escape(said)}</text>'
        )
    return _section(title, len(bars) * _ROW, parts)


def _savings(totals: Totals) -> str:
    """The services whose images change most, to the right of the line where they got smaller."""
    chosen = sorted(totals.savings, key=lambda each: (-abs(each[1]), each[0]))[:_MOST]
    chosen.sort(key=lambda each: (-each[1], each[0]))
    most = max(abs(saved) for _, saved in chosen) or 1.0
    label, room = 150, 75
    parts = []
    for at, (name, saved) in enumerate(chosen):
        width = max(1.0, abs(saved) / most * (_WIDTH - label - room))
        shown = name if len(name) <= 22 else f"…{name[-21:]}"
        parts.append(
            f'<text x="0" y="{at * _ROW + 13}"><title>{escape(name)}</title>{escape(shown)}</text>'
            f'<rect class="{"less" if saved >= 0 else "over"}" x="{label}" y="{at * _ROW + 1}" width="{width:.1f}"'
            f' height="{_BAR}" rx="2"/>'
            f'<text class="soft" x="{label + width + 6:.1f}" y="{at * _ROW + 13}">{megabytes(saved)}</text>'
        )
    rest = f" ({len(chosen)} of {len(totals.savings)} measured)" if len(chosen) < len(totals.savings) else ""
    return _section(f"Image size before and after{rest}", len(chosen) * _ROW, parts)


def _section(title: str, height: int, parts: Sequence[str]) -> str:
    name = escape(title)
    head = f'<svg viewBox="0 0 {_WIDTH} {height}" role="group" aria-label="{name}">'
    return f"<section><h2>{name}</h2>{head}{''.join(parts)}</svg></section>"
