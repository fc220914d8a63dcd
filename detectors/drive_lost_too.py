"""Whether the battery was lost to the drive as well as to braking: charge FETs that are off only keep braking current out.

The pack feeds the bus through the body diodes of charge FETs that are off: the voltage never falls more than a diode's below
the pack, and the motor drives. Behind a contact that has parted nothing holds the bus.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import episodes
from ridelog.finding import Evidence

from .openings import openings_under_load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .excursions import Excursions

#: Without a pack a bus falls from the over-voltage through the pack's own within this time, s: the controller's own supply of
#: some watts empties a few millifarad by then (engineering judgement).
_FALLS_S: Final = 1.5
#: A current that the pack gives while the bus comes down, A: then it is there.
_GIVES_A: Final = 1.0
#: The under-voltage fault of VESC firmware, and the share of the ride's highest open-circuit voltage above which no sag makes
#: it: controllers are set to stop far below.
_UNDER_VOLTAGE: Final = 2
_CHARGED: Final = 0.9
#: A drive that works, A, and how far one that was lost at another moment of the ride tells of this one (engineering judgement).
_DRIVES_A: Final = 5.0
_ELSEWHERE: Final = 0.4


def drive_beside(
    case: Case, track: Track, outside: Excursions, openings: Sequence[tuple[int, int]]
) -> tuple[Evidence, Evidence]:
    """Evidence of the drive beside braking that met no pack: that it was normal, and that it was lost as well.

    Args:
        case: The ride.
        track: A controller log.
        outside: Its excursions.
        openings: First and last row of each time braking met no pack, at least one.
    """
    row = openings[0][0]
    at = track.onset(row)
    current = np.nan_to_num(track.values("battery_current"))
    drove = current[row:].max(initial=0.0) > _DRIVES_A and current[:row].max(initial=0.0) > _DRIVES_A
    through = _fell_through(track, outside, openings)
    lost = through or _lost_while_driving(case, track, outside)
    if not lost:
        normal = Evidence.observed(at=at) if drove else Evidence.not_observable("no drive after it")
        return normal, Evidence.not_observable("the bus did not fall below the pack")
    when = track.onset(lost[0])
    note = (
        "It fell through the pack's own voltage just after braking met no pack."
        if through
        else f"At {when.latest_s:.0f} s."
    )
    strength = 1.0 if through else _ELSEWHERE
    return Evidence.not_observable("the drive was lost too"), Evidence.observed(note, strength=strength, at=at)


def _fell_through(track: Track, outside: Excursions, openings: Sequence[tuple[int, int]]) -> list[int]:
    """Rows at which the bus fell through the pack's voltage just after braking met no pack, without a current."""
    low = outside.below > outside.low_margin
    current = np.nan_to_num(track.values("battery_current"))
    found = []
    for first, last in openings:
        until = int(np.searchsorted(track.time, track.time[last] + _FALLS_S, side="right"))
        fallen = np.flatnonzero(low[first:until]) + first
        # A load of the row that shows the fall may have been before it.
        if len(fallen) and float(current[first : fallen[0]].max(initial=0.0)) < _GIVES_A:
            found.append(int(fallen[0]))
    return found


def _lost_while_driving(case: Case, track: Track, outside: Excursions) -> list[int]:
    """Rows at which the battery was lost under load, or the controller stopped for a low voltage of a charged pack."""
    found = [first for first, _ in openings_under_load(case, track)]
    stops = episodes(track.values("fault_code") == _UNDER_VOLTAGE, track.time, 1.0)
    enough = _CHARGED * float(np.nanmax(outside.open_circuit))
    found += [first for first, _ in stops if float(outside.open_circuit[first]) > enough]
    return sorted(found)
