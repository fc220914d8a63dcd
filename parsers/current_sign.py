"""Which way a log counts its current: told by the battery, whose voltage falls when it delivers more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Steps of current and voltage are taken over about this time, s: long enough for a step of load, too short for the
#: charge of the battery to matter (engineering judgement).
_LAG_S = 1.0
#: Fewest steps of load for an answer, and the least correlation of voltage and current steps (engineering judgement:
#: both far outside what chance gives, t > 4).
_FEWEST_STEPS = 25
_LEAST_CORRELATION = 0.35
#: A step of load is at least this part of the largest current and at least this many of its units.
_STEP_SHARE = 0.1
_LEAST_STEP = 1.0
#: An answer of the voltage counts for no more than this many of the median ones: steps of load are at least
#: `_STEP_SHARE` of the largest, so true answers lie within a factor of ten (engineering judgement).
_LARGEST_ANSWER = 8.0
#: A voltage that is not within this part of the usual one is no reading of a battery (a lithium cell has 2.5 to 4.3 V), and
#: the current of its row no witness.
SOUND_VOLTAGE = (0.5, 1.5)
#: Rows that are enough for an answer; of longer logs every n-th is looked at.
_ENOUGH = 20_000


@dataclass(frozen=True, slots=True)
class CurrentSign:
    """Which way a current is counted.

    Attributes:
        factor: 1.0 where discharging is positive, -1.0 where charging is; 0.0 where the data do not tell.
        steps: Number of load steps looked at.
        correlation: Correlation of the voltage steps with the current steps, -1..1.
    """

    factor: float
    steps: int
    correlation: float

    def scale(self, default: float = 1.0) -> float:
        """Factor to discharge positive, `default` where the data do not tell."""
        return self.factor or default

    def conversion(self, default: float = 1.0) -> str:
        """What was done to the sign, for the metadata of the channel."""
        if not self.factor:
            kept = "as logged" if default > 0 else "changed"
            return f"sign {kept}: the documented one, the load of this ride is too small to check it"
        seen = f"{self.steps} steps of load, correlation of voltage and current {self.correlation:+.2f}"
        return f"sign as logged: {seen}" if self.factor > 0 else f"sign changed, the source counts charging: {seen}"


def current_sign(
    seconds: NDArray[np.float64],
    voltage: NDArray[np.float64],
    current: NDArray[np.float64],
    lag_s: float = _LAG_S,
) -> CurrentSign:
    """Find which way a current (or a power) is counted.

    The voltage of a battery falls when it delivers more current, so the steps of both over about a second have
    opposite signs where discharging is positive.

    Args:
        seconds: Stamps, s, shape (n,), never decreasing.
        voltage: Pack voltage, V, shape (n,).
        current: Battery current, A, or power, W, shape (n,).
        lag_s: Time over which steps are taken, s.

    Returns:
        The sign, with what it rests on.
    """
    count = len(seconds)
    if count < _FEWEST_STEPS:
        return CurrentSign(0.0, 0, 0.0)
    some = slice(None, None, max(1, count // _ENOUGH))
    spans = seconds[1:][some] - seconds[:-1][some]
    spans = spans[spans > 0]
    lag = max(lag_s, float(np.median(spans))) if len(spans) else np.inf
    start = np.arange(0, count, some.step)
    # A little less than the lag, so that stamps that jitter do not skip a row.
    end = np.searchsorted(seconds, seconds[start] + 0.9 * lag)
    start, end = start[end < count], end[end < count]
    elapsed = seconds[end] - seconds[start]
    steps = current[end] - current[start]
    answers = voltage[end] - voltage[start]
    usual = voltage[some]
    usual = usual[usual > 0]
    low, high = (float(np.median(usual)) * share for share in SOUND_VOLTAGE) if len(usual) else (0.0, 0.0)
    sizes = np.abs(current[some][(voltage[some] > low) & (voltage[some] < high)])
    sizes = sizes[np.isfinite(sizes)]
    least = max(_LEAST_STEP, _STEP_SHARE * float(np.quantile(sizes, 0.99))) if len(sizes) else np.inf
    with np.errstate(invalid="ignore"):
        taken = (np.abs(steps) >= least) & (elapsed > 0) & (elapsed <= 3 * lag)
        for rows in (start, end):
            taken &= (voltage[rows] > low) & (voltage[rows] < high)
    count = int(taken.sum())
    if count < _FEWEST_STEPS:
        return CurrentSign(0.0, count, 0.0)
    steps, answers = steps[taken], answers[taken]
    # One reading that is no voltage (a cell that reads 0 or 65.535 V in the sum) outweighs all true ones.
    most = _LARGEST_ANSWER * float(np.median(np.abs(answers)))
    answers = np.clip(answers, -most, most) if most else answers
    size = float(np.sqrt(np.sum(steps**2) * np.sum(answers**2)))
    correlation = float(np.sum(steps * answers)) / size if size else 0.0
    if abs(correlation) < _LEAST_CORRELATION:
        return CurrentSign(0.0, count, correlation)
    return CurrentSign(-float(np.sign(correlation)), count, correlation)


def sign_like(reference: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Factor that makes `other` run the same way as `reference`, 1.0 where they do not clearly run opposite.

    Args:
        reference: A quantity whose sign is known, shape (n,).
        other: One that has the same sign at the same time (power, phase current), shape (n,).
    """
    some = slice(None, None, max(1, len(reference) // _ENOUGH))
    product = reference[some] * other[some]
    product = product[np.isfinite(product)]
    total = float(np.sum(np.abs(product)))
    return -1.0 if total and float(np.sum(product)) < -0.5 * total else 1.0
