"""The clock of a table: which column it is, what it counts from, and what a spreadsheet may have done to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import DAY_S, Clock, ClockBasis, unwrap_midnight
from ridelog.damage import Damage, DamageKind, Effect

from .clock_figures import DAY_FIGURES, read_clock_figures
from .table_captions import Meaning
from .table_date_order import date_order
from .table_dated_once import dated_once
from .table_newest_first import runs_backwards
from .table_numbers import Style, read_numbers
from .table_stamps import SCIENTIFIC, Dates, read_dates, read_minutes, read_times, seconds_of
from .unpadded_milliseconds import NOTE, are_milliseconds

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Kinds a time column can have, as a mapping file names them, and what each means.
KINDS: Final[dict[str, str]] = {
    "date-time": "date and time of day in one column",
    "date": "date alone; the time of day is in another column",
    "time-of-day": "time of day without a date",
    "epoch-seconds": "seconds since 1970 (UTC)",
    "epoch-milliseconds": "milliseconds since 1970 (UTC)",
    "epoch-microseconds": "microseconds since 1970 (UTC)",
    "epoch-nanoseconds": "nanoseconds since 1970 (UTC)",
    "seconds": "seconds from the start",
    "milliseconds": "milliseconds from the start",
    "microseconds": "microseconds from the start",
    "minutes": "minutes from the start",
    "hours": "hours from the start",
    "spreadsheet-days": "days since 1899-12-30, the date number of spreadsheets",
    "minutes-seconds": "minutes and seconds within the hour, as a spreadsheet leaves them",
}
_FACTORS: Final[dict[str, float]] = {
    "epoch-seconds": 1.0,
    "epoch-milliseconds": 1e-3,
    "epoch-microseconds": 1e-6,
    "epoch-nanoseconds": 1e-9,
    "seconds": 1.0,
    "milliseconds": 1e-3,
    "microseconds": 1e-6,
    "minutes": 60.0,
    "hours": 3600.0,
    "spreadsheet-days": DAY_S,
}
_BY_UNIT: Final[dict[str, str]] = {
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "min": "minutes",
    "h": "hours",
}
#: Characters of a date and time without signs in between.
_COMPACT_DATE: Final = 14
#: 2001-09-09 and 2096: numbers in between are seconds since 1970, in s, ms, us or ns.
_EPOCH: Final = (1.0e9, 4.0e9)
_EPOCH_SIZES: Final = {
    "epoch-seconds": 1.0,
    "epoch-milliseconds": 1e3,
    "epoch-microseconds": 1e6,
    "epoch-nanoseconds": 1e9,
}
#: Date numbers of spreadsheets from 1982 to 2119.
_SHEET_DAYS: Final = (30_000.0, 80_000.0)
_SHEET_START_S: Final = -25_569 * DAY_S
#: Clock faces that begin this soon after 0:00:00 count from the start; no ride begins in that second of the day, s.
_FROM_ZERO_S: Final = 1.0
_MINUTE_S: Final = 60.0
#: Rows with one stamp of hours and minutes, at least; with fewer it is one of minutes and seconds (engineering
#: judgement: a row every three seconds).
_ROWS_A_MINUTE: Final = 20
#: Whole numbers that rise by at least this much a row are milliseconds, by at most this much seconds: a ride log has
#: between 50 rows a second and one every 5 s (engineering judgement).
_MILLISECOND_STEP: Final = 20.0
_SECOND_STEP: Final = 5.0
#: How the question ends that numbers in between leave open.
SECONDS_OR_MILLISECONDS: Final = "counts seconds or milliseconds"


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """One column that may be the clock.

    Attributes:
        place: Its place among the columns.
        caption: Its caption.
        kind: One of `KINDS`, or "lost" when a spreadsheet destroyed it.
        seconds: Stamps in s, shape (rows,), NaN where there is none; empty when a question is open.
        resolution_s: Step of the stamps.
        zoned: Whether the stamps name their zone.
        reason: What was found, one sentence.
        question: What the data do not decide, "" when nothing is open.
        face: Seconds since midnight of a date and time whose order is open, shape (rows,); else empty.
        mangled: Whether a spreadsheet destroyed it, where it is lost.
        repaired: What had to be done to read it, one sentence, "" for nothing.
    """

    place: int
    caption: str
    kind: str
    seconds: NDArray[np.float64]
    resolution_s: float
    zoned: bool = False
    reason: str = ""
    question: str = ""
    face: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    mangled: bool = True
    repaired: str = ""


def read_time_column(
    series: pl.Series,
    place: int,
    meaning: Meaning,
    style: Style,
    *,
    kind: str = "",
    day_first: bool | None = None,
    hints: Sequence[str] = (),
) -> TimeColumn | None:
    """Find out how a column counts time.

    Args:
        series: Its cells.
        place: Its place among the columns.
        meaning: What its caption says.
        style: How the file writes numbers.
        kind: One of `KINDS` when the user said it, "" to find it out.
        day_first: The order of day and month when the user said it.
        hints: Languages and dates that may decide the order of day and month: see `date_order`.

    Returns:
        The column, or None when it holds no stamps.
    """
    cells = series.drop_nulls()
    if not len(cells):
        return None
    name = meaning.caption
    if kind in ("", "date") and meaning.time == "date" and bool(cells.str.contains(DAY_FIGURES).all()):
        series = series.str.strip_chars().str.replace(DAY_FIGURES, "${1}-${2}-${3}")
        cells, kind = series.drop_nulls(), "date"
    if not kind and _plain_numbers(cells.head(100)):
        return _from_numbers(series, place, meaning, style, "")
    if not kind and len(cells) > 1 and bool((cells.str.contains(SCIENTIFIC).sum() * 2) > len(cells)):
        return TimeColumn(place, name, "lost", np.empty(0), 0, reason=f"'{name}' holds numbers such as {cells[0]}")
    if kind in ("", "minutes-seconds"):
        minutes = read_minutes(series)
        if minutes is not None:
            return _from_minutes(minutes, place, name, str(cells[0]))
    if kind in ("", "date-time", "date"):
        dates = read_dates(series)
        if dates is not None:
            return _from_dates(dates, place, name, day_first, hints)
    if kind in ("", "time-of-day"):
        times = read_times(series)
        if times is not None:
            seconds, digits, unpadded = times
            repaired = f"In '{name}' {NOTE}." if unpadded else ""
            resolution = _MINUTE_S if digits < 0 else 10.0**-digits
            dated = None if kind else dated_once(series, seconds, name, day_first, hints)
            if dated is not None:
                days, reason, seconds = dated
                if len(days):
                    seconds = days + seconds
                    return TimeColumn(place, name, "date-time", seconds, resolution, False, reason, repaired=repaired)
            known = seconds[np.isfinite(seconds)]
            oldest = known[-1 if runs_backwards(known) else 0] if len(known) else np.inf
            from_start = meaning.time == "elapsed" or oldest < _FROM_ZERO_S
            if not kind and len(known) and resolution == _MINUTE_S and _are_minutes(known, from_start):
                reason = f"'{name}' counts minutes and seconds from the start"
                told = f"'{name}' is read as minutes and seconds from the start, not as hours and minutes."
                return TimeColumn(place, name, "seconds", seconds / 60.0, 1.0, reason=reason, repaired=told)
            if not kind and len(known) and from_start:
                reason = f"'{name}' counts hours, minutes and seconds from the start"
                return TimeColumn(place, name, "seconds", seconds, resolution, reason=reason, repaired=repaired)
            reason = f"'{name}' is a time of day"
            return TimeColumn(place, name, "time-of-day", seconds, resolution, reason=reason, repaired=repaired)
    return _from_numbers(series, place, meaning, style, kind)


def _are_minutes(known: NDArray[np.float64], from_start: bool) -> bool:
    """Whether times of two numbers are minutes and seconds.

    No day has more than 24 hours, and no logger that counts hours from the start writes so few rows a minute.
    """
    if known.max() > DAY_S:
        return True
    return from_start and len(known) < _ROWS_A_MINUTE * len(np.unique(known))


def _plain_numbers(cells: pl.Series) -> bool:
    """Whether cells are nothing but numbers: neither written with an exponent nor long enough for a date."""
    import polars as pl

    if bool((cells.str.len_bytes() >= _COMPACT_DATE).any()) or bool(cells.str.contains("[eE]").any()):
        return False
    return cells.cast(pl.Float64, strict=False).null_count() == 0


def _from_minutes(minutes: NDArray[np.float64], place: int, name: str, sample: str) -> TimeColumn:
    known = minutes[np.isfinite(minutes)]
    if len(known) > 2 and bool((known == known[0]).all()):
        return TimeColumn(place, name, "lost", np.empty(0), 0, reason=f"'{name}' reads {sample} in every row")
    return TimeColumn(
        place,
        name,
        "minutes-seconds",
        minutes,
        0.1,
        reason=f"'{name}' was re-saved by a spreadsheet, which kept minutes and seconds only ({sample})",
    )


def _from_dates(dates: Dates, place: int, name: str, day_first: bool | None, hints: Sequence[str]) -> TimeColumn:
    order, reason, question = date_order(dates, name, day_first, hints)
    seconds = seconds_of(dates, order) if order else np.empty(0)
    resolution = DAY_S if dates.digits == -2 else 60.0 if dates.digits == -1 else 10.0**-dates.digits
    kind = "date-time" if dates.has_time else "date"
    zoned = bool(np.isfinite(dates.offset).any())
    face = dates.time if question and dates.has_time else np.empty(0)
    repaired = f"In '{name}' {NOTE}." if dates.unpadded else ""
    return TimeColumn(place, name, kind, seconds, resolution, zoned, reason, question, face, repaired=repaired)


def _from_numbers(series: pl.Series, place: int, meaning: Meaning, style: Style, kind: str) -> TimeColumn | None:
    numbers = read_numbers(series, style)
    values = numbers.values
    known = values[np.isfinite(values)]
    if len(known) * 2 < len(series) or not len(known):
        return None
    name = meaning.caption
    figures = (
        read_clock_figures(values)
        if not kind and meaning.time != "elapsed" and not numbers.unit and meaning.unit is None
        else None
    )
    if figures is not None:
        reason = f"'{name}' writes hours, minutes and seconds as the figures of one number"
        return TimeColumn(place, name, "time-of-day", figures, 1.0, reason=reason)
    unit = numbers.unit or meaning.unit
    said = _BY_UNIT.get(unit.name, "") if unit else ""
    question = ""
    if kind:
        reason = f"the mapping says that '{name}' is {KINDS[kind]}"
    elif len(known) > 3 and bool((known == known[0]).all()):
        reason = f"'{name}' reads {known[0]:g} in every row, which is no clock"
        return TimeColumn(place, name, "lost", np.empty(0), 0, reason=reason, mangled=not known[0])
    elif len(known) > 3 and float(np.mean(np.diff(known) < 0)) > 0.1 and not runs_backwards(known):
        return None
    else:
        kind, reason, question = _numeric_kind(known[::-1] if runs_backwards(known) else known, said, name)
    repaired = ""
    if kind == "seconds" and bool((np.diff(known) < 0).any()):
        parts = series.str.strip_chars().str.extract_groups(r"^(\d+)\.(\d{1,3})$").struct.unnest()
        whole = parts.to_series(0).cast(float, strict=False).to_numpy().astype(np.float64)
        if not parts.to_series(0).null_count() and are_milliseconds(whole, parts.to_series(1)):
            values = whole + parts.to_series(1).cast(float).to_numpy() / 1000
            repaired = f"In '{name}' {NOTE.replace('12:03:0', '')}."
    seconds = values * _FACTORS.get(kind, 1.0)
    if kind == "spreadsheet-days":
        seconds = np.round(seconds + _SHEET_START_S, 3)
    steps = np.diff(seconds[np.isfinite(seconds)])
    steps = steps[steps > 0]
    resolution = float(min(1.0, 10.0 ** np.floor(np.log10(steps.min())))) if len(steps) else 1.0
    zoned = kind.startswith("epoch")
    stamps = np.empty(0) if question else seconds
    return TimeColumn(place, name, kind, stamps, resolution, zoned, reason, question, repaired=repaired)


def _numeric_kind(known: NDArray[np.float64], said: str, name: str) -> tuple[str, str, str]:
    middle = float(np.median(known))
    low, high = _EPOCH
    for kind, size in _EPOCH_SIZES.items():
        if low * size <= middle <= high * size:
            return kind, f"'{name}' is {KINDS[kind]}", ""
    if said:
        return said, f"the caption of '{name}' says {said}", ""
    whole = bool((known == np.floor(known)).all())
    days = _SHEET_DAYS[0] <= middle <= _SHEET_DAYS[1]
    if days and not whole and float(known.max() - known.min()) < 60:
        return "spreadsheet-days", f"'{name}' holds date numbers of a spreadsheet", ""
    steps = np.diff(known)
    steps = steps[steps > 0]
    step = float(np.median(steps)) if len(steps) else 1.0
    if not whole or step <= _SECOND_STEP:
        return "seconds", f"'{name}' rises by {step:g} a row: seconds", ""
    if step >= _MILLISECOND_STEP:
        return "milliseconds", f"'{name}' rises by {step:g} a row, in whole numbers: milliseconds", ""
    return "seconds", "", f"whether '{name}', which rises by {step:g} a row, {SECONDS_OR_MILLISECONDS}"


def clock_of(column: TimeColumn, start: float, zone: str, start_of_day: bool) -> Clock:
    """The clock of a log whose first stamp on the clock of the column is `start`.

    Args:
        column: The time column.
        start: First stamp in s.
        zone: Zone the user named for wall time, "" for none.
        start_of_day: Whether a date was joined to a time of day.
    """
    reason = column.reason[:1].upper() + column.reason[1:] + "."
    if column.zoned:
        return Clock(ClockBasis.UTC, start, "UTC", column.resolution_s, reason)
    if column.kind in ("date-time", "spreadsheet-days", "date") or start_of_day:
        if zone.upper() in ("UTC", "GMT", "ETC/UTC"):
            return Clock(ClockBasis.UTC, start, "UTC", column.resolution_s, f"{reason} The user says it is UTC.")
        where = "" if zone else " The file does not say its zone."
        return Clock(ClockBasis.LOCAL, start, zone, column.resolution_s, reason + where)
    if column.kind == "time-of-day":
        return Clock(ClockBasis.TIME_OF_DAY, start, zone, column.resolution_s, reason)
    return Clock(ClockBasis.NONE, None, "", column.resolution_s, reason)


def unwrapped(column: TimeColumn) -> NDArray[np.float64]:
    """Stamps of a column that starts again at midnight or at the full hour, run on past it."""
    seconds = column.seconds
    wrap = {"time-of-day": DAY_S, "minutes-seconds": 3600.0}.get(column.kind)
    if wrap is None:
        return seconds
    known = np.isfinite(seconds)
    result = seconds.copy()
    result[known] = unwrap_midnight(seconds[known], wrap)
    return result


def mangled(columns: Sequence[TimeColumn]) -> tuple[Damage, ...]:
    """Tell of time columns that a spreadsheet destroyed or cut."""
    damage = []
    for column in columns:
        if column.repaired:
            damage.append(Damage(DamageKind.NOTE, Effect.REPAIRED, column.repaired, channel="time"))
        if column.kind == "lost" and not column.mangled:
            damage.append(Damage(DamageKind.NOTE, Effect.NOTED, f"{column.reason}.", channel="time"))
        elif column.kind == "lost":
            message = f"{column.reason}: the file was re-saved by a spreadsheet, and this clock is lost."
            damage.append(Damage(DamageKind.NOTE, Effect.LOST, message, channel="time"))
        elif column.kind == "minutes-seconds":
            message = (
                f"{column.reason}; the hours are counted from its turns, a pause of an hour or more cannot be seen."
            )
            damage.append(Damage(DamageKind.NOTE, Effect.REPAIRED, message, channel="time"))
    return tuple(damage)
