"""The cells of a pack side by side, as an inline picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape

from .drawing import tick_label, ticks
from .words import number


def bars(values: Sequence[float], errors: Sequence[float], factor: float, label: str) -> str:
    """One vertical bar for each cell around a zero line; a missing value leaves its place empty.

    Args:
        values: One value for each cell, NaN for one that is not known.
        errors: Standard errors, NaN where unknown, of the same length.
        factor: What the values are multiplied by to get the unit of the axis.
        label: What the picture shows, for a screen reader.
    """
    shown = [value * factor for value in values]
    finite = [value for value in shown if math.isfinite(value)]
    if not finite:
        return ""
    low, high = min([0.0, *finite]), max([0.0, *finite])
    room = (high - low or 1.0) * 0.12
    low, high = low - room, high + room
    height, left, width = 190.0, 52.0, 668.0

    def place(value: float) -> float:
        return 10 + (high - value) / (high - low) * (height - 40)

    parts = []
    for value in ticks(low, high, 4):
        y = place(value)
        kind = "axis" if value == 0 else "grid"
        parts.append(f'<path class="{kind}" d="M{left:g} {y:.1f}H{left + width:g}"/>')
        parts.append(tick_label(left - 6, y + 4, number(value), "end"))
    pitch = width / len(shown)
    furthest = max(range(len(shown)), key=lambda i: abs(shown[i]) if math.isfinite(shown[i]) else -1.0)
    every = 1 if len(shown) <= 20 else 2
    for index, value in enumerate(shown):
        middle = left + pitch * (index + 0.5)
        if index % every == 0 or index == furthest:
            style = "tick strong" if index == furthest else "tick"
            parts.append(tick_label(middle, height - 8, str(index + 1), style=style))
        if not math.isfinite(value):
            continue
        y, zero = place(value), place(0.0)
        tone = "far" if index == furthest else "near"
        parts.append(
            f'<rect class="cell {tone}" x="{middle - pitch * 0.36:.1f}" y="{min(y, zero):.1f}" '
            f'width="{pitch * 0.72:.1f}" height="{max(abs(y - zero), 1):.1f}"/>'
        )
        error = errors[index] * factor if index < len(errors) else math.nan
        if math.isfinite(error) and error > 0:
            top, bottom = place(min(value + 2 * error, high)), place(max(value - 2 * error, low))
            parts.append(f'<path class="error" d="M{middle:.1f} {top:.1f}V{bottom:.1f}"/>')
    return (
        f'<svg class="still cells" viewBox="0 0 720 {height:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
