"""Quantiles and medians of many values, by one partition each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: A quantile of more values than this is that of some of them, evenly taken.
_SAMPLE: Final = 10_000
#: From so many values on a quantile is one of them, not a point between two: one partition instead of several.
_MANY: Final = 500
#: More quantiles than this are read off a sort.
_FEW_PLACES: Final = 4


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


def quantiles(values: NDArray[np.float64], shares: Sequence[float] | NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles of finite values, shape (n,) with n > 0, to the last digit those of `np.quantile`; shape (shares,).

    A partition by one place, or a sort, is several times faster than the partition by many places that numpy makes.
    """
    places = np.asarray(shares, dtype=np.float64) * (len(values) - 1)
    below = np.floor(places).astype(np.intp)
    above = np.minimum(below + 1, len(values) - 1)
    if len(places) > _FEW_PLACES:
        ordered = np.sort(values)
        low, high = ordered[below], ordered[above]
    else:
        low, high = np.array([_two_at(values, place) for place in below.tolist()]).reshape(-1, 2).T
    part, apart = places - below, high - low
    return np.asarray(np.where(part < 0.5, low + apart * part, high - apart * (1 - part)))


def _two_at(values: NDArray[np.float64], place: int) -> tuple[float, float]:
    """The values at a place of the sorted values and at the next."""
    upper = min(place + 1, len(values) - 1)
    parted = np.partition(values, upper)
    return float(parted[: place + 1].max()), float(parted[upper])


def median(values: NDArray[np.float64]) -> float:
    """Median of values, shape (n,) with n > 0, without their NaN, to the last digit that of `np.nanmedian`, by a partition."""
    return float(row_medians(values[None, :])[0])


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
