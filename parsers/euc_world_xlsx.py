"""EUC World: ride logs of electric unicycles and scooters, as the spreadsheet it exports."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from ridelog.clock import Clock, ClockBasis
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILES, MILES_PER_HOUR, PERCENT, Column, add_columns, as_written
from .electric_signs import Electric, signed_columns
from .loose_text import numbers_where_possible
from .mac_address import mac_address
from .positions import drop_missing_fixes
from .stamps import parse_first_fitting
from .timed_rows import UNHEARD_WHEEL, timed_rows
from .workbook import XLSX_MAGIC, captions_of_workbook, sheets_of_workbook

if TYPE_CHECKING:
    import polars as pl

_STAMP: Final = "date & time"
#: Channel of each caption without its unit, lower case.
_CHANNELS: Final[dict[str, str]] = {
    "speed": "speed",
    "voltage": "pack_voltage",
    "current": "battery_current",
    "phase current": "motor_current",
    "power": "power",
    "battery": "soc",
    "temperature": "controller_temperature",
    "motor temperature": "motor_temperature",
    "battery temperature": "battery_temperature",
    "distance": "distance",
    "total distance": "odometer",
    "safety margin": "pwm",
    "tilt": "pitch",
    "roll": "roll",
    "gps latitude": "latitude",
    "gps longitude": "longitude",
    "gps altitude": "altitude",
    "gps speed": "gps_speed",
    "gps bearing": "gps_heading",
    "gps distance": "gps_distance",
}
#: Factor and offset to the canonical unit, and what they mean.
_UNITS: Final[dict[str, tuple[float, float, str]]] = {
    "km/h": (KILOMETRES_PER_HOUR, 0.0, "km/h to m/s"),
    "mph": (MILES_PER_HOUR, 0.0, "mph to m/s"),
    "mi/h": (MILES_PER_HOUR, 0.0, "mph to m/s"),
    "km": (KILOMETRES, 0.0, "km to m"),
    "mi": (MILES, 0.0, "miles to m"),
    "ft": (0.3048, 0.0, "feet to m"),
    "%": (PERCENT, 0.0, "percent to fraction"),
    "°f": (5 / 9, -160 / 9, "degF to degC"),
}
_STAMPS: Final = ("%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f")
_FIX: Final = ("gps altitude", "gps speed", "gps bearing")
_CAPTION: Final = re.compile(r"^(.*?)\s*(?:\[(.*)\])?$", re.DOTALL)
_HEADER_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Cells below the header row: one list a column under its caption without unit, and the unit of each."""

    columns: dict[str, list[str]]
    units: dict[str, str]
    captions: dict[str, str]
    first_row: int


class EucWorldXlsx(Parser):
    """EUC World trips exported as a spreadsheet (XLSX).

    The first sheet with a caption `Date & Time` is read; captions carry their unit: `GPS Latitude [°]`, `GPS Longitude
    [°]`, `GPS Altitude [m]`, `GPS Speed [km/h]`, `Speed [km/h]`, `Battery [%]`, `Voltage [V]`, `Current [A]`,
    `Power [W]`, `Temperature [°C]`, `GPS Bearing [°]` and more. Stamps are Excel dates or text
    (`2024-06-29 19:55:32`), local time without a zone.
    """

    name: ClassVar[str] = "euc-world-xlsx"
    title: ClassVar[str] = "EUC World trip (XLSX)"
    device: ClassVar[str] = "Electric unicycle or scooter, logged by EUC World on a phone"
    roles: ClassVar[tuple[Role, ...]] = (Role.WHEEL,)
    gives: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(_CHANNELS.values()))
    clock: ClassVar[str] = "local time of the phone, without a zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions inside the workbook."""
        if not source.head.startswith(XLSX_MAGIC):
            return Sniff.no("not a spreadsheet (XLSX)")
        captions = {caption.lower() for caption in captions_of_workbook(source.data)}
        if _STAMP not in captions:
            return Sniff.no("the workbook has no caption 'Date & Time'")
        if "voltage [v]" not in captions or not any(caption.startswith("speed [") for caption in captions):
            return Sniff.no("the workbook has no captions 'Speed [...]' and 'Voltage [V]'")
        return Sniff.yes("a workbook with the captions of EUC World")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the trip.

        Raises:
            ParseError: If the workbook is damaged or no row can be used.
        """
        import numpy as np

        sheet = _read_sheet(source)
        frame = _frame(sheet)
        stamps, _ = parse_first_fitting(frame.get_column(_STAMP), _STAMPS)
        rows = timed_rows(
            frame,
            np.arange(sheet.first_row, sheet.first_row + frame.height, dtype=np.int64),
            stamps,
            path=source.label,
            expected="an Excel date or a text like 2024-06-29 19:55:32 in 'Date & Time'",
            zero_columns=UNHEARD_WHEEL,
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "gps latitude", "gps longitude", _FIX)
        table, signs = signed_columns(
            _table(sheet), frame, rows.seconds, Electric("voltage", "current", "power", "phase current"), "EUC World"
        )
        builder = LogBuilder(rows.seconds, rows.lines, "Date & Time", counted="row")
        frame, table = as_written(frame.drop(_STAMP), table, sheet.captions)
        found = add_columns(builder, frame, table)
        clock = Clock(
            ClockBasis.LOCAL,
            float(rows.seconds[0]),
            options.zone,
            0.001,
            "The spreadsheet has the phone's local date and time without a zone.",
        )
        identity = Identity(
            device="Electric unicycle", serial=mac_address(source.member, source.path), software="EUC World"
        )
        damage = (*rows.damage, *no_fix, *signs, *found)
        return [builder.build(Role.WHEEL, self.name, clock=clock, identity=identity, damage=damage)]


def _read_sheet(source: Source) -> _Sheet:
    for cells in sheets_of_workbook(source).values():
        for number, row in enumerate(cells[:_HEADER_ROWS], start=1):
            if _STAMP in (cell.lower() for cell in row):
                return _cut(cells[number:], row, number + 1)
    raise ParseError("no sheet has a row of captions with 'Date & Time'.", path=source.label)


def _cut(cells: list[list[str]], captions: list[str], first_row: int) -> _Sheet:
    sheet = _Sheet({}, {}, {}, first_row)
    for index, caption in enumerate(captions):
        found = _CAPTION.match(caption)
        name, unit = (found.group(1).lower(), found.group(2) or "") if found else (caption.lower(), "")
        if name and name not in sheet.columns:
            sheet.columns[name] = [row[index] for row in cells]
            sheet.units[name] = unit.strip()
            sheet.captions[name] = caption
    return sheet


def _frame(sheet: _Sheet) -> pl.DataFrame:
    """The cells as a frame: known columns as numbers, the stamps as text, the others as what they are."""
    import polars as pl

    texts = pl.DataFrame(
        [pl.Series(name, [cell or None for cell in cells], dtype=pl.String) for name, cells in sheet.columns.items()]
    )
    numbers = [name for name in texts.columns if name in _CHANNELS]
    frame = texts.with_columns(pl.col(name).cast(pl.Float64, strict=False) for name in numbers)
    frame = frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in numbers)
    return numbers_where_possible(frame, (_STAMP,))


def _table(sheet: _Sheet) -> tuple[Column, ...]:
    table = []
    for name, channel in _CHANNELS.items():
        if name not in sheet.columns:
            continue
        scale, offset, words = _UNITS.get(sheet.units[name].lower(), (1.0, 0.0, ""))
        column = Column(name, channel, scale, offset, words)
        if channel == "pwm":
            words = "1 - margin / 100: the margin is what is left of the PWM"
            column = replace(column, scale=-scale, offset=1.0, conversion=words, sentinels=(0.0,))
        table.append(column)
    return tuple(table)
