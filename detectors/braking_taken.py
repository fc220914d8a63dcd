"""Whether the BMS saw the braking current arrive while the controller stopped for over-voltage: the pack was there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: Current into the pack that no offset of a meter makes, A.
_TAKEN_A: Final = -3.0
#: Polls with such a current within the stops of one stretch; one may be the last moment before the path opened.
_FEWEST_POLLS: Final = 2


def taken_by_the_pack(case: Case, track: Track, first: int, last: int) -> bool:
    """Tell whether a BMS shows current into the pack inside a stretch of stops, with rows of the fault before it.

    Where the charge path is open nothing arrives, however often the controller tries to brake again.

    Args:
        case: The ride.
        track: A controller or wheel log.
        first: First row with the fault.
        last: Last row with the fault.
    """
    for board in case.ride.bms:
        if not (board.clock.aligned and board.has("battery_current")):
            continue
        apart = track.clock.uncertainty_s + board.clock.uncertainty_s + board.log.interval_s
        inside = (board.time > track.time[first] + apart) & (board.time < track.time[last] + apart)
        if np.count_nonzero(board.values("battery_current")[inside] <= _TAKEN_A) >= _FEWEST_POLLS:
            return True
    return False
