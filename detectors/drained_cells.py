"""Whether the cells themselves were as low as the controller saw its voltage: then the pack was there, and empty."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

    from .excursions import Excursions

#: The sum of the cells is that of the controller when it is above it by no more than this share: leads and meters.
_ALIKE: Final = 0.1


def cells_as_low(case: Case, track: Track, outside: Excursions, first: int, last: int) -> bool:
    """Tell whether a BMS measured, while the controller's voltage was low, cells that add up to no more than that.

    Where the voltage came back in between, the rows in which it was low are those that count.

    Args:
        case: The ride; only boards on a clock that is aligned count.
        track: The log of the controller.
        outside: Its excursions.
        first: First row with the low voltage.
        last: Last row with it.

    Returns:
        False when no board was polled surely within that time, or its cells add up to clearly more.
    """
    volts = track.values("pack_voltage")[first : last + 1]
    low = outside.below[first : last + 1] > outside.low_margin[first : last + 1]
    volts = volts[low] if low.any() else volts
    if not np.isfinite(volts).any():
        return False
    bus = float(np.nanmedian(volts))
    for board in case.ride.bms:
        if not board.clock.aligned:
            continue
        apart = track.clock.uncertainty_s + board.clock.uncertainty_s
        inside = (board.time > track.time[first] + apart) & (board.time < track.time[last] - apart)
        cells = board.log.matrix("cell_voltages")[inside]
        # A cell that is not read is none of 0 V: only polls with all of them add up.
        sums = cells.sum(axis=1) if cells.size else np.empty(0)
        sums = sums[np.isfinite(sums)]
        if len(sums) and float(np.median(sums)) <= (1.0 + _ALIKE) * bus:
            return True
    return False
