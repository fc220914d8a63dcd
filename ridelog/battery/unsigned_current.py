"""A current without its sign: some loggers compute it from a phase current that is positive while braking too."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .open_circuit import follow
from .power_path import PowerPath, fill_forward

#: A ride this long brakes; without one negative current in it the sign is lost.
_LEAST_S: Final = 60.0
_NEGATIVE_SHARE: Final = 0.002
#: Currents below this share of the ride's largest hardly move the voltage.
_IDLE_SHARE: Final = 0.08
_FEWEST_IDLE: Final = 20
#: Share of loaded rows above the idle voltage that shows braking.
_ABOVE_SHARE: Final = 0.03


def with_sign(path: PowerPath) -> PowerPath:
    """Give a computed current its sign back where the voltage stands above that of an idle pack.

    Args:
        path: The power path of a track whose current is computed, not measured.

    Returns:
        The same path where the current has negative values, or where the voltage never shows braking; else one with
        the sign taken from the voltage, less trust and a caution.
    """
    amps = fill_forward(path.amps)
    largest = float(np.quantile(np.abs(amps), 0.99))
    if path.time[-1] - path.time[0] < _LEAST_S or largest <= 0:
        return path
    if float(np.mean(amps < -_IDLE_SHARE * largest)) > _NEGATIVE_SHARE:
        return path
    idle = path.usable & (np.abs(amps) < _IDLE_SHARE * largest)
    if idle.sum() < _FEWEST_IDLE:
        return path
    nothing = np.zeros(len(amps))
    volts = np.where(path.known, path.volts, 0.0)
    level = follow(replace(path, usable=idle), nothing).volts
    scatter = 1.4826 * float(np.median(np.abs(volts[idle] - level[idle])))
    above: NDArray[np.bool_] = path.known & (path.volts > level + max(scatter, path.resolution_v)) & ~idle
    loaded = int(np.count_nonzero(path.usable & ~idle))
    if np.count_nonzero(above & path.usable) < _ABOVE_SHARE * max(loaded, 1):
        return path
    if not _rises_with_current(volts, np.abs(amps), above & path.usable):
        return path
    signed = np.where(above, -np.abs(path.amps), path.amps)
    return replace(
        path,
        amps=signed,
        trust=0.7 * path.trust,
        cautions=(*path.cautions, "its sign is lost and was taken from the voltage"),
    )


def _rises_with_current(volts: NDArray[np.float64], size: NDArray[np.float64], braking: NDArray[np.bool_]) -> bool:
    """Tell whether in rows taken for braking more current means more voltage: in rows of a load it means less.

    An idle level that was read off too few rows, or off a dead bus, puts loads above it.
    """
    rows = np.flatnonzero(braking[1:] & braking[:-1])
    return float(np.diff(volts)[rows] @ np.diff(size)[rows]) > 0
