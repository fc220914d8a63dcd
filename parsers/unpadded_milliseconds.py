"""Milliseconds without leading zeros behind a point, as programs leave them that print "%d.%d": 12:03:04.5 is 5 ms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Told with a column that is read so.
NOTE: Final = "the figures behind the point are milliseconds without leading zeros (12:03:04.5 is 5 ms)"
_DIGITS: Final = 3


def are_milliseconds(whole: NDArray[np.float64], figures: pl.Series) -> bool:
    """Whether figures behind the point of stamps count milliseconds.

    They do when none of several has a leading zero, some have fewer than three digits, and the clock steps back inside
    a second when they are read as decimals, never when they are read as milliseconds.

    Args:
        whole: The stamps without them, s, shape (rows,).
        figures: What stands behind the point, null where nothing does.
    """
    if not figures.null_count() < len(figures):
        return False
    sizes = figures.str.len_bytes()
    if sizes.max() != _DIGITS or sizes.min() == _DIGITS:
        return False
    if bool(figures.str.contains("^0.").any()):
        return False
    import polars as pl

    numbers = figures.cast(pl.Float64, strict=False).fill_null(0).to_numpy()
    decimals = numbers / 10.0 ** sizes.fill_null(0).cast(pl.Float64).to_numpy()
    same = np.diff(whole) == 0
    back = int((same & (np.diff(decimals) < 0)).sum())
    return back > 0 and not bool((same & (np.diff(numbers) < 0)).any())
