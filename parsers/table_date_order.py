"""Which number of a date is the day: told by the dates themselves, the file name or the language, or asked."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import DAY_S

from .table_stamps import Dates, seconds_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: 2014 and 2036: a year of two digits is one of these, since there were no such loggers before.
_FIRST_LOGS: Final = 1_388_534_400.0
_LAST_LOGS: Final = 2_082_758_400.0


def date_order(dates: Dates, name: str, day_first: bool | None, hints: Sequence[str]) -> tuple[str, str, str]:
    """Find the order of year, month and day.

    Args:
        dates: The dates.
        name: Caption of their column.
        day_first: The order of day and month when the user said it.
        hints: "day-first-language", "month-first-units", a date such as "2024-05-13" out of the name of the file, or
            "beside:2024-05-13", a day of another log of the ride.

    Returns:
        "ymd", "dmy" or "mdy", or "" when nothing decides; the reason; and the question.
    """
    if dates.year_first:
        return "ymd", f"'{name}' writes the year first", ""
    if day_first is not None:
        return ("dmy" if day_first else "mdy"), f"the mapping says how '{name}' writes dates", ""
    first, second = dates.first[np.isfinite(dates.first)], dates.second[np.isfinite(dates.second)]
    if dates.two_digit_year and dates.separator != ".":
        possible = [order for order in ("ymd", "dmy", "mdy") if _is_recent(seconds_of(dates, order))]
        if "ymd" in possible and len(possible) == 1:
            return "ymd", f"'{name}' is a date of these years only with the year first", ""
        if "ymd" in possible:
            sample = dates.separator.join(f"{int(part[0]):02d}" for part in (first, second, dates.third))
            return "", "", f"which number of '{sample}' in '{name}' is the year, which the month and which the day"
    if bool((first > 12).any()) and not bool((second > 12).any()):
        return "dmy", f"'{name}' holds a first number of {int(first.max())}: the day comes first", ""
    if bool((second > 12).any()) and not bool((first > 12).any()):
        return "mdy", f"'{name}' holds a second number of {int(second.max())}: the month comes first", ""
    if dates.separator == ".":
        return "dmy", f"'{name}' writes dates with points: the day comes first", ""
    if len(first) and bool((first == second).all()):
        return "dmy", f"day and month are the same in every row of '{name}'", ""
    spans = {order: _span(seconds_of(dates, order)) for order in ("dmy", "mdy")}
    close = [order for order, (days, backwards) in spans.items() if days <= 3 and not backwards]
    if len(close) == 1 and max(days for days, _ in spans.values()) >= 20:
        return close[0], f"only so the rows of '{name}' lie on neighbouring days", ""
    for hint in hints:
        found = _order_by_hint(dates, hint)
        if found:
            return found[0], found[1].format(name=name), ""
    sample = f"{int(first[0])}{dates.separator}{int(second[0])}" if len(first) else ""
    return "", "", f"whether '{sample}' in '{name}' is day{dates.separator}month or month{dates.separator}day"


def _is_recent(seconds: NDArray[np.float64]) -> bool:
    """Whether all dates are ones a vehicle of this kind was logged at."""
    known = seconds[np.isfinite(seconds)]
    return bool(len(known) and known.min() >= _FIRST_LOGS and known.max() < _LAST_LOGS)


def _span(seconds: NDArray[np.float64]) -> tuple[float, bool]:
    known = seconds[np.isfinite(seconds)]
    if len(known) < 2:
        return 0.0, False
    return float(known.max() - known.min()) / DAY_S, bool((np.diff(known) < -DAY_S / 2).any())


def _order_by_hint(dates: Dates, hint: str) -> tuple[str, str] | None:
    """What a hint says: the language of the captions, a date in the name of the file, or one of another log."""
    if hint == "day-first-language":
        return "dmy", "the captions are in a language that writes the day first, and so '{name}'"
    if hint == "month-first-units":
        # Miles per hour would not do: they are British, too. degF is used where the month is written first.
        return "mdy", "temperatures are in degF: the month comes first in '{name}'"
    beside, _, day = hint.rpartition(":")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", day):
        return None
    # The clocks of two devices may stand in different zones.
    slack = np.timedelta64(1 if beside else 0, "D")
    fitting = []
    for order in ("dmy", "mdy"):
        seconds = seconds_of(dates, order)
        days = np.floor(seconds[np.isfinite(seconds)] / DAY_S).astype(np.int64).astype("datetime64[D]")
        if len(days) and any(abs(end - np.datetime64(day)) <= slack for end in (days[0], days[-1])):
            fitting.append(order)
    if len(fitting) != 1:
        return None
    where = "of another log of the ride" if beside else "in the file name"
    return fitting[0], f"only so '{{name}}' fits the date {where} ({day})"
