"""How it is ridden: the wished speed, the slope, and moments a scenario forces."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Steps of the made-up world, s.
STEP = 0.05


@dataclass
class Plan:
    """Per step: wished speed (share of the top), slope (rise/run), forced motor current (share, NaN: free), current cap, A."""

    wish: np.ndarray
    slope: np.ndarray
    forced: np.ndarray
    briskness: float
    cap: np.ndarray

    @property
    def steps(self) -> int:
        """How many steps the ride lasts."""
        return self.wish.size

    def force(self, start: float, end: float, share: float) -> None:
        """From `start` to `end` seconds the rider asks for this share of the motor current (negative: braking)."""
        self.forced[int(start / STEP) : int(end / STEP)] = share

    def cruise(self, start: float, end: float, share: float) -> None:
        """From `start` to `end` seconds the rider wishes this share of the top speed, on the flat."""
        window = slice(int(start / STEP), int(end / STEP))
        self.wish[window] = share
        self.slope[window] = 0.0


def draw_plan(rng: np.random.Generator, minutes: float, style: str = "mixed") -> Plan:
    """A ride of stretches at some speed with stops between; it starts and ends standing."""
    steps = int(minutes * 60 / STEP)
    wish = np.zeros(steps)
    low, high, brisk = {
        "gentle": (0.2, 0.45, 0.25),
        "mixed": (0.25, 0.75, 0.55),
        "hard": (0.4, 0.95, 1.0),
        "walk": (0.05, 0.12, 0.15),
    }[style]
    at = int(rng.uniform(3, 15) / STEP)
    while at < steps:
        length = int(rng.uniform(6, 45) / STEP)
        wish[at : at + length] = rng.uniform(low, high)
        at += length
        if rng.random() < 0.3:
            at += int(rng.uniform(3, 30) / STEP)
    wish[-int(8 / STEP) :] = 0
    knots = np.arange(0, minutes * 60 + 45, 40.0)
    slope = np.interp(np.arange(steps) * STEP, knots, rng.normal(0, 0.02, knots.size))
    return Plan(wish, slope, np.full(steps, np.nan), brisk * float(rng.uniform(0.8, 1.2)), np.full(steps, np.inf))
