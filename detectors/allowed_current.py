"""What the controller allows: the current it holds while the motor would take another, and whether that goes with the voltage.

A battery current that stands while the motor current falls (or the speed rises) is the work of a limiter, for no hand keeps a
product constant. A limit that is set stands still however far the pack is down. A low-voltage cutoff allows
I = k (V - V_end) (VESC firmware, `mc_interface_update_limits`; makers without a published rule reduce alike), and the pack gives
V = E - R I, so what is allowed goes with the source's voltage E: I = k (E - V_end) / (1 + k R), and d ln I / d ln E is
E / (E - V_end), six and more for a cutoff that takes the current away over 0.2 to 0.6 V a cell. A limit of the power goes
against the voltage, by -1, and drag at full duty with its square.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.battery.quantiles import median, quantiles

from .pack_current import pack_current
from .time_bins import bin_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

    Values = NDArray[np.float64]

#: Rows are averaged over this time, s, or one row of a slower log; so many averages are looked at together.
_BIN_S, _WINDOW = 0.25, 6
#: As load counts what has this share of the highest current, away from full duty and heat.
_LOAD_SHARE, _FULL_DUTY, _HOT_DEGC = 0.5, 0.93, 78.0
#: The motor current changes by this share over the window, and the battery current by at most this part of it.
_MOTOR_CHANGES, _BATTERY_STANDS = 0.06, 0.25
#: Loads are told apart by a pause of this length, s; so many of them, with so many averages in all and each.
_APART_S, _LOADS, _AVERAGES, _A_LOAD = 3.0, 3, 12, 2
#: A current that moves with the voltage: d ln I / d ln E, with any load left out, and what it is in multiples of its standard
#: error (a thousand loads under a limit that stands stayed below five and a half).
_STEEPEST, _STEEP, _STEEP_WITHOUT, _SURE = 80.0, 6.0, 4.0, 6.0
#: Correlation, and the part of the current that the voltage explains along the line (5th to 95th percentile).
_TOGETHER, _EXPLAINED = 0.6, 0.05
#: What a cutoff allows is a bound: nearly no average under load lies this far above it (readings, the filter of the
#: controller and the fit allow for the rest; engineering judgement).
_BEYOND, _BEYOND_SHARE = 1.25, 0.03
#: A current that does not: at this many standard errors above the estimate still flatter than any cutoff.
_FLAT, _SURE_FLAT = 4.0, 3.0
#: Averages further off the line than this, in standard deviations by the median, are edges of loads; passes of leaving them out.
_OFF, _PASSES = 2.5, 8
#: The most averages that are fitted, and the most parts that are left out in turn.
_MOST, _PARTS = 1500, 12


@dataclass(frozen=True, slots=True)
class AllowedCurrent:
    """The current a controller held.

    Attributes:
        loads: First and last row of every load in which it held the current.
        middle_a: Mean of the current held, A.
        highest_a: Highest of it, A (a twentieth was higher).
        lowest_a: Lowest of it, A (a twentieth was lower).
        end_v: Voltage at which the line reaches no current, V; NaN where the current does not move with the voltage.
        moves: It moves with the voltage, as under a low-voltage cutoff.
        stands: It stands still while the voltage moves, as a limit does that is set.
    """

    loads: tuple[tuple[int, int], ...]
    middle_a: float
    highest_a: float
    lowest_a: float
    end_v: float
    moves: bool
    stands: bool


@dataclass(frozen=True, slots=True)
class _Averages:
    """Averages over short times under load: source's voltage in V, currents in A, start in s, first and last row.

    Those whose places follow one another do so in time, but for a pause.
    """

    source: Values
    amps: Values
    motor: Values
    time: Values
    first: NDArray[np.intp]
    last: NDArray[np.intp]
    place: NDArray[np.intp]
    bin_s: float


def allowed_current(track: Track, ohm: float) -> AllowedCurrent | None:
    """Find the loads in which the controller held the current.

    Args:
        track: A controller or wheel log with pack voltage, battery current, and motor current or speed.
        ohm: Resistance of the pack and its leads, ohm.

    Returns:
        What it held, None when it did not hold the current in three loads.
    """
    if not np.isfinite(ohm):
        return None
    averages = _averages(track, ohm)
    if averages is None:
        return None
    held = np.flatnonzero(_held(averages))
    held = held[:: max(1, len(held) // _MOST)]
    loads = np.split(held, np.flatnonzero(np.diff(averages.time[held]) > _APART_S) + 1)
    loads = [load for load in loads if len(load) >= _A_LOAD]
    if len(loads) < _LOADS or sum(len(load) for load in loads) < _AVERAGES:
        return None
    held = np.concatenate(loads)
    source, amps = averages.source[held], averages.amps[held]
    middle, scale = float(np.mean(amps)), float(np.mean(source)) / float(np.mean(amps))
    motor = np.log(averages.motor[held])
    columns = np.c_[np.ones(len(held)), source - np.mean(source), motor - np.mean(motor)]
    slope, error, kept = _fit(columns, amps)
    line = abs(slope) * float(np.ptp(np.percentile(source[kept], (5, 95)))) / middle
    low, high = np.percentile(amps, (5, 95))
    moves = (
        _STEEP <= slope * scale <= _STEEPEST
        and slope >= _SURE * error
        and line >= _EXPLAINED
        and float(np.corrcoef(source[kept], amps[kept])[0, 1]) >= _TOGETHER
        and _bounds(averages, middle + slope * (averages.source - np.mean(source)))
        and _without_any(columns, amps, [len(load) for load in loads]) * scale >= _STEEP_WITHOUT
    )
    return AllowedCurrent(
        tuple((int(averages.first[load[0]]), int(averages.last[load[-1]])) for load in loads),
        middle,
        float(high),
        float(low),
        float(np.mean(source)) - middle / slope if moves else float("nan"),
        moves,
        (slope + _SURE_FLAT * error) * scale < _FLAT,
    )


def _bounds(averages: _Averages, allowed: Values) -> bool:
    """Whether what is allowed, A, bounds every load and not only those in which the current seemed to be held."""
    return float(np.mean(averages.amps > _BEYOND * allowed)) <= _BEYOND_SHARE


def _averages(track: Track, ohm: float) -> _Averages | None:
    """Averages of the rows, None when there are none or a column is missing."""
    volts, amps = track.values("pack_voltage"), pack_current(track)
    motor = np.abs(track.values("motor_current"))
    if not np.isfinite(motor).any():
        # At a constant power the motor's current goes against its speed.
        speed = np.abs(track.values("speed"))
        motor = 1.0 / np.where(speed > 0, speed, np.nan)
    rows = np.flatnonzero(np.isfinite(volts) & np.isfinite(amps) & (motor > 0) & (motor < np.inf))
    if len(rows) < _AVERAGES * _WINDOW // 2:
        return None
    time = track.time[rows]
    steps = np.diff(time)
    close = np.count_nonzero(steps <= _BIN_S) > len(steps) // 2
    bin_s = _BIN_S if close else max(_BIN_S, median(steps))
    start = bin_starts(time, bin_s)
    count = np.diff(np.r_[start, len(rows)])
    current = np.add.reduceat(amps[rows], start) / count
    drawn = current[current > 0.5]
    if len(drawn) < _AVERAGES:
        return None
    # Of what is not under load nothing else is asked.
    loaded = current > _LOAD_SHARE * float(quantiles(drawn, (0.99,))[0])
    within, place, each = rows[np.repeat(loaded, count)], np.flatnonzero(loaded), count[loaded]
    begin = np.cumsum(each) - each
    voltage, taken = (np.add.reduceat(values[within], begin) / each for values in (volts, motor))
    duty = np.maximum.reduceat(np.nan_to_num(np.abs(track.values("duty")[within])), begin)
    heat = np.fmax(track.values("fet_temperature")[within], track.values("motor_temperature")[within])
    hot = np.maximum.reduceat(np.nan_to_num(heat), begin)
    free = np.flatnonzero((duty < _FULL_DUTY) & (hot < _HOT_DEGC))
    place, begin, last = place[free], within[begin[free]], within[(begin + each - 1)[free]]
    current = current[place]
    return _Averages(voltage[free] + ohm * current, current, taken[free], track.time[begin], begin, last, place, bin_s)


def _held(averages: _Averages) -> NDArray[np.bool_]:
    """Which averages lie inside windows over which the motor current moves and the battery current stands."""
    result = np.zeros(len(averages.time), dtype=bool)
    # Windows of averages that follow one another without a pause.
    place, time = averages.place, averages.time
    if len(result) < _WINDOW:
        return result
    within = place[_WINDOW - 1 :] - place[: 1 - _WINDOW] == _WINDOW - 1
    within &= time[_WINDOW - 1 :] - time[: 1 - _WINDOW] <= 1.3 * _WINDOW * averages.bin_s
    if not within.any():
        return result
    spread = np.arange(_WINDOW) - (_WINDOW - 1) / 2
    weights = spread[::-1] * _WINDOW / float(np.sum(spread**2))
    battery, motor = (
        np.abs(np.convolve(np.log(np.maximum(values, 1e-6)), weights, "valid"))
        for values in (averages.amps, averages.motor)
    )
    starts = np.flatnonzero(within & (motor >= _MOTOR_CHANGES) & (battery <= _BATTERY_STANDS * motor))
    # The first and the last of a window may hold the beginning or the end of the load.
    for inner in range(1, _WINDOW - 1):
        result[starts + inner] = True
    return result


def _fit(columns: Values, amps: Values) -> tuple[float, float, NDArray[np.bool_]]:
    """Slope of the current over the source's voltage in A/V, its standard error, and the averages that were kept.

    The error takes into account that neighbours in time are off the line alike.
    """
    kept = np.ones(len(amps), dtype=bool)
    values: Values = np.zeros(columns.shape[1])
    for _ in range(_PASSES):
        weighted = columns * kept[:, None]
        values = np.asarray(np.linalg.pinv(weighted.T @ columns) @ (weighted.T @ amps), dtype=np.float64)
        off = np.abs(amps - columns @ values)
        now = off <= _OFF * 1.4826 * max(float(np.median(off)), 1e-9)
        if np.array_equal(now, kept) or np.count_nonzero(now) <= columns.shape[1]:
            break
        kept = now
    rest = np.where(kept, amps - columns @ values, 0.0)
    squared = max(float(np.sum(rest**2)), 1e-12)
    alike = float(np.clip(np.sum(rest[1:] * rest[:-1]) / squared, 0.0, 0.9))
    variance = squared / max(np.count_nonzero(kept) - columns.shape[1], 1) * (1 + alike) / (1 - alike)
    inverse = np.linalg.pinv((columns * kept[:, None]).T @ columns)
    return float(values[1]), float(np.sqrt(variance * inverse[1, 1])), kept


def _without_any(columns: Values, amps: Values, sizes: list[int]) -> float:
    """Least slope that is left when any load, or any of some parts of many loads, is left out, A/V."""
    ends = np.cumsum(sizes)
    if len(ends) > _PARTS:
        ends = ends[np.linspace(0, len(ends) - 1, _PARTS + 1).astype(int)[1:]]
    begins = np.r_[0, ends[:-1]]
    slopes = []
    for begin, end in zip(begins, ends, strict=True):
        rest = np.r_[0:begin, end : len(amps)]
        slopes.append(_fit(columns[rest], amps[rest])[0])
    return min(slopes)
