"""Rest: stretches without current, and the open-circuit voltage they run towards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .pack import RestWindow
from .power_path import PowerPath, fill_forward
from .quantiles import size_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Shortest rest that is one, in s.
_SHORTEST_S: Final = 30.0
#: A current below this, or below 1 % of what the ride uses, is none.
_REST_A: Final = 0.5
_REST_SHARE: Final = 0.01
#: Noise of the current inside a rest: up to so many times that, for so long, in s.
_NOISE_FACTOR: Final = 3.0
_NOISE_S: Final = 2.0
#: Standard deviation of the open-circuit voltage of a cell after so long a rest, in s and V (NMC, 25 degC, after at
#: most 1 C): 30 s 25 mV, 2 min 15, 10 min 8, 60 min 4, 3 h 2 (engineering judgement along published relaxation times).
_REST_TIMES_S: Final = (30.0, 120.0, 600.0, 3600.0, 10800.0)
_REST_ERRORS_V: Final = (0.025, 0.015, 0.008, 0.004, 0.002)
#: Time constants of the relaxation in s, of the published ranges 10-60 s and 200-1200 s.
_FAST_S, _SLOW_S = 30.0, 500.0
#: Longest pause inside a rest: the vehicle can have been charged in a longer one.
_LONGEST_PAUSE_S: Final = 600.0
_NOMINAL_CELL_V: Final = 3.7
_MOST_ROWS: Final = 2000


def rest_windows(path: PowerPath, series: int | None) -> tuple[RestWindow, ...]:
    """Find the rests of a track and extrapolate the open-circuit voltage of each.

    Args:
        path: The power path.
        series: Cell groups in series, None when unknown (a nominal cell of 3.7 V is assumed for the error then).

    Returns:
        The rests in the order of time.
    """
    amps = fill_forward(path.amps)
    limit = max(_REST_A, _REST_SHARE * size_quantile(amps, 0.99))
    resting = path.known & (path.volts > 0.5 * path.level_v)
    size = np.abs(amps)
    still = size <= limit
    if not still.any():
        return ()
    resting &= _bridged(still, size <= _NOISE_FACTOR * limit, path.time)
    if not resting.any():
        return ()
    cut = path.steps > max(_LONGEST_PAUSE_S, path.gap_s)
    change = resting[1:] != resting[:-1]
    starts = np.concatenate(([0], np.flatnonzero(change | cut) + 1))
    ends = np.append(starts[1:], len(resting)) - 1
    long = resting[starts] & (path.time[ends] - path.time[starts] >= _SHORTEST_S) & (ends - starts >= 2)
    cells = series or max(1, round(path.level_v / _NOMINAL_CELL_V))
    return tuple(
        _window(path, int(first), int(last), cells) for first, last in zip(starts[long], ends[long], strict=True)
    )


def _bridged(still: NDArray[np.bool_], nearly: NDArray[np.bool_], time: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Take rows of noise into a rest: short runs that are nearly still, between still ones."""
    changes = np.flatnonzero(still[1:] != still[:-1]) + 1
    starts = np.concatenate(([0], changes))
    ends = np.append(changes, len(still)) - 1
    quiet = np.logical_and.reduceat(nearly, starts) & (time[ends] - time[starts] <= _NOISE_S)
    quiet[0], quiet[-1] = still[0], still[-1]
    return np.asarray(still | np.repeat(quiet, ends - starts + 1), dtype=np.bool_)


def _window(path: PowerPath, first: int, last: int, cells: int) -> RestWindow:
    step = max(1, (last - first) // _MOST_ROWS)
    rows = np.arange(first, last + 1, step)
    since, volts = path.time[rows] - path.time[first], path.volts[rows]
    duration = float(since[-1])
    level, fit_error = _extrapolate(since, volts)
    table = float(np.exp(np.interp(np.log(duration), np.log(_REST_TIMES_S), np.log(_REST_ERRORS_V))))
    error = float(np.sqrt((cells * table) ** 2 + fit_error**2 + (0.29 * path.resolution_v) ** 2))
    return RestWindow(path.track, first, last, level, error)


def _extrapolate(since: NDArray[np.float64], volts: NDArray[np.float64]) -> tuple[float, float]:
    """Voltage the relaxation runs towards in V, and the error of the fit in V.

    Two exponentials with fixed time constants, each only when the rest is long enough to show it; robust (Huber).
    Extrapolation beyond what was seen is held to the change seen.
    """
    duration = float(since[-1])
    columns = [np.ones(len(since))]
    if duration >= 2 * _FAST_S and len(since) >= 8:
        columns.append(-np.exp(-since / _FAST_S))
    if duration >= 0.6 * _SLOW_S and len(since) >= 12:
        columns.append(-np.exp(-since / _SLOW_S))
    late = float(np.median(volts[since >= 0.8 * duration]))
    if len(columns) == 1:
        return late, float(abs(late - np.median(volts[since <= 0.2 * duration])))
    design = np.column_stack(columns)
    weight: NDArray[np.float64] = np.ones(len(since))
    solution: NDArray[np.float64] = np.zeros(len(columns))
    spread = 0.0
    for _ in range(4):
        root = np.sqrt(weight)
        solution = np.asarray(np.linalg.lstsq(design * root[:, None], volts * root, rcond=None)[0], dtype=np.float64)
        misfit = volts - design @ solution
        spread = max(1.4826 * float(np.median(np.abs(misfit))), 1e-4)
        weight = np.minimum(1.0, 1.5 * spread / np.maximum(np.abs(misfit), 1e-9))
    seen = float(abs(late - np.median(volts[since <= max(0.05 * duration, float(since[1]))])))
    reach = float(np.clip(solution[0] - late, -seen - spread, seen + spread))
    return late + reach, float(np.hypot(spread / np.sqrt(len(since)), 0.5 * abs(reach)))
