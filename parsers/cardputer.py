"""Cardputer float logger (M5Stack): rides of self-balancing boards on VESC, with the cells of their BMS."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILLI, PERCENT, Column, add_columns
from .current_sign import current_sign, sign_like
from .delimited import read_delimited
from .loose_text import unknown_captions
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .sign_notes import unsure_sign
from .timed_rows import TimedRows, timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "ts_ms"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("speed_kmh", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("rpm", "erpm"),
    Column("voltage_V", "pack_voltage"),
    Column("curr_in_A", "battery_current"),
    Column("curr_mot_A", "motor_current"),
    Column("power_W", "power", derived="voltage and battery current, by the logger"),
    Column("duty_pct", "duty", PERCENT, conversion="percent to fraction"),
    Column("temp_fet_C", "fet_temperature"),
    Column("temp_mot_C", "motor_temperature", sentinels=(0.0,)),
    Column("temp_bat_C", "battery_temperature", sentinels=(0.0,)),
    Column("amp_hours", "amp_hours_used"),
    Column("ah_charged", "amp_hours_charged"),
    Column("watt_hours", "watt_hours_used"),
    Column("wh_charged", "watt_hours_charged"),
    Column("tacho", "tachometer"),
    Column("tacho_abs", "tachometer_absolute"),
    Column("pitch_deg", "pitch"),
    Column("roll_deg", "roll"),
    Column("yaw", "yaw"),
    Column("setpoint_deg", "setpoint"),
    Column("adc1", "throttle_1"),
    Column("adc2", "throttle_2"),
    Column("fault", "fault_code"),
    Column("state", "ride_state"),
    Column("batt_pct", "soc", PERCENT, conversion="percent to fraction"),
    Column("batt_wh", "energy_left"),
    Column("odo_km", "odometer", KILOMETRES, conversion="km to m"),
    Column("id_A", "d_axis_current"),
    Column("iq_A", "q_axis_current"),
    Column("acc_x", "acceleration_x"),
    Column("acc_y", "acceleration_y"),
    Column("acc_z", "acceleration_z"),
    Column("gyro_x", "angular_rate_x"),
    Column("gyro_y", "angular_rate_y"),
    Column("gyro_z", "angular_rate_z"),
    Column("gps_lat", "latitude"),
    Column("gps_lon", "longitude"),
    Column("gps_alt_m", "altitude"),
    Column("gps_speed_kmh", "gps_speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
)
_BMS_COLUMNS: Final[tuple[Column, ...]] = (
    Column("bms_v_tot", "pack_voltage"),
    Column("cell_min", "cell_voltage_min"),
    Column("cell_max", "cell_voltage_max"),
    Column("cell_delta_mV", "cell_voltage_delta", MILLI, conversion="mV to V"),
)
_REQUESTED: Final = "req_amps_A"
_VALUE_AGE: Final = "val_age_ms"
#: Values older than this were not renewed by the controller for several rows, ms (engineering judgement).
_STALE_MS: Final = 500.0
_CELL: Final = re.compile(r"cell_(\d{1,2})")
_BMS_SENSOR: Final = re.compile(r"bms_temp_(\d{1,2})")


class Cardputer(Parser):
    """Comma-separated text; the unit stands in each caption.

    `ts_ms` counts milliseconds since the logger started, about twelve rows a second. The first version has 11 columns,
    later ones about 90: angles and setpoints of the balance package, motor currents of both axes, acceleration, and of
    a BMS on the bus the pack voltage (`bms_v_tot`), the current (`bms_i_in`), each cell (`cell_01`..) and the sensors
    (`bms_temp_01`..), which become a log of the BMS. `rpm` is ERPM. `batt_pct` is the controller's own estimate and
    wrong where its cell count is. `val_age_ms` tells how old the values of the controller are.
    """

    name: ClassVar[str] = "cardputer"
    title: ClassVar[str] = "Cardputer float logger CSV (balance boards on VESC)"
    device: ClassVar[str] = "M5Stack Cardputer logger"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER, Role.BMS)
    gives: ClassVar[tuple[str, ...]] = (
        *dict.fromkeys(column.channel for column in COLUMNS),
        "requested_current",
        "cell_voltages",
        "battery_temperatures",
    )
    clock: ClassVar[str] = "milliseconds since the logger started, no date"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions."""
        found = set(read_captions(source.head).names)
        if {_TIME, "voltage_V", "curr_in_A"} <= found:
            return Sniff.yes("the header is that of the Cardputer logger")
        return Sniff.no("the header has no columns 'ts_ms', 'voltage_V', 'curr_in_A'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the rows."""
        captions = read_captions(source.head)
        names = captions.names
        numbers = {column.source for column in COLUMNS} | {_TIME, _REQUESTED, _VALUE_AGE}
        numbers |= {name for name in names if _is_of_bms(name)}
        table = read_delimited(
            source.data, separator=captions.separator, loose_columns=unknown_captions(names, numbers), path=source.label
        )
        require_columns(table.frame, (_TIME,), source.label)
        frame = table.frame
        rows = timed_rows(
            frame,
            table.lines,
            frame.get_column(_TIME).to_numpy() * MILLI,
            path=source.label,
            expected="milliseconds in 'ts_ms'",
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "gps_lat", "gps_lon", ("gps_alt_m", "gps_speed_kmh"))
        clock = Clock(
            ClockBasis.BOOT,
            float(rows.seconds[0]),
            "",
            MILLI,
            "'ts_ms' counts milliseconds since the logger started.",
        )
        damage = (*table.damage, *rows.damage)
        bms = _bms_columns(frame)
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        if _REQUESTED in frame.columns and "curr_mot_A" in frame.columns:
            requested = frame.get_column(_REQUESTED).to_numpy()
            sign = sign_like(frame.get_column("curr_mot_A").to_numpy(), requested)
            changed = "sign changed: the column runs against 'curr_mot_A' in this file" if sign < 0 else ""
            builder.add("requested_current", requested * sign, source=_REQUESTED, conversion=changed)
        missing = add_columns(builder, frame, COLUMNS, known=(_TIME, _REQUESTED, *bms))
        logs = [
            builder.build(
                Role.CONTROLLER,
                self.name,
                clock=clock,
                identity=Identity(device="VESC controller", family="vesc", software="Cardputer logger"),
                damage=(*damage, *no_fix, *missing, *_stale(frame, rows.lines)),
            )
        ]
        log = _bms_log(frame, bms, rows, clock, damage, self.name) if bms else None
        return [*logs, log] if log else logs


def _stale(frame: pl.DataFrame, lines: NDArray[np.int64]) -> tuple[Damage, ...]:
    if _VALUE_AGE not in frame.columns:
        return ()
    where = np.flatnonzero(np.nan_to_num(frame.get_column(_VALUE_AGE).to_numpy()) > _STALE_MS)
    if not len(where):
        return ()
    message = f"{len(where)} rows repeat values of the controller that are more than {_STALE_MS:g} ms old."
    rows = tuple(int(line) for line in lines[where[:20]])
    return (Damage(DamageKind.STALE_BLOCK, Effect.NOTED, message, len(where), rows),)


def _is_of_bms(name: str) -> bool:
    return bool(_CELL.fullmatch(name)) or name.startswith(("bms_", "cell_"))


def _bms_columns(frame: pl.DataFrame) -> list[str]:
    """Columns of the BMS, if any of its values is there at all."""
    names = [name for name in frame.columns if _is_of_bms(name)]
    return names if any((frame.get_column(name).fill_null(0) != 0).any() for name in names) else []


def _numbered(frame: pl.DataFrame, names: list[str], pattern: re.Pattern[str]) -> NDArray[np.float64]:
    """Columns with a number in their names as a matrix by that number; a number that is missing stays empty."""
    found = {int(match.group(1)): name for name in names if (match := pattern.fullmatch(name)) and int(match.group(1))}
    matrix = np.full((frame.height, max(found, default=0)), np.nan)
    for place, name in found.items():
        matrix[:, place - 1] = frame.get_column(name).to_numpy()
    # The logger writes as many columns as it has room for; those behind the last cell are 0 all through.
    used = np.flatnonzero((np.nan_to_num(matrix) != 0).any(axis=0)) if matrix.size else np.empty(0, np.int64)
    return matrix[:, : int(used[-1]) + 1] if len(used) else matrix[:, :0]


def _bms_log(
    frame: pl.DataFrame, names: list[str], rows: TimedRows, clock: Clock, damage: tuple[Damage, ...], parser: str
) -> Log:
    builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
    notes: tuple[Damage, ...] = ()
    cells = _numbered(frame, names, _CELL)
    if cells.size:
        milli = float(np.nanmedian(np.where(cells == 0, np.nan, cells))) > 100
        cells = np.where(cells == 0, np.nan, cells * (MILLI if milli else 1.0))
        builder.add("cell_voltages", cells, source="cell_01..", conversion="mV to V" if milli else "")
    sensors = _numbered(frame, names, _BMS_SENSOR)
    if sensors.size:
        builder.add("battery_temperatures", np.where(sensors == 0, np.nan, sensors), source="bms_temp_01..")
    done = [name for name in names if _CELL.fullmatch(name) or _BMS_SENSOR.fullmatch(name)]
    if "bms_v_tot" in names and "bms_i_in" in names:
        current = frame.get_column("bms_i_in").to_numpy()
        sign = current_sign(rows.seconds, frame.get_column("bms_v_tot").to_numpy(), current)
        builder.add("battery_current", current * sign.scale(), source="bms_i_in", conversion=sign.conversion())
        notes = unsure_sign(sign, "bms_i_in")
        done.append("bms_i_in")
    add_columns(builder, frame.select(names), _BMS_COLUMNS, known=done)
    identity = Identity(device="BMS on the VESC bus", software="Cardputer logger")
    return builder.build(Role.BMS, parser, clock=clock, identity=identity, damage=(*damage, *notes))
