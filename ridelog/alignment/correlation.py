"""Coarse search: at which offset two signals look alike, over every overlap there can be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .signals import Signal

#: Slow changes below this are left out: they look alike in any ride. 0.02 Hz (methods of clock alignment).
HIGH_PASS_S: Final = 25.0
#: Share of values at each end that is held to the quantile.
_CLIP: Final = 0.005
#: Most points of a grid; longer logs are compared on a coarser one.
_MOST_POINTS: Final = 1 << 19
#: Least time two logs must share, s.
LEAST_OVERLAP_S: Final = 40.0
#: Share of a signal that another device never sees the same way: gain, averaging, noise.
_LEAST_MISFIT: Final = 0.02
#: Blocks in which the agreement is counted, s; on a short overlap so many of them, and none shorter than twice the time
#: after which the signals are as good as new.
_BLOCK_S, _BLOCKS = 20.0, 6


@dataclass(frozen=True, slots=True)
class Grid:
    """A signal on an even grid.

    Attributes:
        start_s: The log's own stamp of the first point.
        step_s: Distance of the points.
        values: High-passed and clipped values, 0 where nothing is known, shape (n,).
        known: Where a value is known, shape (n,).
    """

    start_s: float
    step_s: float
    values: NDArray[np.float64]
    known: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Peak:
    """An offset at which two signals look alike.

    Attributes:
        offset_s: What is added to the second log's stamps to get the first one's.
        correlation: -1 to 1.
        score: Square root of twice the negative logarithm of the probability that chance reaches this correlation at
            that overlap, with the sign of the correlation.
        overlap_s: Time both logs have values at that offset.
    """

    offset_s: float
    correlation: float
    score: float
    overlap_s: float


def grid_step(first: Signal, second: Signal) -> float:
    """Step of a grid fit for two signals, s: a quarter of the slower interval, within bounds."""
    slower = max(first.interval_s, second.interval_s)
    step = float(np.clip(slower / 4, 0.1, max(1.0, slower / 2)))
    return max(step, (first.duration_s + second.duration_s) / _MOST_POINTS)


def on_grid(source: Signal, step_s: float, smooth_s: float, *, rough: bool = False) -> Grid:
    """Put a signal on an even grid.

    Values are joined by straight lines; nothing is taken from across a gap of more than three intervals.

    Args:
        source: The signal.
        step_s: Step of the grid.
        smooth_s: Running mean to apply, s; 0 for none.
        rough: True to leave slow changes and rare large values in.
    """
    start = float(source.time[0])
    points = start + np.arange(int(source.duration_s / step_s) + 1) * step_s
    reach = max(3 * source.interval_s, 2 * step_s)
    after = np.clip(np.searchsorted(source.time, points), 1, len(source.time) - 1)
    known = source.time[after] - source.time[after - 1] <= reach
    values = np.interp(points, source.time, source.values)
    width = round(smooth_s / step_s)
    if width > 1:
        values = _running_mean(values, np.ones(len(values)), width)
    if not rough:
        span = max(HIGH_PASS_S, 15 * source.interval_s, 15 * smooth_s)
        values = values - _running_mean(values, known.astype(float), max(round(span / step_s), 3))
        held = values[known]
        if len(held):
            values = np.clip(values, np.quantile(held, _CLIP), np.quantile(held, 1 - _CLIP))
    return Grid(start, step_s, np.where(known, values, 0.0), known)


def _running_mean(values: NDArray[np.float64], weight: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """Weighted mean over `width` points around each, fewer at the ends."""
    low = np.clip(np.arange(len(values)) - width // 2, 0, len(values))
    high = np.clip(np.arange(len(values)) + width - width // 2, 0, len(values))
    sums = np.concatenate(([0.0], np.cumsum(values * weight)))
    counts = np.concatenate(([0.0], np.cumsum(weight)))
    return np.asarray((sums[high] - sums[low]) / np.maximum(counts[high] - counts[low], 1e-9))


class Correlogram:
    """The correlation of two signals at every offset with enough overlap.

    Args:
        first: Grid of the log whose clock is kept.
        second: Grid of the other log; same step.
        slower_s: Interval of the slower log.
    """

    def __init__(self, first: Grid, second: Grid, slower_s: float) -> None:
        self.first, self.second, self.slower_s = first, second, slower_s
        step = first.step_s
        count = len(first.values) + len(second.values) - 1
        size = 1 << max(int(np.ceil(np.log2(count))), 1)

        def forward(values: NDArray[np.float64]) -> NDArray[np.complex128]:
            return np.asarray(np.fft.rfft(values, size))

        x, y = forward(first.values), forward(second.values)
        xx, yy = forward(first.values**2), forward(second.values**2)
        mx, my = forward(first.known.astype(float)), forward(second.known.astype(float))

        def crossed(one: NDArray[np.complex128], other: NDArray[np.complex128]) -> NDArray[np.float64]:
            lags = np.fft.irfft(one * np.conj(other), size)
            return np.concatenate((lags[size - len(second.values) + 1 :], lags[: len(first.values)]))

        power = np.maximum(crossed(xx, my), 0.0) * np.maximum(crossed(mx, yy), 0.0)
        floor = 1e-6 * float(power.max()) + 1e-12
        self.correlation = np.where(power > floor, crossed(x, y) / np.sqrt(np.maximum(power, floor)), 0.0)
        self.overlap_s = np.maximum(crossed(mx, my), 0.0) * step
        lags = np.arange(-len(second.values) + 1, len(first.values))
        self.offset_s = lags * step + first.start_s - second.start_s
        reach = min(int(60 / step) + 1, len(first.values), len(second.values))
        own = [np.fft.irfft(np.abs(part) ** 2, size)[:reach] for part in (x, y)]
        shape = [part / max(float(part[0]), 1e-12) for part in own]
        both = float(np.sum(shape[0] * shape[1]))
        # Time after which the two signals are as good as new (Bartlett).
        self.memory_s = max(step * (2 * both - 1), step, 0.5 * slower_s)
        # Chance reaches a correlation r among n independent values with a probability near (1 - r^2)^((n - 2) / 2).
        independent = np.maximum(self.overlap_s / self.memory_s - 2, 0.0)
        misfit = np.maximum(1 - np.minimum(self.correlation**2, 1.0), _LEAST_MISFIT)
        self.score = np.sign(self.correlation) * np.sqrt(-independent * np.log(misfit))
        self.usable = self.overlap_s >= max(LEAST_OVERLAP_S, 15 * slower_s)
        self.score[~self.usable] = 0.0
        self.trials = self._independent(self.usable)

    def _independent(self, offsets: NDArray[np.bool_]) -> float:
        """How many independent offsets there are among some, at least 1."""
        return max(float(offsets.sum()) * self.first.step_s / self.memory_s, 1.0)

    @property
    def apart_s(self) -> float:
        """Peaks closer than this are one peak."""
        return max(3.0, 3 * self.slower_s)

    def peaks(self, most: int = 4) -> list[Peak]:
        """The highest peaks of either sign, highest first."""
        return self._peaks(np.abs(self.score), most)

    def best_at(self, offsets: NDArray[np.bool_]) -> tuple[Peak, float] | None:
        """The highest peak among some offsets, and the logarithm of the probability that chance made it there.

        Args:
            offsets: Which offsets to look at, shape as `offset_s`.
        """
        found = self._peaks(np.where(offsets, np.abs(self.score), 0.0), 1)
        if not found:
            return None
        return found[0], float(np.log(self._independent(offsets & self.usable)) - found[0].score ** 2 / 2)

    def _peaks(self, left: NDArray[np.float64], most: int) -> list[Peak]:
        found: list[Peak] = []
        for _ in range(most):
            best = int(np.argmax(left))
            if left[best] <= 0:
                break
            offset = float(self.offset_s[best]) + parabola(np.abs(self.score), best) * self.first.step_s
            found.append(
                Peak(offset, float(self.correlation[best]), float(self.score[best]), float(self.overlap_s[best]))
            )
            left = np.where(np.abs(self.offset_s - self.offset_s[best]) <= self.apart_s, 0.0, left)
        return found

    def by_chance(self, peak: Peak) -> float:
        """Natural logarithm of the probability that chance gives such a peak anywhere among the offsets tried."""
        return float(np.log(self.trials) - peak.score**2 / 2)

    def features(self, offset_s: float) -> float:
        """Number of separate stretches the agreement at an offset comes from; near 1 when it is a single event."""
        step = self.first.step_s
        lag = round((offset_s - self.first.start_s + self.second.start_s) / step)
        begin, end = max(lag, 0), min(len(self.first.values), lag + len(self.second.values))
        if end <= begin:
            return 0.0
        product = self.first.values[begin:end] * self.second.values[begin - lag : end - lag]
        block_s = float(np.clip((end - begin) * step / _BLOCKS, min(2 * self.memory_s, _BLOCK_S), _BLOCK_S))
        width = max(round(block_s / step), 1)
        blocks = np.abs(np.add.reduceat(product, np.arange(0, len(product), width)))
        return float(blocks.sum() ** 2 / max(float((blocks**2).sum()), 1e-12))


def parabola(values: NDArray[np.float64], best: int) -> float:
    """Where between its neighbours a peak lies, in steps, -0.5 to 0.5."""
    if best in (0, len(values) - 1):
        return 0.0
    left, middle, right = (float(value) for value in values[best - 1 : best + 2])
    bend = left - 2 * middle + right
    return float(np.clip(0.5 * (left - right) / bend, -0.5, 0.5)) if bend < 0 else 0.0
