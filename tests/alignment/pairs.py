"""Made-up pairs of logs of one ride whose clocks are a known distance apart."""

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.log import LogBuilder, Origin, Role

NOON = 1_780_000_000.0


def ride(seconds=900.0, seed=1, step=0.02):
    """Time and battery current of a lively ride on a fine grid, in s and A."""
    rng = np.random.default_rng(seed)
    count = int(seconds / step)
    levels = np.zeros(count)
    at = 0
    while at < count:
        length = int(rng.uniform(1.5, 14) / step)
        levels[at : at + length] = rng.choice([0.0, 0.0, 8.0, 22.0, 40.0, -9.0]) * rng.uniform(0.6, 1.1)
        at += length
    # Nobody holds a throttle still to a tenth of an ampere.
    levels = levels + np.where(levels != 0, np.repeat(rng.normal(0, 1.5, count // 10 + 1), 10)[:count], 0.0)
    kernel = np.exp(-np.arange(0, 3, step) / 0.5)
    return np.arange(count) * step, np.convolve(levels, kernel / kernel.sum())[:count]


def shown(time, values, stamps, window=0.0):
    """What a device shows at `stamps`: the mean over the `window` seconds before each."""
    if window <= 0:
        return np.interp(stamps, time, values)
    total = np.concatenate(([0.0], np.cumsum(values) * (time[1] - time[0])))
    edges = np.append(time, 2 * time[-1] - time[-2])
    return (np.interp(stamps, edges, total) - np.interp(stamps - window, edges, total)) / window


def log(stamps, channels, role=Role.CONTROLLER, clock=None, damage=(), sha="", source_row=None):
    """A log of channels at stamps."""
    rows = np.arange(len(stamps)) + 2 if source_row is None else source_row
    builder = LogBuilder(stamps, rows)
    for name, values in channels.items():
        builder.add(name, values)
    made = builder.build(role, "test", clock=clock or Clock(ClockBasis.NONE), damage=damage)
    made.origin = Origin(path="x.csv", sha256=sha)
    return made


def controller(time, current, rate=10.0, first=1.0, last=None, **more):
    """A controller log: means since the row before. Own time 0 is true time `first`."""
    last = time[-1] if last is None else last
    stamps = np.arange(first, last, 1 / rate)
    return log(stamps, {"battery_current": np.round(shown(time, current, stamps, 1 / rate), 2)}, **more)


def board(time, current, rate=1.0, first=40.0, last=None, window=0.0, ppm=0.0, noise=0.1, sign=1.0, **more):
    """A BMS log. Own time 0 is true time `first`; its clock runs `ppm` too fast."""
    last = time[-1] if last is None else last
    rng = np.random.default_rng(7)
    true = np.arange(first, last, 1 / rate)
    true = true + rng.normal(0, 0.03 / rate, len(true))
    true = np.maximum.accumulate(true)
    values = 0.98 * shown(time, current, true, window) + 0.4 + rng.normal(0, noise, len(true))
    stamps = true[0] + (true - true[0]) * (1 + ppm * 1e-6)
    return log(stamps, {"battery_current": np.round(sign * values, 1)}, role=Role.BMS, **more)
