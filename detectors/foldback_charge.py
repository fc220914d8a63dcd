"""A current bound that shrinks with the charge: the line of a cutoff where its voltage band is narrower than a log's digits.

A controller that folds back allows I = k (V - V_end); the pack gives V = E - R I, so every full load ends at
I = k (E - V_end) / (1 + k R): a few percent less of the source's voltage E takes a tenth and more of the current. A fixed
limit of the current does not move with E, a limit of the power moves against it, and what a rider asks for keeps to no line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .pack_current import pack_current
from .time_bins import bin_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: Rows are averaged over this time, s; as load count averages of this share of the highest, away from full duty and heat.
_BIN_S, _LOAD_SHARE, _FULL_DUTY, _HOT_DEGC = 1.0, 0.5, 0.93, 78.0
#: Loads are told apart by a pause of this length, s; so many of them, with so many averages in all, must lie on the line.
_APART_S, _LOADS, _AVERAGES = 3.0, 4, 15
#: Most loads end on the line, within this share of the highest current, and next to nothing lies beyond.
_ON_LINE, _WITHIN, _BEYOND = 0.7, 0.035, 0.03
#: Along the line the current changes by this share (5th to 95th percentile), this many times faster than the source's voltage,
#: and the two go together this closely. All of these are engineering judgement.
_RANGE, _STEEPER, _TOGETHER = 0.12, 8.0, 0.9
_PASSES: Final = 6


def bound_by_charge(track: Track, ohm: float) -> list[tuple[int, int]]:
    """First and last row of every load that ends on such a line; empty when there is none.

    Args:
        track: A controller or wheel log with pack voltage and battery current.
        ohm: Resistance of the pack and its leads, ohm.
    """
    volts, amps = track.values("pack_voltage"), pack_current(track)
    heat = np.nan_to_num(np.fmax(track.values("fet_temperature"), track.values("motor_temperature")))
    free = np.nan_to_num(np.abs(track.values("duty"))) < _FULL_DUTY
    rows = np.flatnonzero(np.isfinite(volts) & np.isfinite(amps) & free & (heat < _HOT_DEGC))
    if len(rows) < _AVERAGES or not np.isfinite(ohm):
        return []
    start = bin_starts(track.time[rows], _BIN_S)
    count = np.diff(np.r_[start, len(rows)])
    current = np.add.reduceat(amps[rows], start) / count
    source = np.add.reduceat(volts[rows], start) / count + ohm * current
    swing = np.maximum.reduceat(amps[rows], start) - np.minimum.reduceat(amps[rows], start)
    top = float(np.percentile(current[current > 0.5], 99)) if (current > 0.5).any() else 0.0
    # An average over a load that begins or ends is none of the load.
    loaded = np.flatnonzero((current > _LOAD_SHARE * top) & (swing < 0.25 * np.maximum(current, 1e-6)))
    if top <= 0 or len(loaded) < _AVERAGES:
        return []
    on_line = _line(source[loaded], current[loaded], top)
    if on_line is None:
        return []
    begin = track.time[rows[start[loaded[on_line]]]]
    loads = np.split(loaded[on_line], np.flatnonzero(np.diff(begin) > _APART_S) + 1)
    if len(loads) < _LOADS:
        return []
    ends = start + count - 1
    return [(int(rows[start[load[0]]]), int(rows[ends[load[-1]]])) for load in loads]


def _line(source: NDArray[np.float64], current: NDArray[np.float64], top: float) -> NDArray[np.bool_] | None:
    """Which averages lie on one steep line of the current over the source's voltage, None when most do not."""
    kept = np.ones(len(source), dtype=bool)
    slope = offset = 0.0
    for _ in range(_PASSES):
        if np.count_nonzero(kept) < _AVERAGES or float(np.ptp(source[kept])) <= 0:
            return None
        slope, offset = (float(value) for value in np.polyfit(source[kept], current[kept], 1))
        off = current - (slope * source + offset)
        kept = np.abs(off) <= max(_WITHIN * top, 1.5 * float(np.median(np.abs(off[kept]))))
    off = current - (slope * source + offset)
    on_line = np.abs(off) <= _WITHIN * top
    if (
        np.count_nonzero(on_line) < max(_AVERAGES, _ON_LINE * len(source))
        or float((off > _WITHIN * top).mean()) > _BEYOND
    ):
        return None
    x, y = source[on_line], current[on_line]
    low, high = np.percentile(y, (5, 95))
    middle = float(np.median(y))
    steeper = slope * float(np.median(x)) / middle
    if high - low < _RANGE * middle or steeper < _STEEPER or float(np.corrcoef(x, y)[0, 1]) < _TOGETHER:
        return None
    return on_line
