"""Openings between which only braking current flowed: discharge FETs that are off still let a motor charge the pack."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.ride import Track

    from .excursions import Excursions

#: Braking current that a pack took, A, in so many rows between two openings.
_TAKEN_A, _FEWEST = -1.0, 3
#: The bus falls away again so soon after the braking, s: what its capacitors hold without a load (engineering judgement).
_FALLS_AGAIN_S: Final = 3.0


def losses(track: Track, openings: list[tuple[int, int]], gives_a: float) -> list[tuple[int, int]]:
    """First and last row of each loss: openings without a drive current of `gives_a` in between are one."""
    current = track.values("battery_current")
    found: list[tuple[int, int]] = []
    for first, last in openings:
        if found and float(np.nanmax(current[found[-1][1] + 1 : first], initial=0.0)) < gives_a:
            found[-1] = (found[-1][0], last)
        else:
            found.append((first, last))
    return found


def braking_only(track: Track, outside: Excursions, openings: list[tuple[int, int]], gives_a: float) -> int | None:
    """Row in which the pack takes a braking current although it gives none; None when it is not so.

    The body diodes of discharge FETs that are off let current into the pack and none out: the bus is at the pack's voltage as
    long as the motor brakes, and falls away as soon as it does not. A contact that has parted takes no braking current, and
    one that has closed gives drive current again or at least holds the bus up.

    Args:
        track: A controller or wheel log.
        outside: Its excursions.
        openings: First and last row of each opening, in order.
        gives_a: A drive current of this many A says that the pack is back.
    """
    current = np.nan_to_num(track.values("battery_current"))
    for (_, last), (first, _) in pairwise(openings):
        rows = np.arange(last + 1, first)
        taken = rows[(current[rows] <= _TAKEN_A) & (outside.above[rows] <= outside.high_margin[rows])]
        if len(taken) < _FEWEST or float(current[rows].max(initial=0.0)) >= gives_a:
            continue
        if float(track.time[first] - track.time[taken[-1]]) <= _FALLS_AGAIN_S:
            return int(taken[0])
    return None
