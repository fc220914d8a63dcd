"""VESC Logger for iOS (2016): JSON lines with a handful of values."""

from __future__ import annotations

import json
from typing import ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import Column, add_columns
from .json_records import broken_lines, column, json_lines, unknown_columns
from .json_text import json_text
from .timed_rows import timed_rows

_TIME: Final = "t"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("inpVoltage", "pack_voltage"),
    Column("avgMotorCurrent", "motor_current"),
    Column("avgInputCurrent", "battery_current"),
    Column("dutyCycleNow", "duty"),
    Column("rpm", "erpm"),
    Column("mosfet_temp", "fet_temperature"),
    Column("wattHours", "watt_hours_used"),
    Column("wattHoursCharged", "watt_hours_charged"),
    Column("ampHours", "amp_hours_used"),
    Column("ampHoursCharged", "amp_hours_charged"),
)


class VescLogger2016(Parser):
    """One JSON object a line, keys in any order.

    `t` is seconds, relative to the start of the app; `rpm` is ERPM, `dutyCycleNow` a fraction, temperatures in degC.
    """

    name: ClassVar[str] = "vesc-logger-2016"
    title: ClassVar[str] = "VESC Logger JSON lines (iOS, 2016)"
    device: ClassVar[str] = "VESC Logger app"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(item.channel for item in COLUMNS)
    clock: ClassVar[str] = "seconds from the start of the app, no date"

    def sniff(self, source: Source) -> Sniff:
        """Look at the keys of the first line."""
        for line in json_text(source.head).split("\n", 20)[:20]:
            if not line.strip():
                continue
            try:
                first = json.loads(line)
            except (ValueError, RecursionError):
                return Sniff.no("the first line is no JSON object")
            if isinstance(first, dict) and {_TIME, "inpVoltage", "avgMotorCurrent"} <= first.keys():
                return Sniff.yes("the keys of the first line are those of VESC Logger")
            return Sniff.no("the first line has no keys 't', 'inpVoltage', 'avgMotorCurrent'")
        return Sniff.no("holds no text")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the lines."""
        import polars as pl

        records: list[dict[str, object]] = []
        lines: list[int] = []
        broken: list[int] = []
        last = 0
        for last, record in json_lines(source.data):
            if record is None:
                broken.append(last)
            else:
                records.append(record)
                lines.append(last)
        if not records:
            raise ParseError("holds no JSON record.", path=source.label)
        names = [item.source for item in COLUMNS if any(item.source in record for record in records[:100])]
        values = {name: column(records, name) for name in (_TIME, *names)} | unknown_columns(records, (_TIME, *names))
        frame = pl.DataFrame({name: pl.Series(series, nan_to_null=True) for name, series in values.items()})
        rows = timed_rows(
            frame, np.asarray(lines, np.int64), column(records, _TIME), path=source.label, expected="seconds in 't'"
        )
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        missing = add_columns(builder, rows.frame, COLUMNS, known=(_TIME,))
        return [
            builder.build(
                Role.CONTROLLER,
                self.name,
                clock=Clock(ClockBasis.NONE, None, "", 0.001, "'t' counts from the start of the app."),
                identity=Identity(device="VESC controller", family="vesc", software="VESC Logger"),
                damage=(*broken_lines(broken, last), *rows.damage, *missing),
            )
        ]
