"""Ripple of the bus voltage that grows with the motor current: what capacitors would have taken up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.battery.quantiles import median, quantiles, row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Rows under load are judged in stretches of so many; the bus ripples in one when the median row lies this share of the
#: voltage off its neighbours. Sound logs stay below 0.3 % (a digit of 0.1 V, and noise); engineering judgement.
_STRETCH, _RIPPLE_SHARE = 20, 0.015
#: So many times what the same rows' currents explain through the resistance, and what rows without load show.
_OVER_SAG, _OVER_QUIET = 4.0, 4.0
#: A row is under load from this share of the ride's high motor current, and quiet below the other; least current, A.
_LOADED, _QUIET, _LEAST_A = 0.4, 0.1, 2.0
#: Fewest stretches with ripple, fewest quiet rows, and rows that belong together: at most this long apart, s.
_FEWEST, _FEWEST_QUIET, _STEP_S = 2, 30, 0.5
#: A log shorter than this many rows has too little to compare with.
_LEAST_ROWS = 120


@dataclass(frozen=True, slots=True)
class Ripple:
    """Ripple under load.

    Attributes:
        first: First row that lies far off its neighbours.
        last: Last such row.
        rows: How many rows under load lie in stretches with ripple.
        typical_v: Median distance of a loaded row from its neighbours there, V.
        quiet_v: The same of rows without load, V.
        lowest_v: Lowest voltage there, V.
        highest_v: Highest voltage there, V.
    """

    first: int
    last: int
    rows: int
    typical_v: float
    quiet_v: float
    lowest_v: float
    highest_v: float


def ripple(
    time: NDArray[np.float64],
    volts: NDArray[np.float64],
    amps: NDArray[np.float64],
    motor: NDArray[np.float64],
    ohm: float,
) -> Ripple | None:
    """Find stretches in which loaded rows jump up and down while rows without load stand still; None when there are none.

    Args:
        time: Stamps in s, shape (n,).
        volts: Bus voltage in V, shape (n,).
        amps: Battery current in A, shape (n,).
        motor: Motor current in A, shape (n,).
        ohm: Resistance of pack and leads in ohm, NaN when not known.
    """
    if len(time) < _LEAST_ROWS:
        return None
    off = _off_neighbours(volts)
    load = np.abs(motor[1:-1])
    close = np.maximum(np.diff(time)[:-1], np.diff(time)[1:]) <= _STEP_S
    known = np.isfinite(off) & np.isfinite(load) & close
    if np.count_nonzero(known) < _LEAST_ROWS:
        return None
    high = float(quantiles(load[known], (0.98,))[0])
    if high < _LEAST_A:
        return None
    level = float(np.nanmedian(volts))
    explained = (ohm if np.isfinite(ohm) else 0.0) * np.abs(np.nan_to_num(_off_neighbours(amps)))
    loaded = np.flatnonzero(known & (load >= _LOADED * high))
    quiet = known & (load < _QUIET * high)
    still = median(np.abs(off[quiet])) if np.count_nonzero(quiet) >= _FEWEST_QUIET else float("nan")
    if not np.isfinite(still):
        return None
    bound = max(_RIPPLE_SHARE * level, _OVER_QUIET * still)
    parts = loaded[: len(loaded) // _STRETCH * _STRETCH].reshape(-1, _STRETCH)
    parts = parts[row_medians(np.abs(off[parts])) >= bound]
    jump = row_medians(np.abs(off[parts]))
    sides = (off[parts] > 0).mean(axis=1)
    parts = parts[(jump >= _OVER_SAG * row_medians(explained[parts])) & (sides >= 0.25) & (sides <= 0.75)]
    if len(parts) < _FEWEST:
        return None
    every = parts.ravel()
    far = every[np.abs(off[every]) >= bound]
    return Ripple(
        int(far[0]) + 1,
        int(far[-1]) + 1,
        len(every),
        float(np.median(np.abs(off[every]))),
        still,
        float(volts[every + 1].min()),
        float(volts[every + 1].max()),
    )


def _off_neighbours(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each inner value less the mean of its two neighbours, shape (n - 2,)."""
    return np.asarray(values[1:-1] - 0.5 * (values[:-2] + values[2:]))
