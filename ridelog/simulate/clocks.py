"""Clocks of devices that are off and run fast or slow, and the moments at which a logger asks."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """A clock that is a little wrong.

    Attributes:
        epoch_s: Unix time in s of the simulation's true time 0.
        offset_s: What this clock shows too much at true time 0.
        drift_ppm: How much too fast it runs.
        zone_s: Local time minus UTC.
    """

    epoch_s: float
    offset_s: float
    drift_ppm: float
    zone_s: int

    def stamp(self, true_s: NDArray[np.float64] | float) -> NDArray[np.float64]:
        """Unix time in s (UTC) that this clock shows at a true time."""
        return np.asarray(self.epoch_s + self.offset_s + np.asarray(true_s) * (1 + self.drift_ppm * 1e-6))

    def utc(self, true_s: float) -> datetime:
        """Give the shown date and time in UTC."""
        return datetime.fromtimestamp(float(self.stamp(true_s)), UTC)

    def local(self, true_s: float) -> datetime:
        """Give the shown local date and time, without a zone."""
        return (self.utc(true_s) + timedelta(seconds=self.zone_s)).replace(tzinfo=None)


@dataclass(slots=True)
class Link:
    """How and when a logger gets its samples.

    Attributes:
        tick_s: Grid of the radio link that replies arrive on.
        ticks: Usual ticks between two samples.
        jitter_s: Deviation from the grid.
        slip: Share of samples that come a tick late.
        start_s: True time of the first sample.
        end_s: True time after which nothing is logged.
        gaps: Stretches of true time without samples.
        frozen: Stretches in which every sample repeats the last one before.
        latency_s: Between measuring and stamping.
    """

    tick_s: float
    ticks: int
    jitter_s: float
    slip: float
    start_s: float = 0.3
    end_s: float = np.inf
    gaps: list[tuple[float, float]] = field(default_factory=list)
    frozen: list[tuple[float, float]] = field(default_factory=list)
    latency_s: float = 0.02

    @property
    def interval_s(self) -> float:
        """Usual time between samples."""
        return self.tick_s * self.ticks

    def sample_times(self, rng: Generator, duration_s: float) -> NDArray[np.float64]:
        """True times of the samples, increasing, shape (n,)."""
        end = min(duration_s, self.end_s)
        count = max(int((end - self.start_s) / self.interval_s * 1.3) + 8, 8)
        ticks = (
            self.ticks + (rng.random(count) < self.slip).astype(float) + (rng.random(count) < self.slip * 0.06) * 2.0
        )
        times = self.start_s + np.cumsum(ticks) * self.tick_s - ticks[0] * self.tick_s
        times = times + np.clip(rng.normal(0, self.jitter_s, count), -0.4 * self.tick_s, 0.4 * self.tick_s)
        times = np.maximum.accumulate(times)
        keep = (times <= end) & (times > 0)
        for begin, stop in self.gaps:
            keep &= (times < begin) | (times >= stop)
        return times[keep]

    def held_times(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times whose values the samples show: the sample's own, or the last one before a freeze."""
        shown = times.copy()
        for begin, stop in self.frozen:
            inside = (times >= begin) & (times < stop)
            before = times[times < begin]
            shown[inside] = before[-1] if len(before) else begin
        return shown


def phone_link(rng: Generator) -> Link:
    """A phone on Bluetooth: replies ride on the radio's grid of about 45 ms, one or two ticks apart."""
    if rng.random() < 0.6:
        return Link(float(rng.uniform(0.044, 0.048)), 2, 0.003, float(rng.uniform(0.05, 0.15)), latency_s=0.03)
    return Link(float(rng.uniform(0.044, 0.05)), 1, 0.004, float(rng.uniform(0.05, 0.2)), latency_s=0.03)


def desktop_link(rng: Generator) -> Link:
    """A computer on a cable: 50 Hz."""
    return Link(0.020, 1, 0.001, float(rng.uniform(0.0, 0.05)), latency_s=0.005)


def bms_link(rng: Generator, rate_hz: float | None = None) -> Link:
    """An app that polls a protection board between 0.3 and 5 times a second, more often about once."""
    rate = rate_hz or float(np.clip(np.exp(rng.normal(0.0, 0.7)), 0.3, 5.0))
    return Link(1.0 / rate, 1, 0.05 / rate, float(rng.uniform(0.0, 0.05)), latency_s=float(rng.uniform(0.05, 0.3)))


def random_clock(rng: Generator, epoch_s: float, zone_s: int, *, same_phone: bool = False) -> DeviceClock:
    """Draw a clock: the phone's is good, a board's or computer's may be off by seconds and drift."""
    if same_phone:
        return DeviceClock(epoch_s, float(rng.normal(0, 0.3)), float(rng.normal(0, 4)), zone_s)
    return DeviceClock(
        epoch_s, float(rng.normal(0, 1) * 10 ** rng.uniform(-0.3, 1.4)), float(rng.normal(0, 30)), zone_s
    )
