"""A step in the voltage between two logs, and whether it is a voltage or a resistance."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Fewest and most stretches that are compared on each side, and the longest time they may reach away, s: over longer
#: times the gain error of a meter moves the difference with the charge.
FEWEST, _MOST, _REACH_S = 6, 24, 240.0
#: Moments that are looked at closely.
_CANDIDATES: Final = 16
#: The moment lies where the fit is worse by less than so many nats, this many stretches around the best.
_AS_WELL, _AROUND = 3.0, 8


@dataclass(frozen=True, slots=True)
class Difference:
    """Voltage of the cells less that of the controller while driving, in stretches.

    Attributes:
        start: Beginning of each stretch, s of the ride's clock, shape (n,).
        end: Its end, shape (n,).
        amps: Current in A, shape (n,).
        volts: The difference in V, shape (n,).
    """

    start: NDArray[np.float64]
    end: NDArray[np.float64]
    amps: NDArray[np.float64]
    volts: NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Step:
    """A change of the difference.

    Attributes:
        place: The first stretch after it.
        earliest_s: It is not before this moment, s of the ride's clock.
        latest_s: It is not after this.
        volts: Its height in V, positive when the controller sees less from then on.
        error: Standard error of that in V.
        low_v: Its height at low current in V.
        high_v: Its height at high current in V.
        low_a: The low current in A.
        high_a: The high current in A.
        per_amp: Resistance between the two in ohm.
        diode_nats: How much better a voltage explains the stretches than a further resistance, in nats.
        misfit: Mean absolute misfit of that in V.
    """

    place: int
    earliest_s: float
    latest_s: float
    volts: float
    error: float
    low_v: float
    high_v: float
    low_a: float
    high_a: float
    per_amp: float
    diode_nats: float
    misfit: float


def _slope_of_neighbours(amps: NDArray[np.float64], volts: NDArray[np.float64]) -> float:
    """Resistance between the two by the median of slopes between neighbours: a single step does not move it."""
    rise = np.diff(amps)
    large = np.abs(rise) >= max(1.0, float(np.median(np.abs(rise))))
    return float(np.median(np.diff(volts)[large] / rise[large])) if large.sum() >= FEWEST else 0.0


def largest_step(seen: Difference) -> Step | None:
    """The step that stands out most, None when there is not enough on both sides of any moment.

    It lies between the two stretches beside it; `bounded` tells how far it may lie elsewhere.
    """
    if len(seen.volts) < 2 * FEWEST:
        return None
    rough = seen.volts - _slope_of_neighbours(seen.amps, seen.volts) * seen.amps
    levels = np.median(np.lib.stride_tricks.sliding_window_view(rough, FEWEST), axis=1)
    change = np.abs(levels[FEWEST:] - levels[:-FEWEST])
    likely = np.argsort(-change, kind="stable")[:_CANDIDATES] + FEWEST
    told = [fit for place in likely.tolist() if (fit := _fit_at(seen, place)) is not None]
    return _step(seen, max(told, key=lambda fit: abs(fit.height) / fit.error)) if told else None


def bounded(seen: Difference, best: Step) -> Step:
    """The same step with the moments between which it lies: those that fit about as well."""
    places = range(max(best.place - _AROUND, FEWEST), min(best.place + _AROUND, len(seen.volts) - FEWEST) + 1)
    rows = sum(len(side) for side in _sides(seen, best.place))
    near = [best.place]
    for place in places:
        fit = _fit_at(seen, place)
        if fit and fit.height * best.volts > 0 and rows * np.log(fit.misfit / max(best.misfit, 1e-9)) < _AS_WELL:
            near.append(place)
    first, last = min(near), max(near)
    return replace(
        best,
        earliest_s=float(seen.start[0 if first == FEWEST else first - 1]),
        latest_s=float(seen.end[-1 if last == len(seen.volts) - FEWEST else last]),
    )


def _sides(seen: Difference, place: int) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Stretches before and after a moment that are near enough to compare."""
    before = np.arange(max(place - _MOST, 0), place)
    after = np.arange(place, min(place + _MOST, len(seen.volts)))
    before = before[seen.end[before] > seen.start[place] - _REACH_S]
    return before, after[seen.start[after] < seen.end[place - 1] + _REACH_S]


@dataclass(frozen=True, slots=True)
class _Fit:
    """A step at a place as a voltage: its height in V, the standard error, resistance in ohm and mean absolute misfit in V."""

    place: int
    height: float
    error: float
    per_amp: float
    misfit: float


def _fit_at(seen: Difference, place: int) -> _Fit | None:
    """Fit resistance and step together, the step as a voltage."""
    before, after = _sides(seen, place)
    # Across a long pause too little is near enough.
    if min(len(before), len(after)) < FEWEST:
        return None
    if min(float(np.ptp(seen.amps[after])), float(np.ptp(seen.amps[before]))) <= 0:
        return None
    rows = np.concatenate((before, after))
    later = np.arange(len(rows)) >= len(before)
    (_, per_amp, height), misfit, error = _robust_fit(seen.amps[rows], later.astype(float), seen.volts[rows])
    return _Fit(place, height, error, per_amp, misfit)


def _step(seen: Difference, fit: _Fit) -> Step:
    """The step of a fit, told from a further resistance."""
    before, after = _sides(seen, fit.place)
    rows = np.concatenate((before, after))
    amps, volts = seen.amps[rows], seen.volts[rows]
    later = np.arange(len(rows)) >= len(before)
    _, as_resistance, _ = _robust_fit(amps, later * amps, volts)
    nats = len(rows) * float(np.log(max(as_resistance, 1e-9) / max(fit.misfit, 1e-9)))
    middle = float(np.median(amps[later]))
    left = volts[later] - fit.per_amp * amps[later] - float(np.median((volts - fit.per_amp * amps)[~later]))
    parts = [float(np.median(left[part])) for part in (amps[later] <= middle, amps[later] >= middle)]
    loads = [float(np.median(amps[later][part])) for part in (amps[later] <= middle, amps[later] >= middle)]
    return Step(
        fit.place,
        float(seen.start[fit.place - 1]),
        float(seen.end[fit.place]),
        fit.height,
        fit.error,
        parts[0],
        parts[1],
        loads[0],
        loads[1],
        fit.per_amp,
        nats,
        fit.misfit,
    )


def _robust_fit(
    amps: NDArray[np.float64], change: NDArray[np.float64], volts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float, float]:
    """Fit volts = a + r amps + s change to the least absolute misfit, by weights.

    Returns:
        The three coefficients, the mean absolute misfit, and the standard error of s with what a reading of a tenth of
        a volt adds.
    """
    design = np.column_stack((np.ones(len(amps)), amps, change))
    weight = np.ones(len(amps))
    found: NDArray[np.float64] = np.zeros(3)
    for _ in range(8):
        root = np.sqrt(weight)
        found = np.asarray(np.linalg.lstsq(design * root[:, None], volts * root, rcond=None)[0], dtype=np.float64)
        misfit = np.abs(volts - design @ found)
        weight = 1 / np.maximum(misfit, 0.02)
    spread = 1.4826 * float(np.median(misfit))
    inverse = np.linalg.pinv(design.T @ design)
    error = float(np.hypot(1.25 * spread * np.sqrt(max(inverse[2, 2], 0.0)), 0.02))
    return found, float(misfit.mean()), error
