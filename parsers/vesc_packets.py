"""VESC packets out of a stream of bytes that arrives in pieces, and the replies that hold telemetry."""

from __future__ import annotations

from binascii import crc_hqx
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Commands of the VESC protocol (firmware: datatypes.h, COMM_PACKET_ID).
FIRMWARE_VERSION: Final = 0
GET_VALUES: Final = 4
FORWARD_CAN: Final = 34
CUSTOM_APP_DATA: Final = 36
BMS_GET_VALUES: Final = 96
#: Package number and command of the balance package's compact reply (Refloat: main.c, cmd_send_all_data).
BALANCE_PACKAGE: Final = 101
ALL_DATA: Final = 10
#: Mode of a compact reply that holds nothing but the number of the active fault.
FAULT_MODE: Final = 69

_SHORT, _LONG, _END = 2, 3, 3
#: Longest payload of the firmware is 512 bytes; a longer one is no packet.
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class Packet:
    """One whole packet.

    Attributes:
        payload: The bytes between frame and checksum, the CAN wrapper removed.
        place: Where the last piece of it came from, as given to `PacketStream.feed`.
        time: Stamp of that piece.
    """

    payload: bytes
    place: int
    time: float


@dataclass(slots=True)
class PacketStream:
    """Puts packets together and steps over what is none.

    A short packet is 2, length, payload, CRC-16 (polynomial 0x1021, from 0, high byte first), 3; a long one starts with
    3 and a length of two bytes.

    Attributes:
        bad_checksums: Packets whose frame was right and whose checksum was not.
    """

    bad_checksums: int = 0
    _rest: bytearray = field(default_factory=bytearray)

    def feed(self, piece: bytes, place: int, time: float) -> Iterator[Packet]:
        """Take a piece of the stream and give the packets it completes."""
        self._rest += piece
        at = 0
        rest = self._rest
        while at < len(rest):
            start = rest[at]
            header = 2 if start == _SHORT else 3
            if start not in (_SHORT, _LONG):
                at += 1
                continue
            if len(rest) - at < header:
                break
            length = rest[at + 1] if start == _SHORT else rest[at + 1] << 8 | rest[at + 2]
            if not 0 < length <= _LONGEST:
                at += 1
                continue
            end = at + header + length
            if len(rest) < end + 3:
                break
            if rest[end + 2] != _END:
                at += 1
                continue
            payload = bytes(rest[at + header : end])
            if crc_hqx(payload, 0) != rest[end] << 8 | rest[end + 1]:
                self.bad_checksums += 1
                at += 1
                continue
            at = end + 3
            unwrapped = payload[2:] if payload[0] == FORWARD_CAN and len(payload) > 2 else payload
            yield Packet(unwrapped, place, time)
        del rest[:at]


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a reply.

    Attributes:
        channel: Canonical channel, or "" with `name` for a value without one.
        at: Offset of its first byte in the payload.
        kind: numpy type, big-endian.
        per: Raw units in one canonical unit.
        offset: Added before dividing.
        name: Name in the firmware.
        missing: Raw value that means "not known".
    """

    channel: str
    at: int
    kind: str
    per: float = 1.0
    offset: float = 0.0
    name: str = ""
    missing: int | None = None


#: The reply of the firmware to the question for all values (commands.c, COMM_GET_VALUES).
VALUES_FIELDS: Final[tuple[Field, ...]] = (
    Field("fet_temperature", 1, ">i2", 10),
    Field("motor_temperature", 3, ">i2", 10),
    Field("motor_current", 5, ">i4", 100),
    Field("battery_current", 9, ">i4", 100),
    Field("d_axis_current", 13, ">i4", 100),
    Field("q_axis_current", 17, ">i4", 100),
    Field("duty", 21, ">i2", 1000),
    Field("erpm", 23, ">i4"),
    Field("pack_voltage", 27, ">i2", 10),
    Field("amp_hours_used", 29, ">i4", 1e4),
    Field("amp_hours_charged", 33, ">i4", 1e4),
    Field("watt_hours_used", 37, ">i4", 1e4),
    Field("watt_hours_charged", 41, ">i4", 1e4),
    Field("tachometer", 45, ">i4"),
    Field("tachometer_absolute", 49, ">i4"),
    Field("fault_code", 53, ">u1"),
    Field("controller_id", 58, ">u1"),
)
#: The compact reply of the balance package; offsets count the command byte (Refloat: main.c, cmd_send_all_data).
ALL_DATA_FIELDS: Final[tuple[Field, ...]] = (
    Field("requested_current", 4, ">i2", 10),
    Field("", 6, ">i2", 10, name="balance_pitch"),
    Field("roll", 8, ">i2", 10),
    Field("throttle_1", 12, ">u1", 50),
    Field("throttle_2", 13, ">u1", 50),
    Field("setpoint", 14, ">u1", 5, -128),
    Field("", 15, ">u1", 5, -128, name="atr_setpoint"),
    Field("", 16, ">u1", 5, -128, name="brake_tilt_setpoint"),
    Field("", 17, ">u1", 5, -128, name="torque_tilt_setpoint"),
    Field("", 18, ">u1", 5, -128, name="turn_tilt_setpoint"),
    Field("", 19, ">u1", 5, -128, name="remote_setpoint"),
    Field("pitch", 20, ">i2", 10),
    Field("", 22, ">u1", 1, -128, name="booster_current"),
    Field("pack_voltage", 23, ">i2", 10),
    Field("erpm", 25, ">i2"),
    Field("speed", 27, ">i2", 10),
    Field("motor_current", 29, ">i2", 10),
    Field("battery_current", 31, ">i2", 10),
    Field("duty", 33, ">u1", 100, -128),
    Field("", 34, ">u1", 3, name="foc_id", missing=222),
    Field("distance_absolute", 35, ">f4"),
    Field("fet_temperature", 39, ">u1", 2),
    Field("motor_temperature", 40, ">u1", 2),
    Field("odometer", 42, ">u4"),
    Field("amp_hours_used", 46, ">i2", 10),
    Field("amp_hours_charged", 48, ">i2", 10),
    Field("watt_hours_used", 50, ">i2"),
    Field("watt_hours_charged", 52, ">i2"),
    Field("soc", 54, ">u1", 200),
)
#: Byte of the compact reply whose low half is the state of the package.
STATE_BYTE: Final = 10


def read_fields(payloads: Sequence[bytes], fields: Sequence[Field]) -> dict[str, NDArray[np.float64]]:
    """Read the same fields out of many replies.

    Args:
        payloads: Replies of one kind; those of an older version or a lower mode are shorter.
        fields: The fields.

    Returns:
        Series of shape (replies,) by channel, or by name for a field without one; NaN where a reply is too short.
    """
    longest = max((len(payload) for payload in payloads), default=0)
    lengths = np.asarray([len(payload) for payload in payloads])
    matrix = np.frombuffer(b"".join(payload.ljust(longest, b"\0") for payload in payloads), np.uint8)
    matrix = matrix.reshape(len(payloads), longest)
    result: dict[str, NDArray[np.float64]] = {}
    for item in fields:
        kind = np.dtype(item.kind)
        if item.at + kind.itemsize > longest:
            continue
        cells = np.ascontiguousarray(matrix[:, item.at : item.at + kind.itemsize])
        raw = cells.view(kind).reshape(-1).astype(np.float64)
        values = (raw + item.offset) / item.per
        known = (lengths >= item.at + kind.itemsize) & np.isfinite(raw)
        if item.missing is not None:
            known &= raw != item.missing
        result[item.channel or item.name] = np.where(known, values, np.nan)
    return result


@dataclass(frozen=True, slots=True)
class BmsReply:
    """One reply of a BMS in the VESC protocol (commands.c, COMM_BMS_GET_VALUES)."""

    voltage: float
    charger_voltage: float
    current: float
    cells: tuple[float, ...]
    balancing: tuple[bool, ...]
    temperatures: tuple[float, ...]
    board_temperature: float
    humidity: float
    soc: float
    soh: float


def read_bms(payload: bytes) -> BmsReply | None:
    """Read a reply of a BMS; None when it is shorter than its own counts say."""
    if len(payload) < 26:
        return None

    def scaled(at: int, size: int, per: float) -> float:
        return int.from_bytes(payload[at : at + size], "big", signed=True) / per

    count = payload[25]
    cells_at, balance_at = 26, 26 + 2 * count
    sensors_at = balance_at + count
    if len(payload) <= sensors_at:
        return None
    sensors = payload[sensors_at]
    rest = sensors_at + 1 + 2 * sensors
    if len(payload) < rest + 6:
        return None
    soc, soh = _charge_and_health(payload[rest + 8 :])
    return BmsReply(
        voltage=scaled(1, 4, 1e6),
        charger_voltage=scaled(5, 4, 1e6),
        current=scaled(13, 4, 1e6),
        cells=tuple(scaled(cells_at + 2 * index, 2, 1e3) for index in range(count)),
        balancing=tuple(bool(flag) for flag in payload[balance_at:sensors_at]),
        temperatures=tuple(scaled(sensors_at + 1 + 2 * index, 2, 1e2) for index in range(sensors)),
        board_temperature=scaled(rest, 2, 1e2),
        humidity=scaled(rest + 4, 2, 1e4),
        soc=soc,
        soh=soh,
    )


def _charge_and_health(rest: bytes) -> tuple[float, float]:
    """State of charge and of health: two bytes each in thousandths, or one byte each in parts of 255."""
    if len(rest) >= 5:
        return int.from_bytes(rest[0:2], "big", signed=True) / 1e3, int.from_bytes(rest[2:4], "big", signed=True) * 1e-3
    if len(rest) == 3:
        return rest[0] / 255, rest[1] / 255
    return np.nan, np.nan
