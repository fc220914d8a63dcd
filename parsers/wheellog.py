"""WheelLog and FreeWheel: ride logs of electric unicycles, written by a phone."""

from __future__ import annotations

from dataclasses import replace
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
from .current_sign import current_sign, sign_like
from .mac_address import mac_address
from .positions import drop_missing_fixes
from .stamps import parse_stamps
from .timed_rows import timed_rows
from .wheellog_rows import read_wheellog

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_FIX: Final = ("gps_speed", "gps_alt", "gps_heading")
#: Where all of these are 0 the app has not heard the wheel (46 such rows in 19 real rides of one wheel).
_ZERO_COLUMNS: Final = ("speed", "voltage", "current", "totaldistance")
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
#: Rows compared, and the median relative error below which a current is the product of phase current and PWM
#: (0.01 to 0.06 % on real rides of such wheels).
_FEWEST_COMPARED = 20
_SAME = 0.02
#: Rows that are enough to tell; of longer rides every n-th is compared.
_ENOUGH = 20_000


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
        table = read_wheellog(source.data, captions, source.label)
        stamps = _stamps(table.frame, source)
        rows = timed_rows(
            table.frame,
            table.lines,
            stamps,
            path=source.label,
            expected="a date like 2024-05-24 and a time like 09:35:23.015",
            zero_columns=_ZERO_COLUMNS,
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "latitude", "longitude", _FIX)
        frame, no_trip = _without_copied_odometer(frame, rows.lines)
        columns, estimated = _signs_and_origin(frame, rows.seconds)
        builder = LogBuilder(rows.seconds, rows.lines, "date, time")
        if "alert" in frame.columns:
            frame = _without_empty_alerts(frame)
        found = add_columns(builder, frame, columns, known=("date", "time"))
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
        damage = (*table.damage, *rows.damage, *no_fix, *no_trip, *estimated, *found)
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


def _signs_and_origin(
    frame: pl.DataFrame, seconds: NDArray[np.float64]
) -> tuple[tuple[Column, ...], tuple[Damage, ...]]:
    """The field table with the signs of this file, and with what the app has computed marked as derived."""
    numbers = {
        name: frame.get_column(name).to_numpy()
        for name in ("voltage", "current", "power", "phase_current")
        if name in frame.columns
    }
    changed: dict[str, Column] = {column.source: column for column in _COLUMNS}
    sign = current_sign(seconds, numbers["voltage"], numbers["current"])
    factor = sign.scale()
    damage = list(sign.damage())
    current_origin = power_origin = ""
    if "phase_current" in numbers and "pwm" in frame.columns:
        share = frame.get_column("pwm").to_numpy() * PERCENT
        if _is_product(numbers["current"], numbers["phase_current"], share):
            current_origin = "computed by WheelLog from phase current and PWM"
            damage.append(
                Damage(
                    DamageKind.NOTE,
                    Effect.NOTED,
                    "The battery current is no measurement: WheelLog computed it from phase current and PWM. Energy "
                    "and regeneration from it are estimates.",
                    frame.height,
                    channel="battery_current",
                )
            )
    changed["current"] = replace(changed["current"], scale=factor, conversion=sign.conversion(), derived=current_origin)
    if "power" in numbers:
        if _is_product(numbers["power"], numbers["voltage"], numbers["current"]):
            power_origin = "computed by WheelLog from voltage and current"
            if current_origin:
                power_origin += ", and the current from phase current and PWM"
        along = sign_like(numbers["current"] * factor, numbers["power"])
        changed["power"] = replace(
            changed["power"], scale=along, conversion="sign as the battery current", derived=power_origin
        )
    if "phase_current" in numbers:
        along = sign_like(numbers["current"] * factor, numbers["phase_current"])
        text = "sign changed to that of the battery current" if along < 0 else ""
        changed["phase_current"] = replace(changed["phase_current"], scale=along, conversion=text)
    return tuple(changed.values()), tuple(damage)


def _is_product(values: NDArray[np.float64], one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Tell whether `values` are the product of two columns, but for their two decimals."""
    some = slice(None, None, max(1, len(values) // _ENOUGH))
    values, product = values[some], one[some] * other[some]
    with np.errstate(invalid="ignore"):
        compared = np.isfinite(product) & (np.abs(values) >= 1.0)
    if int(compared.sum()) < _FEWEST_COMPARED:
        return False
    errors = np.abs(values[compared] - product[compared]) / np.abs(values[compared])
    return bool(np.median(errors) <= _SAME)
