"""Whether the vehicle was in motion as the BMS switched its discharge path off at a load too small to tell by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.ride import Track

    from .fet_edges import Edge

#: A discharge current from which the pack was in use, A; what never draws it is no vehicle on a ride, but a lamp or a bench.
IN_USE_A: Final = 3.0
#: A lighter vehicle was in use at this current, A, when it is this share of the ride's high one and this many times what
#: flows at rest; engineering judgement.
_LIGHT_LOAD_A, _LIGHT_SHARE, _OVER_REST = 1.0, 0.15, 5.0
#: Braking after the opening: so much charging current, A, within this time, s. A charger goes on, braking ends.
_BRAKES_A, _BRAKES_WITHIN_S, _BRAKES_S = 0.4, 15.0, 10.0


def cruising(track: Track, edge: Edge) -> bool:
    """Tell whether a light load, by this ride's own currents, flowed in the very row before the path opened."""
    current = np.abs(track.values("battery_current"))
    known = current[np.isfinite(current)]
    if not len(known):
        return False
    rest, high = np.percentile(known, (10, 99))
    if known.max() < IN_USE_A:
        return False
    bound = max(_LIGHT_LOAD_A, _LIGHT_SHARE * float(high), _OVER_REST * float(rest) if rest < _LIGHT_LOAD_A else 0.0)
    last = track.values("battery_current")[max(edge.before - 1, 0) : edge.before + 1]
    return bool(np.isfinite(last).all() and len(last) == 2 and last.min() >= bound)


def brakes_after(track: Track, edge: Edge) -> bool:
    """Tell whether a motor charged the pack for a moment after the discharge path opened: only a rolling vehicle does."""
    current = track.values("battery_current")
    known = current[np.isfinite(current)]
    if not len(known) or known.max() < IN_USE_A:
        return False
    until = int(np.searchsorted(track.time, track.time[edge.row] + _BRAKES_WITHIN_S, side="right"))
    # The row of the opening itself may still hold the current before it.
    charged = np.flatnonzero(current[edge.row + 1 : until] <= -_BRAKES_A) + edge.row + 1
    if not len(charged):
        return False
    first = int(charged[0])
    ends = np.flatnonzero(current[first:] > -_BRAKES_A)
    return bool(len(ends)) and float(track.time[first + int(ends[0])] - track.time[first]) <= _BRAKES_S
