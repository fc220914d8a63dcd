"""JBDTools, the PC program for JBD BMSs: live records and the history read from the BMS."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .cell_columns import add_cells, add_sensors
from .delimited import read_delimited
from .frames.bit_names import named_bits
from .frames.jbd_registers import PROTECTION_BITS
from .jbdtools_captions import Columns, find_columns, to_utf8
from .jbdtools_cells import TURNED, Cells
from .jbdtools_history import read_type
from .required_columns import require_columns
from .stamps import parse_stamps
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_MILLI: Final = 0.001
_PERCENT: Final = 0.01
#: Meaning of a column to channel, factor where the cells carry no unit, and what was done.
_LIVE_NUMBERS: Final = (
    ("voltage", "pack_voltage", 1.0, ""),
    ("current", "battery_current", 1.0, TURNED),
    ("average", "cell_voltage_average", 1.0, ""),
    ("highest", "cell_voltage_max", 1.0, ""),
    ("lowest", "cell_voltage_min", 1.0, ""),
    ("soc", "soc", _PERCENT, "percent to fraction"),
    ("remaining", "remaining_capacity", _MILLI, "mAh to Ah"),
    ("full", "full_charge_capacity", _MILLI, "mAh to Ah"),
    ("cycles", "cycle_count", 1.0, ""),
)
_HISTORY_NUMBERS: Final = (
    ("voltage", "pack_voltage", 1.0, ""),
    ("current", "battery_current", 1.0, TURNED),
    ("remaining", "remaining_capacity", 1.0, ""),
    ("full", "full_charge_capacity", 1.0, ""),
    ("highest", "cell_voltage_max", 1.0, ""),
    ("lowest", "cell_voltage_min", 1.0, ""),
    ("hottest", "battery_temperature", 1.0, ""),
)
_NEEDED: Final = {"live": ("date", "time", "protections"), "history": ("time", "kind", "fets")}
#: Meaning that is no channel.
_KEPT: Final = "coldest"
_SWITCH: Final = {"ON": True, "OFF": False, "1": True, "0": False}
#: FETs of a history record: charge, discharge, precharge.
_FETS: Final = {
    "ALL ON": (True, True, None),
    "ALL OFF": (False, False, None),
    "充电OFF": (False, True, None),
    "放电OFF": (True, False, None),
    "PCHG ON": (None, None, True),
}


class JbdTools(Parser):
    """Tab-separated text named `.xls` that JBDTools (Windows) writes, in GBK, with a tab at the end of every line.

    Live records (`RecordYYYYMMDD.xls`, later named in Chinese): date, time, pack voltage `52.84V`, current `-12.00A`
    (charging positive; here it is turned), cells `3.300 V`, average, highest and lowest cell, SoC `98%`, capacities
    `5000mAH`, cycles, temperatures, FETs `ON` or `OFF`, protection and balance words in hex without 0x. Version 1.1
    writes English captions, later ones Chinese with English in brackets. The stamps are the PC's.

    History (version 2.9), read from the BMS: time, record type (timed sample, charge or discharge started, stopped,
    protection, warning, released), pack voltage, current, capacities, highest and lowest cell and their numbers,
    temperatures, FETs. The stamps are those of the BMS clock.
    """

    name: ClassVar[str] = "jbdtools"
    title: ClassVar[str] = "JBDTools record or history (.xls that is text)"
    device: ClassVar[str] = "JBDTools (Windows) on a JBD BMS"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = (
        *(channel for _, channel, _, _ in _LIVE_NUMBERS),
        "cell_voltages",
        "battery_temperatures",
        "battery_temperature",
        "charge_fet",
        "discharge_fet",
        "precharge_fet",
        "protections",
        "warnings",
        "balancing",
        "cells_balancing",
        "cell_max_index",
        "cell_min_index",
        "event",
        "event_text",
    )
    clock: ClassVar[str] = "wall clock of the PC (live) or of the BMS (history), no zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions of a live record or of the history."""
        kind = find_columns(to_utf8(source.head)[0]).kind
        if not kind:
            return Sniff.no("the first line does not hold the captions of a JBDTools record or history")
        return Sniff.yes(f"the captions are those of a JBDTools {'history' if kind == 'history' else 'record'}")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the rows."""
        text, encoding = to_utf8(source.data)
        columns = find_columns(text)
        if not columns.kind:
            raise ParseError("holds no captions of a JBDTools record or history.", path=source.label)
        table = read_delimited(text, separator=columns.separator, text_columns=columns.names, path=source.label)
        require_columns(table.frame, (columns.known[name] for name in _NEEDED[columns.kind]), source.label)
        there = {meaning: name for meaning, name in columns.known.items() if name in table.frame.columns}
        columns = replace(columns, known=there)
        build = _history if columns.kind == "history" else _live
        return [build(self.name, table.frame, table.lines, columns, (*encoding, *table.damage), source, options)]


def _live(
    parser: str,
    frame: pl.DataFrame,
    lines: NDArray[np.int64],
    columns: Columns,
    damage: tuple[Damage, ...],
    source: Source,
    options: ReadOptions,
) -> Log:
    date, time = columns.known["date"], columns.known["time"]
    stamps = frame.get_column(date).fill_null("") + " " + frame.get_column(time).fill_null("")
    rows = timed_rows(frame, lines, _read_stamps(stamps), path=source.label, expected="a date and a time of day")
    builder = LogBuilder(rows.seconds, rows.lines, time_source=f"{date}, {time}")
    cells = Cells(rows.frame, columns)
    for meaning, channel, default, conversion in _LIVE_NUMBERS:
        cells.number(builder, meaning, channel, default, conversion)
    silent = add_cells(builder, cells.matrix(columns.cells), rows.lines, f"{columns.cells[0]} on")
    add_sensors(builder, cells.matrix(columns.temperatures), "".join(columns.temperatures[:1]) + " on")
    for meaning in ("charge_fet", "discharge_fet"):
        if meaning in columns.known:
            builder.add(meaning, cells.choices(columns.known[meaning], _SWITCH), source=columns.known[meaning])
    words = cells.words(columns.known["protections"])
    names = [None if word is None else named_bits(word, PROTECTION_BITS) for word in words]
    builder.add("protections", names, source=columns.known["protections"], conversion="bits to names")
    if "balance" in columns.known:
        balance = cells.words(columns.known["balance"])
        builder.add("balancing", [None if word is None else bool(word) for word in balance], source="BalanceStatus")
        builder.add("cells_balancing", _bit_matrix(balance, len(columns.cells)), source="BalanceStatus")
    _keep_others(builder, rows.frame, columns)
    reason = "The stamps are those of the PC that wrote the record; it does not say its zone."
    clock = Clock(ClockBasis.LOCAL, float(rows.seconds[0]), options.zone, 1.0, reason)
    return _built(builder, parser, clock, (*damage, *rows.damage, *silent, *cells.damage))


def _history(
    parser: str,
    frame: pl.DataFrame,
    lines: NDArray[np.int64],
    columns: Columns,
    damage: tuple[Damage, ...],
    source: Source,
    options: ReadOptions,
) -> Log:
    seconds = _read_stamps(frame.get_column(columns.known["time"]).fill_null(""))
    frame, lines, seconds, turned = _oldest_first(frame, lines, seconds)
    seconds, unset = _fill_unset(seconds, lines)
    rows = timed_rows(frame, lines, seconds, path=source.label, expected="a date and a time of day")
    builder = LogBuilder(rows.seconds, rows.lines, time_source=columns.known["time"])
    cells = Cells(rows.frame, columns)
    for meaning, channel, default, conversion in _HISTORY_NUMBERS:
        cells.number(builder, meaning, channel, default, conversion)
    for meaning, channel in (("highest_cell", "cell_max_index"), ("lowest_cell", "cell_min_index")):
        if meaning in columns.known:
            numbers = cells.quantities(columns.known[meaning])
            first = 0.0 if np.nanmin(numbers, initial=1.0) < 1 else 1.0
            numbers = numbers - first
            conversion = "counted from 0 instead of 1" if first else ""
            builder.add(channel, numbers, source=columns.known[meaning], conversion=conversion)
    fets = cells.choices(columns.known["fets"], _FETS)
    for index, channel in enumerate(("charge_fet", "discharge_fet", "precharge_fet")):
        builder.add(channel, [None if found is None else found[index] for found in fets], source=columns.known["fets"])
    types = cells.texts(columns.known["kind"])
    records = [read_type(text) for text in types]
    caption = columns.known["kind"]
    builder.add("event", [record.event for record in records], source=caption, conversion="record type to name")
    builder.add("event_text", types, source=caption)
    builder.add("protections", [_listed(record.protections) for record in records], source=caption)
    builder.add("warnings", [_listed(record.warnings) for record in records], source=caption)
    _keep_others(builder, rows.frame, columns)
    reason = "The stamps are those of the clock in the BMS as somebody set it; it does not say its zone."
    clock = Clock(ClockBasis.LOCAL, float(rows.seconds[0]), options.zone, 1.0, reason)
    return _built(builder, parser, clock, (*damage, *turned, *unset, *rows.damage, *cells.damage))


def _built(builder: LogBuilder, parser: str, clock: Clock, damage: tuple[Damage, ...]) -> Log:
    identity = Identity(device="JBD BMS", family="jbd", software="JBDTools")
    return builder.build(Role.BMS, parser, clock=clock, identity=identity, damage=damage)


def _bit_matrix(words: list[int | None], count: int) -> NDArray[np.float64]:
    matrix = np.full((len(words), count), np.nan)
    for row, word in enumerate(words):
        if word is not None:
            matrix[row] = [word >> bit & 1 for bit in range(count)]
    return matrix


def _listed(names: tuple[str, ...] | None) -> list[str] | None:
    return None if names is None else list(names)


def _read_stamps(texts: pl.Series) -> NDArray[np.float64]:
    """Stamps of a column, also where month, day and hour have no leading zero or the date has slashes."""
    padded = (
        texts.str.strip_chars()
        .str.replace_all("/", "-", literal=True)
        .str.replace_all(r"-(\d)\b", "-0$1")
        .str.replace_all(r"\s+(\d):", " 0$1:")
        .str.replace_all(r"\s+", " ")
    )
    return parse_stamps(padded, "%Y-%m-%d %H:%M:%S%.f")


def _oldest_first(
    frame: pl.DataFrame, lines: NDArray[np.int64], seconds: NDArray[np.float64]
) -> tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.float64], tuple[Damage, ...]]:
    """Turn a history around that is written newest first."""
    known = seconds[np.isfinite(seconds)]
    steps = np.diff(known)
    if not len(steps) or (steps < 0).sum() <= (steps > 0).sum():
        return frame, lines, seconds, ()
    message = "The history is written newest first; the records are put in order of time."
    return (
        frame.reverse(),
        lines[::-1].copy(),
        seconds[::-1].copy(),
        (Damage(DamageKind.NOTE, Effect.REPAIRED, message, len(lines)),),
    )


def _fill_unset(seconds: NDArray[np.float64], lines: NDArray[np.int64]) -> tuple[NDArray[np.float64], list[Damage]]:
    """Give records without a date the stamp of the record before, so that what happened is not lost."""
    unset = ~np.isfinite(seconds)
    if not unset.any() or unset.all():
        return seconds, []
    index = np.maximum.accumulate(np.where(unset, 0, np.arange(len(seconds))))
    filled = seconds[index]
    filled[np.isnan(filled)] = seconds[np.flatnonzero(~unset)[0]]
    message = f"{int(unset.sum())} records have no valid time; they are kept at the time of the record before."
    rows = tuple(int(line) for line in lines[unset][:20])
    return filled, [Damage(DamageKind.CLOCK_STEP, Effect.REPAIRED, message, int(unset.sum()), rows, "time")]


def _keep_others(builder: LogBuilder, frame: pl.DataFrame, columns: Columns) -> None:
    kept = {caption for meaning, caption in columns.known.items() if meaning != _KEPT}
    known = {*kept, *columns.cells, *columns.temperatures}
    for name in frame.columns:
        if name and name not in known:
            builder.keep(name, frame.get_column(name))
