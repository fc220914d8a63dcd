"""What was read of the cells of a BMS log, found once for all detectors.

Of most logs every cell is read in every poll, within the limits of any cell: one pass over the log says so, and what would
be asked of each of its millions of values is answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track


#: Rows that tell of most cells that they are read.
_FIRST_ROWS: Final = 4096
#: Rows whose values are summed together, and such groups that are looked at in one go.
_GROUP, _BLOCK = 2, 1024


class _Swept(NamedTuple):
    """Rows in which a cell was not read, in order, how many were; the lowest and highest value of the log, V."""

    partly: NDArray[np.intp]
    counts: NDArray[np.intp]
    least: float
    most: float


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
    def _swept(self) -> _Swept:
        """What a single pass over all values tells, by blocks that fit into the cache of a processor."""
        rows, width = self.cells.shape
        if not self.cells.size:
            return _Swept(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp), float("nan"), float("nan"))
        groups = rows // _GROUP
        sums, least, most = np.empty(groups), [], []
        with np.errstate(invalid="ignore", over="ignore"):
            for begin in range(0, groups, _BLOCK):
                end = min(begin + _BLOCK, groups)
                block = self.cells[_GROUP * begin : _GROUP * end].reshape(end - begin, -1)
                # A sum is no number as soon as one of its values is none.
                np.add.reduce(block, axis=1, out=sums[begin:end])
                least.append(np.fmin.reduce(block, axis=None))
                most.append(np.fmax.reduce(block, axis=None))
        rest = self.cells[_GROUP * groups :]
        if rest.size:
            least.append(np.fmin.reduce(rest, axis=None))
            most.append(np.fmax.reduce(rest, axis=None))
        lacking = np.flatnonzero(~np.isfinite(sums))
        asked = np.append((_GROUP * lacking[:, None] + np.arange(_GROUP)).ravel(), np.arange(_GROUP * groups, rows))
        counts = np.count_nonzero(np.isfinite(self.cells.take(asked, axis=0)), axis=1)
        partly = np.flatnonzero(counts < width)
        return _Swept(asked[partly], counts[partly], float(np.fmin.reduce(least)), float(np.fmax.reduce(most)))

    @property
    def whole(self) -> bool:
        """Every cell was read in every row."""
        return not len(self._swept.partly)

    @property
    def extremes(self) -> tuple[float, float]:
        """Lowest and highest value of the whole log, V; NaN when nothing was read."""
        return self._swept.least, self._swept.most

    @cached_property
    def counts(self) -> NDArray[np.intp]:
        """How many cells were read in each row, shape (rows,)."""
        counts = np.full(len(self.cells), self.cells.shape[1])
        counts[self._swept.partly] = self._swept.counts
        return counts

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
        partly = self._swept.partly[polls[self._swept.partly]]
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
