"""Chemistry by where a charge spends its ampere-hours: NMC takes its charge where iron phosphate jumps."""

from __future__ import annotations

from typing import Final

import numpy as np

from ridelog.ride import Ride

from .counted_cells import CountedCells

#: From the one to the other, V a cell, an NMC cell takes a third of its capacity, of which less than a tenth lies below;
#: LFP takes nearly all of it below and a few per cent between them (open-circuit curves of the data sheets).
_BELOW_V, _ABOVE_V = 3.45, 3.68
#: Charge below over charge between: at most 0.3 for NMC, twenty and more for LFP unless its charge began nearly full.
_NMC_AT_MOST, _LFP_AT_LEAST = 0.5, 2.0
#: Rows below and between that show it.
_FEWEST_ROWS: Final = 5


def chemistry_by_charge(ride: Ride, counted: CountedCells) -> str:
    """Tell NMC from LFP by the course of a charge.

    Args:
        ride: The ride.
        counted: Cells of a log that holds nothing but a charge.

    Returns:
        `nmc`, `lfp`, or "" when the charge does not pass from 3.45 to 3.68 V a cell.
    """
    track = ride.tracks[counted.track]
    volts, amps = track.values("pack_voltage"), -track.values("battery_current")
    if not counted.counted or not np.isfinite(volts).any():
        return ""
    # The mean cell, from the sum: where the pack voltage has been read the cells have, too.
    cell = volts / counted.counted if counted.agrees else np.full(len(volts), np.nan)
    given = np.clip(np.nan_to_num(amps), 0.0, None) * np.gradient(track.time) if len(cell) > 1 else np.zeros(len(cell))
    below, between = cell < _BELOW_V, (cell >= _BELOW_V) & (cell < _ABOVE_V)
    passed = np.isfinite(cell).any() and float(np.nanmax(cell)) > _ABOVE_V
    if not passed or np.count_nonzero(below) < _FEWEST_ROWS:
        return ""
    low, middle = float(given[below].sum()), float(given[between].sum())
    if low > _LFP_AT_LEAST * middle:
        return "lfp"
    return "nmc" if low < _NMC_AT_MOST * middle and np.count_nonzero(between) >= _FEWEST_ROWS else ""
