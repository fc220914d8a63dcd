"""Charge cycles that a board counts against what cells last, by the voltage they are charged to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.log import Role

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: Power cells that are charged to 4.20 V keep about this share of their capacity after so many full cycles (SOC-06).
CYCLES_TO: Final = 500.0
_KEPT: Final = 0.70
#: From half of them on a tenth and more of the range is gone; engineering judgement.
_FROM_CYCLES: Final = 250.0
#: A cell that shows this was charged to the end, V; 4.15 V with what meters are off by stays below.
_CHARGED_FULL_V: Final = 4.17
#: A board that learned less than this share of the nominal capacity, or more than it, learned nothing.
_LEARNED: Final = (0.3, 0.98)


@dataclass(frozen=True, slots=True)
class Ageing:
    """What a board counts.

    Attributes:
        track: Its log.
        row: Row of the last count.
        cycles: Charge cycles.
        message: What that means, some sentences.
    """

    track: Track
    row: int
    cycles: float
    message: str


def cycle_ageing(case: Case) -> Ageing | None:
    """Find a board that counts so many cycles that the range has become shorter; None for none, and for other cells than NMC."""
    if case.pack.chemistry.name != "nmc":
        return None
    for track in case.ride.of_role(Role.BMS):
        count = track.values("cycle_count")
        rows = np.flatnonzero(np.isfinite(count))
        if not len(rows) or count[rows[-1]] < _FROM_CYCLES:
            continue
        row, cycles = int(rows[-1]), float(count[rows[-1]])
        highest = _highest(track)
        charged = (
            f"This log shows a cell at {highest:.2f} V."
            if highest is not None and highest >= _CHARGED_FULL_V
            else "To which voltage this pack is charged, the log does not show."
        )
        return Ageing(
            track,
            row,
            cycles,
            f"The BMS counts {cycles:.0f} charge cycles. Power cells that are charged to 4.20 V keep about "
            f"{100 * _KEPT:.0f} % of their capacity after {CYCLES_TO:.0f}; charged to 4.15 V cells last several times longer. "
            f"{charged}{_learned(track)}",
        )
    return None


def _highest(track: Track) -> float | None:
    """Highest cell voltage of the log, V; a hundredth of the rows may be higher."""
    cells = (
        track.log.matrix("cell_voltages") if track.has("cell_voltages") else track.values("cell_voltage_max")[:, None]
    )
    cells = cells[np.isfinite(cells).any(axis=1)]
    return float(np.percentile(np.nanmax(cells, axis=1), 99)) if len(cells) else None


def _learned(track: Track) -> str:
    """What the board itself has learned of the capacity."""
    learned, nominal = track.values("full_charge_capacity"), track.values("nominal_capacity")
    if not np.isfinite(learned).any() or not np.isfinite(nominal).any():
        return ""
    now, new = float(np.nanmedian(learned)), float(np.nanmedian(nominal))
    if new <= 0 or not _LEARNED[0] <= now / new <= _LEARNED[1]:
        return ""
    return f" The board itself has learned {now:.1f} Ah of {new:.1f} Ah."
