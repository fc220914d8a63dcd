"""Where a log's clock may have been set: pauses in its stamps, and steps back that reading closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import DamageKind

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.log import Log

#: A pause this long, in s and in ordinary intervals, may hide that the clock was set; engineering judgement.
_PAUSE_S, _PAUSE_INTERVALS = 4.0, 6.0
#: Shorter stretches cannot be placed by themselves, s and rows.
_LEAST_S, _LEAST_ROWS = 60.0, 30
_MOST: Final = 12


def boundaries(log: Log) -> NDArray[np.float64]:
    """Stamps of the first row after each place where the clock may have been set, in s, the likeliest few."""
    steps = np.diff(log.time)
    bound = max(_PAUSE_S, _PAUSE_INTERVALS * log.interval_s)
    pauses = np.flatnonzero(steps > bound) + 1
    pauses = pauses[np.argsort(-steps[pauses - 1], kind="stable")][:_MOST]
    rows = [row for damage in log.damage if damage.kind is DamageKind.CLOCK_STEP for row in damage.rows]
    set_back = np.flatnonzero(np.isin(log.source_rows, np.array(rows[:_MOST], dtype=np.int64)))
    return np.asarray(np.unique(np.concatenate((log.time[pauses], log.time[set_back]))))


def stretches(log: Log, cuts: NDArray[np.float64]) -> list[tuple[float, float]]:
    """First and last stamp of the stretches between cuts that are long enough to be placed by themselves."""
    rows = np.unique(np.concatenate(([0], np.searchsorted(log.time, cuts), [log.rows])))
    found = []
    for first, last in zip(rows[:-1], rows[1:] - 1, strict=True):
        begin, end = float(log.time[first]), float(log.time[last])
        if last - first >= _LEAST_ROWS and end - begin >= _LEAST_S:
            found.append((begin, end))
    return found
