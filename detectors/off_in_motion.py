"""Whether the vehicle was in motion as the BMS switched its discharge path off at a load too small to tell by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

    from .fet_edges import Edge

#: A discharge current from which the pack was in use, A; what never draws it is no vehicle on a ride, but a lamp or a bench.
IN_USE_A: Final = 3.0
#: A lighter vehicle was in use at this current, A, when it is this share of the ride's high one and this many times what
#: flows at rest; engineering judgement.
_LIGHT_LOAD_A, _LIGHT_SHARE, _OVER_REST = 1.0, 0.15, 5.0
#: Nobody drives, comes to a stand and switches off within this time, s: so much current, A, and so many times what flows at
#: rest, in the poll before is a motor's where it drove or braked within this time before, s.
_AT_ONCE_S, _MOTOR_A, _MOVES_S = 1.5, 1.5, 3.0
#: A vehicle rolls from this speed on, m/s, in so many rows of its log.
_MOVING_M_S, _ROWS_IN_MOTION = 1.0, 2
#: Braking after the opening: so much charging current, A, within this time, s. A charger goes on, braking ends.
_BRAKES_A, _BRAKES_WITHIN_S, _BRAKES_S = 0.4, 15.0, 10.0


def cruising(track: Track, edge: Edge) -> bool:
    """Tell whether a light load, by this ride's own currents, flowed in the very row before the path opened.

    It counts where it flowed in the row before that as well, or, where polls follow each other closely, where the motor drove or
    braked in the seconds before: a vehicle that is switched off after a ride stands, and draws what it draws at rest.
    """
    values = track.values("battery_current")
    last = values[max(edge.before - 1, 0) : edge.before + 1]
    if len(last) < 2 or not np.isfinite(last).all() or last[1] < min(_LIGHT_LOAD_A, _MOTOR_A):
        return False
    known = np.abs(values[np.isfinite(values)])
    if known.max() < IN_USE_A:
        return False
    rest, high = np.percentile(known, (10, 99))
    bound = max(_LIGHT_LOAD_A, _LIGHT_SHARE * float(high), _OVER_REST * float(rest) if rest < _LIGHT_LOAD_A else 0.0)
    if last.min() >= bound:
        return True
    driven = max(_MOTOR_A, _OVER_REST * float(rest))
    since = int(np.searchsorted(track.time, track.time[edge.row] - _MOVES_S))
    earlier = values[since : edge.before]
    moved = bool((earlier >= driven).any() or (earlier <= -_BRAKES_A).any())
    return moved and float(last[1]) >= driven and float(track.time[edge.row] - track.time[edge.before]) <= _AT_ONCE_S


def seen_moving(case: Case, track: Track, edge: Edge) -> bool:
    """Tell whether a controller or wheel on the same clock moved in every row of its log in which the path may have opened."""
    for rider in case.ride.riding:
        if not (rider.clock.aligned and track.clock.aligned and rider.has("speed")):
            continue
        apart = rider.clock.uncertainty_s + track.clock.uncertainty_s
        first, last = float(track.time[edge.before]) - apart, float(track.time[edge.row]) + apart
        speed = np.abs(rider.values("speed")[(rider.time >= first) & (rider.time <= last)])
        speed = speed[np.isfinite(speed)]
        if len(speed) >= _ROWS_IN_MOTION and float(speed.min()) >= _MOVING_M_S:
            return True
    return False


def brakes_after(track: Track, edge: Edge) -> bool:
    """Tell whether a motor charged the pack for a moment after the discharge path opened: only a rolling vehicle does."""
    current = track.values("battery_current")
    until = int(np.searchsorted(track.time, track.time[edge.row] + _BRAKES_WITHIN_S, side="right"))
    # The row of the opening itself may still hold the current before it.
    charged = np.flatnonzero(current[edge.row + 1 : until] <= -_BRAKES_A) + edge.row + 1
    if not len(charged) or not np.max(current, where=np.isfinite(current), initial=-np.inf) >= IN_USE_A:
        return False
    first = int(charged[0])
    ends = np.flatnonzero(current[first : np.searchsorted(track.time, track.time[first] + 2 * _BRAKES_S)] > -_BRAKES_A)
    return bool(len(ends)) and float(track.time[first + int(ends[0])] - track.time[first]) <= _BRAKES_S
