"""Cell types of made-up packs and their open-circuit voltage; shares nothing with the estimator."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

#: Points of the state of charge that the voltage tables below are given at.
_SOC: Final = (0.0, 0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 0.95, 1.0)

#: Measured open-circuit voltages in V (averages of slow charge and discharge), and one model table for NCA.
_TABLES: Final[dict[str, tuple[float, ...]]] = {
    "p42a": (2.51, 3.169, 3.334, 3.421, 3.475, 3.529, 3.581, 3.656, 3.742, 3.844, 3.926, 4.034, 4.080, 4.101, 4.193),
    "40t": (2.50, 3.192, 3.355, 3.436, 3.482, 3.542, 3.590, 3.655, 3.738, 3.843, 3.923, 4.031, 4.085, 4.108, 4.200),
    "m50t": (2.52, 3.162, 3.304, 3.401, 3.475, 3.521, 3.576, 3.644, 3.717, 3.817, 3.920, 4.018, 4.092, 4.116, 4.194),
    "p28a": (2.70, 3.194, 3.350, 3.434, 3.484, 3.539, 3.585, 3.654, 3.736, 3.837, 3.920, 4.019, 4.083, 4.107, 4.188),
    "m50": (2.50, 3.109, 3.296, 3.434, 3.485, 3.529, 3.581, 3.667, 3.751, 3.841, 3.948, 4.042, 4.097, 4.124, 4.200),
    "nca": (2.70, 3.194, 3.247, 3.310, 3.372, 3.433, 3.492, 3.598, 3.685, 3.768, 3.874, 3.980, 4.080, 4.135, 4.200),
    "lfp": (2.01, 3.072, 3.203, 3.216, 3.241, 3.262, 3.278, 3.295, 3.299, 3.303, 3.316, 3.337, 3.341, 3.343, 3.598),
}


@dataclass(frozen=True, slots=True)
class CellType:
    """One type of cell.

    Attributes:
        name: Name as riders know it.
        chemistry: "nmc" (all layered oxides) or "lfp".
        table: Which open-circuit voltage table it follows.
        capacity_ah: Capacity of one new cell.
        resistance_ohm: Resistance of one new cell after about 10 s of load at 25 degC and half charge.
        current_a: Discharge current one cell stands continuously.
    """

    name: str
    chemistry: str
    table: str
    capacity_ah: float
    resistance_ohm: float
    current_a: float

    @property
    def full_v(self) -> float:
        """Voltage of a full cell."""
        return 3.65 if self.chemistry == "lfp" else 4.2

    @property
    def empty_v(self) -> float:
        """Voltage at which makers of protection boards stop a discharge."""
        return 2.5 if self.chemistry == "lfp" else 2.8


#: Data-sheet class values; the resistances are the usual 10 s figures of workshops, not a promise of the makers.
CELL_TYPES: Final[tuple[CellType, ...]] = (
    CellType("P42A", "nmc", "p42a", 4.2, 0.0155, 30.0),
    CellType("40T", "nmc", "40t", 4.0, 0.0150, 25.0),
    CellType("30Q", "nmc", "p28a", 3.0, 0.0240, 15.0),
    CellType("25R", "nmc", "p28a", 2.5, 0.0200, 18.0),
    CellType("P28A", "nmc", "p28a", 2.8, 0.0170, 25.0),
    CellType("VTC6", "nmc", "p28a", 3.0, 0.0220, 15.0),
    CellType("50E", "nmc", "m50", 4.9, 0.0350, 9.0),
    CellType("48X", "nmc", "m50t", 4.8, 0.0300, 9.0),
    CellType("M50T", "nmc", "m50t", 5.0, 0.0330, 8.0),
    CellType("MJ1", "nmc", "m50", 3.5, 0.0400, 7.0),
    CellType("MH1", "nmc", "m50", 3.2, 0.0400, 7.0),
    CellType("NCR18650B", "nmc", "nca", 3.35, 0.0450, 5.0),
    CellType("LFP 26650", "lfp", "lfp", 3.3, 0.0130, 25.0),
    CellType("LFP 33140", "lfp", "lfp", 15.0, 0.0045, 45.0),
)


def random_cell_type(rng: Generator, chemistry: str = "") -> CellType:
    """Draw a cell type of a chemistry; of any if not given, iron phosphate for one pack in fourteen."""
    chemistry = chemistry or ("lfp" if rng.random() < 0.07 else "nmc")
    kinds = [kind for kind in CELL_TYPES if kind.chemistry == chemistry]
    return kinds[int(rng.integers(len(kinds)))]


@cache
def _dense_table(table: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Monotone cubic (Fritsch-Carlson) through the points, on 1001 points from -0.05 to 1.05, ends extrapolated."""
    x = np.array(_SOC)
    y = np.array(_TABLES[table])
    h = np.diff(x)
    slope = np.diff(y) / h
    tangent = np.empty_like(x)
    weight_left, weight_right = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    tangent[1:-1] = (weight_left + weight_right) / (weight_left / slope[:-1] + weight_right / slope[1:])
    tangent[0], tangent[-1] = slope[0], slope[-1]
    grid = np.linspace(-0.05, 1.05, 1001)
    place = np.clip(np.searchsorted(x, grid, side="right") - 1, 0, len(h) - 1)
    t = np.clip((grid - x[place]) / h[place], 0.0, 1.0)
    value = (
        (1 + 2 * t) * (1 - t) ** 2 * y[place]
        + t * (1 - t) ** 2 * h[place] * tangent[place]
        + t**2 * (3 - 2 * t) * y[place + 1]
        + t**2 * (t - 1) * h[place] * tangent[place + 1]
    )
    beyond = np.where(grid < 0, grid, np.where(grid > 1, grid - 1, 0.0))
    return grid, value + beyond * np.where(grid < 0, 30.0, 3.0)


def open_circuit_voltage(table: str, soc: NDArray[np.float64]) -> NDArray[np.float64]:
    """Open-circuit voltage.

    Args:
        table: Name of the voltage table of a cell type.
        soc: State of charge, 0 to 1 (a little beyond is extrapolated), any shape.

    Returns:
        Voltage in V, same shape.
    """
    grid, value = _dense_table(table)
    return np.interp(soc, grid, value)


def resistance_factor(soc: NDArray[np.float64], temperature_c: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """Resistance relative to 25 degC and half charge.

    Rises by about 1.75 at 5 degC and 2.8 at -10 degC (an activation temperature of 2320 K, the middle of what is
    measured on 18650 and 21700 cells) and towards an empty cell.

    Args:
        soc: State of charge, any shape.
        temperature_c: Temperature in degC, broadcast against `soc`.

    Returns:
        Factor of the broadcast shape.
    """
    heat = np.exp(2320.0 * (1.0 / (np.asarray(temperature_c) + 273.15) - 1.0 / 298.15))
    empty = 1.0 + 1.1 * np.exp(-np.maximum(soc, -0.02) / 0.055) + 0.06 * (0.5 - soc) ** 2
    return np.asarray(heat * empty)
