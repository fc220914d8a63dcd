"""Robust fit of the one-time-constant model V = a - R0 I - R1 x - c1 q + c2 q^2 to a ride, with a block bootstrap."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from .polarisation import polarisation_current

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Time constants tried, in s.
TIME_CONSTANTS_S: Final = (3.0, 5.0, 8.0, 12.0, 18.0, 27.0, 40.0)
#: Length of a window with its own intercept and its own answer to the charge taken, in s (5-10 minutes).
_WINDOW_S: Final = 480.0
#: A pause this long starts a new window, in s.
_PAUSE_S: Final = 60.0
_MOST_WINDOWS: Final = 120
#: Shortest window with a slope, and with a bend, against the charge, in s. A shorter one would explain the ride away.
_SLOPE_S: Final = 90.0
_BEND_S: Final = 240.0
#: Rows after joining neighbours; the model is linear, so means obey it as rows do.
_MOST_ROWS: Final = 20_000
_ROUNDS: Final = 4
_HUBER: Final = 1.5
_REFUSE: Final = 6.0
#: Share of a current step by which voltage and current of a row may disagree in time, as a standard deviation.
STEP_SHARE: Final = 0.3
#: Length of a bootstrap block in s: 25 s, on a short log shorter so that there are twelve, but never below 4 s.
_BLOCK_S: Final = 25.0
_SHORT_BLOCK_S: Final = 4.0
_FEW_BLOCKS: Final = 12
_MOST_BLOCKS: Final = 250
_DRAWS: Final = 300
#: Neighbouring rows share their error: so many count as one beside the prior (engineering judgement).
_ROWS_AS_ONE: Final = 10.0
#: Width of the prior, as a share of the prior resistance.
_PRIOR_SHARE: Final = 0.7
_PRIOR_SLOW: Final = 0.4


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


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The rows of the fit: joined neighbours, window by window."""

    time: NDArray[np.float64]
    design: NDArray[np.float64]  # 1, q, q^2, v, i, x for each time constant
    weight: NDArray[np.float64]
    windows: list[slice]
    label: NDArray[np.intp]


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
        volts: Voltage in V, shape (n,); NaN allowed where not usable.
        amps: Current in A without lag, shape (n,), finite.
        charge_ah: Charge taken out in Ah, shape (n,).
        usable: Rows to fit, shape (n,).
        prior_ohm: What R0 would be expected to be, in ohm.
        floor_v: Least noise to assume, in V (resolution of the voltage).

    Returns:
        The fit.
    """
    rows = _collect(time, volts, amps, charge_ah, usable)
    prior = np.array([prior_ohm, _PRIOR_SLOW * prior_ohm])
    rate = STEP_SHARE * prior_ohm * largest_change(rows.design[:, 4])
    noise = max(floor_v, 1e-4 * float(np.median(rows.design[:, 3])))
    weight = rows.weight / (1.0 + (rate / noise) ** 2)
    best, ohms = 0, prior
    misfit = np.zeros(len(rows.weight))
    for round_number in range(_ROUNDS):
        gram, cross = _normal_equations(rows, weight)
        ridge = _ridge(noise, prior_ohm)
        best, ohms = _solve(gram, prior, ridge)
        misfit = _misfit(rows, cross, best, ohms)
        noise = max(floor_v, _robust_spread(misfit[rows.weight > 0]))
        rate = STEP_SHARE * float(ohms[0]) * largest_change(rows.design[:, 4])
        spread = np.hypot(noise, rate)
        ratio = np.abs(misfit) / spread
        weight = rows.weight * (noise / spread) ** 2 * np.minimum(1.0, _HUBER / np.maximum(ratio, 1e-9))
        if round_number > 0:
            weight[ratio > _REFUSE] = 0.0
    gram, cross = _normal_equations(rows, weight)
    ridge = _ridge(noise, prior_ohm)
    best, ohms = _solve(gram, prior, ridge)
    errors, blocks = _bootstrap(rows, weight, cross, prior, ridge)
    data_share = float(gram[1, 1] / (gram[1, 1] + ridge[0]))
    # Without data the bootstrap sees only the prior: its own width is the least that is honest then.
    errors = np.hypot(errors, (1 - data_share) * _PRIOR_SHARE * prior_ohm * np.array([1.0, _PRIOR_SLOW]))
    window_time, window_scale = _window_scales(rows, weight, cross, best, ohms, noise)
    return PolarisationFit(
        float(ohms[0]),
        float(ohms[1]),
        TIME_CONSTANTS_S[best],
        float(errors[0]),
        float(errors[1]),
        blocks,
        noise,
        data_share,
        window_time,
        window_scale,
    )


def _collect(
    time: NDArray[np.float64],
    volts: NDArray[np.float64],
    amps: NDArray[np.float64],
    charge_ah: NDArray[np.float64],
    usable: NDArray[np.bool_],
) -> _Rows:
    join = -(-len(time) // _MOST_ROWS)
    kept = len(time) // join * join
    part = usable[:kept].reshape(-1, join)
    weight = part.sum(axis=1).astype(np.float64)
    share = np.maximum(weight, 1.0)

    def joined(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.where(part, values[:kept].reshape(-1, join), 0.0).sum(axis=1) / share)

    if join > 1:
        when = time[:kept].reshape(-1, join).mean(axis=1)
        whole = amps[:kept].reshape(-1, join).mean(axis=1)
        charge = charge_ah[:kept].reshape(-1, join).mean(axis=1)
        apart = np.ptp(time[:kept].reshape(-1, join), axis=1)
        weight[apart > 5 * max(float(np.median(apart)), 1e-9)] = 0.0
    else:
        when, whole, charge = time, amps, charge_ah
    start = float(np.median(whole[: max(1, int(np.searchsorted(when, when[0] + 3.0)))]))
    edges = _windows(when)
    windows = [slice(first, last) for first, last in pairwise(edges)]
    label = np.repeat(np.arange(len(windows)), np.diff(edges))
    basis = np.zeros((len(when), 3))
    basis[:, 0] = 1.0
    for window in windows:
        length = float(when[window.stop - 1] - when[window.start])
        span = float(np.ptp(charge[window]))
        if length >= _SLOPE_S and span > 0:
            scaled = 2.0 * (charge[window] - charge[window].min()) / span - 1.0
            basis[window, 1] = scaled
            if length >= _BEND_S:
                basis[window, 2] = scaled**2
    slow = [polarisation_current(when, whole, tau, start) for tau in TIME_CONSTANTS_S]
    design = np.column_stack([basis, joined(volts), joined(amps), *slow])
    return _Rows(when, design, weight, windows, label)


def _windows(time: NDArray[np.float64]) -> list[int]:
    """Edges of the windows: of equal length between pauses, none with hardly any rows."""
    fewest = max(20, len(time) // _MOST_WINDOWS)
    steps = np.diff(time)
    pauses = [0, *(np.flatnonzero(steps > max(_PAUSE_S, 20 * float(np.median(steps)))) + 1).tolist(), len(time)]
    edges = [0]
    for first, last in pairwise(pauses):
        if first - edges[-1] >= fewest and len(time) - first >= fewest:
            edges.append(first)
        length = float(time[last - 1] - time[first])
        pieces = min(int(length / _WINDOW_S + 0.5), (last - first) // fewest)
        edges += [
            cut
            for cut in (first + (last - first) * piece // pieces for piece in range(1, pieces))
            if cut - edges[-1] >= fewest
        ]
    return [*edges, len(time)]


def largest_change(
    amps: NDArray[np.float64], gap_after: NDArray[np.bool_] | None = None, reach: int = 2
) -> NDArray[np.float64]:
    """Largest change between neighbouring rows near each row.

    Args:
        amps: Current in A, shape (n,).
        gap_after: Whether a gap follows each row, shape (n - 1,): nothing is compared across one.
        reach: Rows to each side that are looked at.

    Returns:
        Change in A, shape (n,).
    """
    change = np.abs(np.diff(amps))
    if gap_after is not None:
        change[gap_after] = 0.0
    largest = np.zeros(len(amps))
    for step in range(1, reach + 1):
        part = change[step - 1 :]
        if len(part):
            np.maximum(largest[: len(part)], part, out=largest[: len(part)])
        part = change[: len(change) - step + 1]
        if len(part):
            np.maximum(largest[step:], part, out=largest[step:])
    return largest


def _ridge(noise: float, prior_ohm: float) -> NDArray[np.float64]:
    width = _PRIOR_SHARE * prior_ohm * np.array([1.0, _PRIOR_SLOW])
    return np.asarray(_ROWS_AS_ONE * noise**2 / width**2)


def _normal_equations(rows: _Rows, weight: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Normal equations of v, i and all x after the windows' own terms are taken out.

    Returns:
        Gram matrix of (v, i, x...), shape (2 + taus, 2 + taus), and the coefficients of each variable on the
        windows' terms, shape (windows, 3, 2 + taus).
    """
    whole = np.stack([(rows.design[part] * weight[part, None]).T @ rows.design[part] for part in rows.windows])
    inner = whole[:, :3, :3].copy()
    # A term a window does not have is a column of zeros: a one on the diagonal gives it the coefficient zero.
    size = np.maximum(inner[:, 0, 0], 1e-12)
    inner[:, range(3), range(3)] += 1e-9 * size[:, None] + 1e-12
    cross = np.linalg.solve(inner, whole[:, :3, 3:])
    gram = (whole[:, 3:, 3:] - np.matmul(whole[:, 3:, :3], cross)).sum(axis=0)
    return gram, cross


def _solve(
    gram: NDArray[np.float64], prior: NDArray[np.float64], ridge: NDArray[np.float64]
) -> tuple[int, NDArray[np.float64]]:
    """Best time constant (index) and (R0, R1) for it; R1 is never negative."""
    taus = len(gram) - 2
    sums = np.concatenate([[gram[0, 0], gram[0, 1], gram[1, 1]], gram[0, 2:], gram[1, 2:], np.diag(gram)[2:]])
    best, fast, slow = _solve_many(sums[None, :], taus, prior, ridge)
    return int(best[0]), np.array([float(fast[0]), float(slow[0])])


def _solve_many(
    sums: NDArray[np.float64], taus: int, prior: NDArray[np.float64], ridge: NDArray[np.float64]
) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """Solve draws (n, 3 + 3 taus) of the sums vv, vi, ii, vx.., ix.., xx..; each result has shape (n,)."""
    vv, vi, ii = (sums[:, [column]] for column in range(3))
    vx, ix, xx = (sums[:, 3 + part * taus : 3 + (part + 1) * taus] for part in range(3))
    aa, dd = ii + ridge[0], xx + ridge[1]
    b0, b1 = -vi + ridge[0] * prior[0], -vx + ridge[1] * prior[1]
    determinant = aa * dd - ix**2
    slow = (aa * b1 - ix * b0) / np.maximum(determinant, 1e-12 * aa * dd)
    slow = np.maximum(slow, 0.0)
    fast = (b0 - ix * slow) / aa
    cost = vv + 2 * fast * vi + 2 * slow * vx + fast**2 * ii + 2 * fast * slow * ix + slow**2 * xx
    cost = cost + ridge[0] * (fast - prior[0]) ** 2 + ridge[1] * (slow - prior[1]) ** 2
    best = np.argmin(cost, axis=1)
    draws = np.arange(len(sums))
    return best, np.asarray(fast[draws, best]), np.asarray(slow[draws, best])


def _misfit(
    rows: _Rows,
    cross: NDArray[np.float64],
    best: int,
    ohms: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Measured minus fitted voltage in V, shape (n,)."""
    wanted = np.zeros(cross.shape[2])
    wanted[[0, 1, 2 + best]] = 1.0, ohms[0], ohms[1]
    own = cross @ wanted
    lifted = rows.design[:, 3:] @ wanted
    return np.asarray(lifted - (rows.design[:, :3] * own[rows.label]).sum(axis=1))


def _robust_spread(values: NDArray[np.float64]) -> float:
    return 1.4826 * float(np.median(np.abs(values - np.median(values)))) if len(values) else 0.0


def _block_edges(time: NDArray[np.float64]) -> NDArray[np.intp]:
    steps = np.minimum(np.diff(time), _BLOCK_S)
    going = np.concatenate(([0.0], np.cumsum(steps)))
    width = max(min(_BLOCK_S, float(going[-1]) / _FEW_BLOCKS), _SHORT_BLOCK_S, float(going[-1]) / _MOST_BLOCKS)
    label = (going / width).astype(np.int64)
    return np.concatenate(([0], np.flatnonzero(np.diff(label)) + 1))


def _bootstrap(
    rows: _Rows,
    weight: NDArray[np.float64],
    cross: NDArray[np.float64],
    prior: NDArray[np.float64],
    ridge: NDArray[np.float64],
) -> tuple[NDArray[np.float64], int]:
    """Standard deviations of R0 and R1 over draws of blocks, and the number of blocks."""
    taus = len(TIME_CONSTANTS_S)
    left = np.empty_like(rows.design[:, 3:])
    for window, part in enumerate(rows.windows):
        left[part] = rows.design[part, 3:] - rows.design[part, :3] @ cross[window]
    weighted = left[:, :2] * weight[:, None]
    products = np.column_stack(
        [
            weighted[:, 0] * left[:, 0],
            weighted[:, 0] * left[:, 1],
            weighted[:, 1] * left[:, 1],
            weighted[:, [0]] * left[:, 2:],
            weighted[:, [1]] * left[:, 2:],
            weight[:, None] * left[:, 2:] ** 2,
        ]
    )
    edges = _block_edges(rows.time)
    blocks = np.add.reduceat(products, edges, axis=0)
    filled = blocks[:, 2] > 0
    blocks = blocks[filled]
    count = len(blocks)
    if count < 3:
        return np.array([np.inf, np.inf]) if count == 0 else prior.copy(), count
    # Exponential weights on the blocks (a Bayesian bootstrap): no draw leaves the ride without its only stop.
    draws = np.random.default_rng(20).standard_exponential((_DRAWS, count))
    draws /= draws.mean(axis=1, keepdims=True)
    _, fast, slow = _solve_many(draws @ blocks, taus, prior, ridge)
    few = np.sqrt(count / max(count - 2.0, 1.0))
    return np.array([float(np.std(fast)), float(np.std(slow))]) * few, count


def _window_scales(
    rows: _Rows,
    weight: NDArray[np.float64],
    cross: NDArray[np.float64],
    best: int,
    ohms: NDArray[np.float64],
    noise: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """How the resistance of each window compares with the ride's, drawn towards one where a window knows little."""
    times, scales = [], []
    for window, part in enumerate(rows.windows):
        left = rows.design[part, 3:] - rows.design[part, :3] @ cross[window]
        drop = ohms[0] * left[:, 1] + ohms[1] * left[:, 2 + best]
        size = float(weight[part] @ drop**2)
        against = -float(weight[part] @ (drop * left[:, 0]))
        prior = _ROWS_AS_ONE * noise**2 / 0.1**2
        times.append(float(np.mean(rows.time[part])))
        scales.append(float(np.clip((against + prior) / (size + prior), 0.6, 1.6)))
    return np.array(times), np.array(scales)
