"""Where the battery was gone from a controller: voltages too low for any load, for the cells, and for a bus that swings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ridelog.episodes import runs

from .drained_cells import cells_as_low
from .excursions import Excursions, excursions
from .load_stop import load_stops
from .log_ending import began, driven, moving
from .standing_current import standing_rows
from .unheld_bus import swings_to_both_sides

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Interruptions this short belong to one opening, s.
_JOIN_S = 1.0
#: A current counts as load from here, A, or from this share of the ride's high current.
LOAD_A = 5.0
_LOAD_SHARE = 0.10
#: Looking back for the load and the charge before an opening, s.
_BEFORE_S = 3.0
#: A bus without a pack falls below the loaded voltage by more than this share of it: more than a digit of VESC Tool.
_FURTHER = 0.005
#: A current has not changed in a row when it is this share of the lower one beside it (engineering judgement).
_UNCHANGED = 0.8
#: The load that a fault ends is in the voltage of fewer rows than this, one behind another.
_ONE_MOMENT_ROWS = 3
#: The under-voltage fault of VESC firmware.
_UNDER_VOLTAGE = 2


def openings_under_load(case: Case, track: Track) -> list[tuple[int, int]]:
    """First and last row of every stretch in which the battery was gone while riding; none without a pack estimate."""
    outside = excursions(case, track)
    if outside is None:
        return []
    current = np.abs(track.values("battery_current"))
    scale = float(np.nanpercentile(current, 99)) if np.isfinite(current).any() else 0.0
    found = low_stretches(case, track, outside, scale)
    return [(first, last) for first, last in found if kind_of(track, first, last, scale) == "opening"]


def low_stretches(case: Case, track: Track, outside: Excursions, scale: float) -> list[tuple[int, int]]:
    """First and last row of every stretch whose low voltage neither a load, the cells nor a bus that swings explains."""
    found = []
    unknown = standing_rows(track)
    for low, last in outside.low(track, _JOIN_S):
        no_path = bool(unknown[low : last + 1].any()) or swings_to_both_sides(outside, track, low, last)
        begin = None if no_path else load_stops(track, low, last)
        if (
            begin is not None
            and _falls(track, outside, begin, last)
            and not _let_go_by_a_fault(track, outside, begin, last)
            and not cells_as_low(case, track, outside, begin, last)
        ):
            found.append((began(case, track, begin, scale), last))
    return found


def _falls(track: Track, outside: Excursions, first: int, last: int) -> bool:
    """Tell whether the voltage falls below what the pack had under its last load.

    The motor's own voltage is below that of the pack that drives it, so a bus without a pack falls further. What only stays
    at the loaded level while the current already ends is a voltage that lags behind its current.
    """
    volts = track.values("pack_voltage")
    before = _window(track, first, _BEFORE_S)
    with_pack = volts[before][outside.below[before] <= outside.low_margin[before]]
    if not np.isfinite(with_pack).any():
        return True
    return float(np.nanmin(volts[first : last + 1])) < (1 - _FURTHER) * float(np.nanmin(with_pack))


def _let_go_by_a_fault(track: Track, outside: Excursions, first: int, last: int) -> bool:
    """Tell whether a fault took the current out of rows whose voltage is one that the pack has under the loads of this ride.

    The stop of a motor for a fault of its own ends the current between two rows: the voltage of such a row may still be that
    of the load. A bus without a pack comes to the level of the motor, and to an under-voltage fault.
    """
    stops = track.values("fault_code")[first : last + 1]
    if not (stops > 0).any() or ((stops == _UNDER_VOLTAGE) & (stops > 0)).any():
        return False
    low = outside.below[first : last + 1] > outside.low_margin[first : last + 1]
    if any(end - begin >= _ONE_MOMENT_ROWS for begin, end in runs(low)):
        return False
    volts, current = track.values("pack_voltage"), track.values("battery_current")
    loaded = (current >= LOAD_A) & (outside.below <= outside.low_margin)
    return bool(loaded.any()) and float(np.nanmin(volts[first : last + 1])) >= float(
        np.nanquantile(volts[loaded], 0.01)
    )


def kind_of(track: Track, first: int, last: int, scale: float) -> str:
    """Tell an opening from switching at standstill and from a single odd voltage sample ("" for neither)."""
    current = track.values("battery_current")
    inside = np.abs(current[first : last + 1])
    during = float(np.nanmedian(inside)) if np.isfinite(inside).any() else 0.0
    before = load_before(track, first)
    load = max(LOAD_A, _LOAD_SHARE * scale)
    single = first == last < track.log.rows - 1 and not _confirmed(track, last)
    if single and during > 2.0 and (during > 0.5 * before or during >= _UNCHANGED * _least_beside(current, first)):
        return ""
    if single and before < load and during < load:
        # Back in the next row, and neither load nor step of the current: one odd value, or nothing anyone felt.
        return ""
    ridden = moving(track, first) or driven(track, first) or _comes_with_a_fault(track, first)
    if before < load and not ridden:
        return "switched off"
    if during > max(load, 0.5 * before) and last - first < 2:
        return ""
    return "opening"


def _comes_with_a_fault(track: Track, first: int) -> bool:
    """Whether a fault begins with the fall, other than that of the low voltage: switching off raises none."""
    codes = np.nan_to_num(track.values("fault_code")[max(first - 2, 0) : first + 1])
    return bool(codes[-1] > 0 and codes[-1] != _UNDER_VOLTAGE and codes[0] == 0)


def _least_beside(current: NDArray[np.float64], row: int) -> float:
    """The lower current of the rows before and after one, A; infinite where they differ in direction."""
    before, after = (float(current[place]) for place in (max(row - 1, 0), row + 1))
    return min(abs(before), abs(after)) if before * after > 0 else float("inf")


def _confirmed(track: Track, row: int) -> bool:
    """Whether a single low row is more than an odd value: the controller saw it too, or the next row comes much later."""
    faults = track.values("fault_code")[row : row + 2]
    return bool((faults == _UNDER_VOLTAGE).any()) or float(track.time[row + 1] - track.time[row]) > _JOIN_S


def _window(track: Track, row: int, before_s: float) -> slice:
    start = int(np.searchsorted(track.time, track.time[row] - before_s))
    return slice(min(start, max(row - 2, 0)), max(row, 1))


def load_before(track: Track, row: int) -> float:
    """The highest battery current of the seconds before a row, A."""
    values = track.values("battery_current")[_window(track, row, _BEFORE_S)]
    return float(np.nanmax(np.abs(values))) if np.isfinite(values).any() else 0.0
