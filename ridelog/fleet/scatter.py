"""How much the rides of a vehicle scatter, where few rides of its own say it and many vehicles of a kind say it better.

The variances of all vehicles are taken as draws from one law, a scaled inverse chi-squared, whose centre and width the
vehicles themselves tell; each vehicle's own variance is drawn towards the centre, the more the fewer rides it has and
the more alike the vehicles are (Smyth 2004, "Linear models and empirical Bayes methods", section 6.2).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fewer vehicles say nothing about the others.
_FEWEST: Final = 5
#: Vehicles are never taken as more alike than so many rides would show (engineering judgement).
_MOST_FREEDOM: Final = 60.0


@dataclass(frozen=True, slots=True)
class Scatter:
    """What the vehicles of a kind have in common.

    Attributes:
        variance: Centre of their variances; 0 without a common law.
        freedom: How much it weighs against own rides, in degrees of freedom; 0 without a common law.
        most: Degrees of freedom of all rides together: no vehicle can have more.
    """

    variance: float = 0.0
    freedom: float = 0.0
    most: float = math.inf

    def of(self, variance: float, freedom: float) -> tuple[float, float]:
        """Variance and degrees of freedom of a vehicle whose own rides say `variance` with so many degrees."""
        total = self.freedom + freedom
        if total <= 0:
            return variance, 0.0
        return (self.freedom * self.variance + freedom * variance) / total, min(total, self.most)


def common_scatter(variances: NDArray[np.float64], freedom: NDArray[np.float64]) -> Scatter:
    """The common law of the variances of some vehicles.

    Args:
        variances: Shape (vehicles,).
        freedom: Degrees of freedom of each, shape (vehicles,).

    Returns:
        Their law; one without weight for fewer than 5 vehicles or when nothing scatters at all.
    """
    known = freedom > 0
    variances, freedom = variances[known], freedom[known]
    middle = float(np.median(variances)) if len(variances) else 0.0
    if len(variances) < _FEWEST or middle <= 0:
        return Scatter()
    # A course without any scatter says that its values are coarse, not that its variance is 0.
    logs = np.log(np.maximum(variances, 1e-3 * middle))
    half = freedom / 2
    centred = logs - _digamma(half) + np.log(half)
    mean = float(np.mean(centred))
    spread = float(np.var(centred, ddof=1)) - float(np.mean(_trigamma(half)))
    prior = 2 * _inverse_trigamma(spread) if spread > 0 else math.inf
    prior = min(prior, _MOST_FREEDOM)
    own = np.array([prior / 2])
    centre = math.exp(mean + float(_digamma(own)[0]) - math.log(prior / 2))
    return Scatter(centre, prior, float(freedom.sum()))


def two_sided_t(value: float, freedom: float) -> float:
    """Probability of a value of Student's law at least this far from 0, by Wallace's normal deviate (1959).

    For 3 degrees of freedom and more it is within a fifth of the exact value down to probabilities of 0.001.
    """
    if freedom <= 0:
        return 1.0
    squared = freedom * math.log1p(value * value / freedom)
    return math.erfc((8 * freedom + 1) / (8 * freedom + 3) * math.sqrt(squared / 2))


def quantile_t(freedom: float) -> float:
    """97.5 % quantile of Student's law, by the same deviate; infinite without a degree of freedom."""
    if freedom <= 0:
        return math.inf
    deviate = 1.959964 * (8 * freedom + 3) / (8 * freedom + 1)
    return math.sqrt(freedom * math.expm1(deviate * deviate / freedom))


def _digamma(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Derivative of the logarithm of the gamma function, x > 0 (recurrence to x + 6, then its asymptotic series)."""
    lifted = x + 6
    steps = np.sum([1 / (x + step) for step in range(6)], axis=0)
    series = np.log(lifted) - 1 / (2 * lifted) - 1 / (12 * lifted**2) + 1 / (120 * lifted**4) - 1 / (252 * lifted**6)
    return np.asarray(series - steps)


def _trigamma(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Second derivative of the logarithm of the gamma function, x > 0."""
    lifted = x + 6
    steps = np.sum([1 / (x + step) ** 2 for step in range(6)], axis=0)
    series = 1 / lifted + 1 / (2 * lifted**2) + 1 / (6 * lifted**3) - 1 / (30 * lifted**5) + 1 / (42 * lifted**7)
    return np.asarray(series + steps)


def _inverse_trigamma(value: float) -> float:
    """The x whose second derivative this is, by halving; it falls steadily from infinity to 0."""
    low, high = 1e-3, 1e6
    for _ in range(80):
        middle = math.sqrt(low * high)
        if float(_trigamma(np.array([middle]))[0]) > value:
            low = middle
        else:
            high = middle
    return math.sqrt(low * high)
