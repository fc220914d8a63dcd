"""Straight lines between a few points, read at many rows in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def along(
    time: NDArray[np.float64],
    points: NDArray[np.float64],
    values: NDArray[np.float64],
    before: float = 0.0,
    after: float = 0.0,
) -> NDArray[np.float64]:
    """Interpolate between points at stamps in order, several times faster than a search for each row.

    Args:
        time: Stamps, shape (rows,), never decreasing.
        points: Stamps of the points, shape (n,), rising, n >= 1.
        values: Values at the points, shape (n,).
        before: Slope in front of the first point.
        after: Slope behind the last point.

    Returns:
        Values at the rows, shape (rows,).
    """
    edges = np.searchsorted(time, points)
    counts = np.diff(edges, prepend=0, append=len(time))
    steps = np.diff(points)
    slopes = np.concatenate(([before], np.diff(values) / np.where(steps > 0, steps, np.inf), [after]))
    bases = np.concatenate((values[:1] - before * points[:1], values - slopes[1:] * points))
    read = np.repeat(slopes, counts)
    read *= time
    read += np.repeat(bases, counts)
    return read
