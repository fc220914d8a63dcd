"""Capacity as the fall of the open-circuit voltage over a ride tells it, as a range: what a pack of that kind can hold.

The charge taken over the fall of the state of charge. With a few percent taken it is rough, and the range says how rough:
over the measured curves, over how far the running voltage may lie from them, and over what settling adds to the fall.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.ocv import open_circuit_table, table_names
from ridelog.battery.quantiles import median

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.ocv import OpenCircuitTable
    from ridelog.detection import Case
    from ridelog.ride import Track

#: A chemistry less sure than this gives no open-circuit curve.
SURE_CHEMISTRY: Final = 0.6
#: By how much the open-circuit voltage of a cell as it is followed under load may lie from that of the curve, V: curves
#: of one chemistry differ by 15 to 30 mV, and the slow part of the sag, which is not in it, makes it read low.
SHIFTS_V: Final = (-0.015, 0.0, 0.015, 0.030)
#: How much of the fall of the running voltage may be settling and no charge, V (a rest of two minutes has 15 mV).
SETTLING_V: Final = 0.015
#: Share of the fall that may be settling, from which on the rest tells nothing.
MOST_SETTLING: Final = 0.7
#: A pause between rows over which the current is not carried on, s.
_LONGEST_STEP_S: Final = 60.0
_LEVELS: Final = 12
_FEWEST_ROWS: Final = 100
#: Ends of the curve, where volts do not tell the charge.
_EMPTY, _FULL = 0.03, 0.97


def curves(case: Case) -> tuple[OpenCircuitTable, ...]:
    """Measured open-circuit curves of the chemistry of a ride; none when it is not sure."""
    chemistry = case.pack.chemistry
    if chemistry.confidence < SURE_CHEMISTRY:
        return ()
    every = (open_circuit_table(name) for name in table_names())
    return tuple(table for table in every if table.chemistry == chemistry.name)


def charge_taken(track: Track) -> NDArray[np.float64]:
    """Charge taken since the start of a log by its current, Ah, shape (rows,)."""
    current = np.nan_to_num(track.values("battery_current"))
    steps = np.minimum(np.diff(track.time, prepend=track.time[0]), _LONGEST_STEP_S)
    return np.asarray(np.cumsum(current * steps) / 3600.0)


def capacity_of_ride(case: Case, track: Track) -> tuple[float, float] | None:
    """Least and most capacity in Ah that the fall of the voltage over a log allows; None when it does not tell."""
    series, residual = case.pack.series, case.pack.residual.get(track.index)
    tables = curves(case)
    if residual is None or series.best is None or not series.certain or not tables:
        return None
    rows = np.flatnonzero(np.isfinite(residual.open_circuit))
    if len(rows) < _FEWEST_ROWS:
        return None
    taken = charge_taken(track)[rows]
    parts = np.array_split(np.argsort(taken, kind="stable"), _LEVELS)
    charge = np.array([float(taken[part].mean()) for part in parts])
    level = np.array([median(residual.open_circuit[rows[part]]) for part in parts]) / series.best
    told = [item for table in tables for shift in SHIFTS_V if (item := _by(table, charge, level + shift)) is not None]
    return (min(low for low, _ in told), max(high for _, high in told)) if told else None


def _by(table: OpenCircuitTable, charge: NDArray[np.float64], level: NDArray[np.float64]) -> tuple[float, float] | None:
    soc = table.charge(level)
    known = (soc > _EMPTY) & (soc < _FULL)
    if np.count_nonzero(known) < _LEVELS // 2:
        return None
    slope = table.slope(soc[known])
    weight = slope**2
    by = charge[known] - np.average(charge[known], weights=weight)
    fallen = -(soc[known] - np.average(soc[known], weights=weight))
    size = float((weight * by**2).sum())
    fell = float((weight * by * fallen).sum()) / size if size > 0 else 0.0
    if fell <= 0:
        return None
    left = fallen - fell * by
    noise = float(np.sqrt((weight * left**2).sum() / max(len(by) - 2, 1) / size)) * 2
    span = float(np.ptp(charge[known])) * fell
    settling = SETTLING_V / float(np.average(slope)) / max(span, 1e-9)
    if settling > MOST_SETTLING or noise > MOST_SETTLING * fell:
        return None
    return 1.0 / (fell + noise), 1.0 / (fell * (1.0 - settling) - min(noise, 0.5 * fell * (1.0 - settling)))
