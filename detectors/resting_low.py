"""The lowest voltages at which cells rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import runs

from .cell_rows import CellRows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A cell below this was not read, V.
_UNREAD_V: Final = 0.3
#: The rest that shows it, s, after the load before has settled, s; engineering judgement.
_REST_S, _SETTLE_S = 60.0, 30.0
#: A cell that moves more than this in such a rest, V, or whose neighbour is as far above the others as it is below, is
#: a sense wire.
_STEADY_V: Final = 0.15
_NEIGHBOUR_SHARE: Final = 0.5
#: A load at rest that empties a pack within a day moves a cell by less than that in so long, s.
_PART_S: Final = 1800.0


def settled(rows: CellRows) -> list[tuple[int, int]]:
    """Rests of a minute or more without their first half minute, when there was a load before.

    A rest in which the whole pack was drained comes in parts of half an hour, in each of which a cell can be steady.
    """
    found = []
    for first, last in runs(rows.resting):
        start = first if first == 0 else int(np.searchsorted(rows.time, rows.time[first] + _SETTLE_S))
        if last - start >= 2 and rows.time[last] - rows.time[start] >= _REST_S:
            found += _parts(rows, start, last)
    return found


def _parts(rows: CellRows, first: int, last: int) -> list[tuple[int, int]]:
    middle = rows.middle[first : last + 1]
    if float(np.nanmax(middle) - np.nanmin(middle)) < _STEADY_V or rows.time[last] - rows.time[first] <= _PART_S:
        return [(first, last)]
    edges = np.searchsorted(rows.time, np.arange(rows.time[first], rows.time[last], _PART_S))
    ends = np.append(edges[1:], last + 1) - 1
    return [(int(one), int(end)) for one, end in zip(edges, ends, strict=True) if end - one >= 2]


def drained_furthest(
    rows: CellRows, rests: list[tuple[int, int]], limit: float
) -> tuple[int, int, float, int, int] | None:
    """The rest with the lowest cell below the limit: first, last, volts, index of the cell (-1 unknown), how many."""
    worst: tuple[int, int, float, int, int] | None = None
    for first, last in rests:
        if rows.cells.shape[1]:
            cells = rows.cells[first : last + 1]
        else:
            low = rows.low if np.isfinite(rows.low[first : last + 1]).any() else rows.middle
            cells = low[first : last + 1, None]
        if np.fmin.reduce(cells, axis=None) >= limit:
            # Where no reading is below it no level of a cell is.
            continue
        levels = _levels(cells)
        deep = np.flatnonzero((levels < limit) & (levels > _UNREAD_V))
        if len(deep) and (worst is None or float(levels[deep].min()) < worst[2]):
            cell = int(deep[np.argmin(levels[deep])])
            worst = (first, last, float(levels[cell]), cell if rows.cells.shape[1] else -1, len(deep))
    return worst


def _levels(cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Voltage of each group over a rest, V; infinity for one that jumps, is missing, or that its neighbour makes up."""
    known = np.isfinite(cells).mean(axis=0) > 0.5
    levels = np.full(cells.shape[1], np.inf)
    if not known.any():
        return levels
    part = np.nan_to_num(cells[:, known], nan=float(np.nanmedian(cells)))
    low, middle, high = np.percentile(part, (5, 50, 95), axis=0)
    levels[known] = np.where(high - low < _STEADY_V, middle, np.inf)
    usual = float(np.median(middle))
    all_levels = np.full(cells.shape[1], usual)
    all_levels[known] = middle
    for cell in np.flatnonzero(levels < usual - 0.2):
        around = [all_levels[near] - usual for near in (cell - 1, cell + 1) if 0 <= near < len(levels)]
        if around and max(around) > _NEIGHBOUR_SHARE * (usual - levels[cell]):
            levels[cell] = np.inf
    return levels


def lowest(rows: CellRows, rests: list[tuple[int, int]]) -> float:
    """The lowest voltage of a cell in these rests, V."""
    low = rows.low if np.isfinite(rows.low).any() else rows.middle
    return min(
        float(np.nanmin(low[first : last + 1])) for first, last in rests if np.isfinite(low[first : last + 1]).any()
    )
