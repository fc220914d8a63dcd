"""How a controller log ends: at rest, under load, or in the first moment of a lost battery."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ridelog.log import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.battery.pack import Residual
    from ridelog.detection import Case
    from ridelog.ride import Track

    from .excursions import Excursions

#: A log that ends at this share of the ride's highest current, and at this current, A, ended when the pack was most
#: likely to be cut; when such currents are rarer than this share of the rows, a log that is merely stopped hardly ever
#: ends so. Engineering judgement.
_ENDS_SHARE, _ENDS_A, _RARE = 0.85, 6.0, 0.04
#: What is lower than every voltage of this time before, s, by this share of the open-circuit voltage although the load
#: is gone is no sag: a voltage that lags behind its current reaches the loaded level at the lowest.
_LEVEL_S, _LOWER_SHARE = 20.0, 0.008
#: Programs that write on the vehicle itself, supplied by its battery. LogUI ends its log below 18 V, and a card loses up to 2 s
#: of rows when its supply goes. Nobody closes an app there.
_ON_BOARD = frozenset({"VESC Express or LogUI"})
#: Without a load the voltage falls over so many rows, by this share of the open-circuit voltage from each to the next, to this
#: share below what the unloaded pack has: no pack does, as it recovers.
_FALLING_ROWS, _STEP_SHARE, _FALLEN_SHARE, _WAS_THERE = 2, 0.004, 0.015, 0.01
_STILL_A, _STILL_SHARE = 0.2, 0.02
#: A load that is let go falls to this share.
_LET_GO_SHARE = 0.2
#: A current is gone below this, A, or below this share of the ride's high current; a motor holds its bus up so long, s.
_QUIET_A, _QUIET_SHARE, _LONGEST_TAIL_S = 1.0, 0.05, 60.0
#: The voltage is below that of the unloaded pack by so many standard deviations and by this share of it.
_SURE, _BELOW_SHARE = 3.0, 0.006


#: A vehicle that moved so long before, s, has not come to rest: at an easy walk it stops within that time at the soonest
#: (engineering judgement). A controller that has lost its supply may show no speed in the row itself.
_MOVED_S = 0.5
#: A motor is driven from this current, A, and this share of the ride's high one (engineering judgement).
_DRIVEN_A, _DRIVEN_SHARE = 5.0, 0.1


def moving(track: Track, row: int) -> bool:
    """Tell whether the vehicle moves at a row, by its speed or its motor; True when the log does not say.

    The rows of the half second before and after count, the one just before at any rate.
    """
    time = track.time
    start = min(int(np.searchsorted(time, time[row] - _MOVED_S)), row - 1)
    window = slice(max(start, 0), int(np.searchsorted(time, time[row] + _MOVED_S, side="right")))
    for channel, still in (("speed", 0.7), ("erpm", 400.0), ("motor_rpm", 30.0)):
        values: NDArray[np.float64] = np.abs(track.values(channel)[window])
        if np.isfinite(values).any():
            return float(np.nanmax(values)) > still
    return True


def driven(track: Track, row: int) -> bool:
    """Tell whether the motor was given current in the row before one: whoever pulls away has not switched off."""
    motor = np.abs(track.values("motor_current"))
    if not np.isfinite(motor).any():
        return False
    bound = max(_DRIVEN_A, _DRIVEN_SHARE * float(np.nanpercentile(motor, 99)))
    return bool(motor[max(row - 1, 0)] >= bound)


def ends_under_load(track: Track, scale: float) -> float | None:
    """Battery current of the last row, A, when the log ends in motion and under load; None when it does not."""
    if track.log.role is not Role.CONTROLLER and track.log.role is not Role.WHEEL:
        return None
    last = float(np.nan_to_num(track.values("battery_current")[-1]))
    row = track.log.rows - 1
    return last if last > max(10.0, 0.4 * scale) and moving(track, row) else None


def own_logger_ended(case: Case, track: Track) -> float | None:
    """Battery current of the last row, A, when a logger on the vehicle falls silent in motion at the ride's high load.

    Such a logger lives on the battery of the vehicle: where the supply is cut, its log just ends, or lacks the last seconds. A
    log that is stopped, cut to size or begun anew while riding along ends in motion as well, so an easy load tells nothing, and
    a high one that was let go of before was no cut.
    """
    if track.log.identity.software not in _ON_BOARD or not moving(track, track.log.rows - 1):
        return None
    current = np.nan_to_num(track.values("battery_current"))
    row = _last_before_the_fall(track, case.pack.residual[track.index], current)
    return float(current[row]) if at_its_highest(track, float(current[row]), row) else None


def _last_before_the_fall(track: Track, residual: Residual, current: NDArray[np.float64]) -> int:
    """The last row with its full load, where in the very last rows the load fell and the voltage did not rise as it does.

    A pack that is let go recovers at once by what its resistance takes.
    """
    last = track.log.rows - 1
    for row in range(max(last - _FALLING_ROWS, 1), last):
        fallen = current[last] <= _LET_GO_SHARE * current[row] and bool((np.diff(current[row:]) < 0).all())
        if fallen and -float(residual.volts[last]) > _FALLEN_SHARE * float(residual.open_circuit[last]):
            return row
    return last


def cut_at_the_end(track: Track, outside: Excursions, scale: float) -> tuple[int, int] | None:
    """First and last row of an opening of which only the first moment is in the log: it ends within it.

    The current is gone and the voltage, instead of rising by what the pack no longer sags, is lower than under load.

    Args:
        track: A controller or wheel log.
        outside: Its excursions.
        scale: The high current of the ride, A.
    """
    current = np.nan_to_num(track.values("battery_current"))
    volts = track.values("pack_voltage")
    last = track.log.rows - 1
    still = np.flatnonzero(np.abs(current) > max(_STILL_A, _STILL_SHARE * scale))
    if len(still) and _falls_without_load(track, outside, int(still[-1]) + 1):
        return int(still[-1]) + 1, last
    # The mean current of the row in which the path opens is that of its first part.
    falls = len(still) > 1 and int(still[-1]) == last - 1 and 0 < current[last - 1] < current[last - 2]
    if falls and _falls_without_load(track, outside, last - 1):
        return last - 1, last
    loaded = np.flatnonzero(np.abs(current) > max(_QUIET_A, _QUIET_SHARE * scale))
    first = int(loaded[-1]) + 1 if len(loaded) else 0
    if not 5 < first <= last or track.time[last] - track.time[first] > _LONGEST_TAIL_S:
        return None
    load = float(current[max(first - 2, 0) : first].max(initial=0.0))
    start = min(int(np.searchsorted(track.time, track.time[first] - _LEVEL_S)), first - 5)
    before, after = volts[max(start, 0) : first], volts[first : last + 1]
    known = np.isfinite(before).any() and np.isfinite(after).all()
    if load < max(10.0, 0.3 * scale) or not known or not moving(track, first):
        return None
    lower = float(np.nanmin(before)) - float(after.max())
    if lower > _LOWER_SHARE * float(outside.open_circuit[first]) and float(outside.below[first]) > 0:
        return first, last
    return None


def _falls_without_load(track: Track, outside: Excursions, first: int) -> bool:
    """Whether the voltage falls from row to row, below what an unloaded pack has, after the current has ended in motion.

    A pack that is let go rises. What falls so is the bus without one: its capacitors, then the motor that runs down.
    """
    after = track.values("pack_voltage")[first:]
    if first < 1 or len(after) < _FALLING_ROWS or not np.isfinite(after).all() or not moving(track, first):
        return False
    open_v = float(outside.open_circuit[first])
    started = float(outside.below[first - 1]) <= _WAS_THERE * open_v
    steps = -np.diff(after)
    # A logger on the vehicle that ends in this moment needs no second sign.
    margin = 0.0 if track.log.identity.software in _ON_BOARD else 0.5 * float(outside.low_margin[-1])
    low = float(outside.below[-1]) > max(_FALLEN_SHARE * open_v, margin)
    return started and low and bool((steps > _STEP_SHARE * open_v).all())


def began(case: Case, track: Track, first: int, scale: float) -> int:
    """Row in which the battery was lost, when a fast motor then held the bus up for a while before row `first`.

    From the row in which the current ends the voltage is below that of the unloaded pack, little at first.
    """
    if not moving(track, first):
        return first
    residual = case.pack.residual[track.index]
    current = np.abs(np.nan_to_num(track.values("battery_current")))
    sigma = residual.sigma if len(residual.sigma) else np.full(track.log.rows, residual.noise)
    below = -np.nan_to_num(residual.volts) > np.maximum(_SURE * sigma, _BELOW_SHARE * residual.open_circuit)
    quiet = current <= max(_QUIET_A, _QUIET_SHARE * scale)
    earliest = int(np.searchsorted(track.time, track.time[first] - _LONGEST_TAIL_S))
    odd = np.flatnonzero(~(below & quiet)[earliest:first])
    row = earliest + int(odd[-1]) + 1 if len(odd) else earliest
    loaded = float(current[max(row - 2, 0) : row].max(initial=0.0)) >= max(5.0, 0.1 * scale)
    return row if loaded else first


def at_its_highest(track: Track, ampere: float, row: int | None = None) -> bool:
    """Tell whether a controller log ends, in a row, at the highest load of its ride, held for more than that row."""
    current = np.nan_to_num(track.values("battery_current"))
    bound = max(_ENDS_A, _ENDS_SHARE * float(np.percentile(current, 99.5)))
    end = track.log.rows if row is None else row + 1
    held = current[max(end - 3, 0) : end].min() >= 0.7 * bound
    rare = float((current >= bound).mean()) <= _RARE
    return track.log.role is Role.CONTROLLER and ampere >= bound and bool(held) and rare
