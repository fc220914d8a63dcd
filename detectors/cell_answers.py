"""How a single cell group answers the current beyond what the median cell does: at once, and slowly."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from ridelog.battery.quantiles import row_medians

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.ride import Track

#: Rows looked at, in stretches that stand together.
_MOST_ROWS: Final = 6000
#: Rows further apart than this are no step of the current: the open-circuit voltage moves between them, s.
_LONGEST_STEP_S: Final = 30.0
#: A step counts from this share of the widest, and so many are needed.
_LEAST_SHARE: Final = 0.1
_FEWEST_STEPS: Final = 12
#: What is left of a step beyond so many times the median is a row gone wrong.
_REFUSE: Final = 6.0
_LEAST_LEFT_V: Final = 0.002
#: Slow part of a cell's answer (diffusion; the second time constant of such cells is 20 to 100 s), s; polls slower than the
#: second figure do not follow it, s.
_SLOW_S: Final = 40.0
_FASTEST_POLL_S: Final = 3.0
#: Of fewer time constants than seven nothing is told, s.
_SHORTEST_S: Final = 7 * _SLOW_S
_BLOCKS: Final = 20
_HUBER: Final = 1.5
_FEWEST_ROWS: Final = 60


class Answer(NamedTuple):
    """What a group has beyond the median cell, and its standard error; both in the unit of the function that gave it."""

    value: float
    error: float


def extra_by_steps(track: Track, cell: int) -> Answer | None:
    """Extra resistance of a group as a share of the median cell's, by what both do from row to row.

    Charge taken between two rows is little, so that a group on a steep end of its curve, whose voltage runs away from the
    others', does not hide its resistance; what the current's averaging takes from one it takes from the other as well.

    Args:
        track: A BMS log with cell voltages.
        cell: The group, from 0.

    Returns:
        The share and its error, None when too few steps are in the log.
    """
    rows = _together(track)
    volts = _read(track, rows)
    middle = row_medians(volts)
    near = (np.diff(track.time[rows]) < _LONGEST_STEP_S) & (np.diff(rows) == 1)
    step, apart = np.diff(middle), np.diff(volts[:, cell] - middle)
    known = near & np.isfinite(step) & np.isfinite(apart)
    step, apart = step[known], apart[known]
    if len(step) < _FEWEST_STEPS:
        return None
    clear = np.abs(step) >= _LEAST_SHARE * float(np.quantile(np.abs(step), 0.99))
    step, apart = step[clear], apart[clear]
    if len(step) < _FEWEST_STEPS or not np.any(step):
        return None
    share, kept = 0.0, np.ones(len(step), dtype=bool)
    for _ in range(3):
        size = float((step[kept] ** 2).sum())
        share = float((step[kept] * apart[kept]).sum()) / size
        left = np.abs(apart - share * step)
        kept = left <= _REFUSE * max(float(np.median(left)), _LEAST_LEFT_V)
    left = (apart - share * step)[kept]
    return Answer(share, float(np.sqrt((left**2 * step[kept] ** 2).sum())) / size)


def slow_part(track: Track, cell: int) -> Answer | None:
    """Resistance of a group beyond the median cell's that builds up over tens of seconds, ohm.

    A weld, a strap or a screw answers at once and has none; the electrodes of a worn or small group have it in proportion.

    Args:
        track: A BMS log with cell voltages and a current.
        cell: The group, from 0.

    Returns:
        The resistance and its error, which is no less than what the other groups show; None when the polls are too slow
        or too few.
    """
    rows = _together(track)
    if len(rows) < _FEWEST_ROWS or track.time[rows[-1]] - track.time[rows[0]] < _SHORTEST_S:
        return None
    steps = np.diff(track.time[rows], prepend=track.time[rows[0]])
    if float(np.median(steps[1:])) > _FASTEST_POLL_S:
        return None
    load = np.nan_to_num(track.values("battery_current")[rows])
    slow = lagged(track.time[rows], load)
    taken = np.cumsum(load * np.minimum(steps, _LONGEST_STEP_S))
    taken /= max(float(np.abs(taken).max()), 1e-9)
    design = np.stack([np.ones(len(rows)), -load, -slow, taken, taken**2])
    volts = _read(track, rows)
    apart = volts - row_medians(volts)[:, None]
    found = [_regressed(design, apart[:, place]) for place in range(apart.shape[1])]
    mine = found[cell]
    others = [answer.value for place, answer in enumerate(found) if answer is not None and place != cell]
    if mine is None or len(others) < 2:
        return None
    return Answer(mine.value, float(np.hypot(mine.error, 1.4826 * np.median(np.abs(others)))))


def lagged(time: NDArray[np.float64], load: NDArray[np.float64]) -> NDArray[np.float64]:
    """The load as the slow part of a cell follows it: of one time constant of 40 s; both of shape (rows,).

    A long log is followed by the means of at most 6000 parts.
    """
    parts = np.arange(min(len(load), _MOST_ROWS)) * len(load) // min(len(load), _MOST_ROWS)
    means = np.add.reduceat(load, parts) / np.diff(parts, append=len(load))
    kept = np.exp(-np.clip(np.diff(time[parts], prepend=time[0]), 0.0, None) / _SLOW_S).tolist()
    slow, held = [], 0.0
    for share, mean in zip(kept, means.tolist(), strict=True):
        slow.append(held)
        held = share * held + (1.0 - share) * mean
    return np.repeat(np.asarray(slow), np.diff(parts, append=len(load)))


def _regressed(design: NDArray[np.float64], apart: NDArray[np.float64]) -> Answer | None:
    """Robust coefficient of the third row of a design, errors from sums over blocks of time."""
    known = np.isfinite(apart)
    design, apart = design[:, known], apart[known]
    if len(apart) < _FEWEST_ROWS:
        return None
    weight = np.ones(len(apart))
    for _ in range(3):
        inverse = np.linalg.pinv((weight * design) @ design.T)
        values = inverse @ (design @ (weight * apart))
        left = apart - values @ design
        usual = max(1.4826 * float(np.median(np.abs(left))), 1e-4)
        weight = np.minimum(1.0, _HUBER * usual / np.maximum(np.abs(left), 1e-9))
    edges = np.arange(_BLOCKS) * len(apart) // _BLOCKS
    sums = np.add.reduceat((weight * left)[None, :] * design, edges, axis=1)
    spread = inverse @ (sums @ sums.T) @ inverse
    return Answer(float(values[2]), float(np.sqrt(max(spread[2, 2], 0.0))))


def _together(track: Track) -> NDArray[np.intp]:
    """Rows of a log, of a long one a part from each of ten places."""
    count = track.log.rows
    if count <= _MOST_ROWS:
        return np.arange(count)
    part = _MOST_ROWS // 10
    return np.concatenate([np.arange(part) + place * (count - part) // 9 for place in range(10)])


def _read(track: Track, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    volts = track.log.matrix("cell_voltages")[rows]
    return np.where((volts > 0.5) & (volts < 5.0), volts, np.nan)
