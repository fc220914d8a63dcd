"""Charge that a cell group lacks against the median cell, and whether it lacks more as the pack is emptied.

A group that is merely out of balance lacks the same charge all along, though the volts that makes follow the slope of
the open-circuit curve; a group of less capacity lacks more with every ampere-hour taken. In volts alone the two look
alike wherever the curve bends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.ocv import OpenCircuitTable, open_circuit_table, table_names

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.pack import CellEstimate
    from ridelog.detection import Case
    from ridelog.ride import Track

#: A chemistry less sure than this gives no open-circuit curve.
_SURE_CHEMISTRY: Final = 0.6
_MOST_ROWS: Final = 3000
#: Levels of the open-circuit voltage that are compared, with medians over the rows of each, and the fewest of them.
_LEVELS, _FEWEST_LEVELS = 12, 5
#: A cell so empty or so full lies on an end of the curve, where volts do not tell the charge.
_EMPTY, _FULL = 0.02, 0.99


@dataclass(frozen=True, slots=True)
class MissingCharge:
    """What one cell lacks more and more, as a share of a full cell.

    Attributes:
        growth: Share it lacks more for each full charge taken, about its missing capacity: the median over the curves.
        noise: Standard error of `growth` from the scatter of the levels.
        curve: Half of what the curves of this chemistry differ in it.
    """

    growth: float
    noise: float
    curve: float


@dataclass(frozen=True, slots=True, eq=False)
class ChargeCourse:
    """The way of a pack through its open-circuit curve.

    Attributes:
        levels: Open-circuit voltage of the median cell, V, lowest first, shape (levels,).
        offsets: Median of each cell against the median cell at that level, without its extra resistance, V, shape
            (levels, cells).
        tables: Open-circuit curves of cells of the chemistry; which of them the cells follow is not known.
    """

    levels: NDArray[np.float64]
    offsets: NDArray[np.float64]
    tables: tuple[OpenCircuitTable, ...]

    def missing(self, cell: int) -> MissingCharge | None:
        """How what a cell lacks grows as the pack is emptied; None where the volts do not tell."""
        told = [growth for table in self.tables if (growth := self._by(table, cell)) is not None]
        if not told:
            return None
        growths = [growth for growth, _ in told]
        noise = float(np.median([noise for _, noise in told]))
        return MissingCharge(float(np.median(growths)), noise, (max(growths) - min(growths)) / 2)

    def _by(self, table: OpenCircuitTable, cell: int) -> tuple[float, float] | None:
        own = table.soc(self.levels + self.offsets[:, cell]).soc
        pack = table.soc(self.levels).soc
        known = np.isfinite(own) & (own > _EMPTY) & (own < _FULL) & (pack > _EMPTY) & (pack < _FULL)
        if np.count_nonzero(known) < _FEWEST_LEVELS:
            return None
        weight = np.minimum(table.slope(own[known]), table.slope(pack[known])) ** 2
        taken, lacks = -pack[known], (pack - own)[known]
        taken = taken - np.average(taken, weights=weight)
        size = float((weight * taken**2).sum())
        if size <= 0:
            return None
        growth = float((weight * taken * lacks).sum()) / size
        left = lacks - np.average(lacks, weights=weight) - growth * taken
        variance = float((weight * left**2).sum()) / max(len(left) - 2, 1)
        return growth, float(np.sqrt(variance / size))


def charge_course(case: Case, track: Track, estimate: CellEstimate) -> ChargeCourse | None:
    """Follow the cells of a BMS log along the open-circuit curve; None without a curve or a running voltage."""
    residual, chemistry = case.pack.residual.get(track.index), case.pack.chemistry
    tables = _curves(chemistry.name) if chemistry.confidence >= _SURE_CHEMISTRY else ()
    if residual is None or not tables:
        return None
    cells = track.log.matrix("cell_voltages")
    rows = np.flatnonzero(np.isfinite(residual.open_circuit))
    rows = rows[:: max(1, -(-len(rows) // _MOST_ROWS))]
    read = np.where((cells[rows] > 0.5) & (cells[rows] < 5.0), cells[rows], np.nan)
    known = np.isfinite(read).any(axis=1)
    rows, read = rows[known], read[known]
    if len(rows) < 4 * _LEVELS:
        return None
    middle = _median(read)
    apart = read - middle[:, None]
    load = np.nan_to_num(track.values("battery_current")[rows])
    apart += np.nan_to_num(estimate.extra_resistance)[None, :] * load[:, None]
    volts = residual.open_circuit[rows]
    # The running voltage is that of the pack: brought to the median cell, put back by its own sag.
    ohm = estimate.median_resistance if np.isfinite(estimate.median_resistance) else 0.0
    share = float(np.nanmedian(middle + ohm * load)) / float(np.median(volts))
    order = np.argsort(volts, kind="stable")
    parts = np.array_split(order, _LEVELS)
    levels = np.array([float(np.median(volts[part])) * share for part in parts])
    return ChargeCourse(levels, np.stack([_median(apart[part].T) for part in parts]), tables)


def _curves(chemistry: str) -> tuple[OpenCircuitTable, ...]:
    every = (open_circuit_table(name) for name in table_names())
    return tuple(table for table in every if table.chemistry == chemistry)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each row without its NaN, NaN for a row of nothing else."""
    known = np.isfinite(values).any(axis=1)
    found = np.full(len(values), np.nan)
    if known.any():
        found[known] = np.nanmedian(values[known], axis=1)
    return found
