"""A wheel that turns without anybody on it: lifted, carried, on a stand."""

from __future__ import annotations

import numpy as np

from ridelog.ride import Track

#: Slower than this a vehicle stands or is walked beside, m/s; engineering judgement.
MOVING_M_S = 2.5
#: Free spin: the wheel gains this much speed in 1.5 s, m/s; no rider accelerates so.
SPIN_M_S, SPIN_S = 6.0, 1.5
#: Headroom in use from which a wheel that spins up may have run out of it between two rows; engineering judgement.
_NEARLY_FULL = 0.7
#: A wheel that falls was ridden in this stretch before the headroom was gone, s; one that is lifted spins up from rest.
_RIDDEN_S = (5.0, 1.6)
#: A wheel that drew less than this part of what such a mass, kg, takes to reach its speed carried nobody: the lightest rider
#: with the lightest wheel, half of it left to a road downhill, which would have to fall by a tenth (engineering judgement).
_LIGHTEST_KG, _LEAST_DRAWN = 50.0, 0.5
#: How far back that is looked for, s; a fall itself spins the wheel, so the last moment before is left out, s.
_SPEEDS_UP_S, _LAST_MOMENT_S = 15.0, 0.5
#: Rows further apart than this miss too much of a current that changes, s; engineering judgement.
_CLOSE_ROWS_S = 0.6


def was_ridden(track: Track, speed: np.ndarray[tuple[int], np.dtype[np.float64]], first: int) -> bool:
    """Tell whether the vehicle rolled in the seconds before, and was not standing or carried."""
    begin, end = (int(np.searchsorted(track.time, track.time[first] - ago)) for ago in _RIDDEN_S)
    before, close = speed[begin : max(end, begin + 1)], speed[end:first]
    if len(close) and float(np.nanmin(close)) <= MOVING_M_S:
        # From walking pace nobody reaches the end of the headroom in so short a time: nothing loaded the wheel.
        return False
    # Where every row is faster, the middle one is.
    return end <= begin or float(before.min()) > MOVING_M_S or float(np.nanmedian(before)) > MOVING_M_S


def spun_up_before(
    track: Track,
    speed: np.ndarray[tuple[int], np.dtype[np.float64]],
    used: np.ndarray[tuple[int], np.dtype[np.float64]],
    first: int,
) -> bool:
    """Tell whether the wheel spun freely before its headroom was gone: it was off the ground, and that used the headroom up."""
    begin = int(np.searchsorted(track.time, track.time[first] - SPIN_S))
    before = speed[begin : first + 1]
    slowest = begin + int(np.argmin(before))
    gained = float(speed[first]) - float(speed[slowest])
    return gained > SPIN_M_S and float(np.nan_to_num(used[slowest])) < _NEARLY_FULL


def carried_nobody(track: Track, speed: np.ndarray[tuple[int], np.dtype[np.float64]], first: int) -> bool:
    """Tell whether the wheel came to its speed on less energy than the lightest rider takes: in the hand, or on a stand."""
    if not track.has("pack_voltage") or not track.has("battery_current") or track.log.interval_s > _CLOSE_ROWS_S:
        return False
    end = int(np.searchsorted(track.time, track.time[first] - _LAST_MOMENT_S))
    begin = int(np.searchsorted(track.time, track.time[first] - _SPEEDS_UP_S))
    if not float(speed[end] - speed[begin : end + 1].min()) > SPIN_M_S:
        return False
    steps = np.diff(track.time[begin : end + 1])
    pauses = np.flatnonzero(steps > max(1.0, 8 * track.log.interval_s))
    begin += int(pauses[-1]) + 1 if len(pauses) else 0
    steps = np.diff(track.time[begin : end + 1])
    fast = speed[begin : end + 1]
    if len(steps) < 2:
        return False
    slowest = int(np.argmin(fast))
    if not float(fast[-1] - fast[slowest]) > SPIN_M_S:
        return False
    # Loggers that have no sign of the current write braking as drawing: that is for the rider.
    volts, current = (track.values(name)[begin : end + 1] for name in ("pack_voltage", "battery_current"))
    power = np.abs(volts * current)
    if not np.isfinite(power).all() or float(np.mean(power > 0)) <= 0.5:
        return False
    drawn = float(np.sum((power[slowest + 1 :] + power[slowest:-1]) / 2 * steps[slowest:]))
    needed = _LIGHTEST_KG * float(fast[-1] ** 2 - fast[slowest] ** 2) / 2
    return drawn < _LEAST_DRAWN * needed
