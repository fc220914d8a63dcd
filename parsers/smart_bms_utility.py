"""Smart BMS Utility (iOS): one CSV a day of a JBD BMS."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .cell_columns import add_cells, add_sensors, numbered_matrix
from .columns import PERCENT, Column, add_columns
from .delimited import read_delimited
from .loose_text import unknown_captions
from .required_columns import require_columns
from .stamps import parse_first_fitting
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "timestampUTC"
_CHARGING: Final = "chargingCurrentA"
_DISCHARGING: Final = "disChargingCurrentA"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("totalVoltage", "pack_voltage"),
    Column("remainingCapacityAh", "remaining_capacity"),
    Column("socPercent", "soc", PERCENT, conversion="percent to fraction"),
)
_SENSOR: Final = re.compile(r"t(\d{1,2})")
_CELL: Final = re.compile(r"c(\d{1,2})")
_PATTERNS: Final = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f")


class SmartBmsUtility(Parser):
    """`YYYYMMDD.csv`, UTF-8, cells apart by semicolons.

    `timestampUTC;totalVoltage;chargingCurrentA;disChargingCurrentA;remainingCapacityAh;socPercent;t1;...;c1;...`. The
    name of the time column is wrong: the app writes the wall clock of the phone. The two currents are positive; their
    difference is the battery current. Cells are in V, temperatures in degC. Early versions end rows in semicolons.
    """

    name: ClassVar[str] = "smart-bms-utility"
    title: ClassVar[str] = "Smart BMS Utility CSV (JBD BMS)"
    device: ClassVar[str] = "Smart BMS Utility (iOS) on a JBD BMS"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = (
        *(column.channel for column in COLUMNS),
        "battery_current",
        "cell_voltages",
        "battery_temperatures",
        "battery_temperature",
    )
    clock: ClassVar[str] = "wall clock of the phone, although the column says UTC"

    def sniff(self, source: Source) -> Sniff:
        """Look for the time column and the two currents."""
        captions = read_captions(source.head, (";", ",", "\t"))
        if not captions.has(_TIME.lower(), _CHARGING.lower(), _DISCHARGING.lower()):
            return Sniff.no(f"the first line has no columns '{_TIME}', '{_CHARGING}' and '{_DISCHARGING}'")
        return Sniff.yes("the header is that of Smart BMS Utility")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the rows."""
        captions = read_captions(source.head, (";", ",", "\t"))
        official = {name.lower(): name for name in (_TIME, _CHARGING, _DISCHARGING, *(c.source for c in COLUMNS))}
        numbered = [name for name in captions.lower if _SENSOR.fullmatch(name) or _CELL.fullmatch(name)]
        numbers = [name for name in captions.names if name.lower() in {*official, *numbered} - {_TIME.lower()}]
        table = read_delimited(
            source.data,
            separator=captions.separator,
            text_columns=[name for name in captions.names if name.lower() == _TIME.lower()],
            loose_columns=unknown_captions(captions.names, numbers),
            path=source.label,
        )
        frame = table.frame.rename(_official_names(table.frame.columns, official))
        require_columns(frame, (_TIME, _CHARGING, _DISCHARGING), source.label)
        frame = frame.drop([name for name in frame.columns if name not in official.values() and _empty(frame[name])])
        stamps, _ = parse_first_fitting(frame.get_column(_TIME), _PATTERNS)
        rows = timed_rows(frame, table.lines, stamps, path=source.label, expected="yyyy-MM-dd HH:mm:ss")
        frame = rows.frame
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        charging = frame.get_column(_CHARGING).to_numpy().astype(np.float64)
        discharging = frame.get_column(_DISCHARGING).to_numpy().astype(np.float64)
        builder.add(
            "battery_current",
            discharging - charging,
            source=f"{_DISCHARGING}, {_CHARGING}",
            conversion="discharging minus charging",
        )
        cells, sensors = (_numbered(frame.columns, pattern) for pattern in (_CELL, _SENSOR))
        silent = add_cells(builder, _matrix(frame, cells), rows.lines, "c1 on")
        add_sensors(builder, _matrix(frame, sensors), "t1 on")
        known = (_TIME, _CHARGING, _DISCHARGING, *cells.values(), *sensors.values())
        missing = add_columns(builder, frame, COLUMNS, known=known, finite=True)
        reason = f"'{_TIME}' holds the wall clock of the phone, in spite of its name; the file does not say its zone."
        log = builder.build(
            Role.BMS,
            self.name,
            clock=Clock(ClockBasis.LOCAL, float(rows.seconds[0]), options.zone, 1.0, reason),
            identity=Identity(device="JBD BMS", family="jbd", software="Smart BMS Utility"),
            damage=(*table.damage, *rows.damage, *silent, *missing),
        )
        return [log]


def _official_names(names: list[str], official: Mapping[str, str]) -> dict[str, str]:
    """Names as the app writes them for columns whose captions differ in case; the first of each."""
    first = {name.lower(): name for name in reversed(names)}
    return {first[lower]: name for lower, name in official.items() if lower in first and name not in names}


def _empty(series: pl.Series) -> bool:
    return series.null_count() == len(series)


def _numbered(names: list[str], pattern: re.Pattern[str]) -> dict[int, str]:
    """Columns of that pattern by their number."""
    return {int(match[1]): name for name in names if (match := pattern.fullmatch(name.lower()))}


def _matrix(frame: pl.DataFrame, columns: dict[int, str]) -> NDArray[np.float64]:
    return numbered_matrix({number: frame[name].to_numpy() for number, name in columns.items()}, frame.height)
