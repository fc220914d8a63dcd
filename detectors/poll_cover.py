"""Whether a BMS was polled while the controller had no battery: what was not polled was not seen to stay on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .log_ending import ends_under_load
from .openings import openings_under_load

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track


def unpolled(case: Case, board: Track) -> str:
    """Say why a log of a BMS cannot show what it did when the controller lost the battery; "" when it can, or none was lost.

    Only polls that surely lie inside a loss count: by more than the clocks are uncertain.
    """
    if not board.clock.aligned:
        return ""
    lost = False
    for track in case.ride.riding:
        if not track.clock.aligned:
            continue
        apart = track.clock.uncertainty_s + board.clock.uncertainty_s
        moments = [
            (track.onset(first).latest_s, float(track.time[last + 1]) if last + 1 < track.log.rows else np.inf)
            for first, last in openings_under_load(case, track)
        ]
        current = track.values("battery_current")
        high = float(np.nanpercentile(np.abs(current), 99)) if np.isfinite(current).any() else 0.0
        if not moments and ends_under_load(track, high) is not None:
            moments = [(float(track.time[-1]), np.inf)]
        for start, end in moments:
            lost = True
            if ((board.time > start + apart) & (board.time < end - apart)).any():
                return ""
    if not lost:
        return ""
    return "no poll of the BMS lies in the moment in which the controller had no battery"
