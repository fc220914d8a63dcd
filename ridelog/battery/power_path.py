"""Voltage and current of one track, made fit for estimation: one current for the pack, and which rows can be used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.log import Role
from ridelog.ride import Ride, Track

from .charge import charge_taken
from .quantiles import quantile, size_quantile, some_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows this close to a fault or to a switching FET are no ordinary riding (engineering judgement).
_EVENT_MARGIN_S = 0.5
#: A pack under load stays above this share of the voltage it shows most of the time; below it the bus is dead.
_LOWEST_SHARE, _HIGHEST_SHARE = 0.6, 1.4
_FEWEST_ROWS = 5
#: A current above this share of the largest is work.
_WORKING_SHARE = 0.1
#: A BMS that sees so many times the current of a controller, while it pulls more than this share of its most, over so many
#: rows, sees another one as well (two equal ones make two; means and delays make some ten per cent).
_SHARED_TIMES = 1.5
_PULLING_SHARE = 0.2
_FEWEST_COMPARED = 50
#: Rows the resolution of the voltage is read off.
_RESOLUTION_ROWS = 10_000


@dataclass(frozen=True, slots=True, eq=False)
class PowerPath:
    """Voltage and current of one track.

    Attributes:
        track: Index of the track.
        time: Stamps on the ride's clock in s, shape (rows,); rows of one stamp spread over the time to the next.
        volts: Pack voltage in V, shape (rows,), NaN where missing.
        amps: Current of the pack in A, positive when discharging, shape (rows,), NaN where missing.
        known: Both are there, shape (rows,).
        usable: Both are there, plausible, and nothing is switching or faulting, shape (rows,).
        steps: Time from each row to the next in s, shape (rows - 1,).
        interval_s: Usual time between rows in s.
        gap_s: A longer step is a gap in the recording, in s.
        charge_ah: Charge taken out since the first row in Ah, shape (rows,).
        blind_s: Time since the first row for which charge was not counted, in s, shape (rows,).
        level_v: Voltage of the pack in ordinary use in V (median of the usable rows).
        resolution_v: Step in which the voltage is written, in V.
        trust: 0..1, how far the current is that of the pack and measured.
        cautions: What speaks against the current, in words.
    """

    track: int
    time: NDArray[np.float64]
    volts: NDArray[np.float64]
    amps: NDArray[np.float64]
    known: NDArray[np.bool_]
    usable: NDArray[np.bool_]
    steps: NDArray[np.float64]
    interval_s: float
    gap_s: float
    charge_ah: NDArray[np.float64]
    blind_s: NDArray[np.float64]
    level_v: float
    resolution_v: float
    trust: float
    cautions: tuple[str, ...]

    @property
    def gap_after(self) -> NDArray[np.bool_]:
        """Whether a gap follows each row but the last, shape (rows - 1,)."""
        return np.asarray(self.steps > self.gap_s)

    @property
    def filled_volts(self) -> NDArray[np.float64]:
        """Voltage in V, 0 where voltage or current is missing, shape (rows,)."""
        return self.volts if self.known.all() else np.where(self.known, self.volts, 0.0)


def power_path(ride: Ride, track: Track) -> PowerPath | str:
    """Collect voltage and current of a track.

    Returns:
        The power path, or in words why there is none.
    """
    log = track.log
    if log.role not in (Role.CONTROLLER, Role.WHEEL, Role.BMS):
        return f"a log of role {log.role} holds no voltage and current of the pack"
    volts = _pack_volts(track)
    if not np.isfinite(volts).any():
        return "no pack voltage in this log"
    amps, trust, cautions = _pack_amps(ride, track)
    shared = any("controllers" in caution for caution in cautions)
    known = np.isfinite(volts) & np.isfinite(amps)
    if not known.any():
        return "no battery current in this log" if not np.isfinite(amps).any() else "voltage and current never together"
    time = _apart(track.time, log.interval_s)
    steps = np.diff(time)
    interval = _interval(steps)
    if known.sum() < _FEWEST_ROWS or not np.isfinite(interval):
        return f"only {int(known.sum())} rows with voltage and current"
    usual = _usual_volts(*((volts, amps) if known.all() else (volts[known], amps[known])))
    usable = known & (volts > _LOWEST_SHARE * usual) & (volts < _HIGHEST_SHARE * usual)
    usable &= ~_switching(track)
    if usable.sum() < _FEWEST_ROWS:
        return "voltage and current are hardly ever there without a fault"
    filled = fill_forward(amps)
    charge_ah, blind_s = charge_taken(track, steps, filled, log.role is not Role.CONTROLLER or not shared)
    return PowerPath(
        track.index,
        time,
        volts,
        amps,
        known,
        usable,
        steps,
        interval,
        max(5.0 * interval, 1.0),
        charge_ah,
        blind_s,
        quantile(volts[some_rows(usable)], 0.5),
        _resolution(volts[np.flatnonzero(known)[:_RESOLUTION_ROWS]]),
        trust,
        cautions,
    )


def _apart(time: NDArray[np.float64], interval_s: float) -> NDArray[np.float64]:
    """Spread rows that share a stamp evenly over the time to the next one (logs with stamps in whole seconds)."""
    steps = np.diff(time)
    if not np.isfinite(interval_s) or not (steps <= 0).any():
        return time
    starts = np.concatenate(([0], np.flatnonzero(steps > 0) + 1))
    counts = np.diff(starts, append=len(time))
    room = np.minimum(np.diff(time[starts], append=time[-1] + interval_s), interval_s)
    place = np.arange(len(time)) - np.repeat(starts, counts)
    return np.asarray(time + place * np.repeat(room / counts, counts))


def _interval(steps: NDArray[np.float64]) -> float:
    forward = some_rows(steps > 0)
    return quantile(steps[forward], 0.5) if len(forward) else float("inf")


def _usual_volts(volts: NDArray[np.float64], amps: NDArray[np.float64]) -> float:
    """Upper end of what the pack shows while current flows in V: a dead bus carries none, however long it is logged."""
    # The largest few are among those above what one row in five hundred is.
    large = _beyond(amps, size_quantile(amps, 0.998) if len(amps) > _RESOLUTION_ROWS else 0.0)
    size = np.abs(amps[large] if np.count_nonzero(large) >= _FEWEST_ROWS else amps)
    working = some_rows(_beyond(amps, _WORKING_SHARE * float(np.partition(size, -_FEWEST_ROWS)[-_FEWEST_ROWS])))
    return quantile(volts[working] if len(working) >= _FEWEST_ROWS else volts, 0.9)


def _beyond(amps: NDArray[np.float64], size_a: float) -> NDArray[np.bool_]:
    """Rows with a current of more than a size in either direction, shape (rows,)."""
    large = amps > size_a
    large |= amps < -size_a
    return large


def fill_forward(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Replace NaN by the last value before it, or by the first value at the start; all NaN becomes 0."""
    missing = np.isnan(values)
    if not missing.any():
        return values
    if missing.all():
        return np.zeros(len(values))
    rows = np.where(missing, -1, np.arange(len(values)))
    rows = np.maximum.accumulate(rows)
    return np.asarray(values[np.where(rows < 0, int(np.argmin(missing)), rows)])


def _pack_volts(track: Track) -> NDArray[np.float64]:
    volts = track.values("pack_voltage")
    if track.log.role is Role.BMS and not np.isfinite(volts).any():
        cells = track.log.matrix("cell_voltages")
        if cells.shape[1]:
            fitted = np.isfinite(cells).any(axis=0)
            return np.asarray(cells[:, fitted].sum(axis=1)) if fitted.any() else volts
    return volts


def _pack_amps(ride: Ride, track: Track) -> tuple[NDArray[np.float64], float, tuple[str, ...]]:
    """Current of the whole pack as this track can know it, how far to trust it, and why not fully."""
    log = track.log
    amps = track.values("battery_current")
    cautions = []
    trust = 1.0
    computed = log.derived("battery_current") if log.has("battery_current") else ""
    if computed and log.role is Role.WHEEL:
        trust = 0.6
        cautions.append(f"the battery current is computed ({computed}), not measured")
    if log.role is not Role.CONTROLLER:
        return amps, trust, tuple(cautions)
    others = [other for other in ride.of_role(Role.CONTROLLER) if other is not track and _is_partner(track, other)]
    total = track.values("total_battery_current")
    count = float(np.nanmax(track.values("controller_count"))) if log.has("controller_count") else 1.0
    if others and track.clock.aligned and all(other.clock.aligned for other in others):
        for other in others:
            amps = amps + _carried(other, track.time)
        missing = np.isnan(amps)
        if missing.all():
            amps = track.values("battery_current")
            trust, note = 0.5 * trust, "the other controller's log does not overlap: its current is missing"
            cautions.append(note)
        else:
            cautions.append(f"currents of {len(others) + 1} controllers are added")
    elif count > 1 or (not log.has("battery_current") and log.has("total_battery_current")):
        if log.has("total_battery_current") and np.nanmax(np.abs(total)) > 0:
            amps = total
            cautions.append("the summed current of all controllers is used")
        elif count > 1:
            trust *= 0.5
            cautions.append(f"{count:.0f} controllers share the pack and the current of only one is known")
    elif (times := _times_of_board(ride, track, amps)) is not None and times > _SHARED_TIMES:
        trust *= 0.5
        cautions.append(
            f"the BMS sees {times:.1f} times this current: a second controller on the pack, or a wrong shunt"
        )
    return amps, trust, tuple(cautions)


def _times_of_board(ride: Ride, track: Track, amps: NDArray[np.float64]) -> float | None:
    """Current of a BMS on the same clock over the current of a controller, while it pulls; None when it cannot be told."""
    if not track.clock.aligned:
        return None
    for board in ride.bms:
        if not board.clock.aligned or not np.isfinite(board.values("battery_current")).any():
            continue
        whole = _carried(board, track.time)
        both = np.isfinite(whole) & np.isfinite(amps)
        if both.sum() < _FEWEST_COMPARED:
            continue
        ours, theirs = amps[both], whole[both]
        pulling = ours > _PULLING_SHARE * quantile(ours, 0.98)
        # Sums, because one of the two is a mean over up to a second and comes late.
        if pulling.sum() >= _FEWEST_COMPARED and (total := float(ours[pulling].sum())) > 0:
            return float(theirs[pulling].sum()) / total
    return None


def _is_partner(track: Track, other: Track) -> bool:
    """Tell whether another controller log is of a second controller, not of the same one again."""
    if not other.has("battery_current"):
        return False
    ours, theirs = track.log.identity.serial, other.log.identity.serial
    if ours and theirs:
        return ours != theirs
    if track.has("controller_id") and other.has("controller_id"):
        return float(np.nanmedian(track.values("controller_id"))) != float(np.nanmedian(other.values("controller_id")))
    if not (track.clock.aligned and other.clock.aligned):
        return True
    carried, amps = _carried(other, track.time), track.values("battery_current")
    both = np.isfinite(carried) & np.isfinite(amps)
    # Two motors share a demand but are never equal to the last digit; the same log given twice is.
    return bool(both.any()) and float(np.median(np.abs(carried[both] - amps[both]))) > 1e-6


def _carried(other: Track, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """Current of another track at these moments, NaN outside of it and inside its gaps."""
    amps = other.values("battery_current")
    good = np.isfinite(amps)
    if good.sum() < 2:
        return np.full(len(time), np.nan)
    stamps, amps = other.time[good], amps[good]
    carried = np.interp(time, stamps, amps, left=np.nan, right=np.nan)
    after = np.clip(np.searchsorted(stamps, time), 1, len(stamps) - 1)
    carried[stamps[after] - stamps[after - 1] > max(5.0 * other.log.interval_s, 1.0)] = np.nan
    return carried


def _switching(track: Track) -> NDArray[np.bool_]:
    """Rows with a fault or within half a second of a fault's edge or of a FET's."""
    time = track.time
    faulted = np.zeros(track.log.rows, dtype=np.bool_)
    if track.has("fault_code"):
        codes = track.values("fault_code")
        faulted = np.isfinite(codes) & (codes != 0)
    starts = np.zeros(track.log.rows + 1, dtype=np.int64)
    states = [fill_forward(track.values(name)) > 0.5 for name in ("discharge_fet", "charge_fet") if track.has(name)]
    for state in (faulted, *states):
        rows = np.flatnonzero(state[1:] != state[:-1])
        if len(rows):
            np.add.at(starts, np.searchsorted(time, time[rows] - _EVENT_MARGIN_S), 1)
            np.add.at(starts, np.searchsorted(time, time[rows + 1] + _EVENT_MARGIN_S, side="right"), -1)
    near = np.cumsum(starts)[:-1] > 0 if starts.any() else np.zeros(len(faulted), dtype=np.bool_)
    # A code that stands for most of the log is no event: only its edges are.
    return near | faulted if faulted.mean() < 0.5 else near


def _resolution(volts: NDArray[np.float64]) -> float:
    """Step in which a voltage is written: the smallest difference that is common, 0 when it is finer than 1 mV."""
    steps = np.abs(np.diff(volts))
    steps = steps[steps > 5e-4]
    if len(steps) < 10:
        return 0.0
    smallest = quantile(steps, 0.05)
    whole = steps / smallest
    return smallest if quantile(np.abs(whole - np.round(whole)), 0.5) < 0.02 else 0.0
