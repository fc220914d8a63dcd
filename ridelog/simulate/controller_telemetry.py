"""What a controller answers when it is asked: averages, rounding, counters since its start, slow battery level."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .vehicle import VOLT_PER_DUTY

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .clocks import DeviceClock, Link
    from .state import History
    from .vehicle import Controller, Vehicle


@dataclass(slots=True)
class ControllerTelemetry:
    """Samples of one controller.

    Attributes:
        true_s: True time of each sample, shape (n,).
        stamp_s: Unix time the logger gave it.
        tick_s: Grid of the radio link.
        values: Channels by name: V, A (of this controller), m/s, degC, Ah, Wh; shape (n,) each.
    """

    true_s: NDArray[np.float64]
    stamp_s: NDArray[np.float64]
    tick_s: float
    values: dict[str, NDArray[np.float64]] = field(default_factory=dict)

    def __getitem__(self, name: str) -> NDArray[np.float64]:
        return self.values[name]

    def __len__(self) -> int:
        return len(self.true_s)


def at_times(
    grid: NDArray[np.float64], values: NDArray[np.float64], times: NDArray[np.float64], jump: float
) -> NDArray[np.float64]:
    """Interpolate, but hold the value before a step larger than `jump`: those take a millisecond, not a time step."""
    place = np.clip(np.searchsorted(grid, times, side="right") - 1, 0, len(grid) - 2)
    left, right = values[place], values[place + 1]
    part = np.clip((times - grid[place]) / (grid[place + 1] - grid[place]), 0.0, 1.0)
    return np.where(np.abs(right - left) > jump, np.where(part >= 1.0, right, left), left + part * (right - left))


def _cumulative(values: NDArray[np.float64], step_s: float) -> NDArray[np.float64]:
    return np.concatenate(([0.0], np.cumsum(values) * step_s))


def _average(
    cumulative: NDArray[np.float64], step_s: float, times: NDArray[np.float64], before: NDArray[np.float64]
) -> NDArray[np.float64]:
    grid = np.arange(len(cumulative)) * step_s
    span = np.maximum(times - before, 1e-3)
    return (np.interp(times, grid, cumulative) - np.interp(before, grid, cumulative)) / span


def sample_controller(
    rng: Generator,
    history: History,
    vehicle: Vehicle,
    controller: Controller,
    link: Link,
    clock: DeviceClock,
    *,
    variant: int,
) -> ControllerTelemetry:
    """Ask the controller along a ride.

    While it has no power there are no samples; after a restart its counters begin again from zero.
    """
    step, time = history.step_s, history.time
    times = link.sample_times(rng, history.duration_s)
    alive = history["alive"]
    index = np.clip(np.ceil(times / step).astype(int) - 1, 0, len(time) - 1)
    times = times[alive[index] > 0.5]
    # After a restart the phone needs a few seconds to connect again.
    for boot in np.flatnonzero(np.diff(alive) > 0.5):
        back = time[boot + 1]
        times = times[(times < back) | (times > back + rng.uniform(1.0, 5.0))]
    shown = link.held_times(times)
    before = np.concatenate(([shown[0] - link.interval_s], shown[:-1])) if len(shown) else shown
    before = np.minimum(before, shown - 1e-3)
    held = np.concatenate(([False], np.diff(shown) == 0)) if len(shown) else np.zeros(0, bool)
    noise = _noise(rng, variant)

    def average(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return _average(_cumulative(values, step), step, shown, before)

    motor = history["motor_current"]
    running = np.abs(motor) > 0.02
    own = history["controller_current"] / vehicle.motors
    i_motor = average(motor)
    i_battery = average(own) * controller.current_gain
    active = average(running.astype(float)) > 0.05
    speed = np.interp(shown, time, history["speed"])
    volts = at_times(time, history["bus_voltage"], shown, 3.0)
    ripple = rng.uniform(0.002, 0.012) + 0.0012 * np.abs(i_motor) * (1.0 if controller.filtered_voltage else 2.5)
    volts = volts + noise(len(shown)) * ripple
    i_motor = i_motor + active * noise(len(shown)) * (0.15 + 0.01 * np.abs(i_motor))
    i_battery = i_battery + active * noise(len(shown)) * (0.05 + 0.008 * np.abs(i_battery))
    erpm = speed * vehicle.erpm_per_speed
    back_emf = vehicle.flux_per_speed * speed
    duty = np.clip((back_emf + vehicle.winding_ohm * i_motor) / (VOLT_PER_DUTY * np.maximum(volts, 4.0)), -0.95, 0.95)
    duty = np.where(speed < 0.05, np.where(active, duty, 0.0), duty)
    boots = np.flatnonzero(np.diff(alive) > 0.5)

    def counter(rate: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.cumsum(rate) * step
        for boot in boots:
            total[boot + 1 :] -= total[boot + 1]
        return np.interp(shown, time, total)

    counting = np.abs(motor) > 1.0
    drive, charge = np.where(counting, np.maximum(own, 0), 0.0), np.where(counting, np.maximum(-own, 0), 0.0)
    bus = history["bus_voltage"]
    gain = controller.current_gain
    stamp = clock.stamp(times + link.latency_s)
    telemetry = ControllerTelemetry(times, stamp, link.tick_s)
    telemetry.values = {
        "voltage": volts,
        "motor_current": np.where(active, i_motor, 0.0),
        "battery_current": np.where(active, i_battery, 0.0),
        "d_current": np.where(active, noise(len(shown)) * 0.05 * np.abs(i_motor), noise(len(shown)) * 0.01),
        "erpm": np.where(speed < 0.03, 0.0, erpm + noise(len(shown)) * 3),
        "duty": duty + np.where(active, noise(len(shown)) * 0.001, 0.0),
        "speed": speed,
        "ah_used": counter(drive) / 3600 * gain,
        "ah_charged": counter(charge) / 3600 * gain,
        "wh_used": counter(drive * bus) / 3600 * gain,
        "wh_charged": counter(charge * bus) / 3600 * gain,
        "steps": counter(history["speed"] * vehicle.erpm_per_speed / 10.0),
        "metres": counter(history["speed"]),
        "fet_temperature": np.interp(shown, time, history.fet_temperature) + noise(len(shown)) * 0.04,
        "motor_temperature": np.interp(shown, time, history.motor_temperature) + noise(len(shown)) * 0.1
        if vehicle.motor_sensor
        else rng.uniform(-60, -50) + noise(len(shown)) * 0.2,
        "fault": history["fault_code"][np.clip(np.ceil(shown / step).astype(int) - 1, 0, len(time) - 1)],
        "slow_voltage": np.interp(shown, time, _low_pass(bus, step, 2.4)),
        "now_current": np.interp(shown, time, own) * gain * vehicle.motors,
        "now_motor_current": np.interp(shown, time, motor) * vehicle.motors,
        "throttle": np.interp(shown, time, history["throttle"]),
        "alive": np.ones(len(shown)),
    }
    if held.any():
        for name, values in telemetry.values.items():
            last = np.maximum.accumulate(np.where(held, 0, np.arange(len(held))))
            telemetry.values[name] = values[last]
    return telemetry


def _noise(rng: Generator, variant: int) -> Callable[[int], NDArray[np.float64]]:
    """Noise of unit size: Gaussian, or with heavier tails in the second variant."""
    if variant == 1:
        return rng.standard_normal
    return lambda count: rng.laplace(0, 0.75, count)


def _low_pass(values: NDArray[np.float64], step_s: float, time_s: float) -> NDArray[np.float64]:
    """First-order low-pass, worked out on a coarse grid (its time constant is far above the step)."""
    stride = max(round(0.2 / step_s), 1)
    coarse = values[::stride]
    alpha = 1 - np.exp(-stride * step_s / time_s)
    result = np.empty(len(coarse))
    level = float(coarse[0])
    for place, value in enumerate(coarse.tolist()):
        level += alpha * (value - level)
        result[place] = level
    return np.interp(np.arange(len(values)), np.arange(len(coarse)) * stride, result)
