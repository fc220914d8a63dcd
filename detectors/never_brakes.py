"""Whether a ride shows no braking with the motor at all: then a charge path that is off had no consequence in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: Motor or battery current that brakes, A; meters without one read some tenths (engineering judgement).
_BRAKES_A: Final = -1.0
#: A ride: so many rows with more than this current, A.
_ROWS, _DRIVES_A = 100, 2.0
#: A log that ends with more than this share of its highest speed may have been ended by what braking did; rows at its end.
_IN_MOTION, _LAST_ROWS = 0.2, 5


def never_brakes(case: Case) -> bool:
    """Tell whether controller or wheel logs show a ride without any braking current, and nothing that a braking may have done.

    False where no such log is there: a board whose charge path is open sees no braking current.
    """
    ridden = [track for track in case.ride.riding if track.has("battery_current")]
    return bool(ridden) and all(_drives_only(track) for track in ridden)


def _drives_only(track: Track) -> bool:
    current = track.values("battery_current")
    lowest = [
        float(np.nanmin(values)) for values in (current, track.values("motor_current")) if np.isfinite(values).any()
    ]
    drives = int(np.count_nonzero(current > _DRIVES_A)) >= _ROWS
    faults = bool((np.nan_to_num(track.values("fault_code")) != 0).any())
    return drives and not faults and min(lowest) > _BRAKES_A and not _ends_in_motion(track)


def _ends_in_motion(track: Track) -> bool:
    speed = np.abs(track.values("erpm") if track.has("erpm") else track.values("speed"))
    if not np.isfinite(speed).any():
        return True
    last = speed[-_LAST_ROWS:]
    return bool(np.isfinite(last).any()) and float(np.nanmedian(last)) > _IN_MOTION * float(np.nanmax(speed))
