"""Capacity: the charge between two anchors of the open-circuit voltage over the change in state of charge."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .ocv import OpenCircuitTable
from .pack import CapacityEstimate, RestWindow
from .power_path import PowerPath

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Least change in state of charge between two anchors (below it the error is larger than the news).
_LEAST_CHANGE: Final = 0.30
#: Gain error of a current column, as a share.
_GAIN_ERROR: Final = 0.03


def estimate_capacity(
    path: PowerPath, rests: Sequence[RestWindow], table: OpenCircuitTable, series: int
) -> CapacityEstimate | None:
    """Estimate the capacity from the pair of rests of one track that tells most.

    Q = charge / change in state of charge, with the errors of both anchors and 3 % for the gain of the current.

    Args:
        path: The power path of the track.
        rests: Rests of that track.
        table: Open-circuit table of the cells.
        series: Cell groups in series.

    Returns:
        The capacity, None when no two usable anchors lie 30 points apart.
    """
    if len(rests) < 2:
        return None
    volts = np.array([rest.open_circuit_v for rest in rests]) / series
    errors = np.array([rest.uncertainty_v for rest in rests]) / series
    reading = table.soc(volts, errors)
    charge = np.array([path.charge_ah[rest.last] for rest in rests])
    usable = np.flatnonzero(reading.usable)
    best: CapacityEstimate | None = None
    for place, first in enumerate(usable):
        for second in usable[place + 1 :]:
            change = float(reading.soc[first] - reading.soc[second])
            taken = float(charge[second] - charge[first])
            if abs(change) < _LEAST_CHANGE or taken * change <= 0:
                continue
            amp_hours = taken / change
            error_soc = float(np.hypot(reading.error[first], reading.error[second])) / abs(change)
            error = amp_hours * float(np.hypot(error_soc, _GAIN_ERROR))
            if best is None or error / amp_hours < best.error / best.amp_hours:
                best = CapacityEstimate(
                    amp_hours,
                    error,
                    f"{abs(taken):.1f} Ah between rests at {100 * reading.soc[first]:.0f} % and "
                    f"{100 * reading.soc[second]:.0f} % by the open-circuit voltage.",
                )
    return best
