"""Quantiles and medians of many values, by one partition each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A quantile of more values than this is that of some of them, evenly taken.
_SAMPLE: Final = 10_000
#: From so many values on a quantile is one of them, not a point between two: one partition instead of several.
_MANY: Final = 500


def quantile(values: NDArray[np.float64], share: float) -> float:
    """Quantile of finite values, shape (n,), from at most 10,000 of them, evenly taken."""
    taken = values[:: -(-max(len(values), 1) // _SAMPLE)]
    if len(taken) < _MANY:
        return float(np.quantile(taken, share))
    place = round(share * (len(taken) - 1))
    return float(np.partition(taken, place)[place])


def size_quantile(values: NDArray[np.float64], share: float) -> float:
    """Quantile of the sizes of finite values, shape (n,), from at most 10,000 of them, evenly taken."""
    return quantile(np.abs(values[:: -(-max(len(values), 1) // _SAMPLE)]), share)


def some_rows(mask: NDArray[np.bool_], most: int = _SAMPLE) -> NDArray[np.intp]:
    """Rows in which a mask, shape (n,), holds: all, or about `most` of them, evenly taken."""
    if np.count_nonzero(mask) > max(most, len(mask) // 2):
        # Most rows are among them: evenly taken ones are looked at, not all.
        rows = np.arange(0, len(mask), -(-len(mask) // most))
        return rows[mask[rows]]
    rows = np.flatnonzero(mask)
    return rows[:: -(-max(len(rows), 1) // most)]


def row_medians(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Median of each row of a matrix (n, m) without its NaN, NaN for a row of nothing else; shape (n,)."""
    rows, width = values.shape
    if width and not np.isnan(values).any():
        upper = width // 2
        parted = np.partition(values, upper, axis=1)
        middle = parted[:, upper]
        return np.asarray(middle if width % 2 else 0.5 * (middle + parted[:, :upper].max(axis=1)))
    ordered = np.sort(values, axis=1)
    count = np.isfinite(ordered).sum(axis=1)
    each = np.arange(rows)
    low = ordered[each, np.maximum(count - 1, 0) // 2]
    high = ordered[each, np.minimum(count // 2, width - 1)]
    return np.where(count > 0, 0.5 * (low + high), np.nan)
