"""VESC Express and LogUI: logs whose header describes every field; also what VESC Tool saves in this form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ridelog.clock import DAY_S, Clock
from ridelog.damage import Damage
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import Column, add_columns
from .delimited import read_delimited
from .positions import drop_missing_fixes
from .timed_rows import TimedRows, timed_rows
from .vesc_clock import running_seconds
from .vesc_express_bms import bms_log, is_bms
from .vesc_express_clock import express_clock
from .vesc_express_fields import (
    BMS,
    CONTROLLER,
    SAVED,
    TIME,
    TIME_GNSS,
    VEHICLE,
    Field,
    column,
    controller_of,
    is_saved,
    parse_header,
)
from .vesc_express_rows import hold, spread_whole_seconds
from .vesc_meter import read_meter
from .vesc_sensors import without_missing_sensors

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_OF_THE_FIX = ("gnss_alt", "gnss_h_acc", "gnss_h_vel", "kmh_gnss", "gnss_v_vel", "gnss_v_acc")
_FIRST_LINE = 32_768


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows of a file with values carried on, and what is common to the logs made of them."""

    frame: pl.DataFrame
    rows: TimedRows
    fields: dict[str, Field]
    saved: bool
    clock: Clock
    damage: tuple[Damage, ...]


class VescExpress(Parser):
    """Text, semicolons, none after the last field; the header line says `key:name:unit:precision:relative:timestamp`.

    Written by a VESC Express to its card (set up by the LogUI package) at 10 rows a second unless set otherwise, and by
    VESC Tool with "Save as CSV" out of any log, then with converted units (km/h, %, W). An empty cell means "not new
    since the last row": the last value is carried on, for as long as the sender is heard at all.

    `t_day` on an Express is not the time of day: it counts seconds since the Express started, in single precision
    (steps of 2 ms after 4.6 h), and wraps after a day. Wall time is only in `t_day_pos` and in the file name. VESC Tool
    writes seconds of the day, whole ones when it saves a log; rows are then spread evenly inside the second.

    Fields of the local controller come first, then `M2 ...` of a second motor and `V12 ...` of controllers on the bus,
    which become logs of their own, then those of a BMS (`bms_...`, `BMS_C1..n`, `BMS_T1..n`), which become a log of the
    BMS: the only way to cell voltages in an official VESC log. The BMS current has the sign of the BMS; the data tell.
    LogUI ends the log by itself below 18 V, so a battery that is cut off ends it cleanly just before.
    """

    name: ClassVar[str] = "vesc-express"
    title: ClassVar[str] = "VESC Express / LogUI log, and VESC Tool 'Save as CSV'"
    device: ClassVar[str] = "VESC controller"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER, Role.BMS)
    gives: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(
            (
                *CONTROLLER.values(),
                *VEHICLE.values(),
                *SAVED.values(),
                "controller_id",
                *BMS.values(),
                "cell_voltages",
                "battery_temperatures",
                "battery_temperature",
            )
        )
    )
    clock: ClassVar[str] = "seconds since the logger started; UTC or local time where satellites or the name tell"

    def sniff(self, source: Source) -> Sniff:
        """Read the header line."""
        fields = _header(source.head)
        if isinstance(fields, str):
            return Sniff.no(fields)
        return Sniff.yes("the first line describes its fields as VESC logs do")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the rows into one log for each controller and one for the BMS."""
        fields = _header(source.head)
        if isinstance(fields, str):
            raise ParseError(f"is not a VESC log: {fields}.", path=source.label)
        table = read_delimited(source.data, separator=";", path=source.label)
        by_caption = _captions(fields, table.frame.columns)
        captions = list(by_caption)
        frame = table.frame.rename(dict(zip(table.frame.columns, captions, strict=True)))
        time = _time_caption(by_caption, source.label)
        saved = is_saved(frozenset(captions))
        rows, notes, step_s = _on_a_clock(frame, table.lines, time, by_caption[time], source.label)
        frame = rows.frame
        fix_s = frame.get_column(TIME_GNSS).to_numpy() if TIME_GNSS in captions else None
        clock = express_clock(rows.seconds, fix_s, source.name, options.zone, saved=saved, step_s=step_s)
        owners = {caption: _owner(caption) for caption in captions if caption != time}
        held, stale = hold(frame, rows, owners)
        shared = (*table.damage, *rows.damage, *notes, *stale)
        logs = _controllers(_Rows(held, rows, by_caption, saved, clock, shared), owners, self)
        if "bms" in owners.values():
            bms = {caption: by_caption[caption] for caption, owner in owners.items() if owner == "bms"}
            log = bms_log(frame, held, rows, bms, logs, clock, shared, self.name)
            if log is not None:
                logs.append(log)
        return logs


def _header(head: bytes) -> tuple[Field, ...] | str:
    text = head[:_FIRST_LINE].decode(
        "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig", "replace"
    )
    lines = [line for line in text.splitlines() if line.strip()]
    if not lines or len(lines[0]) >= _FIRST_LINE:
        return "there is no first line of text"
    if lines[0].lstrip().startswith(">"):
        return "the first line is a quotation"
    return parse_header("".join(char for char in lines[0] if char.isprintable()))


def _captions(fields: Sequence[Field], columns: Sequence[str]) -> dict[str, Field]:
    """Fields by a unique caption, one for each column of the rows; a column beyond the header keeps its own name."""
    result: dict[str, Field] = {}
    for index, name in enumerate(columns):
        field = fields[index] if index < len(fields) else Field(name, name, "", 2, False, False)
        caption, again = field.key, 2
        while caption in result:
            caption, again = f"{field.key} ({again})", again + 1
        result[caption] = field
    return result


def _time_caption(fields: dict[str, Field], path: str) -> str:
    if TIME in fields:
        return TIME
    stamps = [caption for caption, field in fields.items() if field.timestamp]
    if not stamps:
        raise ParseError(
            f"has no time: no field '{TIME}' and none marked as time stamp.",
            path=path,
            advice="Log with time stamps switched on; VESC Express adds them by itself.",
        )
    return stamps[0]


def _on_a_clock(
    frame: pl.DataFrame, lines: NDArray[np.int64], time: str, field: Field, path: str
) -> tuple[TimedRows, tuple[Damage, ...], float]:
    seconds = frame.get_column(time).to_numpy()
    unwrapped = running_seconds(seconds)
    step_s = 10.0**-field.precision
    notes: tuple[Damage, ...] = ()
    if field.precision == 0:
        unwrapped, notes = spread_whole_seconds(unwrapped)
    elif np.isfinite(unwrapped).any():
        step_s = max(step_s, float(np.spacing(np.float32(np.nanmax(unwrapped) % DAY_S))))
    rows = timed_rows(frame, lines, unwrapped, path=path, expected=f"seconds in '{time}'")
    return rows, notes, step_s


def _owner(caption: str) -> str:
    return "bms" if is_bms(caption) else controller_of(caption)[0]


def _controllers(source: _Rows, owners: dict[str, str], parser: VescExpress) -> list[Log]:
    """One log for each controller; the first has all that belongs to the vehicle."""
    names = list(dict.fromkeys(owner for owner in owners.values() if owner not in ("", "bms")))
    captions = {name: [caption for caption, owner in owners.items() if owner == name] for name in ("", *names)}
    inputs = [c for c, owner in owners.items() if owner != "bms" and controller_of(c)[1] == "Current In"]
    if names and not source.saved and not {"Current", "RPM", "Current In"}.intersection(captions[""]):
        # The logger is no controller itself: the first one on the bus takes the place of the local one.
        captions = {names[0]: [*captions[names[0]], *captions[""]]} | {name: captions[name] for name in names[1:]}
    logs: list[Log] = []
    for name, own in captions.items():
        if own:
            logs.append(_one(source, own, name, inputs if not logs and len(inputs) > 1 else [], parser))
    return [log for log in logs if log.channels] or logs[:1]


def _one(source: _Rows, captions: list[str], owner: str, inputs: list[str], parser: VescExpress) -> Log:
    """The log of one controller; `inputs` are the battery currents that add up to that of the vehicle."""
    part = source.frame.select(captions)
    part, no_fix = drop_missing_fixes(part, "gnss_lat", "gnss_lon", _OF_THE_FIX)
    columns: list[Column] = []
    taken: set[str] = set()
    for caption in captions:
        key = controller_of(caption)[1]
        known = (SAVED.get(key) if source.saved else None) or VEHICLE.get(key) or CONTROLLER.get(key)
        if known is None or known in taken or (source.saved and key == "trip_vesc_abs"):
            continue
        taken.add(known)
        columns.append(column(source.fields[caption], known, caption))
    part, settings, damage = _believed(part, source.rows, columns)
    builder = LogBuilder(source.rows.seconds, source.rows.lines, time_source=TIME)
    if owner.startswith("V"):
        builder.add("controller_id", np.full(part.height, float(owner[1:])), source="number in the field names")
    missing = add_columns(builder, part, columns)
    if inputs:
        total = sum(source.frame.get_column(caption).to_numpy() for caption in inputs)
        builder.add("total_battery_current", total, source=" + ".join(inputs), derived="sum over the controllers")
        builder.add("controller_count", np.full(part.height, float(len(inputs))), source="fields of the header")
    model = "" if not owner else "second motor" if owner == "M2" else f"CAN id {owner[1:]}"
    software = "VESC Tool" if source.saved else "VESC Express or LogUI"
    return builder.build(
        Role.CONTROLLER,
        parser.name,
        clock=source.clock,
        identity=Identity(device=parser.device, family="vesc", model=model, software=software),
        damage=(*source.damage, *no_fix, *damage, *missing),
        settings=settings,
    )


def _believed(
    part: pl.DataFrame, rows: TimedRows, columns: list[Column]
) -> tuple[pl.DataFrame, dict[str, float | str | bool], tuple[Damage, ...]]:
    """Take out what a missing motor sensor and a wrongly set battery meter show."""
    by_channel = {item.channel: item for item in columns}
    damage: tuple[Damage, ...] = ()
    settings: dict[str, float | str | bool] = {}
    motor = by_channel.get("motor_temperature")
    if motor is not None:
        part, damage = without_missing_sensors(part, rows.lines, motor=motor.source, inertia=())
    level, voltage = by_channel.get("soc"), by_channel.get("pack_voltage")
    if level is not None and voltage is not None:
        fraction = part.with_columns((part.get_column(level.source) * level.scale).alias(level.source))
        settings, fraction, wrong = read_meter(
            fraction, rows.seconds, rows.lines, voltage=voltage.source, level=level.source
        )
        part = fraction.with_columns((fraction.get_column(level.source) / level.scale).alias(level.source))
        damage = (*damage, *wrong)
    return part, settings, damage
