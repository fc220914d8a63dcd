"""Rows of a JK detail log, as text cells under captions, to a log."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import Clock, ClockBasis, repair_backward_steps
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role

from .frames.jk_codes import event_of
from .frames.jk_events_in_words import code_of_text
from .jk_captions import read_meanings

_NUMBER: Final = re.compile(r"[-+]?\d+(?:[.,]\d+)?")
_STAMP: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?")
_ON: Final = frozenset({"on", "1", "1.0", "true", "yes", "enabled"})
_OFF: Final = frozenset({"off", "0", "0.0", "false", "no", "disabled"})
#: Meaning of a column to channel.
NUMBERS: Final = {
    "voltage": "pack_voltage",
    "highest": "cell_voltage_max",
    "lowest": "cell_voltage_min",
    "remaining": "remaining_capacity",
    "full": "full_charge_capacity",
    "hottest": "battery_temperature",
    "fets_hot": "bms_fet_temperature",
}
SWITCHES: Final = ("charge_fet", "discharge_fet", "balancing", "heating")
_CELL_NUMBERS: Final = {"highest_number": "cell_max_index", "lowest_number": "cell_min_index"}
_TEMPERATURES: Final = ("hottest", "fets_hot")
_NO_PROBE: Final = -1.0
#: From so many rows on, a cell number that is never 0 counts from 1.
_ROWS_TO_TELL_NUMBERS: Final = 50

#: Source row and cells of each row.
Rows = list[tuple[int, list[str]]]


@dataclass(frozen=True, slots=True)
class _Table:
    """Rows with stamps, in the order of time: cells by column, and the columns by what they mean."""

    cells: list[list[str]]
    columns: dict[str, int]
    captions: list[str]

    def texts(self, meaning: str) -> list[str]:
        """Cells of the column with that meaning."""
        return [row[self.columns[meaning]] for row in self.cells]

    def numbers(self, meaning: str) -> NDArray[np.float64]:
        """Cells as numbers, units behind them passed over; NaN where there is none."""
        found = (_NUMBER.match(text) for text in self.texts(meaning))
        return np.array([np.nan if match is None else float(match[0].replace(",", ".")) for match in found])

    def caption(self, meaning: str) -> str:
        """Caption of the column with that meaning."""
        return self.captions[self.columns[meaning]]


def detail_log_of_rows(captions: list[str], rows: Rows, *, parser: str, path: str, zone: str) -> Log:
    """Make a log of the rows.

    Raises:
        ParseError: If no row has a stamp.
    """
    columns = read_meanings(captions)
    width = len(captions)
    stamped, damage = _stamped_rows(rows, width, columns.get("time", _stamp_column(rows, width)))
    if not stamped:
        raise ParseError("no row has a stamp like 2026-07-04 15:42:12.", path=path, advice="Export the log again.")
    if stamped[-1][0] < stamped[0][0]:
        stamped.reverse()
    lines = np.array([line for _, line, _ in stamped], dtype=np.int64)
    seconds, steps = repair_backward_steps(np.array([stamp for stamp, _, _ in stamped], dtype=np.float64), lines)
    table = _Table([cells for _, _, cells in stamped], columns, captions)
    builder = LogBuilder(seconds, lines, time_source=table.caption("time") if "time" in columns else "")
    used = {"time", *_add_numbers(builder, table), *_add_switches(builder, table), *_add_events(builder, table)}
    dealt_with = {columns[meaning] for meaning in used if meaning in columns}
    for index, caption in enumerate(captions):
        if caption and index not in dealt_with:
            builder.keep(caption, [cells[index] for cells in table.cells])
    reason = "The exporting program writes the wall clock of its device; the file does not say the zone."
    clock = Clock(ClockBasis.LOCAL, float(seconds[0]), zone, 1.0, reason)
    identity = Identity(device="JK BMS", family="jk", software="JK app or JK-BMS-MONITOR")
    return builder.build(Role.BMS, parser, clock=clock, identity=identity, damage=(*damage, *steps))


def _stamp(text: str) -> float | None:
    match = _STAMP.search(text)
    if match is None:
        return None
    parts = [int(part or 0) for part in match.groups()[:6]]
    try:
        stamp = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type,misc]
    except ValueError:
        return None
    return stamp.timestamp() + float(f"0.{match[7] or 0}")


def _stamp_column(rows: Rows, width: int) -> int:
    """The column whose cells are stamps, for a caption that is not known; the first column when none is."""
    for _, cells in rows[:5]:
        for index, cell in enumerate(cells[:width]):
            if _stamp(cell) is not None:
                return index
    return 0


def _stamped_rows(rows: Rows, width: int, column: int) -> tuple[list[tuple[float, int, list[str]]], list[Damage]]:
    kept: list[tuple[float, int, list[str]]] = []
    broken: list[int] = []
    for line, cells in rows:
        stamp = _stamp(cells[column]) if column < len(cells) else None
        if stamp is None or len(cells) < width - 1:
            broken.append(line)
        else:
            kept.append((stamp, line, (cells + [""] * width)[:width]))
    if not broken:
        return kept, []
    message = f"{len(broken)} rows have no readable stamp or too few cells."
    return kept, [Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(broken), tuple(broken[:20]))]


def _add_numbers(builder: LogBuilder, table: _Table) -> set[str]:
    for meaning, channel in NUMBERS.items():
        if meaning in table.columns:
            values = table.numbers(meaning)
            if meaning in _TEMPERATURES:
                values = np.where(values == _NO_PROBE, np.nan, values)
            builder.add(channel, values, source=table.caption(meaning))
    builder.add(
        "battery_current",
        0.0 - table.numbers("current"),
        source=table.caption("current"),
        conversion="sign changed: the source counts charging positive",
    )
    if "coldest" in table.columns:
        builder.keep("coldest battery sensor", table.numbers("coldest"), unit="degC")
    return {*NUMBERS, "current", "coldest", *_add_cell_numbers(builder, table)}


def _add_cell_numbers(builder: LogBuilder, table: _Table) -> set[str]:
    """Add the numbers of the extreme cells, from 0; a short file cannot tell from what they count and keeps them."""
    numbers = {meaning: table.numbers(meaning) for meaning in _CELL_NUMBERS if meaning in table.columns}
    finite = [values[np.isfinite(values)] for values in numbers.values()]
    first = 0 if any((values == 0).any() for values in finite) else 1
    if first and len(table.cells) < _ROWS_TO_TELL_NUMBERS:
        return set()
    conversion = "counted from 0 instead of 1" if first else ""
    for meaning, values in numbers.items():
        builder.add(_CELL_NUMBERS[meaning], values - first, source=table.caption(meaning), conversion=conversion)
    return set(numbers)


def _switch(text: str) -> bool | None:
    word = text.strip().lower()
    if word in _ON:
        return True
    return False if word in _OFF else None


def _add_switches(builder: LogBuilder, table: _Table) -> set[str]:
    """Add the states; a column with words that may mean both ("close") is kept as it is as well."""
    used: set[str] = set()
    for channel in SWITCHES:
        if channel in table.columns:
            states = [_switch(text) for text in table.texts(channel)]
            builder.add(channel, states, source=table.caption(channel))
            if None not in states:
                used.add(channel)
    if "both_fets" in table.columns and not builder.has("charge_fet"):
        pairs = [re.split(r"[/,;|\s]+", text.strip()) for text in table.texts("both_fets")]
        for index, channel in enumerate(("charge_fet", "discharge_fet")):
            states = [_switch(pair[index]) if len(pair) == 2 else None for pair in pairs]
            builder.add(channel, states, source=table.caption("both_fets"))
    return used


def _add_events(builder: LogBuilder, table: _Table) -> set[str]:
    if "event" not in table.columns and "code" not in table.columns:
        return set()
    texts = table.texts("event") if "event" in table.columns else [""] * len(table.cells)
    codes: list[int | None] = [code_of_text(text) for text in texts]
    if "code" in table.columns:
        numbers = table.numbers("code")
        codes = [int(number) if 0 <= number < 256 else code for number, code in zip(numbers, codes, strict=True)]
    events = [event_of(code) if code else None for code in codes]
    words = [text or (event.text if event else None) for text, event in zip(texts, events, strict=True)]
    source = ", ".join(table.caption(meaning) for meaning in ("event", "code") if meaning in table.columns)
    builder.add("event", [event.name if event else None for event in events], source=source)
    builder.add("event_text", words, source=source)
    builder.add("event_code", np.array([code or np.nan for code in codes], dtype=np.float64), source=source)
    acted = [[event.protection] if event and event.protection else None for event in events]
    builder.add("protections", acted, derived="the event of the record")
    return {"event", "code"}
