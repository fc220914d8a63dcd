"""One quantity of a vehicle from ride to ride, and what a line is to be fitted to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from .regression import Rides

if TYPE_CHECKING:
    from numpy.typing import NDArray

Point = tuple[datetime, float]

DAY_S: Final = 86400.0
_YEAR_DAYS: Final = 365.25
#: How much of the assumed law of temperature holds, and how much vehicles differ in that (engineering judgement): a
#: sensor on the pack tells its temperature and cells differ; a board may be as cold as the pack or not at all.
_LAW: Final = {"battery": (1.0, 0.3), "board": (0.5, 0.5)}
#: A resistance without any temperature may swing by so much with the year, in the logarithm (engineering judgement:
#: 8 degC each way at half the assumed law).
_SEASON: Final = 0.15
#: Longer series are thinned evenly for a fit.
_MOST_RIDES: Final = 400


@dataclass(frozen=True, slots=True)
class Course:
    """Values of a metric, in order of time.

    Attributes:
        moments: One a ride.
        values: As measured, shape (n,).
        errors: Standard errors in the same unit, shape (n,); NaN where the ride does not tell.
        source: Who saw it, shape (n,).
        kind: Courses of one kind scatter alike, on other vehicles too.
        basis: Whose temperature is known: battery, board, none; "" for metrics that do not depend on it.
        heat: Logarithm of the factor by which temperature and charge raise the value if the assumed law holds, shape (n,).
    """

    moments: Sequence[datetime]
    values: NDArray[np.float64]
    errors: NDArray[np.float64]
    source: Sequence[str]
    kind: str = ""
    basis: str = ""
    heat: NDArray[np.float64] | None = None

    def at_reference(self, share: float | None = None) -> NDArray[np.float64]:
        """Values at 25 degC and half charge, shape (n,), if such a share of the assumed law holds; None: as expected."""
        if self.heat is None:
            return self.values
        expected = _LAW.get(self.basis, (0.0, 0.0))[0]
        return np.asarray(self.values * np.exp(-(expected if share is None else share) * self.heat))

    def rides(self, relative: bool, sign: float) -> Rides:
        """What a line is fitted to: logarithms where `relative`, else values times `sign`."""
        chosen = np.arange(len(self.values))
        if len(chosen) > _MOST_RIDES:
            chosen = np.linspace(0, len(chosen) - 1, _MOST_RIDES).round().astype(int)
        days = np.array([self.moments[int(place)].timestamp() for place in chosen]) / DAY_S
        measured = self.values[chosen]
        errors = self.errors[chosen] / measured if relative else self.errors[chosen]
        known = np.isfinite(errors) & (errors > 0)
        errors = np.where(known, errors, np.median(errors[known]) if known.any() else 1.0)
        source = np.unique(np.array(self.source)[chosen], return_inverse=True)[1]
        shares: list[float] = []
        spreads: list[float] = []
        effects: list[NDArray[np.float64]] = []
        if self.heat is not None and self.basis in _LAW:
            shares, spreads, effects = [_LAW[self.basis][0]], [_LAW[self.basis][1]], [self.heat[chosen]]
        elif self.heat is not None:
            turn = 2 * np.pi * days / _YEAR_DAYS
            shares, spreads, effects = [0.0, 0.0], [_SEASON, _SEASON], [np.cos(turn), np.sin(turn)]
        return Rides(
            days=days - days[0],
            values=np.log(measured) if relative else sign * measured,
            errors=errors,
            source=source,
            effects=np.column_stack(effects) if effects else np.empty((len(days), 0)),
            shares=np.array(shares),
            spreads=np.array(spreads),
        )
