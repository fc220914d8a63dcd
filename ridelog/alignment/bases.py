"""What the clocks themselves say: how far apart two logs begin by their own stamps, if those can be compared."""

from __future__ import annotations

from typing import Final

from ridelog.clock import DAY_S, Clock, ClockBasis

#: Zones differ by multiples of this, s.
QUARTER_HOUR_S: Final = 900.0
#: Zones reach from -12 h to +14 h: two stamps without a zone can be this far apart, s.
_MOST_ZONES_S: Final = 26 * 3600.0
_DATED: Final = (ClockBasis.UTC, ClockBasis.LOCAL)
_WALL: Final = (*_DATED, ClockBasis.TIME_OF_DAY)


def wall_clock_offset(reference: Clock, other: Clock) -> float | None:
    """What the clocks say must be added to a log's stamps to get the reference's, in s; None when they say nothing.

    Zones and missing dates are not resolved here: compare with `agrees`.
    """
    if reference.basis not in _WALL or other.basis not in _WALL or reference.start is None or other.start is None:
        return None
    difference = other.start - reference.start
    if ClockBasis.TIME_OF_DAY in (reference.basis, other.basis):
        # Without a date the day is the one that brings the two closest.
        difference = (difference + DAY_S / 2) % DAY_S - DAY_S / 2
    return difference


def zone_difference(offset_s: float, wall_s: float) -> tuple[float, float]:
    """Split what an offset differs from the clocks by into whole quarter hours and the rest, in s."""
    difference = offset_s - wall_s
    quarters = round(difference / QUARTER_HOUR_S) * QUARTER_HOUR_S
    return quarters, difference - quarters


def agrees(offset_s: float, wall_s: float | None, within_s: float) -> bool:
    """Tell whether an offset is what the clocks say, up to a time zone."""
    if wall_s is None:
        return False
    quarters, rest = zone_difference(offset_s, wall_s)
    return abs(rest) <= within_s and abs(quarters) <= _MOST_ZONES_S


def between_clocks(reference: Clock, other: Clock, offset_s: float) -> str:
    """Say in words how the clocks of two logs differ, " " first; "" when they cannot be compared."""
    wall_s = wall_clock_offset(reference, other)
    if wall_s is None:
        return ""
    quarters, rest = zone_difference(offset_s, wall_s)
    if quarters and abs(rest) < 300 and abs(quarters) <= _MOST_ZONES_S:
        return f" The clocks differ by a time zone of {quarters / 3600:+g} h and {abs(rest):.1f} s."
    difference = abs(offset_s - wall_s)
    if difference < 120:
        return f" By their own stamps the clocks differ by {difference:.1f} s."
    if difference < 2 * DAY_S:
        return f" By their own stamps the clocks differ by {difference / 60:.0f} minutes; the riding decides."
    return f" By their own stamps the clocks differ by {difference / DAY_S:.0f} days; the riding decides."
