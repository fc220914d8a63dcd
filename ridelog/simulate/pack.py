"""A pack of single cell groups: spread, faults, wiring and the voltages that follow from a current."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .chemistry import CellType, open_circuit_voltage, resistance_factor

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: Share of the 10 s resistance that answers at once; the slow parts are given relative to it.
_OHMIC_SHARE = 0.68


@dataclass(slots=True)
class Pack:
    """A pack; every array has one value a cell group, shape (series,).

    Attributes:
        kind: Cell type.
        series: Groups in series.
        parallel: Cells in a group.
        start_soc: State of charge of each group at the start.
        capacity_ah: Capacity of each group.
        resistance_ohm: Ohmic resistance of each group at 25 degC and half charge, joints inside the measured path
            included.
        joint_ohm: Part of the pack's wiring that belongs to the measured path of a group and does not follow
            temperature or charge: a bad weld.
        voltage_offset_v: How each group's open-circuit voltage differs from the table.
        temperature_offset_c: How much warmer each group is than the mean.
        leak_a: Self-discharge current of each group.
        temperature_c: Mean temperature at the start.
        slow_ratio: Strength of the two slow parts relative to the ohmic part.
        slow_time_s: Their time constants.
        hysteresis_v: Half width of a voltage hysteresis (second physics variant), 0 for none.
        wiring_ohm: Resistance of nickel, bus bars, protection board and leads inside the pack.
        connector_ohm: Resistance of plug, switch and cable to the controller.
        heat_capacity: Of all cells, in J/K.
        cooling: Heat given off, in W/K.
        charged_before_a: Current that flowed until just before the start of a rest, and still shows in the slow parts.
    """

    kind: CellType
    series: int
    parallel: int
    start_soc: NDArray[np.float64]
    capacity_ah: NDArray[np.float64]
    resistance_ohm: NDArray[np.float64]
    joint_ohm: NDArray[np.float64]
    voltage_offset_v: NDArray[np.float64]
    temperature_offset_c: NDArray[np.float64]
    leak_a: NDArray[np.float64]
    temperature_c: float
    slow_ratio: tuple[float, float]
    slow_time_s: tuple[float, float]
    hysteresis_v: float
    wiring_ohm: float
    connector_ohm: float
    heat_capacity: float
    cooling: float
    charged_before_a: float = 0.0

    @property
    def full_v(self) -> float:
        """Voltage of the full pack."""
        return self.series * self.kind.full_v

    @property
    def nominal_capacity_ah(self) -> float:
        """Capacity as printed on the pack."""
        return self.kind.capacity_ah * self.parallel

    def open_circuit(
        self, used_ah: NDArray[np.float64], hours: NDArray[np.float64] | float = 0.0
    ) -> NDArray[np.float64]:
        """Open-circuit voltage of each group.

        Args:
            used_ah: Charge taken since the start, shape (n,).
            hours: Time since the start, for self-discharge, shape (n,) or 0.

        Returns:
            Voltages in V, shape (n, series).
        """
        return open_circuit_voltage(self.kind.table, self.soc(used_ah, hours)) + self.voltage_offset_v

    def soc(self, used_ah: NDArray[np.float64], hours: NDArray[np.float64] | float = 0.0) -> NDArray[np.float64]:
        """State of charge of each group, shape (n, series)."""
        leaked = np.atleast_1d(hours)[:, None] * self.leak_a
        return np.asarray(self.start_soc - (used_ah[:, None] + leaked) / self.capacity_ah)

    def ohmic(self, used_ah: NDArray[np.float64], temperature_c: NDArray[np.float64]) -> NDArray[np.float64]:
        """Ohmic resistance of each group in ohm, shape (n, series); `temperature_c` has shape (n,)."""
        temperature = temperature_c[:, None] + self.temperature_offset_c
        return self.resistance_ohm * resistance_factor(self.soc(used_ah), temperature)

    def cell_voltages(
        self,
        used_ah: NDArray[np.float64],
        current_a: NDArray[np.float64],
        slow_a: NDArray[np.float64],
        hysteresis: NDArray[np.float64],
        temperature_c: NDArray[np.float64],
        hours: NDArray[np.float64] | float = 0.0,
    ) -> NDArray[np.float64]:
        """Terminal voltage of each group.

        Args:
            used_ah: Charge taken since the start, shape (n,).
            current_a: Pack current, positive discharging, shape (n,).
            slow_a: Slow parts already weighted with `slow_ratio`, as a current, shape (n,).
            hysteresis: State from -1 (charging) to 1 (discharging), shape (n,).
            temperature_c: Mean cell temperature, shape (n,).
            hours: Time since the start, for self-discharge, shape (n,) or 0.

        Returns:
            Voltages in V, shape (n, series).
        """
        drop = self.ohmic(used_ah, temperature_c) * (current_a + slow_a)[:, None]
        drop += self.joint_ohm * current_a[:, None] + (self.hysteresis_v * hysteresis)[:, None]
        return self.open_circuit(used_ah, hours) - drop

    def reference_resistance(self, temperature_c: float = 25.0) -> tuple[float, float]:
        """Give the resistance of the whole pack at half charge: at once, and after all slow parts, in ohm."""
        factor = resistance_factor(np.array(0.5), temperature_c + self.temperature_offset_c)
        cells = float((self.resistance_ohm * factor).sum())
        rest = float(self.joint_ohm.sum()) + self.wiring_ohm + self.connector_ohm
        return cells + rest, cells * (1 + sum(self.slow_ratio)) + rest


def random_pack(
    rng: Generator,
    *,
    variant: int,
    series: int,
    peak_a: float,
    kind: CellType,
) -> Pack:
    """Draw a healthy pack that can deliver `peak_a` without strain.

    Args:
        rng: Source of chance.
        variant: Physics variant: 1 two slow parts; 2 one slow part and a hysteresis.
        series: Groups in series.
        peak_a: Highest discharge current in A that the controller will ask for.
        kind: Cell type.
    """
    parallel = max(1, int(np.ceil(peak_a / (kind.current_a * rng.uniform(0.6, 1.0)))))
    spread = rng.uniform(0.4, 1.6)
    capacity_spread = 0.006 * spread
    resistance_spread = 0.025 * spread
    ageing = float(rng.uniform(1.0, 1.35))
    temperature = float(rng.normal(21, 5)) if rng.random() < 0.8 else float(rng.uniform(8, 34))
    group_ohm = _OHMIC_SHARE * kind.resistance_ohm / parallel * ageing
    charge = float(rng.uniform(0.45, 0.97))
    if variant == 1:
        first = rng.uniform(0.28, 0.45)
        slow_ratio = (float(first), float(rng.uniform(0.25, 0.5)))
        slow_time = (float(rng.uniform(4, 15)), float(rng.uniform(60, 240)))
        hysteresis = 0.0
    else:
        slow_ratio = (float(rng.uniform(0.35, 0.7)), 0.0)
        slow_time = (float(rng.uniform(8, 40)), 100.0)
        hysteresis = float(rng.uniform(0.004, 0.015))
    # Middle groups of a block are warmer than its ends.
    dome = np.sin(np.linspace(0.15, np.pi - 0.15, series)) - 0.64
    cell_mass_kg = 0.048 * kind.capacity_ah / 3.0 * series * parallel
    return Pack(
        kind=kind,
        series=series,
        parallel=parallel,
        start_soc=charge + rng.normal(0, 0.002 * spread, series),
        capacity_ah=kind.capacity_ah
        * parallel
        * (1 - 0.12 * (ageing - 1) / 0.35)
        * (1 + rng.normal(0, capacity_spread, series)),
        resistance_ohm=group_ohm * np.maximum(1 + rng.normal(0, resistance_spread, series), 0.8),
        joint_ohm=np.abs(rng.normal(0, 0.02 * group_ohm, series)),
        voltage_offset_v=np.full(series, rng.normal(0, 0.006)) + rng.normal(0, 0.0006, series),
        temperature_offset_c=dome * rng.uniform(0.2, 1.5),
        leak_a=np.full(series, 1e-5 * kind.capacity_ah * parallel),
        temperature_c=temperature,
        slow_ratio=slow_ratio,
        slow_time_s=slow_time,
        hysteresis_v=hysteresis,
        wiring_ohm=float(rng.uniform(0.003, 0.010)),
        connector_ohm=float(rng.uniform(0.001, 0.005)),
        heat_capacity=cell_mass_kg * 950.0,
        cooling=float(rng.uniform(0.3, 1.2)) * (cell_mass_kg / 4) ** 0.7,
    )
