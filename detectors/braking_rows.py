"""Rows in which a motor brakes, and rows in which it surely does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from ridelog.ride import Track

#: Braking current that counts, A; a moment belongs to braking when it is this near, s.
REGEN_A = -1.0
NEAR_S = 1.0
#: Rows this dense, s, show whether the motor drove at the moment of a fault: with this current, A, or share of the high one.
EVERY_S, _DRIVES_A, _DRIVES_SHARE = 0.25, 3.0, 0.05


def rows_beside(track: Track, first: int, last: int) -> slice:
    """Rows `first` to `last` and those that are near them in time, two before them at any rate."""
    start = int(np.searchsorted(track.time, track.time[first] - NEAR_S))
    end = int(np.searchsorted(track.time, track.time[last] + NEAR_S, side="right"))
    return slice(min(start, max(first - 2, 0)), end)


def braking(track: Track, first: int, last: int) -> bool:
    """Whether a battery or motor current brakes in these rows or near them."""
    window = rows_beside(track, first, last)
    current = np.nan_to_num(track.values("battery_current")[window])
    motor = np.nan_to_num(track.values("motor_current")[window])
    return bool(current.min(initial=0.0) < REGEN_A or motor.min(initial=0.0) < 3 * REGEN_A)


def without_braking(track: Track, first: int, last: int) -> bool:
    """Whether the motor drove in the very rows of a fault: what raised the voltage was no braking current.

    Into an open path no braking current flows at all, so that none being there says nothing.
    """
    motor = track.values("motor_current")
    if track.log.interval_s > EVERY_S or not np.isfinite(motor).any() or braking(track, first, last):
        return False
    beside = motor[max(first - 2, 0) : first + 1]
    drives = max(_DRIVES_A, _DRIVES_SHARE * float(np.nanpercentile(np.abs(motor), 98)))
    return len(beside) > 1 and bool((beside > drives).all())
