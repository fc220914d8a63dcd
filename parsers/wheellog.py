"""WheelLog and FreeWheel: ride logs of electric unicycles, written by a phone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import RefusedError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES_PER_HOUR, PERCENT, Column, add_columns
from .electric_signs import Electric, signed_columns
from .mac_address import mac_address
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .stamps import parse_stamps
from .timed_rows import UNHEARD_WHEEL, timed_rows
from .wheellog_rows import headerless_layout, read_wheellog

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_FIX: Final = ("gps_speed", "gps_alt", "gps_heading")
#: Where all of these are 0 the app has not heard the wheel (46 such rows in 19 real rides of one wheel).
_COLUMNS: Final[tuple[Column, ...]] = (
    Column("speed", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("voltage", "pack_voltage"),
    Column("phase_current", "motor_current", sentinels=(0.0,)),
    Column("current", "battery_current"),
    Column("power", "power"),
    Column("torque", "torque", sentinels=(0.0,)),
    Column("pwm", "pwm", PERCENT, conversion="percent to fraction", sentinels=(0.0,)),
    Column("battery_level", "soc", PERCENT, conversion="percent to fraction"),
    Column("distance", "distance"),
    Column("totaldistance", "odometer"),
    Column("system_temp", "controller_temperature", sentinels=(0.0,)),
    Column("temp2", "processor_temperature", sentinels=(0.0,)),
    Column("cpu_temp", "processor_temperature", sentinels=(0.0,)),
    Column("tilt", "pitch", sentinels=(0.0,)),
    Column("roll", "roll", sentinels=(0.0,)),
    Column("latitude", "latitude"),
    Column("longitude", "longitude"),
    Column("gps_speed", "gps_speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("gps_alt", "altitude"),
    Column("gps_heading", "gps_heading"),
    Column("gps_distance", "gps_distance"),
    Column("mode", "mode"),
    Column("alert", "alert", conversion="0 and empty mean no alert"),
)
_NO_HEADER: Final = Damage(
    DamageKind.MISSING_HEADER, Effect.REPAIRED, "The file has no header line; its columns are told by their number."
)
_ELECTRIC: Final = Electric("voltage", "current", "power", "phase_current", "pwm")


class WheelLog(Parser):
    """WheelLog (Android) and FreeWheel (Android, iOS) ride logs.

    Comma-separated, one header line, CRLF or LF, one row for each answer of the wheel (2.5 to 5 Hz), named
    yyyy_MM_dd_HH_mm_ss.csv in a folder that is named after the wheel's MAC address. Layouts: 18 columns
    (`date,time,speed,voltage,phase_current,current,power,torque,pwm,battery_level,distance,totaldistance,system_temp,
    temp2,tilt,roll,mode,alert`) or 24 with six satellite columns after the time; until 2020, 15 or 21 (no phase
    current, torque and PWM, `cpu_temp` for `temp2`). "Continue the log of this day" appends without a new header, so
    that the number of columns can change in the file. An alert is free text, not quoted, and may hold commas.

    Units are metric whatever the app displays: km/h, V, A, W, N m, percent, m, degC, deg. Stamps are local time without
    a zone. `power` is voltage times current, computed by the app; `current` is on many wheels an estimate of the app
    (phase current times PWM), which is checked in each file. Rows are repeated with their stamps while the radio link
    stalls, and are all zero before the first and after the last answer of the wheel.
    """

    name = "wheellog"
    title = "WheelLog / FreeWheel ride log (CSV)"
    device = "Electric unicycle, logged by WheelLog or FreeWheel on a phone"
    roles = (Role.WHEEL,)
    gives = tuple(dict.fromkeys(column.channel for column in _COLUMNS))
    clock = "local time of the phone, without a zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for `date,time` and the columns every version has."""
        captions = read_captions(source.head)
        if headerless_layout(captions) is not None:
            return Sniff.yes(f"rows of WheelLog's {len(captions.names)} columns without a header")
        if captions.lower[:2] != ("date", "time"):
            return Sniff.no("the header does not start with date,time")
        if not captions.has("speed", "voltage", "current", "battery_level", "totaldistance"):
            return Sniff.no("speed, voltage, current, battery_level or totaldistance is not in the header")
        return Sniff.yes(f"WheelLog header of {len(captions.names)} columns")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the ride.

        Raises:
            ParseError: If no row can be used.
            RefusedError: If a spreadsheet program has overwritten the stamps.
        """
        captions = read_captions(source.head)
        missing = headerless_layout(captions)
        table = read_wheellog(source.data, missing or captions, source.label)
        require_columns(table.frame, ("date", "time"), source.label)
        stamps = _stamps(table.frame, source)
        rows = timed_rows(
            table.frame,
            table.lines,
            stamps,
            path=source.label,
            expected="a date like 2024-05-24 and a time like 09:35:23.015",
            zero_columns=UNHEARD_WHEEL,
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "latitude", "longitude", _FIX)
        frame, no_trip = _without_copied_odometer(frame, rows.lines)
        columns, estimated = signed_columns(_COLUMNS, frame, rows.seconds, _ELECTRIC, "WheelLog")
        builder = LogBuilder(rows.seconds, rows.lines, "date, time")
        if "alert" in frame.columns:
            frame = _without_empty_alerts(frame)
        found = add_columns(builder, frame, columns, known=("date", "time"), finite=True)
        clock = Clock(
            ClockBasis.LOCAL,
            float(rows.seconds[0]),
            options.zone,
            0.001,
            "WheelLog writes the phone's local date and time without a zone.",
        )
        identity = Identity(
            device="Electric unicycle",
            serial=mac_address(source.member, source.path),
            software="WheelLog",
        )
        no_header = () if missing is None else (_NO_HEADER,)
        damage = (*no_header, *table.damage, *rows.damage, *no_fix, *no_trip, *estimated, *found)
        return [builder.build(Role.WHEEL, self.name, clock=clock, identity=identity, damage=damage)]


def _stamps(frame: pl.DataFrame, source: Source) -> NDArray[np.float64]:
    dates = parse_stamps(frame.get_column("date"), "%Y-%m-%d")
    times = parse_stamps(frame.get_column("time"), "%H:%M:%S%.f")
    if frame.height and (np.isnan(dates).all() or np.isnan(times).all()):
        raise _resaved(source)
    return dates + times


def _resaved(source: Source) -> RefusedError:
    return RefusedError(
        "is a WheelLog file whose stamps were rewritten by a spreadsheet program; expected dates like 2024-05-24 and "
        "times like 09:35:23.015.",
        path=source.label,
        advice="Give the file as the phone wrote it (Downloads/WheelLog Logs).",
    )


def _without_copied_odometer(frame: pl.DataFrame, lines: NDArray[np.int64]) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Null trip distances that repeat the odometer: until the wheel sends its trip, the app shows the odometer."""
    import polars as pl

    if "distance" not in frame.columns or "totaldistance" not in frame.columns:
        return frame, ()
    trip = frame.get_column("distance").to_numpy()
    odometer = frame.get_column("totaldistance").to_numpy()
    copied = (trip == odometer) & (trip > 0)
    count = int(copied.sum())
    if not count or not (trip < odometer).any():
        return frame, ()
    frame = frame.with_columns(distance=pl.when(pl.Series(~copied)).then(pl.col("distance")))
    message = (
        f"The trip distance of {count} rows repeats the odometer, as before the wheel sends its trip; not believed."
    )
    rows = tuple(int(line) for line in lines[copied][:20])
    return frame, (Damage(DamageKind.IMPOSSIBLE_VALUE, Effect.NOTED, message, count, rows, "distance"),)


def _without_empty_alerts(frame: pl.DataFrame) -> pl.DataFrame:
    import polars as pl

    if frame.get_column("alert").null_count() == frame.height:
        return frame
    alert = pl.col("alert").str.strip_chars()
    return frame.with_columns(alert=pl.when(~alert.is_in(["", "0"])).then(alert))
