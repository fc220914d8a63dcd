"""What DarknessBot and EUC Planet have in common: EUC Planet writes DarknessBot's captions and adds its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.sources import Source

from .captions import Captions, read_captions
from .columns import KILOMETRES, KILOMETRES_PER_HOUR, PERCENT, Column, as_written
from .delimited import read_delimited
from .electric_signs import Electric, signed_columns
from .loose_text import unknown_captions
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .stamps import parse_first_fitting
from .timed_rows import timed_rows
from .written_notes import written_notes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

COLUMNS: Final[tuple[Column, ...]] = (
    Column("speed", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("voltage", "pack_voltage"),
    Column("current", "battery_current"),
    Column("phase current", "motor_current", sentinels=(0.0,)),
    Column("power", "power"),
    Column("torque", "torque", sentinels=(0.0,)),
    Column("pwm", "pwm", PERCENT, conversion="percent to fraction", sentinels=(0.0,)),
    Column("battery level", "soc", PERCENT, conversion="percent to fraction"),
    Column("total mileage", "odometer", KILOMETRES, conversion="km to m"),
    Column("temperature", "controller_temperature", sentinels=(0.0,)),
    Column("pitch", "pitch", sentinels=(0.0,)),
    Column("roll", "roll", sentinels=(0.0,)),
    Column("latitude", "latitude"),
    Column("longitude", "longitude"),
    Column("altitude", "altitude"),
    Column("gps speed", "gps_speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("g-force x", "acceleration_x"),
    Column("g-force y", "acceleration_y"),
)
#: What both programs write; the rest tells them apart.
_COMMON: Final = ("date", "speed", "voltage", "battery level", "total mileage", "latitude", "longitude", "altitude")
_ONLY_DARKNESSBOT: Final = ("pitch", "roll", "power")
_ELECTRIC: Final = Electric("voltage", "current", "power", "phase current")
_STAMPS: Final = (
    "%d.%m.%Y %H:%M:%S%.f",
    "%Y-%m-%dT%H:%M:%S%.f",
    "%Y-%m-%d %H:%M:%S%.f",
)
#: Caption of the columns that come from the wheel; where its voltage is 0 it was not connected.
_OF_WHEEL: Final = (
    *("speed", "voltage", "current", "phase current", "power", "torque", "pwm", "battery level", "temperature"),
    *("total mileage", "pitch", "roll"),
)
#: A counter that starts below this is one of the trip, in km (engineering judgement: no wheel is that new).
_TRIP_START_KM = 0.5


def family_member(captions: Captions) -> str:
    """Tell the two programs apart by their captions.

    EUC Planet has a satellite speed and neither pitch, roll nor power; DarknessBot has one of these, or writes the
    satellite speed with a capital S, or none.

    Returns:
        "darknessbot", "euc-planet", or "" for another format.
    """
    if not captions.has(*_COMMON):
        return ""
    if not set(_ONLY_DARKNESSBOT).isdisjoint(captions.lower):
        return "darknessbot"
    if "gps speed" in captions.lower and "GPS Speed" not in captions.names:
        return "euc-planet"
    return "darknessbot"


@dataclass(frozen=True, slots=True)
class FamilyRows:
    """The rows of a file of either program.

    Attributes:
        frame: The columns under their captions in the file, without the stamps.
        lines: Line number of each row, shape (n,).
        seconds: Stamps in s since 1970 by the local clock, never decreasing, shape (n,).
        columns: The field table with what this file showed about signs and counters.
        notes: Notes of the column `Extra`, by key in lower case.
        clock: The clock.
        damage: What was dropped or repaired.
    """

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    seconds: NDArray[np.float64]
    columns: tuple[Column, ...]
    notes: dict[str, str]
    clock: Clock
    damage: tuple[Damage, ...]


def read_family(source: Source, columns: Iterable[Column], zone: str, program: str, fix: tuple[str, ...]) -> FamilyRows:
    """Read the rows of a file of either program.

    Args:
        source: The file.
        columns: Field table.
        zone: Zone the user named, or "".
        program: Name of the program, for the metadata.
        fix: Captions that come with a position.

    Raises:
        ParseError: If no row can be used.
    """
    captions = read_captions(source.head)
    columns = tuple(columns)
    table = read_delimited(
        source.data,
        separator=captions.separator,
        header=captions.lower,
        text_columns=("date", "extra"),
        loose_columns=unknown_captions(captions.lower, {column.source for column in columns}),
        skip_lines=captions.line,
        path=source.label,
    )
    require_columns(table.frame, ("date", "voltage"), source.label)
    stamps, pattern = parse_first_fitting(table.frame.get_column("date"), _STAMPS)
    rows = timed_rows(
        table.frame,
        table.lines,
        stamps,
        path=source.label,
        expected="a stamp like 01.06.2026 20:24:31.204 or 2025-05-30T20:17:22.000000 in 'Date'",
    )
    frame, no_fix = drop_missing_fixes(rows.frame, "latitude", "longitude", fix)
    frame, no_wheel = _without_absent_wheel(frame, rows.lines)
    columns, signs = signed_columns(columns, frame, rows.seconds, _ELECTRIC, program)
    micro = pattern.startswith("%Y")
    clock = Clock(
        ClockBasis.LOCAL,
        float(rows.seconds[0]),
        zone,
        0.000001 if micro else 0.001,
        f"{program} writes the phone's local date and time without a zone.",
    )
    damage = (*table.damage, *rows.damage, *no_fix, *no_wheel, *signs)
    columns = _counter(columns, frame)
    notes = written_notes(frame, "extra")
    frame, columns = as_written(frame.drop("date"), columns, captions.written)
    return FamilyRows(frame, rows.lines, rows.seconds, columns, notes, clock, damage)


def _without_absent_wheel(frame: pl.DataFrame, lines: NDArray[np.int64]) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Null the wheel's columns in rows with a voltage of 0: the wheel was not connected, the phone wrote on."""
    import polars as pl

    zero = frame.get_column("voltage") == 0.0
    if not zero.any():
        return frame, ()
    absent = zero.fill_null(False).to_numpy()
    names = [name for name in _OF_WHEEL if name in frame.columns and frame.schema[name].is_numeric()]
    frame = frame.with_columns(pl.when(pl.Series(~absent)).then(pl.col(name)).alias(name) for name in names)
    count = int(absent.sum())
    message = f"In {count} rows the voltage is 0: no wheel was connected; what the wheel would report is left out."
    rows = tuple(int(line) for line in lines[absent][:20])
    return frame, (Damage(DamageKind.IMPOSSIBLE_VALUE, Effect.NOTED, message, count, rows, "pack_voltage"),)


def _counter(columns: tuple[Column, ...], frame: pl.DataFrame) -> tuple[Column, ...]:
    """The mileage is one of the vehicle's life or, where it starts at 0, of this trip."""
    if "total mileage" not in frame.columns:
        return columns
    values = frame.get_column("total mileage").drop_nulls()
    if not len(values) or not float(values[0]) < _TRIP_START_KM:
        return columns
    words = "km to m; it starts at 0, so it counts this trip"
    return tuple(
        replace(column, channel="distance", conversion=words) if column.channel == "odometer" else column
        for column in columns
    )
