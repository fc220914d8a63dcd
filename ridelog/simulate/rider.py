"""The ride the rider wants: speed, hills, stops, launches and hard stops."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


@dataclass(slots=True)
class Rider:
    """What the rider wants, on the time grid of the simulation.

    Attributes:
        target_speed: Wanted speed in m/s, shape (n,).
        grade: Slope of the road (rise over run), shape (n,).
        wobble: Unsteadiness of the hand, as a share of full throttle, shape (n,).
        shake: What the road does to the torque within a tenth of a second, as a factor, shape (n,).
        quickness: Fastest change of the throttle, in full throttles a second.
        gain: Throttle for a speed error of the whole top speed.
    """

    target_speed: NDArray[np.float64]
    grade: NDArray[np.float64]
    wobble: NDArray[np.float64]
    shake: NDArray[np.float64]
    quickness: float
    gain: float


def smooth_noise(rng: Generator, count: int, step_s: float, time_s: float) -> NDArray[np.float64]:
    """Draw noise of unit variance that changes over `time_s`, by interpolating coarse draws."""
    knots = int(np.ceil(count * step_s / time_s)) + 3
    coarse = rng.standard_normal(knots)
    return np.asarray(np.interp(np.arange(count) * step_s / time_s, np.arange(knots), coarse) * 1.22)


def random_rider(
    rng: Generator, *, variant: int, duration_s: float, step_s: float, cruise: float, top: float, launches: bool = True
) -> Rider:
    """Draw a ride: a rest, stretches at changing speed with stops between, a rest.

    Args:
        rng: Source of chance.
        variant: Physics variant; the second one rides more jerkily.
        duration_s: Length.
        step_s: Time step.
        cruise: Speed in m/s the rider likes.
        top: Top speed in m/s.
        launches: Whether some starts are at full throttle.
    """
    count = round(duration_s / step_s)
    speeds: list[float] = [0.0]
    ends: list[float] = [float(rng.uniform(4, 16))]
    city = rng.uniform(0.2, 0.9)
    while ends[-1] < duration_s - 25:
        if rng.random() < 0.30 * city + 0.08 and speeds[-1] > 0:
            speeds.append(0.0)
            ends.append(ends[-1] + rng.gamma(2.0, 5.0) + 2)
        else:
            level = rng.normal(1.0, 0.25)
            if launches and rng.random() < 0.18:
                level = top / cruise * 0.95
            speeds.append(float(np.clip(cruise * level, 1.5, top * 0.97)))
            ends.append(ends[-1] + rng.gamma(2.2, 6.0) + 3)
    speeds.append(0.0)
    ends.append(duration_s)
    time = np.arange(count) * step_s
    target = np.array(speeds)[np.minimum(np.searchsorted(np.array(ends), time, side="right"), len(speeds) - 1)]
    hilly = rng.uniform(0.0, 0.045)
    grade = hilly * smooth_noise(rng, count, step_s, 45.0) + 0.004 * smooth_noise(rng, count, step_s, 8.0)
    # The slow part is the hand, the fast part the road that shakes hand and wheel.
    hand = 0.02 if variant == 1 else 0.035
    road = float(rng.uniform(0.01, 0.06))
    wobble = hand * smooth_noise(rng, count, step_s, 0.7) + road * smooth_noise(rng, count, step_s, 0.14)
    return Rider(
        target_speed=target,
        grade=np.clip(grade, -0.11, 0.11),
        wobble=wobble,
        shake=1.0 + min(0.03 * float(np.exp(rng.normal(0.8, 0.8))), 0.3) * smooth_noise(rng, count, step_s, 0.055),
        quickness=float(rng.uniform(1.5, 5.0)) if variant == 1 else float(rng.uniform(1.0, 8.0)),
        gain=float(rng.uniform(2.2, 5.0)),
    )


def insert_manoeuvre(rider: Rider, step_s: float, at_s: float, speeds: tuple[tuple[float, float], ...]) -> None:
    """Put a manoeuvre into a ride.

    Args:
        rider: The ride, changed in place.
        step_s: Time step.
        at_s: When it begins.
        speeds: Pairs of duration in s and wanted speed in m/s, one after another.
    """
    begin = at_s
    for duration, speed in speeds:
        span = slice(round(begin / step_s), round((begin + duration) / step_s))
        rider.target_speed[span] = speed
        rider.grade[span] = np.clip(rider.grade[span], -0.02, 0.02)
        begin += duration
