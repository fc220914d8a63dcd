"""What a controller or wheel app sees of a ride: polled, averaged, rounded; counters that start anew after a boot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .rider import STEP
from .world import World


@dataclass
class Rows:
    """Polled values; `time` in seconds of the world, everything else one value a row."""

    time: np.ndarray
    values: dict[str, np.ndarray]

    def keep(self, mask: np.ndarray) -> Rows:
        """The rows of the mask."""
        return Rows(self.time[mask], {name: column[mask] for name, column in self.values.items()})


def poll(world: World, rng: np.random.Generator, rate: float, start: float = 0.0, gaps: list | None = None) -> Rows:
    """Poll the controller at `rate` Hz from `start` on, with jitter and, at `gaps`, a lost link."""
    end = float(world.time[-1])
    period = 1 / rate
    times = np.arange(start + rng.uniform(0, period), end, period)
    times = np.sort(times + rng.normal(0, 0.06 * period, times.size))
    times = times[(times >= 0) & (times < end)]
    for gap_start, gap_end in gaps or []:
        times = times[(times < gap_start) | (times >= gap_end)]
    index = (times / STEP).astype(int)
    keep = world.alive[index]
    times, index = times[keep], index[keep]
    vehicle = world.vehicle
    average = _average_since_last(index)
    erpm = world.speed / (np.pi * vehicle.wheel) * 60 * vehicle.pole_pairs * vehicle.gearing
    values = {
        "voltage": world.bus[index] + rng.normal(0, 0.03, index.size),
        "current": average(world.current) + rng.normal(0, 0.05, index.size),
        "motor": average(world.motor) + rng.normal(0, 0.1, index.size),
        "duty": world.duty[index],
        "speed": world.speed[index],
        "erpm": erpm[index] + rng.normal(0, 3, index.size) * (erpm[index] > 1),
        "fault": world.fault[index],
        "fet": world.fet_temperature[index] + rng.normal(0, 0.1, index.size),
        "motor_temperature": vehicle.temperature + 0.8 * (world.fet_temperature[index] - vehicle.temperature),
        "throttle": world.throttle[index],
        "distance": np.cumsum(world.speed)[index] * STEP,
    }
    power = world.current * world.bus
    for name, series in (
        ("ah", np.clip(world.current, 0, None)),
        ("ah_charged", np.clip(-world.current, 0, None)),
        ("wh", np.clip(power, 0, None)),
        ("wh_charged", np.clip(-power, 0, None)),
        ("trip", world.speed * 3600),
    ):
        total = np.cumsum(series) * STEP / 3600
        for boot in world.boots:
            at = int(boot / STEP)
            total[at:] -= total[at]
        values[name] = total[index]
    return Rows(times, values)


def _average_since_last(index: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    before = np.concatenate([[max(index[0] - 1, 0)], index[:-1]]) if index.size else index

    def average(series: np.ndarray) -> np.ndarray:
        total = np.concatenate([[0.0], np.cumsum(series)])
        first = np.minimum(before + 1, index)
        first = np.maximum(first, index - 20)
        return (total[index + 1] - total[first]) / (index + 1 - first)

    return average
