"""A BMS whose current stays where it is, but for the noise of its meter, while a controller on the same clock moves."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ridelog.episodes import runs
from ridelog.log import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Shortest stretch: this long and this many steps (TEL-01, methods of frozen telemetry).
_SHORTEST_S, _FEWEST_STEPS = 10.0, 10
#: A current that stands still but for its noise: A, and a share of it.
_NOISE_A, _NOISE_SHARE = 0.35, 0.03
#: The controller's current moves by this many times the noise of the standing one, and by more than meters with a dead
#: band of 0.5 to 1 A and a computed current at small load are apart, A; engineering judgement.
_TIMES_NOISE, _MOVES_A = 4.0, 2.5
#: The stretch lasts this many times longer than the clocks are uncertain, and has this many polls to compare.
_TIMES_CLOCK, _FEWEST_POLLS = 4.0, 5


def stuck_stretches(case: Case, track: Track) -> list[tuple[int, int, float]]:
    """First row, last row and length in s of every stretch in which a BMS stands still and the vehicle does not.

    Args:
        case: The ride.
        track: A log; only one of a BMS with a current, on the clock of a controller, can be compared.
    """
    key = ("stuck-stretches", track.index)
    if key not in case.shared:
        case.shared[key] = _find(case, track)
    found = case.shared[key]
    assert isinstance(found, list)
    return found


def stuck_rows(case: Case, track: Track) -> NDArray[np.bool_]:
    """Rows of a BMS log that are old values, shape (rows,)."""
    rows = np.zeros(track.log.rows, dtype=bool)
    for first, last, _ in stuck_stretches(case, track):
        rows[first : last + 1] = True
    return rows


def _find(case: Case, track: Track) -> list[tuple[int, int, float]]:
    if track.log.role is not Role.BMS or not track.has("battery_current") or not track.clock.aligned:
        return []
    current = track.values("battery_current")
    steady = np.abs(np.diff(current)) <= _NOISE_A + _NOISE_SHARE * np.abs(current[:-1])
    found = []
    for first, last in runs(steady):
        inside = current[first : last + 2]
        length = float(track.time[last + 1] - track.time[first])
        level = float(np.median(inside))
        low, high = np.percentile(inside, (5, 95))
        if (
            length < max(_SHORTEST_S, _TIMES_CLOCK * track.clock.uncertainty_s)
            or last - first < _FEWEST_STEPS
            or float(np.ptp(inside)) > 2 * (_NOISE_A + _NOISE_SHARE * abs(level))
        ):
            continue
        if _moved_elsewhere(case, track, first, last + 1, level) > _MOVES_A + _TIMES_NOISE * float(high - low):
            found.append((first, last + 1, length))
    return found


def _moved_elsewhere(case: Case, track: Track, first: int, last: int, level: float) -> float:
    """By how much the current of a controller moved meanwhile, in A, averaged over the polls of the BMS as it would.

    A board that stands at none may be one that does not measure what is charged: braking does not count there.
    """
    most = 0.0
    for other in case.ride.riding:
        if not (other.clock.aligned and other.has("battery_current")):
            continue
        current = np.nan_to_num(other.values("battery_current"))
        if abs(level) <= _NOISE_A:
            current = np.maximum(current, 0.0)
        sums = np.concatenate(([0.0], np.cumsum(current)))
        edges = np.searchsorted(other.time, track.time[first + 1 : last])
        counts = np.diff(edges)
        means = np.diff(sums[edges])[counts > 0] / counts[counts > 0]
        if len(means) >= _FEWEST_POLLS:
            most = max(most, float(np.percentile(means, 90) - np.percentile(means, 10)))
    return most
