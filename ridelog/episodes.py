"""Runs of rows: the stretches in which something holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def runs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """First and last row of each run of True, in order."""
    starts, ends = run_ends(mask)
    return list(zip(starts.tolist(), ends.tolist(), strict=True))


def run_ends(mask: NDArray[np.bool_]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First rows and last rows of the runs of True, in order; both of shape (runs,)."""
    if not len(mask):
        return np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp)
    edges = np.diff(mask.astype(np.int8))
    starts = np.flatnonzero(edges == 1) + 1
    ends = np.flatnonzero(edges == -1)
    if mask[0]:
        starts = np.concatenate(([0], starts))
    if mask[-1]:
        ends = np.concatenate((ends, [len(mask) - 1]))
    return starts, ends


def episodes(mask: NDArray[np.bool_], time: NDArray[np.float64], gap_s: float) -> list[tuple[int, int]]:
    """Runs of True, joined when the time between them is at most `gap_s`.

    Args:
        mask: Where it holds, shape (n,).
        time: Stamps in s, shape (n,).
        gap_s: Longest interruption in s.

    Returns:
        First and last row of each episode.
    """
    joined: list[tuple[int, int]] = []
    for first, last in runs(mask):
        if joined and time[first] - time[joined[-1][1]] <= gap_s:
            joined[-1] = (joined[-1][0], last)
        else:
            joined.append((first, last))
    return joined


def rolling_extreme(values: NDArray[np.float64], reach: int, *, highest: bool) -> NDArray[np.float64]:
    """Highest or lowest value within `reach` rows to either side, shape (n,); NaN is passed over."""
    if reach <= 0 or not len(values):
        return values
    fill = -np.inf if highest else np.inf
    clean = np.where(np.isnan(values), fill, values)
    widest = np.concatenate((np.full(reach, fill), clean, np.full(reach, fill)))
    better = np.maximum if highest else np.minimum
    # The extreme of a window is that of two windows, half as wide, that cover it.
    width, wanted = 1, 2 * reach + 1
    while 2 * width <= wanted:
        widest = better(widest[:-width], widest[width:])
        width *= 2
    return np.asarray(better(widest[: len(values)], widest[wanted - width :]))
