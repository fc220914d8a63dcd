"""An empty pack whose high current shrinks from load to load while the voltage it is drawn at stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import episodes

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: Cells this low under load and without it, V, for this long in all and at a time, s: below the start of any usual cutoff
#: (3.1 to 3.4 V).
_LOADED_V, _OPEN_V, _IN_ALL_S, _AT_A_TIME_S = 3.17, 3.33, 12.0, 4.0
#: Cells that are driven below the end of usual cutoffs (2.8 to 3.1 V), V, for so long, s, were not spared by one.
_BELOW_ANY_V, _DRIVEN_S = 2.75, 5.0
_DRIVE_A, _JOIN_S, _FEWEST = 3.0, 2.0, 50
#: How sure the series count must be.
_LIKELY_COUNT: Final = 0.85
#: High current of the ride from which a reduction can be told, A, what is left of it, the shares of the driving rows
#: that are compared, and how much of the pack's own fall the loaded voltage may follow; engineering judgement.
_FROM_A, _LEFT, _EARLY, _LATE, _FOLLOWS = 10.0, 0.75, 0.4, 0.3, 0.7
#: A bound is where so many loads end, within this share; one load is the rider's wish.
_ENDING, _ENDS_THERE = 3, 0.15


def reduced_when_empty(case: Case, track: Track) -> tuple[list[tuple[int, int]], float | None]:
    """Driving with cells so empty that any usual cutoff is at work, and with less and less current.

    Returns:
        First and last rows of the stretches, and the voltage of the pack below which they lie, V; empty when there are none.
    """
    series = case.pack.series
    residual = case.pack.residual.get(track.index)
    if residual is None or series.best is None or case.pack.chemistry.name != "nmc":
        return [], None
    if series.confidence < _LIKELY_COUNT:
        return [], None
    if not float(np.fmin.reduce(track.values("pack_voltage"))) / series.best <= _LOADED_V:
        return [], None
    cell = track.values("pack_voltage") / series.best
    driving = track.values("battery_current") > _DRIVE_A
    empty = driving & (cell <= _LOADED_V) & (residual.open_circuit / series.best <= _OPEN_V)
    below = driving & (cell <= _BELOW_ANY_V)
    if sum(_length(track, item) for item in episodes(below, track.time, _JOIN_S)) >= _DRIVEN_S:
        return [], None
    found = [item for item in episodes(empty, track.time, 4 * _JOIN_S) if _length(track, item) >= _AT_A_TIME_S]
    if sum(_length(track, item) for item in found) < _IN_ALL_S or not _reduced(case, track):
        return [], None
    return found, _LOADED_V * series.best


def _reduced(case: Case, track: Track) -> bool:
    """The high current of the ride shrinks while the voltage it is drawn at does not follow the pack down.

    Low voltage alone is no fold-back, nor is a pack that sags as deep as ever at its ordinary current.
    """
    current, volts = track.values("battery_current"), track.values("pack_voltage")
    rows = np.flatnonzero(current > _DRIVE_A)
    if len(rows) < _FEWEST:
        return False
    parts = (rows[: int(_EARLY * len(rows))], rows[int((1 - _LATE) * len(rows)) :])
    before, after = (float(np.percentile(current[part], 98)) for part in parts)
    if before < _FROM_A or after > _LEFT * before:
        return False
    loads = np.split(parts[1], np.flatnonzero(np.diff(track.time[parts[1]]) > _JOIN_S) + 1)
    ends = np.array([float(np.percentile(current[load], 95)) for load in loads])
    if np.count_nonzero(np.abs(ends / after - 1) <= _ENDS_THERE) < _ENDING:
        return False
    open_v = case.pack.residual[track.index].open_circuit
    fell = float(np.median(open_v[parts[0]]) - np.median(open_v[parts[1]]))
    at_high = [
        float(np.median(volts[part[current[part] >= 0.9 * high]]))
        for part, high in zip(parts, (before, after), strict=True)
    ]
    return at_high[0] - at_high[1] <= _FOLLOWS * max(fell, 0.0)


def _length(track: Track, item: tuple[int, int]) -> float:
    return float(track.time[item[1]] - track.time[item[0]])
