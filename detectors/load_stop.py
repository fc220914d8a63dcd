"""Where in a stretch of too low voltage the load stops: a pack that goes on to give current is not gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.ride import Track

#: A load goes on when most of these first seconds, with at least so many rows, show more than this current, A, and this share
#: of the highest current of the seconds before.
_GOES_ON_S, _GOES_ON_ROWS, _GOES_ON_A, _GOES_ON_SHARE = 2.0, 4, 1.0, 0.3
_BEFORE_S: Final = 3.0
#: In a stretch of fewer rows it goes on when each of them, over this long, has this share of it: the capacitors of a
#: controller hold what it takes for a few milliseconds.
_THROUGH_S, _THROUGH_SHARE = 0.3, 0.7
#: Rows before and after the stop whose voltages are compared; it falls by more than this share, where a load that is merely
#: let go makes it rise.
_ROWS_BEFORE, _ROWS_AFTER, _FALLS_SHARE = 3, 4, 0.005
#: Rows by which the current may lag behind the voltage.
_SKEW_ROWS: Final = 2


def load_stops(track: Track, first: int, last: int) -> int | None:
    """First row of an opening within a stretch of too low voltage, None when it is none.

    Where the estimate of the pack does not follow a deep or a fast discharge, the stretch begins while the load flows on. The
    opening is then where the current stops and the voltage falls with it, instead of rising by what the pack no longer sags.

    Args:
        track: A controller or wheel log with voltage and current.
        first: First row of the stretch.
        last: Its last row.
    """
    current, volts = track.values("battery_current"), track.values("pack_voltage")
    start = min(int(np.searchsorted(track.time, track.time[first] - _BEFORE_S)), max(first - 2, 0))
    before = current[start : max(first, 1)]
    load = float(np.nanmax(before)) if np.isfinite(before).any() else 0.0
    bound = max(_GOES_ON_A, _GOES_ON_SHARE * load)
    end = min(last, int(np.searchsorted(track.time, track.time[first] + _GOES_ON_S)))
    after = current[first + 1 : end + 1]
    after = after[np.isfinite(after)]
    if len(after) < _GOES_ON_ROWS:
        return None if _flows_through(track, first, last, load) else first
    if float(np.median(after)) <= bound:
        return first
    gone = current[first : last + 1] <= bound
    stops = np.flatnonzero(gone[1:] & ~gone[:-1]) + first + 1
    for row in stops.tolist():
        was = float(np.nanmedian(volts[max(row - _ROWS_BEFORE - _SKEW_ROWS, 0) : max(row - _SKEW_ROWS, 1)]))
        now = float(np.nanmedian(volts[row : row + _ROWS_AFTER]))
        if now < (1 - _FALLS_SHARE) * was:
            # The current of a row may be older than its voltage: what has fallen belongs to the opening.
            fallen = [back for back in range(1, _SKEW_ROWS + 1) if volts[row - back] < 0.5 * (was + now)]
            return int(row) - (len(fallen) if fallen == list(range(1, len(fallen) + 1)) else 0)
    return None


def _flows_through(track: Track, first: int, last: int, load: float) -> bool:
    """Tell whether the load of before stands in every row of a stretch of few rows, and in the row after it."""
    if load <= _GOES_ON_A or float(track.time[last] - track.time[first]) < _THROUGH_S:
        return False
    inside = track.values("battery_current")[first : last + 2]
    # A value that is only held, to the digit, tells nothing of its own moment.
    return bool(np.isfinite(inside).all()) and float(inside.min()) >= _THROUGH_SHARE * load and bool(np.ptp(inside) > 0)
