"""Braking into a pack that is full without the braking current, and what makes it doubtful."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from ridelog.episodes import episodes

from .excursions import Excursions

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: Braking current that counts, A.
_REGEN_A: Final = -1.0
#: A full cell without load, V, and what braking must not push the voltage at the controller above, V a cell: 4.25 V of
#: REG-04, what meters are wrong by, and what the leads in between add (0.03 V at 25 A through 25 mOhm and 20 cells).
FULL_OPEN_V, CELL_OVER_V = 4.14, 4.30
#: How sure the number of cells must be to say so: that of a configuration that fits the voltage.
_LIKELY_COUNT = 0.85
#: A cell above this while braking is being overcharged, V (REG-04); one without load at or above that is nearly full, V.
CELL_FULL_V, NEARLY_FULL_V = 4.25, 4.08
#: Rows this near belong to one braking, s; a moment is shorter than that, s.
JOIN_S, _HELD_S = 1.0, 0.5


def overcharged(case: Case, track: Track, outside: Excursions) -> list[tuple[int, int]]:
    """Braking into a pack that is full without the braking current, for half a second or more; the count must be likely.

    Braking hard into a pack that is not full reaches the same voltage for a moment and is ordinary.
    """
    series = case.pack.series
    if series.best is None or series.confidence < _LIKELY_COUNT or case.pack.chemistry.name == "lfp":
        return []
    cell = track.values("pack_voltage") / series.best
    full = outside.open_circuit / series.best >= FULL_OPEN_V
    high = (cell > CELL_OVER_V) & full & (track.values("battery_current") < _REGEN_A)
    return [item for item in episodes(high, track.time, JOIN_S) if track.time[item[1]] - track.time[item[0]] >= _HELD_S]


def doubt_of(case: Case, track: Track, outside: Excursions) -> str:
    """Why braking may have overcharged a pack that it was not seen to overcharge, "" when it surely did not."""
    series = case.pack.series
    if series.best is None or case.pack.chemistry.name == "lfp":
        return ""
    level = outside.open_circuit / series.best >= NEARLY_FULL_V
    lifted = level & (track.values("pack_voltage") / series.best > CELL_FULL_V)
    if not (lifted & (track.values("battery_current") < _REGEN_A)).any():
        return ""
    if series.source == "voltage":
        return (
            f"braking lifted a pack that is full if it has {series.best} cells in series, which only its voltage says"
        )
    return "braking lifted a nearly full pack by no more than meters and leads may be wrong by"
