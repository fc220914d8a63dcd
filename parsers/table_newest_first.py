"""Tables that are sorted with the newest row on top, as exports of apps and spreadsheets are: turned around."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_source import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Of the steps that are none this part must go back, and so many at least (engineering judgement: a clock that is set
#: back does so once or twice).
_NEARLY_ALL: Final = 0.95
_FEWEST: Final = 3


def runs_backwards(seconds: NDArray[np.float64]) -> bool:
    """Whether stamps, NaN where there is none, go back from row to row all through."""
    steps = np.diff(seconds[np.isfinite(seconds)])
    back = int((steps < 0).sum())
    return back >= _FEWEST and back >= _NEARLY_ALL * int((steps != 0).sum())


def turned(grid: Grid) -> Grid:
    """The table with its last row first; it says so."""
    message = "The newest row stands on top; the rows are read from the last to the first."
    note = Damage(DamageKind.NOTE, Effect.REPAIRED, message, grid.frame.height, channel="time")
    return replace(grid, frame=grid.frame.reverse(), lines=grid.lines[::-1].copy(), damage=(*grid.damage, note))
