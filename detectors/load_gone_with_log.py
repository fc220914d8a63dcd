"""A controller log that ends under load while the BMS goes on and shows no load from then on: both ended at one moment."""

from __future__ import annotations

from dataclasses import dataclass
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
#: A vehicle that rolls this fast, m/s, under a small load does not come to rest within a poll or two: a log that is stopped just
#: before the last stop ends slower. The BMS then goes on for longer, s, and it tells less (engineering judgement).
_ROLLS_M_S, _LONGER_S, _SMALL_LOAD = 2.5, 25.0, 0.75
#: Clocks that are less certain, s, do not tell one moment from two.
_SAME_MOMENT_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class GoneWithLog:
    """A load that ended with the log of the controller.

    Attributes:
        ampere: Current of the last moment, A.
        lasts_s: How long the BMS saw none after, s.
        strength: How surely it is no log that was merely stopped, 0..1.
    """

    ampere: float
    lasts_s: float
    strength: float


def gone_with_log(case: Case, track: Track) -> GoneWithLog | None:
    """The load that ended in the moment in which the log of the controller ends; None when it is not so.

    An app that is closed leaves the load where it was. Here the load and the log ended together: the controller has lost its
    supply, or has died.

    Args:
        case: The ride.
        track: A controller or wheel log.
    """
    current = np.nan_to_num(track.values("battery_current"))
    last = float(current[track.time >= track.time[-1] - _LAST_S].max())
    scale = float(np.percentile(np.abs(current), 99))
    small = last <= _LOAD_SHARE * scale
    if last <= _LOAD_A or not (_rolls(track) if small else moving(track, track.log.rows - 1)):
        return None
    longest = _LONGER_S if small else _GOES_ON_S
    for board in case.ride.bms:
        apart = board.clock.uncertainty_s + board.log.interval_s
        if not (board.clock.aligned and board.has("battery_current")) or apart > _SAME_MOMENT_S:
            continue
        shown = board.values("battery_current")
        before = shown[board.time < track.time[-1]]
        after = shown[board.time > track.time[-1] + apart]
        after = after[np.isfinite(after)]
        lasts = float(board.time[-1] - track.time[-1])
        if len(after) < _FEWEST_POLLS or lasts < longest or not np.isfinite(before).any():
            continue
        # A meter that shows no load at any time does not tell that it ended.
        if float(np.nanpercentile(before, 99)) > 2 * _NONE_A and float(np.abs(after).max()) <= _NONE_A:
            return GoneWithLog(last, lasts, _SMALL_LOAD if small else 1.0)
    return None


def _rolls(track: Track) -> bool:
    """Whether the vehicle rolls in the last row, by its speed."""
    speed = abs(float(track.values("speed")[-1]))
    return bool(np.isfinite(speed)) and speed >= _ROLLS_M_S


def ended_with_the_supply(case: Case, track: Track) -> bool:
    """Tell whether the log of a controller ends as its supply does: faults and restarts of that moment are not in it."""
    if not (track.has("pack_voltage") and track.has("battery_current")) or track.index not in case.pack.residual:
        return False
    return own_logger_ended(case, track) is not None or gone_with_log(case, track) is not None
