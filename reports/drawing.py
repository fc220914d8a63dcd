"""Still pictures as inline SVG: for paper, for browsers without scripts, and for what needs no zoom.

Colours come from the style sheet by class, so that a picture follows the theme of the page. Every text is escaped.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from .downsample import Detail, select
from .words import moment, number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .figures import Group, Panel, Series
    from .lanes import Bar

_WIDTH: Final = 720
_LEFT: Final = 52
_RIGHT: Final = 8
_PANEL: Final = 112
_LANE: Final = 31
_BUCKETS: Final = 150
_MOST_BARS: Final = 60


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Round values that divide a range into at most `most` steps (1, 2, 2.5 and 5 times powers of ten)."""
    if not high > low:
        return [low]
    rough = (high - low) / most
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first = math.ceil(low / step - 1e-9)
    return [index * step for index in range(first, math.floor(high / step + 1e-9) + 1)]


def time_ticks(low: float, high: float, most: int = 7) -> list[float]:
    """Round moments that divide a range of time, in s."""
    rough = max((high - low) / most, 1e-3)
    steps = [0.001 * f * 10**p for p in range(3) for f in (1, 2, 5)] + [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900]
    step = next((item for item in [*steps, 1800, 3600, 7200, 14400, 43200] if item >= rough), 0.0)
    step = step or math.ceil(rough / 86400) * 86400.0
    return [index * step for index in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]


def still(group: Group) -> str:
    """The window of a group as one still picture: panels below each other, then the states."""
    low, high = group.window
    parts: list[str] = []
    top = 0.0
    for panel in group.panels:
        parts.append(_panel(panel, group, top))
        top += _PANEL + 22
    parts.append(_states(group, top))
    top += _LANE * len(_visible_lanes(group)) + 6
    for second in time_ticks(low, high):
        x = _x(second, low, high)
        parts.append(tick_label(x, top + 12, _label(second, high - low)))
    height = top + 20
    title = f"From {moment(low)} to {moment(high)} of the ride"
    return (
        f'<svg class="still" viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def tick_label(x: float, y: float, text: str, anchor: str = "middle", style: str = "tick") -> str:
    """A small text; `anchor` says which part of it lies at `x`."""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _label(second: float, span: float) -> str:
    return moment(second, 0 if span >= 10 else 1 if span >= 1 else 3)


def _x(second: float, low: float, high: float) -> float:
    return _LEFT + (second - low) / (high - low or 1.0) * (_WIDTH - _LEFT - _RIGHT)


def _part(series: Series, low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64], set[int]]:
    first, last = np.searchsorted(series.time, (low, high))
    part = slice(max(int(first) - 1, 0), int(last) + 1)
    time, values = series.time[part], series.values[part]
    drawn = select(time, values, Detail(_BUCKETS, 1, (), np.empty(0, dtype=np.intp)))
    return time[drawn.rows], values[drawn.rows], set(drawn.breaks.tolist())


def _panel(panel: Panel, group: Group, top: float) -> str:
    low, high = group.window
    drawn = [(series, *_part(series, low, high)) for series in panel.series if series.shown]
    drawn = [item for item in drawn if len(item[2])]
    title = f"{panel.title}, {panel.unit}" if panel.unit else panel.title
    parts = [tick_label(0, top + 14, title, "start", "title")]
    if not drawn:
        return parts[0]
    bottom, floor = top + 20 + _PANEL - 8, top + 20
    least, most = _range([item[2] for item in drawn], panel.height)
    for value in ticks(least, most, 4):
        y = bottom - (value - least) / (most - least) * (bottom - floor)
        parts.append(f'<path class="grid" d="M{_LEFT} {y:.1f}H{_WIDTH - _RIGHT}"/>')
        parts.append(tick_label(_LEFT - 6, y + 4, number(value), "end"))
    parts += [
        f'<path class="mark {escape(mark.severity)}" d="M{_x(mark.start_s, low, high):.1f} {floor:.0f}V{bottom:.0f}"/>'
        for mark in group.marks
        if low <= mark.start_s <= high
    ]
    offset = 7.4 * len(title) + 14
    for series, time, values, breaks in drawn:
        line = _path(time, values, breaks, (low, high), (least, most), (floor, bottom))
        parts.append(f'<path class="line {series.colour} {series.dash}" d="{line}"/>')
        parts.append(f'<path class="line {series.colour} {series.dash}" d="M{offset:.0f} {top + 10:.0f}h18"/>')
        parts.append(tick_label(offset + 22, top + 14, series.name, "start", "key"))
        offset += 36 + 6.2 * len(series.name)
    return "".join(parts)


def _range(arrays: Iterable[NDArray[np.float64]], height: float = 0.0) -> tuple[float, float]:
    arrays = list(arrays)
    least, most = min(float(a.min()) for a in arrays), max(float(a.max()) for a in arrays)
    short = max(height - (most - least), 0.0)
    least, most = least - short / 2, most + short / 2
    room = (most - least) * 0.06 or max(abs(most) * 0.05, 0.5)
    return least - room, most + room


def _path(
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    breaks: set[int],
    window: tuple[float, float],
    scale: tuple[float, float],
    box: tuple[float, float],
) -> str:
    return still_path(time, values, breaks, window, scale, (_LEFT, _WIDTH - _RIGHT), box)


def still_path(
    time: NDArray[np.float64],
    values: NDArray[np.float64],
    breaks: set[int],
    window: tuple[float, float],
    scale: tuple[float, float],
    across: tuple[float, float],
    down: tuple[float, float],
) -> str:
    """A line as SVG path data: `window` is mapped to `across` (left, right) and `scale` to `down` (top, bottom)."""
    seconds = np.clip(time, window[0], window[1])
    x = across[0] + (seconds - window[0]) / (window[1] - window[0] or 1.0) * (across[1] - across[0])
    y = down[1] - (values - scale[0]) / (scale[1] - scale[0]) * (down[1] - down[0])
    points = zip(x.round(1).tolist(), y.round(1).tolist(), strict=True)
    return "".join(f"{'M' if not i or i in breaks else 'L'}{a:g} {b:g}" for i, (a, b) in enumerate(points))


def _visible_lanes(group: Group) -> list[tuple[str, list[Bar]]]:
    low, high = group.window
    lanes = ((lane.label, [b for b in lane.bars if b.end_s >= low and b.start_s <= high]) for lane in group.lanes)
    return [(label, bars) for label, bars in lanes if bars]


def _states(group: Group, top: float) -> str:
    low, high = group.window
    parts = []
    for label, bars in _visible_lanes(group):
        parts.append(tick_label(_LEFT, top + 10, label, "start"))
        for index, bar in enumerate(bars[:_MOST_BARS]):
            left, right = _x(max(bar.start_s, low), low, high), _x(min(bar.end_s, high), low, high)
            box = f'x="{left:.1f}" y="{top + 14:.0f}" width="{max(right - left, 2.0):.1f}" height="13"'
            parts.append(f'<rect class="bar {bar.tone}" {box}/>')
            needed = 6.0 * len(bar.text) + 6
            after = _x(bars[index + 1].start_s, low, high) if index + 1 < len(bars) else _WIDTH - _RIGHT
            if right - left > needed:
                parts.append(tick_label(left + 3, top + 24, bar.text, "start", f"state on-{bar.tone}"))
            elif after - right > needed:
                parts.append(tick_label(right + 4, top + 24, bar.text, "start", "key"))
        top += _LANE
    return "".join(parts)


def overview(group: Group) -> str:
    """The whole span of a group's first panels, without axes: the strip below the timeline."""
    low, high = group.span
    parts = []
    for panel in group.panels[:2]:
        series = panel.series[0]
        time, values, breaks = _part(series, low, high)
        if len(values):
            line = still_path(time, values, breaks, (low, high), _range([values]), (0.0, 1000.0), (2.0, 58.0))
            parts.append(f'<path class="line {"c1" if panel is group.panels[0] else "c2"}" d="{line}"/>')
    for mark in group.marks:
        x = (mark.start_s - low) / (high - low or 1.0) * 1000
        parts.append(f'<path class="mark {escape(mark.severity)}" d="M{x:.1f} 0V60"/>')
    return f'<svg viewBox="0 0 1000 60" preserveAspectRatio="none" aria-hidden="true">{"".join(parts)}</svg>'
