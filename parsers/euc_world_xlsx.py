"""EUC World: ride logs of electric unicycles and scooters, as the spreadsheet it exports."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from ridelog.clock import Clock, ClockBasis
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILES, MILES_PER_HOUR, PERCENT, Column, add_columns, as_written
from .electric_signs import Electric, signed_columns
from .mac_address import mac_address
from .positions import drop_missing_fixes
from .stamps import parse_first_fitting
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import pandas as pd
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
_ZIP: Final = b"PK\x03\x04"
#: How much of the first members of the workbook is looked at for the captions, and most bytes it may unpack to.
_LOOK: Final = 1 << 18
_MOST_BYTES: Final = 1 << 30
_HEADER_ROWS: Final = 20
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    lzma.LZMAError,
    zlib.error,
)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """Cells below the header row: one list a column under its caption without unit, and the unit of each."""

    columns: dict[str, pd.Series]
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
        if not source.head.startswith(_ZIP):
            return Sniff.no("not a spreadsheet (XLSX)")
        text = _captions_of_workbook(source.data)
        if b"Date &amp; Time" not in text and b"Date & Time" not in text:
            return Sniff.no("the workbook has no caption 'Date & Time'")
        if b"Speed [" not in text or b"Voltage [V]" not in text:
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
            zero_columns=("speed", "voltage", "current"),
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "gps latitude", "gps longitude", _FIX)
        table, signs = signed_columns(
            _table(sheet), frame, rows.seconds, Electric("voltage", "current", "power", "phase current"), "EUC World"
        )
        builder = LogBuilder(rows.seconds, rows.lines, "Date & Time")
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


def _captions_of_workbook(data: bytes) -> bytes:
    """The first bytes of the shared texts and of the sheets, where captions stand; b"" for a damaged archive."""
    parts = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [
                name
                for name in archive.namelist()
                if name == "xl/sharedStrings.xml" or re.fullmatch(r"xl/worksheets/[^/]{1,60}\.xml", name)
            ]
            for name in names[:5]:
                with archive.open(name) as stream:
                    parts.append(stream.read(_LOOK))
    except _ZIP_ERRORS:
        return b"".join(parts)
    return b"".join(parts)


def _read_sheet(source: Source) -> _Sheet:
    import pandas as pd
    from python_calamine import CalamineError

    damaged = ParseError("is a damaged workbook.", path=source.label, advice="Export the trip again, or as CSV.")
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                raise ParseError("the workbook unpacks to more bytes than any trip.", path=source.label)
        sheets = pd.read_excel(io.BytesIO(source.data), sheet_name=None, header=None, engine="calamine")
    except (*_ZIP_ERRORS, CalamineError) as error:
        raise damaged from error
    for cells in sheets.values():
        for number in range(min(_HEADER_ROWS, len(cells))):
            captions = [str(cell).strip() for cell in cells.iloc[number].tolist()]
            if _STAMP in (caption.lower() for caption in captions):
                return _cut(cells.iloc[number + 1 :], captions, number + 2)
    raise ParseError("no sheet has a row of captions with 'Date & Time'.", path=source.label)


def _cut(cells: pd.DataFrame, captions: list[str], first_row: int) -> _Sheet:
    sheet = _Sheet({}, {}, {}, first_row)
    for index, caption in enumerate(captions):
        found = _CAPTION.match(caption)
        name, unit = (found.group(1).lower(), found.group(2) or "") if found else (caption.lower(), "")
        if name in ("", "nan") or name in sheet.columns:
            continue
        sheet.columns[name] = cells.iloc[:, index]
        sheet.units[name] = unit.strip()
        sheet.captions[name] = caption
    return sheet


def _frame(sheet: _Sheet) -> pl.DataFrame:
    """The cells as a frame: stamps as text, columns in which some cell is a number as numbers, others as text."""
    import pandas as pd
    import polars as pl

    columns = []
    for name, cells in sheet.columns.items():
        numbers = pd.to_numeric(cells, errors="coerce") if name != _STAMP else None
        if numbers is not None and (name in _CHANNELS or numbers.notna().any()):
            values = pl.Series(name, numbers.to_numpy("float64"))
            columns.append(values.set(~values.is_finite(), None))
        else:
            texts = [None if pd.isna(cell) else str(cell) for cell in cells.tolist()]
            columns.append(pl.Series(name, texts, dtype=pl.String))
    return pl.DataFrame(columns)


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
