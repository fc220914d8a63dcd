"""How well the voltages and limits of a ride fit every series count, for each chemistry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.settings import number

from .ocv import OpenCircuitTable, table_for_chemistry
from .series_evidence import PackVoltages

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
_EMPTY_V: Final = {"nmc": 2.90, "lfp": 2.95}
_GAIN_ERROR: Final = 0.01
#: The curve of a cell at rest lies this much apart after charging and discharging, V: LFP is known for it (10 to 20 mV, and as
#: much again until it has settled), and its plateau falls by no more over most of its charge.
_HYSTERESIS_V: Final = {"nmc": 0.0, "lfp": 0.02}
#: An LFP cell that has given charge stands below this without load, in V: its curve ends at 3.35 V, and what a charge leaves
#: above that is gone with the first per cent.
_LFP_GIVES_V: Final = 3.39
_CHEMISTRY_PRIOR: Final = {"nmc": 0.92, "lfp": 0.08}
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
#: A cutoff that begins above a full cell holds the power back in a full pack already, which its rider does not ride with: it
#: weighs so much of one that can be anything (engineering judgement).
_ABOVE_FULL: Final = 0.1
#: Counts of packs of iron phosphate, for systems of 24 to 72 V and twice that; others are made of it seldom: their nominal
#: voltages are those of 3.6 V cells (10s 36 V, 13s 48 V; engineering judgement).
_LFP_COUNTS: Final = (8, 12, 15, 16, 20, 24, 30, 32, 40)
_LFP_SELDOM: Final = 0.3
#: Counts that fit the voltages worse than this are no pack at all: a bench supply, a dead bus.
_LEAST_FIT: Final = 1e-4
#: A ride that never shows more than this charge is seldom.
_EMPTY_SOC: Final = 0.15
_SELDOM: Final = 0.08
#: A change of the charge shown from which on it is compared with that of the voltage; its error (a capacity that is set wrong
#: scales it); one meter in ten jumps or is set back on the way (engineering judgement).
_LEAST_COUNTED, _COUNTED_ERROR, _MISCOUNTS = 0.15, 0.25, 0.1
#: A count whose cells would be so unlikely is not believed, whoever states it.
_BELIEVED: Final = 0.03
#: Capacities of packs in Ah, and the middle and width of how common they are (engineering judgement).
_CAPACITIES_AH: Final = np.geomspace(3.0, 120.0, 28)
_USUAL_AH: Final = 20.0
_CAPACITY_WIDTH: Final = 0.9
#: What a board states is right in so many packs, within this width (a worn pack holds less than it is set to).
_STATED_RIGHT, _STATED_WIDTH = 0.75, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class CountFits:
    """How well every count fits, by chemistry.

    Attributes:
        fits: Chemistry to likelihood, shape (counts,) as `COUNTS`, without what is usual.
        bounds: Chemistry to how well the voltages keep within what cells do, 0..1, shape (counts,).
        shapes: Chemistry to the likelihood without how usual the charge is, but for a ride that is nearly empty
            throughout; shape (counts,).
    """

    fits: dict[str, NDArray[np.float64]]
    bounds: dict[str, NDArray[np.float64]]
    shapes: dict[str, NDArray[np.float64]]

    def share_of_lfp(self, counts: NDArray[np.float64]) -> float:
        """Probability of LFP against NMC for such probabilities of the counts, shape (counts,).

        Of how usual a charge is only that hardly any ride stays nearly empty counts: a full LFP cell and a nearly
        empty NMC cell stand at the same voltage.
        """
        usual = {"lfp": np.where(np.isin(COUNTS, _LFP_COUNTS), 1.0, _LFP_SELDOM)}
        weight = {
            name: _CHEMISTRY_PRIOR[name] * float(shape @ (counts * usual.get(name, 1.0)))
            for name, shape in self.shapes.items()
        }
        total = sum(weight.values())
        return weight.get("lfp", 0.0) / total if total > 0 else 0.5

    @property
    def weights(self) -> dict[str, NDArray[np.float64]]:
        """Likelihood times how common counts and chemistries are, by chemistry, not normalised."""
        common = np.array([_COMMON.get(int(count), _RARE) for count in COUNTS])
        return {name: np.asarray(_CHEMISTRY_PRIOR[name] * common * fit) for name, fit in self.fits.items()}

    def possible(self, count: int) -> bool:
        """Tell whether a count that somebody states is to be believed: cells can have such voltages, however rare."""
        spot = np.flatnonzero(np.equal(COUNTS, count))
        return bool(len(spot)) and max(float(inside[spot[0]]) for inside in self.bounds.values()) >= _BELIEVED


def count_fits(voltages: PackVoltages, settings: Mapping[str, float | str | bool], chemistry: str) -> CountFits:
    """Weigh every series count.

    Args:
        voltages: What the voltages did over the ride.
        settings: Limits that came with the logs.
        chemistry: "nmc" or "lfp" when it is known, else "".
    """
    found: dict[str, NDArray[np.float64]] = {}
    bounds: dict[str, NDArray[np.float64]] = {}
    shapes: dict[str, NDArray[np.float64]] = {}
    for family in [chemistry] if chemistry in _FULL_V else list(_FULL_V):
        table = table_for_chemistry(family)
        assert table is not None
        inside = _bounds(voltages, family)
        inside[inside < _LEAST_FIT] = 0.0
        if family == "lfp" and voltages.swing is not None:
            inside *= _below(voltages.low_v / COUNTS - _LFP_GIVES_V, _gain_error(voltages, voltages.low_v))
        shape = inside * _swing_likelihood(voltages, table, _HYSTERESIS_V[family]) * _meter_likelihood(voltages, table)
        shape *= _limits_likelihood(settings, family)
        shapes[family] = np.asarray(shape * np.where(table.charge(voltages.high_v / COUNTS) < _EMPTY_SOC, _SELDOM, 1.0))
        found[family], bounds[family] = shape * _start_likelihood(voltages, table), inside
    return CountFits(found, bounds, shapes)


def _bounds(voltages: PackVoltages, family: str) -> NDArray[np.float64]:
    """How well the voltages keep within full and empty for each count, 0..1."""
    high, low = voltages.high_v / COUNTS, voltages.low_v / COUNTS
    error = _gain_error(voltages, voltages.high_v)
    fits = _below(high - _FULL_V[family], error) * _below(_EMPTY_V[family] - low, 2 * error + 0.05)
    fits *= _below(2.0 - voltages.loaded_low_v / COUNTS, np.full(len(COUNTS), 0.2))
    return np.asarray(fits)


def _gain_error(voltages: PackVoltages, volts: float) -> NDArray[np.float64]:
    """Standard deviation of the voltage of a cell for each count, in V."""
    return np.asarray(np.hypot(_GAIN_ERROR * volts, voltages.error_v) / COUNTS)


def _start_likelihood(voltages: PackVoltages, table: OpenCircuitTable) -> NDArray[np.float64]:
    """How usual it is to see such a voltage of each count at the start of a ride.

    Rides begin full more often than not and seldom nearly empty; where the curve is steep, a voltage is seldom met.
    """
    cell = voltages.high_v / COUNTS
    start = table.charge(cell)
    usual = 0.35 * np.exp(-0.5 * ((1.0 - start) / 0.08) ** 2) / 0.1 + 0.65 * np.clip(0.15 + 1.4 * start, 0.15, 1.15)
    # Charge in the width of a meter's error: smooths over the plateau and beyond the ends.
    width = 2 * _GAIN_ERROR * cell
    held = table.charge(cell + width) - table.charge(cell - width)
    return np.asarray(usual * np.maximum(held, 0.01) / width / COUNTS)


def _meter_likelihood(voltages: PackVoltages, table: OpenCircuitTable) -> NDArray[np.float64]:
    """How well the charge that is shown fits; a meter is lost one time in four."""
    fits = np.ones(len(COUNTS))
    for shown, volts in voltages.meter:
        reading = table.soc(volts / COUNTS)
        spread = np.hypot(0.08, reading.error)
        match = np.exp(-0.5 * ((shown - reading.soc) / spread) ** 2) / spread
        fits *= (0.25 + 0.75 * 0.4 * match) ** (1.0 / len(voltages.meter))
    return fits * _counted_likelihood(voltages, table)


def _counted_likelihood(voltages: PackVoltages, table: OpenCircuitTable) -> NDArray[np.float64]:
    """How well the change of the charge that is shown fits: a meter that is lost still counts what goes in and out."""
    if len(voltages.meter) < 2:
        return np.ones(len(COUNTS))
    (first, from_v), (last, to_v) = voltages.meter[0], voltages.meter[-1]
    counted = last - first
    if abs(counted) < _LEAST_COUNTED:
        return np.ones(len(COUNTS))
    before, after = table.soc(from_v / COUNTS), table.soc(to_v / COUNTS)
    spread = np.sqrt(0.05**2 + (_COUNTED_ERROR * counted) ** 2 + before.error**2 + after.error**2)
    match = np.exp(-0.5 * ((after.soc - before.soc - counted) / spread) ** 2)
    return np.asarray(_MISCOUNTS + (1 - _MISCOUNTS) * match)


def _swing_likelihood(voltages: PackVoltages, table: OpenCircuitTable, hysteresis_v: float) -> NDArray[np.float64]:
    """How well the fall of the voltage fits the charge taken, over all usual capacities.

    An empty pack falls fast, a half full one slowly, LFP hardly at all: the shape of the curve tells where on it the
    ride was.
    """
    if voltages.swing is None:
        return np.ones(len(COUNTS))
    taken_ah, fall_v = voltages.swing
    share = _likely_capacities(voltages.stated_ah)
    start = table.charge(voltages.first_v / COUNTS)[:, None]
    end = start - taken_ah / _CAPACITIES_AH[None, :]
    expected = COUNTS[:, None] * (table.voltage(start) - table.voltage(np.clip(end, 0.0, 1.0)))
    error = (
        np.hypot(0.004 * voltages.first_v, voltages.error_v) + 0.1 * np.abs(expected) + hysteresis_v * COUNTS[:, None]
    )
    match = np.exp(-0.5 * ((fall_v - expected) / error) ** 2) * float(error.min()) / error
    # A pack does not give more than it holds.
    match = np.where((end < -0.03) | (end > 1.03), 0.0, match)
    return np.asarray(0.005 + (match * share).sum(axis=1))


def _likely_capacities(stated_ah: float | None) -> NDArray[np.float64]:
    """How likely each capacity is, summing to 1: what packs usually have, and what the board of this one states."""
    usual = np.exp(-0.5 * (np.log(_CAPACITIES_AH / _USUAL_AH) / _CAPACITY_WIDTH) ** 2)
    usual /= usual.sum()
    if stated_ah is None:
        return np.asarray(usual)
    stated = np.exp(-0.5 * (np.log(_CAPACITIES_AH / stated_ah) / _STATED_WIDTH) ** 2)
    if stated.sum() < 1e-6:
        return np.asarray(usual)
    return np.asarray(_STATED_RIGHT * stated / stated.sum() + (1 - _STATED_RIGHT) * usual)


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
        if name == "battery_cut_start":
            match[a_cell > _FULL_V[family]] *= _ABOVE_FULL
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
