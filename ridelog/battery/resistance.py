"""Resistance of a pack as one track sees it: a robust fit, its interval, and an independent cross-check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.log import Role

from .interpolation import stretches
from .lag import current_lag, without_lag
from .open_circuit import OpenCircuit, bin_edges, follow
from .pack import ResistanceEstimate
from .polarisation_fit import PolarisationFit, fit_polarisation
from .power_path import PowerPath
from .quantiles import quantile, some_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Resistance expected for each volt of the pack, in ohm: 5 mOhm for a cell group with its share of the wiring. Packs of
#: e-scooters and wheels lie between 2 and 12 mOhm for a group (engineering judgement); only a wide prior.
PRIOR_OHM_PER_VOLT: Final = 0.005 / 3.7
#: Slopes are taken over this long, in s: shorter ones fall for a skew between the columns, longer ones see the slow
#: part (measured on synthetic rides).
_SLOPE_LAG_S: Final = {Role.CONTROLLER: 1.0, Role.WHEEL: 1.0, Role.BMS: 3.0}
_FEWEST_STEPS: Final = 30
#: Rows further from the first look than so many standard deviations are no riding.
_STRANGE: Final = 8.0
#: Slopes the median is taken of: their scatter leaves a hundredth of the agreement that is asked for.
_MOST_SLOPES: Final = 5000
_LARGE_STEP_A: Final = 8.0
#: A smaller one is no load, A: the last digits of a board at rest, below the dead band of its meter.
_LEAST_STEP_A: Final = 0.5
_LEAST_EXCITATION: Final = 0.08
_AGREEMENT: Final = 0.15
#: Part of the resistance the model itself can be wrong by (one time constant for many), as a standard deviation.
_MODEL_SHARE: Final = 0.02
#: Gain error of the current, as a standard deviation: controllers compute it, a BMS has a shunt.
_GAIN_SHARE: Final = {Role.CONTROLLER: 0.025, Role.WHEEL: 0.025, Role.BMS: 0.01}
#: Arrhenius temperature of the resistance in K: x 1.75 at 5 degC and x 2.8 at -10 degC against 25 degC.
_ARRHENIUS_K: Final = 2320.0
_ZERO_C_K: Final = 273.15
#: Below this charge the resistance rises, by up to 60 % at empty (engineering judgement).
_LOW_SOC: Final = 0.15
_LOW_SOC_RISE: Final = 0.6


@dataclass(frozen=True, slots=True, eq=False)
class ResistanceFit:
    """What a track's voltage and current say about the resistance, before it is put into words.

    Attributes:
        fit: The fit.
        lag_s: Lag of the current column in s.
        amps: Current without that lag in A, shape (rows,).
        slope_ohm: Median slope over a lag, None with too few steps.
        steps: Independent current steps that were large enough.
        excited: The current varied enough for an estimate.
        role: Role of the log.
        edges: Bins in which the open-circuit voltage is followed, as rows.
    """

    fit: PolarisationFit
    lag_s: float
    amps: NDArray[np.float64]
    slope_ohm: float | None
    steps: int
    excited: bool
    role: Role
    edges: NDArray[np.intp]


def fit_resistance(path: PowerPath, role: Role) -> ResistanceFit:
    """Estimate the resistance of a track in two looks: slopes to find what are events, then the fit without them."""
    prior = PRIOR_OHM_PER_VOLT * path.level_v
    lag = current_lag(path)
    amps = without_lag(path, lag)
    slope, steps = median_slope(path, amps, _SLOPE_LAG_S[role])
    guess = slope if slope is not None and steps >= _FEWEST_STEPS // 3 and 0 < slope < 10 * prior else prior
    volts, drop = path.filled_volts, guess * amps
    edges = bin_edges(path)
    first_look = follow(path, drop, edges)
    floor = max(path.resolution_v * 0.29, 1e-4 * path.level_v)
    ordinary = _without_strangers(first_look, volts, drop, floor)
    fit = fit_polarisation(path.time, volts, amps, path.charge_ah, ordinary, guess, floor)
    used = amps[some_rows(ordinary)]
    span = quantile(used, 0.999) - quantile(used, 0.001) if len(used) else 0.0
    swing = float(np.std(used)) if len(used) else 0.0
    excited = span > 0 and swing >= _LEAST_EXCITATION * span and fit.ohm * swing > floor
    return ResistanceFit(fit, lag, amps, slope, steps, excited, role, edges)


def _without_strangers(
    first_look: OpenCircuit, volts: NDArray[np.float64], drop: NDArray[np.float64], floor_v: float
) -> NDArray[np.bool_]:
    """Rows of the ride without those that a first guess already shows to be no part of it; shape (rows,)."""
    rows = some_rows(first_look.ordinary)
    off = np.abs(volts[rows] + drop[rows] - first_look.volts[rows])
    limit = _STRANGE * max(1.4826 * quantile(off, 0.5) if len(rows) else 0.0, floor_v)
    ordinary = np.empty(len(volts), dtype=np.bool_)
    for part in stretches(len(volts)):
        off = volts[part] + drop[part]
        off -= first_look.volts[part]
        np.less_equal(np.abs(off, out=off), limit, out=ordinary[part])
    ordinary &= first_look.ordinary
    return ordinary


def median_slope(path: PowerPath, amps: NDArray[np.float64], lag_s: float) -> tuple[float | None, int]:
    """Resistance as the median of -dV/dI over a lag, weighted with the size of the step.

    Args:
        path: The power path.
        amps: Current without lag in A, shape (rows,).
        lag_s: Time between the two rows of a slope in s.

    Returns:
        The slope in ohm, None with fewer than 5 independent steps, and the number of independent steps.
    """
    reach = max(1, round(lag_s / path.interval_s))
    count = len(amps)
    if count <= reach:
        return None, 0
    rise = amps[reach:] - amps[:-reach]
    good = path.usable[reach:] & path.usable[:-reach]
    longest = 3 * max(lag_s, reach * path.interval_s)
    if reach * float(path.steps.max()) >= longest:
        good &= path.time[reach:] - path.time[:-reach] < longest
    if not good.any():
        return None, 0
    used = amps[some_rows(path.usable)]
    span = quantile(used, 0.995) - quantile(used, 0.005)
    least = max(0.1 * span, min(_LARGE_STEP_A, 0.3 * span))
    least = max(least, _LEAST_STEP_A)
    good &= (rise >= least) | (rise <= -least)
    rows = np.flatnonzero(good)
    if not len(rows):
        return None, 0
    # A slope shares its rows with those less than a lag away: they count as one.
    starts = np.flatnonzero(np.diff(rows, prepend=rows[0] - reach - 1) > 1)
    lengths = np.diff(starts, append=len(rows))
    steps = int(np.sum(-(-lengths // reach)))
    if steps < 5:
        return None, steps
    rows = rows[:: -(-len(rows) // _MOST_SLOPES)]
    step = rise[rows]
    slopes = (path.volts[rows] - path.volts[rows + reach]) / step
    order = np.argsort(slopes)
    weight = np.cumsum(np.abs(step[order]))
    return float(slopes[order[np.searchsorted(weight, 0.5 * weight[-1])]]), steps


def estimate_resistance(
    path: PowerPath, seen: ResistanceFit, temperature_c: float | None, soc: float | None
) -> ResistanceEstimate | str:
    """Put a fit into an estimate with interval and confidence.

    Args:
        path: The power path.
        seen: The fit.
        temperature_c: Median battery temperature in degC, None when unknown.
        soc: Median state of charge 0..1, None when unknown.

    Returns:
        The estimate, or in words why the ride allows none.
    """
    fit = seen.fit
    if fit.ohm <= 0 or fit.data_share < 0.5 or seen.steps < 5 or fit.blocks < 3:
        if seen.steps < 5:
            return f"the current changes too little for a resistance ({seen.steps} clear steps)"
        if fit.ohm <= 0:
            return "the voltage does not fall with the current: no resistance can be estimated"
        return "too little riding for a resistance of its own; a typical one is assumed"
    error = float(np.hypot(fit.ohm_error, np.hypot(_MODEL_SHARE, _GAIN_SHARE[seen.role]) * fit.ohm))
    width = 1.96 + 5.0 / fit.blocks
    doubts = list(path.cautions)
    confidence = 0.9 * path.trust
    agrees = seen.slope_ohm is not None and abs(seen.slope_ohm - fit.ohm) <= _AGREEMENT * fit.ohm
    if seen.slope_ohm is None:
        confidence *= 0.6
        doubts.append("too few steps to cross-check")
    elif not agrees:
        confidence *= 0.5
        doubts.append(
            f"slopes say {1000 * seen.slope_ohm:.0f} mOhm and the fit {1000 * fit.ohm:.0f}: more than 15 % apart"
        )
        error = float(np.hypot(error, 0.5 * abs(seen.slope_ohm - fit.ohm)))
    if seen.steps < _FEWEST_STEPS:
        confidence *= 0.4 + 0.6 * seen.steps / _FEWEST_STEPS
        doubts.append(f"only {seen.steps} clear current steps, {_FEWEST_STEPS} are wanted")
    if not seen.excited:
        confidence *= 0.5
        doubts.append("the current varied little")
    if error > 0.15 * fit.ohm:
        confidence *= 0.6
        doubts.append("the interval is wide")
    rests = f"{seen.steps} current steps, {fit.blocks} blocks of riding"
    factor = resistance_factor(temperature_c, soc)
    return ResistanceEstimate(
        ohm=fit.ohm,
        low_ohm=max(fit.ohm - width * error, 0.0),
        high_ohm=fit.ohm + width * error,
        slow_ohm=fit.slow_ohm,
        time_constant_s=fit.time_constant_s,
        reference_ohm=None if factor is None else fit.ohm / factor,
        slope_ohm=seen.slope_ohm,
        lag_s=seen.lag_s,
        agrees=agrees,
        confidence=round(confidence, 3),
        reason="; ".join([f"It rests on {rests}", *doubts]) + ".",
    )


def resistance_factor(temperature_c: float | None, soc: float | None) -> float | None:
    """Resistance at a temperature and charge over that at 25 degC and 50 % (engineering judgement), None if unknown.

    Temperature by an Arrhenius law (x 1.75 at 5 degC, x 2.8 at -10 degC); charge matters below 15 % only.
    """
    if temperature_c is None or soc is None or not -40 <= temperature_c <= 90:
        return None
    by_temperature = np.exp(_ARRHENIUS_K * (1 / (temperature_c + _ZERO_C_K) - 1 / (25 + _ZERO_C_K)))
    by_charge = 1 + _LOW_SOC_RISE * max(0.0, 1 - soc / _LOW_SOC)
    return float(by_temperature * by_charge)
