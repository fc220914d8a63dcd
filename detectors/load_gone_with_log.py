"""A controller log that ends under load while the BMS goes on and shows no load from then on: both ended at one moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .log_ending import moving, own_logger_ended

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: The log ends under load at this current, A, and share of the ride's high current.
_LOAD_A, _LOAD_SHARE = 3.0, 0.2
#: The load may already be gone in the rows of the last moment, s.
_LAST_S: Final = 0.5
#: No load: a BMS's reading with the offset of its meter, A.
_NONE_A: Final = 1.0
#: The BMS goes on for so long, s, with so many polls. A rider who lets go and has also stopped the log within the same poll
#: draws again before; engineering judgement.
_GOES_ON_S, _FEWEST_POLLS = 15.0, 5
#: Clocks that are less certain, s, do not tell one moment from two.
_SAME_MOMENT_S: Final = 3.0


def gone_with_log(case: Case, track: Track) -> tuple[Track, float, float] | None:
    """The BMS, the current of the last moment in A and how long the BMS saw none after, s; None when it is not so.

    An app that is closed leaves the load where it was. Here the load and the log ended together: the controller has lost its
    supply, or has died.

    Args:
        case: The ride.
        track: A controller or wheel log.
    """
    current = np.nan_to_num(track.values("battery_current"))
    last = float(current[track.time >= track.time[-1] - _LAST_S].max())
    scale = float(np.percentile(np.abs(current), 99))
    if last <= max(_LOAD_A, _LOAD_SHARE * scale) or not moving(track, track.log.rows - 1):
        return None
    for board in case.ride.bms:
        apart = board.clock.uncertainty_s + board.log.interval_s
        if not (board.clock.aligned and board.has("battery_current")) or apart > _SAME_MOMENT_S:
            continue
        shown = board.values("battery_current")
        before = shown[board.time < track.time[-1]]
        after = shown[board.time > track.time[-1] + apart]
        after = after[np.isfinite(after)]
        lasts = float(board.time[-1] - track.time[-1])
        if len(after) < _FEWEST_POLLS or lasts < _GOES_ON_S or not np.isfinite(before).any():
            continue
        # A meter that shows no load at any time does not tell that it ended.
        if float(np.nanpercentile(before, 99)) > 2 * _NONE_A and float(np.abs(after).max()) <= _NONE_A:
            return board, last, lasts
    return None


def ended_with_the_supply(case: Case, track: Track) -> bool:
    """Tell whether the log of a controller ends as its supply does: faults and restarts of that moment are not in it."""
    if not (track.has("pack_voltage") and track.has("battery_current")) or track.index not in case.pack.residual:
        return False
    return own_logger_ended(case, track) is not None or gone_with_log(case, track) is not None
