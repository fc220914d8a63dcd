"""Currents beyond what power cells are kept at (CUR-05)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ridelog.episodes import episodes

from .pack_resistance import known_capacity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Power cells of 4.1 Ah are kept near 200 A by seven, 7 times their capacity, 1/h (CUR-05); for longer than this it is
#: heat and no peak, s; interruptions, s.
_PER_HOUR, _LASTS_S, _JOIN_S = 7.0, 10.0, 1.0


class CellCurrent(NamedTuple):
    """A stretch of current, first and last row; mean in A, s, what it is compared with in A, capacity in Ah."""

    first: int
    last: int
    level: float
    lasted: float
    bound: float
    capacity: float


def beyond_the_cells(case: Case, track: Track, current: NDArray[np.float64]) -> CellCurrent | None:
    """Find the longest stretch above what power cells of the pack's capacity are kept at.

    Args:
        case: The ride; the capacity is that of a board, or of the rests of the ride, and never a controller's setting.
        track: The log.
        current: Battery current in A, discharge positive, shape (rows,).
    """
    capacity = known_capacity(case)
    if capacity is None:
        return None
    bound, time = _PER_HOUR * capacity, track.time
    found = [(a, b) for a, b in episodes(current > bound, time, _JOIN_S) if b > a and time[b] - time[a] > _LASTS_S]
    if not found:
        return None
    first, last = max(found, key=lambda item: float(time[item[1]] - time[item[0]]))
    level = float(np.nanmean(current[first : last + 1]))
    return CellCurrent(first, last, level, float(time[last] - time[first]), bound, capacity)
