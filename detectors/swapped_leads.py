"""Two sense leads in each other's place: one cell reads backwards, the cells beside it read two at once (CELL-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ridelog.battery.quantiles import row_medians

if TYPE_CHECKING:
    from .cell_reads import CellReads

#: Between swapped leads a board reads minus one cell, which it shows as nothing, V; beside them two cells, or the end of
#: its range of about 5 V: more than any cell has, V, or this many times the usual one.
_NOTHING_V, _NO_CELL_V, _TIMES = 0.5, 4.6, 1.6
#: Polls that must show it, and their share of those in which the other cells are read: swapped leads stay swapped.
_FEWEST_ROWS, _SHARE = 3, 0.9


class SwappedLeads(NamedTuple):
    """The cell between the two leads, from 0; first and last row that show it, and what its neighbours read, V."""

    cell: int
    first: int
    last: int
    beside: float


def swapped_leads(reads: CellReads) -> SwappedLeads | None:
    """Find a cell that reads nothing while both its neighbours read two.

    A wire that is open gives both voltages to one neighbour only. Leads swapped at the very end of the harness look like
    that as well and are not told from it.

    Args:
        reads: The cells of a BMS log.
    """
    cells = reads.cells
    count = cells.shape[1]
    if count < 5:
        return None
    gaps = reads.gaps(count - 2)
    least = max(_FEWEST_ROWS, _SHARE * gaps.polls)
    # Where no cell reads nothing, one that is not read for most of the time would have to be it.
    if gaps.polls < _FEWEST_ROWS or (reads.within(_NOTHING_V, np.inf) and gaps.often.max() < least):
        return None
    polled = np.flatnonzero(reads.counts >= count - 2)
    cells = cells[polled]
    with np.errstate(invalid="ignore"):
        nothing = ~(cells[:, 1:-1] > _NOTHING_V)
    if nothing.sum(axis=0).max() < least:
        return None
    usual = row_medians(cells)
    with np.errstate(invalid="ignore"):
        double = cells > np.minimum(_NO_CELL_V, _TIMES * usual)[:, None]
    shown = nothing & double[:, :-2] & double[:, 2:]
    often = shown.sum(axis=0)
    cell = int(np.argmax(often))
    if often[cell] < least:
        return None
    rows = np.flatnonzero(shown[:, cell])
    beside = float(np.median(cells[rows][:, (cell, cell + 2)]))
    return SwappedLeads(cell + 1, int(polled[rows[0]]), int(polled[rows[-1]]), beside)
