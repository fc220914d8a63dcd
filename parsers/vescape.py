"""VESCAPE debug recordings, and those of loggers that write the same lines: raw packets of balance boards on VESC."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.channels import CHANNELS
from ridelog.clock import Clock, ClockBasis, repair_backward_steps
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .columns import MILLI
from .current_sign import current_sign
from .json_records import broken_lines, column, number, text
from .json_text import json_text
from .positions import held
from .sign_notes import unsure_sign
from .vesc_packets import ALL_DATA_FIELDS, FAULT_MODE, STATE_BYTE, VALUES_FIELDS, Field, Packet, read_fields
from .vescape_recording import Recording, read_recording

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Series = dict[str, NDArray[np.float64]]

_KINDS: Final = frozenset({"meta", "session-state", "location", "phone-heading", "ble-chunk", "marker"})
_LOCATION: Final[tuple[tuple[str, str], ...]] = (
    ("latitude", "latitude"),
    ("longitude", "longitude"),
    ("altitudeM", "altitude"),
    ("speedMps", "gps_speed"),
    ("accuracyM", "gps_accuracy"),
    ("bearingDeg", "gps_heading"),
)
#: The phone gives a location a second, s (engineering judgement: ten missed ones end it).
_LOCATION_HOLD_S: Final = 10.0
#: Replies of both kinds are asked for in turn, many times a second, s (engineering judgement).
_REPLY_HOLD_S: Final = 1.0


class Vescape(Parser):
    """JSON lines; each has `t`, milliseconds since the start of the recording, and a `kind`.

    `meta` describes the recording (`deviceName`, `deviceId`, `startedAt` in milliseconds since 1970 UTC), `ble-chunk`
    holds a piece of the radio traffic in base64 with its `direction`, `location` is the phone's, `session-state` and
    `marker` are events. The received pieces are put together to VESC packets; three replies hold telemetry: the compact
    one of the balance package (command 36, package 101), all values of the controller (command 4) and those of a BMS
    (command 96). The compact reply counts ERPM in 16 bits and duty in whole percent. Samples are left out on purpose in
    the privacy zones of the app.
    """

    name: ClassVar[str] = "vescape"
    title: ClassVar[str] = "VESCAPE debug recording (JSON lines of raw VESC packets)"
    device: ClassVar[str] = "VESCAPE app, Cardputer logger"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER, Role.BMS, Role.EVENTS)
    gives: ClassVar[tuple[str, ...]] = tuple(
        dict.fromkeys(
            [
                *(item.channel for item in (*VALUES_FIELDS, *ALL_DATA_FIELDS) if item.channel),
                "ride_state",
                *(channel for _, channel in _LOCATION),
                "cell_voltages",
                "cells_balancing",
                "battery_temperatures",
                "bms_temperature",
                "charger_voltage",
                "humidity",
                "soh",
                "event",
                "event_text",
            ]
        )
    )
    clock: ClassVar[str] = "UTC, milliseconds"

    def sniff(self, source: Source) -> Sniff:
        """Look at the first line."""
        line = json_text(source.head).lstrip().split("\n", 1)[0]
        try:
            first = json.loads(line)
        except (ValueError, RecursionError):
            return Sniff.no("the first line is no JSON object")
        if isinstance(first, dict) and "t" in first and first.get("kind") in _KINDS:
            return Sniff.yes("the first line is one of a VESCAPE recording")
        return Sniff.no("the first line has no 't' and known 'kind'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the file says it all
        """Put the packets together and read the replies."""
        recording = read_recording(source.data)
        start = number(recording.meta.get("startedAt")) * MILLI
        damage = _damage(recording)
        logs = [
            log
            for log in (
                _controller_log(recording, start, self.name, damage),
                _bms_log(recording, start, self.name, damage),
                _event_log(recording, start, self.name),
            )
            if log is not None
        ]
        if not any(log.role in (Role.CONTROLLER, Role.BMS) for log in logs):
            raise ParseError(
                "holds no telemetry: none of the recorded packets is a known reply.",
                path=source.label,
                advice="Record with the board connected and its package running.",
            )
        return logs


def _damage(recording: Recording) -> tuple[Damage, ...]:
    damage = list(broken_lines(recording.broken, recording.last_line))
    if recording.bad_checksums:
        message = f"{recording.bad_checksums} packets have a wrong checksum; they are left out."
        damage.append(Damage(DamageKind.CHECKSUM, Effect.LOST, message, recording.bad_checksums))
    return tuple(damage)


def _clock(start: float, first: float) -> Clock:
    if np.isfinite(start):
        return Clock(ClockBasis.UTC, start + first, "UTC", MILLI, "'startedAt' is milliseconds since 1970 (UTC).")
    return Clock(ClockBasis.NONE, None, "", MILLI, "'t' counts from the start of the recording.")


def _identity(recording: Recording, device: str, family: str) -> Identity:
    payload = recording.firmware
    hardware = payload[3:].split(b"\0", 1)[0].decode("ascii", "replace") if payload else ""
    return Identity(
        device=device,
        family=family,
        model=text(recording.meta.get("deviceName")),
        hardware=hardware,
        firmware=f"{payload[1]}.{payload[2]:02d}" if payload else "",
        serial=text(recording.meta.get("deviceId")),
        software="VESCAPE",
    )


def _stamps(packets: Sequence[Packet]) -> tuple[NDArray[np.float64], NDArray[np.int64], tuple[Damage, ...]]:
    lines = np.asarray([packet.place for packet in packets], np.int64)
    times, steps = repair_backward_steps(np.asarray([packet.time for packet in packets]), lines)
    return times, lines, steps


def _all_data_series(packets: Sequence[Packet]) -> Series:
    """Read compact replies; one that tells of a fault holds nothing else."""
    payloads = [packet.payload for packet in packets]
    modes = np.asarray([payload[3] for payload in payloads])
    faults = np.asarray([payload[4] for payload in payloads], np.float64)
    series = read_fields(
        [b"" if mode == FAULT_MODE else load for mode, load in zip(modes, payloads, strict=True)],
        (*ALL_DATA_FIELDS, Field("ride_state", STATE_BYTE, ">u1")),
    )
    if "ride_state" in series:
        series["ride_state"] = np.mod(series["ride_state"], 16)
    series["fault_code"] = np.where(modes == FAULT_MODE, faults, 0.0)
    return series


def _controller_log(recording: Recording, start: float, parser: str, damage: tuple[Damage, ...]) -> Log | None:
    """One row for each reply of the kind that came more often; what only the other kind holds is carried along."""
    kinds: list[tuple[Sequence[Packet], Series, str]] = []
    if recording.values:
        values = read_fields([packet.payload for packet in recording.values], VALUES_FIELDS)
        kinds.append((recording.values, values, "COMM_GET_VALUES"))
    if recording.all_data:
        kinds.append((recording.all_data, _all_data_series(recording.all_data), "balance package"))
    if not kinds:
        return None
    kinds.sort(key=lambda kind: len(kind[0]), reverse=True)
    packets, series, source = kinds[0]
    times, lines, steps = _stamps(packets)
    builder = LogBuilder(times, lines, time_source="t")
    for name, replies in series.items():
        if name in CHANNELS:
            builder.add(name, replies, source=source)
        else:
            builder.keep(name, replies)
    if len(kinds) > 1:
        others, more, other_source = kinds[1]
        wanted = {name: values for name, values in more.items() if not builder.has(name) and name in CHANNELS}
        stamps = np.asarray([packet.time for packet in others])
        for name, last in held(times, stamps, wanted, _REPLY_HOLD_S).items():
            builder.add(name, last, source=other_source, conversion=f"last reply, held for {_REPLY_HOLD_S:g} s")
    if recording.locations:
        stamps = column(recording.locations, "t") * MILLI
        known = np.isfinite(stamps)
        fixes = {channel: column(recording.locations, key)[known] for key, channel in _LOCATION}
        for name, last in held(times, stamps[known], fixes, _LOCATION_HOLD_S).items():
            builder.add(name, last, source="location", conversion=f"last one, held for {_LOCATION_HOLD_S:g} s")
    return builder.build(
        Role.CONTROLLER,
        parser,
        clock=_clock(start, float(times[0])),
        identity=_identity(recording, "VESC controller", "vesc"),
        damage=(*damage, *steps),
    )


def _bms_log(recording: Recording, start: float, parser: str, damage: tuple[Damage, ...]) -> Log | None:
    if not recording.bms:
        return None
    replies = [reply for _, reply in recording.bms]
    times, lines, steps = _stamps([packet for packet, _ in recording.bms])
    builder = LogBuilder(times, lines, time_source="t")
    voltage = np.asarray([reply.voltage for reply in replies])
    current = np.asarray([reply.current for reply in replies])
    sign = current_sign(times, voltage, current)
    cells = _matrix([reply.cells for reply in replies])
    for channel, values in (
        ("pack_voltage", voltage),
        ("charger_voltage", np.asarray([reply.charger_voltage for reply in replies])),
        ("soc", np.asarray([reply.soc for reply in replies])),
        ("soh", np.asarray([reply.soh for reply in replies])),
        ("bms_temperature", np.asarray([reply.board_temperature for reply in replies])),
        ("humidity", np.asarray([reply.humidity for reply in replies])),
        ("cell_voltages", np.where(cells == 0, np.nan, cells)),
        ("cells_balancing", _matrix([reply.balancing for reply in replies])),
        ("battery_temperatures", _matrix([reply.temperatures for reply in replies])),
    ):
        if values.shape[-1]:
            builder.add(channel, values, source="COMM_BMS_GET_VALUES")
    builder.add("battery_current", current * sign.scale(), source="COMM_BMS_GET_VALUES", conversion=sign.conversion())
    return builder.build(
        Role.BMS,
        parser,
        clock=_clock(start, float(times[0])),
        identity=_identity(recording, "BMS on the VESC bus", ""),
        damage=(*damage, *steps, *unsure_sign(sign, "i_in")),
    )


def _matrix(rows: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    width = max((len(row) for row in rows), default=0)
    return np.asarray([[*row, *[np.nan] * (width - len(row))] for row in rows], np.float64).reshape(len(rows), width)


def _event_log(recording: Recording, start: float, parser: str) -> Log | None:
    events = [event for event in recording.events if np.isfinite(event[1]) and event[3]]
    if not events:
        return None
    lines = np.asarray([line for line, *_ in events], np.int64)
    times, steps = repair_backward_steps(np.asarray([time for _, time, *_ in events]), lines)
    builder = LogBuilder(times, lines, time_source="t")
    builder.add("event", [kind for _, _, kind, _ in events], source="kind")
    builder.add("event_text", [words for *_, words in events], source="status")
    return builder.build(
        Role.EVENTS,
        parser,
        clock=_clock(start, float(times[0])),
        identity=_identity(recording, "VESC controller", "vesc"),
        damage=steps,
    )
