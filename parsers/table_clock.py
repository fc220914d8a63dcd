"""Which of the time columns of a table is its clock, and the stamps it gives."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import Clock, unwrap_midnight
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError, RefusedError
from ridelog.parsing import ReadOptions

from .table_numbers import Style
from .table_source import Grid
from .table_times import SECONDS_OR_MILLISECONDS, TimeColumn, clock_of, mangled, read_time_column, unwrapped
from .table_words import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ABSOLUTE: Final = (
    *("date-time", "epoch-milliseconds", "epoch-microseconds", "epoch-nanoseconds", "epoch-seconds"),
    "spreadsheet-days",
)
_RELATIVE: Final = ("seconds", "milliseconds", "microseconds", "minutes", "hours")
_PREFERENCE: Final = (*_ABSOLUTE, "joined", *_RELATIVE, "time-of-day", "minutes-seconds")
#: Words of captions in languages whose dates start with the day.
_DAY_FIRST_WORDS: Final = frozenset(
    "zeit uhrzeit datum spannung strom geschwindigkeit leistung heure tension courant vitesse fecha hora voltaje"
    " corriente velocidad ora data tensione corrente velocita дата время напряжение ток скорость"
    " czas napiecie prad predkosc tijd spanning stroom snelheid tensao velocidade".split()
)
_NAME_DATE: Final = re.compile(r"(20\d\d)[-_.]?([01]\d)[-_.]?([0-3]\d)")
#: Unknown columns looked at for stamps when no caption names the time.
_MOST_UNNAMED: Final = 6
#: Two logs of one ride are as long as one another but for this factor, and the other reading is so many times further off
#: (engineering judgement; seconds and milliseconds lie a thousand apart).
_LEAST_FIT: Final = 0.05
_CLEARLY: Final = 20.0


@dataclass(frozen=True, slots=True)
class TableClock:
    """The clock of a table.

    Attributes:
        places: Columns it was read from.
        column: The column that tells, with what was found.
        seconds: Stamps in s on that clock, shape (rows,), NaN where there is none; empty while a question is open.
        damage: What a spreadsheet did to it, and what was done about it.
        zone: Zone the user named, "" for none.
        dated: Whether a date was joined to a time of day.
    """

    places: tuple[int, ...]
    column: TimeColumn
    seconds: NDArray[np.float64]
    damage: tuple[Damage, ...]
    zone: str = ""
    dated: bool = False

    def clock(self, start: float) -> Clock:
        """The clock of a log that starts at `start` on it."""
        return clock_of(self.column, start, self.zone, self.dated)


def choose_clock(
    grid: Grid, style: Style, options: ReadOptions, said: Mapping[str, object], name: str, path: str
) -> TableClock:
    """Find the clock of a table.

    Args:
        grid: The table.
        style: How it writes numbers.
        options: Zone of wall time the user named, and what other logs of the ride tell of its day.
        said: The `[time]` part of a mapping: column or columns, kind, day_first, zone, interval.
        name: Name of the file; a date in it may settle the order of day and month.
        path: Name of the file as given, for errors.

    Returns:
        The clock; its column may have an open question.

    Raises:
        RefusedError: If a spreadsheet destroyed every clock.
        ParseError: If there is no time column.
    """
    zone = str(said.get("zone") or options.zone)
    interval = said.get("interval")
    if isinstance(interval, int | float) and not isinstance(interval, bool) and interval > 0:
        seconds = np.arange(grid.frame.height, dtype=np.float64) * float(interval)
        reason = f"the mapping says that rows are {float(interval):g} s apart"
        return TableClock((), TimeColumn(-1, "", "seconds", seconds, float(interval), reason=reason), seconds, ())
    hints = [*_hints(grid, name), *(f"beside:{day}" for day in options.dates)]
    columns = _candidates(grid, style, said, hints)
    usable = [column for column in columns if column.kind != "lost"]
    if not usable:
        if columns and not columns[0].mangled:
            raise ParseError(
                f"no column holds time stamps: {columns[0].reason}.",
                path=path,
                advice="Name another one in a mapping file, or the time between rows as its 'interval', and give it with --map.",
            )
        if columns:
            raise RefusedError(
                f"{columns[0].reason}: a spreadsheet re-saved the file and destroyed its clock.",
                path=path,
                advice="Hand over the file as the logger wrote it, never opened and saved by a spreadsheet.",
            )
        raise ParseError(
            "no column holds time stamps.", path=path, advice="Name it in a mapping file and give that with --map."
        )
    clock = _join_date(usable, zone) or _single(usable, zone)
    if clock.column.question and options.leave_open:
        clock = _by_length(clock, grid, style, options, zone)
    if clock.column.question and options.leave_open:
        clock = _by_face(clock, usable, zone)
    if clock.column.question:
        return clock
    return _refined(clock, usable, (*mangled(columns), *clock.damage), path)


def _hints(grid: Grid, name: str) -> list[str]:
    words = {word for caption in grid.layout.captions for word in words_of(caption)}
    hints = ["-".join(match.groups()) for match in _NAME_DATE.finditer(name)]
    if len(words & _DAY_FIRST_WORDS) >= 2:
        return [*hints, "day-first-language"]
    units = {meaning.unit.name for meaning in grid.layout.meanings if meaning.unit}
    return [*hints, "month-first-units"] if "degF" in units and "degC" not in units else hints


def _candidates(grid: Grid, style: Style, said: Mapping[str, object], hints: Sequence[str]) -> list[TimeColumn]:
    meanings = list(grid.layout.meanings)
    named = said.get("columns") or said.get("column") or []
    wanted = [str(name) for name in named] if isinstance(named, list | tuple) else [str(named)]
    kind = str(said.get("kind") or "")
    day_first = said.get("day_first")
    order = day_first if isinstance(day_first, bool) else None
    if wanted:
        places = [place for place, meaning in enumerate(meanings) if meaning.caption in wanted]
    else:
        places = [place for place, meaning in enumerate(meanings) if meaning.time]
    places = [place for place in places if place < grid.frame.width]
    columns = [
        read_time_column(
            grid.series(place),
            place,
            meanings[place],
            style,
            kind=kind if len(places) == 1 else "",
            day_first=order,
            hints=hints,
        )
        for place in places
    ]
    found = [column for column in columns if column is not None]
    if found or wanted:
        return found
    for place, meaning in enumerate(meanings[: grid.frame.width]):
        if meaning.channel or place >= _MOST_UNNAMED:
            continue
        column = read_time_column(grid.series(place), place, meaning, style, day_first=order, hints=hints)
        if column is not None and column.kind in ("date-time", "epoch-seconds", "epoch-milliseconds"):
            return [column]
    return []


def _join_date(columns: Sequence[TimeColumn], zone: str) -> TableClock | None:
    """A date column and a time of day beside it."""
    date = next((column for column in columns if column.kind == "date"), None)
    time = next((column for column in columns if column.kind == "time-of-day"), None)
    if date is None or time is None or any(column.kind == "date-time" for column in columns):
        return None
    places = (date.place, time.place)
    if date.question:
        return TableClock(places, date, np.empty(0), (), zone, dated=True)
    days, missing = date.seconds, np.flatnonzero(~np.isfinite(date.seconds))
    if len(missing):
        # A date that is written where it begins counts on in the rows below.
        rows = np.where(np.isfinite(days), np.arange(len(days)), 0)
        days = days[np.maximum.accumulate(rows)]
    seconds = days + time.seconds
    known = np.isfinite(seconds)
    # A date that is written once for the whole file does not turn at midnight: the time of day does.
    seconds[known] = unwrap_midnight(seconds[known])
    reason = f"'{date.caption}' and '{time.caption}' together are date and time; {date.reason}"
    joined = replace(time, kind="joined", seconds=seconds, reason=reason)
    return TableClock(places, joined, seconds, (), zone, dated=True)


def _single(columns: Sequence[TimeColumn], zone: str) -> TableClock:
    """The column that tells most: absolute before relative, relative before time of day, finer before coarser."""

    def merit(column: TimeColumn) -> tuple[int, float]:
        known = column.seconds[np.isfinite(column.seconds)]
        stands = len(known) > 3 and bool((known == known[0]).all())
        rank = _PREFERENCE.index(column.kind) if column.kind in _PREFERENCE else len(_PREFERENCE)
        rank = 0 if column.kind in _ABSOLUTE else rank
        open_unit = column.question.endswith(SECONDS_OR_MILLISECONDS)
        return (rank + 100 * stands + 50 * open_unit, column.resolution_s)

    best = min(columns, key=merit)
    if best.question:
        return TableClock((best.place,), best, np.empty(0), (), zone)
    return TableClock((best.place,), best, unwrapped(best), (), zone)


def _by_length(clock: TableClock, grid: Grid, style: Style, options: ReadOptions, zone: str) -> TableClock:
    """Seconds or milliseconds, whichever makes this log as long as another one of the ride."""
    if not clock.column.question.endswith(SECONDS_OR_MILLISECONDS):
        return clock
    place = clock.column.place
    fits = []
    for kind in ("seconds", "milliseconds"):
        column = read_time_column(grid.series(place), place, grid.layout.meanings[place], style, kind=kind)
        known = column.seconds[np.isfinite(column.seconds)] if column is not None else np.empty(0)
        if column is None or not len(known):
            return clock
        span = float(known.max() - known.min())
        fit = max((min(span / other, other / span) for other in options.lengths if span > 0), default=0.0)
        fits.append((fit, kind, column))
    (worse, _, _), (fit, kind, column) = sorted(fits, key=lambda found: found[0])
    if fit < _LEAST_FIT or fit < _CLEARLY * worse:
        return clock
    reason = f"'{column.caption}' counts {kind}: so it is as long as the other log of the ride"
    note = Damage(DamageKind.NOTE, Effect.NOTED, f"{reason}. A mapping file (--map) can say otherwise.", channel="time")
    return TableClock((place,), replace(column, reason=reason), column.seconds, (note,), zone)


def _by_face(clock: TableClock, columns: Sequence[TimeColumn], zone: str) -> TableClock:
    """The time of day alone, where nothing tells the day of a date from its month."""
    question = clock.column.question
    time = next((column for column in columns if column.kind == "time-of-day"), None)
    if len(clock.column.face):
        reason = f"'{clock.column.caption}' is read as a time of day"
        time = replace(clock.column, kind="time-of-day", seconds=clock.column.face, zoned=False, reason=reason)
        time = replace(time, question="", face=np.empty(0))
    if time is None:
        return clock
    message = f"Nothing decides {question}: only the time of day is used. A mapping file (--map) answers it."
    note = Damage(DamageKind.NOTE, Effect.LOST, message, channel="time")
    return TableClock(clock.places, time, unwrapped(time), (note,), zone)


def _refined(clock: TableClock, columns: Sequence[TimeColumn], damage: tuple[Damage, ...], path: str) -> TableClock:
    """Give rows that share a coarse stamp times of their own, from a finer column or evenly."""
    seconds = clock.seconds
    known = np.flatnonzero(np.isfinite(seconds))
    if len(known) > 3 and bool((seconds[known] == seconds[known[0]]).all()):
        finer = _finer(clock, columns)
        if finer is None:
            raise RefusedError(
                f"every row has the same time stamp in '{clock.column.caption}'.",
                path=path,
                advice="Hand over the file as the logger wrote it, or name another time column with --map.",
            )
    if clock.column.kind in _RELATIVE:
        return replace(_started(clock, columns), damage=damage)
    distinct = len(np.unique(seconds[known]))
    if distinct * 2 > len(known) or clock.column.resolution_s < 1.0:
        return replace(clock, damage=damage)
    finer = _finer(clock, columns)
    if finer is not None:
        start = seconds[known[0]] - finer.seconds[known[0]]
        reason = f"{clock.column.reason}, and '{finer.caption}' counts in between"
        column = replace(clock.column, resolution_s=finer.resolution_s, reason=reason)
        return replace(
            clock, column=column, seconds=finer.seconds + start, places=(*clock.places, finer.place), damage=damage
        )
    spread = _spread(seconds[known], clock.column.resolution_s)
    seconds = seconds.copy()
    seconds[known] = spread
    reason = f"{clock.column.reason}; rows with the same stamp are spread evenly over its step"
    note = Damage(
        DamageKind.NOTE,
        Effect.REPAIRED,
        f"Stamps are {clock.column.resolution_s:g} s apart and shared by several rows each; these are spread evenly.",
        len(known) - distinct,
        channel="time",
    )
    column = replace(clock.column, reason=reason)
    return replace(clock, column=column, seconds=seconds, damage=(*damage, note))


def _started(clock: TableClock, columns: Sequence[TimeColumn]) -> TableClock:
    """A clock that counts from the start, put on the date that another column gives for its first row."""
    for column in columns:
        if column.kind in _ABSOLUTE and not column.question:
            both = np.flatnonzero(np.isfinite(column.seconds) & np.isfinite(clock.seconds))
            if len(both):
                start = column.seconds[both[0]] - clock.seconds[both[0]]
                reason = f"{column.reason}, and '{clock.column.caption}' counts on from there"
                dated = replace(column, resolution_s=clock.column.resolution_s, reason=reason)
                return replace(clock, column=dated, seconds=clock.seconds + start, places=(*clock.places, column.place))
    return clock


def _finer(clock: TableClock, columns: Sequence[TimeColumn]) -> TimeColumn | None:
    for column in columns:
        usable = column.kind in (*_RELATIVE, *_ABSOLUTE) and not column.question
        if usable and column.place not in clock.places and column.resolution_s < clock.column.resolution_s:
            known = column.seconds[np.isfinite(column.seconds)]
            if len(known) == len(column.seconds) and not bool((np.diff(known) < 0).any()):
                return column
    return None


def _spread(seconds: NDArray[np.float64], step: float) -> NDArray[np.float64]:
    """Spread runs of equal stamps over the step to the next one, of at most `step`."""
    starts = np.flatnonzero(np.concatenate(([True], np.diff(seconds) != 0)))
    counts = np.diff(np.concatenate((starts, [len(seconds)])))
    place = np.arange(len(seconds)) - np.repeat(starts, counts)
    # A first or last run is cut off: its rows are as far apart as those of a full one.
    full = np.repeat(np.maximum(counts, int(np.median(counts))), counts)
    spread: NDArray[np.float64] = seconds + step * place / full
    return spread
