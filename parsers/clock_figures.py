"""Dates and times of day as the figures of one number, as satellite receivers and small loggers write them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A day as the figures of one number: 20240517.
DAY_FIGURES: Final = r"^\s*((?:19|20)\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])\s*$"
#: Rows, and different last figures, that tell a time of day in figures from a counter (engineering judgement).
_FEWEST_FIGURES: Final = 6


def read_clock_figures(values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Times of day in the figures of one number: 140321.5 is 14:03:21.5.

    Args:
        values: Numbers of a time column, shape (rows,).

    Returns:
        Seconds since midnight; None for what counts instead: a counter passes 60 to 99 in its last two figures.
    """
    known = values[np.isfinite(values)]
    if len(known) < _FEWEST_FIGURES or known.min() < 0 or known.max() >= 240_000 or known.max() < 100:
        return None
    whole = np.floor(known)
    last, middle = whole % 100, whole // 100 % 100
    if (last >= 60).any() or (middle >= 60).any() or len(np.unique(last)) < _FEWEST_FIGURES:
        return None
    if not bool(((np.diff(last) < 0) & (np.diff(known) > 0)).any()):
        return None
    return values // 10_000 * 3600 + values // 100 % 100 * 60 + values % 100
