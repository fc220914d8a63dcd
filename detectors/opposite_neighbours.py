"""Neighbouring cells that leave their usual place in opposite directions by like amounts: the wire between them is loose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.quantiles import row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .cell_reads import CellReads

#: A pair of neighbours must leave the others by this much, in opposite directions, V; engineering judgement.
_APART_V: Final = 0.030
#: Their sum must stay within this share of the larger error.
_SUM_SHARE: Final = 0.35
#: Polls in which a pair must do so.
FEWEST_POLLS: Final = 3
#: Polls that tell where a cell usually stands.
_ENOUGH: Final = 6000
#: Standard deviations of the cells of a poll that the pair must leave them by, with so many cells that two of them do not
#: make the deviation themselves.
_ROW_SIGMAS, _FEWEST_TO_SPREAD = 4.0, 8
#: Polls that are looked at in one go, few enough for the cache of a processor.
_BLOCK: Final = 1024
#: What rounding may add to or take from a difference of two cells, V.
_ROUNDING_V: Final = 1e-6


def opposite_neighbours(reads: CellReads) -> dict[int, NDArray[np.intp]]:
    """Rows in which a cell and the next leave their own usual place in opposite directions by like amounts.

    Args:
        reads: The cells of a BMS log.

    Returns:
        First cell of the pair to its rows; pairs with fewer than three rows are left out.
    """
    cells = reads.cells
    polled = np.flatnonzero(reads.counts)
    if cells.shape[1] < 4 or not len(polled):
        return {}
    silent = ~reads.ever
    # Where a cell usually stands, and how it flickers, is known from some thousand polls.
    some = _left(cells[polled[:: max(1, len(polled) // _ENOUGH)]], silent)
    usual = row_medians(np.ascontiguousarray(some.T))
    noise = 1.4826 * row_medians(np.ascontiguousarray(np.abs(some - usual).T))
    bound = np.maximum(_APART_V, 6 * np.maximum(noise[:-1], noise[1:]))
    rows = _parted(cells, usual, 2 * bound - _ROUNDING_V)
    rows = rows[reads.counts[rows] > 0]
    left = _left(cells[rows], silent) - usual
    opposite = _opposite_by(left, bound)
    hit = np.flatnonzero(opposite.any(axis=1))
    rows, left, opposite = rows[hit], left[hit], opposite[hit]
    if len(hit) and cells.shape[1] >= _FEWEST_TO_SPREAD:
        # Where all cells part, as at the end of a charge, two of them part by chance.
        apart = 1.4826 * row_medians(np.abs(left))
        opposite = _opposite_by(left, np.maximum(bound, _ROW_SIGMAS * apart[:, None]))
    # Garbage hits many cells of a poll at once; a wire moves two.
    quiet = np.count_nonzero(np.abs(left) > _APART_V, axis=1) <= 3
    opposite &= quiet[:, None]
    found = {}
    for first in range(opposite.shape[1]):
        those = np.flatnonzero(opposite[:, first])
        if len(those) >= FEWEST_POLLS:
            found[first] = rows[those]
    return found


def _left(cells: NDArray[np.float64], silent: NDArray[np.bool_]) -> NDArray[np.float64]:
    """What each cell is off the median of its poll, none for cells that are never read."""
    left = cells - row_medians(cells)[:, None]
    left[:, silent] = 0.0
    return left


def _parted(cells: NDArray[np.float64], usual: NDArray[np.float64], least: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows in which a cell and the next are further apart than usual by more than `least`, V, shape (cells - 1,).

    Only in those can one be too high and the other too low; it takes no median of a poll to know.
    """
    rows, width = cells.shape
    # Polls one after the other are one line of values: what lies between the last cell and the next poll's first never counts.
    block = min(_BLOCK, rows)
    steps = np.tile(np.append(np.diff(usual), 0.0), block)[:-1]
    limits = np.tile(np.append(least, np.inf), block)[:-1]
    found = [np.empty(0, dtype=np.intp)]
    apart, smallest = np.empty(block * width - 1), float(least.min())
    with np.errstate(invalid="ignore"):
        for begin in range(0, rows, block):
            line = cells[begin : begin + block].ravel()
            apart = apart[: len(line) - 1]
            np.subtract(line[1:], line[:-1], out=apart)
            apart -= steps[: len(apart)]
            np.abs(apart, out=apart)
            if np.fmax.reduce(apart) <= smallest:
                continue
            parted = np.flatnonzero(apart > limits[: len(apart)])
            if len(parted):
                found.append(begin + np.unique(parted // width))
    return np.concatenate(found)


def _opposite_by(left: NDArray[np.float64], bound: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether each cell and the next stand beyond the bound in opposite directions, and their sum nearly where it was."""
    one, other = left[:, :-1], left[:, 1:]
    larger, smaller = np.maximum(np.abs(one), np.abs(other)), np.minimum(np.abs(one), np.abs(other))
    return (one * other < 0) & (smaller > bound) & (np.abs(one + other) < _SUM_SHARE * larger)
