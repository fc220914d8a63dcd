"""What was read of the cells of a BMS log, found once for all detectors.

Of most logs every cell is read in every poll, within the limits of any cell: one pass over the log says so, and what would
be asked of each of its millions of values is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track


#: Rows that tell of most cells that they are read.
_FIRST_ROWS: Final = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Gaps:
    """Cells that are missing in polls that read others.

    Attributes:
        polls: How many polls there are.
        places: Which of them, counted from 0, lack a cell; shape (n,).
        gone: Which cells they lack, shape (n, cells).
    """

    polls: int
    places: NDArray[np.intp]
    gone: NDArray[np.bool_]

    @property
    def often(self) -> NDArray[np.intp]:
        """In how many polls each cell is missing, shape (cells,)."""
        return np.asarray(self.gone.sum(axis=0))

    @property
    def times(self) -> NDArray[np.intp]:
        """How many times each cell goes missing, shape (cells,): polls one after the other count once."""
        begins = self.gone.copy()
        begins[1:] &= ~self.gone[:-1] | (np.diff(self.places) > 1)[:, None]
        return np.asarray(begins.sum(axis=0))


@dataclass(eq=False)
class CellReads:
    """The cells of one BMS log.

    Attributes:
        cells: Cell voltages, V, shape (rows, cells), NaN for what was not read; no columns without cell voltages.
    """

    cells: NDArray[np.float64]

    @cached_property
    def whole(self) -> bool:
        """Every cell was read in every row: a sum is no number as soon as one of its values is none."""
        with np.errstate(invalid="ignore", over="ignore"):
            return bool(np.isfinite(self.cells.sum()))

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest value of the whole log, V; NaN when nothing was read."""
        if not self.cells.size:
            return float("nan"), float("nan")
        return float(np.fmin.reduce(self.cells, axis=None)), float(np.fmax.reduce(self.cells, axis=None))

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """How many cells were read in each row, shape (rows,)."""
        if self.whole:
            return np.full(len(self.cells), self.cells.shape[1])
        return np.asarray(np.count_nonzero(np.isfinite(self.cells), axis=1))

    @cached_property
    def ever(self) -> NDArray[np.bool_]:
        """Cells that are read at least once, shape (cells,)."""
        found: NDArray[np.bool_] = np.asarray(np.isfinite(self.cells[:_FIRST_ROWS]).any(axis=0))
        for cell in np.flatnonzero(~found).tolist():
            found[cell] = np.isfinite(self.cells[:, cell]).any()
        return found

    def gaps(self, fewest: float) -> Gaps:
        """Cells that are missing in the polls that read at least so many."""
        polls = self.counts >= fewest
        partly = np.flatnonzero(polls & (self.counts < self.cells.shape[1]))
        places = (np.cumsum(polls) - 1)[partly]
        return Gaps(int(np.count_nonzero(polls)), places, ~np.isfinite(self.cells[partly]))

    @cached_property
    def sums(self) -> NDArray[np.float64]:
        """Sum of the cells of each row, V, shape (rows,), NaN where one was not read."""
        return np.asarray(self.cells.sum(axis=1))

    def within(self, low: float, high: float) -> bool:
        """Tell whether everything that was read lies between these limits, V."""
        least, most = self.extremes
        return least > low and most < high


def cell_reads(case: Case, track: Track) -> CellReads:
    """What was read of the cells of one log."""
    key = ("cell-reads", track.index)
    if key not in case.shared:
        case.shared[key] = CellReads(track.log.matrix("cell_voltages"))
    reads = case.shared[key]
    assert isinstance(reads, CellReads)
    return reads
