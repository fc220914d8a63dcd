"""VESC Monitor and ESC Monitor (ACKMANIAC), and apps that export the same layout: electric skateboards."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, MILES, PERCENT, Column, add_columns
from .delimited import read_delimited
from .loose_text import unknown_captions
from .named_faults import add_named_faults
from .positions import drop_missing_fixes, track_speed
from .required_columns import require_columns
from .speed_units import KILOMETRES_PER_HOUR, MILES_PER_HOUR, SpeedUnit, distance_unit_by_speed, speed_unit_by_speed
from .stamps import parse_first_fitting
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "Time"
_STAMPS: Final = ("%d_%m_%Y_%H_%M_%S%.f", "%d_%m_%y_%H_%M_%S%.f")
_LOCATION: Final = ("Altitude", "GPSSpeed")

COLUMNS: Final[tuple[Column, ...]] = (
    Column("TempPcb", "fet_temperature"),
    Column("MotorCurrent", "motor_current"),
    Column("BatteryCurrent", "battery_current"),
    Column("DutyCycle", "duty", PERCENT, conversion="percent to fraction"),
    Column("InpVoltage", "pack_voltage"),
    Column("AmpHours", "amp_hours_used"),
    Column("AmpHoursCharged", "amp_hours_charged"),
    Column("WattHours", "watt_hours_used"),
    Column("WattHoursCharged", "watt_hours_charged"),
    Column("Power", "power", derived="InpVoltage and BatteryCurrent, by the app"),
    Column("Rpm", "erpm"),
    Column("RPM", "erpm"),
    Column("Tachometer", "tachometer"),
    Column("TachometerAbs", "tachometer_absolute"),
    Column("Latitude", "latitude"),
    Column("Longitude", "longitude"),
    Column("Altitude", "altitude"),
)
_OTHER_NUMBERS: Final = ("Speed", "Distance", "GPSSpeed", "TimePassedInMs")
#: Settings of the first line that have a canonical name, and the factor to its unit.
_SETTINGS: Final[dict[str, tuple[str, float]]] = {
    "motor_poles": ("motor_poles", 1.0),
    "gear_ratio": ("gear_ratio", 1.0),
    "wheel_diameter": ("wheel_diameter", 0.001),
    "wheel_diameter_mm": ("wheel_diameter", 0.001),
    "battery_cells": ("series_cells", 1.0),
}


class Ackmaniac(Parser):
    """A line of settings behind `//` (`Name=value` pairs), a header, and comma-separated rows.

    `Time` is local wall time as `DD_MM_YYYY_HH_MM_SS.sss` (two digits of the year in some versions). Units: degC, A,
    percent of duty, V, Ah, Wh, W. Speed is in km/h and `Distance` in km, but with `Speed_Unit=1` the wheel speed is in
    mph, and the GPS speed still in km/h in versions with a known fault: the two speeds and the positions of the ride
    decide which unit each column has. Before the end of 2016 there were `Rpm` and `Tachometer` in place of speed. The
    four location columns are 0 without a fix. The counters start at the value the controller had; with several
    controllers set in the app, currents, power and counters are multiplied by their number.
    """

    name: ClassVar[str] = "ackmaniac"
    title: ClassVar[str] = "VESC Monitor / ESC Monitor CSV (ACKMANIAC, eSkate)"
    device: ClassVar[str] = "VESC Monitor app"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = (
        *dict.fromkeys(column.channel for column in COLUMNS),
        "speed",
        "gps_speed",
        "distance",
        "fault_code",
        "fault_name",
    )
    clock: ClassVar[str] = "local wall time to the millisecond"

    def sniff(self, source: Source) -> Sniff:
        """Look for the header, below the line of settings or without it."""
        skip = _settings_lines(source.head)
        found = set(read_captions(_from_line(source.head, skip)).names)
        if {_TIME, "TempPcb", "MotorCurrent", "InpVoltage"} <= found:
            return Sniff.yes("the header is that of VESC Monitor")
        return Sniff.no("the header has no columns 'TempPcb', 'MotorCurrent', 'InpVoltage'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the settings and the rows."""
        skip = _settings_lines(source.head)
        captions = read_captions(_from_line(source.head, skip))
        names = captions.names
        numbers = {column.source for column in COLUMNS}.union(_OTHER_NUMBERS)
        table = read_delimited(
            source.data,
            separator=captions.separator,
            text_columns=(_TIME,),
            loose_columns=unknown_captions(names, numbers),
            skip_lines=skip,
            path=source.label,
        )
        require_columns(table.frame, (_TIME,), source.label)
        stamps, _ = parse_first_fitting(table.frame.get_column(_TIME), _STAMPS)
        rows = timed_rows(
            table.frame,
            table.lines,
            stamps,
            path=source.label,
            expected="'DD_MM_YYYY_HH_MM_SS.sss' in 'Time'",
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "Latitude", "Longitude", _LOCATION)
        written = _written_settings(source.head, skip) if skip else {}
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        done, notes = _add_speeds(builder, frame, rows.seconds, written.get("speed_unit", "") == "1")
        done |= _add_faults(builder, frame)
        add_columns(builder, frame, COLUMNS, known=(_TIME, *done), finite=True)
        return [
            builder.build(
                Role.CONTROLLER,
                self.name,
                clock=Clock(
                    ClockBasis.LOCAL,
                    float(rows.seconds[0]),
                    options.zone,
                    0.001,
                    "'Time' is the wall clock of the phone; the file does not say its zone.",
                ),
                identity=Identity(device="VESC controller", family="vesc", software="VESC Monitor"),
                damage=(*table.damage, *rows.damage, *no_fix, *notes),
                settings=_canonical(written),
            )
        ]


def _settings_lines(head: bytes) -> int:
    """Lines down to that of the settings, 0 without one; blank ones may stand above it, and a spreadsheet quotes it."""
    for number, line in enumerate(head.removeprefix(b"\xef\xbb\xbf").split(b"\n", 20)[:20], start=1):
        if words := line.strip(b' "\r\t'):
            return number if words.startswith(b"//") else 0
    return 0


def _from_line(head: bytes, skip: int) -> bytes:
    return head.split(b"\n", skip)[-1] if head.count(b"\n") >= skip else b""


def _written_settings(head: bytes, skip: int) -> dict[str, str]:
    line = head.split(b"\n", skip)[skip - 1].decode("utf-8-sig", "replace").strip().lstrip('"/')
    pairs = (part.strip('" ').partition("=") for part in re.split("[,;\t]", line))
    return {name.strip().lower(): value.strip() for name, sign, value in pairs if sign}


def _canonical(written: dict[str, str]) -> dict[str, float | str | bool]:
    settings: dict[str, float | str | bool] = {}
    for name, value in written.items():
        if name in _SETTINGS and re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
            setting, factor = _SETTINGS[name]
            settings[setting] = float(value) * factor
    return settings


def _add_speeds(
    builder: LogBuilder, frame: pl.DataFrame, seconds: NDArray[np.float64], miles: bool
) -> tuple[set[str], tuple[Damage, ...]]:
    """Add speed, satellite speed and distance in the units the ride itself shows."""

    @cache
    def values(name: str) -> NDArray[np.float64]:
        return frame.get_column(name).to_numpy() if name in frame.columns else np.full(frame.height, np.nan)

    track = track_speed(seconds, values("Latitude"), values("Longitude"))
    set_to = "mph" if miles else "km/h"
    said = SpeedUnit(MILES_PER_HOUR if miles else KILOMETRES_PER_HOUR, set_to, f"the app was set to {set_to}")
    # The fault of the app is a satellite speed left in km/h, so that is what it is unless the positions disagree.
    satellite = speed_unit_by_speed(values("GPSSpeed"), track, "the positions of the ride") or SpeedUnit(
        KILOMETRES_PER_HOUR, "km/h", "the app writes it in km/h"
    )
    reference = values("GPSSpeed") * satellite.factor
    wheel = speed_unit_by_speed(values("Speed"), reference, "the satellite speed") or said
    notes = []
    if wheel.name != said.name:
        message = f"The app was set to {said.name}, but the wheel speed is in {wheel.name}: {wheel.reason}."
        notes.append(Damage(DamageKind.WRONG_SETTING, Effect.REPAIRED, message, channel="speed"))
    distance = distance_unit_by_speed(seconds, values("Distance"), values("Speed") * wheel.factor)
    far, unit = distance or ((MILES, "miles") if wheel.name == "mph" else (KILOMETRES, "km"))
    done = set()
    for name, channel, factor, conversion in (
        ("Speed", "speed", wheel.factor, wheel.conversion),
        ("GPSSpeed", "gps_speed", satellite.factor, satellite.conversion),
        ("Distance", "distance", far, f"{unit} to m"),
    ):
        if name in frame.columns:
            builder.add(channel, values(name) * factor, source=name, conversion=conversion)
            done.add(name)
    return done, tuple(notes)


def _add_faults(builder: LogBuilder, frame: pl.DataFrame) -> set[str]:
    """Add the fault column, which holds numbers or names."""
    if "Fault" not in frame.columns:
        return set()
    faults = frame.get_column("Fault")
    if faults.dtype.is_numeric():
        builder.add("fault_code", faults.to_numpy(), source="Fault")
    else:
        add_named_faults(builder, faults, "Fault")
    return {"Fault"}
