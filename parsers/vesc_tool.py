"""VESC Tool: the real-time log that its desktop and mobile versions write."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import MILLI, Column, add_columns
from .delimited import read_delimited
from .loose_text import unknown_captions
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .timed_rows import TimedRows, timed_rows
from .vesc_blocks import FIX_BLOCK, IMU_BLOCK, SETUP_BLOCK, only_fresh
from .vesc_clock import local_clock, running_seconds, utc_clock
from .vesc_header import TIME, ToolHeader, find_header
from .vesc_meter import read_meter
from .vesc_sensors import without_missing_sensors

if TYPE_CHECKING:
    pass

_DEGREES = 180.0 / np.pi
_FROM_MODULATION: Final = "computed by the firmware from modulation and motor current on most boards"
_FROM_VOLTAGE: Final = "computed by the firmware from its input voltage and the configured cells"

COLUMNS: Final[tuple[Column, ...]] = (
    Column("input_voltage", "pack_voltage"),
    Column("temp_mos_max", "fet_temperature"),
    Column("temp_mos_1", "fet_temperature_1", sentinels=(0.0,)),
    Column("temp_mos_2", "fet_temperature_2", sentinels=(0.0,)),
    Column("temp_mos_3", "fet_temperature_3", sentinels=(0.0,)),
    Column("temp_motor", "motor_temperature"),
    Column("current_motor", "motor_current"),
    Column("current_in", "battery_current", derived=_FROM_MODULATION),
    Column("d_axis_current", "d_axis_current"),
    Column("q_axis_current", "q_axis_current"),
    Column("erpm", "erpm"),
    Column("duty_cycle", "duty"),
    Column("amp_hours_used", "amp_hours_used"),
    Column("amp_hours_charged", "amp_hours_charged"),
    Column("watt_hours_used", "watt_hours_used"),
    Column("watt_hours_charged", "watt_hours_charged"),
    Column("tachometer", "tachometer"),
    Column("tachometer_abs", "tachometer_absolute"),
    Column("encoder_position", "encoder_position", sentinels=(-1.0,)),
    Column("fault_code", "fault_code"),
    Column("vesc_id", "controller_id", sentinels=(255.0,)),
    Column("d_axis_voltage", "d_axis_voltage"),
    Column("q_axis_voltage", "q_axis_voltage"),
    Column("amp_hours_setup", "total_amp_hours_used"),
    Column("amp_hours_charged_setup", "total_amp_hours_charged"),
    Column("watt_hours_setup", "total_watt_hours_used"),
    Column("watt_hours_charged_setup", "total_watt_hours_charged"),
    Column("battery_level", "soc", derived=_FROM_VOLTAGE),
    Column("battery_wh_tot", "energy_left", derived=_FROM_VOLTAGE),
    Column("current_in_setup", "total_battery_current", derived=_FROM_MODULATION),
    Column("current_motor_setup", "total_motor_current"),
    Column("speed_meters_per_sec", "speed", derived="electrical speed and the configured poles, gear and wheel"),
    Column("tacho_meters", "distance", derived="tachometer and the configured poles, gear and wheel"),
    Column("tacho_abs_meters", "distance_absolute", derived="tachometer and the configured poles, gear and wheel"),
    Column("num_vescs", "controller_count"),
    Column("roll", "roll", _DEGREES, conversion="rad to deg"),
    Column("pitch", "pitch", _DEGREES, conversion="rad to deg"),
    Column("yaw", "yaw", _DEGREES, conversion="rad to deg"),
    Column("accX", "acceleration_x"),
    Column("accY", "acceleration_y"),
    Column("accZ", "acceleration_z"),
    Column("gyroX", "angular_rate_x"),
    Column("gyroY", "angular_rate_y"),
    Column("gyroZ", "angular_rate_z"),
    Column("gnss_posTime", "gps_time", MILLI, conversion="ms to s, since midnight UTC"),
    Column("gnss_lat", "latitude"),
    Column("gnss_lon", "longitude"),
    Column("gnss_alt", "altitude"),
    Column("gnss_gVel", "gps_speed"),
    Column("gnss_vVel", "gps_vertical_speed"),
    Column("gnss_hAcc", "gps_accuracy", sentinels=(0.0,)),
    Column("gnss_vAcc", "gps_vertical_accuracy", sentinels=(0.0,)),
)
_OF_THE_FIX: Final = ("gnss_alt", "gnss_gVel", "gnss_vVel", "gnss_hAcc", "gnss_vAcc")
_STAMPS: Final = (TIME, SETUP_BLOCK.stamp, IMU_BLOCK.stamp)


class VescTool(Parser):
    """Text, semicolons, one also after the last column, `.` decimals, no units and no date: that is in the file name.

    A row is written for each answer of the controller to "get values": 10 to 20 a second over Bluetooth, up to 50 on
    the desktop. The columns grew: 22 without a header line (first version), 22 (1.17), 32 (1.18, adds the d and q
    voltages and the satellite fix), 55 since 1.20 (adds the setup, IMU and fix blocks). Other programs write the same
    names with commas, in subsets, with lines `FW:` and `HW:` before the header, or with empty cells.

    `ms_today` is when the phone or computer received the row: milliseconds since midnight UTC from 1.20 on, local
    before. The setup, IMU and fix blocks are the last ones received, each with its own stamp (`ms_today_setup`,
    `ms_today_imu`, `gnss_posTime`; -1 for never): values are used in the rows where they are new and fresh, and null
    in the others. `input_voltage` has steps of 0.1 V and is filtered over a few ms from firmware 5.03 on;
    `current_motor` and `current_in` are means since the last row; `current_in` is battery-side, positive when
    discharging. `temp_mos_1..3` are 0 where the board has one sensor; a motor without sensor reads -50 to -273.
    `battery_wh_tot` is the energy left, in spite of its name; over `battery_level` it gives the configured pack. The
    counters start at 0 with the controller, so counters that fall together are a restart.
    """

    name: ClassVar[str] = "vesc-tool"
    title: ClassVar[str] = "VESC Tool real-time log CSV"
    device: ClassVar[str] = "VESC controller"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(column.channel for column in COLUMNS)
    clock: ClassVar[str] = "UTC from VESC Tool 1.20 on, local before; the date is in the file name"

    def sniff(self, source: Source) -> Sniff:
        """Look for the column names, or without a header for rows of the known width and plausible values."""
        header = find_header(source.head)
        if isinstance(header, str):
            return Sniff.no(header)
        return Sniff.yes(header.reason)

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the rows."""
        header = find_header(source.head)
        if isinstance(header, str):
            raise ParseError(f"is not a VESC Tool log: {header}.", path=source.label)
        table = read_delimited(
            source.data,
            separator=header.separator,
            header=None if header.in_file else header.names,
            loose_columns=unknown_captions(header.names, {column.source for column in COLUMNS}.union(_STAMPS)),
            skip_lines=header.skip_lines,
            path=source.label,
        )
        require_columns(table.frame, (TIME,), source.label)
        stamps = table.frame.get_column(TIME).to_numpy()
        rows = timed_rows(
            table.frame,
            table.lines,
            running_seconds(stamps * MILLI),
            path=source.label,
            expected=f"milliseconds of the day in '{TIME}'",
        )
        damage = [*header.damage, *table.damage, *rows.damage]
        clock = _clock(header, rows, source.name, options.zone)
        frame = rows.frame
        for block in (SETUP_BLOCK, IMU_BLOCK, FIX_BLOCK):
            frame, stale = only_fresh(frame, block, rows.lines)
            damage += stale
        frame, no_fix = drop_missing_fixes(frame, "gnss_lat", "gnss_lon", _OF_THE_FIX)
        frame, no_sensor = without_missing_sensors(frame, rows.lines)
        settings, frame, wrong_setting = read_meter(
            frame, rows.seconds, rows.lines, voltage="input_voltage", level="battery_level", energy="battery_wh_tot"
        )
        damage += (*no_fix, *no_sensor, *wrong_setting)
        builder = LogBuilder(rows.seconds, rows.lines, time_source=TIME)
        damage += add_columns(builder, frame, COLUMNS, known=_STAMPS, finite=True)
        identity = Identity(
            device=self.device,
            family="vesc",
            hardware=header.hardware,
            firmware=header.firmware,
            software=header.software,
        )
        log = builder.build(
            Role.CONTROLLER, self.name, clock=clock, identity=identity, damage=damage, settings=settings
        )
        return [log]


def _clock(header: ToolHeader, rows: TimedRows, name: str, zone: str) -> Clock:
    first_s = float(rows.seconds[0])
    if header.from_uptime:
        reason = "The lines before the header are those of a logger that counts from its own start."
        return Clock(ClockBasis.BOOT, first_s, reason=reason)
    if header.local:
        return local_clock(name, first_s, zone, header.local)
    longitude = None
    if "gnss_lon" in rows.frame.columns:
        longitudes = rows.frame.get_column("gnss_lon").to_numpy()
        longitudes = longitudes[np.isfinite(longitudes) & (longitudes != 0)]
        longitude = float(longitudes[0]) if len(longitudes) else None
    return utc_clock(name, first_s, zone, longitude)
