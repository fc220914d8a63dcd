"""How noisy a residual is in every row, read off the ride itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .polarisation_fit import STEP_SHARE
from .power_path import PowerPath
from .quantiles import quantile, size_quantile, some_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Least noise as a share of the pack voltage: the shape of the open-circuit curve inside a bin (engineering judgement).
_FLOOR_SHARE: Final = 5e-4
#: A load above this share of the ride's largest is riding: parked rows are quieter than riding ever is.
_RIDING_SHARE: Final = 0.05
_FEWEST_RIDING: Final = 50
_FEWEST: Final = 20
#: Rows looked at for riding.
_LOOKED_AT: Final = 20_000
#: Standard deviation from the 90 % quantile of a normal distribution's size: it sees the tails that a median does not,
#: and one row in ten may be an event.
_NINETY_PERCENT: Final = 1.645
#: Largest shares of a change, and of a load, that count as noise; more is a wrong model, which must stay visible.
_MOST_CHANGE_SHARE: Final = 1.0
_MOST_LOAD_SHARE: Final = 0.3


@dataclass(frozen=True, slots=True)
class RowNoise:
    """How noisy a row is.

    Attributes:
        calm_v: Standard deviation of calm riding with little load in V.
        load_share: Share of a load that counts as noise.
        change_share: Share of a change of the load that does.
    """

    calm_v: float
    load_share: float
    change_share: float

    def variance(self, ohm: float, amps: NDArray[np.float64], change: NDArray[np.float64]) -> NDArray[np.float64]:
        """Variance of rows in V^2, from R0 in ohm, their current and its largest change nearby in A."""
        by_load, by_change = self.load_share * ohm * amps, self.change_share * ohm * change
        by_load *= by_load
        by_change *= by_change
        by_load += by_change
        by_load += self.calm_v**2
        return by_load


def row_noise(
    path: PowerPath,
    ordinary: NDArray[np.bool_],
    misfit: NDArray[np.float64],
    ohm: float,
    amps: NDArray[np.float64],
    change: NDArray[np.float64],
) -> RowNoise:
    """Noise of calm riding, and what load and its changes add to it.

    Voltage is taken in an instant and current is often a mean since the row before, so a change of the current leaves
    part of itself in the residual; and the ripple on the voltage grows with the load. Both parts are read off the
    ride.

    Args:
        path: The power path.
        ordinary: Rows that belong to ordinary riding, shape (rows,).
        misfit: The residual in V, shape (rows,), NaN where missing.
        ohm: R0 in ohm.
        amps: Current in A, shape (rows,).
        change: Largest change of the current nearby in A, shape (rows,).

    Returns:
        The noise of the ride.
    """
    floor = max(0.29 * path.resolution_v, _FLOOR_SHARE * path.level_v)
    least = _RIDING_SHARE * size_quantile(amps, 0.99)
    rows = some_rows(ordinary, _LOOKED_AT)
    riding = rows[np.abs(amps[rows]) > least]
    if len(riding) < _FEWEST_RIDING:
        # Rare loads are looked for among all rows.
        every = np.flatnonzero(ordinary & (np.abs(amps) > least))
        riding = every if len(every) >= _FEWEST_RIDING else rows
    rows = riding
    if len(rows) < _FEWEST // 2:
        return RowNoise(3 * floor, 0.0, STEP_SHARE)
    size, moved, loaded = np.abs(misfit[rows]), ohm * change[rows], ohm * np.abs(amps[rows])
    calm = moved <= quantile(moved, 0.6)
    light = calm & (loaded <= quantile(loaded[calm], 0.5))
    noise = max(quantile(size[light], 0.9) / _NINETY_PERCENT, floor)
    load_share = float(np.clip(_share(size[calm], loaded[calm], noise), 0.0, _MOST_LOAD_SHARE))
    change_share = float(np.clip(_share(size, moved, noise), STEP_SHARE, _MOST_CHANGE_SHARE))
    return RowNoise(noise, load_share, change_share)


def _share(size: NDArray[np.float64], cause: NDArray[np.float64], noise: float) -> float:
    """Share of a cause that is in the size of the residual beyond the noise, from the rows with most of the cause."""
    large = cause > 3 * noise
    if np.count_nonzero(large) < _FEWEST:
        return 0.0
    large &= cause >= quantile(cause[large], 0.5)
    seen = quantile(size[large], 0.9) / _NINETY_PERCENT
    return float(np.sqrt(max(seen**2 - noise**2, 0.0))) / quantile(cause[large], 0.5)
