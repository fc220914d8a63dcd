"""What the cell decomposition says of each cell, told apart once for all detectors of cells.

A cell group differs from the median cell by a rest offset a (V), an extra resistance dR (ohm) and a share by which it
falls faster as the pack is emptied. Imbalance is an offset alone; a joint is resistance alone; a weak group has an offset
that grows with the charge taken and resistance with it; a sense wire gives one cell what it takes from its neighbour.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.pack import CellEstimate

#: A rest offset counts from here, V (15 mV warn, methods of cell drift; 3-7 mV is what an active balancer holds, CELL-04).
OFFSET_V: Final = 0.015
#: An offset that matters, V.
OFFSET_HIGH_V: Final = 0.030
#: Extra resistance counts from this share of the median cell's resistance (engineering judgement with a floor of 4
#: robust standard deviations over the cells).
EXTRA_SHARE: Final = 0.25
#: A share of missing capacity that can be told, and the extra resistance of a group that lost a parallel cell.
CHARGE_SHARE: Final = 0.06
WEAK_EXTRA_SHARE: Final = 0.15
#: Robust standard deviations over the cells and standard errors of the estimate that a sign must exceed.
SIGMAS: Final = 4.0


@dataclass(frozen=True, slots=True)
class CellSigns:
    """Cells by what is wrong with them, indices from 0.

    Attributes:
        weak: Low capacity.
        joint: Extra resistance alone.
        offset: Rest offset alone, a single cell or a few.
        pairs: First cell of each pair that a sense wire explains.
        spread: Difference of the highest and lowest rest offset without the cells above, V.
        scattered: Many cells are apart: a pack that was never balanced.
    """

    weak: tuple[int, ...]
    joint: tuple[int, ...]
    offset: tuple[int, ...]
    pairs: tuple[int, ...]
    spread: float
    scattered: bool


def cell_signs(estimate: CellEstimate) -> CellSigns:
    """Tell the cells of one estimate apart."""
    a = estimate.rest_offset
    extra = estimate.extra_resistance
    spread_a = max(_robust(a), 0.0015)
    spread_extra = max(_robust(extra), 1e-5)
    median = estimate.median_resistance
    pairs = tuple(_pairs(extra, spread_extra, median))
    in_pair = {cell for first in pairs for cell in (first, first + 1)}
    known = a[np.isfinite(a)]
    far = np.abs(known - np.median(known)) > OFFSET_V if len(known) else np.zeros(0, dtype=bool)
    scattered = bool(np.count_nonzero(far) >= max(3, 0.3 * len(a)))
    weak, joint, offset = [], [], []
    for cell in range(len(a)):
        if cell in in_pair or not np.isfinite(a[cell]):
            continue
        apart = abs(a[cell]) > max(OFFSET_V, SIGMAS * spread_a, SIGMAS * _at(estimate.rest_offset_error, cell))
        resists = _resists(estimate, cell, spread_extra)
        if apart and a[cell] < 0 and (_loses_charge(estimate, cell) or resists >= WEAK_EXTRA_SHARE):
            weak.append(cell)
        elif not apart and resists >= EXTRA_SHARE:
            joint.append(cell)
        elif apart:
            offset.append(cell)
    others = np.delete(a, [*weak, *joint]) if weak or joint else a
    spread = float(np.nanmax(others) - np.nanmin(others)) if np.isfinite(others).any() else 0.0
    return CellSigns(tuple(weak), tuple(joint), tuple(offset), pairs, spread, scattered)


def _at(values: NDArray[np.float64], cell: int) -> float:
    return float(values[cell]) if len(values) > cell and np.isfinite(values[cell]) else 0.0


def _resists(estimate: CellEstimate, cell: int, spread: float) -> float:
    """Extra resistance as a share of the median cell's, 0 when it is not significant."""
    extra = _at(estimate.extra_resistance, cell)
    error = _at(estimate.extra_resistance_error, cell)
    if not np.isfinite(estimate.median_resistance) or estimate.median_resistance <= 0:
        return 0.0
    if extra < SIGMAS * max(spread, error):
        return 0.0
    return extra / estimate.median_resistance


def _loses_charge(estimate: CellEstimate, cell: int) -> bool:
    slope, error = _at(estimate.charge_slope, cell), _at(estimate.charge_slope_error, cell)
    others = np.abs(np.delete(estimate.charge_slope, cell)) if len(estimate.charge_slope) > cell else np.zeros(0)
    others = others[np.isfinite(others)]
    quiet = float(np.median(others)) if len(others) else 0.0
    return slope > max(CHARGE_SHARE, SIGMAS * error, 4 * quiet)


def _pairs(extra: NDArray[np.float64], spread: float, median: float) -> list[int]:
    """Neighbours with opposite extra resistance and a sum near zero: a tap on the wrong side of a resistive strap."""
    if not np.isfinite(median) or median <= 0:
        return []
    found = []
    for cell in range(len(extra) - 1):
        one, other = extra[cell], extra[cell + 1]
        size = min(abs(one), abs(other))
        if one * other < 0 and size > max(EXTRA_SHARE * median, SIGMAS * spread) and abs(one + other) < 0.35 * size:
            found.append(cell)
    return found


def _robust(values: NDArray[np.float64]) -> float:
    known = values[np.isfinite(values)]
    return float(1.4826 * np.median(np.abs(known - np.median(known)))) if len(known) else 0.0
