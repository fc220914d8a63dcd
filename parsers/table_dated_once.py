"""A column of times of day in which the date stands in the first row only, or where a new day begins."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ridelog.clock import unwrap_midnight

from .table_date_order import date_order
from .table_stamps import read_dates, seconds_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


def dated_once(
    series: pl.Series, times: NDArray[np.float64], name: str, day_first: bool | None, hints: Sequence[str]
) -> tuple[NDArray[np.float64], str, NDArray[np.float64]] | None:
    """The days of a column of times of day in which some cells, the first among them, have a date in front.

    Args:
        series: The cells.
        times: Their times of day, s, NaN where a cell is none, shape (rows,).
        name: The caption.
        day_first: The order of day and month when the user said it.
        hints: What may decide it: see `date_order`.

    Returns:
        The day of each row in s since 1970, empty where the order of day and month is open; a reason; and the times
        of day, those of the dated cells included, run on past midnight behind each date. None without a date.
    """
    other = np.flatnonzero(~np.isfinite(times) & series.is_not_null().to_numpy())
    if not len(other) or other[0] != np.flatnonzero(series.is_not_null().to_numpy())[0]:
        return None
    dates = read_dates(series.gather(other))
    if dates is None or not dates.has_time or not np.isfinite(dates.time).all():
        return None
    order, reason, _ = date_order(dates, name, day_first, hints)
    times = times.copy()
    times[other] = dates.time
    stamps = seconds_of(dates, order) if order else np.empty(0)
    if not len(stamps) or not np.isfinite(stamps).all() or np.isfinite(dates.offset).any():
        return np.empty(0), reason, times
    days = np.full(len(times), np.nan)
    for start, end, day in zip(other, [*other[1:], len(times)], stamps - dates.time, strict=True):
        part = slice(int(start), int(end))
        days[part] = day
        known = np.isfinite(times[part])
        times[part][known] = unwrap_midnight(times[part][known])
    return days, f"{reason}; the date stands in {len(other)} of the rows and counts on in those below", times
