"""EUC World: ride logs of electric unicycles and scooters, written by a phone (CSV)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, KILOMETRES_PER_HOUR, PERCENT, Column, add_columns, as_written
from .delimited import read_delimited
from .electric_signs import Electric, signed_columns
from .loose_text import unknown_captions
from .mac_address import format_mac, mac_address
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .stamps import parse_iso_stamps
from .timed_rows import UNHEARD_WHEEL, TimedRows, timed_rows
from .written_notes import written_notes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TO_FRACTION: Final = "percent to fraction"
_TO_SPEED: Final = "km/h to m/s"
_TO_METRES: Final = "km to m"
#: Layout since 2020; versions only add columns.
COLUMNS: Final[tuple[Column, ...]] = (
    Column("speed", "speed", KILOMETRES_PER_HOUR, conversion=_TO_SPEED),
    Column("voltage", "pack_voltage"),
    Column("current", "battery_current"),
    Column("current_phase", "motor_current"),
    Column("power", "power"),
    Column("battery", "soc", PERCENT, conversion=_TO_FRACTION),
    Column("distance", "distance", KILOMETRES, conversion=_TO_METRES),
    Column("distance_total", "odometer", KILOMETRES, conversion=_TO_METRES),
    Column("temp", "controller_temperature"),
    Column("temp_motor", "motor_temperature"),
    Column("temp_batt", "battery_temperature"),
    Column("temp_cpu", "processor_temperature"),
    Column(
        "safety_margin",
        "pwm",
        -PERCENT,
        1.0,
        conversion="1 - margin / 100: the margin is what is left of the PWM",
        sentinels=(0.0,),
    ),
    Column("tilt", "pitch", sentinels=(0.0,)),
    Column("roll", "roll", sentinels=(0.0,)),
    Column("alert", "alert"),
    Column("gps_lat", "latitude"),
    Column("gps_lon", "longitude"),
    Column("gps_speed", "gps_speed", KILOMETRES_PER_HOUR, conversion=_TO_SPEED),
    Column("gps_alt", "altitude"),
    Column("gps_bearing", "gps_heading"),
    Column("gps_acc", "gps_accuracy"),
    Column("gps_distance", "gps_distance", KILOMETRES, conversion=_TO_METRES),
)
#: Layout of 2019, still close to WheelLog's.
COLUMNS_2019: Final[tuple[Column, ...]] = (
    Column("speed", "speed", KILOMETRES_PER_HOUR, conversion=_TO_SPEED),
    Column("voltage", "pack_voltage"),
    Column("current", "battery_current"),
    Column("power", "power"),
    Column("battery_level", "soc", PERCENT, conversion=_TO_FRACTION),
    Column("distance", "distance"),
    Column("totaldistance", "odometer"),
    Column("system_temp", "controller_temperature", sentinels=(0.0,)),
    Column("cpu_temp", "processor_temperature", sentinels=(0.0,)),
    Column("tilt", "pitch", sentinels=(0.0,)),
    Column("roll", "roll", sentinels=(0.0,)),
    Column("mode", "mode"),
    Column("alert", "alert"),
    Column("wh_discharge", "watt_hours_used"),
    Column("ah_discharge", "amp_hours_used"),
    Column("wh_recharge", "watt_hours_charged"),
    Column("ah_recharge", "amp_hours_charged"),
    Column("latitude", "latitude"),
    Column("longitude", "longitude"),
    Column("gps_speed", "gps_speed", KILOMETRES_PER_HOUR, conversion=_TO_SPEED),
    Column("gps_alt", "altitude"),
    Column("gps_heading", "gps_heading"),
    Column("gps_distance", "gps_distance"),
)
_ELECTRIC: Final = Electric("voltage", "current", "power", "current_phase")
_TEXT: Final = frozenset({"datetime", "gps_datetime", "alert", "mode", "extra"})
_FIX: Final = ("gps_speed", "gps_alt", "gps_bearing", "gps_heading", "gps_acc")


class EucWorld(Parser):
    """EUC World CSV files, three generations.

    Comma-separated with a header; the first column `datetime` is local time with its offset from UTC
    (`2023-05-19T15:56:24.869+0200`). 2019: 20 columns, or 26 with satellite columns, much like WheelLog's, with
    counters of charge and energy. Since 2.x: 40 columns (46 in 2.64), with `safety_margin` = 100 - PWM, distances in
    km, cells left empty where the vehicle has no such sensor, and satellite columns that are filled only in rows with
    a new fix. The last column `extra` holds one `key=value` in each of the first rows (`euc.make`, `euc.model`,
    `euc.firmware`, `euc.btAddress`): the identity of the vehicle, and much about the phone.

    Units: km/h, V, A, W, percent, degC, deg; current and power with the sign the vehicle reports, which differs
    between makers and is told from the ride itself.
    """

    name: ClassVar[str] = "euc-world"
    title: ClassVar[str] = "EUC World ride log (CSV)"
    device: ClassVar[str] = "Electric unicycle or scooter, logged by EUC World on a phone"
    roles: ClassVar[tuple[Role, ...]] = (Role.WHEEL,)
    gives: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys([*(column.channel for column in (*COLUMNS, *COLUMNS_2019)), "gps_time"])
    )
    clock: ClassVar[str] = "UTC, from local time with its offset"

    def sniff(self, source: Source) -> Sniff:
        """Look for `datetime` first and the columns of one of the generations."""
        captions = read_captions(source.head)
        if captions.lower[:1] != ("datetime",):
            return Sniff.no("the header does not start with datetime")
        if captions.has("speed", "voltage", "current", "distance_total", "safety_margin"):
            return Sniff.yes(f"EUC World header of {len(captions.names)} columns")
        if captions.has("speed", "voltage", "current", "totaldistance", "battery_level", "wh_discharge"):
            return Sniff.yes(f"EUC World header of 2019, {len(captions.names)} columns")
        return Sniff.no("speed, voltage, current, distance_total or safety_margin is not in the header")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the ride.

        Raises:
            ParseError: If no row can be used.
        """
        captions = read_captions(source.head)
        columns = COLUMNS if captions.has("safety_margin") else COLUMNS_2019
        numbers = {column.source for column in columns} - _TEXT
        table = read_delimited(
            source.data,
            separator=captions.separator,
            header=captions.lower,
            text_columns=_TEXT,
            loose_columns=unknown_captions(captions.lower, numbers),
            skip_lines=captions.line,
            path=source.label,
        )
        require_columns(table.frame, ("datetime",), source.label)
        stamps, offsets = parse_iso_stamps(table.frame.get_column("datetime"))
        in_utc = bool(np.isfinite(offsets).any())
        if in_utc:
            stamps = np.where(np.isfinite(offsets), stamps, np.nan)
        offset = float(offsets[np.isfinite(offsets)][0]) if in_utc else np.nan
        rows = timed_rows(
            table.frame,
            table.lines,
            stamps,
            path=source.label,
            expected="a stamp like 2023-05-19T15:56:24.869+0200 in 'datetime'",
            zero_columns=UNHEARD_WHEEL,
        )
        latitude, longitude = ("gps_lat", "gps_lon") if columns is COLUMNS else ("latitude", "longitude")
        frame, no_fix = drop_missing_fixes(rows.frame, latitude, longitude, _FIX)
        if columns is COLUMNS_2019:
            columns = _distances_2019(columns, frame)
        columns, signs = signed_columns(columns, frame, rows.seconds, _ELECTRIC, "EUC World")
        builder = LogBuilder(rows.seconds, rows.lines, "datetime")
        if "gps_datetime" in frame.columns:
            fixes, _ = parse_iso_stamps(frame.get_column("gps_datetime"))
            builder.add("gps_time", fixes, source="gps_datetime", conversion="to UTC, seconds since 1970")
        identity = _identity(frame, source)
        frame, columns = as_written(frame.drop("datetime", "gps_datetime", strict=False), columns, captions.written)
        found = add_columns(builder, frame, columns, finite=True)
        return [
            builder.build(
                Role.WHEEL,
                self.name,
                clock=_clock(rows, offset, options.zone),
                identity=identity,
                damage=(*table.damage, *rows.damage, *no_fix, *signs, *found),
            )
        ]


def _clock(rows: TimedRows, offset: float, zone: str) -> Clock:
    start = float(rows.seconds[0])
    if np.isnan(offset):
        reason = "The stamps have no offset from UTC: local time of the phone."
        return Clock(ClockBasis.LOCAL, start, zone, 0.001, reason)
    minutes = round(offset / 60)
    sign = "-" if minutes < 0 else "+"
    text = f"{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"
    return Clock(ClockBasis.UTC, start, text, 0.001, f"The stamps carry their offset from UTC, {text} at the start.")


def _distances_2019(columns: tuple[Column, ...], frame: pl.DataFrame) -> tuple[Column, ...]:
    """Distances are whole metres, or km with decimals."""
    changed = []
    for column in columns:
        if column.channel in ("distance", "odometer") and column.source in frame.columns:
            values: NDArray[np.float64] = frame.get_column(column.source).to_numpy()
            values = values[np.isfinite(values)]
            if bool((values != np.round(values)).any()):
                column = replace(column, scale=KILOMETRES, conversion="km to m (the values have decimals)")
        changed.append(column)
    return tuple(changed)


def _identity(frame: pl.DataFrame, source: Source) -> Identity:
    written = written_notes(frame, "extra")
    address = format_mac(written.get("euc.btaddress", "")) or mac_address(source.member, source.path)
    version = written.get("info.appversionname", "")
    return Identity(
        device="Electric unicycle",
        family=written.get("euc.make", ""),
        model=written.get("euc.model", ""),
        firmware=written.get("euc.firmware", ""),
        serial=address or written.get("euc.serial", ""),
        software=f"EUC World {version}".strip(),
    )
