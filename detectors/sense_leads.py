"""Sense leads one by one: cells that come and go or are never read, leads that are connected later, and wires that resist."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .cell_rows import REST_A

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

    from .cell_reads import CellReads

#: A cell that is missing in this share of the polls in which the others are read, at so many different times or in so many
#: polls: a reading that failed once or twice, until the next came, is no wire that comes and goes.
_FEWEST_TIMES, _FEWEST_POLLS = 3, 10
MISSING_SHARE = 0.01
#: A cell is there when it reads within these limits, V: a drained one may read next to nothing.
CELL_LOW_V, CELL_HIGH_V = 0.3, 4.6
#: Polls that tell how many cells the voltage of the pack has in it, and how far from a whole number that may be
#: (engineering judgement: cells differ by less than 1 % on the average, and boards hold 32 at most).
_FEWEST_FULL, _PACK_CELLS = 3, 0.35
#: Wire resistance that stands out: this many times the smooth course along the board, ohm floor (CELL-17).
WIRE_TIMES, _WIRE_FLOOR_OHM = 2.0, 0.05


def missing(reads: CellReads) -> list[tuple[int, float]]:
    """Cells that are missing in some polls that read the others, from 0, and in what share of them."""
    if reads.whole:
        return []
    count = reads.cells.shape[1]
    gaps = reads.gaps(0.6 * count)
    if gaps.polls < 10:
        return []
    often, times = gaps.often, gaps.times
    share = often / gaps.polls
    return [
        (cell, float(share[cell]))
        for cell in range(count)
        if (times[cell] >= _FEWEST_TIMES or often[cell] >= _FEWEST_POLLS)
        and MISSING_SHARE < share[cell] < 0.995
        and share[cell] > 10 * float(np.median(share))
    ][:3]


def never_read(track: Track, reads: CellReads) -> list[int]:
    """Cells that are not read in the whole log although the voltage of the pack has them in it, from 0.

    A board that is set to more cells than the pack has lacks the last ones, and its pack voltage is that of the others; a
    pack with more cells than the board reads lacks the last ones as well (CELL-14). Those are no wires.
    """
    if reads.within(CELL_LOW_V, CELL_HIGH_V) and reads.ever.all():
        return []
    cells = reads.cells
    there = (cells > CELL_LOW_V) & (cells < CELL_HIGH_V)
    read: NDArray[np.bool_] = np.asarray(there.any(axis=0))
    last = int(np.flatnonzero(read)[-1]) if read.any() else 0
    lost = np.flatnonzero(~read[:last]).tolist()
    full = there[:, read].all(axis=1) & (track.values("pack_voltage") > 0) if lost else np.zeros(len(cells), dtype=bool)
    if np.count_nonzero(full) < _FEWEST_FULL:
        return []
    pack = track.values("pack_voltage")[full] / np.median(cells[full][:, read], axis=1)
    whole = float(np.median(pack)) - np.count_nonzero(read)
    return lost if abs(whole - len(lost)) < _PACK_CELLS else []


def connected_at(track: Track, reads: CellReads, cell: int) -> int | None:
    """Row from which on a cell is always read that was never read before it, at rest (CELL-13); None for any other gap."""
    polled = np.flatnonzero(reads.counts)
    there = np.isfinite(reads.cells[polled, cell])
    first = int(np.argmax(there))
    if not there[first:].all() or there[:first].any() or len(polled) - first < 2 * first:
        return None
    flowed = np.abs(track.values("battery_current")[: polled[first]])
    return None if (flowed > REST_A).any() else int(polled[first])


def wires(track: Track) -> list[tuple[int, float, float]]:
    """Sense wires that stand out, from 0, their resistance and the usual one of their neighbours, ohm."""
    if not track.has("cell_wire_resistances"):
        return []
    each = track.log.matrix("cell_wire_resistances")
    known = np.isfinite(each).any(axis=0)
    ohm = np.full(each.shape[1], np.nan)
    ohm[known] = np.nanmedian(each[:, known], axis=0)
    found = []
    for wire in range(len(ohm)):
        near = [ohm[other] for other in range(max(wire - 2, 0), min(wire + 3, len(ohm))) if other != wire]
        near = [value for value in near if np.isfinite(value) and value > 0]
        if not near or not np.isfinite(ohm[wire]):
            continue
        usual = float(np.median(near))
        if ohm[wire] > WIRE_TIMES * usual and ohm[wire] - usual > _WIRE_FLOOR_OHM:
            found.append((wire, float(ohm[wire]), usual))
    return found[:3]
