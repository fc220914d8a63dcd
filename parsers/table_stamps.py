"""Stamps as people and spreadsheets write them: dates in any order, with and without zone, times of day, leftovers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import DAY_S

from .unpadded_milliseconds import are_milliseconds

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = r"(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,:](\d{1,9}))?)?\s*([AaPp]\.?[Mm]\.?)?"
_ZONE: Final = r"(Z|z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?"
#: Three numbers of a date, then hour, minute, second, fraction, AM or PM, zone.
_DATE_TIME: Final = rf"^(\d{{1,4}})[./-](\d{{1,2}})[./-](\d{{1,4}})\.?,?(?:[T\s,]+{_TIME})?\s*{_ZONE}$"
_COMPACT: Final = (
    r"^((?:19|20)\d{2})(0[1-9]|1[0-2])([0-2]\d|3[01])[T\s_-]?([01]\d|2[0-4])([0-5]\d)([0-6]\d)"
    r"(?:[.,]?(\d{1,9}))?\s*(Z|[+-]\d{2}:?\d{2})?$"
)
_TIME_ONLY: Final = rf"^{_TIME}$"
#: What a spreadsheet leaves of a time of day with tenths: minutes and seconds, after a date or not.
_MINUTES: Final = r"^(?:\d{1,4}[./-]\d{1,2}[./-]\d{1,4}\s+)?(\d{1,2}):(\d{2})[.,](\d{1,3})$"
#: What it leaves of a large number.
SCIENTIFIC: Final = r"^\s*\d(?:[.,]\d{1,4})?[eE]\+?\d{1,2}\s*$"
#: A date and a time of day with other signs between them than usual: 2024-05-17_14-03-21, 17.05.2024-14:03:21.
_JOINED: Final = r"^(\d{1,4}[-./]\d{1,2}[-./]\d{1,4})[_-](\d{1,2})[:.-](\d{2})[:.-](\d{2})"
#: What scripts write behind a zone, and before it: GMT+0200 (Central European Summer Time).
_NAMED_ZONE: Final = r"\s*\([^()]*\)$"
_BEFORE_ZONE: Final = r"(?:GMT|UTC)([+-]\d)"
_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True, slots=True)
class Dates:
    """Dates whose order may be open.

    Attributes:
        first: First number, shape (rows,), NaN where there is no date.
        second: Second number.
        third: Third number.
        separator: Sign between the numbers of most rows.
        time: Seconds since midnight, 0 where there is only a date, NaN where it makes no sense.
        has_time: Whether any row has a time of day.
        offset: Offset from UTC in s, NaN where none is written.
        digits: Most digits of a fraction of a second; -1 when there are no seconds.
        twelve_hours: Whether AM or PM is written.
        unpadded: Whether the fractions are milliseconds without leading zeros.
    """

    first: NDArray[np.float64]
    second: NDArray[np.float64]
    third: NDArray[np.float64]
    separator: str
    time: NDArray[np.float64]
    has_time: bool
    offset: NDArray[np.float64]
    digits: int
    twelve_hours: bool
    unpadded: bool = False

    @property
    def two_digit_year(self) -> bool:
        """Whether no number can be a year of four digits."""
        known = np.concatenate((self.first, self.third))
        return bool(np.nanmax(known, initial=0) < 100)

    @property
    def year_first(self) -> bool:
        """Whether the year comes first, which leaves nothing open."""
        known = self.first[np.isfinite(self.first)]
        return bool(len(known) and (known > 31).all())


def read_dates(texts: pl.Series) -> Dates | None:
    """Read a column of dates, with or without time of day.

    Args:
        texts: Cells.

    Returns:
        The parts, or None when most cells are no date.
    """
    import polars as pl

    cells = _tidy(texts)
    parts = cells.str.extract_groups(_DATE_TIME).struct.unnest()
    known = int(parts.to_series(0).is_not_null().sum())
    if known * 2 < len(cells) - cells.null_count() or not known:
        compact = cells.str.extract_groups(_COMPACT).struct.unnest()
        if int(compact.to_series(0).is_not_null().sum()) * 2 < len(cells) - cells.null_count() or not len(cells):
            return None
        names = ["1", "2", "3", "4", "5", "6", "7", "9"]
        parts = compact.rename(dict(zip(compact.columns, names, strict=True))).with_columns(
            pl.lit(None, pl.String).alias("8")
        )
        if not int(parts.to_series(0).is_not_null().sum()):
            return None
    column = {name: parts.get_column(name) for name in parts.columns}
    time, digits, unpadded = _time_of(column["4"], column["5"], column["6"], column["7"], column["8"])
    signs = cells.str.extract(r"^\d{1,4}([./-])", 1).drop_nulls()
    separator = str(signs.mode().sort().item(0)) if len(signs) else "-"
    has_time = bool(column["4"].is_not_null().any())
    time = np.where(column["4"].is_null().to_numpy(), 0.0, np.where(time < DAY_S + 3600, time, np.nan))
    return Dates(
        _numbers(column["1"]),
        _numbers(column["2"]),
        _numbers(column["3"]),
        separator,
        time,
        has_time,
        _offsets(column["9"]),
        digits if has_time else -2,
        bool(column["8"].is_not_null().any()),
        unpadded,
    )


def seconds_of(dates: Dates, order: str) -> NDArray[np.float64]:
    """Seconds since 1970-01-01 00:00, in UTC where an offset is written, else by the wall clock.

    Args:
        dates: The parts.
        order: "ymd", "dmy" or "mdy".

    Returns:
        Shape (rows,), NaN where there is no such date.
    """
    places = {"ymd": (0, 1, 2), "dmy": (2, 1, 0), "mdy": (2, 0, 1)}[order]
    numbers = (dates.first, dates.second, dates.third)
    year, month, day = (numbers[place] for place in places)
    year = np.where(year < 100, year + 2000, year)
    good = np.isfinite(year) & np.isfinite(month) & np.isfinite(day) & (year >= 1970) & (year < 2200)
    good &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(good, (year - 1970) * 12 + month - 1, 0).astype(np.int64)
    first = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    following = (months + 1).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    good &= np.where(good, day, 99) <= following - first
    days = first + np.where(good, day, 1).astype(np.int64) - 1
    return np.where(good, days * DAY_S + dates.time - np.nan_to_num(dates.offset), np.nan)


def read_times(texts: pl.Series) -> tuple[NDArray[np.float64], int, bool] | None:
    """Read a column of times of day.

    Returns:
        Seconds since midnight, digits of the fraction (-1 without seconds), and whether the fractions are milliseconds
        without leading zeros; None when most cells are no times.
    """
    cells = _tidy(texts)
    parts = cells.str.extract_groups(_TIME_ONLY).struct.unnest()
    known = int(parts.to_series(0).is_not_null().sum())
    if not known or known * 2 < len(cells) - cells.null_count():
        return None
    return _time_of(*(parts.to_series(place) for place in range(5)))


def read_minutes(texts: pl.Series) -> NDArray[np.float64] | None:
    """Read what a spreadsheet left of times of day: seconds within the hour; None when the cells are anything else."""
    cells = _tidy(texts)
    parts = cells.str.extract_groups(_MINUTES).struct.unnest()
    known = int(parts.to_series(0).is_not_null().sum())
    if not known or known * 10 < 9 * (len(cells) - cells.null_count()):
        return None
    minutes, seconds = _numbers(parts.to_series(0)), _numbers(parts.to_series(1))
    fraction = _fraction(parts.to_series(2))
    return np.where((minutes < 60) & (seconds < 60), minutes * 60 + seconds + fraction, np.nan)


def _tidy(texts: pl.Series) -> pl.Series:
    """Cells without blanks and with dates in figures: months by name and Chinese dates are spelt out."""
    import polars as pl

    cells = texts.cast(pl.String).str.strip_chars().str.strip_chars("\"'")
    cells = cells.str.replace(r"(?i)^(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +", "")
    cells = cells.str.replace(r"^(\d{4})年(\d{1,2})月(\d{1,2})日\s*", "${1}-${2}-${3} ").str.strip_chars()
    if bool(cells.head(50).str.contains(_JOINED).any()):
        cells = cells.str.replace(_JOINED, "${1} ${2}:${3}:${4}")
    if bool(cells.head(50).str.contains(r"(?i)^\d{1,2}[ .-]*[a-z]{3}|^[a-z]{3}[a-z]* +\d").any()):
        cells = cells.str.replace(_NAMED_ZONE, "").str.replace(_BEFORE_ZONE, "${1}")
        for number, month in enumerate(_MONTHS, 1):
            # Fri May 17 14:03:21 CEST 2024: the year comes last, behind the name of a zone that says nothing by itself.
            cells = cells.str.replace(
                rf"(?i)^{month}[a-z]* +(\d{{1,2}}) +(\d{{1,2}}:\d{{2}}:\d{{2}}(?:\.\d+)?) +(?:[a-z]{{2,5}} +)?(\d{{4}})$",
                f"${{3}}-{number:02d}-${{1}} ${{2}}",
            )
            cells = cells.str.replace(
                rf"(?i)^(\d{{1,2}})[ .-]*{month}[a-z]*[ .,-]*(\d{{4}})", f"${{2}}-{number:02d}-${{1}}"
            )
            cells = cells.str.replace(rf"(?i)^{month}[a-z]*\.? (\d{{1,2}}),? +(\d{{4}})", f"${{2}}-{number:02d}-${{1}}")
    return cells


def _numbers(series: pl.Series) -> NDArray[np.float64]:
    import polars as pl

    return series.cast(pl.Float64, strict=False).to_numpy().astype(np.float64)


def _fraction(series: pl.Series) -> NDArray[np.float64]:
    import polars as pl

    digits = series.str.len_bytes().cast(pl.Float64).fill_null(0).to_numpy()
    return np.nan_to_num(_numbers(series)) / 10.0**digits


def _time_of(
    hour: pl.Series, minute: pl.Series, second: pl.Series, fraction: pl.Series, half: pl.Series
) -> tuple[NDArray[np.float64], int, bool]:
    hours, minutes, seconds = _numbers(hour), _numbers(minute), np.nan_to_num(_numbers(second))
    halves = half.str.to_lowercase().str.slice(0, 1)
    pm, am = (halves == "p").fill_null(False).to_numpy(), (halves == "a").fill_null(False).to_numpy()
    hours = np.where(pm & (hours < 12), hours + 12, np.where(am & (hours == 12), 0, hours))
    digits = -1
    # Of two numbers the first may be minutes, and there are more than 24 of them.
    good = (minutes < 60) & (seconds <= 60)
    if bool(second.is_not_null().any()):
        good &= hours <= 24
        digits = int(np.max(fraction.str.len_bytes().fill_null(0).to_numpy()))
    whole = hours * 3600 + minutes * 60 + seconds
    unpadded = are_milliseconds(whole, fraction)
    part = np.nan_to_num(_numbers(fraction)) / 1000 if unpadded else _fraction(fraction)
    return np.where(good, whole + part, np.nan), digits, unpadded


def _offsets(zones: pl.Series) -> NDArray[np.float64]:
    """Offsets from UTC in s, NaN where none is written."""
    import polars as pl

    parts = zones.str.extract_groups(r"^([+-])(\d{2}):?(\d{2})?$").struct.unnest()
    sign = np.where((parts.to_series(0) == "-").fill_null(False).to_numpy(), -1.0, 1.0)
    offset = sign * (_numbers(parts.to_series(1)) * 3600 + np.nan_to_num(_numbers(parts.to_series(2))) * 60)
    utc = zones.str.to_uppercase().is_in(["Z", "UTC", "GMT"]).fill_null(False)
    assert isinstance(utc, pl.Series)
    return np.where(utc.to_numpy(), 0.0, offset)
