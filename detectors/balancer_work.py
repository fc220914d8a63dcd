"""What a log says of the work of a balancer: when it runs, from which voltage, with what current."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.diagnosis.ratings import balance_start, ratings
from ridelog.settings import number

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .cell_rows import CellRows

#: Cell voltage from which balancing is expected of every board when nobody says, V, by chemistry; engineering judgement:
#: passive boards balance at the top of the charge.
_START_V: Final = {"nmc": 4.05, "lfp": 3.42}
#: Balance current when neither the log nor the family tells it, A (passive boards).
_BALANCE_A: Final = 0.05


def working_rows(track: Track, rows: CellRows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Rows in which the balancer works, and rows in which that is known."""
    flag = track.values("balancing")[rows.rows]
    known, working = np.isfinite(flag), flag > 0.5
    single = track.log.matrix("cells_balancing")[rows.rows]
    if single.shape[1]:
        known = known | np.isfinite(single).any(axis=1)
        working = working | (np.nan_to_num(single) > 0.5).any(axis=1)
    current = track.values("balance_current")[rows.rows]
    return np.asarray(working | (current > 0.01)), np.asarray(known | np.isfinite(current))


def start_voltage(case: Case, track: Track, family: str) -> float | None:
    """Cell voltage from which the board balances, V: its setting, its family's, or what every board does."""
    given = number(track.log.settings, "balance_start_voltage")
    if given is not None and 2.0 < given < 5.0:
        return given
    rated = balance_start(family) if family else None
    return rated[0] if rated is not None else _START_V.get(case.pack.chemistry.name)


def balance_current(track: Track, rows: CellRows, working: NDArray[np.bool_], family: str) -> float:
    """Balance current in A: as logged, as rated for the family (its low end), or a passive board's."""
    flows = track.values("balance_current")[rows.rows][working]
    flows = flows[np.isfinite(flows) & (flows > 0.01)]
    if len(flows):
        return float(np.median(flows))
    rated = [item.balance_a[0] for item in ratings(family) if item.balance_a] if family else []
    return min(rated, default=_BALANCE_A)
