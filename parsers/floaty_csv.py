"""Floaty, as CSV: rides of self-balancing boards on VESC controllers."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILLI, Column, add_columns
from .delimited import read_delimited
from .loose_text import numbers_where_possible, unknown_captions
from .positions import drop_missing_fixes
from .required_columns import require_columns
from .timed_rows import timed_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

TIME: Final = "timestamp"
COLUMNS: Final[tuple[Column, ...]] = (
    Column("speed", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("dutyCycle", "duty"),
    Column("batteryVolts", "pack_voltage"),
    Column("batteryPercent", "soc"),
    Column("batteryCurrent", "battery_current"),
    Column("motorCurrent", "motor_current"),
    Column("motorTemp", "motor_temperature", sentinels=(0.0,)),
    Column("controllerTemp", "fet_temperature", sentinels=(0.0,)),
    Column("tripDistance", "distance", KILOMETRES, conversion="km to m"),
    Column("lifeDistance", "odometer", KILOMETRES, conversion="km to m"),
    Column("rollAngle", "roll"),
    Column("pitchAngle", "pitch"),
    Column("ampHours", "amp_hours_used"),
    Column("wattHours", "watt_hours_used"),
    Column("state", "ride_state"),
    Column("faultCode", "fault_code"),
    Column("adc1", "throttle_1"),
    Column("adc2", "throttle_2"),
    Column("altitude", "altitude"),
    Column("latitude", "latitude"),
    Column("longitude", "longitude"),
    Column("accuracy", "gps_accuracy"),
    Column("gpsSpeed", "gps_speed"),
    Column("gpsTimestamp", "gps_time", MILLI, conversion="ms to s; the clock of the phone's location service"),
)
#: Number columns without a channel.
OTHER_NUMBERS: Final = (
    TIME,
    "remainingDistance",
    "truePitchAngle",
    "inputTilt",
    "throttle",
    "switchState",
    "setpointAdjustmentType",
)
#: What reads 0 in a row whose telemetry was not received, where the others are empty.
_ZERO_WHEN_MISSED: Final = ("motorTemp", "controllerTemp", "tripDistance")
_EMPTY_WHEN_MISSED: Final = ("batteryVolts", "dutyCycle", "motorCurrent")


class FloatyCsv(Parser):
    """Comma-separated text with a header; a byte order mark and quotes are possible.

    `timestamp` is milliseconds since 1970 (UTC). Speed is in km/h, distances in km; `dutyCycle` and `batteryPercent`
    are fractions. A row whose telemetry was not received leaves speed, duty, voltage and currents empty, and writes 0
    for the temperatures and the trip distance: those zeros are no measurement and become null. The location columns
    have their own, slower clock (`gpsTimestamp`, ms) and `gpsSpeed` is in m/s. `sessionId` tells the sessions of one
    file apart.
    """

    name: ClassVar[str] = "floaty-csv"
    title: ClassVar[str] = "Floaty CSV (balance boards on VESC)"
    device: ClassVar[str] = "Floaty app"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(dict.fromkeys(column.channel for column in COLUMNS))
    clock: ClassVar[str] = "UTC, milliseconds since 1970"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions."""
        found = set(read_captions(source.head).names)
        if {TIME, "batteryVolts", "dutyCycle", "motorCurrent"} <= found:
            return Sniff.yes("the header is that of Floaty")
        return Sniff.no("the header has no columns 'timestamp', 'batteryVolts', 'dutyCycle', 'motorCurrent'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the rows."""
        numbers = {column.source for column in COLUMNS}.union(OTHER_NUMBERS)
        captions = read_captions(source.head)
        names = captions.names
        table = read_delimited(
            source.data,
            separator=captions.separator,
            text_columns=("sessionId",),
            loose_columns=unknown_captions(names, numbers),
            path=source.label,
        )
        damage = list(table.damage)
        if "sessionId" in table.frame.columns:
            sessions = table.frame.get_column("sessionId").n_unique()
            if sessions > 1:
                note = f"The file holds {sessions} sessions; they are one log with the pauses between them."
                damage.append(Damage(DamageKind.NOTE, Effect.NOTED, note, sessions))
        return [floaty_log(table.frame, table.lines, tuple(damage), parser=self.name, path=source.label)]


def floaty_log(
    frame: pl.DataFrame,
    lines: NDArray[np.int64],
    damage: tuple[Damage, ...],
    *,
    parser: str,
    path: str,
    board: str = "",
    counted: str = "",
) -> Log:
    """Make a log of Floaty's records, whatever file they came in.

    Args:
        frame: Records by the names of the app, shape (rows, columns).
        lines: Source row of each record, shape (rows,).
        damage: What was found wrong so far.
        parser: Name of the parser.
        path: Name of the file, for errors.
        board: Identifier of the board, "" for not known.
        counted: What `lines` counts where it is not lines.

    Returns:
        The log of the controller.

    Raises:
        ParseError: If no record has a time stamp.
    """
    require_columns(frame, (TIME,), path)
    frame = numbers_where_possible(frame, ("sessionId",))
    seconds = frame.get_column(TIME).to_numpy() * MILLI
    rows = timed_rows(frame, lines, seconds, path=path, expected="milliseconds since 1970 in 'timestamp'")
    frame, missed = _null_what_was_missed(rows.frame, rows.lines)
    frame, no_fix = drop_missing_fixes(
        frame, "latitude", "longitude", ("altitude", "accuracy", "gpsSpeed", "gpsTimestamp")
    )
    builder = LogBuilder(rows.seconds, rows.lines, time_source=TIME, counted=counted)
    missing = add_columns(builder, frame, COLUMNS, known=(TIME,))
    return builder.build(
        Role.CONTROLLER,
        parser,
        clock=Clock(
            ClockBasis.UTC, float(rows.seconds[0]), "UTC", MILLI, "'timestamp' is milliseconds since 1970 (UTC)."
        ),
        identity=Identity(device="VESC controller", family="vesc", serial=board, software="Floaty"),
        damage=(*damage, *rows.damage, *missed, *no_fix, *missing),
    )


def _null_what_was_missed(frame: pl.DataFrame, lines: NDArray[np.int64]) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Make nulls of the zeros in rows whose telemetry was not received."""
    import polars as pl

    if not set(_EMPTY_WHEN_MISSED) <= set(frame.columns):
        return frame, ()
    missed = pl.all_horizontal(pl.col(name).is_null() for name in _EMPTY_WHEN_MISSED)
    where = np.flatnonzero(frame.select(missed).to_series().to_numpy())
    if not len(where):
        return frame, ()
    frame = frame.with_columns(
        pl.when(missed & (pl.col(name) == 0)).then(None).otherwise(pl.col(name)).alias(name)
        for name in _ZERO_WHEN_MISSED
        if name in frame.columns
    )
    return frame, (
        Damage(
            DamageKind.MISSING_SENSOR,
            Effect.NOTED,
            f"{len(where)} rows hold no telemetry: the app did not hear the controller; zeros in them are no reading.",
            len(where),
            tuple(int(line) for line in lines[where[:20]]),
        ),
    )
