"""Edges of the FET flags of a BMS, and what its protections and records say around them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: Protections looked for from this long before an edge to this long after it, s; at least two polls either way.
_BEFORE_S, _AFTER_S = 3.0, 6.0
#: The pack was in use when a load flowed within this time before, s.
_LOAD_S = 5.0

#: A discharge current in the record of an event that shows the vehicle in use, A: electronics and lights take some tenths.
_RECORDED_A: Final = 1.0
#: A load that ends for good: from this current, A, or share of the ride's high one, to nothing, A, for this long, s.
_ENDS_FROM_A, _ENDS_FROM_SHARE, _NOTHING_A, _GOOD_S = 8.0, 0.4, 1.0, 20.0

#: Without FET states: a load of this, A, is over when no more than this share of it flows for so long, s, and rows
#: (engineering judgement).
_NAMED_LOAD_A, _LEFT_SHARE, _ENDED_S, _ENDED_ROWS = 3.0, 0.1, 4.0, 2
#: Trips that are quicker than many polls; the pack was in use within this time and gives nothing for that long after, s.
_BETWEEN_POLLS: Final = frozenset({"overcurrent", "short-circuit"})
_IN_USE_S, _ENDED_BETWEEN_S = 60.0, 10.0

#: A current back into the pack that wakes a board, A.
_WAKES_A: Final = 0.5

#: Canonical protection to the kind of trip.
KINDS: Final[dict[str, str]] = {
    "discharge-overcurrent": "overcurrent",
    "short-circuit": "short-circuit",
    "cell-undervoltage": "undervoltage",
    "pack-undervoltage": "undervoltage",
    "discharge-overtemperature": "overtemperature",
    "fet-overtemperature": "overtemperature",
    "battery-overtemperature": "overtemperature",
    "board-overtemperature": "overtemperature",
    "charge-overtemperature": "charge-overtemperature",
    "discharge-undertemperature": "undertemperature",
    "charge-undertemperature": "charge-undertemperature",
    "cell-overvoltage": "overvoltage",
    "pack-overvoltage": "overvoltage",
    "full": "overvoltage",
    "charge-overcurrent": "charge-overcurrent",
    "manual-off": "manual",
    "discharge-manual-off": "manual",
    "charge-manual-off": "charge-manual",
    "discharge-fet-failure": "fet-failure",
    "charge-fet-failure": "charge-fet-failure",
    "cell-difference": "cell-difference",
    "open-wire": "wiring",
    "wire-resistance": "wiring",
    "cell-count": "wiring",
    "software-lock": "lock",
}

_ORDER: Final = tuple(dict.fromkeys(KINDS.values()))

#: Records of a logbook that say somebody switched, by hand, app, bus or firmware.
COMMANDS: Final = frozenset(
    {
        "discharge-switched",
        "discharge-switched-off",
        "app-off",
        "button-off",
        "remote-off",
        "shutdown",
    }
)


@dataclass(frozen=True, slots=True)
class Edge:
    """A FET flag that went from on to off.

    Attributes:
        row: First row with the flag off.
        back: First row with the flag on again, None when it stayed off.
        before: Last row with the flag on.
        kinds: Kinds of trip that protections and records around it name, in the order of `KINDS`.
        observable: The log has protections or records around the edge that could have named one.
    """

    row: int
    back: int | None
    before: int
    kinds: tuple[str, ...]
    observable: bool


def falling_edges(track: Track, channel: str) -> list[Edge]:
    """Edges of `discharge_fet` or `charge_fet` from on to off; rows in which the flag is unknown are passed over."""
    flag = track.values(channel)
    known = np.flatnonzero(np.isfinite(flag))
    state = flag[known]
    falls = np.flatnonzero((state[1:] < 0.5) & (state[:-1] > 0.5)) + 1
    rises = np.flatnonzero((state[1:] > 0.5) & (state[:-1] < 0.5)) + 1
    edges = []
    for fall, later in zip(falls.tolist(), np.searchsorted(rises, falls, side="right").tolist(), strict=True):
        row, before = int(known[fall]), int(known[fall - 1])
        end = int(known[rises[later]]) if later < len(rises) else None
        kinds, observable = named_kinds(track, before, row)
        edges.append(Edge(row, end, before, kinds, observable))
    return edges


def named_kinds(track: Track, before: int, row: int) -> tuple[tuple[str, ...], bool]:
    """Kinds of trip named by protections, FET states and records from just before `before` to just after `row`.

    A protection that was already active long before names nothing.
    """
    reach = max(_AFTER_S, 2.5 * track.log.interval_s)
    start = int(np.searchsorted(track.time, track.time[before] - max(_BEFORE_S, 1.5 * track.log.interval_s)))
    end = int(np.searchsorted(track.time, track.time[row] + reach, side="right"))
    named, earlier = track.log.named_rows("protections"), max(start - 50, 0)
    known = track.log.named_known("protections")[earlier:end]
    standing = _in_all(named, earlier + np.flatnonzero(known[: start - earlier]))
    observable = bool(known[start - earlier :].any())
    found = [name for place in range(start, end) for name in named.get(place, ()) if name not in standing]
    for channel in ("discharge_fet_state", "charge_fet_state"):
        if track.log.has(channel):
            texts = [text for text in track.log.texts(channel, row, end) if text]
            observable |= bool(texts)
            found += texts
    if track.log.has("event"):
        events = [text for text in track.log.texts("event", start, end) if text]
        observable |= bool(events)
        found += ["manual-off" if text in COMMANDS else text for text in events]
    kinds = {KINDS[name] for name in found if name in KINDS}
    return tuple(kind for kind in _ORDER if kind in kinds), observable


def named_trip(track: Track, trips: Collection[str]) -> Edge | None:
    """The first protection that is named as the load ends, in a log without FET states: the edge that has to be there.

    A protection that is named while the load flows on is an alarm, and none that was named from the start tells a moment.

    Args:
        track: A BMS log with current and protections.
        trips: Kinds of trip that end a load.
    """
    named = track.log.named_rows("protections")
    current = track.values("battery_current")
    known = np.flatnonzero(track.log.named_known("protections"))
    earlier = np.searchsorted(known, np.fromiter(named, np.intp)) - 1
    for (row, names), place in zip(named.items(), earlier.tolist(), strict=True):
        before = named.get(int(known[place]), ()) if place >= 0 else None
        fresh = {KINDS.get(name, "") for name in names if before is not None and name not in before} & set(trips)
        load = recent_load(track, row) if fresh else 0.0
        # An over-current that trips within a second can lie between two polls: the pack was in use and gives nothing since.
        between = bool(fresh & _BETWEEN_POLLS) and recent_load(track, row, _IN_USE_S) >= _NAMED_LOAD_A
        if load < _NAMED_LOAD_A and not between:
            continue
        lasts = _ENDED_S if load >= _NAMED_LOAD_A else _ENDED_BETWEEN_S
        if load < _NAMED_LOAD_A and track.time[-1] - track.time[row] < lasts:
            continue
        end = int(np.searchsorted(track.time, track.time[row] + lasts, side="right"))
        after = current[row + 1 : max(end, row + 1 + _ENDED_ROWS)]
        after = after[np.isfinite(after)]
        gone = max(_NOTHING_A, _LEFT_SHARE * load)
        if len(after) < _ENDED_ROWS or float(after.max()) > gone:
            continue
        last = row if current[row] > gone else row - 1
        back = np.flatnonzero(current[row + 1 :] > max(_NAMED_LOAD_A, 3 * gone))
        kinds, _ = named_kinds(track, last, row)
        return Edge(max(row, last + 1), row + 1 + int(back[0]) if len(back) else None, last, kinds, observable=True)
    return None


def _in_all(named: Mapping[int, tuple[str, ...]], rows: NDArray[np.intp]) -> set[str]:
    """Protections that are active in every one of some rows."""
    active: set[str] | None = None
    for row in rows.tolist():
        active = active.intersection(named.get(row, ())) if active is not None else set(named.get(row, ()))
        if not active:
            break
    return active or set()


def recent_load(track: Track, row: int, seconds: float = _LOAD_S) -> float:
    """Highest discharge current of the last seconds before a row, A: a poll at the edge itself may show little of it."""
    start = min(int(np.searchsorted(track.time, track.time[row] - seconds)), max(row - 3, 0))
    values = track.values("battery_current")[start:row]
    values = values[np.isfinite(values)]
    return float(values.max()) if len(values) else 0.0


def recorded_in_use(track: Track, row: int) -> bool:
    """Whether a board wrote the record of this row at an event, with a discharge current that no standby has."""
    if not track.log.has("event") or not track.log.texts("event", row, row + 1)[0]:
        return False
    return float(np.nan_to_num(track.values("battery_current")[row])) > _RECORDED_A


def lowest_cell(track: Track, first: int, last: int) -> tuple[float, int]:
    """Lowest cell voltage of a range of rows in V and its index from 0; NaN and -1 when there are no cells."""
    cells = track.log.matrix("cell_voltages")[first : last + 1]
    if cells.size and np.isfinite(cells).any():
        row, cell = divmod(int(np.argmin(np.where(np.isnan(cells), np.inf, cells))), cells.shape[1])
        return float(cells[row, cell]), cell
    values = track.values("cell_voltage_min")[first : last + 1]
    if np.isfinite(values).any():
        row = int(np.nanargmin(values))
        index = track.values("cell_min_index")[first + row]
        return float(values[row]), int(index) if np.isfinite(index) else -1
    return float("nan"), -1


def highest_cell(track: Track, first: int, last: int) -> float:
    """Highest cell voltage of a range of rows in V, NaN when there are no cells."""
    cells = track.log.matrix("cell_voltages")[first : last + 1]
    if cells.size and np.isfinite(cells).any():
        return float(np.fmax.reduce(cells, axis=None))
    values = track.values("cell_voltage_max")[first : last + 1]
    return float(np.nanmax(values)) if np.isfinite(values).any() else float("nan")


def load_ended(track: Track, cell_v: float) -> int | None:
    """First row without current after the last load of a log, when it ended in one step at a cell of `cell_v` V or less."""
    current = track.values("battery_current")
    known = np.flatnonzero(np.isfinite(current))
    loaded = known[np.abs(current[known]) > _NOTHING_A]
    if not len(loaded) or loaded[-1] >= track.log.rows - 3:
        return None
    row = int(loaded[-1]) + 1
    high = float(np.percentile(current[known], 99))
    enough = float(current[row - 1]) >= max(_ENDS_FROM_A, _ENDS_FROM_SHARE * high)
    quick = track.time[row] - track.time[row - 1] <= 2.5 * track.log.interval_s
    lasts = float(track.time[-1] - track.time[row]) >= _GOOD_S
    cell, _ = lowest_cell(track, max(row - 3, 0), row - 1)
    return row if enough and quick and lasts and cell <= cell_v else None


def woken_by(track: Track, row: int) -> str:
    """What woke a board that was off, in words: current that flows back into it, from a charger or braking (TRIP-13)."""
    current = track.values("battery_current")[max(row - 1, 0) : row + 2]
    return ", as current flowed back into it: a charger or braking woke it" if (current < -_WAKES_A).any() else ""
