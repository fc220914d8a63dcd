"""A motor current that reads the same on and on while a fault holds the motor off: a reading, and no current."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ridelog.episodes import episodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: At a fault the firmware switches the output off (VESC firmware, `mc_interface_fault_stop`), and the current of a motor ends
#: within milliseconds. A reading of this many A that changes by no more than this share for so long, s, in so many rows is none.
_LEAST_A, _SAME_SHARE, _STANDS_S, _FEWEST = 10.0, 0.02, 1.0, 4


def standing_rows(track: Track) -> NDArray[np.bool_]:
    """Rows in which the motor current stands at one high value as long as a fault is shown, shape (rows,).

    The current of the battery is worked out from that of the motor, so that neither is known there.

    Args:
        track: A controller log, with fault codes and a motor current in A if any row is to stand.
    """
    codes, current = np.nan_to_num(track.values("fault_code")), track.values("motor_current")
    stands = np.zeros(track.log.rows, dtype=np.bool_)
    for first, last in episodes(codes > 0, track.time, 0.0):
        # The first row may be of the moment before.
        inside = current[first + 1 : last + 1]
        if (
            last - first < _FEWEST
            or float(track.time[last] - track.time[first]) < _STANDS_S
            or (codes[first] != codes[last])
        ):
            continue
        level = float(np.median(inside))
        if abs(level) >= _LEAST_A and float(np.abs(inside - level).max()) <= _SAME_SHARE * abs(level):
            stands[first : last + 1] = True
    return stands
