"""Peaks of the bus while a vehicle slows down and no current shows: braking that met no pack, in a log of few rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .braking_rows import NEAR_S

if TYPE_CHECKING:
    from ridelog.ride import Track

    from .excursions import Excursions

#: So many peaks, each so many times further above the pack than an error of the estimate (engineering judgement: a meter that
#: glitches does it once, or anywhere).
_FEWEST, _TIMES = 4, 2.0
#: No load in the row of a peak, A; the vehicle moves, m/s; and loses speed around this share of the peaks.
_NO_LOAD_A, _MOVES_M_S, _SLOWS_SHARE = 1.0, 1.0, 0.75
#: A load, A, and the share of rows that have one on a ride: peaks that have nothing to do with it would fall into them too.
_LOAD_A, _LOADED_SHARE = 5.0, 0.1


def peaks_in_rolling(track: Track, outside: Excursions, high: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Of the stretches above the pack those that only braking can have made, though no braking current was logged.

    Into an open path no current flows: the controller stops within a millisecond, and of the braking a log of a few rows a
    second shows the peak, a current of zero and a vehicle that slows down.

    Args:
        track: A controller or wheel log.
        outside: Where its voltage leaves the pack.
        high: Stretches above the pack, first and last row of each.

    Returns:
        The stretches; none when there are few, when some are under load, or when the vehicle does not slow down in them.
    """
    current, speed = np.abs(track.values("battery_current")), np.abs(track.values("speed"))
    far = [
        (first, last)
        for first, last in high
        if float(np.nanmax(outside.above[first : last + 1] / outside.high_margin[first : last + 1])) >= _TIMES
        and outside.lifted(track, first, last)
    ]
    if len(far) < _FEWEST or float((np.nan_to_num(current) > _LOAD_A).mean()) < _LOADED_SHARE:
        return []
    slowing = 0
    for first, last in far:
        start = int(np.searchsorted(track.time, track.time[first] - NEAR_S))
        end = int(np.searchsorted(track.time, track.time[last] + NEAR_S, side="right"))
        before, after = min(start, max(first - 1, 0)), min(max(end, last + 2), track.log.rows) - 1
        if not float(np.nanmax(current[first : last + 1], initial=0.0)) < _NO_LOAD_A:
            return []
        slowing += bool(speed[first] > _MOVES_M_S and speed[after] < speed[before])
    return far if slowing >= _SLOWS_SHARE * len(far) else []
