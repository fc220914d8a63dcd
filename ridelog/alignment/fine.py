"""Fine search: the offset to a fraction of a sample, window by window, and how long the slower device averages.

The slower log is compared with what it would have shown: the faster signal averaged over the time before each of its
stamps. How long it averages changes the shape of what it shows, so the width is told apart from a mere delay.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .correlation import HIGH_PASS_S, parabola

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .signals import Signal

#: Grid of the faster signal, s.
_STEP_S: Final = 0.05
#: Averaging times of BMSs that are tried, s; the longest is also bounded by the interval of the log.
_WIDTHS_S: Final = (0.0, 0.1, 0.2, 0.35, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
#: Stretches that the width is judged on: length in s, in rows of the slower log at least and at most, and how many.
_BLOCK_S, _BLOCK_ROWS, _MOST_BLOCKS = 200.0, (60, 300), 5
#: Windows: longest and shortest in s and in samples of the slower log, and the most of them.
_WINDOW_S, _SHORTEST_S, _SAMPLES, _MOST_WINDOWS = 120.0, 20.0, 25, 240
#: A window counts as matched from this correlation on (methods of clock alignment).
MATCHED: Final = 0.8


@dataclass(frozen=True, slots=True)
class Width:
    """How long the slower device averages.

    Attributes:
        seconds: The width that fits best.
        error_s: How far widths reach that fit about as well.
        shift_s: Offset at that width, relative to the one that was looked around.
        correlation: Correlation there.
        between_s: How much further the best shift lies because the true width is between those tried.
    """

    seconds: float
    error_s: float
    shift_s: float
    correlation: float
    between_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Windows:
    """Offsets found window by window, in order of time.

    Attributes:
        time: Middle of each window on the slower log's clock, s.
        shift_s: Offset relative to the one that was looked around.
        correlation: Correlation at the peak.
        lively: Whether enough happens in the window to judge by.
    """

    time: NDArray[np.float64]
    shift_s: NDArray[np.float64]
    correlation: NDArray[np.float64]
    lively: NDArray[np.bool_]

    @property
    def matched(self) -> NDArray[np.bool_]:
        """Windows that found their place."""
        return self.lively & (self.correlation >= MATCHED)


class Fine:
    """Compares a slower signal with a faster one around a known offset.

    Args:
        faster: Signal of the log with more rows a second.
        slower: The other.
        offset_s: What is added to the slower log's stamps to get the faster one's, roughly.
        sign: 1, or -1 when one signal falls where the other rises.
    """

    def __init__(self, faster: Signal, slower: Signal, offset_s: float, sign: float) -> None:
        self.slower_s = slower.interval_s
        self.faster_s = faster.interval_s
        self.high_pass_s = max(HIGH_PASS_S, 20 * slower.interval_s)
        self._start = float(faster.time[0])
        points = self._start + np.arange(int(faster.duration_s / _STEP_S) + 1) * _STEP_S
        steps = np.diff(faster.time, prepend=faster.time[0])
        # A controller's current is the mean since the last answer; other quantities are momentary.
        mean = faster.values if faster.quantity == "current" else _midpoints(faster.values)
        total = np.concatenate(([0.0], np.cumsum((mean * steps)[1:])))
        self._total = np.interp(points, faster.time, total)
        after = np.clip(np.searchsorted(faster.time, points), 1, len(faster.time) - 1)
        known = steps[after] <= max(4 * faster.interval_s, 0.5)
        self._unknown = np.concatenate(([0.0], np.cumsum(~known)))
        self._models: dict[float, tuple[NDArray[np.float64], NDArray[np.bool_]]] = {}
        inside = (slower.time + offset_s >= points[0]) & (slower.time + offset_s <= points[-1])
        self.time = slower.time[inside]
        self._places = (self.time + offset_s - self._start) / _STEP_S
        values = sign * slower.values[inside]
        self.values = values
        self._span = max(round(self.high_pass_s / slower.interval_s), 5)

    def width(self, reach_s: float) -> Width:
        """Find how long the slower device averages, and the offset that goes with it, within `reach_s`."""
        blocks = self._lively_blocks()
        shifts = _shifts(reach_s, _STEP_S)
        longest = max(1.25 * self.slower_s, 0.5)
        widths = [width for width in _WIDTHS_S if width == 0 or self.faster_s <= width <= longest]
        heights, places = np.zeros((len(widths), len(blocks))), np.zeros((len(widths), len(blocks)))
        for number, width in enumerate(widths):
            # Each block finds its own shift: over a whole ride drift would look like averaging.
            for block, rows in enumerate(blocks):
                scores = self._scores(rows, shifts, width)
                best = int(np.argmax(scores))
                heights[number, block] = scores[best]
                places[number, block] = shifts[best] + parabola(scores, best) * _STEP_S
        # A stretch that lies elsewhere, because a clock was set, says nothing about the width.
        there = heights.max(axis=0) >= 0.85 * heights.max()
        found = [
            (float(np.median(heights[number, there])), width, float(np.median(places[number, there])))
            for number, width in enumerate(widths)
        ]
        best_score, best_width, shift = max(found)
        between = _between(found)
        # Widths whose misfit is within what chance explains, with neighbouring samples counted as half new.
        bound = 4.0 / max(sum(map(len, blocks)) / 2, 4.0)
        misfit = max(1 - best_score**2, 1e-6)
        near = [width for score, width, _ in found if score > 0 and np.log(max(1 - score**2, 1e-6) / misfit) < bound]
        error = max((abs(width - best_width) for width in near), default=0.0)
        return Width(best_width, float(error), shift, best_score, between)

    def windows(self, width: Width, reach_s: float) -> Windows:
        """Find the offset in each window within `reach_s` of the place found by `width`."""
        if len(self.time) < 6:
            empty = np.empty(0)
            return Windows(empty, empty, empty, np.empty(0, dtype=bool))
        span = float(self.time[-1] - self.time[0])
        shortest = max(_SHORTEST_S, _SAMPLES * self.slower_s)
        length = float(np.clip(span / 6, shortest, max(_WINDOW_S, shortest)))
        hop = max(length / 2, span / _MOST_WINDOWS)
        middles = np.arange(self.time[0] + length / 2, self.time[-1] - length / 2 + hop / 2, hop)
        if not len(middles):
            middles = np.array([(self.time[0] + self.time[-1]) / 2])
        shifts = _shifts(reach_s, 0.1)
        energy, result = [], []
        for middle in middles:
            rows = np.arange(*np.searchsorted(self.time, (middle - length / 2, middle + length / 2)))
            if len(rows) < 0.5 * min(_SAMPLES, length / self.slower_s):
                continue
            scores = self._scores(rows, shifts + width.shift_s, width.seconds)
            best = int(np.argmax(scores))
            edge = best in (0, len(shifts) - 1)
            place = float(shifts[best]) + width.shift_s + parabola(scores, best) * 0.1
            energy.append(float(np.std(np.diff(self.values[rows]))))
            result.append((float(self.time[rows].mean()), place, 0.0 if edge else float(scores[best])))
        if not result:
            empty = np.empty(0)
            return Windows(empty, empty, empty, np.empty(0, dtype=bool))
        time, places, scores = np.array(result).T
        lively = np.array(energy) > 0.25 * float(np.median(energy))
        return Windows(time, places, scores, lively)

    def correlation(self, width: Width) -> float:
        """Correlation over all that both saw."""
        rows = np.arange(len(self.time))
        return float(self._scores(rows, np.array([width.shift_s]), width.seconds)[0]) if len(rows) > 3 else 0.0

    def _model(self, width_s: float) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """What the slower device would show at each grid point, and whether that is known."""
        if width_s not in self._models:
            place = np.arange(len(self._total))
            steps = max(round(max(width_s, self.faster_s) / _STEP_S), 2)
            # A momentary value stands for the time around it, a mean for the time before.
            ahead = steps // 2 if width_s == 0 else 0
            begin, end = np.maximum(place - steps + ahead, 0), np.minimum(place + ahead, len(place) - 1)
            values = (self._total[end] - self._total[begin]) / (steps * _STEP_S)
            clear = (self._unknown[end + 1] - self._unknown[begin]) == 0
            clear &= end - begin == steps
            self._models[width_s] = (np.where(clear, values, 0.0), clear)
        return self._models[width_s]

    def _scores(self, rows: NDArray[np.intp], shifts: NDArray[np.float64], width_s: float) -> NDArray[np.float64]:
        """Correlation of some rows with the model at each shift."""
        model, known = self._model(width_s)
        places = self._places[rows][:, None] + (shifts / _STEP_S)[None, :]
        low = np.floor(places).astype(np.intp)
        share = places - low
        valid = (low >= 0) & (low < len(model) - 1)
        low = np.clip(low, 0, len(model) - 2)
        there = known[low] & known[low + 1] & valid
        expected = model[low] * (1 - share) + model[low + 1] * share
        values = np.broadcast_to(self.values[rows][:, None], expected.shape)
        # Both lose their slow changes in the same way, row by row; else the difference of two ways would remain.
        expected, values = self._fast(expected, there), self._fast(values, there)
        count = np.maximum(there.sum(axis=0), 1)
        product = (expected * values).sum(axis=0)
        size = np.sqrt(np.maximum((expected**2).sum(axis=0) * (values**2).sum(axis=0), 1e-12))
        return np.asarray(np.where(count >= max(6, 0.3 * len(rows)), product / size, 0.0), dtype=np.float64)

    def _fast(self, values: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Values less their running mean over neighbouring rows, 0 where nothing is known; shape (rows, shifts)."""
        count = len(values)
        low = np.clip(np.arange(count) - self._span // 2, 0, count)
        high = np.clip(np.arange(count) + self._span - self._span // 2, 0, count)
        sums, counts = np.zeros((count + 1, values.shape[1])), np.zeros((count + 1, values.shape[1]))
        np.cumsum(np.where(there, values, 0.0), axis=0, out=sums[1:])
        np.cumsum(there, axis=0, out=counts[1:])
        mean = (sums[high] - sums[low]) / np.maximum(counts[high] - counts[low], 1.0)
        return np.where(there, values - mean, 0.0)

    def _lively_blocks(self) -> list[NDArray[np.intp]]:
        """Rows of the few stretches with most change."""
        count = len(self.values)
        size = int(np.clip(_BLOCK_S / self.slower_s, *_BLOCK_ROWS))
        blocks = count // size
        if blocks <= 1:
            return [np.arange(count)]
        energy = np.var(self.values[: blocks * size].reshape(blocks, size), axis=1)
        chosen = np.sort(np.argsort(energy)[-_MOST_BLOCKS:])
        return [np.arange(block * size, (block + 1) * size) for block in chosen]


def _between(found: list[tuple[float, float, float]]) -> float:
    """Shift that belongs to the width between the best of those tried and its better neighbour, less the best's."""
    best = max(range(len(found)), key=lambda place: found[place])
    if not 0 < best < len(found) - 1:
        return 0.0
    misfit, width, shift = (np.array(values) for values in zip(*found[best - 1 : best + 2], strict=True))
    second, first, _ = np.polyfit(width - width[1], misfit, 2)
    if second >= 0:
        return 0.0
    wider = float(np.clip(-first / (2 * second), (width[0] - width[1]) / 2, (width[2] - width[1]) / 2))
    return float(np.interp(wider, width - width[1], shift - shift[1]))


def _shifts(reach_s: float, step_s: float) -> NDArray[np.float64]:
    count = max(int(np.ceil(reach_s / step_s)), 2)
    return np.asarray(np.arange(-count, count + 1) * step_s, dtype=np.float64)


def _midpoints(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean of each value and the one before."""
    return np.asarray((values + np.concatenate((values[:1], values[:-1]))) / 2)
