"""Straight lines between a few points, read at many rows in order; and the stretches in which rows are worked through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows worked on in one go: what is needed on the way stays in the processor's cache, and no memory is asked of the
#: system for it.
_STRETCH: Final = 32_768


def stretches(rows: int) -> Iterator[slice]:
    """Slices that cover so many rows, in order."""
    return (slice(first, min(first + _STRETCH, rows)) for first in range(0, rows, _STRETCH))


class Lines:
    """Straight lines through points, read at stamps in order several times faster than by a search for each row."""

    def __init__(self, time: NDArray[np.float64], points: NDArray[np.float64], values: NDArray[np.float64]) -> None:
        """Lay the lines out.

        Args:
            time: Stamps, shape (rows,), never decreasing.
            points: Stamps of the points, shape (n,), rising, n >= 1; outside of them the first and last value hold.
            values: Values at the points, shape (n,).
        """
        self._time = time
        self._edges = np.concatenate(([0], np.searchsorted(time, points), [len(time)]))
        steps = np.diff(points)
        self._slopes = np.concatenate(([0.0], np.diff(values) / np.where(steps > 0, steps, np.inf), [0.0]))
        self._bases = np.concatenate((values[:1], values - self._slopes[1:] * points))

    def at(self, rows: slice) -> NDArray[np.float64]:
        """Values at a slice of rows (no step), shape (rows of the slice,)."""
        first = int(np.searchsorted(self._edges, rows.start, side="right")) - 1
        last = int(np.searchsorted(self._edges, rows.stop))
        counts = np.diff(np.clip(self._edges[first : last + 1], rows.start, rows.stop))
        read = np.repeat(self._slopes[first:last], counts)
        read *= self._time[rows]
        read += np.repeat(self._bases[first:last], counts)
        return read
