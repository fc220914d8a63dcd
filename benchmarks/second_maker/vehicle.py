"""What is ridden: pack, motor, controller settings and battery board, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

#: State of charge of the knots of the resting voltages below.
CHARGE_KNOTS = np.array([0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95, 100]) / 100
#: Resting voltages of one cell, V, by kind of cell (published quasi open-circuit measurements).
RESTING_V = {
    "power": [2.51, 3.169, 3.334, 3.421, 3.475, 3.529, 3.581, 3.656, 3.742, 3.844, 3.926, 4.034, 4.080, 4.101, 4.193],
    "energy": [2.52, 3.162, 3.304, 3.401, 3.475, 3.521, 3.576, 3.644, 3.717, 3.817, 3.920, 4.018, 4.092, 4.116, 4.194],
    "nca": [2.70, 3.194, 3.247, 3.310, 3.372, 3.433, 3.492, 3.598, 3.685, 3.768, 3.874, 3.980, 4.080, 4.135, 4.200],
    "lfp": [2.01, 3.072, 3.203, 3.216, 3.241, 3.262, 3.278, 3.295, 3.299, 3.303, 3.316, 3.337, 3.341, 3.343, 3.50],
}
#: Kind of cell: capacity Ah, resistance at 10 s and 25 degC in ohm, continuous current A.
CELL = {
    "power": (4.0, 0.015, 16.0),
    "energy": (4.9, 0.030, 8.0),
    "nca": (3.4, 0.032, 6.5),
    "lfp": (6.0, 0.009, 18.0),
}


@dataclass
class Vehicle:
    """One vehicle; resistances in ohm, currents in A, positive when discharging."""

    kind: str
    series: int
    parallel: int
    temperature: float
    charge: float
    ageing: float
    joints: float
    battery_limit: float
    regen_limit: float
    motor_limit: float
    top_speed: float
    mass: float
    drag: float
    controller_minimum: float
    controller_maximum: float
    cut_start: float
    cut_end: float
    pole_pairs: int
    wheel: float
    gearing: float
    board: str
    over_current: float
    over_current_delay: float
    cell_minimum: float
    cell_maximum: float
    capacity_spread: np.ndarray = field(repr=False)
    charge_spread: np.ndarray = field(repr=False)
    resistance_factor: np.ndarray = field(repr=False)
    extra_resistance: np.ndarray = field(repr=False)
    knots_v: np.ndarray = field(repr=False)
    fet_start: float = 85.0
    fet_end: float = 100.0
    fet_heating: float = 1.0

    @property
    def capacity(self) -> float:
        """Of the pack, Ah."""
        return CELL[self.kind][0] * self.parallel * max(0.6, 1 - 0.15 * (self.ageing - 1))

    @property
    def cell_resistance(self) -> float:
        """Of one group at 10 s, ohm, at this temperature and age."""
        cold = float(np.exp(0.028 * (25 - self.temperature)))
        return CELL[self.kind][1] * self.ageing * cold / self.parallel

    @property
    def full(self) -> float:
        """Voltage of the full pack, V."""
        return float(self.knots_v[-1]) * self.series if self.kind != "lfp" else 3.6 * self.series

    def resting(self, charge: np.ndarray | float) -> np.ndarray:
        """Resting voltage of a cell, V, by its state of charge."""
        return np.interp(charge, CHARGE_KNOTS, self.knots_v)


def draw_vehicle(rng: np.random.Generator, **fixed: object) -> Vehicle:
    """An ordinary, healthy vehicle; `fixed` overrides what a scenario needs."""
    kind = str(fixed.get("kind") or rng.choice(["power", "power", "energy", "energy", "nca", "lfp"]))
    capacity, _resistance, continuous = CELL[kind]
    series = int(rng.choice([10, 12, 13, 14, 16, 18, 20, 20, 22, 24]))
    if kind == "lfp":
        series = int(rng.choice([15, 16, 20, 24]))
    parallel = int(rng.integers(2, 11)) if kind != "lfp" else int(rng.integers(1, 5))
    parallel = int(fixed.get("parallel", parallel))
    series = int(fixed.get("series", series))
    battery = float(np.clip(parallel * continuous * rng.uniform(0.45, 0.85), 12, 180))
    full = series * RESTING_V[kind][-1]
    values: dict[str, object] = {
        "kind": kind,
        "series": series,
        "parallel": parallel,
        "temperature": float(rng.uniform(8, 34)),
        "charge": float(rng.uniform(0.45, 0.95)),
        "ageing": float(rng.uniform(1.0, 1.25)),
        "joints": float(rng.uniform(0.006, 0.022)),
        "battery_limit": battery,
        "regen_limit": float(min(parallel * capacity * rng.uniform(0.4, 0.9), 0.5 * battery)),
        "motor_limit": battery * float(rng.uniform(1.3, 2.4)),
        "top_speed": float(np.clip(np.sqrt(full * battery) / 4.6 * rng.uniform(0.9, 1.15), 7, 26)),
        "mass": float(rng.uniform(85, 135)),
        "drag": float(rng.uniform(0.35, 0.6)),
        "controller_minimum": float(rng.choice([8.0, 8.0, 10.0, 20.0])),
        "controller_maximum": float(np.ceil(full + rng.uniform(5, 9))),
        "cut_start": round(series * (3.1 if kind != "lfp" else 2.8), 1),
        "cut_end": round(series * (2.8 if kind != "lfp" else 2.5), 1),
        "pole_pairs": int(rng.choice([7, 14, 15, 23])),
        "wheel": float(rng.choice([0.09, 0.15, 0.2, 0.254, 0.28])),
        "gearing": 1.0,
        "board": str(rng.choice(["jbd", "jk", "ant", "daly"])),
        "over_current": battery * float(rng.uniform(1.35, 2.0)),
        "over_current_delay": float(rng.choice([0.3, 1.0, 2.0, 5.0])),
        "cell_minimum": 2.8 if kind != "lfp" else 2.5,
        "cell_maximum": 4.25 if kind != "lfp" else 3.65,
        "capacity_spread": 1 + rng.normal(0, 0.006, series),
        "charge_spread": rng.normal(0, 0.002, series),
        "resistance_factor": 1 + rng.normal(0, 0.025, series),
        "extra_resistance": np.zeros(series),
        "knots_v": np.array(RESTING_V[kind]) + rng.normal(0, 0.004),
    }
    values |= {key: value for key, value in fixed.items() if key in Vehicle.__dataclass_fields__}
    return Vehicle(**values)
