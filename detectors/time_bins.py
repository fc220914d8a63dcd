"""Rows of a log by short stretches of time that follow one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def bin_starts(time: NDArray[np.float64], width_s: float) -> NDArray[np.intp]:
    """First row of every stretch of a whole number of widths that holds a row, shape (stretches,).

    Args:
        time: Stamps in s, never decreasing, shape (n,) with n > 0.
        width_s: Width of a stretch, s.
    """
    stretch = np.floor(time / width_s)
    begins = np.ones(len(time), dtype=bool)
    np.not_equal(stretch[1:], stretch[:-1], out=begins[1:])
    return np.flatnonzero(begins)
