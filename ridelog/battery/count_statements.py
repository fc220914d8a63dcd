"""Series counts that somebody entered in a device: hints, because a count is easily left from another pack."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from ridelog.log import Role
from ridelog.ride import Ride, Track
from ridelog.settings import number

from .series_evidence import configured_meter_count

#: How often a setting is right, given that the voltages allow it (engineering judgement; a count left from another
#: pack, or a lead-acid setting, is seen in the wild).
_SETTING_RIGHT: Final = 0.93
_METER_RIGHT: Final = 0.90
#: Limits of a pack and of a cell make a count when they are a whole number apart to this.
_OFF_WHOLE: Final = 0.1


@dataclass(frozen=True, slots=True)
class CountStatement:
    """A series count that was entered somewhere.

    Attributes:
        count: The count.
        right: How often such a statement is right, 0..1.
        says: Words for who says so, before the count.
        by_board: True for a BMS, False for a controller or wheel.
    """

    count: int
    right: float
    says: str
    by_board: bool


def count_statements(ride: Ride) -> tuple[CountStatement, ...]:
    """Every statement of a ride, of each device the better one first."""
    found = []
    for track in ride.tracks:
        configured = number(track.log.settings, "series_cells")
        if configured is not None:
            found.append(CountStatement(round(configured), _SETTING_RIGHT, "the configuration says", _is_board(track)))
    for track in ride.bms:
        counts = track.values("cell_count")
        counts = counts[np.isfinite(counts)]
        if len(counts):
            found.append(CountStatement(round(float(np.median(counts))), _SETTING_RIGHT, "the BMS is set to", True))
    for track in ride.tracks:
        pack, cell = (number(track.log.settings, f"{name}_overvoltage_limit") for name in ("pack", "cell"))
        if _is_board(track) and pack and cell and abs(pack / cell - round(pack / cell)) <= _OFF_WHOLE:
            found.append(CountStatement(round(pack / cell), _SETTING_RIGHT, "the limits of the BMS are those of", True))
    meter = configured_meter_count(ride)
    if meter is not None:
        found.append(CountStatement(meter, _METER_RIGHT, "the charge shown is that of", False))
    return tuple(found)


def _is_board(track: Track) -> bool:
    """Whether the settings of a track are those of a BMS."""
    role = track.log.role
    return role is Role.BMS or (role is Role.CONFIG and track.log.identity.family != "vesc")
