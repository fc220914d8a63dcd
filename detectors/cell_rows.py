"""What the cells of a BMS log did, row by row, thin enough for logs of days; rest and charge in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import episodes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Rest and charge take minutes: this many rows, evenly taken, show them.
_MOST_ROWS: Final = 10_000
#: A current below this is none: boards read nothing below 0.5 to 1 A (dead band), A.
REST_A: Final = 1.0
#: A charge current counts from here, A; engineering judgement: above the standby draw, below the end of a taper.
CHARGE_A: Final = 0.3
#: Braking lasts seconds; a charge lasts at least this long, s.
_CHARGE_S: Final = 600.0
#: Interruptions this short belong to one charge, s.
_JOIN_S: Final = 120.0
#: A cell that rises by more than this under a steady current is charged, V; recovery after a load is less in that time.
_FILLS_V: Final = 0.05
#: A neighbour that is off by this share of a cell's deviation the other way shares a wire with it.
_NEIGHBOUR_SHARE: Final = 0.5
#: Voltage of a full cell while charging, V, by chemistry (data sheets: NMC and NCA 4.20, LFP 3.65, LTO 2.80).
_FULL_V: Final = {"nmc": 4.20, "lfp": 3.65, "lto": 2.80}


@dataclass(frozen=True, slots=True)
class CellRows:
    """Evenly taken rows of one BMS log; arrays have shape (n,), NaN for what was not read.

    Attributes:
        rows: Rows of the log.
        time: Stamps on the ride's clock, s.
        low: Lowest cell, V; a reading whose neighbour is as much too high is a sense wire and is not believed.
        high: Highest cell, V; likewise.
        middle: Median cell, or the pack voltage divided by a sure series count, V.
        current: Battery current, A, discharge positive.
        cells: Every cell, V, shape (n, cells); no columns without cell voltages.
        logged: The log has a battery current.
    """

    rows: NDArray[np.int64]
    time: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    middle: NDArray[np.float64]
    current: NDArray[np.float64]
    cells: NDArray[np.float64]
    logged: bool

    @property
    def resting(self) -> NDArray[np.bool_]:
        """Rows without a current, shape (n,); all rows with a voltage when the log has no current."""
        known = np.isfinite(self.middle)
        return np.asarray(known & (np.abs(self.current) < REST_A) if self.logged else known)

    @property
    def step_s(self) -> float:
        """Median time between the rows, s; infinity with fewer than two."""
        steps = np.diff(self.time)
        steps = steps[steps > 0]
        return float(np.median(steps)) if len(steps) else float("inf")


def cell_rows(case: Case, track: Track) -> CellRows | None:
    """Rows of a log, taken once for all detectors; None without cells and without a pack voltage of a sure series count."""
    key = ("cell-rows", track.index)
    if key not in case.shared:
        case.shared[key] = _taken(case, track)
    rows = case.shared[key]
    assert rows is None or isinstance(rows, CellRows)
    return rows


def _taken(case: Case, track: Track) -> CellRows | None:
    rows = np.arange(0, track.log.rows, max(1, -(-track.log.rows // _MOST_ROWS)))
    cells = track.log.matrix("cell_voltages")[rows]
    low, high = track.values("cell_voltage_min")[rows], track.values("cell_voltage_max")[rows]
    if cells.shape[1] and np.isfinite(cells).any():
        low, middle, high = _ordered(cells)
    elif np.isfinite(low).any() and np.isfinite(high).any():
        average = track.values("cell_voltage_average")[rows]
        middle = np.where(np.isfinite(average), average, (low + high) / 2)
    elif case.pack.series.best is not None and case.pack.series.certain and track.has("pack_voltage"):
        middle = track.values("pack_voltage")[rows] / case.pack.series.best
    else:
        return None
    current = _signed(track.values("battery_current")[rows], middle)
    return CellRows(rows, track.time[rows], low, high, middle, current, cells, bool(np.isfinite(current).any()))


def _signed(current: NDArray[np.float64], middle: NDArray[np.float64]) -> NDArray[np.float64]:
    """The current with its sign put right where the source left it open: a pack does not fill while it is emptied."""
    out = np.flatnonzero((current > CHARGE_A) & np.isfinite(middle))
    if len(out) < 5 or np.nanmin(current) < -CHARGE_A:
        return current
    fills = middle[out[-1]] - middle[out[0]] > _FILLS_V and out[-1] - out[0] < 1.25 * len(out)
    return -current if fills else current


def _ordered(
    cells: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Lowest, median and highest of each row, NaN where nothing was read."""
    ordered = np.sort(cells, axis=1)
    count = np.isfinite(cells).sum(axis=1)
    place = np.arange(len(cells))
    last = np.maximum(count - 1, 0)
    middle = (ordered[place, last // 2] + ordered[place, (last + 1) // 2]) / 2
    apart = cells - middle[:, None]
    low = middle - _beyond_neighbours(-apart)
    high = middle + _beyond_neighbours(apart)
    return np.where(count > 0, low, np.nan), middle, np.where(count > 0, high, np.nan)


def _beyond_neighbours(apart: NDArray[np.float64]) -> NDArray[np.float64]:
    """Largest deviation of each row, without the part that a neighbour shows with the other sign: that is a sense wire.

    Only the pair is doubted: any other cell that deviates as well still counts. Beside a cell that was not read a deviation
    may be that cell's, all of it.
    """
    size = np.maximum(np.nan_to_num(apart), 0.0)
    around = np.pad(np.where(np.isnan(apart), -np.inf, apart), ((0, 0), (1, 1)))
    opposite = -np.minimum(around[:, :-2], around[:, 2:])
    alone = np.where(opposite > _NEIGHBOUR_SHARE * size, np.maximum(size - opposite, 0.0), size)
    return np.asarray(alone.max(axis=1))


def charges(rows: CellRows) -> list[tuple[int, int]]:
    """First and last place in `rows` of each stretch of charging that is too long to be braking."""
    charging = rows.current < -CHARGE_A
    join = max(_JOIN_S, 3 * rows.step_s) if np.isfinite(rows.step_s) else _JOIN_S
    ridden = np.cumsum(rows.current > REST_A)
    found: list[tuple[int, int]] = []
    for first, last in episodes(charging, rows.time, join):
        steady = float(charging[first : last + 1].mean()) > 0.8 and ridden[last] == ridden[first]
        if steady and last - first >= 4 and rows.time[last] - rows.time[first] >= _CHARGE_S:
            found.append((first, last))
    return found


def full_voltage(case: Case) -> float | None:
    """Voltage of a full cell while charging, V; None when the chemistry is not known."""
    return _FULL_V.get(case.pack.chemistry.name)
