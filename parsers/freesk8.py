"""FreeSK8 (Robogotchi): rides of electric skateboards with one or more controllers, records of several kinds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import KILOMETRES, KILOMETRES_PER_HOUR, MILLI, Column
from .freesk8_clock import Stamps, settle_stamps
from .freesk8_records import FIELDS, Records, kind_of, read_records, to_number
from .positions import held
from .stamps import parse_first_fitting

if TYPE_CHECKING:
    from numpy.typing import NDArray

COLUMNS: Final[tuple[Column, ...]] = (
    Column("voltage", "pack_voltage"),
    Column("motor_temp", "motor_temperature"),
    Column("esc_temp", "fet_temperature"),
    Column("duty_cycle", "duty"),
    Column("motor_current", "motor_current"),
    Column("battery_current", "battery_current"),
    Column("watt_hours", "watt_hours_used"),
    Column("watt_hours_regen", "watt_hours_charged"),
    Column("e_rpm", "erpm"),
    Column("fault", "fault_code"),
    Column("speed_kph", "speed", KILOMETRES_PER_HOUR, conversion="km/h to m/s"),
    Column("distance_km", "distance", KILOMETRES, conversion="km to m"),
    Column("esc_id", "controller_id"),
)
_GPS: Final[tuple[tuple[str, str, float], ...]] = (
    ("latitude", "latitude", 1.0),
    ("longitude", "longitude", 1.0),
    ("altitude", "altitude", 1.0),
    ("speed_kph", "gps_speed", KILOMETRES_PER_HOUR),
)
#: Settings of the header lines, canonical name and factor.
_SETTINGS: Final[dict[str, tuple[str, float]]] = {
    "gear_ratio": ("gear_ratio", 1.0),
    "wheel_diameter_mm": ("wheel_diameter", MILLI),
    "motor_poles": ("motor_poles", 1.0),
}
_STAMPS: Final = ("%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.fZ")
#: The module asks for a fix about once a second; after this time it counts as lost, s (engineering judgement).
_HOLD_S: Final = 5.0


class FreeSk8(Parser):
    """Comma-separated records of several kinds under `header,...` lines that name their fields.

    `header,format_esc,...` names the fields of `<time>,esc,...` (one record for each controller in turn, told apart by
    `esc_id`), `header,format_gps,...` those of `<time>,gps,...` and `header,format_err,...` those of `<time>,err,...`;
    further header lines hold settings (`gear_ratio`, `wheel_diameter_mm`, `motor_poles`, `esc_hz`). The older version
    writes `<time>,values,...` and `<time>,position,...` and may have no header. Each controller becomes a log of its
    own, the `err` records a log of events; fixes are held for a few seconds in the logs of the controllers.

    Stamps are `yyyy-MM-ddTHH:mm:ss` in UTC, in whole seconds: records of one controller within a second are spread
    over it in file order. Records may be a second or two out of order. Stamps before 2000 are those of a module whose
    clock was not set. Units: V, degC, duty as fraction, A, Wh, km/h, km.
    """

    name: ClassVar[str] = "freesk8"
    title: ClassVar[str] = "FreeSK8 / Robogotchi CSV (electric skateboards)"
    device: ClassVar[str] = "FreeSK8 Robogotchi module"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER, Role.EVENTS)
    gives: ClassVar[tuple[str, ...]] = (
        *(column.channel for column in COLUMNS),
        *(channel for _, channel, _ in _GPS),
        "event",
        "event_text",
        "fault_name",
    )
    clock: ClassVar[str] = "UTC in whole seconds"

    def sniff(self, source: Source) -> Sniff:
        """Look for the header lines, or for stamped records of the older version."""
        lines = source.head.decode("utf-8-sig", "replace").split("\n", 40)[:40]
        if any(line.startswith("header,format_esc,") for line in lines):
            return Sniff.yes("holds the line 'header,format_esc,...' of FreeSK8")
        kinds = [kind_of(line) for line in lines if line.strip()]
        if (
            kinds
            and all(kind in (*FIELDS, "header") for kind in kinds[:-1] or kinds)
            and set(kinds)
            & {
                "esc",
                "values",
            }
        ):
            return Sniff.yes("the records are those of FreeSK8 (time, esc or values, ...)")
        return Sniff.no("has neither 'header,format_esc' nor records like '<time>,esc,...'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Read the records and sort them by kind and controller."""
        records, written, broken = read_records(source.data)
        esc = records["esc"]
        if not esc.rows:
            raise ParseError(
                "holds no record of a controller.",
                path=source.label,
                advice="The module may have had no connection to the controller.",
            )
        hertz = to_number(written.get("esc_hz", ""))
        esc_stamps = settle_stamps(_seconds(esc.stamps), np.asarray(esc.lines), esc.numbers("esc_id"), hertz)
        if not esc_stamps.usable.any():
            raise ParseError(
                "no record has a time stamp; expected 'yyyy-MM-ddTHH:mm:ss'.", path=source.label, place="first column"
            )
        gps, fix_times = records["gps"], _seconds(records["gps"].stamps)
        settings = {
            name: to_number(written[key]) * factor
            for key, (name, factor) in _SETTINGS.items()
            if np.isfinite(to_number(written.get(key, "")))
        }
        logs = []
        ids = esc.numbers("esc_id")
        for controller in np.unique(ids[np.isfinite(ids)]) if np.isfinite(ids).any() else [np.nan]:
            mine = (ids == controller) if np.isfinite(controller) else np.ones(len(ids), bool)
            chosen = esc_stamps.order[mine[esc_stamps.order]]
            if not len(chosen):
                continue
            builder = LogBuilder(esc_stamps.seconds[chosen], np.asarray(esc.lines)[chosen], time_source="time")
            _add_controller(builder, esc, chosen)
            _add_fixes(builder, esc_stamps.stamped[chosen], gps, fix_times)
            logs.append(
                builder.build(
                    Role.CONTROLLER,
                    self.name,
                    clock=esc_stamps.clock(float(esc_stamps.seconds[chosen[0]])),
                    identity=Identity(device="VESC controller", family="vesc", software="FreeSK8"),
                    damage=(*broken, *esc_stamps.damage),
                    settings=dict(settings),
                )
            )
        return [*logs, *_events(records["err"], esc_stamps, self.name)]


def _seconds(stamps: Sequence[str]) -> NDArray[np.float64]:
    import polars as pl

    return parse_first_fitting(pl.Series(stamps, dtype=pl.String), _STAMPS)[0]


def _add_controller(builder: LogBuilder, esc: Records, chosen: NDArray[np.int64]) -> None:
    known = {column.source for column in COLUMNS}
    present = {name for row in esc.rows[:1000] for name in row}
    for column in COLUMNS:
        if column.source in present:
            values = esc.numbers(column.source)[chosen] * column.scale
            builder.add(column.channel, values, source=column.source, conversion=column.conversion)
    for name in sorted(present - known):
        builder.keep(name, esc.numbers(name)[chosen])


def _add_fixes(builder: LogBuilder, times: NDArray[np.float64], gps: Records, fix_times: NDArray[np.float64]) -> None:
    known = np.isfinite(fix_times)
    # A fix from before the year 2000 is one without a date: it cannot be put beside the telemetry.
    known &= fix_times > 946_684_800
    if not known.any():
        return
    values = {channel: gps.numbers(name)[known] * factor for name, channel, factor in _GPS}
    nowhere = (values["latitude"] == 0) & (values["longitude"] == 0)
    values = {channel: np.where(nowhere, np.nan, series) for channel, series in values.items()}
    values["gps_speed"] = np.abs(values["gps_speed"])
    sources = {channel: name for name, channel, _ in _GPS}
    for channel, series in held(times, fix_times[known], values, _HOLD_S).items():
        builder.add(channel, series, source=sources[channel], conversion=f"last fix, held for at most {_HOLD_S:g} s")


def _events(err: Records, esc: Stamps, parser: str) -> list[Log]:
    stamps = _seconds(err.stamps)
    known = np.isfinite(stamps)
    if not known.any():
        return []
    order = np.flatnonzero(known)
    order = order[np.argsort(stamps[order], kind="stable")]
    builder = LogBuilder(stamps[order], np.asarray(err.lines)[order], time_source="time")
    names = [err.rows[index].get("fault_name", "") for index in order.tolist()]
    builder.add("event", ["controller-fault"] * len(order))
    builder.add("event_text", names, source="fault_name")
    builder.add("fault_name", [name.removeprefix("FAULT_CODE_") for name in names], source="fault_name")
    builder.add("fault_code", err.numbers("fault_code")[order], source="fault_code")
    builder.add("controller_id", err.numbers("esc_id")[order], source="esc_id")
    identity = Identity(device="VESC controller", family="vesc", software="FreeSK8")
    return [builder.build(Role.EVENTS, parser, clock=esc.clock(float(stamps[order[0]])), identity=identity)]
