"""EPDataLog, a Windows logger for Daly BMSs by UART: CSV of the answers to commands 90 to 98."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.arrow_columns import texts_by_place
from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import HEAD_BYTES, Source

from .captions import Captions, read_captions
from .cell_columns import add_cells, add_sensors, numbered_matrix
from .columns import MILLI, PERCENT, Column, add_columns
from .daly_epdatalog_alarms import add_alarms, balanced_cells
from .delimited import Delimited, read_delimited
from .frames.daly_codes import STATES
from .required_columns import require_columns
from .stamps import parse_first_fitting
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "Timestamp"
#: Ways in which the stamp may be written, the program's own first, then those that other programs and spreadsheets make of it
#: and that say which is the month.
_STAMPS: Final = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%Y/%m/%d %H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f")
_CURRENT: Final = "Current (A)"
_STATE: Final = "Charging (1) Discharging (2) Status"
_BALANCED: Final = "Cell Balancing Status"
_CELL: Final = re.compile(r"Cell Voltage (\d{1,2}) \(mV\)")
_SENSOR: Final = re.compile(r"Temperature (\d{1,2}) \(C\)")
_ALARM: Final = re.compile(r"Alarm (\d)")
#: Rows end in comma and blank: that is no cell.
_BLANK_END: Final = re.compile(rb",[ \t]+(?=\r?\n|\Z)")
#: Below this the sign of the current says nothing about the direction; engineering judgement.
_CLEAR_CURRENT_A: Final = 1.0

COLUMNS: Final[tuple[Column, ...]] = (
    Column("Voltage (V)", "pack_voltage"),
    Column("State Of Charge (%)", "soc", PERCENT, conversion="percent to fraction"),
    Column("Remaining Capacity (mAH)", "remaining_capacity", MILLI, conversion="mAh to Ah"),
    Column("Remaining Capacity (AH)", "remaining_capacity"),
    Column("Highest Cell Voltage (mV)", "cell_voltage_max", MILLI, conversion="mV to V"),
    Column("Lowest Cell Voltage (mV)", "cell_voltage_min", MILLI, conversion="mV to V"),
)
_FLAGS: Final = (
    ("Charging MOS Status", "charge_fet"),
    ("Discharging MOS Status", "discharge_fet"),
    ("Balancing Status", "balancing"),
)


class DalyEpDataLog(Parser):
    """`EPData<date>_<time>.csv`, cells apart by comma and blank, a comma at the end of every line.

    Line number, wall clock of the PC, battery id, current, voltage, SoC, capacities, cells in mV, temperatures, state,
    FETs, balancing, and the eight fault bytes as quoted bits, lowest bit first, or faults in words. The current is
    that of command 90, positive when discharging, unless the state column says the opposite throughout.
    """

    name: ClassVar[str] = "daly-epdatalog"
    title: ClassVar[str] = "EPDataLog CSV (Daly BMS)"
    device: ClassVar[str] = "EPDataLog (Windows) on a Daly BMS"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = (
        *dict.fromkeys(column.channel for column in COLUMNS),
        *(channel for _, channel in _FLAGS),
        "battery_current",
        "cell_voltages",
        "battery_temperatures",
        "battery_temperature",
        "bms_state",
        "cells_balancing",
        "protections",
        "warnings",
    )
    clock: ClassVar[str] = "wall clock of the PC, no zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the long caption of the state and the cells in mV."""
        captions = read_captions(source.head, (",", ";", "\t"))
        if _STATE not in captions.names or not any(_CELL.fullmatch(name) for name in captions.names):
            return Sniff.no(f"the first line has no column '{_STATE}' with cells in mV")
        if not {_TIME, _CURRENT} <= set(captions.names):
            return Sniff.no(f"the first line has no columns '{_TIME}' and '{_CURRENT}'")
        return Sniff.yes("the header is that of EPDataLog")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the rows."""
        captions = read_captions(source.head, (",", ";", "\t"))
        table = _read(source.data, captions, source.label)
        require_columns(table.frame, (_TIME, _CURRENT, _STATE), source.label)
        frame = table.frame
        stamps, _ = parse_first_fitting(frame.get_column(_TIME).fill_null(""), _STAMPS)
        rows = timed_rows(frame, table.lines, stamps, path=source.label, expected="yyyy-mm-dd hh:mm:ss")
        frame = rows.frame
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        state = _numbers(frame, _STATE)
        current, sign, turned = _with_sign(_numbers(frame, _CURRENT), state)
        builder.add("battery_current", current, source=_CURRENT, conversion=sign)
        cells, sensors, alarms = (_numbered(frame.columns, pattern) for pattern in (_CELL, _SENSOR, _ALARM))
        volts = _fitted(numbered_matrix({number: _volts(frame, name) for number, name in cells.items()}, frame.height))
        silent = add_cells(builder, volts, rows.lines, "Cell Voltage 1 (mV) on", "mV to V")
        heat = numbered_matrix({number: _numbers(frame, name) for number, name in sensors.items()}, frame.height)
        add_sensors(builder, _fitted(heat), "Temperature 1 (C) on")
        codes = np.where(np.isin(state, list(STATES)), state, max(STATES) + 1).astype(np.int64)
        names = [STATES.get(code) for code in range(max(STATES) + 2)]
        builder.add("bms_state", texts_by_place(names, codes), source=_STATE)
        for caption, channel in _FLAGS:
            if caption in frame.columns:
                builder.add(
                    channel, np.where(np.isnan(flags := _numbers(frame, caption)), np.nan, flags > 0), source=caption
                )
        known = [_TIME, _CURRENT, _STATE, _BALANCED, "Line #", *cells.values(), *sensors.values()]
        if alarms and add_alarms(builder, frame, [alarms[number] for number in sorted(alarms)]):
            known += alarms.values()
        if _BALANCED in frame.columns and volts.shape[1]:
            bits = balanced_cells(frame.get_column(_BALANCED), volts.shape[1])
            builder.add("cells_balancing", bits, source=_BALANCED)
        missing = add_columns(
            builder, frame, _present(frame), known=(*known, *(caption for caption, _ in _FLAGS)), finite=True
        )
        reason = "The stamps are those of the PC that logged; the file does not say its zone."
        log = builder.build(
            Role.BMS,
            self.name,
            clock=Clock(ClockBasis.LOCAL, float(rows.seconds[0]), options.zone, 1.0, reason),
            identity=Identity(device="Daly BMS", family="daly", software="EPDataLog"),
            damage=(*table.damage, *rows.damage, *turned, *silent, *missing),
        )
        return [log]


def _holds_text(name: str) -> bool:
    return name in (_TIME, _BALANCED) or bool(_ALARM.fullmatch(name))


def _read(data: bytes, captions: Captions, path: str) -> Delimited:
    """Read the rows; the blanks behind the last comma are taken off first where they would make a column."""

    def read(data: bytes) -> Delimited:
        return read_delimited(
            data,
            separator=captions.separator,
            text_columns=[name for name in captions.names if _holds_text(name)],
            loose_columns=captions.names,
            path=path,
        )

    if data[: data.find(b"\n") + 1].rstrip().endswith(captions.separator.encode()):
        table = read(data)
        if not table.damage:
            return table
    return read(_without_blank_ends(data))


def _without_blank_ends(data: bytes) -> bytes:
    """Take the blanks behind the last comma off each row, if the first rows have such."""
    head = data[:HEAD_BYTES]
    for end in (b"\n", b"\r\n"):
        if b", " + end in head:
            data = data.replace(b", " + end, b"," + end)
    if data.endswith(b", "):
        data = data[:-1]
    return _BLANK_END.sub(b",", data) if _BLANK_END.search(data[:HEAD_BYTES]) else data


def _present(frame: pl.DataFrame) -> tuple[Column, ...]:
    """The columns that hold numbers throughout; another one is kept as it is."""
    return tuple(
        column for column in COLUMNS if column.source in frame.columns and frame.schema[column.source].is_numeric()
    )


def _fitted(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Leave out the columns behind the last that ever reads."""
    width = matrix.shape[1]
    while width and not np.isfinite(matrix[:, width - 1]).any():
        width -= 1
    return matrix[:, :width]


def _numbers(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    import polars as pl

    column = frame.get_column(name)
    if column.dtype == pl.String:
        column = column.str.strip_chars()
    values: NDArray[np.float64] = column.cast(pl.Float64, strict=False).to_numpy().astype(np.float64, copy=False)
    return values


def _volts(frame: pl.DataFrame, name: str) -> NDArray[np.float64]:
    """Voltages in V of a cell in mV, NaN where it was not read."""
    millivolts = _numbers(frame, name)
    silent = millivolts == 0
    return (np.where(silent, np.nan, millivolts) if silent.any() else millivolts) / 1000


def _numbered(names: list[str], pattern: re.Pattern[str]) -> dict[int, str]:
    return {int(match[1]): name for name in names if (match := pattern.fullmatch(name))}


def _with_sign(
    current: NDArray[np.float64], state: NDArray[np.float64]
) -> tuple[NDArray[np.float64], str, tuple[Damage, ...]]:
    """Turn the current where the state contradicts its sign in every clear row, three at least."""
    clear = (np.abs(current) >= _CLEAR_CURRENT_A) & np.isin(state, (1, 2))
    against = clear & ((current > 0) == (state == 1))
    count = int(against.sum())
    if count < 3 or count < int(clear.sum()):
        return current, "", ()
    message = f"The state column says the opposite of the usual sign of the current in all {count} clear rows; turned."
    damage = Damage(DamageKind.NOTE, Effect.REPAIRED, message, count, channel="battery_current")
    return -current + 0.0, "sign changed: by the state column charging is counted positive", (damage,)
