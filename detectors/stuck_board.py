"""A BMS whose current stays where it is, but for the noise of its meter, while a controller on the same clock moves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.quantiles import median
from ridelog.episodes import run_ends, runs
from ridelog.log import Role

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

#: Shortest stretch: this long and this many steps (TEL-01, methods of frozen telemetry).
_SHORTEST_S, _FEWEST_STEPS = 10.0, 10
#: A current that stands still but for its noise: A, and a share of it.
_NOISE_A, _NOISE_SHARE = 0.35, 0.03
#: The controller's current moves by more than meters of small loads are apart, A; where the board shows none, by more than
#: its dead band (0.5 to 1 A) and its meter's offset hide.
_MOVES_A, _MOVES_FROM_NONE_A = 1.2, 2.5
#: What rounding may take from a difference of currents, A.
_ROUNDING_A: Final = 1e-6
#: How far beyond the loads of the stretch the board is asked how it follows, A.
_AROUND_A: Final = 5.0
#: Between two answers this many times further apart than usual, and longer than the shortest stretch, nothing was read:
#: nothing stood still there (engineering judgement).
_GAP_INTERVALS: Final = 10.0
#: A log repeats its values when they change this many times more seldom than its rows come (engineering judgement).
_HELD: Final = 2.0
#: The stretch lasts this many times longer than the clocks are uncertain.
_TIMES_CLOCK: Final = 4.0
#: Polls that have to be compared in the stretch, and outside it at the same load.
_FEWEST_POLLS, _FEWEST_OUTSIDE = 5, 15
#: Polls of the stretch at which the controller's current is off its middle: one may belong beside the stretch.
_FEWEST_MOVED: Final = 3
#: A row is of the moment of a poll up to so many of the usual times between rows; in a gap the current goes on unseen.
_FRESH_INTERVALS: Final = 3.0
#: Amperes a live board follows per ampere of the controller at that load in the rest of the log; less than `_STUCK` of that
#: is no following. Both hold against this many standard errors; engineering judgement.
_FOLLOWS, _STUCK, _ERRORS = 0.4, 0.25, 3.0


def stuck_stretches(case: Case, track: Track) -> list[tuple[int, int, float]]:
    """First row, last row and length in s of every stretch in which a BMS stands still and the vehicle does not.

    Args:
        case: The ride.
        track: A log; only one of a BMS with a current, on the clock of a controller, can be compared.
    """
    key = ("stuck-stretches", track.index)
    if key not in case.shared:
        case.shared[key] = _find(case, track)
    found = case.shared[key]
    assert isinstance(found, list)
    return found


def stuck_rows(case: Case, track: Track) -> NDArray[np.bool_]:
    """Rows of a BMS log that are old values, shape (rows,)."""
    rows = np.zeros(track.log.rows, dtype=bool)
    for first, last, _ in stuck_stretches(case, track):
        rows[first : last + 1] = True
    return rows


def _find(case: Case, track: Track) -> list[tuple[int, int, float]]:
    if track.log.role is not Role.BMS or not track.has("battery_current") or not track.clock.aligned:
        return []
    answered = _asked(track)
    current, time = track.values("battery_current")[answered], track.time[answered]
    if len(answered) < _FEWEST_STEPS + _FEWEST_OUTSIDE:
        return []
    apart = np.diff(time)
    steady = np.abs(np.diff(current)) <= _NOISE_A + _NOISE_SHARE * np.abs(current[:-1])
    if float(apart.max()) > _SHORTEST_S:
        steady &= apart <= max(_SHORTEST_S, _GAP_INTERVALS * median(apart))
    shortest = max(_SHORTEST_S, _TIMES_CLOCK * track.clock.uncertainty_s)

    starts, ends = run_ends(steady)
    stretches = np.stack((starts, ends + 1), axis=1)
    stretches = stretches[_long(time, stretches, shortest)]
    if not len(stretches):
        return []
    moving = np.zeros(len(stretches), dtype=bool)
    compared = []
    # Most of a ride is no such stretch: only its polls are compared at first.
    polls = np.concatenate([np.arange(first, last) for first, last in stretches.tolist()])
    begins = np.append(0, np.cumsum(np.diff(stretches, axis=1))[:-1])
    for other in case.ride.riding:
        if not (other.clock.aligned and other.has("battery_current")):
            continue
        # Some boards show the current of the moment and some its average since the last poll: one that follows either is live,
        # and swings that come and go between two polls leave the average where it is.
        may = _may_be_stuck(current, _between_polls(other, time, polls), polls, begins)
        if may.any():
            moving |= may & _may_be_stuck(current, _at_polls(other, time[polls]), polls, begins)
            compared.append(other)
    if not moving.any():
        return []
    every = np.arange(len(time))
    elsewhere = [(_between_polls(other, time, every), _at_polls(other, time)) for other in compared]
    found = []
    for place in np.flatnonzero(moving).tolist():
        first, last = _standing(current, *stretches[place].tolist())
        if not _long(time, np.array([first, last]), shortest):
            continue
        inside = _inside(time, first, last, track.clock.uncertainty_s)
        if any(all(_stuck(current, moved, inside) for moved in views) for views in elsewhere):
            found.append((int(answered[first]), int(answered[last]), float(time[last] - time[first])))
    return found


def _asked(track: Track) -> NDArray[np.intp]:
    """Rows in which the board was asked: a log that is written faster than that repeats its values in between.

    What is repeated is as old as the last answer, and that is no standing still. Where the answers themselves do not change
    any more, rows as far apart as answers usually are stand for them.
    """
    answered = np.flatnonzero(np.isfinite(track.values("battery_current")))
    if len(answered) < 2:
        return answered
    time = track.time[answered]
    usual = _HELD * median(np.diff(time))
    new = np.ones(len(answered), dtype=np.bool_)
    new[1:] = np.diff(track.values("battery_current")[answered]) != 0
    if track.has("pack_voltage"):
        new[1:] |= np.diff(track.values("pack_voltage")[answered]) != 0
    if len(fresh := np.flatnonzero(new)) < 2 or median(np.diff(time[fresh])) < usual:
        return answered
    cells = track.log.matrix("cell_voltages")[answered]
    if cells.shape[1]:
        new[1:] |= (np.diff(cells, axis=0) != 0).any(axis=1)
        fresh = np.flatnonzero(new)
    apart = median(np.diff(time[fresh]))
    if apart < usual or not apart > 0:
        return answered
    turn = np.floor((time - time[fresh[np.cumsum(new) - 1]]) / apart)
    new[1:] |= (turn[1:] > 1) & (turn[1:] != turn[:-1])
    return answered[new]


def _long(time: NDArray[np.float64], stretches: NDArray[np.intp], shortest_s: float) -> NDArray[np.bool_]:
    """Whether stretches, first and last row in the last dimension, have the steps and the time that are asked for."""
    first, last = stretches[..., 0], stretches[..., 1]
    return np.asarray((last - first > _FEWEST_STEPS) & (time[last] - time[first] >= shortest_s))


def _standing(current: NDArray[np.float64], first: int, last: int) -> tuple[int, int]:
    """The longest stretch of a steady run near its middle value: a slow drift is no standing."""
    inside = current[first : last + 1]
    level = float(np.median(inside))
    near = runs(np.abs(inside - level) <= _NOISE_A + _NOISE_SHARE * abs(level))
    begin, end = max(near, key=lambda run: run[1] - run[0])
    return first + begin, first + end


def _may_be_stuck(
    current: NDArray[np.float64], moved: NDArray[np.float64], polls: NDArray[np.intp], begins: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Stretches in which the controller's current moves enough, and moves away from the board's; shape (stretches,).

    What stands within its noise while the other moves has a difference to it that moves as well, but for that noise, be it
    taken of the same poll or of the one before or after.

    Args:
        current: Current of the board in A, of every poll.
        moved: That of the controller in A, of the polls of the stretches.
        polls: Which polls those are, those of one stretch behind those of another.
        begins: Where in them each stretch begins.
    """

    def reach(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(np.fmax.reduceat(values, begins) - np.fmin.reduceat(values, begins))

    noise = _NOISE_A + _NOISE_SHARE * np.maximum.reduceat(np.abs(current[polls]), begins)
    may: NDArray[np.bool_] = reach(moved) >= _MOVES_A
    # What is compared of a stretch leaves out its ends: the polls before and after are of the stretch, too.
    for aside in (0, 1, -1) if may.any() else ():
        beside = current[np.clip(polls + aside, 0, len(current) - 1)]
        may &= reach(moved - beside) >= _MOVES_A - 2 * noise - _ROUNDING_A
    return may


def _between_polls(other: Track, time: NDArray[np.float64], polls: NDArray[np.intp]) -> NDArray[np.float64]:
    """A controller's current, averaged from the poll before each of these to it as a meter would, NaN without rows."""
    current = np.nan_to_num(other.values("battery_current"))
    sums = np.concatenate(([0.0], np.cumsum(current)))
    begins, ends = (np.searchsorted(other.time, time[places]) for places in (np.maximum(polls - 1, 0), polls))
    counts = ends - begins
    return np.where(counts > 0, (sums[ends] - sums[begins]) / np.maximum(counts, 1), np.nan)


def _at_polls(other: Track, time: NDArray[np.float64]) -> NDArray[np.float64]:
    """A controller's current in the last row before each poll of the BMS, NaN where that is not of the moment."""
    current = np.nan_to_num(other.values("battery_current"))
    before = np.searchsorted(other.time, time, side="right") - 1
    late = time - other.time[np.maximum(before, 0)]
    fresh = (before >= 0) & (late <= _FRESH_INTERVALS * other.log.interval_s)
    return np.where(fresh, current[np.maximum(before, 0)], np.nan)


def _inside(time: NDArray[np.float64], first: int, last: int, uncertain_s: float) -> slice:
    """The polls of a stretch without its ends, which may lie beside it on the other clock."""
    begin = int(np.searchsorted(time, time[first] + uncertain_s))
    end = int(np.searchsorted(time, time[last] - uncertain_s, side="right"))
    return slice(max(begin, first + 1), max(min(end, last), first + 1))


def _stuck(current: NDArray[np.float64], moved: NDArray[np.float64], inside: slice) -> bool:
    """Whether the board does not follow the controller in these rows, and does at the same load in all others.

    A board that stands at none may be one that does not measure what is charged: braking does not count there.
    """
    load, shown = moved[inside], current[inside]
    if len(load) < _FEWEST_POLLS:
        return False
    none = abs(float(np.median(shown))) <= _NOISE_A
    if none:
        load = np.where(load < 0.0, 0.0, load)
    shown, load = shown[np.isfinite(load)], load[np.isfinite(load)]
    if len(load) < _FEWEST_POLLS:
        return False
    low, high = np.percentile(load, (5, 95))
    # Ripple of a large load that would pass for the board's noise is no movement either.
    moves = max(_MOVES_FROM_NONE_A if none else _MOVES_A, 2 * (_NOISE_A + _NOISE_SHARE * abs(float(np.median(load)))))
    apart = np.abs(load - np.median(load)) > moves / 2
    if high - low < moves or np.count_nonzero(apart) < _FEWEST_MOVED:
        return False
    elsewhere = np.where(moved < 0.0, 0.0, moved) if none else moved
    outside = (elsewhere >= low - _AROUND_A) & (elsewhere <= high + _AROUND_A)
    outside[inside] = False
    if np.count_nonzero(outside) < _FEWEST_OUTSIDE:
        return False
    follows, unsure = _slope(elsewhere[outside], current[outside])
    stuck, error = _slope(load, shown)
    return follows - _ERRORS * unsure > _FOLLOWS and stuck + _ERRORS * error < _STUCK * follows


def _slope(load: NDArray[np.float64], shown: NDArray[np.float64]) -> tuple[float, float]:
    """Slope of a straight line through the points and its standard error; no following and no certainty without load."""
    load, count = load - load.mean(), len(load)
    spread = float(load @ load)
    if spread <= 0:
        return 0.0, np.inf
    slope = float(load @ shown) / spread
    rest = shown - shown.mean() - slope * load
    return slope, float(np.sqrt(float(rest @ rest) / max(count - 2, 1) / spread))
