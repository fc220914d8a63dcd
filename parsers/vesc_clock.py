"""The clock of a VESC Tool log: milliseconds of a day whose date stands in the file name alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import DAY_S, Clock, ClockBasis, unwrap_midnight

#: The name is made when the log is opened, the first row comes with the first answer of the controller. More than this
#: between the two (after the zone is taken off) is no zone but another clock. Engineering judgement.
_OPENING_S = 150.0
#: A clock of this kind starts anew each day; loggers that count their uptime may run on. Engineering judgement.
_LONGEST_S = 10 * DAY_S
_JUMP_S = 60.0
_QUARTER_HOUR_S = 900.0
_HOUR_S = 3600.0
_NAME = re.compile(r"(\d{4})-(\d{2})-(\d{2})[ _T](\d{2})[-:_](\d{2})[-:_](\d{2})(?!\d)")


def stamp_of_name(name: str) -> datetime | None:
    """Local date and time in a file name such as `2025-09-28_13-59-59.csv`; UTC stands for "no zone"."""
    match = _NAME.search(name)
    if match is None:
        return None
    try:
        return datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc,arg-type]
    except ValueError:
        return None


def running_seconds(seconds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make a time of day run on past midnight; a stamp that cannot be is none.

    Args:
        seconds: Time of day in s, shape (n,), NaN where there is none.

    Returns:
        Stamps of the same shape. NaN where the stamp is below zero or beyond ten days, and where a single row jumps
        by more than a minute and the next one is back: a broken digit, which must not be taken for midnight.
    """
    result = np.where((seconds >= 0) & (seconds < _LONGEST_S), seconds, np.nan)
    known = np.flatnonzero(np.isfinite(result))
    steps = np.diff(result[known])
    there, back = steps[:-1], steps[1:]
    stray = (np.abs(there) > _JUMP_S) & (np.abs(back) > _JUMP_S) & (np.abs(there + back) < 0.1 * np.abs(there))
    result[known[1:-1][stray]] = np.nan
    known = np.flatnonzero(np.isfinite(result))
    result[known] = unwrap_midnight(result[known])
    return result


def utc_clock(name: str, first_s: float, zone: str, longitude: float | None) -> Clock:
    """Clock of a log whose stamps are milliseconds since midnight UTC.

    Args:
        name: File name, which holds the local time.
        first_s: First stamp, in s since midnight UTC.
        zone: Zone the user named, or "".
        longitude: Longitude of the ride in deg, None if not known; decides between zones a day apart.

    Returns:
        UTC with the zone as an offset, or the time of day when there is no date.
    """
    written = stamp_of_name(name)
    if written is None:
        reason = "Stamps are milliseconds since midnight UTC; the file name holds no date and time."
        return Clock(ClockBasis.TIME_OF_DAY, first_s, "UTC", reason=reason)
    local_s = written.timestamp() % DAY_S
    offset, rest = _offset(local_s - first_s, written, zone, longitude)
    if abs(rest) > _OPENING_S:
        reason = (
            f"Stamps are milliseconds of a day; the file name is {abs(rest):.0f} s off every time zone, so its date "
            "is not used."
        )
        return Clock(ClockBasis.TIME_OF_DAY, first_s, reason=reason)
    day = ((written.timestamp() - offset + DAY_S / 2 - first_s) // DAY_S) * DAY_S
    reason = f"Date from the file name; its local time against the first stamp (UTC) gives {_shown(offset)}."
    return Clock(ClockBasis.UTC, day + first_s, _shown(offset), reason=reason)


def local_clock(name: str, first_s: float, zone: str, why: str) -> Clock:
    """Clock of a log whose stamps are milliseconds since local midnight.

    Args:
        name: File name, which holds the local time.
        first_s: First stamp, in s since local midnight.
        zone: Zone the user named, or "".
        why: How it is known that the stamps are local, one sentence.
    """
    written = stamp_of_name(name)
    if written is None:
        return Clock(ClockBasis.TIME_OF_DAY, first_s, zone, reason=f"{why} The file name holds no date and time.")
    day = ((written.timestamp() + DAY_S / 2 - first_s) // DAY_S) * DAY_S
    if abs(day + first_s - written.timestamp()) > _OPENING_S:
        return Clock(ClockBasis.TIME_OF_DAY, first_s, zone, reason=f"{why} The time in the file name is another one.")
    return Clock(ClockBasis.LOCAL, day + first_s, zone, reason=f"{why} The date is that of the file name.")


def _offset(difference_s: float, written: datetime, zone: str, longitude: float | None) -> tuple[float, float]:
    """Offset of the zone from UTC in s, and what the difference is off it."""
    named = _zone_offset(written, zone)
    if named is not None:
        return named, (difference_s - named + DAY_S / 2) % DAY_S - DAY_S / 2
    offset = round(difference_s / _QUARTER_HOUR_S) * _QUARTER_HOUR_S
    rest = difference_s - offset
    offset = (offset + DAY_S / 2) % DAY_S - DAY_S / 2
    candidates = [offset, offset + DAY_S] if offset <= -10 * _HOUR_S else [offset]
    if longitude is not None:
        return min(candidates, key=lambda zone_s: abs(zone_s - longitude / 15 * _HOUR_S)), rest
    # West of -10:00 lives nearly nobody; +13:00 is New Zealand in summer.
    return (candidates[-1] if offset < -10 * _HOUR_S else offset), rest


def _zone_offset(written: datetime, zone: str) -> float | None:
    if not zone:
        return None
    try:
        offset = written.replace(tzinfo=ZoneInfo(zone)).utcoffset()
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None
    return None if offset is None else offset / timedelta(seconds=1)


def _shown(offset_s: float) -> str:
    minutes = round(abs(offset_s) / 60)
    return f"{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
