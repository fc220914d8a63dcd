"""Cells under load below the limit of their board, for longer than any board waits, and the board stays on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import runs
from ridelog.settings import number

from .cell_rows import CellRows

if TYPE_CHECKING:
    from ridelog.detection import Case
    from ridelog.ride import Track

#: Below the limit by this, V, for so long, s, and so many rows: meters are off by some hundredths of a volt, and boards act
#: within one to five seconds (engineering judgement).
_BELOW_V: Final = 0.05
_HELD_S: Final = 10.0
#: Or for so long at a time, s, and for the former in all: a load that comes and goes.
_AT_A_TIME_S, _COUNTS_S = 5.0, 1.5
_FEWEST_ROWS: Final = 4
#: A limit of its own the board compares with the very voltages that it logs: below it by what a voltage moves from one
#: answer to the next, V, for several times what any board waits, s, is enough.
_OWN_BELOW_V, _OWN_HELD_S = 0.010, 30.0
#: Where no limit is known: no board is delivered with one below the voltage at which makers of cells end a discharge (NMC
#: 2.5 V, LFP 2.0 V), and this leaves room for its meter, V. For several times what any board waits less room is enough, by
#: this, V: noise does not last so long.
_LOWEST_V: Final = {"nmc": 2.35, "lfp": 1.85}
_LONG_ROOM_V: Final = 0.10
_NO_LTO_V: Final = 2.9
#: Cells this low under load are close to the hard cut of a board, V (CUT-01 for NMC; iron phosphate, and what may be that,
#: is ridden lower: makers of its cells end a discharge at 2.0 to 2.5 V), in so many rows.
_EARLY_V: Final = {"nmc": 2.9, "lfp": 2.3}
_EARLY_ROWS: Final = 3
#: Limits of boards for lithium cells lie between these, V.
_LIMITS_V: Final = (1.5, 3.4)


@dataclass(frozen=True, slots=True)
class BelowLimit:
    """A stretch in which the lowest cell stayed below the limit.

    Attributes:
        first: First row of the log.
        last: Last row of the log.
        volts: Median of the lowest cell, V.
        limit: The limit, V.
        known: The limit is that of the board, not the end of discharge of the cells.
        lasted: Seconds.
    """

    first: int
    last: int
    volts: float
    limit: float
    known: bool
    lasted: float


def below_limit(case: Case, track: Track, rows: CellRows) -> BelowLimit | None:
    """Find the longest stretch under load in which the lowest cell was below the limit with the discharge FETs on.

    One of ten seconds counts, and one of five where all of them together last as long. A limit that the log itself tells
    counts from 10 mV below it where the cells stay there for half a minute, and so does the end of discharge of the cells
    from 50 mV below it.

    Returns:
        The stretch, None when there is none, no FET state is logged, or neither limit nor chemistry is known.
    """
    if not track.has("discharge_fet") or not rows.logged:
        return None
    stated = number(track.log.settings, "cell_undervoltage_limit")
    known = stated is not None and _LIMITS_V[0] <= stated <= _LIMITS_V[1]
    # NMC and LFP that cannot be told apart end no lower than LFP; only LTO stays below the third figure.
    least = _LOWEST_V["lfp"] if np.nanmax(rows.high, initial=0.0) > _NO_LTO_V else None
    if known and stated is not None:
        found = _longest(track, rows, stated - _BELOW_V, _AT_A_TIME_S) or _longest(
            track, rows, stated - _OWN_BELOW_V, _OWN_HELD_S
        )
        limit: float | None = stated
    else:
        limit = _LOWEST_V.get(case.pack.chemistry.name, least)
        found = _longest(track, rows, limit, _AT_A_TIME_S) if limit is not None else None
        if found is None and limit is not None:
            found = _longest(track, rows, limit + _LONG_ROOM_V, _OWN_HELD_S)
            limit += _LONG_ROOM_V
    if found is None or limit is None:
        return None
    first, last = found
    volts, lasted = float(np.median(rows.low[first : last + 1])), float(rows.time[last] - rows.time[first])
    return BelowLimit(int(rows.rows[first]), int(rows.rows[last]), volts, limit, known, lasted)


def _longest(track: Track, rows: CellRows, limit: float, at_a_time_s: float) -> tuple[int, int] | None:
    """First and last place of the longest stretch under load below a voltage with the discharge FETs on."""
    on = track.values("discharge_fet") > 0.5
    best: tuple[float, int, int] | None = None
    total = 0.0
    with np.errstate(invalid="ignore"):
        low = rows.low < limit
    for first, last in runs(low):
        lasted = float(rows.time[last] - rows.time[first])
        begin, end = int(rows.rows[first]), int(rows.rows[last])
        loaded = float(np.nanmax(np.abs(rows.current[first : last + 1]), initial=0.0)) > 1.0
        if lasted < _COUNTS_S or last - first + 1 < _FEWEST_ROWS or not loaded or not on[begin : end + 1].all():
            continue
        total += lasted
        best = max(best, (lasted, first, last)) if best is not None else (lasted, first, last)
    return best[1:] if best is not None and total >= _HELD_S and best[0] >= at_a_time_s else None


def close_to_the_cut(case: Case, rows: CellRows) -> tuple[int, int, float, float] | None:
    """First and last row, the lowest cell, V, and what counts as low, V, of rows under load close to the cut (CUT-01)."""
    no_lto = float(np.nanmax(rows.high, initial=0.0)) > _NO_LTO_V
    early = _EARLY_V.get(case.pack.chemistry.name, _EARLY_V["lfp"] if no_lto else None)
    if not rows.logged or early is None:
        return None
    with np.errstate(invalid="ignore"):
        at = np.flatnonzero((rows.low < early) & (rows.low > _LIMITS_V[0]) & (rows.current > 1.0))
    if len(at) < _EARLY_ROWS:
        return None
    return int(rows.rows[at[0]]), int(rows.rows[at[-1]]), float(np.min(rows.low[at])), early
