"""What shows that a self-balancing vehicle went down."""

from __future__ import annotations

import numpy as np

from ridelog.episodes import episodes
from ridelog.log import Role
from ridelog.ride import Track

from .lifted_wheel import MOVING_M_S, SPIN_M_S, SPIN_S, was_ridden

#: Rows that are this close belong to one moment, s; engineering judgement.
JOIN_S = 1.0
#: A fall shows within this time after the headroom was gone, s.
_AFTER_S = 4.0
#: Tilt of a vehicle that lies on the ground, deg, and what it moves by in a fall.
LYING_DEG, _FALL_DEG = 40.0, 18.0


def lies_down(track: Track, speed: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[int, int, int, float] | None:
    """Where a wheel goes from upright and in motion to the ground without a pause of the log.

    Returns:
        First and last row on the ground, the last row before in which it was upright, and how far the pitch moved, deg.
    """
    tilt = track.values("pitch")
    # A log that runs on for long after a fall lies down in most of its rows: upright is how it moves.
    ridden = tilt[(speed > MOVING_M_S) & np.isfinite(tilt)]
    if not len(ridden):
        return None
    lying = np.abs(tilt - float(np.median(ridden))) > LYING_DEG
    for first, last in episodes(lying, track.time, JOIN_S):
        begin = int(np.searchsorted(track.time, track.time[first] - _AFTER_S))
        steps = np.diff(track.time[begin : first + 1])
        if not len(steps) or float(steps.max()) > max(1.0, 8 * track.log.interval_s):
            continue
        rows = begin + np.flatnonzero(np.abs(tilt[begin : first + 1] - tilt[begin]) < _FALL_DEG)
        upright = int(rows[-1]) if len(rows) else begin
        if float(speed[upright]) > MOVING_M_S and was_ridden(track, speed, upright):
            return first, last, upright, float(np.nanmax(np.abs(tilt[first : last + 1] - tilt[upright])))
    return None


def fall_after(track: Track, speed: np.ndarray[tuple[int], np.dtype[np.float64]], first: int, last: int) -> str:
    """What shows that the vehicle fell, "" when nothing does."""
    end = int(np.searchsorted(track.time, track.time[last] + _AFTER_S, side="right"))
    before = max(first - 5, 0)
    steps = np.diff(track.time[before:end])
    pauses = np.flatnonzero(steps > max(1.0, 8 * track.log.interval_s))
    if len(pauses):
        # What happened in a pause is not known: only what follows without one shows a fall.
        end = before + int(pauses[0]) + 1
        if end <= first + 1:
            return ""
    for channel in ("pitch", "roll"):
        angle = track.values(channel)
        if np.ptp(angle[before:end]) <= _FALL_DEG:
            # No two rows are so far apart.
            continue
        usual = (
            float(np.nanmedian(angle[before : first + 1])) if np.isfinite(angle[before : first + 1]).any() else np.nan
        )
        after = angle[first:end]
        if np.isfinite(usual) and np.isfinite(after).any():
            moved = float(np.nanmax(np.abs(after - usual)))
            if moved > LYING_DEG or (moved > _FALL_DEG and _stops(speed, first, end)):
                return f"the {channel} moved by {moved:.0f} degrees"
    reach = int(np.searchsorted(track.time, track.time[first] + SPIN_S, side="right"))
    if track.log.role is not Role.WHEEL or reach - first < 2:
        # Only a wheel tells free spin from a vehicle that speeds up while the link pauses.
        return ""
    gained = float(np.nanmax(speed[first:reach], initial=0.0)) - float(speed[max(first - 2, 0)])
    if gained > SPIN_M_S:
        return f"the wheel spun up by {3.6 * gained:.0f} km/h within {SPIN_S:.1f} s"
    return ""


def _stops(speed: np.ndarray[tuple[int], np.dtype[np.float64]], first: int, end: int) -> bool:
    return bool(float(np.nanmin(speed[first:end], initial=np.inf)) < 0.3 * float(speed[first]))
