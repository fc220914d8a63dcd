"""Float Control: rides of self-balancing boards on VESC controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILES, MILES_PER_HOUR, PERCENT, Column, add_columns
from .current_sign import sign_like
from .delimited import read_delimited
from .loose_text import percent_text, unknown_captions
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_TIME: Final = "Time(s)"
_DUTY: Final = "Duty%"
_REQUESTED: Final = "Requested Amps"
_TEXTS: Final = frozenset({"State", "Alert", _DUTY})

COLUMNS: Final[tuple[Column, ...]] = (
    Column("State", "mode"),
    Column("State(num)", "ride_state"),
    Column("Distance(km)", "distance", KILOMETRES, conversion="km to m"),
    Column("Distance(mi)", "distance", MILES, conversion="miles to m"),
    Column("Speed(km/h)", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("Speed(mph)", "speed", MILES_PER_HOUR, conversion="mph to m/s"),
    Column(_DUTY, "duty", PERCENT, conversion="percent to fraction"),
    Column("Voltage", "pack_voltage"),
    Column("I-Battery", "battery_current"),
    Column("I-Motor", "motor_current"),
    Column("I-FldWeak", "field_weakening_current"),
    Column("Pitch", "pitch"),
    Column("Roll", "roll"),
    Column("Setpoint", "setpoint"),
    Column("T-Mosfet", "fet_temperature"),
    Column("T-Mot", "motor_temperature", sentinels=(0.0,)),
    Column("T-Battery", "battery_temperature", sentinels=(0.0,)),
    Column("T-BMS", "bms_temperature", sentinels=(0.0,)),
    Column("ADC1", "throttle_1"),
    Column("ADC2", "throttle_2"),
    Column("Motor-Fault", "fault_code"),
    Column("Ah", "amp_hours_used"),
    Column("Ah Charged", "amp_hours_charged"),
    Column("Wh", "watt_hours_used"),
    Column("Wh Charged", "watt_hours_charged"),
    Column("ERPM", "erpm"),
    Column("Altitude(m)", "altitude"),
    Column("GPS-Lat", "latitude"),
    Column("GPS-Long", "longitude"),
    Column("GPS-Accuracy", "gps_accuracy"),
    Column("Alert", "alert"),
)
#: Battery sensor of the controller; the sensor of the BMS goes before it where both are there.
_CONTROLLER_BATTERY_SENSOR: Final = Column("T-Batt", "battery_temperature", sentinels=(0.0,))
#: Columns known to hold numbers that have no channel.
_OTHER_NUMBERS: Final = (
    _TIME,
    _REQUESTED,
    "T-Batt",
    "True Pitch",
    "SP-ATR",
    "SP-Carve",
    "SP-TrqTlt",
    "SP-BrkTlt",
    "SP-Remote",
    "ATR-Target",
    "Carve-Target",
    "I-Booster",
    "BMS-Fault",
)


class FloatControl(Parser):
    """Comma-separated text, columns in any order, found by their captions.

    `Time(s)` counts from the start of the recording, at an uneven rate of about 10 rows a second; the file holds no
    absolute time. Units follow the setting of the app and stand in the captions only (`Speed(km/h)` or `Speed(mph)`,
    `Distance(km)` or `Distance(mi)`); the altitude is always in m. Cells of `Duty%` carry a percent sign. `State` is
    the riding state in words (RIDING, WHEELSLIP, STOP Half, ...; new ones appear), `State(num)` its number in the
    balance package. `ADC1` and `ADC2` are the two halves of the foot pad, in V. Columns of a BMS (`T-BMS`,
    `T-Battery`, `BMS-Fault`) are there when the controller hears one; the numbers of `BMS-Fault` are those of the
    balance package and kept as they are. Speed and duty are shown without their direction, and `Requested Amps` with
    the sign against `I-Motor` in some versions, which the data shows. Usually shared as `.csv.zip`.
    """

    name: ClassVar[str] = "float-control"
    title: ClassVar[str] = "Float Control CSV (balance boards on VESC)"
    device: ClassVar[str] = "Float Control app"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = (
        *dict.fromkeys(column.channel for column in COLUMNS),
        "requested_current",
    )
    clock: ClassVar[str] = "seconds from the start of the recording, no date"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions with their units in brackets."""
        found = set(read_captions(source.head).names)
        if _TIME not in found:
            return Sniff.no(f"the first line has no column '{_TIME}'")
        if not {_DUTY, "Voltage", "I-Motor"} <= found:
            return Sniff.no("columns of Float Control are missing (Duty%, Voltage, I-Motor)")
        return Sniff.yes("the header is that of Float Control")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the rows."""
        numbers = {column.source for column in COLUMNS}.union(_OTHER_NUMBERS) - _TEXTS
        captions = read_captions(source.head)
        table = read_delimited(
            source.data,
            separator=captions.separator,
            text_columns=_TEXTS,
            loose_columns=unknown_captions(captions.names, numbers),
            path=source.label,
        )
        require_columns(table.frame, (_TIME, _DUTY, "I-Motor"), source.label)
        frame = table.frame
        rows = timed_rows(
            frame,
            table.lines,
            frame.get_column(_TIME).to_numpy(),
            path=source.label,
            expected="seconds from the start in 'Time(s)'",
        )
        frame, no_fix = drop_missing_fixes(rows.frame, "GPS-Lat", "GPS-Long", ("GPS-Accuracy",))
        frame = frame.with_columns(percent_text(frame.get_column(_DUTY)).alias(_DUTY))
        builder = LogBuilder(rows.seconds, rows.lines, time_source=_TIME)
        missing = add_columns(builder, frame, _table(frame), known=(_TIME,))
        log = builder.build(
            Role.CONTROLLER,
            self.name,
            clock=Clock(
                ClockBasis.NONE, None, resolution_s=0.01, reason="'Time(s)' counts from the start of the recording."
            ),
            identity=Identity(device="VESC controller", family="vesc", software="Float Control"),
            damage=(*table.damage, *rows.damage, *no_fix, *missing, *_bms_faults(frame, rows.lines)),
        )
        return [log]


def _table(frame: pl.DataFrame) -> tuple[Column, ...]:
    """The field table with what only the data tells: the sign of the requested current, and which battery sensor."""
    table = [*COLUMNS]
    if "T-Battery" not in frame.columns or not (frame.get_column("T-Battery").fill_null(0) != 0).any():
        table = [_CONTROLLER_BATTERY_SENSOR, *(column for column in table if column.source != "T-Battery")]
    sign = 1.0
    if _REQUESTED in frame.columns:
        sign = sign_like(frame.get_column("I-Motor").to_numpy(), frame.get_column(_REQUESTED).to_numpy())
    changed = "sign changed: the column runs against 'I-Motor' in this file" if sign < 0 else ""
    table.append(Column(_REQUESTED, "requested_current", sign, conversion=changed))
    return tuple(table)


def _bms_faults(frame: pl.DataFrame, lines: NDArray[np.int64]) -> tuple[Damage, ...]:
    if "BMS-Fault" not in frame.columns:
        return ()
    values = frame.get_column("BMS-Fault").to_numpy()
    where = np.flatnonzero(np.nan_to_num(values) != 0)
    if not len(where):
        return ()
    codes = ", ".join(f"{code:g}" for code in np.unique(values[where])[:8])
    return (
        Damage(
            DamageKind.NOTE,
            Effect.NOTED,
            f"The BMS reports faults in {len(where)} rows (BMS-Fault {codes}); the numbers are not translated.",
            len(where),
            tuple(int(line) for line in lines[where[:20]]),
        ),
    )
