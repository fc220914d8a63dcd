"""A bus that swings around its pack while the current flows on: capacitors that do not hold it, and no path that is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import episodes

from .excursions import SWING_ROWS, SWING_S, Excursions

if TYPE_CHECKING:
    from ridelog.ride import Track

#: A bus that swings comes back to its pack so many times in an episode, and this share of the rows in between carries this
#: current, A (engineering judgement).
_SWINGS = 3
_GOES_ON_SHARE, _GOES_ON_A = 0.6, 1.0
#: Swings to the other side belong together within this time, s (engineering judgement: a few rows of a slow log).
_OTHER_SIDE_S: Final = 2.0


def swings(outside: Excursions, track: Track, first: int, last: int) -> bool:
    """Whether an episode off the pack is a bus that swings around it, by any of its signs."""
    return _swings_above(outside, track, first, last) or swings_to_both_sides(outside, track, first, last)


def _swings_above(outside: Excursions, track: Track, first: int, last: int) -> bool:
    """Whether an episode above the pack is a bus that swings around it while the current goes on.

    A pack that is not there takes no current, and what brakes into it drives the voltage up at once.
    """
    rows = np.arange(first, last + 1)
    above = outside.above[rows] > outside.high_margin[rows]
    runs = episodes(above, track.time[rows], 0.0)
    short = all(b - a < SWING_ROWS and track.time[rows[b]] - track.time[rows[a]] <= SWING_S for a, b in runs)
    between = rows[~above]
    if len(runs) < _SWINGS or not short or len(between) < len(runs) - 1:
        return False
    flows = np.abs(np.nan_to_num(track.values("battery_current")[between])) > _GOES_ON_A
    return float(flows.mean()) >= _GOES_ON_SHARE


def swings_to_both_sides(outside: Excursions, track: Track, first: int, last: int) -> bool:
    """Whether the voltage is as far on the other side of the pack within moments, and one current flows on all the time.

    Without a pack a bus that gives current only falls and one that is given current only rises: neither crosses to the other
    side of what the pack has before the current ends.

    Args:
        outside: The excursions of the log.
        track: The log.
        first: First row of an episode below or above the pack.
        last: Its last row.
    """
    current = np.nan_to_num(track.values("battery_current"))
    begin = int(np.searchsorted(track.time, track.time[first] - _OTHER_SIDE_S))
    end = int(np.searchsorted(track.time, track.time[last] + _OTHER_SIDE_S, side="right"))
    rows = np.arange(begin, end)
    side = np.where(outside.below[rows] > outside.low_margin[rows], -1, 0)
    side[outside.above[rows] > outside.high_margin[rows]] = 1
    flow = np.where(np.abs(current[rows]) > _GOES_ON_A, np.sign(current[rows]), 0.0)
    flow[np.nan_to_num(track.values("fault_code")[rows]) > 0] = 0.0
    breaks = np.flatnonzero(np.concatenate(([True], np.diff(flow) != 0, [True])))
    for start, stop in zip(breaks[:-1].tolist(), breaks[1:].tolist(), strict=True):
        inside = rows[start:stop]
        own = (inside >= first) & (inside <= last)
        if flow[start] and own.any() and {-1, 1} <= set(side[start:stop].tolist()):
            return True
    return False
