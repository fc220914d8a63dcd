"""Capacity: the charge between two anchors of the open-circuit voltage over the change in state of charge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from .ocv import OpenCircuitTable
from .open_circuit import OpenCircuit
from .pack import CapacityEstimate, RestWindow
from .power_path import PowerPath

#: Least change in state of charge between two anchors (below it the error is larger than the news).
_LEAST_CHANGE: Final = 0.30
#: Gain error of a current column, as a share.
_GAIN_ERROR: Final = 0.03
#: Error of the open-circuit voltage of a cell as it was followed under load, in V: slow relaxation is not in it
#: (a rest of half a minute has 25 mV).
_RIDING_ERROR_V: Final = 0.03
#: Charge may be uncounted for at most this share of the time between two anchors.
_MOST_BLIND: Final = 0.02
_MOST_ANCHORS: Final = 40


@dataclass(frozen=True, slots=True)
class _Anchor:
    row: int
    volts: float
    error: float
    words: str


def estimate_capacity(
    path: PowerPath,
    rests: Sequence[RestWindow],
    running: OpenCircuit,
    table: OpenCircuitTable,
    series: int,
) -> CapacityEstimate | None:
    """Estimate the capacity from the pair of anchors of one track that tells most.

    Anchors are the rests, and the beginning and the end of the open-circuit voltage as it was followed under load.
    Q = charge / change in state of charge, with the errors of both anchors and 3 % for the gain of the current.

    Args:
        path: The power path of the track.
        rests: Rests of that track.
        running: Its open-circuit voltage as it was followed.
        table: Open-circuit table of the cells.
        series: Cell groups in series.

    Returns:
        The capacity, None when no two usable anchors lie 30 points apart.
    """
    anchors = _anchors(path, rests, running, series)
    reading = table.soc(
        np.array([anchor.volts for anchor in anchors]) / series, np.array([anchor.error for anchor in anchors]) / series
    )
    usable = np.flatnonzero(reading.usable)
    if len(usable) > _MOST_ANCHORS:
        order = usable[np.argsort(reading.soc[usable])]
        usable = np.sort(np.concatenate([order[: _MOST_ANCHORS // 2], order[-_MOST_ANCHORS // 2 :]]))
    best: CapacityEstimate | None = None
    for place, first in enumerate(usable):
        for second in usable[place + 1 :]:
            one, other = anchors[first], anchors[second]
            change = float(reading.soc[first] - reading.soc[second])
            taken = float(path.charge_ah[other.row] - path.charge_ah[one.row])
            blind = float(path.blind_s[other.row] - path.blind_s[one.row])
            if abs(change) < _LEAST_CHANGE or taken * change <= 0:
                continue
            if blind > _MOST_BLIND * float(path.time[other.row] - path.time[one.row]):
                continue
            amp_hours = taken / change
            share = float(np.hypot(reading.error[first], reading.error[second])) / abs(change)
            error = amp_hours * float(np.hypot(share, _GAIN_ERROR))
            if best is None or error / amp_hours < best.error / best.amp_hours:
                reason = (
                    f"{abs(taken):.1f} Ah between {100 * reading.soc[first]:.0f} % ({one.words}) and "
                    f"{100 * reading.soc[second]:.0f} % ({other.words}) by the open-circuit voltage."
                )
                best = CapacityEstimate(amp_hours, error, reason)
    return best


def _anchors(path: PowerPath, rests: Sequence[RestWindow], running: OpenCircuit, series: int) -> list[_Anchor]:
    anchors = [_Anchor(rest.last, rest.open_circuit_v, rest.uncertainty_v, "at rest") for rest in rests]
    for place in {0, len(running.time) - 1}:
        row = int(min(np.searchsorted(path.time, running.time[place]), len(path.time) - 1))
        anchors.append(_Anchor(row, float(running.anchors[place]), _RIDING_ERROR_V * series, "while riding"))
    return sorted(anchors, key=lambda anchor: anchor.row)
