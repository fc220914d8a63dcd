"""A balancer that does not let go: the group it bleeds passes the others and falls on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.ocv import table_for_chemistry
from ridelog.finding import Measurement

from .balancer_effect import TRIGGER_V, Remark, falls_alone
from .cell_rows import REST_A
from .parasitic_drain import pack_capacity

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .cell_rows import CellRows

#: Time over which a bleed passes the other groups, s, and rows that show where a group stands; engineering judgement.
_LEAST_S, _FEWEST_ROWS = 1_800.0, 20
#: Share of the rest that shows where a group stood at its beginning and end.
_PART: Final = 20
#: A loss between these multiples of the current that the balancer logs is that current: a voltage tells the charge of a
#: cell no better (engineering judgement).
_SAME_CURRENT: Final = (0.4, 2.5)


def bleeds_on(case: Case, track: Track, rows: CellRows, working: NDArray[np.bool_]) -> Remark | None:
    """A group that the balancer took charge from at rest, and that ended below all others.

    A balancer takes charge from the highest group and stops where the others are. One that goes on has a switch that does
    not open. A cell that discharges by itself looks alike: the group counts where the board named it as the one it bleeds, or
    where it loses as much as the balancer says it moves.
    """
    at = np.flatnonzero(working & (np.abs(rows.current) < REST_A if rows.logged else True) & np.isfinite(rows.middle))
    if len(at) < _FEWEST_ROWS or rows.cells.shape[1] < 3 or rows.time[at[-1]] - rows.time[at[0]] < _LEAST_S:
        return None
    part = max(len(at) // _PART, 3)
    falls = falls_alone(rows, at[:part], at[-part:])
    if falls is None:
        return None
    cell, fell = falls
    end = np.nanmedian(rows.cells[at[-part:]], axis=0)
    others = np.delete(end, cell)
    low = float(np.nanmedian(others) - end[cell])
    if not low > TRIGGER_V or end[cell] >= np.nanmin(others):
        return None
    hours = float(rows.time[at[-1]] - rows.time[at[0]]) / 3600
    ampere = _loss_a(case, track, rows, at, cell, fell, hours)
    if not (_named(track, rows, at, cell) or _as_logged(track, rows, at, ampere)):
        return None
    measured = [
        Measurement("below the others", low, "V", TRIGGER_V, "CELL-01"),
        Measurement("fall of the group at rest", fell, "V"),
    ]
    if ampere is not None:
        measured.append(Measurement("current that empties it", ampere, "A"))
    rate = f", about {ampere:.2f} A," if ampere is not None else ""
    return Remark(
        rows.rows[at],
        f"The balancer took charge{rate} from cell group {cell + 1} and did not stop where the others are: in {hours:.1f} h at "
        f"rest it fell by {1000 * fell:.0f} mV to {1000 * low:.0f} mV below them.",
        tuple(measured),
        danger="A bleed that stays on empties its group for good and heats the board. Do not leave this pack unattended.",
    )


def _named(track: Track, rows: CellRows, at: NDArray[np.intp], cell: int) -> bool:
    """The board itself names this group as one that it bleeds."""
    single = track.log.matrix("cells_balancing")[rows.rows[at]]
    return bool(single.shape[1] > cell and (np.nan_to_num(single[:, cell]) > 0.5).any())


def _as_logged(track: Track, rows: CellRows, at: NDArray[np.intp], ampere: float | None) -> bool:
    flows = np.abs(track.values("balance_current")[rows.rows[at]])
    flows = flows[np.isfinite(flows) & (flows > 0.01)]
    if ampere is None or not len(flows):
        return False
    stated = float(np.median(flows))
    return _SAME_CURRENT[0] * stated <= ampere <= _SAME_CURRENT[1] * stated


def _loss_a(
    case: Case, track: Track, rows: CellRows, at: NDArray[np.intp], cell: int, fell: float, hours: float
) -> float | None:
    """Current that empties the group, A, by its open-circuit voltage; None without a curve or a capacity."""
    table, capacity = table_for_chemistry(case.pack.chemistry.name), pack_capacity(case, track)
    if table is None or capacity is None:
        return None
    begin = float(np.nanmedian(rows.cells[at[: max(len(at) // _PART, 3)], cell]))
    soc = table.charge(np.array([begin, begin - fell]))
    lost = float(soc[0] - soc[1]) * capacity / hours
    return lost if np.isfinite(lost) and lost > 0 else None
