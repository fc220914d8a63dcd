"""Robust fit of the one-time-constant model V = a - R0 I - R1 x - c1 q + c2 q^2 to a ride, with a block bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .fit_rows import (
    AMPS,
    TIME_CONSTANTS_S,
    VOLTS,
    FitRows,
    NormalEquations,
    change_span,
    every_without_own_terms,
    fit_rows,
    largest_change,
    normal_equations,
    without_own_terms,
)
from .quantiles import quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ROUNDS: Final = 4
#: A round that moves the resistance by less than this share of it is the last: the next would move it by less.
_SETTLED_SHARE: Final = 1e-3
_HUBER: Final = 1.5
_REFUSE: Final = 6.0
#: Share of a current step by which voltage and current of a row may disagree in time, as a standard deviation.
STEP_SHARE: Final = 0.3
#: Length of a bootstrap block in s: 25 s, on a short log shorter so that there are twelve, but never below 4 s.
_BLOCK_S: Final = 25.0
_SHORT_BLOCK_S: Final = 4.0
_FEW_BLOCKS: Final = 12
_MOST_BLOCKS: Final = 200
_DRAWS: Final = 240
#: Neighbouring rows share their error: so many count as one beside the prior (engineering judgement).
_ROWS_AS_ONE: Final = 10.0
#: Width of the prior, as a share of the prior resistance, and the slow part expected beside R0.
_PRIOR_SHARE: Final = 0.7
_PRIOR_SLOW: Final = 0.4
#: How much the resistance of a window differs from the ride's, as a standard deviation.
_WINDOW_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class PolarisationFit:
    """Result of the fit.

    Attributes:
        ohm: R0 in ohm.
        slow_ohm: R1 in ohm.
        time_constant_s: tau in s.
        ohm_error: Standard deviation of R0 by the bootstrap, in ohm.
        slow_error: Standard deviation of R1, in ohm.
        blocks: Blocks the bootstrap drew from.
        noise: Robust standard deviation of the misfit in V.
        data_share: 0..1, how much of R0 the ride decided and not the prior.
        window_time: Middle of each window in s, shape (windows,).
        window_scale: Resistance in each window over the resistance of the ride, shape (windows,).
    """

    ohm: float
    slow_ohm: float
    time_constant_s: float
    ohm_error: float
    slow_error: float
    blocks: int
    noise: float
    data_share: float
    window_time: NDArray[np.float64]
    window_scale: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _Prior:
    """What R0 and R1 are expected to be in ohm, and the weight of that in the normal equations."""

    ohm: float
    slow_ohm: float
    weight: float
    slow_weight: float


def fit_polarisation(
    time: NDArray[np.float64],
    volts: NDArray[np.float64],
    amps: NDArray[np.float64],
    charge_ah: NDArray[np.float64],
    usable: NDArray[np.bool_],
    prior_ohm: float,
    floor_v: float,
) -> PolarisationFit:
    """Fit R0, R1 and tau to a ride.

    Huber-weighted least squares with a common R0, R1 and tau, one intercept and one quadratic in the charge for each
    window of eight minutes, tau from a grid. Rows in which the current changes fast weigh less, because voltage and
    current of a row are not from the same instant. A wide prior keeps a ride without load from giving nonsense. The
    errors are from a bootstrap over blocks of 25 s (shorter on a short log), with tau chosen anew in every draw.

    Args:
        time: Stamps in s, shape (n,).
        volts: Voltage in V, shape (n,), finite.
        amps: Current in A without lag, shape (n,), finite.
        charge_ah: Charge taken out in Ah, shape (n,).
        usable: Rows to fit, shape (n,).
        prior_ohm: What R0 would be expected to be, in ohm.
        floor_v: Least noise to assume, in V (resolution of the voltage).

    Returns:
        The fit.
    """
    rows = fit_rows(time, volts, amps, charge_ah, usable)
    filled = rows.weight > 0
    change = largest_change(rows.design[AMPS], change_span(quantile(np.diff(rows.time), 0.5)))
    noise = max(floor_v, 1e-4 * quantile(rows.design[VOLTS], 0.5))
    weight = rows.weight / (1.0 + (STEP_SHARE * prior_ohm * change / noise) ** 2)
    before = (-1, 0.0, 0.0)
    for round_number in range(_ROUNDS):
        equations = normal_equations(rows, weight)
        best, ohm, slow_ohm = _solve(equations.gram, _prior(noise, prior_ohm))
        misfit = without_own_terms(rows, equations, _mix(1.0, ohm, slow_ohm, best))
        noise = max(floor_v, _robust_spread(misfit if filled.all() else misfit[filled]))
        variance = noise**2 + (STEP_SHARE * ohm * change) ** 2
        ratio = np.abs(misfit) / np.sqrt(variance)
        weight = rows.weight * noise**2 / variance * np.minimum(1.0, _HUBER / np.maximum(ratio, 1e-9))
        if round_number > 0:
            weight[ratio > _REFUSE] = 0.0
            if best == before[0] and np.hypot(ohm - before[1], slow_ohm - before[2]) < _SETTLED_SHARE * abs(ohm):
                break
        before = (best, ohm, slow_ohm)
    prior = _prior(noise, prior_ohm)
    equations = normal_equations(rows, weight)
    best, ohm, slow_ohm = _solve(equations.gram, prior)
    ohm_error, slow_error, blocks = _bootstrap(rows, weight, equations, prior)
    data_share = float(equations.gram[1, 1] / (equations.gram[1, 1] + prior.weight))
    # Without data the bootstrap sees only the prior: its own width is the least that is honest then.
    blind = (1 - data_share) * _PRIOR_SHARE * prior_ohm
    drop_mix = _mix(0.0, ohm, slow_ohm, best)
    window_time, window_scale = _window_scales(rows, weight, equations, drop_mix, noise)
    return PolarisationFit(
        ohm,
        slow_ohm,
        TIME_CONSTANTS_S[best],
        float(np.hypot(ohm_error, blind)),
        float(np.hypot(slow_error, _PRIOR_SLOW * blind)),
        blocks,
        noise,
        data_share,
        window_time,
        window_scale,
    )


def _mix(volts: float, ohm: float, slow_ohm: float, best: int) -> NDArray[np.float64]:
    """Factors of voltage, current and the current through the time constant of index `best`."""
    mix = np.zeros(2 + len(TIME_CONSTANTS_S))
    mix[0], mix[1], mix[2 + best] = volts, ohm, slow_ohm
    return mix


def _prior(noise: float, prior_ohm: float) -> _Prior:
    width = _PRIOR_SHARE * prior_ohm
    weight = _ROWS_AS_ONE * noise**2 / width**2
    return _Prior(prior_ohm, _PRIOR_SLOW * prior_ohm, weight, weight / _PRIOR_SLOW**2)


def _solve(gram: NDArray[np.float64], prior: _Prior) -> tuple[int, float, float]:
    """Best time constant (index), R0 and R1 for it; R1 is never negative."""
    sums = np.concatenate([[gram[0, 0], gram[0, 1], gram[1, 1]], gram[0, 2:], gram[1, 2:], np.diag(gram)[2:]])
    best, fast, slow = _solve_many(sums[None, :], prior)
    return int(best[0]), float(fast[0]), float(slow[0])


def _solve_many(
    sums: NDArray[np.float64], prior: _Prior
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Solve draws (n, 3 + 3 taus) of the sums vv, vi, ii, vx.., ix.., xx..; each result has shape (n,)."""
    taus = len(TIME_CONSTANTS_S)
    vv, vi, ii = (sums[:, [column]] for column in range(3))
    vx, ix, xx = (sums[:, 3 + part * taus : 3 + (part + 1) * taus] for part in range(3))
    aa, dd = ii + prior.weight, xx + prior.slow_weight
    b0, b1 = -vi + prior.weight * prior.ohm, -vx + prior.slow_weight * prior.slow_ohm
    determinant = aa * dd - ix**2
    slow = np.maximum((aa * b1 - ix * b0) / np.maximum(determinant, 1e-12 * aa * dd), 0.0)
    fast = (b0 - ix * slow) / aa
    cost = vv + 2 * fast * vi + 2 * slow * vx + fast**2 * ii + 2 * fast * slow * ix + slow**2 * xx
    cost = cost + prior.weight * (fast - prior.ohm) ** 2 + prior.slow_weight * (slow - prior.slow_ohm) ** 2
    best = np.argmin(cost, axis=1)
    draws = np.arange(len(sums))
    return best, np.asarray(fast[draws, best], dtype=np.float64), np.asarray(slow[draws, best], dtype=np.float64)


def _robust_spread(values: NDArray[np.float64]) -> float:
    return 1.4826 * quantile(np.abs(values - quantile(values, 0.5)), 0.5) if len(values) else 0.0


def _block_edges(time: NDArray[np.float64]) -> NDArray[np.intp]:
    steps = np.minimum(np.diff(time), _BLOCK_S)
    going = np.concatenate(([0.0], np.cumsum(steps)))
    length = float(going[-1])
    width = max(min(_BLOCK_S, length / _FEW_BLOCKS), _SHORT_BLOCK_S, length / _MOST_BLOCKS)
    label = (going / width).astype(np.int64)
    return np.concatenate(([0], np.flatnonzero(np.diff(label)) + 1))


def _bootstrap(
    rows: FitRows, weight: NDArray[np.float64], equations: NormalEquations, prior: _Prior
) -> tuple[float, float, int]:
    """Standard deviations of R0 and R1 over draws of blocks, and the number of blocks."""
    left = every_without_own_terms(rows, equations)
    weighted = left * weight
    volts, amps, slow = left[0], left[1], left[2:]
    products = np.concatenate(
        (
            [weighted[0] * volts, weighted[0] * amps, weighted[1] * amps],
            weighted[2:] * volts,
            weighted[2:] * amps,
            weighted[2:] * slow,
        )
    )
    blocks = np.add.reduceat(products, _block_edges(rows.time), axis=1)
    blocks = np.ascontiguousarray(blocks[:, blocks[2] > 0].T)
    count = len(blocks)
    if count < 3:
        return prior.ohm, prior.slow_ohm, count
    # Exponential weights on the blocks (a Bayesian bootstrap): no draw leaves the ride without its only stop.
    draws = np.random.default_rng(20).standard_exponential((_DRAWS, count))
    draws /= draws.mean(axis=1, keepdims=True)
    sums = np.concatenate([part @ blocks for part in np.array_split(draws, _DRAWS // 30)])
    _, fast, slow = _solve_many(sums, prior)
    few = float(np.sqrt(count / (count - 2.0)))
    return float(np.std(fast)) * few, float(np.std(slow)) * few, count


def _window_scales(
    rows: FitRows,
    weight: NDArray[np.float64],
    equations: NormalEquations,
    drop_mix: NDArray[np.float64],
    noise: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How the resistance of each window compares with the ride's, drawn towards one where a window knows little."""
    starts = [window.start for window in rows.windows]
    drop = without_own_terms(rows, equations, drop_mix)
    volts = without_own_terms(rows, equations, _mix(1.0, 0.0, 0.0, 0))
    size = np.add.reduceat(weight * drop**2, starts)
    against = -np.add.reduceat(weight * drop * volts, starts)
    prior = _ROWS_AS_ONE * noise**2 / _WINDOW_SHARE**2
    times = np.add.reduceat(rows.time, starts) / np.diff([*starts, len(rows.time)])
    return np.asarray(times), np.clip((against + prior) / (size + prior), 0.6, 1.6)
