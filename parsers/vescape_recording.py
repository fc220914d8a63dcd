"""The lines of a VESCAPE recording, sorted: packets put together, locations, events."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from .columns import MILLI
from .json_records import json_lines, number, text
from .vesc_packets import (
    ALL_DATA,
    BALANCE_PACKAGE,
    BMS_GET_VALUES,
    CUSTOM_APP_DATA,
    FAULT_MODE,
    FIRMWARE_VERSION,
    GET_VALUES,
    BmsReply,
    Packet,
    PacketStream,
    read_bms,
)

#: Shortest compact reply with telemetry.
_ALL_DATA_LENGTH: Final = 35


@dataclass(slots=True)
class Recording:
    """What the lines of a file hold.

    Attributes:
        meta: The first `meta` line.
        values: Replies with all values of the controller.
        all_data: Compact replies of the balance package.
        bms: Replies of a BMS.
        locations: The `location` lines.
        events: Line, stamp in s, kind and words of each event.
        firmware: The last reply about the firmware, b"" for none.
        broken: Lines that cannot be read.
        bad_checksums: Packets with a wrong checksum.
        last_line: Number of the last line.
    """

    meta: dict[str, object] = field(default_factory=dict)
    values: list[Packet] = field(default_factory=list)
    all_data: list[Packet] = field(default_factory=list)
    bms: list[tuple[Packet, BmsReply]] = field(default_factory=list)
    locations: list[dict[str, object]] = field(default_factory=list)
    events: list[tuple[int, float, str, str]] = field(default_factory=list)
    firmware: bytes = b""
    broken: list[int] = field(default_factory=list)
    bad_checksums: int = 0
    last_line: int = 0


def read_recording(data: bytes) -> Recording:
    """Read the lines of a recording and put the received pieces together to packets."""
    recording = Recording()
    stream = PacketStream()
    for line, record in json_lines(data):
        recording.last_line = line
        if record is None:
            recording.broken.append(line)
            continue
        kind, time = record.get("kind"), number(record.get("t")) * MILLI
        if kind == "meta":
            recording.meta = {**record, **recording.meta}
        elif kind in ("session-state", "marker"):
            words = text(record.get("type")) or text(record.get("status"))
            recording.events.append((line, time, str(kind), words))
        elif kind == "location":
            recording.locations.append(record)
        elif kind == "ble-chunk" and record.get("direction") == "rx":
            try:
                piece = base64.b64decode(text(record.get("base64")), validate=True)
            except (binascii.Error, ValueError):
                recording.broken.append(line)
                continue
            for packet in stream.feed(piece, line, time):
                _sort(recording, packet)
    recording.bad_checksums = stream.bad_checksums
    return recording


def _sort(recording: Recording, packet: Packet) -> None:
    payload = packet.payload
    command = payload[0]
    if not np.isfinite(packet.time):
        recording.broken.append(packet.place)
    elif command == GET_VALUES and len(payload) >= 50:
        recording.values.append(packet)
    elif command == CUSTOM_APP_DATA and payload[1:3] == bytes((BALANCE_PACKAGE, ALL_DATA)) and len(payload) >= 5:
        if payload[3] == FAULT_MODE or len(payload) >= _ALL_DATA_LENGTH:
            recording.all_data.append(packet)
    elif command == BMS_GET_VALUES:
        reply = read_bms(payload)
        if reply is not None:
            recording.bms.append((packet, reply))
    elif command == FIRMWARE_VERSION and len(payload) > 3:
        recording.firmware = payload
