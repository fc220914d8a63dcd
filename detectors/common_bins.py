"""Means of two logs over the same short stretches of the ride, so that they can be compared value by value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ridelog.ride import Track

#: Stretches are at least this long, in s, in intervals of the slower log, and in uncertainties of the clocks.
_LEAST_S, _INTERVALS, _UNCERTAINTIES = 3.0, 3.0, 3.0


def bin_edges(tracks: Sequence[Track]) -> NDArray[np.float64]:
    """Edges of the stretches on the ride's clock, over the time that all tracks cover; empty when they share none."""
    width = max(
        _LEAST_S,
        *(_INTERVALS * track.log.interval_s for track in tracks),
        _UNCERTAINTIES * sum(track.clock.uncertainty_s for track in tracks),
    )
    first = max(float(track.time[0]) for track in tracks)
    last = min(float(track.time[-1]) for track in tracks)
    return np.arange(first, last, width) if last - first >= 2 * width else np.empty(0)


def bin_means(track: Track, values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each stretch, NaN where the track has no value, shape (len(edges) - 1,)."""
    if len(edges) < 2:
        return np.empty(0)
    rows = np.searchsorted(track.time, edges)
    known = np.isfinite(values)
    counts, summed = np.diff(rows), values
    if not known.all():
        counts = np.diff(_running(known)[rows])
        summed = np.where(known, values, 0.0)
    sums = np.diff(_running(summed)[rows])
    return np.asarray(np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _running(values: NDArray[Any]) -> NDArray[Any]:
    """Sum of all values before each row, and of all; shape (n + 1,)."""
    sums = np.zeros(len(values) + 1, dtype=np.result_type(values, np.intp))
    np.cumsum(values, out=sums[1:])
    return sums


def controller_current(
    controllers: Sequence[Track], edges: NDArray[np.float64], rows: NDArray[np.bool_] | None = None
) -> NDArray[np.float64]:
    """Current of all controllers in each stretch, in A, shape (len(edges) - 1,).

    Args:
        controllers: Controllers of one pack, at least one.
        edges: Edges of the stretches.
        rows: Rows of the first controller to take the mean of, None for all; the others are taken whole.
    """
    total = np.zeros(max(len(edges) - 1, 0))
    for place, track in enumerate(controllers):
        summed = track.has("total_battery_current")
        values = track.values("total_battery_current" if summed else "battery_current")
        if place == 0 and rows is not None:
            values = np.where(rows, values, np.nan)
        means = bin_means(track, values, edges)
        if summed:
            return means
        total = total + means
    return total


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line through stretches: y = offset + slope x, with standard errors and the scatter around it."""

    slope: float
    offset: float
    slope_error: float
    offset_error: float
    scatter: float
    count: int


def robust_line(x: NDArray[np.float64], y: NDArray[np.float64]) -> Line | None:
    """Fit a line by least squares, twice without what lies far off; None with fewer than ten stretches."""
    keep = np.isfinite(x) & np.isfinite(y)
    for _ in range(3):
        if int(keep.sum()) < 10 or float(np.ptp(x[keep])) == 0:
            return None
        slope, offset = np.polyfit(x[keep], y[keep], 1)
        rest = y - offset - slope * x
        scatter = max(1.4826 * float(np.median(np.abs(rest[keep]))), 1e-9)
        keep &= np.abs(rest) < 4 * scatter + 1e-6
    count, middle = int(keep.sum()), float(np.mean(x[keep]))
    spread = max(float(np.sum((x[keep] - middle) ** 2)), 1e-12)
    slope_error = scatter / float(np.sqrt(spread))
    offset_error = scatter * float(np.sqrt(1 / count + middle**2 / spread))
    return Line(float(slope), float(offset), slope_error, offset_error, scatter, count)
