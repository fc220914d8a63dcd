"""Rows of a shared table in which one of its devices said something new."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Where values that do not change are logged again and again, one row is kept after this time, in s.
_REPEAT_S = 1.0


def own_rows(raw: NDArray[np.float64], values: NDArray[np.float64], seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows in which a device said something: where its cells are filled, or where all are, where they change.

    Args:
        raw: Its columns as written, shape (rows, columns), NaN for an empty cell.
        values: The same with values carried on.
        seconds: Stamps in s, shape (rows,), never decreasing.

    Returns:
        Shape (rows,); of rows that repeat one another, one a second is kept.
    """
    known = np.isfinite(values).any(axis=1)
    filled = np.isfinite(raw).any(axis=1)
    if not filled.all():
        return np.asarray(filled & known)
    change = np.ones(len(values), bool)
    before, after = np.nan_to_num(values[:-1], nan=-1e9), np.nan_to_num(values[1:], nan=-1e9)
    change[1:] = (before != after).any(axis=1)
    since = seconds - seconds[np.maximum.accumulate(np.where(change, np.arange(len(values)), 0))]
    again = np.floor(since / _REPEAT_S)
    again = np.concatenate(([False], (np.diff(again) > 0) & ~change[1:]))
    return np.asarray((change | again) & known)
