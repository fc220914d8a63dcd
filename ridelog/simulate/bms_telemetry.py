"""What a protection board answers: cells in turn, a mean current, a charge meter of its own, flags as polled."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from .scene import Scene
    from .state import History


@dataclass(slots=True)
class BmsTelemetry:
    """Samples of one protection board; current positive when discharging.

    Attributes:
        true_s: True time of each sample, shape (n,).
        stamp_s: Unix time the logger gave it.
        cells: Cell voltages in V, NaN where none was read, shape (n, configured series).
        voltage: Pack voltage in V.
        current: A.
        soc: Shown state of charge, 0 to 1.
        remaining_ah: Shown remaining charge.
        capacity_ah: Shown full capacity.
        temperatures: Battery sensors in degC, shape (n, sensors).
        fet_temperature: degC.
        charge: Charge FETs on.
        discharge: Discharge FETs on.
        protections: Active protections of each sample.
        balancing: Balancer at work.
        balance_current: A.
        wire_ohm: Sense wire resistances in ohm, shape (configured series,).
        uptime_s: Since the board was first switched on.
        cycles: Charge cycles.
    """

    true_s: NDArray[np.float64]
    stamp_s: NDArray[np.float64]
    cells: NDArray[np.float64]
    voltage: NDArray[np.float64]
    current: NDArray[np.float64]
    soc: NDArray[np.float64]
    remaining_ah: NDArray[np.float64]
    capacity_ah: float
    temperatures: NDArray[np.float64]
    fet_temperature: NDArray[np.float64]
    charge: NDArray[np.bool_]
    discharge: NDArray[np.bool_]
    protections: list[tuple[str, ...]]
    balancing: NDArray[np.bool_]
    balance_current: NDArray[np.float64]
    wire_ohm: NDArray[np.float64]
    uptime_s: NDArray[np.float64]
    cycles: int

    def __len__(self) -> int:
        return len(self.true_s)


def sample_bms(scene: Scene, history: History) -> BmsTelemetry:
    """Ask the protection board along a ride."""
    rng, pack, meter = scene.rng, scene.pack, scene.meter
    link = scene.bms_link
    times = link.sample_times(rng, history.duration_s)
    shown = link.held_times(times)
    count = len(times)
    grid = np.arange(len(history["speed"]) + 1) * history.step_s
    window = float(rng.choice([0.05, 0.25, 1.0])) * min(link.interval_s, 1.0)
    charge_total = np.concatenate(([0.0], np.cumsum(history["pack_current"]) * history.step_s))
    current = (np.interp(shown, grid, charge_total) - np.interp(shown - window, grid, charge_total)) / window
    current = current * meter.gain + meter.bias_a
    noise = rng.standard_normal if scene.variant == 1 else (lambda shape: rng.laplace(0, 0.75, shape))
    current = current + noise(count) * (0.02 + 0.004 * np.abs(current))
    current = np.where(np.abs(current) < meter.dead_a, 0.0, current)
    cells = _cell_voltages(scene, history, shown)
    joined = cells.sum(axis=1)
    cells = cells + noise(cells.shape) * scene.meter.cell_noise_v
    cells = cells[:, : scene.configured_series]
    if scene.board.read_cells is not None:
        cells = scene.board.read_cells(cells)
    if cells.shape[1] < scene.configured_series:
        missing = np.full((count, scene.configured_series - cells.shape[1]), np.nan)
        cells = np.concatenate((cells, missing), axis=1)
    used_total = np.interp(shown, grid, np.concatenate(([0.0], history["used_ah"])))
    capacity = float(pack.capacity_ah.mean()) * meter.capacity_factor
    counted = used_total * meter.gain + meter.bias_a * shown / 3600
    soc = float(np.median(pack.start_soc)) + meter.offset - counted / capacity
    soc = np.clip(soc, 0.0, 1.0)
    warm = np.interp(shown, history.time, history.cell_temperature)
    sensors = int(rng.integers(1, 4))
    temperatures = warm[:, None] + rng.normal(0, 0.8, sensors)
    moments = scene.board.moments
    starts = [moment.time_s for moment in moments]
    states = [moments[bisect_right(starts, time) - 1] for time in shown.tolist()]
    spread = np.nanmax(cells, axis=1) - np.nanmin(cells, axis=1)
    limits = scene.board.limits
    balancing = (
        (spread > limits.balance_trigger) & (np.nanmax(cells, axis=1) > limits.balance_start) & (np.abs(current) < 2.0)
    )
    balancing &= scene.balancing
    return BmsTelemetry(
        true_s=times,
        stamp_s=scene.bms_clock.stamp(times + link.latency_s),
        cells=cells,
        voltage=joined + noise(count) * 0.01,
        current=current,
        soc=soc,
        remaining_ah=soc * capacity,
        capacity_ah=capacity,
        temperatures=temperatures,
        fet_temperature=np.interp(shown, history.time, history.bms_temperature),
        charge=np.array([state.charge for state in states], dtype=bool),
        discharge=np.array([state.discharge for state in states], dtype=bool),
        protections=[state.protections for state in states],
        balancing=balancing,
        balance_current=np.where(balancing, limits.balance_a, 0.0),
        wire_ohm=_wire_resistances(rng, cells.shape[1]),
        uptime_s=float(rng.integers(100_000, 30_000_000)) + shown,
        cycles=int(rng.integers(2, 300)),
    )


def _cell_voltages(scene: Scene, history: History, shown: NDArray[np.float64]) -> NDArray[np.float64]:
    """Voltages as the board's front end takes them: the groups one after another within a few milliseconds."""
    pack = scene.pack
    grid, step = history.time, history.step_s
    place = np.clip(np.ceil(shown / step).astype(int) - 1, 0, len(grid) - 1)
    skew = scene.rng.uniform(0.0, 0.12)
    order = np.arange(pack.series) / pack.series
    slow = pack.slow_ratio[0] * history["slow_1"] + pack.slow_ratio[1] * history["slow_2"]
    at_place = pack.cell_voltages(
        history["used_ah"][place],
        history["pack_current"][place],
        slow[place],
        history["hysteresis"][place],
        history.cell_temperature[place],
        shown / 3600.0,
    )
    if skew > 0.02:
        late = np.clip(place + round(skew / step), 0, len(grid) - 1)
        step_current = history["pack_current"][late] - history["pack_current"][place]
        drop = pack.ohmic(history["used_ah"][place], history.cell_temperature[place]) * step_current[:, None]
        at_place = at_place - drop * order
    return at_place


def _wire_resistances(rng: Generator, series: int) -> NDArray[np.float64]:
    """Sense wires: a smooth dome over the harness, as boards report it."""
    dome = np.sin(np.linspace(0.3, np.pi - 0.3, series))
    return np.asarray(0.055 + 0.05 * dome + rng.normal(0, 0.004, series))
