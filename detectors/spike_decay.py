"""How the bus comes down after braking met no pack: onto the body diodes of charge FETs that are off.

A charge path that is off lets the pack feed the bus through the body diodes of its FETs: the capacitors discharge to a
diode's voltage below the pack and stay there. Behind a lead that has parted nothing holds them, and one that meets again
brings the bus to the pack itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .excursions import excursions

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Forward voltage of body diodes with next to no current, V, and what meters add; what lies further below is no diode, V.
_LOWEST_V, _HIGHEST_V, _THROUGH_V = 0.42, 1.05, 2.0
#: Rows of one plateau differ by no more than this, V: the resolution of a VESC log is 0.1 V, with its noise (engineering
#: judgement).
_ALIKE_V: Final = 0.25
#: Rows at the diode that show it, and how much further the capacitors would have fallen by the next row, V: slower ones may
#: just be on their way (engineering judgement).
_ROWS, _FURTHER_V = 2, 0.4
#: The motor is released below this, A: what flows then is the controller's own supply.
_RELEASED_A: Final = 0.5
#: Rows further apart do not show the way down, s; it is over after so long, s.
_LONGEST_STEP_S, _AFTER_S = 0.15, 1.5
#: A duty from which the motor's own voltage may hold the bus.
_NEAR_BACK_EMF: Final = 0.85
#: The pack's own line is taken from so many rows or more before, within this time, s, and below this current, A: what
#: braking does to a pack comes later.
_BEFORE_ROWS, _BEFORE_S, _LIGHT_A = 3, 3.0, 8.0
#: Episodes of a high bus closer than this are one, s.
_JOIN_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Held:
    """A bus that stayed a diode's voltage below the pack.

    Attributes:
        first: First row of the high bus before it.
        last: Last row at the diode.
        volts: How far below the pack it stayed, V.
    """

    first: int
    last: int
    volts: float


def held_by_diodes(case: Case, track: Track) -> list[Held]:
    """The ways down after a high bus that ended on a diode; none where rows are too far apart.

    Args:
        case: The ride.
        track: A controller log with voltage and motor current.
    """
    outside, residual = excursions(case, track), case.pack.residual.get(track.index)
    motor = track.values("motor_current")
    if (
        outside is None
        or residual is None
        or track.log.interval_s > _LONGEST_STEP_S
        or not np.isfinite(motor).any()
        or not np.isfinite(residual.ohm)
    ):
        return []
    volts, current = track.values("pack_voltage"), np.nan_to_num(track.values("battery_current"))
    duty = np.abs(np.nan_to_num(track.values("duty")))
    released = (np.abs(current) < _RELEASED_A) & (np.abs(motor) < _RELEASED_A) & (duty < _NEAR_BACK_EMF)
    found = []
    for first, last in outside.high(track, _JOIN_S):
        begin = int(np.searchsorted(track.time, track.time[first] - _BEFORE_S))
        end = int(np.searchsorted(track.time, track.time[last] + _AFTER_S, side="right"))
        # The row before may hold a part of the rise.
        before = np.arange(begin, max(first - 1, begin))
        before = before[(np.abs(current[before]) < _LIGHT_A) & np.isfinite(volts[before])]
        if len(before) < _BEFORE_ROWS:
            continue
        pack = float(np.median(volts[before] + residual.ohm * current[before]))
        rows = np.arange(first, end)
        told = _told(track.time[rows], pack - volts[rows], released[rows])
        if told is not None:
            found.append(Held(first, int(rows[told[0]]), told[1]))
    return found


def _told(
    time: NDArray[np.float64], below: NDArray[np.float64], released: NDArray[np.bool_]
) -> tuple[int, float] | None:
    """The last row at the diode and how far below the pack it is, V; None when nothing held the bus there."""
    fall = np.diff(below) / np.maximum(np.diff(time), 1e-3)
    coming_down = released[1:] & released[:-1] & (below[:-1] < -1.0) & (fall > 0)
    if np.count_nonzero(coming_down) < 2 or bool((released & (below > _THROUGH_V)).any()):
        return None
    rate = float(np.median(fall[coming_down]))
    at = np.flatnonzero(released & (below >= _LOWEST_V) & (below <= _HIGHEST_V))
    if len(at) < _ROWS:
        return None
    middle = float(np.median(below[at]))
    steps = np.diff(time, append=time[-1:] + np.median(np.diff(time)))[at]
    stays = (np.abs(below[at] - middle) <= _ALIKE_V) & (rate * steps >= _FURTHER_V)
    if np.count_nonzero(stays) < max(_ROWS, 0.7 * len(at)):
        return None
    return int(at[-1]), middle
