"""From offsets of windows to straight lines: robust offset and drift, and where a clock was set."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: How far crystals of phones and boards stray, ppm (standard deviation); slopes are drawn to 0 accordingly.
_USUAL_DRIFT_PPM: Final = 50.0
#: A clock was set where windows on both sides differ by this much and by so many times their scatter.
_LEAST_STEP_S, _STEP_MULTIPLE = 0.4, 6.0
_FEWEST_A_SIDE: Final = 2
#: Scatter that is assumed at least, s.
_LEAST_SCATTER_S: Final = 0.01
_MOST_PIECES: Final = 12


@dataclass(frozen=True, slots=True)
class Line:
    """Offset as a straight line over time.

    Attributes:
        start_s: First moment it holds for.
        middle_s: Moment at which `offset_s` holds.
        offset_s: Offset there.
        drift: Change of the offset per second.
        scatter_s: Robust standard deviation of the windows around it.
        error_s: Standard error of the offset anywhere on the stretch.
        windows: Number of windows.
        end_s: Last moment it rests on.
    """

    start_s: float
    middle_s: float
    offset_s: float
    drift: float
    scatter_s: float
    error_s: float
    windows: int
    end_s: float

    def at(self, seconds: float) -> float:
        """Offset at a moment."""
        return self.offset_s + self.drift * (seconds - self.middle_s)


def straight_line(time: NDArray[np.float64], offset: NDArray[np.float64], fallback_s: float) -> Line:
    """Fit offset and drift by the median of all slopes between pairs (Theil 1950, Sen 1968).

    Args:
        time: Middles of windows in s, shape (n,), n at least 1.
        offset: Offsets in s, shape (n,).
        fallback_s: Scatter to assume with fewer than three windows, s.
    """
    count = len(time)
    middle = float(np.median(time))
    span = float(time[-1] - time[0])
    drift, drift_error = 0.0, _USUAL_DRIFT_PPM * 1e-6
    if count >= 4 and span >= 120:
        first, second = np.triu_indices(count, max(1, count // 4))
        slope = float(np.median((offset[second] - offset[first]) / (time[second] - time[first])))
        scatter = _scatter(offset - slope * (time - middle))
        # Windows overlap by half: only every other one is new.
        drift_error = float(scatter * np.sqrt(12 / max(count / 2, 2)) / span)
        usual = _USUAL_DRIFT_PPM * 1e-6
        drift = slope * usual**2 / (usual**2 + drift_error**2)
        drift_error = drift_error * usual / float(np.hypot(usual, drift_error))
    rest = offset - drift * (time - middle)
    scatter = _scatter(rest) if count >= 3 else fallback_s
    error = float(np.hypot(1.25 * scatter / np.sqrt(max(count / 2, 1)), drift_error * span / 2))
    return Line(float(time[0]), middle, float(np.median(rest)), drift, scatter, error, count, float(time[-1]))


def _scatter(values: NDArray[np.float64]) -> float:
    return max(1.4826 * float(np.median(np.abs(values - np.median(values)))), _LEAST_SCATTER_S)


def lines(time: NDArray[np.float64], offset: NDArray[np.float64], fallback_s: float) -> list[Line]:
    """Fit one straight line, or several where the offset jumps because a clock was set."""
    cuts = _cuts(time, offset, _MOST_PIECES)
    found = []
    for first, last in pairwise([0, *cuts, len(time)]):
        line = straight_line(time[first:last], offset[first:last], fallback_s)
        # Between two windows that differ the clock was set at some moment: the middle errs least.
        found.append(replace(line, start_s=float(time[first - 1] + time[first]) / 2) if first else line)
    return found


def _cuts(time: NDArray[np.float64], offset: NDArray[np.float64], left: int) -> list[int]:
    """First window after each jump."""
    count = len(time)
    if left <= 1 or count < 2 * _FEWEST_A_SIDE + 1:
        return []
    best, place = 0.0, 0
    for cut in range(_FEWEST_A_SIDE, count - _FEWEST_A_SIDE + 1):
        before, after = offset[max(cut - 6, 0) : cut], offset[cut : cut + 6]
        step = abs(float(np.median(after) - np.median(before)))
        noise = max(_scatter(before), _scatter(after))
        allowed = max(_LEAST_STEP_S, _STEP_MULTIPLE * noise)
        if step / allowed > best:
            best, place = step / allowed, cut
    if best < 1.0:
        return []
    first = _cuts(time[:place], offset[:place], left // 2)
    second = _cuts(time[place:], offset[place:], left // 2)
    return [*first, place, *(place + cut for cut in second)]
