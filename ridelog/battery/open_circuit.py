"""Following the open-circuit voltage through a ride without being pulled along by events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from .interpolation import Lines, stretches
from .power_path import PowerPath

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Length of a bin in s, and fewest rows in one. Thirty seconds is short against what charge does to the voltage and
#: long against any trip, dip or dropout.
_BIN_S: Final = 30.0
#: A short log has six bins, none below ten seconds.
_SHORTEST_BIN_S: Final = 10.0
_FEW_BINS: Final = 6
_ROWS_A_BIN: Final = 9
_MOST_BINS: Final = 1200
#: Rows looked at in each bin: enough for a median.
_SAMPLES: Final = 31
#: Share of the voltage the open-circuit voltage can move by from bin to bin: a knee at the end of the charge does 2 %
#: in half a minute at 2 C; a disconnected bus, a bus held up by the turning motor or a spike does more.
_STEP_SHARE: Final = 0.02
_GROWTH_SHARE_PER_S: Final = 0.005 / 60
_MOST_SHARE: Final = 0.06
#: The open-circuit voltage is sure for this long without a look, in s.
_UNSEEN_S: Final = 60.0
#: A pause this long may hide a charge or a change of pack.
_PAUSE_S: Final = 60.0
#: So many bins that agree with each other, with current flowing, are the pack after all.
_SETTLED_BINS: Final = 10
_AGREEING_SHARE: Final = 0.04
#: A bin with more than this share of the largest load is at work.
_WORKING_SHARE: Final = 0.1


@dataclass(frozen=True, slots=True, eq=False)
class OpenCircuit:
    """Running open-circuit voltage of one track.

    Attributes:
        volts: In V, shape (rows,), without NaN.
        ordinary: Rows that belong to the pack at work: usable and not inside a bridged event, shape (rows,).
        time: Middle of the bins that were followed in s, shape (bins,).
        anchors: Open-circuit voltage in them in V, shape (bins,).
        level: The same without what the charge taken does, shape (bins,): what straight lines are drawn through.
        half_s: Half the usual length of a bin in s.
    """

    volts: NDArray[np.float64]
    ordinary: NDArray[np.bool_]
    time: NDArray[np.float64]
    anchors: NDArray[np.float64]
    level: NDArray[np.float64]
    half_s: float


def follow(
    path: PowerPath,
    drop: NDArray[np.float64],
    edges: NDArray[np.intp] | None = None,
) -> OpenCircuit:
    """Follow the open-circuit voltage.

    Medians over bins of half a minute; a bin whose median jumped further than charge can move it is an event, and the
    voltage is carried over it. After a pause, or when a new level carries current for minutes, the new level counts.

    Args:
        path: The power path.
        drop: R0 I + R1 x of each row in V, shape (rows,): what the load takes from the open-circuit voltage.
        edges: Bins of the path when they are known already (`bin_edges`).

    Returns:
        The running voltage and the rows it was followed through.
    """
    if edges is None:
        edges = bin_edges(path)
    rows = edges[:-1, None] + (np.arange(_SAMPLES)[None, :] * np.diff(edges)[:, None]) // _SAMPLES
    usable = path.usable[rows]
    load = drop[rows]
    taken = np.where(usable, path.volts[rows] + load, np.nan)
    taken.sort(axis=1)
    count = np.isfinite(taken).sum(axis=1)
    bins = np.arange(len(taken))
    middle = taken[bins, np.maximum(count - 1, 0) // 2]
    spread = taken[bins, np.maximum(count - 1, 0) * 3 // 4] - taken[bins, np.maximum(count - 1, 0) // 4]
    load = np.where(usable, load, 0.0)
    lively = np.abs(load).max(axis=1)
    load = load.sum(axis=1) / np.maximum(count, 1)
    # A bin that is mostly missing or unusable says little about the pack.
    filled = count >= max(3, _SAMPLES // 3)
    if not filled.any():
        filled = count > 0
    when = 0.5 * (path.time[edges[:-1]] + path.time[edges[1:] - 1])
    pause = path.time[edges[:-1]] - np.insert(path.time[edges[1:-1] - 1], 0, path.time[0]) > _PAUSE_S
    kept = _accept(when, middle, spread, load, lively, pause, filled)
    ordinary = path.usable if kept.all() else path.usable & np.repeat(kept, np.diff(edges))
    times, anchors = when[kept], middle[kept]
    charge = path.charge_ah[rows[kept, _SAMPLES // 2]]
    slope = _slope(charge, anchors)
    level = anchors - slope * charge
    half = 0.5 * float(np.median(path.time[edges[1:] - 1] - path.time[edges[:-1]]))
    lines = _between(path.time, times, level, half, usual=float(np.median(anchors)))
    volts = np.empty(len(path.time))
    for part in stretches(len(volts)):
        volts[part] = slope * path.charge_ah[part]
        volts[part] += lines.at(part)
    return OpenCircuit(volts, ordinary, times, anchors, level, half)


def _between(
    time: NDArray[np.float64], points: NDArray[np.float64], values: NDArray[np.float64], half_s: float, usual: float
) -> Lines:
    """Straight lines between the bins; the first and the last go on for the half bin they stand for, then stay."""
    if len(points) < 3:
        return Lines(time, points, values)
    limit = 0.5 * _STEP_SHARE * usual
    first = float(np.clip(values[0] - 0.5 * (values[1] - values[0]), values[0] - limit, values[0] + limit))
    last = float(np.clip(values[-1] + 0.5 * (values[-1] - values[-2]), values[-1] - limit, values[-1] + limit))
    # A neighbour far away, across a pause, says nothing about the slope here.
    if points[1] - points[0] > 4 * half_s:
        first = float(values[0])
    if points[-1] - points[-2] > 4 * half_s:
        last = float(values[-1])
    ends = np.concatenate(([points[0] - half_s], points, [points[-1] + half_s]))
    return Lines(time, ends, np.concatenate(([first], values, [last])))


def add_open_circuit_error(path: PowerPath, running: OpenCircuit, variance: NDArray[np.float64]) -> None:
    """Add to variances in V^2, shape (rows,), that of the followed voltage: its bends, and how long it was not seen."""
    points, half_s = running.time, running.half_s
    bend = np.zeros(len(points))
    if len(points) >= 3:
        inner = np.abs(np.diff(running.level, 2))
        bend[1:-1] = 0.25 * inner
        bend[0], bend[-1] = 0.5 * inner[0], 0.5 * inner[-1]
    time = path.time
    lines = Lines(time, points, bend)
    for rows in stretches(len(time)):
        error = lines.at(rows)
        error *= error
        variance[rows] += error
    starts = np.concatenate(([-np.inf], points))
    ends = np.concatenate((points, [np.inf]))
    for place in np.flatnonzero(ends - starts > max(2 * _UNSEEN_S, 4 * half_s)):
        rows = slice(int(np.searchsorted(time, starts[place])), int(np.searchsorted(time, ends[place])))
        away = np.minimum(time[rows] - starts[place], ends[place] - time[rows])
        # Half a percent after ten minutes, growing with the root of the time, at most 2 %.
        share = np.where(away > _UNSEEN_S, np.minimum(0.005 * np.sqrt(away / 600.0), 0.02), 0.0)
        variance[rows] += (share * path.level_v) ** 2


def bin_edges(path: PowerPath) -> NDArray[np.intp]:
    """Edges of the bins as rows, first 0, last the number of rows; a pause ends a bin."""
    time, steps = path.time, path.steps
    long = steps > _PAUSE_S
    active = float(np.minimum(steps, _PAUSE_S).sum()) if long.any() else float(time[-1] - time[0])
    width = max(min(_BIN_S, active / _FEW_BINS), _SHORTEST_BIN_S, _ROWS_A_BIN * path.interval_s)
    # Pauses are taken out of the time, so that a parked night makes no bins.
    going = time
    if long.any():
        going = np.concatenate(([0.0], np.cumsum(np.where(long, width, steps))))
    length = float(going[-1] - going[0])
    width = max(width, length / _MOST_BINS)
    # Whole bins of equal length: a scrap at the end could hold nothing but an event.
    number = max(1, int(length / width))
    pauses = np.flatnonzero(long) + 1
    starts = np.unique(np.searchsorted(going, going[0] + np.arange(1, number) * (length / number)))
    if len(pauses):
        nearest = np.clip(np.searchsorted(pauses, starts), 1, max(len(pauses) - 1, 1))
        left, right = pauses[nearest - 1], pauses[np.minimum(nearest, len(pauses) - 1)]
        starts = starts[(np.abs(starts - left) >= _ROWS_A_BIN) & (np.abs(starts - right) >= _ROWS_A_BIN)]
        starts = np.union1d(starts, pauses)
    return np.concatenate(([0], starts, [len(time)]))


def _accept(
    when: NDArray[np.float64],
    middle: NDArray[np.float64],
    spread: NDArray[np.float64],
    load: NDArray[np.float64],
    lively: NDArray[np.float64],
    pause: NDArray[np.bool_],
    filled: NDArray[np.bool_],
) -> NDArray[np.bool_]:
    """Decide bin by bin which are the pack, from the first good bin forward and backward; shape (bins,)."""
    good = np.flatnonzero(filled)
    # A dead bus carries no current: bins that do show what the pack is.
    working = lively > _WORKING_SHARE * float(lively[good].max())
    candidates = good[working[good]] if working[good].any() else good
    usual = float(np.median(middle[candidates]))
    # Half the spread of a bin is what its own load swings leave; the load part is an error of a half in resistance.
    doubt = 0.5 * spread
    near = candidates[np.abs(middle[candidates] - usual) < 0.2 * usual]
    start = int(near[0]) if len(near) else int(candidates[0])
    # On most rides every bin follows from the one before, and nothing has to be walked through.
    away, moved = np.diff(when[good]), np.abs(np.diff(middle[good]))
    allowed = usual * np.minimum(_STEP_SHARE + _GROWTH_SHARE_PER_S * away, _MOST_SHARE)
    allowed += 0.5 * np.abs(np.diff(load[good])) + np.minimum(doubt[good][1:] + doubt[good][:-1], 0.02 * usual)
    if (moved <= allowed).all():
        return filled.copy()
    kept = np.zeros(len(middle), dtype=np.bool_)
    kept[start] = True
    bins = (when.tolist(), middle.tolist(), doubt.tolist(), load.tolist(), pause.tolist(), filled.tolist())
    _walk(range(start + 1, len(middle)), start, usual, bins, working.tolist(), kept)
    _walk(range(start - 1, -1, -1), start, usual, bins, working.tolist(), kept)
    return kept


def _walk(
    order: range,
    start: int,
    usual: float,
    bins: tuple[list[float], list[float], list[float], list[float], list[bool], list[bool]],
    working: list[bool],
    kept: NDArray[np.bool_],
) -> None:
    when, middle, doubt, load, pause, filled = bins
    last = start
    refused: list[int] = []
    paused = False
    forward = order.step > 0
    previous = start
    for this in order:
        paused = paused or (pause[this] if forward else pause[previous])
        previous = this
        if not filled[this]:
            continue
        away = abs(when[this] - when[last])
        allowed = usual * min(_STEP_SHARE + _GROWTH_SHARE_PER_S * away, _MOST_SHARE)
        allowed += 0.5 * abs(load[this] - load[last]) + min(doubt[this] + doubt[last], 0.02 * usual)
        if abs(middle[this] - middle[last]) <= allowed:
            kept[this] = True
            last = this
            refused, paused = [], False
            continue
        agreeing = [other for other in refused if abs(middle[other] - middle[this]) < _AGREEING_SHARE * usual]
        refused = [*agreeing, this]
        plausible = 0.7 * usual < middle[this] < 1.4 * usual
        carrying = sum(working[other] for other in refused) * 2 > len(refused)
        needed = 2 if paused else _SETTLED_BINS
        if plausible and len(refused) >= needed and (carrying or paused):
            kept[refused] = True
            last = this
            refused, paused = [], False


def _slope(charge: NDArray[np.float64], anchors: NDArray[np.float64]) -> float:
    """Volts per Ah taken out: the median slope over pairs of bins a quarter of the ride apart, never positive."""
    far = len(charge) // 4
    if far < 2:
        return 0.0
    taken = charge[far:] - charge[:-far]
    clear = np.abs(taken) > 0.1 * float(np.ptp(charge)) if len(charge) else np.zeros(0, dtype=np.bool_)
    if clear.sum() < 3:
        return 0.0
    return min(float(np.median((anchors[far:] - anchors[:-far])[clear] / taken[clear])), 0.0)
