"""Whether a BMS was polled while the controller had no battery: what was not polled was not seen to stay on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .excursions import excursions
from .log_ending import ends_under_load
from .openings import openings_under_load

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track


#: Rows of a high bus closer than this are one moment, s: in between the path may have been closed.
_ONE_MOMENT_S: Final = 0.3
#: A board answers with states that are so old, s (engineering judgement).
_OLD_S: Final = 0.2
#: Offsets of the clocks that are tried, in standard deviations; their uncertainty is given as 95 %.
_OFFSETS: Final = np.linspace(-2.0, 2.0, 41)


def missed_in_braking(case: Case, board: Track) -> float | None:
    """How likely no poll of a BMS lies in a moment in which braking met no pack, 0..1; None where no log shows one.

    The clocks of two logs are known to some tenths of a second: each offset within that is tried with its likelihood.
    """
    if not board.clock.aligned:
        return None
    for track in case.ride.riding:
        outside = excursions(case, track) if track.clock.aligned else None
        moments = outside.high(track, _ONE_MOMENT_S) if outside is not None else []
        if not moments:
            continue
        deviation = (track.clock.uncertainty_s + board.clock.uncertainty_s) / 2
        weight = np.exp(-0.5 * _OFFSETS**2)
        missed = [
            not any(
                bool(
                    (
                        (board.time + offset > track.time[first] + _OLD_S) & (board.time + offset < track.time[last])
                    ).any()
                )
                for first, last in moments
            )
            for offset in deviation * _OFFSETS
        ]
        return float(np.average(missed, weights=weight))
    return None


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
