"""Rides built from formulas: a pack with one or two relaxation times, sampled, skewed and rounded as loggers do it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from ridelog.log import Log, LogBuilder, Role
from ridelog.ride import Ride, Track

FINE_S = 0.02


@dataclass
class Pack:
    """What the made-up pack is; the open-circuit voltage falls along a straight line with a bend at the end."""

    series: int = 20
    ohm: float = 0.060
    slow: tuple[tuple[float, float], ...] = ((0.022, 12.0),)
    amp_hours: float = 20.0
    soc: float = 0.9
    cell_v: tuple[float, float] = (3.45, 4.10)

    def cell(self, soc: np.ndarray) -> np.ndarray:
        low, high = self.cell_v
        return low + (high - low) * soc - 0.25 * np.exp(-soc / 0.06)


@dataclass
class Signal:
    """A ride on a fine clock."""

    pack: Pack
    time: np.ndarray
    amps: np.ndarray
    soc: np.ndarray
    open_circuit: np.ndarray
    volts: np.ndarray
    cells: np.ndarray = field(default_factory=lambda: np.empty((0, 0)))

    def log(
        self,
        interval_s: float = 0.1,
        *,
        role: Role = Role.CONTROLLER,
        skew_s: float = 0.0,
        volt_step: float = 0.1,
        amp_step: float = 0.01,
        noise_v: float = 0.03,
        noise_a: float = 0.2,
        mean_s: float = 0.0,
        seed: int = 1,
        keep: np.ndarray | None = None,
        with_cells: bool = False,
        extra: dict[str, np.ndarray] | None = None,
        derived: str = "",
        settings: dict[str, float | str | bool] | None = None,
    ) -> Log:
        """Sample it: `skew_s` later current column, `mean_s` of averaging, rounding, noise."""
        rng = np.random.default_rng(seed)
        time = np.arange(self.time[0] + 1.0, self.time[-1] - 0.5, interval_s)
        volts, amps = self.volts, self.amps
        if mean_s:
            size = max(1, round(mean_s / FINE_S))
            kernel = np.ones(size) / size
            amps = np.convolve(np.concatenate([np.full(size - 1, amps[0]), amps]), kernel, "valid")
            volts = np.convolve(np.concatenate([np.full(size - 1, volts[0]), volts]), kernel, "valid")
        v = np.interp(time, self.time, volts) + noise_v * rng.standard_normal(len(time))
        i = np.interp(time - skew_s, self.time, amps) + noise_a * rng.standard_normal(len(time))
        v = np.round(v / volt_step) * volt_step if volt_step else v
        i = np.round(i / amp_step) * amp_step if amp_step else i
        rows = np.ones(len(time), dtype=bool) if keep is None else keep[: len(time)]
        builder = LogBuilder(time[rows], np.arange(len(time))[rows] + 2)
        builder.add("pack_voltage", v[rows])
        builder.add("battery_current", i[rows], derived=derived)
        if with_cells:
            cells = np.column_stack([np.interp(time, self.time, column) for column in self.cells.T])
            builder.add("cell_voltages", np.round(cells, 3)[rows])
        for name, values in (extra or {}).items():
            builder.add(name, values[: len(time)][rows])
        return builder.build(role, "made up", settings=settings)


def demand(time: np.ndarray, seed: int, peak: float = 60.0, regen: float = 20.0) -> np.ndarray:
    """Stop-and-go riding: pulls, cruising, coasting, braking and stops, with ramps of a few tenths of a second."""
    rng = np.random.default_rng(seed)
    level = np.zeros(len(time))
    now = 0.0
    while now < time[-1]:
        length = rng.exponential(6.0) + 1.0
        kind = rng.random()
        amps = (
            peak * rng.uniform(0.4, 1.0)
            if kind < 0.3
            else peak * rng.uniform(0.1, 0.35)
            if kind < 0.65
            else -regen * rng.uniform(0.3, 1.0)
            if kind < 0.8
            else 0.3
        )
        level[(time >= now) & (time < now + length)] = amps
        now += length
    ramp = np.ones(15) / 15
    smooth = np.convolve(np.concatenate([np.full(14, level[0]), level]), ramp, "valid")
    return smooth * (1 + 0.05 * np.sin(time * 1.7))


def lagged(time: np.ndarray, amps: np.ndarray, tau: float) -> np.ndarray:
    step = float(time[1] - time[0])
    keep = np.exp(-step / tau)
    out = np.empty(len(amps))
    state = 0.0
    for row, value in enumerate(amps.tolist()):
        state = keep * state + (1 - keep) * value
        out[row] = state
    return out


def signal(pack: Pack, amps: np.ndarray, time: np.ndarray) -> Signal:
    soc = pack.soc - np.concatenate([[0.0], np.cumsum(0.5 * (amps[1:] + amps[:-1]) * np.diff(time))]) / (
        3600 * pack.amp_hours
    )
    open_circuit = pack.series * pack.cell(soc)
    volts = open_circuit - pack.ohm * amps
    for ohm, tau in pack.slow:
        volts = volts - ohm * lagged(time, amps, tau)
    return Signal(pack, time, amps, soc, open_circuit, volts)


def ride_signal(pack: Pack | None = None, minutes: float = 20.0, seed: int = 0, peak: float = 60.0) -> Signal:
    time = np.arange(0.0, 60 * minutes, FINE_S)
    return signal(pack or Pack(), demand(time, seed, peak), time)


def ride_of(*logs: Log) -> Ride:
    return Ride(tuple(Track(index, log) for index, log in enumerate(logs)))
