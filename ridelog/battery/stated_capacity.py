"""The capacity of the pack as its protection board states it: learned, as what is left over the charge shown, or configured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Ride, Track
from ridelog.settings import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: What is left, Ah, and the charge shown, from which on their digits (0.1 Ah, 0.1 %) give the capacity to a tenth.
_LEAST_LEFT_AH, _LEAST_SHOWN = 0.5, 0.05
#: No pack has less, Ah.
_LEAST_AH: Final = 0.5


def stated_capacity(ride: Ride) -> float | None:
    """Capacity in Ah that the boards of a ride state, of packs side by side the sum; None when one of them states none.

    A controller's own setting is no statement: hardly anybody changes it from what it was delivered with.
    """
    boards = [track for track in ride.bms if track.has("battery_current")]
    told = [_of_board(track) for track in boards]
    known = [ampere_hours for ampere_hours in told if ampere_hours is not None]
    return sum(known) if boards and len(known) == len(boards) else None


def _of_board(track: Track) -> float | None:
    left, shown = track.values("remaining_capacity"), track.values("soc")
    with np.errstate(all="ignore"):
        counted = np.where((left >= _LEAST_LEFT_AH) & (shown >= _LEAST_SHOWN), left / shown, np.nan)
    for values in (track.values("full_charge_capacity"), counted, track.values("nominal_capacity")):
        if (ampere_hours := _middle(values)) is not None:
            return ampere_hours
    set_to = number(track.log.settings, "nominal_capacity")
    return set_to if set_to is not None and set_to >= _LEAST_AH else None


def _middle(values: NDArray[np.float64]) -> float | None:
    known = values[np.isfinite(values) & (values >= _LEAST_AH)]
    return float(np.median(known)) if len(known) else None
