"""Telling the three layouts of a JK cell-info frame apart by the frame itself.

Firmware up to 10 lays the frame out for 24 cells, firmware from 11 on for 32, and firmware 3 writes floats. Nothing in
the frame names its layout, but the frame repeats itself: the cells add up to the pack voltage, their mean is there, and
so is a bit for each cell that is fitted. A layout is right where these agree.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .jk_framing import field


class Layout(StrEnum):
    """Layout of a cell-info frame."""

    NARROW = "JK02 for 24 cells"
    WIDE = "JK02 for 32 cells"
    FLOATS = "JK04"


#: Cells add up to the pack voltage within this share plus this many mV (engineering judgement: both are measured).
_SUM_SHARE = 0.02
_SUM_MILLIVOLTS = 30.0
#: Mean of the cells against the mean in the frame, in mV: it may lag behind by a sample.
_MEAN_MILLIVOLTS = 60.0
#: A float outside of this (in mV) is no cell voltage: two 16-bit voltages read as a float give next to nothing.
_LOWEST_MILLIVOLTS = 100.0
_HIGHEST_MILLIVOLTS = 6000.0
#: Points for each agreement; the sum is the hardest to get by chance.
_POINTS_SUM = 4
_POINTS_MEAN = 2
_POINTS_MASK = 2
_POINTS_COUNT = 1


def layouts_of(matrix: NDArray[np.uint8], usual: Layout | None = None) -> list[Layout]:
    """Find the layout of each cell-info frame.

    Args:
        matrix: Frames, shape (n, 300).
        usual: Layout to assume where a frame does not tell (no cell connected), from the firmware version if known.

    Returns:
        One layout a frame. A frame that does not tell takes the one most of the others have.
    """
    choices = (Layout.WIDE, Layout.NARROW, Layout.FLOATS)
    points = np.stack([_points_jk02(matrix, 32, 16), _points_jk02(matrix, 24, 0), _points_jk04(matrix)])
    best = points.argmax(axis=0)
    ranked = np.sort(points, axis=0)
    told = (ranked[-1] > _POINTS_SUM) & (ranked[-1] > ranked[-2])
    counts = np.bincount(best[told], minlength=len(choices))
    fallback = choices[int(counts.argmax())] if counts.any() else (usual or Layout.WIDE)
    return [choices[int(index)] if sure else fallback for index, sure in zip(best, told, strict=True)]


#: Where each layout has the bits of the cells that are fitted.
ENABLED_CELLS: Final = {Layout.NARROW: 54, Layout.WIDE: 70, Layout.FLOATS: 214}


def enabled_cells(data: bytes, layout: Layout) -> int:
    """Number of cells that a frame of that layout has bits for."""
    start = ENABLED_CELLS[layout]
    return int.from_bytes(data[start : start + 4], "little").bit_length()


def _points_jk02(matrix: NDArray[np.uint8], slots: int, shift: int) -> NDArray[np.int64]:
    cells = field(matrix, 6, "<u2", slots)
    pack = field(matrix, 118 + 2 * shift, "<u4")
    mean = field(matrix, 58 + shift, "<u2")
    return _points(cells, pack, mean, field(matrix, ENABLED_CELLS[Layout.WIDE if shift else Layout.NARROW], "<u4"))


def _points_jk04(matrix: NDArray[np.uint8]) -> NDArray[np.int64]:
    cells = field(matrix, 6, "<f4", 24) * 1000.0
    cells = np.where((cells == 0) | ((cells > _LOWEST_MILLIVOLTS) & (cells < _HIGHEST_MILLIVOLTS)), cells, -1e6)
    mean = field(matrix, 202, "<f4") * 1000.0
    mean = np.where(np.isfinite(mean), np.clip(mean, -1e6, 1e6), -1e6)
    return _points(cells, cells.sum(axis=1), mean, field(matrix, ENABLED_CELLS[Layout.FLOATS], "<u4"))


def _points(
    cells: NDArray[np.float64], pack: NDArray[np.float64], mean: NDArray[np.float64], mask: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Count the agreements of one layout, voltages in mV."""
    fitted = cells > 0
    count = fitted.sum(axis=1)
    total = cells.sum(axis=1)
    possible = (count > 0) & (total > 0) & (cells.min(axis=1) >= 0)
    sums = possible & (np.abs(total - pack) <= _SUM_SHARE * total + _SUM_MILLIVOLTS)
    means = possible & (np.abs(total / np.maximum(count, 1) - mean) <= _MEAN_MILLIVOLTS)
    bits = mask.astype(np.int64)
    run = (bits > 0) & ((bits & (bits + 1)) == 0)
    popcount = np.array([int(word).bit_count() for word in bits], dtype=np.int64)
    points: NDArray[np.int64] = (
        _POINTS_SUM * sums + _POINTS_MEAN * means + _POINTS_MASK * run + _POINTS_COUNT * (run & (popcount == count))
    ).astype(np.int64)
    return points
