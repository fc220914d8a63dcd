"""How noisy a residual is in every row, read off the ride itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .polarisation_fit import STEP_SHARE
from .power_path import PowerPath
from .quantiles import quantile, some_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Least noise as a share of the pack voltage: the shape of the open-circuit curve inside a bin (engineering judgement).
_FLOOR_SHARE: Final = 5e-4
#: A load above this share of the ride's largest is riding: parked rows are quieter than riding ever is.
_RIDING_SHARE: Final = 0.05
_FEWEST_RIDING: Final = 50
_FEWEST: Final = 20
#: Standard deviation from the 90 % quantile of a normal distribution's size: it sees the tails that a median does not,
#: and one row in ten may be an event.
_NINETY_PERCENT: Final = 1.645
#: Largest shares of a change, and of a load, that count as noise; more is a wrong model, which must stay visible.
_MOST_CHANGE_SHARE: Final = 1.0
_MOST_LOAD_SHARE: Final = 0.3


def row_noise(
    path: PowerPath,
    ordinary: NDArray[np.bool_],
    misfit: NDArray[np.float64],
    load: NDArray[np.float64],
    change: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64]]:
    """Noise of calm riding, and the variance of every row.

    Voltage is taken in an instant and current is often a mean since the row before, so a change of the current leaves
    part of itself in the residual; and the ripple on the voltage grows with the load. Both parts are read off the
    ride.

    Args:
        path: The power path.
        ordinary: Rows that belong to ordinary riding, shape (rows,).
        misfit: The residual in V, shape (rows,), NaN where missing.
        load: R0 times the size of the current in V, shape (rows,).
        change: R0 times the largest change of the current nearby in V, shape (rows,).

    Returns:
        Standard deviation of calm riding with little load in V, and the variance of each row in V^2, shape (rows,).
    """
    floor = max(0.29 * path.resolution_v, _FLOOR_SHARE * path.level_v)
    riding = ordinary & (load > _RIDING_SHARE * quantile(load, 0.99))
    rows = some_rows(riding if np.count_nonzero(riding) >= _FEWEST_RIDING else ordinary)
    if len(rows) < _FEWEST // 2:
        noise = 3 * floor
        return noise, noise**2 + (STEP_SHARE * change) ** 2
    size, moved, loaded = np.abs(misfit[rows]), change[rows], load[rows]
    calm = moved <= quantile(moved, 0.6)
    light = calm & (loaded <= quantile(loaded[calm], 0.5))
    noise = max(quantile(size[light], 0.9) / _NINETY_PERCENT, floor)
    load_share = float(np.clip(_share(size[calm], loaded[calm], noise), 0.0, _MOST_LOAD_SHARE))
    change_share = float(np.clip(_share(size, moved, noise), STEP_SHARE, _MOST_CHANGE_SHARE))
    variance = load * load
    variance *= load_share**2
    by_change = change * change
    by_change *= change_share**2
    variance += by_change
    variance += noise**2
    return noise, variance


def _share(size: NDArray[np.float64], cause: NDArray[np.float64], noise: float) -> float:
    """Share of a cause that is in the size of the residual beyond the noise, from the rows with most of the cause."""
    large = cause > 3 * noise
    if np.count_nonzero(large) < _FEWEST:
        return 0.0
    large &= cause >= quantile(cause[large], 0.5)
    seen = quantile(size[large], 0.9) / _NINETY_PERCENT
    return float(np.sqrt(max(seen**2 - noise**2, 0.0))) / quantile(cause[large], 0.5)
