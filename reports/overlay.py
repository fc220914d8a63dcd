"""The signal that two logs share, drawn over each other: whether their clocks fit can be seen at a glance."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np

from . import words
from .downsample import Detail, select
from .drawing import still_path, time_ticks

if TYPE_CHECKING:
    from ridelog.incident import Incident
    from ridelog.ride import Track

_SIGNALS: Final = (("battery_current", "battery current"), ("pack_voltage", "battery voltage"), ("speed", "speed"))
#: Length of ride that is shown, in s.
_SHOWN_S: Final = 120.0
_WIDTH, _HEIGHT = 720.0, 150.0


def overlays(incident: Incident) -> Iterator[tuple[str, str]]:
    """For every aligned log and the reference: a picture and what it shows."""
    tracks = incident.ride.tracks
    if incident.ride.reference >= len(tracks):
        return
    reference = tracks[incident.ride.reference]
    for track in tracks:
        if track is reference or not track.clock.aligned or track.log.rows < 10 or reference.log.rows < 10:
            continue
        for channel, name in _SIGNALS:
            if track.has(channel) and reference.has(channel):
                drawn = _overlay(incident, reference, track, channel, name)
                if drawn:
                    yield drawn
                break


def _overlay(incident: Incident, reference: Track, track: Track, channel: str, name: str) -> tuple[str, str] | None:
    first = max(float(reference.time[0]), float(track.time[0]))
    last = min(float(reference.time[-1]), float(track.time[-1]))
    if last - first < 2 * track.log.interval_s:
        return None
    onset = incident.verdict.onset
    center = onset.middle_s if onset else (first + last) / 2
    low = max(first, min(center - _SHOWN_S / 2, last - _SHOWN_S))
    high = min(last, low + _SHOWN_S)
    parts = []
    for second in time_ticks(low, high):
        x = (second - low) / (high - low) * _WIDTH
        parts.append(f'<path class="grid" d="M{x:.1f} 0V{_HEIGHT:g}"/>')
        parts.append(f'<text class="tick" x="{x + 3:.1f}" y="{_HEIGHT + 17:g}">{words.moment(second)}</text>')
    lines = [_line(item, channel, low, high) for item in (reference, track)]
    if not all(lines):
        return None
    for line, style in zip(lines, ("c1 solid", "c2 dash"), strict=True):
        parts.append(f'<path class="line {style}" d="{line}"/>')
    one, other = (words.plain(words.log_name(incident.ride, item.index)) for item in (reference, track))
    label = f"The {name} of {one} and of {other} on one clock, each on its own scale"
    svg = (
        f'<svg class="still" viewBox="0 0 {_WIDTH:g} {_HEIGHT + 22:g}" role="img" aria-label="{escape(label)}">'
        f"{''.join(parts)}</svg>"
    )
    return svg, f"{words.first_capital(name)}, each on its own scale: {one} (solid) and {other} (dashed)."


def _line(track: Track, channel: str, low: float, high: float) -> str:
    first, last = np.searchsorted(track.time, (low, high))
    part = slice(max(int(first) - 1, 0), int(last) + 1)
    time, values = track.time[part], track.values(channel)[part]
    drawn = select(time, values, Detail(150, 1, (), np.empty(0, dtype=np.intp)))
    time, values = time[drawn.rows], values[drawn.rows]
    if not len(values):
        return ""
    least, most = float(values.min()), float(values.max())
    room = (most - least) * 0.05 or 1.0
    scale, box = (least - room, most + room), (0.0, _HEIGHT)
    return still_path(time, values, set(drawn.breaks.tolist()), (low, high), scale, (0.0, _WIDTH), box)
