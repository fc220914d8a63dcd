"""A straight line through the rides of a vehicle, with what each ride knows of its own error, temperature and season."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .scatter import Scatter, quantile_t, two_sided_t
from .statistics import neighbours

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rides further off than so many standard deviations count less (Huber's weights), and what such weights leave of the
#: variance of a normal law.
_STRANGE: Final = 2.0
_LEFT: Final = 0.9205
_ROUNDS: Final = 20
#: Added to the diagonal of the normal equations, as a share of their trace.
_TINY: Final = 1e-11
#: Serial correlation is estimated from so many rides on; fewer mostly show how a course bends away from a line.
_FEWEST_CORRELATED: Final = 20
#: Least rides of a line.
_FEWEST: Final = 5


@dataclass(frozen=True, slots=True)
class Rides:
    """What a line goes through, in order of time.

    Attributes:
        days: Moments in days, shape (n,).
        values: Values, shape (n,); logarithms for relative metrics.
        errors: Standard error of each in the same unit, shape (n,); only their ratios count.
        source: Who saw it, shape (n,), as small integers: each source has a level of its own.
        effects: What temperature or season adds to each value if it acts as assumed, shape (n, k); k may be 0.
        shares: Expected share of each effect, shape (k,).
        spreads: Standard deviation of that share from vehicle to vehicle, shape (k,), above 0.
    """

    days: NDArray[np.float64]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    source: NDArray[np.int64]
    effects: NDArray[np.float64]
    shares: NDArray[np.float64]
    spreads: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Line:
    """A fitted line.

    Attributes:
        slope: Change a day.
        low: Lower end of its 95 % interval.
        high: Upper end.
        level: Value of the line at the first moment, as the source with most rides sees it.
        p: Probability of such a slope by chance, two-sided.
        shares: Share of each effect this vehicle shows, shape (k,).
        variance: Variance of the rides by their own scatter, in units of their squared errors.
        freedom: Degrees of freedom of that.
    """

    slope: float
    low: float
    high: float
    level: float
    p: float
    shares: NDArray[np.float64]
    variance: float
    freedom: float


def fit_line(rides: Rides, common: Scatter) -> Line | None:
    """Fit levels, slope and shares of the effects together, by least squares with Huber's weights.

    A share is a draw from its expectation and spread: where warm rides and late rides are the same rides, the interval
    of the slope says that season and ageing cannot be told apart.

    Args:
        rides: The rides.
        common: What the vehicles of its kind say about scatter.

    Returns:
        The line, None with fewer than 5 rides, without a ride to spare or without time between them.
    """
    count, span = len(rides.days), float(np.ptp(rides.days))
    if count < _FEWEST or span <= 0:
        return None
    # A ride's own error is not all that makes it differ from the others: the usual one is added to each.
    errors = np.hypot(rides.errors, np.median(rides.errors))
    sources, source = np.unique(rides.source, return_inverse=True)
    levels = len(sources)
    # Shares are fitted as their differences from what is expected, which are 0 give or take their spread.
    plain = rides.values - rides.effects @ rides.shares
    middle = float(np.median(plain))
    values = (plain - middle) / errors
    columns = [source[:, None] == np.arange(levels), (rides.days[:, None] - rides.days[0]) / span, rides.effects]
    rows = np.hstack(columns) / errors[:, None]
    penalty = np.zeros(rows.shape[1])
    weight = np.ones(count)
    least = 1e-12 * float(np.mean((rides.values / errors) ** 2)) + 1e-300
    variance = 0.0
    for turn in range(_ROUNDS):
        # Before the scatter is known the effects are as expected.
        strength = variance / rides.spreads**2 if turn else 1e9 * np.sum(rows[:, levels + 1 :] ** 2, axis=0) + 1e-9
        penalty[levels + 1 :] = strength
        weighted = (rows * weight[:, None]).T
        information = weighted @ rows
        # What the rides cannot tell at all comes out as 0 with an interval without end.
        tiny = _TINY * float(information.trace())
        inverse = np.linalg.inv(information + np.diag(penalty + tiny))
        solved = inverse @ (weighted @ values)
        free = count - float(np.trace(inverse @ information))
        if free < 0.5:
            return None
        rest = values - rows @ solved
        size = np.abs(rest)
        kept = np.minimum(size, _STRANGE * math.sqrt(variance)) if turn else size
        own = max(float(np.sum(kept**2)) / free / (_LEFT if turn else 1.0), least)
        before = variance
        variance, freedom = common.of(own, free)
        if turn > 1 and abs(variance - before) <= 1e-6 * variance:
            break
        weight = np.where(size > kept, kept / np.maximum(size, 1e-300), 1.0)
    correlation = neighbours(rest) if count >= _FEWEST_CORRELATED else 0.0
    slope = float(solved[levels])
    error = math.sqrt(variance * max(float(inverse[levels, levels]), 0.0) * (1 + correlation) / (1 - correlation))
    reach = quantile_t(freedom) * error
    return Line(
        slope=slope / span,
        low=(slope - reach) / span,
        high=(slope + reach) / span,
        level=middle + float(solved[int(np.argmax(np.bincount(source)))]),
        p=two_sided_t(slope / error, freedom) if error > 0 else 1.0,
        shares=rides.shares + solved[levels + 1 :],
        variance=own,
        freedom=free,
    )
