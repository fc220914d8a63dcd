"""pOnewheel: rides of Onewheel boards (Future Motion), as the Android app exports them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, MILES, MILLI, PERCENT, Column, add_columns
from .current_sign import current_sign
from .loose_text import numbers_where_possible
from .ponewheel_cells import cells_log, read_cells
from .ponewheel_rows import Rows, read_rows
from .positions import drop_missing_fixes, track_speed
from .required_columns import require_columns
from .sign_notes import unsure_sign
from .speed_units import SpeedUnit, speed_unit_by_speed
from .stamps import parse_iso_stamps
from .timed_rows import TimedRows, timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "time"
_CELLS: Final = "battery_cells"
#: Columns that mean the same in both unit systems of the app.
COLUMNS: Final[tuple[Column, ...]] = (
    Column("battery_voltage", "pack_voltage"),
    Column("battery", "soc", PERCENT, conversion="percent to fraction"),
    Column("trip_amps", "amp_hours_used"),
    Column("trip_amps_regen", "amp_hours_charged"),
    Column("speed_rpm", "motor_rpm"),
    Column("tilt_angle_pitch", "pitch", 0.1, -180.0, conversion="raw / 10 - 180"),
    Column("tilt_angle_roll", "roll", -0.1, 180.0, conversion="180 - raw / 10"),
    Column("ride_mode", "mode"),
    Column("last_error_code", "alert"),
    Column("gps_lat", "latitude"),
    Column("gps_long", "longitude"),
)
_TEMPERATURES: Final = (
    ("controller_temp", "controller_temperature"),
    ("motor_temp", "motor_temperature"),
    ("battery_temp", "battery_temperature"),
)
#: What is the battery's where the cells are there and it has a log of its own.
_OF_BATTERY: Final = ("battery", "battery_temp", _CELLS)
_DISTANCES: Final = (("odometer", "distance"), ("lifetime_odometer", "odometer"))
_TEXTS: Final = frozenset({_TIME, _CELLS, "ride_mode", "last_error_code"})
#: Attributes of the app; any two of the ones below make a file its own.
_OWN: Final = frozenset(
    {
        "speed_rpm",
        "battery_cells",
        "current_amps",
        "trip_amps",
        "trip_amps_regen",
        "tilt_angle_pitch",
        "tilt_angle_roll",
        "odometer_tire_revs",
        "lifetime_odometer",
        "rider_detected",
        "rider_detected_pad1",
        "rider_detected_pad2",
        "last_error_code",
        "ride_mode",
    }
)
#: Rolling circumference of an 11.5 inch tyre, m; the app reckons speed from revolutions with it.
_CIRCUMFERENCE_M: Final = 0.917


class POnewheel(Parser):
    """Comma-separated text whose columns are the attributes that were seen in that ride.

    `time` is milliseconds since 1970 (UTC), in older versions `yyyy-MM-dd'T'HH:mm:ss.SSSZ`. A row that lacks an
    attribute is shorter and all behind the gap moves left, so only its time and its position can be trusted: the rest
    becomes null and is told. `battery_cells` holds 16 voltages with commas and line breaks in between, quoted or not;
    `--` stands for a cell that was not read; the rows in which they, the charge or the temperature of the battery change
    (or one a second) become a log of the BMS. The older direct logger adds `LOC=(longitude,latitude)`. `null` stands for
    no value. Speed, distances and temperatures are in km/h, km, degC or in mph, miles, degF as the app is set, with no
    mark in the file: the ratio of `speed` to `speed_rpm` (the tyre is known), else the positions, tell which.
    Phones with a decimal comma write one into some columns; such rows are put right where they come out even.
    """

    name: ClassVar[str] = "ponewheel"
    title: ClassVar[str] = "pOnewheel CSV (Onewheel)"
    device: ClassVar[str] = "pOnewheel app"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER, Role.BMS)
    gives: ClassVar[tuple[str, ...]] = (
        *(column.channel for column in COLUMNS),
        "speed",
        "battery_current",
        "cell_voltages",
        *(channel for _, channel in (*_TEMPERATURES, *_DISTANCES)),
    )
    clock: ClassVar[str] = "UTC, milliseconds"

    def sniff(self, source: Source) -> Sniff:
        """Look for attributes of the board in the header."""
        names = read_captions(source.head, (",",)).names
        if names[:1] == (_TIME,) and len(_OWN.intersection(names)) >= 2:
            return Sniff.yes("the header names attributes of a Onewheel")
        return Sniff.no("the header is not 'time' and attributes of a Onewheel")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Put broken lines together, read the rows and find the unit system."""
        table = read_rows(source.data, source.label)
        require_columns(table.frame, (_TIME,), source.label)
        stamps, clock = _stamps(table, options)
        frame = numbers_where_possible(table.frame, _TEXTS)
        rows = timed_rows(
            frame,
            table.lines,
            stamps,
            path=source.label,
            expected="milliseconds since 1970 or 'yyyy-MM-ddTHH:mm:ss.SSSZ' in 'time'",
        )
        frame, no_fix = drop_missing_fixes(_numbers(rows.frame), "gps_lat", "gps_long")
        clock = Clock(clock.basis, float(rows.seconds[0]), clock.zone, clock.resolution_s, clock.reason)
        damage = (*table.damage, *rows.damage)
        unit = _unit(frame, rows.seconds)
        cells = read_cells(frame.get_column(_CELLS).cast(str)) if _CELLS in frame.columns else None
        ours = frame if cells is None else frame.drop(_OF_BATTERY, strict=False)
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        done, notes = _add_units(builder, ours, unit)
        more = _add_current(builder, ours, rows)
        add_columns(builder, ours, COLUMNS, known=(_TIME, "current_amps", *done))
        controller = builder.build(
            Role.CONTROLLER,
            self.name,
            clock=clock,
            identity=Identity(device="Onewheel", family="onewheel", software="pOnewheel"),
            damage=(*damage, *no_fix, *notes, *more),
        )
        if cells is None:
            return [controller]
        table_of_battery = [column for column in COLUMNS if column.source in _OF_BATTERY]
        if unit is not None:
            heat = Column("battery_temp", "battery_temperature")
            if unit.name == "mph":
                heat = dataclasses.replace(heat, scale=1 / 1.8, offset=-32 / 1.8, conversion="degF to degC")
            table_of_battery.append(heat)
        return [controller, cells_log(frame, cells, table_of_battery, rows, clock, damage, self.name)]


def _stamps(table: Rows, options: ReadOptions) -> tuple[NDArray[np.float64], Clock]:
    """Seconds since 1970 of each row, and what they count from."""
    import polars as pl

    texts = table.frame.get_column(_TIME)
    numbers = texts.str.strip_chars().cast(pl.Float64, strict=False)
    if numbers.null_count() * 2 < len(texts):
        clock = Clock(ClockBasis.UTC, None, "UTC", MILLI, "'time' is milliseconds since 1970 (UTC).")
        return numbers.to_numpy() * MILLI, clock
    seconds, offsets = parse_iso_stamps(texts)
    if np.isfinite(offsets).any():
        return seconds, Clock(ClockBasis.UTC, None, "UTC", MILLI, "'time' names its offset from UTC.")
    return seconds, Clock(ClockBasis.LOCAL, None, options.zone, MILLI, "'time' is wall time without a zone.")


def _numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """Make numbers of the measured columns even where a cell is none; such a cell is null."""
    import polars as pl

    measured = {column.source for column in COLUMNS} | {name for name, _ in (*_TEMPERATURES, *_DISTANCES)}
    measured |= {"speed", "current_amps"}
    return frame.with_columns(
        pl.col(name).str.strip_chars().cast(pl.Float64, strict=False)
        for name, kind in frame.schema.items()
        if name in measured - _TEXTS and kind == pl.String
    ).with_columns(
        pl.col(name).cast(pl.Float64) for name, kind in frame.schema.items() if name in measured and kind == pl.Null
    )


def _add_units(builder: LogBuilder, frame: pl.DataFrame, unit: SpeedUnit | None) -> tuple[set[str], tuple[Damage, ...]]:
    """Add the columns whose unit is that of the app's setting, if the ride tells which it was."""
    found = [name for name, _ in (("speed", ""), *_TEMPERATURES, *_DISTANCES) if name in frame.columns]
    if unit is None:
        if not found:
            return set(), ()
        message = f"The ride does not tell whether {', '.join(found)} are metric or not; they are kept as logged."
        return set(), (Damage(DamageKind.NOTE, Effect.NOTED, message),)
    miles = unit.name == "mph"
    done = set()
    if "speed" in frame.columns:
        values = frame.get_column("speed").to_numpy()
        builder.add("speed", values * unit.factor, source="speed", conversion=unit.conversion)
        done.add("speed")
    for name, channel in _DISTANCES:
        if name in frame.columns:
            far, word = (MILES, "miles") if miles else (KILOMETRES, "km")
            builder.add(channel, frame.get_column(name).to_numpy() * far, source=name, conversion=f"{word} to m")
            done.add(name)
    for name, channel in _TEMPERATURES:
        if name in frame.columns:
            values = frame.get_column(name).to_numpy()
            values = (values - 32.0) / 1.8 if miles else values
            builder.add(channel, values, source=name, conversion="degF to degC" if miles else "")
            done.add(name)
    return done, ()


def _unit(frame: pl.DataFrame, seconds: NDArray[np.float64]) -> SpeedUnit | None:
    if "speed" not in frame.columns:
        return None
    speed = frame.get_column("speed").to_numpy()
    if "speed_rpm" in frame.columns:
        wheel = frame.get_column("speed_rpm").to_numpy() / 60 * _CIRCUMFERENCE_M
        unit = speed_unit_by_speed(speed, wheel, "the revolutions of the tyre", fewest=3)
        if unit:
            return unit
    if {"gps_lat", "gps_long"} <= set(frame.columns):
        track = track_speed(seconds, frame.get_column("gps_lat").to_numpy(), frame.get_column("gps_long").to_numpy())
        return speed_unit_by_speed(speed, track, "the positions of the ride")
    return None


def _add_current(builder: LogBuilder, frame: pl.DataFrame, rows: TimedRows) -> tuple[Damage, ...]:
    if "current_amps" not in frame.columns:
        return ()
    current = frame.get_column("current_amps").to_numpy()
    voltage = np.full(len(current), np.nan)
    if "battery_voltage" in frame.columns:
        voltage = frame.get_column("battery_voltage").to_numpy()
    sign = current_sign(rows.seconds, voltage, current)
    builder.add("battery_current", current * sign.scale(), source="current_amps", conversion=sign.conversion())
    return unsure_sign(sign, "current_amps")
