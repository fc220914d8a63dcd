"""M365-Power: logs of Xiaomi M365 scooters, written by a phone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILLI, PERCENT, Column, add_columns, as_written
from .delimited import read_delimited
from .required_columns import require_columns
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl

_MEAN: Final = "mean of the readings since the row before"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("averagecurrent", "battery_current", conversion=_MEAN),
    Column("voltage", "pack_voltage"),
    Column("averagepower", "power", derived="mean current and last voltage, by M365-Power"),
    Column("averagespeed", "speed", KILOMETRES_PER_HOUR, conversion=f"km/h to m/s; {_MEAN}"),
    Column("distancetravelled", "distance", KILOMETRES, conversion="km to m"),
    Column("batterylife", "soc", PERCENT, conversion="percent to fraction"),
    Column("remainingcapacity", "remaining_capacity", MILLI, conversion="mAh to Ah"),
    Column("batterytemperature", "battery_temperature", sentinels=(0.0,)),
    Column("recoveredpower", "amp_hours_charged", derived="current and time, by M365-Power"),
    Column("spentpower", "amp_hours_used", derived="current and time, by M365-Power"),
)
_OTHERS: Final = ("amphperkilometer", "remainingrange", "timestamp")


class M365Power(Parser):
    """M365-Power CSV files (Xiaomi M365 and relatives).

    Comma-separated with the header `averageCurrent,voltage,averagePower,averageSpeed,distanceTravelled,batteryLife,
    remainingCapacity,batteryTemperature,recoveredPower,spentPower,amphperkilometer,remainingRange,timestamp`. The last
    column is the time in ms since 1970 (UTC). Current, power and speed are means of the readings since the row before;
    a row in which the mean current is exactly 0 is not written. Units: A (discharge positive), V, W, km/h, km, percent,
    mAh, degC; `recoveredPower` and `spentPower` are counters in Ah, the first one running below zero.
    """

    name: ClassVar[str] = "m365-power"
    title: ClassVar[str] = "M365-Power log (CSV, Xiaomi scooters)"
    device: ClassVar[str] = "Xiaomi M365 scooter, logged by M365-Power on a phone"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(column.channel for column in COLUMNS))
    clock: ClassVar[str] = "UTC to the millisecond"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions."""
        captions = read_captions(source.head)
        if captions.has("averagecurrent", "voltage", "averagepower", "recoveredpower", "spentpower", "timestamp"):
            return Sniff.yes("M365-Power header")
        return Sniff.no("averageCurrent, averagePower, recoveredPower or spentPower is not in the header")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the stamps need no zone
        """Read the log.

        Raises:
            ParseError: If no row can be used.
        """
        captions = read_captions(source.head)
        numbers = {column.source for column in COLUMNS}.union(_OTHERS)
        table = read_delimited(
            source.data,
            separator=captions.separator,
            header=captions.lower,
            text_columns=set(captions.lower) - numbers,
            skip_lines=captions.line,
            path=source.label,
        )
        require_columns(table.frame, ("timestamp",), source.label)
        stamps = table.frame.get_column("timestamp").to_numpy().astype(np.float64) * MILLI
        rows = timed_rows(table.frame, table.lines, stamps, path=source.label, expected="ms since 1970 in 'timestamp'")
        builder = LogBuilder(rows.seconds, rows.lines, "timestamp")
        columns = _with_sign_of_recovered(rows.frame)
        frame, columns = as_written(rows.frame.drop("timestamp"), columns, captions.written)
        found = add_columns(builder, frame, columns, finite=True)
        clock = Clock(
            ClockBasis.UTC, float(rows.seconds[0]), "UTC", 0.001, "The stamps count milliseconds since 1970 in UTC."
        )
        identity = Identity(device="Xiaomi M365 scooter", family="xiaomi", software="M365-Power")
        damage = (*table.damage, *rows.damage, *found)
        return [builder.build(Role.CONTROLLER, self.name, clock=clock, identity=identity, damage=damage)]


def _with_sign_of_recovered(frame: pl.DataFrame) -> tuple[Column, ...]:
    """The recovered charge as a positive counter: the program adds up negative currents."""
    if "recoveredpower" not in frame.columns:
        return COLUMNS
    values = frame.get_column("recoveredpower").to_numpy()
    values = values[np.isfinite(values)]
    if not len(values) or float(values.sum()) >= 0:
        return COLUMNS
    return tuple(
        replace(column, scale=-1.0, conversion="sign changed: the source counts below zero")
        if column.source == "recoveredpower"
        else column
        for column in COLUMNS
    )
