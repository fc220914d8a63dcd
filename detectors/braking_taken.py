"""Whether the braking current found its pack: a BMS saw it, the controller braked on, or it was more than capacitors hold."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.episodes import runs

from .braking_rows import REGEN_A

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Current into the pack that no offset of a meter makes, A.
_TAKEN_A: Final = -3.0
#: Polls with such a current within the stops of one stretch; one may be the last moment before the path opened.
_FEWEST_POLLS: Final = 2
#: The largest bus capacitors of a vehicle, F, times what its current must exceed them by: 20 mF are two large controllers
#: (engineering judgement).
_CAPACITORS_F, _TIMES = 0.020, 5.0
#: Voltage and current stay on one line of a resistance so closely, correlation, over so many rows, at most so far apart, s.
_ON_A_LINE, _FEWEST_ROWS, _DENSE_S = -0.97, 12, 0.25
#: Rows this long before and after belong to the same braking, s.
_BESIDE_S: Final = 1.0
#: After a stop the brake is still held for this long, s; braking that lasts so long, s, over so many rows went into a pack.
_HELD_S, _BRAKED_S, _BRAKED_ROWS = 2.0, 0.5, 4
#: Braking anew so soon after a stop, s, over so many stops, is no board that opens and has closed again: those take longer
#: (release times of JK, JBD and ANT boards). A rise is at least this, V: a digit of the voltage tells no smaller one.
_SOON_S, _FEWEST_AGAIN, _LEAST_RISE_V = 5.0, 3, 1.0
#: A board whose charge switches flip back at once does so now and then; a limit does it at one brake after another.
_FEWEST_STOPS: Final = 2


def taken_along_a_line(track: Track, open_circuit: NDArray[np.float64], first: int, last: int) -> bool:
    """Tell whether a raised voltage is that of a pack with more resistance than the ride has on the mean.

    Into capacitors alone a braking current raises the voltage as long as it flows; into a pack that is cold or worn it
    raises it in proportion, and falls with it.

    Args:
        track: A controller or wheel log.
        open_circuit: Open-circuit voltage of the pack, V, shape (rows,).
        first: First row above what the pack explains.
        last: Last such row.
    """
    time, volts, amps = track.time, track.values("pack_voltage"), track.values("battery_current")
    start = int(np.searchsorted(time, time[first] - _BESIDE_S))
    end = int(np.searchsorted(time, time[last] + _BESIDE_S, side="right"))
    rows = np.arange(start, end)
    rows = rows[np.isfinite(volts[rows]) & np.isfinite(amps[rows])]
    if len(rows) < _FEWEST_ROWS or np.diff(time[rows]).max() > _DENSE_S:
        return False
    inside = rows[(rows >= first) & (rows <= last)]
    if not len(inside) or not np.ptp(amps[rows]) > 0 or not np.ptp(volts[rows]) > 0:
        return False
    steps = np.diff(time[inside], prepend=time[max(inside[0] - 1, 0)])
    charge = float(np.sum(np.maximum(-amps[inside], 0.0) * steps))
    rise = float(np.max(volts[inside] - open_circuit[inside]))
    return (
        charge > _TIMES * _CAPACITORS_F * rise > 0.0 and float(np.corrcoef(volts[rows], amps[rows])[0, 1]) <= _ON_A_LINE
    )


def taken_by_the_pack(case: Case, track: Track, first: int, last: int) -> bool:
    """Tell whether a BMS shows current into the pack inside a stretch of stops, with rows of the fault before it.

    Where the charge path is open nothing arrives, however often the controller tries to brake again.

    Args:
        case: The ride.
        track: A controller or wheel log.
        first: First row with the fault.
        last: Last row with the fault.
    """
    for board in case.ride.bms:
        if not (board.clock.aligned and board.has("battery_current")):
            continue
        apart = track.clock.uncertainty_s + board.clock.uncertainty_s + board.log.interval_s
        inside = (board.time > track.time[first] + apart) & (board.time < track.time[last] + apart)
        if np.count_nonzero(board.values("battery_current")[inside] <= _TAKEN_A) >= _FEWEST_POLLS:
            return True
    return False


def braked_on(track: Track, stops: Sequence[tuple[int, int]]) -> bool:
    """Tell whether one over-voltage stop after another was followed at once by braking that the pack took.

    Into an open path each new braking ends in the next stop, before a row or two of it are logged.

    Args:
        track: A controller or wheel log.
        stops: First and last rows with the fault, of each stop.
    """
    amps, faults = track.values("battery_current"), np.nan_to_num(track.values("fault_code"))
    taken = 0
    for _, last in stops:
        end = int(np.searchsorted(track.time, track.time[last] + _HELD_S + _BRAKED_S, side="right"))
        with np.errstate(invalid="ignore"):
            braking = (amps[last + 1 : end] <= _TAKEN_A) & (faults[last + 1 : end] == 0)
        taken += any(
            track.time[last + 1 + stop] - track.time[last + 1 + start] >= _BRAKED_S and stop - start + 1 >= _BRAKED_ROWS
            for start, stop in runs(braking)
        )
    return taken >= _FEWEST_STOPS and 2 * taken >= len(stops)


def stopped_again_and_again(track: Track, faults: NDArray[np.bool_], open_circuit: NDArray[np.float64]) -> bool:
    """Tell whether the pack took the braking that led to each over-voltage stop of a quick succession.

    A limit below the voltage of the pack stops every braking, once it has flowed and raised the voltage enough. Where the
    path is open it never flows: in the row before the stop it is more than capacitors hold.

    Args:
        track: A controller or wheel log.
        faults: Rows with the over-voltage fault, shape (rows,).
        open_circuit: Open-circuit voltage of the pack, V, shape (rows,).
    """
    time, amps, volts = track.time, track.values("battery_current"), track.values("pack_voltage")
    stops = runs(faults)
    again = [first for (_, end), (first, _) in pairwise(stops) if time[first] - time[end] <= _SOON_S]
    taken = 0
    for first in again:
        before = first - 1
        rise = max(float(volts[before] - open_circuit[before]), _LEAST_RISE_V)
        charge = -float(amps[before]) * float(time[first] - time[before])
        taken += amps[before] <= REGEN_A and charge > _TIMES * _CAPACITORS_F * rise
    return taken >= _FEWEST_AGAIN and 2 * taken >= len(again)
