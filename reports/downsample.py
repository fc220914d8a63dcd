"""Choosing the rows of a series that are drawn: no peak is lost, and no line is drawn across a gap."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: A step this many times the median step is a gap; engineering judgement.
GAP_FACTOR: Final = 5.0
#: Radio links deliver rows in bursts; a step shorter than this is never a gap, in s; engineering judgement.
SHORTEST_GAP_S: Final = 0.25
#: No channel has such values; they would hide every other one.
_ABSURD: Final = 1e12
#: More gaps than this are not drawn to their very edge.
_MOST_EXACT_GAPS: Final = 200


@dataclass(frozen=True, slots=True)
class Detail:
    """How finely a series is drawn.

    Attributes:
        buckets: Buckets over the whole series; up to four rows of each are kept.
        window_buckets: Buckets over each window of interest.
        windows: Windows of interest as (start, end) on the clock of the stamps, in s.
        pinned: Rows that are kept whatever happens, shape (k,).
        edges: `gaps` of the stamps where they are known already; used for series without missing values.
    """

    buckets: int
    window_buckets: int
    windows: Sequence[tuple[float, float]]
    pinned: NDArray[np.intp]
    edges: NDArray[np.intp] | None = None


@dataclass(frozen=True, slots=True)
class Drawn:
    """The part of a series that is drawn.

    Attributes:
        rows: Rows kept, increasing, shape (m,).
        breaks: Positions in `rows` before which the line is interrupted, shape (b,).
    """

    rows: NDArray[np.intp]
    breaks: NDArray[np.intp]


def extremes(values: NDArray[np.float64], buckets: int) -> NDArray[np.intp]:
    """First, last, lowest and highest row of each bucket (M4), all buckets with the same number of rows.

    Buckets of rows rather than of time keep their detail where the log has it. See Jugel et al., "M4: a
    visualization-oriented time series data aggregation", VLDB 2014.

    Args:
        values: Values without NaN, shape (n,).
        buckets: Number of buckets.

    Returns:
        Rows, increasing and without doubles.
    """
    count = len(values)
    if count <= 4 * buckets:
        return np.arange(count, dtype=np.intp)
    size = -(-count // buckets)
    full = count // size
    body = values[: full * size].reshape(full, size)
    starts = np.arange(full, dtype=np.intp) * size
    parts = [starts, starts + size - 1, starts + body.argmin(axis=1), starts + body.argmax(axis=1)]
    if full * size < count:
        rest = values[full * size :]
        low, high = full * size + int(rest.argmin()), full * size + int(rest.argmax())
        parts.append(np.array([full * size, low, high, count - 1], dtype=np.intp))
    return np.unique(np.concatenate(parts))


def gap_limit_s(time: NDArray[np.float64]) -> float:
    """Longest step between two stamps that a line is drawn across, in s; infinity with fewer than two stamps."""
    steps = np.diff(time)
    steps = steps[steps > 0]
    return max(GAP_FACTOR * float(np.median(steps)), SHORTEST_GAP_S) if len(steps) else float("inf")


def gaps(time: NDArray[np.float64]) -> NDArray[np.intp]:
    """Rows before which the log has a gap, shape (g,)."""
    return np.flatnonzero(np.diff(time) > gap_limit_s(time)) + 1


def select(time: NDArray[np.float64], values: NDArray[np.float64], detail: Detail) -> Drawn:
    """Choose the rows to draw.

    A channel that was read less often than its log has rows (NaN in between) is judged by its own rate.

    Args:
        time: Stamps in s, shape (n,), never decreasing.
        values: Values, NaN where there is none, shape (n,).
        detail: How finely.
    """
    finite = np.abs(values) < _ABSURD
    if finite.all():
        valid, stamps, levels = None, time, values
    else:
        valid = np.flatnonzero(finite)
        stamps, levels = time[valid], values[valid]
    if not len(levels):
        return Drawn(np.empty(0, dtype=np.intp), np.empty(0, dtype=np.intp))
    edges = detail.edges if valid is None and detail.edges is not None else gaps(stamps)
    parts = [extremes(levels, detail.buckets), *_windows(stamps, levels, detail)]
    parts += [edges[:_MOST_EXACT_GAPS], edges[:_MOST_EXACT_GAPS] - 1]
    parts.append(_pinned(detail.pinned, valid, len(levels)))
    kept = np.unique(np.concatenate(parts))
    kept = kept[_needed(levels[kept], kept, edges)]
    stretch = np.searchsorted(edges, kept, side="right")
    breaks = np.flatnonzero(np.diff(stretch)) + 1
    return Drawn(kept if valid is None else valid[kept], breaks)


def _windows(stamps: NDArray[np.float64], levels: NDArray[np.float64], detail: Detail) -> Iterable[NDArray[np.intp]]:
    for start, end in detail.windows:
        first, last = np.searchsorted(stamps, (start, end), side="left")
        if last > first:
            yield extremes(levels[first:last], detail.window_buckets) + first


def _pinned(pinned: NDArray[np.intp], valid: NDArray[np.intp] | None, count: int) -> NDArray[np.intp]:
    if valid is None:
        return pinned[(pinned >= 0) & (pinned < count)]
    places = np.searchsorted(valid, pinned)
    inside = places < count
    places = places[inside]
    return np.asarray(places[valid[places] == pinned[inside]], dtype=np.intp)


def _needed(levels: NDArray[np.float64], kept: NDArray[np.intp], edges: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Leave out rows in the middle of a level stretch: the line looks the same without them."""
    needed = np.ones(len(kept), dtype=bool)
    if len(kept) < 3:
        return needed
    flat = (levels[1:-1] == levels[:-2]) & (levels[1:-1] == levels[2:])
    stretch = np.searchsorted(edges, kept, side="right")
    inside = (stretch[1:-1] == stretch[:-2]) & (stretch[1:-1] == stretch[2:])
    needed[1:-1] = ~(flat & inside)
    return needed
