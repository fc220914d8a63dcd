"""Alarms of a short circuit and of a low cell in turn, without a current: a joint at a tap that comes and goes (CELL-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .cell_rows import REST_A

if TYPE_CHECKING:
    from ridelog.ride import Track

#: So often two alarms change that have nothing to do with one another; engineering judgement.
FEWEST_CHANGES: Final = 3
_KINDS: Final = frozenset({"short-circuit", "cell-undervoltage"})


def alternating_alarms(track: Track) -> tuple[int, int, int] | None:
    """Find alarms that take turns.

    Args:
        track: A BMS log with the protections it names and a current.

    Returns:
        First and last row of the alarms and how often they changed; None when they do not, or a load explains them.
    """
    if not track.has("protections", "battery_current"):
        return None
    named = [
        (row, next(iter(kinds)))
        for row, names in track.log.named_rows("protections").items()
        if len(kinds := _KINDS.intersection(names)) == 1
    ]
    if len(named) <= FEWEST_CHANGES:
        return None
    current = np.abs(np.nan_to_num(track.values("battery_current")))
    told: list[tuple[int, str]] = []
    for row, kind in named:
        flows = bool((current[max(row - 2, 0) : row + 1] >= REST_A).any())
        if not flows and (not told or told[-1][1] != kind):
            told.append((row, kind))
    changes = len(told) - 1
    return (told[0][0], told[-1][0], changes) if changes >= FEWEST_CHANGES else None
