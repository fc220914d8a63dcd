"""Charge that a pack loses while it rests, by the voltage of its cells."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.battery.ocv import OpenCircuitTable, table_for_chemistry

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.detection import Case
    from ridelog.ride import Track

    from .cell_rows import CellRows

DAY_S: Final = 86_400.0
#: The first hours of a rest are relaxation (three hours suffice for NMC and LFP, REST-01), and a rest worth looking at is
#: twice as long, s.
_RELAXED_S, LONG_REST_S = 10_800.0, 21_600.0
#: A shorter rest tells only of a fall in its second half that no settling makes: a pack settles by 0.5 to 0.8 V of twenty
#: groups after a charge, most of it in the first hour (REST-01), s and V a cell.
SHORT_REST_S, _BEYOND_SETTLING_V = 7_200.0, 0.040
#: A fall by this much between the ends of a rest that began below this charge is a loss however it went, V a cell: the end
#: of the curve is no straight line (engineering judgement); what the voltage at either end may be off by, V.
_PLUNGE_V, _BELOW_FULL, _END_ERROR_V = 0.100, 0.90, 0.010
#: Change of a cell's voltage with its temperature, V/K, and the change of temperature assumed when none is logged, K.
_PER_KELVIN_V, _UNKNOWN_K = 0.0002, 4.0
#: A rest this long is looked at in so many parts, days.
_LONG_DAYS, _PARTS = 1.0, 4
_MOST_POINTS: Final = 400
#: Chemistries that low cells may be of when nobody says.
_KINDS: Final = ("nmc", "lfp")


@dataclass(frozen=True, slots=True)
class RestLoss:
    """Charge that a pack lost over a rest.

    Attributes:
        first: First place of the rest.
        last: Last place.
        volts_day: Change of the median cell, V/day.
        share_day: Loss, as a share of a full pack a day.
        error: Its standard error.
        emptied: The pack went below the voltage of an empty cell: the loss is the one until then.
    """

    first: int
    last: int
    volts_day: float
    share_day: float
    error: float
    emptied: bool = False


def relaxed(rows: CellRows, first: int, last: int) -> int:
    """Place from which a rest is no longer relaxation: after three hours, or in the second half of a shorter rest."""
    wait = min(_RELAXED_S, float(rows.time[last] - rows.time[first]) / 2)
    return int(np.searchsorted(rows.time, rows.time[first] + wait))


def rest_loss(case: Case, track: Track, rows: CellRows, first: int, last: int) -> RestLoss | None:
    """Steady loss of charge over a rest, until the pack was empty; None where the voltage does not tell the charge.

    Where NMC nearly empty and LFP cannot be told apart, a pack that ran empty lost the lesser of what either says.
    """
    name = case.pack.chemistry.name
    losses = []
    for one in (name,) if name else _KINDS:
        table = table_for_chemistry(one)
        gone = _emptied(rows, first, last, float(table.volts[0]) if table is not None else 0.0)
        if table is None or (gone is None and not name):
            return None
        loss = _loss(table, track, rows, first, last if gone is None else gone)
        if loss is None:
            return None
        losses.append(loss if gone is None else replace(loss, last=last, emptied=True))
    return min(losses, key=lambda loss: loss.share_day)


def _emptied(rows: CellRows, first: int, last: int, empty_v: float) -> int | None:
    """Place at which a pack that began above it fell below the voltage of an empty cell for good; None if it did not."""
    below = rows.middle[first : last + 1] < empty_v
    if not below[-3:].all() or below[:3].any():
        return None
    return first + int(np.flatnonzero(~below)[-1])


def _loss(table: OpenCircuitTable, track: Track, rows: CellRows, first: int, last: int) -> RestLoss | None:
    start = relaxed(rows, first, last)
    if last - start < 7:
        return None
    time, volts = rows.time[start : last + 1] / DAY_S, rows.middle[start : last + 1]
    short = rows.time[last] - rows.time[first] < LONG_REST_S
    if short and not float(np.nanmedian(volts[:4]) - np.nanmedian(volts[-4:])) > _BEYOND_SETTLING_V:
        return None
    kelvin = _temperature_span(track, rows, start, last)
    parts = _PARTS if time[-1] - time[0] >= _LONG_DAYS and len(time) >= 8 * _PARTS else 2
    windows = [
        loss
        for part in np.array_split(np.arange(len(time)), parts)
        if (loss := _loss_within(table, time[part], volts[part], kelvin, (first, last))) is not None
    ]
    plunge = _plunge(table, time, volts, (first, last))
    if plunge is not None:
        windows += [plunge, plunge]
    if len(windows) < 2:
        return None
    # What flattens is relaxation: a load takes as much later, too. Two parts must agree; an empty pack or a board that
    # fell asleep may end it, so that not all of a long rest need to.
    return sorted(windows, key=lambda loss: loss.share_day)[-2]


def _plunge(
    table: OpenCircuitTable, days: NDArray[np.float64], volts: NDArray[np.float64], place: tuple[int, int]
) -> RestLoss | None:
    """Loss of charge between the ends of a rest in which the cells fell far; None when they did not."""
    ends = np.array([float(np.nanmedian(volts[:4])), float(np.nanmedian(volts[-4:]))])
    span = float(days[-1] - days[0])
    if not ends[0] - ends[1] > _PLUNGE_V or span <= 0:
        return None
    soc = table.charge(ends)
    if not (np.isfinite(soc).all() and soc[0] < _BELOW_FULL):
        return None
    error = float(np.hypot(*(_END_ERROR_V / table.slope(soc))))
    return RestLoss(*place, float(ends[1] - ends[0]) / span, float(soc[0] - soc[1]) / span, error / span)


def _loss_within(
    table: OpenCircuitTable,
    days: NDArray[np.float64],
    volts: NDArray[np.float64],
    kelvin: float,
    place: tuple[int, int],
) -> RestLoss | None:
    """Loss of charge within a part of a rest; None where the voltage does not tell the charge."""
    slope = float(slopes(days, volts[:, None])[0])
    level = float(np.median(volts))
    if not np.isfinite(slope):
        return None
    span = float(days[-1] - days[0])
    ends = table.soc(np.array([level - slope * span / 2, level, level + slope * span / 2]), 0.004)
    if not bool(ends.usable[1]):
        return None
    noise = 1.4826 * float(np.median(np.abs(volts - level - slope * (days - np.median(days)))))
    error_v_day = (2 * noise / np.sqrt(max(len(days) / 6, 1.0)) + _PER_KELVIN_V * kelvin) / span
    share = max(float(ends.soc[0] - ends.soc[2]) / span, 0.0)
    return RestLoss(*place, slope, share, error_v_day / float(table.slope(ends.soc[1])))


def _temperature_span(track: Track, rows: CellRows, first: int, last: int) -> float:
    """How far the battery's temperature is apart between the first and the last quarter of a stretch, K."""
    values = track.values("battery_temperature")[rows.rows[first : last + 1]]
    if not np.isfinite(values).any():
        return _UNKNOWN_K
    quarter = max(len(values) // 4, 1)
    ends = (values[:quarter], values[-quarter:])
    if not all(np.isfinite(end).any() for end in ends):
        return _UNKNOWN_K
    return abs(float(np.nanmedian(ends[1]) - np.nanmedian(ends[0]))) + 0.5


def slopes(time: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Robust slope of each column: the median of the slopes between matched rows of the two halves (Theil-Sen)."""
    step = max(1, len(time) // _MOST_POINTS)
    time, values = time[::step], values[::step]
    half = len(time) // 2
    if half < 1:
        return np.full(values.shape[1], np.nan)
    apart = time[half : 2 * half] - time[:half]
    rise = (values[half : 2 * half] - values[:half]) / np.where(apart > 0, apart, np.nan)[:, None]
    return np.asarray(
        np.nanmedian(rise, axis=0) if np.isfinite(rise).any(axis=0).all() else np.full(rise.shape[1], np.nan)
    )
