"""Which unit a speed column is in, where its file does not say: told by another speed of the same ride."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILES, MILES_PER_HOUR

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "KILOMETRES_PER_HOUR",
    "MILES_PER_HOUR",
    "SpeedUnit",
    "distance_unit_by_speed",
    "speed_unit_by_distance",
    "speed_unit_by_speed",
]

#: Slower than this neither a wheel nor a satellite speed is worth comparing, in m/s (engineering judgement).
_SLOWEST = 2.0
#: Fewest rows for an answer (engineering judgement).
FEWEST = 20
#: A ride shorter than this says nothing about units, m (engineering judgement).
_SHORTEST_WAY = 100.0
#: A candidate fits when the ratio of both speeds is within this factor of 1; the candidates km/h, mph and m/s are at
#: least a factor of 1.6 apart (engineering judgement: half way, on a logarithmic scale).
_TOLERANCE = 1.25
_UNITS: Final = ((KILOMETRES_PER_HOUR, "km/h"), (MILES_PER_HOUR, "mph"), (1.0, "m/s"))


@dataclass(frozen=True, slots=True)
class SpeedUnit:
    """The unit of a speed column.

    Attributes:
        factor: Factor to m/s.
        name: km/h, mph or m/s.
        reason: How it was found, without a full stop.
    """

    factor: float
    name: str
    reason: str

    @property
    def conversion(self) -> str:
        """What was done to the values, for the metadata of the channel."""
        return f"{self.name} to m/s ({self.reason})"


def speed_unit_by_speed(
    values: NDArray[np.float64], reference: NDArray[np.float64], what: str, fewest: int = FEWEST
) -> SpeedUnit | None:
    """Find the unit of a speed by comparing it with a speed in m/s.

    Args:
        values: Speed in an unknown unit, shape (n,).
        reference: Speed in m/s, shape (n,), NaN where it is not known.
        what: What the reference is, in words.
        fewest: Rows in motion that are needed for an answer.

    Returns:
        The unit, or None when there are too few rows in motion or none of the units fits.
    """
    usable = np.isfinite(values) & np.isfinite(reference) & (reference > _SLOWEST) & (np.abs(values) > 0)
    if int(usable.sum()) < fewest:
        return None
    ratio = float(np.median(reference[usable] / np.abs(values[usable])))
    factor, name = min(_UNITS, key=lambda unit: abs(np.log(ratio / unit[0])))
    if not 1 / _TOLERANCE < ratio / factor < _TOLERANCE:
        return None
    return SpeedUnit(
        factor, name, f"as {what} show{'' if what.endswith('s') else 's'}, {int(usable.sum())} rows compared"
    )


def distance_unit_by_speed(
    seconds: NDArray[np.float64], distance: NDArray[np.float64], speed: NDArray[np.float64]
) -> tuple[float, str] | None:
    """Find the unit of a distance counter by the way the speed adds up to.

    Args:
        seconds: Stamps in s, shape (n,).
        distance: Counter in an unknown unit, shape (n,).
        speed: Speed in m/s, shape (n,).

    Returns:
        Factor to m and name (km, miles, m), or None when nothing fits.
    """
    known = np.isfinite(distance) & np.isfinite(speed)
    if int(known.sum()) < FEWEST:
        return None
    # Most rides know both in every row, and picking all rows costs more than the sums.
    if not known.all():
        seconds, distance, speed = seconds[known], distance[known], speed[known]
    way, counted = _way(seconds, np.abs(speed)), _counted(distance)
    if way < _SHORTEST_WAY or counted <= 0:
        return None
    ratio = way / counted
    factor, name = min(
        ((KILOMETRES, "km"), (MILES, "miles"), (1.0, "m")), key=lambda unit: abs(np.log(ratio / unit[0]))
    )
    return (factor, name) if 1 / _TOLERANCE < ratio / factor < _TOLERANCE else None


def speed_unit_by_distance(
    seconds: NDArray[np.float64], speed: NDArray[np.float64], distance: NDArray[np.float64], what: str
) -> SpeedUnit | None:
    """Find the unit of a speed by the distance it adds up to.

    Args:
        seconds: Stamps in s, shape (n,).
        speed: Speed in an unknown unit, shape (n,).
        distance: Counter in m, shape (n,).
        what: What the counter is, in words.

    Returns:
        The unit, or None when nothing fits.
    """
    known = np.isfinite(distance) & np.isfinite(speed)
    if int(known.sum()) < FEWEST:
        return None
    way, counted = _way(seconds[known], np.abs(speed[known])), _counted(distance[known])
    if way <= 0 or counted < _SHORTEST_WAY:
        return None
    ratio = counted / way
    factor, name = min(_UNITS, key=lambda unit: abs(np.log(ratio / unit[0])))
    if not 1 / _TOLERANCE < ratio / factor < _TOLERANCE:
        return None
    return SpeedUnit(factor, name, f"as {what} adds up")


def _way(seconds: NDArray[np.float64], speed: NDArray[np.float64]) -> float:
    """What a speed adds up to; a pause of the logger counts as a few of its usual steps."""
    steps = np.diff(seconds)
    forward = steps > 0
    usual = float(np.median(steps if forward.all() else steps[forward])) if forward.any() else 0.0
    return float(np.sum((speed[1:] + speed[:-1]) / 2 * np.minimum(steps, max(5.0, 3 * usual))))


def _counted(distance: NDArray[np.float64]) -> float:
    return float(np.sum(np.clip(np.diff(distance), 0, None)))
