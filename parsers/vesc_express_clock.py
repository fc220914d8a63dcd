"""The clock of a header-encoded VESC log: uptime of the logger, or time of day where satellites or the name tell."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import DAY_S, Clock, ClockBasis

from .vesc_clock import stamp_of_name

_QUARTER_HOUR_S = 900.0
#: A satellite time may lag by this much and still be of the same clock. Engineering judgement.
_FIX_LAG_S = 15.0
#: A logger that has run longer than this is rarer than a live log of VESC Tool, which stamps with local time of day.
_LONG_UPTIME_S = 4 * 3600.0
#: `log_001_2025-04-07_17-37-00.csv`, with two or four digits of the year, and before `25-04-07 17-37-00.csv`
_EXPRESS_NAME = re.compile(
    r"(?:log_\d+_(?:20)?(\d{2})|(?<!\d)(\d{2}))-(\d{2})-(\d{2})[ _](\d{2})-(\d{2})-(\d{2})(?!\d)"
)


def express_clock(
    stamps: NDArray[np.float64], fix_s: NDArray[np.float64] | None, name: str, zone: str, *, saved: bool, step_s: float
) -> Clock:
    """Find out what `t_day` counts from.

    Args:
        stamps: `t_day` in s, shape (rows,), running on past midnight.
        fix_s: Satellite time of day in s (UTC), shape (rows,), NaN where there is none; None when it is not logged.
        name: Name of the file.
        zone: Zone the user named, or "".
        saved: Whether VESC Tool made the file out of a real-time log.
        step_s: Step of the stamps in s.

    Returns:
        The clock; its start is that of the first row.
    """
    first = float(stamps[0])
    express = _express_stamp(name)
    tool = None if express is not None else stamp_of_name(name)
    if fix_s is not None and (known := np.flatnonzero(np.isfinite(fix_s) & (fix_s > 0))).size:
        ahead = float(np.median((fix_s[known] - stamps[known] + DAY_S / 2) % DAY_S - DAY_S / 2))
        quarter = round(ahead / _QUARTER_HOUR_S) * _QUARTER_HOUR_S
        if saved and quarter and abs(ahead - quarter) < _FIX_LAG_S:
            reason = "t_day is a whole number of quarter hours off the satellite time: local time of day."
            return _dated(ClockBasis.LOCAL, first, tool, zone, step_s, reason)
        if abs(ahead) < _FIX_LAG_S:
            reason = "t_day runs with the satellite time: UTC."
            return _dated(ClockBasis.UTC, first, express, "UTC", step_s, reason)
        reason = f"t_day counts from the start of the logger; the satellite time is {ahead:.1f} s ahead."
        return _dated(ClockBasis.UTC, (first + ahead) % DAY_S, express, "UTC", step_s, reason)
    if express is not None:
        reason = "t_day counts from the start of the logger; date and time from satellites are in the file name."
        return Clock(ClockBasis.UTC, express.timestamp(), resolution_s=1.0, reason=reason)
    if saved:
        return Clock(ClockBasis.TIME_OF_DAY, first % DAY_S, zone, step_s, "VESC Tool saved a time of day.")
    if tool is not None and -60.0 <= (tool.timestamp() - first) % DAY_S <= stamps[-1] - first + 600.0:
        reason = "t_day agrees with the time in the file name: local time of day."
        return _dated(ClockBasis.LOCAL, first, tool, zone, step_s, reason)
    if first > _LONG_UPTIME_S:
        reason = "t_day starts hours after 0, as the live log of VESC Tool does with the local time of day."
        return Clock(ClockBasis.TIME_OF_DAY, first % DAY_S, zone, step_s, reason)
    return Clock(
        ClockBasis.BOOT, first, resolution_s=step_s, reason="t_day counts from the start of the logger (VESC Express)."
    )


def _dated(
    basis: ClockBasis, time_of_day_s: float, stamp: datetime | None, zone: str, step_s: float, reason: str
) -> Clock:
    """Add the date of a stamp near that time of day."""
    if stamp is None:
        shown = zone if basis is ClockBasis.LOCAL else "UTC"
        return Clock(ClockBasis.TIME_OF_DAY, time_of_day_s % DAY_S, shown, step_s, f"{reason} There is no date.")
    near = stamp.timestamp()
    day = ((near + DAY_S / 2 - time_of_day_s) // DAY_S) * DAY_S
    return Clock(basis, day + time_of_day_s, zone if basis is ClockBasis.LOCAL else "", step_s, reason)


def _express_stamp(name: str) -> datetime | None:
    """Date and time (UTC) an Express writes into the name of a log when it has a satellite receiver."""
    match = _EXPRESS_NAME.search(name)
    if match is None:
        return None
    year, old_year, *rest = match.groups()
    try:
        return datetime(2000 + int(year or old_year), *(int(part) for part in rest), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None
