"""A moment of the ride by the clock of its log, for a sentence that asks for another log of the same moment."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from ridelog.clock import DAY_S, ClockBasis
from ridelog.finding import Interval
from ridelog.ride import Ride

_DATED = (ClockBasis.UTC, ClockBasis.LOCAL)
#: Stamps beyond this (year 2096) are no dates.
_LAST_DATE_S = 4e9


def in_words(ride: Ride, moment: Interval) -> str:
    """Say when a moment of the ride was: by the clock on the wall where the log has one, else from its start."""
    clock = ride.tracks[ride.reference].log.clock
    if clock.start is not None and math.isfinite(clock.start):
        stamp = clock.start + moment.latest_s
        if clock.basis is ClockBasis.TIME_OF_DAY:
            return _of_day(stamp)
        if clock.basis in _DATED and 0 <= stamp < _LAST_DATE_S:
            zone = " UTC" if clock.basis is ClockBasis.UTC else ""
            return f"{_of_day(stamp)}{zone} on {datetime.fromtimestamp(stamp, UTC):%Y-%m-%d}"
    minutes, seconds = divmod(int(moment.latest_s), 60)
    return f"{minutes}:{seconds:02d} after the start of the log"


def _of_day(stamp: float) -> str:
    seconds = int(stamp % DAY_S)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
