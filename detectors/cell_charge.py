"""Charge that a cell group lacks against the median cell, and whether it lacks more as the pack is emptied.

A group that is merely out of balance lacks the same charge all along, though the volts that makes follow the slope of
the open-circuit curve; a group of less capacity lacks more with every ampere-hour taken. In volts alone the two look
alike wherever the curve bends, so the answer is given as a range: over the measured curves, over how far the running
voltage may lie from them, and over the settling that looks like charge taken.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.quantiles import row_medians, some_rows

from .capacity_of_ride import MOST_SETTLING, SETTLING_V, SHIFTS_V, charge_taken, curves
from .cell_answers import lagged

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.ocv import OpenCircuitTable
    from ridelog.battery.pack import CellEstimate
    from ridelog.detection import Case
    from ridelog.ride import Track

_MOST_ROWS: Final = 3000
#: Levels of the open-circuit voltage that are compared, with medians over the rows of each, and the fewest of them.
_LEVELS, _FEWEST_LEVELS = 12, 5
#: Levels at the low end of a ride that must both show what a cell lacks.
_LOWEST: Final = 2
#: A cell so empty or so full lies on an end of the curve, where volts do not tell the charge.
_EMPTY, _FULL = 0.02, 0.99
#: Below this charge of the pack its curve bends so much, and so differently from make to make, that two sound cells which
#: differ by a per cent part as if one lacked capacity.
_BENT: Final = 0.08
#: How much the slope of a cell's curve changes over a ride beyond what the measured curves of other makes say, as a share:
#: what a cell lacks all along grows or shrinks by as much in volts. Engineering judgement by how these differ.
_SLOPES_DIFFER: Final = 0.1


@dataclass(frozen=True, slots=True)
class MissingCharge:
    """What one cell lacks more and more, as a share of a full cell for each full charge taken: its missing capacity.

    Attributes:
        growth: The middle of what the curves say.
        least: The least of them, without what settling can feign and what a curve of another make can.
        most: The most of them, and that.
        noise: Standard error from the scatter of the levels.
    """

    growth: float
    least: float
    most: float
    noise: float


@dataclass(frozen=True, slots=True, eq=False)
class ChargeCourse:
    """The way of a pack through its open-circuit curve.

    Attributes:
        taken_ah: Charge taken at each level, Ah, most first, shape (levels,).
        levels: Open-circuit voltage of the median cell, V, shape (levels,).
        offsets: Median of each cell against the median cell at that level, without its extra resistance, V, shape
            (levels, cells).
        tables: Open-circuit curves of cells of the chemistry; which of them the cells follow is not known.
        lagged_a: Load as the slow part of a cell follows it, A, shape (levels,).
    """

    taken_ah: NDArray[np.float64]
    levels: NDArray[np.float64]
    offsets: NDArray[np.float64]
    tables: tuple[OpenCircuitTable, ...]
    lagged_a: NDArray[np.float64]

    def without_slow(self, cell: int, ohm: float) -> ChargeCourse:
        """The same with the offsets of a cell freed from the slow part of its extra resistance, ohm."""
        offsets = self.offsets.copy()
        offsets[:, cell] += ohm * self.lagged_a
        return replace(self, offsets=offsets)

    def when_low(self, cell: int) -> tuple[float, float]:
        """State of charge of a cell and of the pack, 0..1, where the pack was emptiest: the middle of the curves."""
        volts = self.levels[0] + np.array([float(self.offsets[0, cell]), 0.0])
        own, pack = np.median([table.charge(volts) for table in self.tables], axis=0)
        return float(own), float(pack)

    def lacking(self, cell: int) -> float:
        """Charge that a cell lacks against the median cell where the pack was emptiest, a share of a full cell.

        The least of what the curves say; it is negative for a cell that has more.
        """
        least = []
        for table in self.tables:
            for shift in SHIFTS_V:
                levels = self.levels[:_LOWEST] + shift
                own = table.charge(levels + self.offsets[:_LOWEST, cell])
                least.append(float(np.min(table.charge(levels) - own)))
        return min(least)

    def missing(self, cell: int) -> MissingCharge | None:
        """How what a cell lacks grows as the pack is emptied; None where the volts do not tell."""
        told = [one for table in self.tables for shift in SHIFTS_V if (one := self._by(table, shift, cell)) is not None]
        if not told:
            return None
        return MissingCharge(
            float(np.median([one.growth for one in told])),
            min(one.least for one in told),
            max(one.most for one in told),
            float(np.median([one.noise for one in told])),
        )

    def _by(self, table: OpenCircuitTable, shift_v: float, cell: int) -> MissingCharge | None:
        levels = self.levels + shift_v
        own = table.charge(levels + self.offsets[:, cell])
        pack = table.charge(levels)
        known = np.isfinite(own) & (own > _EMPTY) & (own < _FULL) & (pack > _BENT) & (pack < _FULL)
        if np.count_nonzero(known) < _FEWEST_LEVELS:
            return None
        own_slope, pack_slope = table.slope(own[known]), table.slope(pack[known])
        weight = np.minimum(own_slope, pack_slope) ** 2
        # The charge that was counted orders the levels: their own noise would pass for charge.
        by = self.taken_ah[known] - np.average(self.taken_ah[known], weights=weight)
        fallen, lacks = -pack[known], (pack - own)[known]
        fell = float((weight * by * fallen).sum())
        if fell <= 0:
            return None
        growth = float((weight * by * lacks).sum()) / fell
        left = (lacks - np.average(lacks, weights=weight)) - growth * (fallen - np.average(fallen, weights=weight))
        variance = float((weight * left**2).sum()) / max(len(left) - 2, 1)
        noise = float(np.sqrt(variance * (weight * by**2).sum())) / fell
        # Settling moves both cells alike in volts: it adds to the fall, and to what is lacking where the slopes differ.
        share = SETTLING_V / float(np.average(pack_slope)) / max(float(np.ptp(pack[known])), 1e-9)
        if share > MOST_SETTLING:
            return None
        unlike = float(np.average(1.0 - pack_slope / own_slope, weights=weight))
        without = (growth + share * unlike) / (1.0 - share)
        along = abs(float(np.average(lacks, weights=weight))) * _SLOPES_DIFFER / max(float(np.ptp(pack[known])), 1e-9)
        low, high = min(growth, without) - along, max(growth, without) + along
        return MissingCharge(growth, low, high, noise)


def charge_course(case: Case, track: Track, estimate: CellEstimate) -> ChargeCourse | None:
    """Follow the cells of a BMS log along the open-circuit curve; None without a curve or a running voltage."""
    residual, tables = case.pack.residual.get(track.index), curves(case)
    if residual is None or not tables:
        return None
    cells = track.log.matrix("cell_voltages")
    rows = some_rows(np.asarray(np.isfinite(residual.open_circuit)), _MOST_ROWS)
    read = np.where((cells[rows] > 0.5) & (cells[rows] < 5.0), cells[rows], np.nan)
    known = np.isfinite(read).any(axis=1)
    rows, read = rows[known], read[known]
    if len(rows) < 4 * _LEVELS:
        return None
    taken = charge_taken(track)[rows]
    slow = lagged(track.time, np.nan_to_num(track.values("battery_current")))[rows]
    middle = row_medians(read)
    apart = read - middle[:, None]
    load = np.nan_to_num(track.values("battery_current")[rows])
    apart += np.nan_to_num(estimate.extra_resistance)[None, :] * load[:, None]
    volts = residual.open_circuit[rows]
    # The running voltage is that of the pack: brought to the median cell, put back by its own sag.
    ohm = estimate.median_resistance if np.isfinite(estimate.median_resistance) else 0.0
    share = float(np.nanmedian(middle + ohm * load)) / float(np.median(volts))
    order = np.argsort(-taken, kind="stable")
    parts = np.array_split(order, _LEVELS)
    levels = np.array([float(np.median(volts[part])) * share for part in parts])
    return ChargeCourse(
        np.array([float(taken[part].mean()) for part in parts]),
        levels,
        np.stack([row_medians(apart[part].T) for part in parts]),
        tables,
        np.array([float(slow[part].mean()) for part in parts]),
    )
