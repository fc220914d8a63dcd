"""Statistics that survive outliers: slopes, change points, outliers among peers, and many tests at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Most points of a series that enter the pairs of a slope; longer series are thinned evenly.
_MOST_POINTS: Final = 400
#: Serial correlation is estimated from so many points on; fewer mostly show how a course bends away from a line.
_FEWEST_CORRELATED: Final = 20


@dataclass(frozen=True, slots=True)
class Trend:
    """A straight line through a series.

    Attributes:
        slope: Change per unit of time.
        low: Lower end of its 95 % interval.
        high: Upper end.
        level: Value of the line at the first moment.
        p: Probability of so much order by chance, two-sided.
    """

    slope: float
    low: float
    high: float
    level: float
    p: float


def robust_trend(time: NDArray[np.float64], values: NDArray[np.float64]) -> Trend | None:
    """Slope by Theil and Sen with Sen's interval, significance by Mann and Kendall.

    From 20 points on the variance of Kendall's statistic is widened for serial correlation of what the line leaves (by the
    correlation of neighbours, as in Hamed and Rao 1998): slow drifts are no evidence of their own for each ride.

    Args:
        time: Moments, shape (n,), ascending.
        values: Values, shape (n,), finite.

    Returns:
        The trend, None with fewer than 6 points or without any spread in time.
    """
    if len(time) > _MOST_POINTS:
        chosen = np.linspace(0, len(time) - 1, _MOST_POINTS).round().astype(int)
        time, values = time[chosen], values[chosen]
    count = len(time)
    if count < 6 or time[-1] <= time[0]:
        return None
    first, second = np.triu_indices(count, 1)
    apart = time[second] - time[first]
    rise = values[second] - values[first]
    slopes = np.sort(rise[apart > 0] / apart[apart > 0])
    slope = float(np.median(slopes))
    rest = values - slope * time
    statistic = float(np.sum(np.sign(rise)))
    variance = count * (count - 1) * (2 * count + 5) / 18
    for size in np.unique(values, return_counts=True)[1]:
        variance -= size * (size - 1) * (2 * size + 5) / 18
    correlation = neighbours(rest) if count >= _FEWEST_CORRELATED else 0.0
    variance *= max(1.0, (1 + correlation) / (1 - correlation))
    if variance <= 0:
        return Trend(slope, slope, slope, float(np.median(rest)) + slope * float(time[0]), 1.0)
    score = math.copysign(max(abs(statistic) - 1, 0.0), statistic) / math.sqrt(variance)
    reach = 1.96 * math.sqrt(variance)
    low = slopes[int(max((len(slopes) - reach) / 2, 0))]
    high = slopes[int(min((len(slopes) + reach) / 2, len(slopes) - 1))]
    level = float(np.median(rest)) + slope * float(time[0])
    return Trend(slope, float(low), float(high), level, two_sided(score))


def neighbours(rest: NDArray[np.float64]) -> float:
    """Correlation of the ranks of neighbours in time, 0 when it is within chance; between 0 and 0.9."""
    ranks = np.argsort(np.argsort(rest)).astype(np.float64)
    ranks -= ranks.mean()
    power = float(np.sum(ranks**2))
    correlation = float(np.sum(ranks[1:] * ranks[:-1])) / power if power > 0 else 0.0
    return min(correlation, 0.9) if correlation > 1.64 / math.sqrt(len(rest)) else 0.0


def two_sided(score: float) -> float:
    """Probability of a standard normal value at least this far from 0."""
    return math.erfc(abs(score) / math.sqrt(2))


@dataclass(frozen=True, slots=True)
class Step:
    """A change point: index of the first value after it, medians before and after, and its probability by chance."""

    index: int
    before: float
    after: float
    p: float


def change_point(values: NDArray[np.float64]) -> Step | None:
    """The most probable single step of a series, by Pettitt (1979); None with fewer than 8 values or a smooth course.

    A step is only told from a steady trend where two levels leave less (sum of absolute rests) than a line does.
    """
    count = len(values)
    if count < 8:
        return None
    ranks = np.argsort(np.argsort(values)) + 1.0
    course = 2 * np.cumsum(ranks)[:-1] - np.arange(1, count) * (count + 1)
    index = int(np.argmax(np.abs(course))) + 1
    if not 3 <= index <= count - 3:
        return None
    size = float(np.abs(course[index - 1]))
    p = min(2 * math.exp(-6 * size**2 / (count**3 + count**2)), 1.0)
    before, after = float(np.median(values[:index])), float(np.median(values[index:]))
    steps = float(np.sum(np.abs(values[:index] - before)) + np.sum(np.abs(values[index:] - after)))
    line = robust_trend(np.arange(count, dtype=np.float64), values)
    if line is None:
        return None
    left = float(np.sum(np.abs(values - line.level - line.slope * np.arange(count))))
    return Step(index, before, after, p) if steps < 0.9 * left else None


def robust_scores(values: NDArray[np.float64], floor: float) -> NDArray[np.float64]:
    """Distance of each value from the median of the others in robust standard deviations, shape (n,).

    Args:
        values: Shape (n,), finite.
        floor: Least standard deviation: what a difference must have to matter.
    """
    scores = np.zeros(len(values))
    for place in range(len(values)):
        others = np.delete(values, place)
        if len(others) < 4:
            continue
        middle = float(np.median(others))
        spread = 1.4826 * float(np.median(np.abs(others - middle)))
        # The median and the spread of few peers are uncertain themselves.
        spread = max(spread, floor) * math.sqrt(1 + 4 / len(others))
        scores[place] = (values[place] - middle) / spread
    return scores


def benjamini_hochberg(probabilities: Sequence[float]) -> list[float]:
    """Adjusted probabilities of many tests: calling those <= q findings makes at most a share q of them false."""
    count = len(probabilities)
    order = sorted(range(count), key=lambda place: probabilities[place], reverse=True)
    adjusted = [1.0] * count
    lowest = 1.0
    for position, place in enumerate(order):
        lowest = min(lowest, probabilities[place] * count / (count - position))
        adjusted[place] = lowest
    return adjusted
