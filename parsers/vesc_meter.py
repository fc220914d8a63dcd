"""The battery meter of VESC firmware, read backwards: which pack it was configured for.

The firmware computes the battery level from its slowly filtered input voltage and the configured battery type and
number of series cells, and the energy left as level times the configured energy. So energy / level is a constant of
the configuration, and level against voltage tells the type and the number of cells.

Source of the formulas: VESC firmware, `mc_interface_get_battery_level` (since firmware 3.48; the factor 0.85 on the
energy since 5.00.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Share of the nominal energy the firmware counts on, since firmware 5.00.4.
USABLE_SHARE = 0.85
MOST_SERIES_CELLS = 60
#: Step of the level in the log; the firmware cuts off the rest.
_LEVEL_STEP = 0.001
#: Range of levels from which on their slope tells the energy better than their ratio. Engineering judgement.
_SLOPE_RANGE = 0.1
#: Users enter capacities in steps of 0.1 Ah; a value this close to one is it. Engineering judgement.
_CAPACITY_TOLERANCE = 0.004
#: Rows of each of the ten stretches looked at, and most rows compared: the answer does not get better with more.
_STRETCH_ROWS = 2000
_MOST_ROWS = 500
#: A level this far above 1 needs no wrong setting: braking lifts the voltage of a full pack (1.03 is 4.4 V a cell).
LEVEL_WHILE_BRAKING = 1.03
#: The firmware filters the voltage over about 2.4 s (filter constant 45), so rows are taken where it has been calm.
_CALM_S = 5.0
_CALMEST_SHARE = 0.25
#: Largest median error of the level: an allowance for the filter plus 1.5 steps of 0.1 V shared by the cells, at about
#: one level a volt. Engineering judgement.
_ERROR_ALLOWANCE = 0.02
_ERROR_OF_STEP_V = 0.15
_POLYNOMIAL: Final[tuple[float, ...]] = (-2.979767, 5.487810, -3.501286, 1.675683, 0.317147, 0.0)


@dataclass(frozen=True, slots=True)
class ConfiguredPack:
    """The pack a VESC was configured for (not the one that is there).

    Attributes:
        series_cells: Cells in series.
        chemistry: nmc, lfp or lead-acid.
        capacity_ah: Capacity in Ah, nan when the energy is not in the log.
        energy_wh: Energy the meter shows at level 1, in Wh, nan when it is not in the log.
    """

    series_cells: int
    chemistry: str
    capacity_ah: float
    energy_wh: float


@dataclass(frozen=True, slots=True)
class _Battery:
    chemistry: str
    nominal_v: float


_BATTERIES: Final[tuple[_Battery, ...]] = (_Battery("nmc", 3.7), _Battery("lfp", 3.2), _Battery("lead-acid", 2.1))


def read_meter(
    frame: pl.DataFrame,
    seconds: NDArray[np.float64],
    lines: NDArray[np.int64],
    *,
    voltage: str,
    level: str,
    energy: str = "",
) -> tuple[dict[str, float | str | bool], pl.DataFrame, tuple[Damage, ...]]:
    """Find the configured pack, and disbelieve a level that is no fraction: the battery setting is then wrong.

    Args:
        frame: The columns of a log.
        seconds: Stamps in s, shape (rows,), never decreasing.
        lines: Line number of each row, shape (rows,).
        voltage: Name of the input voltage column, V.
        level: Name of the battery level column, 0..1.
        energy: Name of the column with the energy left, Wh, "" for none.

    Returns:
        Settings in canonical names, the frame with the level (and the energy) null where it means nothing, the damage.
    """
    import polars as pl

    if level not in frame.columns or voltage not in frame.columns:
        return {}, frame, ()
    levels = frame.get_column(level).to_numpy()
    meter = [name for name in (level, energy) if name in frame.columns]
    energies = frame.get_column(energy).to_numpy() if energy in meter else np.full(len(levels), np.nan)
    settings: dict[str, float | str | bool] = {}
    shown = "unknown cells"
    pack = configured_pack(seconds, frame.get_column(voltage).to_numpy(), levels, energies)
    if pack is not None:
        settings = {"series_cells": float(pack.series_cells), "chemistry": pack.chemistry}
        if np.isfinite(pack.energy_wh):
            settings |= {"nominal_capacity": pack.capacity_ah, "nominal_energy": round(pack.energy_wh, 1)}
        shown = f"{pack.series_cells} cells in series, {pack.chemistry}"
    wrong = np.flatnonzero((levels > LEVEL_WHILE_BRAKING) | (levels < 0))
    if not len(wrong):
        believed = frame.with_columns(pl.when(pl.col(level) <= 1.0).then(pl.col(level)).alias(level))
        return settings, believed, ()
    message = (
        f"The battery level reaches {levels[wrong][np.argmax(np.abs(levels[wrong]))]:.2f} where 0 to 1 is possible: "
        f"the controller is configured for another battery ({shown}); its state of charge is not used."
    )
    first = tuple(int(line) for line in lines[wrong[:20]])
    damage = Damage(DamageKind.WRONG_SETTING, Effect.NOTED, message, len(wrong), first, "soc")
    return settings, frame.with_columns(pl.lit(None, pl.Float64).alias(name) for name in meter), (damage,)


def battery_level(
    voltage: NDArray[np.float64], series_cells: int | NDArray[np.int64], chemistry: str
) -> NDArray[np.float64]:
    """Level the firmware shows.

    Args:
        voltage: Input voltage in V, any shape.
        series_cells: Configured cells in series; an array broadcasts.
        chemistry: Configured type: nmc, lfp or lead-acid.

    Returns:
        Fraction of a full pack, same shape; not limited to 0..1 for lfp and lead-acid, as in the firmware.
    """
    cell = voltage / series_cells
    if chemistry == "nmc":
        capacity = np.polyval(_POLYNOMIAL, np.clip(cell - 3.2, 0.0, 1.0))
        return capacity * ((3.2 + cell) / 2) / 3.7
    if chemistry == "lfp":
        return (cell - 2.6) / (3.6 - 2.6) * ((2.8 + cell) / 2) / 3.2
    return (cell - 2.1) / (2.36 - 2.1) * ((2.1 + cell) / 2) / 2.1


def configured_pack(
    time: NDArray[np.float64],
    voltage: NDArray[np.float64],
    level: NDArray[np.float64],
    energy_left: NDArray[np.float64],
) -> ConfiguredPack | None:
    """Find the configured pack.

    Args:
        time: Stamps in s, shape (n,), never decreasing.
        voltage: Input voltage in V, shape (n,), NaN where not known.
        level: Battery level as logged, shape (n,), NaN where not fresh.
        energy_left: Energy left in Wh, shape (n,), NaN where not fresh.

    Returns:
        The pack, or None when no battery type and cell count fits better than all others.
    """
    stretches = _stretches(len(time))
    time, voltage, level, energy_left = (values[stretches] for values in (time, voltage, level, energy_left))
    calm, steady = _calm_rows(time, voltage, level)
    usable = np.flatnonzero(np.isfinite(voltage) & np.isfinite(level) & (voltage > 5) & (np.abs(level) > 0.02))
    if len(calm) < 3:
        return None
    every = usable[:: max(1, len(usable) // _MOST_ROWS)]
    # Firmware before 5.03 does not filter: its level follows every sag, so each row is compared as it is as well.
    samples = ((steady, level[calm]), (voltage[every], level[every]))
    fits: list[tuple[float, int, _Battery]] = []
    for battery in _BATTERIES:
        errors = np.minimum(*(_errors(volts, levels, battery) for volts, levels in samples))
        fits += [(float(error), cells, battery) for cells, error in enumerate(errors, start=1)]
    fits.sort(key=lambda fit: fit[0])
    (best, cells, battery), (next_best, _, _) = fits[0], fits[1]
    if best > _ERROR_ALLOWANCE + _ERROR_OF_STEP_V / cells or next_best < 1.5 * best:
        return None
    energy = energy_at_full(level, energy_left)
    return ConfiguredPack(cells, battery.chemistry, _capacity(energy, battery.nominal_v * cells), energy)


def _stretches(rows: int) -> NDArray[np.int64] | slice:
    """Ten stretches spread over a long log; where two meet the voltage jumps, which is not calm."""
    if rows <= 10 * _STRETCH_ROWS:
        return slice(None)
    starts = np.linspace(0, rows - _STRETCH_ROWS, 10).astype(np.int64)
    return (starts[:, None] + np.arange(_STRETCH_ROWS)).ravel()


def _errors(volts: NDArray[np.float64], levels: NDArray[np.float64], battery: _Battery) -> NDArray[np.float64]:
    """Median error of the level for 1, 2, 3, ... cells in series."""
    cells = np.arange(1, MOST_SERIES_CELLS + 1)[:, None]
    error = np.abs(battery_level(volts, cells, battery.chemistry) - levels) / np.maximum(1.0, np.abs(levels))
    return np.asarray(np.median(error, axis=1))


def _calm_rows(
    time: NDArray[np.float64], voltage: NDArray[np.float64], level: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The rows with the calmest voltage over the last seconds, and its mean over that time."""
    known = np.isfinite(voltage) & (voltage > 5)
    steps = np.diff(time[: _MOST_ROWS + 1])
    steps = steps[steps > 0]
    if not known.any() or not len(steps):
        return np.empty(0, np.int64), np.empty(0)
    window = min(max(1, round(_CALM_S / float(np.median(steps)))), max(1, len(voltage) // 4))
    level_v = float(np.median(voltage[known][:: max(1, len(voltage) // _MOST_ROWS)]))
    centred = np.where(known, voltage, 0.0) - level_v
    mean = _running_mean(centred, window)
    variance = _running_mean(centred**2, window) - mean**2
    ends = np.arange(window - 1, len(voltage))
    usable = np.flatnonzero(np.isfinite(level[ends]) & (np.abs(level[ends]) > 0.02) & known[ends])
    if not len(usable):
        return np.empty(0, np.int64), np.empty(0)
    calm = usable[variance[usable] <= np.quantile(variance[usable], _CALMEST_SHARE)]
    calm = calm[:: max(1, len(calm) // _MOST_ROWS)]
    return ends[calm], mean[calm] + level_v


def _running_mean(values: NDArray[np.float64], window: int) -> NDArray[np.float64]:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return (sums[window:] - sums[:-window]) / window


def energy_at_full(level: NDArray[np.float64], energy_left: NDArray[np.float64]) -> float:
    """Energy in Wh the meter shows at level 1: the constant ratio of the two; nan when it is not constant.

    Args:
        level: Battery level, shape (n,), NaN where not fresh.
        energy_left: Energy left in Wh, shape (n,).
    """
    usable = np.isfinite(level) & np.isfinite(energy_left) & (np.abs(level) > 0.02)
    if not usable.any():
        return float("nan")
    ratio = energy_left[usable] / (level[usable] + np.sign(level[usable]) * _LEVEL_STEP / 2)
    middle = float(np.median(ratio))
    spread = float(np.median(np.abs(ratio - middle)))
    if middle <= 0 or spread > 0.02 * middle:
        return float("nan")
    centred = level[usable] - level[usable].mean()
    if float(np.ptp(level[usable])) < _SLOPE_RANGE:
        return middle
    # The slope does not care whether the last digit of the level was rounded or cut off.
    return float(np.sum(centred * energy_left[usable]) / np.sum(centred**2))


def _capacity(energy: float, nominal_v: float) -> float:
    """Configured Ah: users enter round numbers, which tells whether the firmware took 0.85 of it."""
    # Damaged counters: no pack holds less than a tenth of a watt-hour.
    if not 0.1 <= energy < float("inf"):
        return float("nan")
    now, before = energy / nominal_v / USABLE_SHARE, energy / nominal_v

    def off(capacity: float) -> float:
        return abs(capacity - round(capacity * 2) / 2) / capacity

    rounded = before if off(before) < 0.002 < off(now) else now
    tenths = round(rounded, 1)
    return tenths if abs(rounded - tenths) <= _CAPACITY_TOLERANCE * rounded else round(rounded, 2)
