"""Series count when nobody says: from cells, from the configuration, from voltages; always a distribution."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.ride import Ride
from ridelog.settings import number

from .counted_cells import CountedCells
from .ocv import table_for_chemistry
from .pack import SeriesEstimate
from .series_evidence import PackVoltages, configured_meter_count

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Counts considered, and how common they are in e-scooters, boards and wheels (engineering judgement).
COUNTS: Final = np.arange(6, 41)
_COMMON: Final[Mapping[int, float]] = {
    10: 1.0, 12: 0.8, 13: 1.0, 14: 0.8, 15: 0.3, 16: 1.0, 17: 0.3, 18: 0.4, 20: 1.2, 21: 0.15, 22: 0.3, 24: 0.6,
    28: 0.2, 30: 0.4, 32: 0.3,
}  # fmt: skip
_RARE: Final = 0.04
#: Full cell, with the error of a meter's gain (1 %), and the emptiest a ride shows at rest, in V.
_FULL_V: Final = {"nmc": 4.20, "lfp": 3.60}
_EMPTY_V: Final = {"nmc": 2.90, "lfp": 2.60}
_GAIN_ERROR: Final = 0.01
_CHEMISTRY_PRIOR: Final = {"nmc": 0.92, "lfp": 0.08}
#: How often a setting is right, given that the voltages allow it (engineering judgement; a count left from another
#: pack, or a lead-acid setting, is seen in the wild).
_SETTING_RIGHT: Final = 0.93
_METER_RIGHT: Final = 0.90
#: Confidence is held below this, whatever the numbers say.
_MOST_SURE: Final = {"cells": 0.99, "configuration": 0.95, "voltage": 0.85}
#: Usual limits for a cell in V: (centre, width, share) of what is found there; the rest can be anything
#: (engineering judgement along the defaults of configuration wizards).
_USUAL_LIMITS: Final[Mapping[str, Mapping[str, tuple[tuple[float, float, float], ...]]]] = {
    "nmc": {
        "battery_cut_start": ((3.4, 0.04, 0.45), (3.2, 0.12, 0.3)),
        "battery_cut_end": ((3.1, 0.04, 0.4), (2.9, 0.15, 0.35)),
        "pack_overvoltage_limit": ((4.2, 0.05, 0.8),),
        "pack_undervoltage_limit": ((2.9, 0.2, 0.7),),
    },
    "lfp": {
        "battery_cut_start": ((2.9, 0.15, 0.6),),
        "battery_cut_end": ((2.6, 0.2, 0.6),),
        "pack_overvoltage_limit": ((3.63, 0.06, 0.8),),
        "pack_undervoltage_limit": ((2.5, 0.25, 0.7),),
    },
}


def estimate_series(
    ride: Ride,
    counted: Sequence[CountedCells],
    voltages: PackVoltages | None,
    given: int | None,
    chemistry: str,
) -> SeriesEstimate:
    """Estimate how many cell groups are in series.

    Args:
        ride: The ride, for its settings.
        counted: Cells of the tracks that read them.
        voltages: What the voltages of the pack did over the ride, None without any.
        given: What the user said.
        chemistry: What is known of the chemistry, "" for nothing.

    Returns:
        A distribution; empty when there is neither a cell nor a voltage.
    """
    if given is not None:
        return SeriesEstimate({given: 1.0}, "given", f"{given} in series was given.")
    if counted:
        return _from_cells(counted, voltages)
    if voltages is None:
        return SeriesEstimate(reason="There is no pack voltage and there are no cells.")
    return _from_voltages(ride, voltages, chemistry)


def _from_cells(counted: Sequence[CountedCells], voltages: PackVoltages | None) -> SeriesEstimate:
    # The pack that reads most cells; a second BMS is a pack beside it or in series with it.
    main = max(counted, key=lambda item: item.counted)
    count, by_voltage = main.counted, main.by_voltage
    if not main.agrees and by_voltage is not None:
        other = max(1, round(by_voltage))
        return SeriesEstimate(
            {count: 0.5, other: 0.5} if other != count else {count: 0.8, count + 1: 0.1, count - 1: 0.1},
            "cells",
            f"{count} cells are read, but the pack voltage is that of {by_voltage:.1f} of them.",
        )
    sure, reason = _MOST_SURE["cells"], f"{count} cells are read"
    if by_voltage is not None:
        reason += " and the pack voltage is their sum"
    if voltages is not None and voltages.riding_v is not None:
        ratio = voltages.riding_v / main.pack_v
        times = round(ratio)
        if times >= 2 and abs(ratio - times) < 0.06 * times:
            count, sure = count * times, 0.8
            reason += f"; the controller sees {times} times that voltage: packs in series"
        elif abs(ratio - 1) > 0.15:
            sure = 0.7
            reason += f"; the controller sees {ratio:.2f} times that voltage, which does not fit"
    return SeriesEstimate({count: sure, **_beside(count, 1 - sure)}, "cells", reason + ".")


def _beside(count: int, share: float) -> dict[int, float]:
    return {count + 1: share / 2, count - 1: share / 2} if count > 1 else {count + 1: share}


def _from_voltages(ride: Ride, voltages: PackVoltages, chemistry: str) -> SeriesEstimate:
    settings = ride.settings
    families = [chemistry] if chemistry in _FULL_V else list(_FULL_V)
    prior = np.array([_COMMON.get(int(count), _RARE) for count in COUNTS])
    weight = np.zeros(len(COUNTS))
    for family in families:
        share = 1.0 if len(families) == 1 else _CHEMISTRY_PRIOR[family]
        weight += share * prior * _voltage_likelihood(voltages, family) * _limits_likelihood(settings, family)
    if not weight.any():
        return SeriesEstimate(reason=f"No usual pack has {voltages.high_v:.1f} V at rest.")
    source, reason = "voltage", f"{voltages.low_v:.1f} to {voltages.high_v:.1f} V without load"
    possible = weight > 1e-3 * weight.max()
    configured = number(settings, "series_cells")
    if configured is not None:
        spot = np.flatnonzero(np.equal(COUNTS, round(configured)))
        if len(spot) and possible[spot[0]]:
            weight = _says(weight, int(spot[0]), _SETTING_RIGHT)
            source, reason = "configuration", f"the configuration says {configured:.0f} and {reason} fits"
        else:
            reason += f"; the configuration says {configured:.0f}, which does not fit"
    meter = configured_meter_count(ride)
    if meter is not None:
        spot = np.flatnonzero(np.equal(COUNTS, meter))
        if len(spot) and possible[spot[0]]:
            weight = _says(weight, int(spot[0]), _METER_RIGHT)
            if source == "voltage":
                source, reason = "configuration", f"the charge shown is that of {meter} cells and {reason} fits"
    if source == "voltage" and any(name in settings for name in ("battery_cut_start", "battery_cut_end")):
        reason += ", and where the controller folds back"
    return SeriesEstimate(_held(weight, _MOST_SURE[source]), source, reason[0].upper() + reason[1:] + ".")


def _says(weight: NDArray[np.float64], spot: int, right: float) -> NDArray[np.float64]:
    """Weigh in a statement that is right with this probability and says nothing otherwise."""
    told = (1 - right) * weight / weight.sum()
    told[spot] += right
    return np.asarray(told)


def _held(weight: NDArray[np.float64], most: float) -> dict[int, float]:
    """Normalise, hold the best below `most`, and drop what is below one in a thousand."""
    share = weight / weight.sum()
    best = int(np.argmax(share))
    if share[best] > most:
        others = np.arange(len(share)) != best
        # What is taken from the best goes to its neighbours: a count is missed by one more often than by five.
        near = np.exp(-np.abs(COUNTS - COUNTS[best]) / 1.0) * others
        spread = share * others + 1e-6 * near
        share = np.where(others, (1 - most) * spread / spread.sum(), most)
    kept = share >= 1e-3
    share = share / share[kept].sum()
    return {int(count): float(value) for count, value, keep in zip(COUNTS, share, kept, strict=True) if keep}


def _voltage_likelihood(voltages: PackVoltages, family: str) -> NDArray[np.float64]:
    """How well open-circuit voltages fit each count: full and empty bound them, and charge says where between."""
    table = table_for_chemistry(family)
    assert table is not None
    high, low = voltages.high_v / COUNTS, voltages.low_v / COUNTS
    error = np.hypot(_GAIN_ERROR * high, voltages.error_v / COUNTS)
    fits = _below(high - _FULL_V[family], error) * _below(_EMPTY_V[family] - low, 2 * error + 0.05)
    fits *= _below(2.0 - voltages.loaded_low_v / COUNTS, np.full(len(COUNTS), 0.2))
    fits *= _below(voltages.peak_v / COUNTS - (_FULL_V[family] + 0.25), np.full(len(COUNTS), 0.05))
    # Rides begin full more often than not; otherwise anywhere.
    start = table.soc(high).soc
    fits *= 0.35 * np.exp(-0.5 * ((1.0 - start) / 0.08) ** 2) / 0.1 + 0.65 * np.where(start > 0.12, 1.0, 0.15)
    for shown, volts in voltages.meter:
        reading = table.soc(volts / COUNTS)
        spread = np.hypot(0.08, reading.error)
        match = np.exp(-0.5 * ((shown - reading.soc) / spread) ** 2) / spread
        fits *= (0.25 + 0.75 * 0.4 * match) ** (1.0 / len(voltages.meter))
    return np.asarray(fits)


def _limits_likelihood(settings: Mapping[str, float | str | bool], family: str) -> NDArray[np.float64]:
    """How well limits in the configuration fit each count (usual values per cell; engineering judgement)."""
    fits = np.ones(len(COUNTS))
    for name, parts in _USUAL_LIMITS[family].items():
        value = number(settings, name)
        if value is None or value <= 0:
            continue
        a_cell = value / COUNTS
        # A limit can be anything: the rest of the weight is spread evenly over 2 V.
        match = np.full(len(COUNTS), (1 - sum(share for *_, share in parts)) / 2.0)
        for centre, width, share in parts:
            match += share * np.exp(-0.5 * ((a_cell - centre) / width) ** 2) / (2.5066 * width)
        fits *= match
    ceiling = number(settings, "controller_voltage_max")
    if ceiling is not None and ceiling > 0:
        fits *= np.where(_FULL_V[family] * COUNTS > 1.01 * ceiling, 0.05, 1.0)
    cell, pack = number(settings, "cell_overvoltage_limit"), number(settings, "pack_overvoltage_limit")
    if cell and pack:
        fits *= 0.1 + np.exp(-0.5 * ((pack / cell - COUNTS) / 0.4) ** 2)
    return fits


def _below(excess: NDArray[np.float64], error: NDArray[np.float64]) -> NDArray[np.float64]:
    """Probability-like: 1 well below zero, falling off as a normal tail above."""
    return np.asarray(np.exp(-0.5 * (np.maximum(excess, 0.0) / error) ** 2))
