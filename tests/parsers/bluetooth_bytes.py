"""Bluetooth captures built byte by byte: HCI packets in a btsnoop file."""

from __future__ import annotations

import struct
from collections.abc import Sequence

PLAIN, H4, MONITOR = 1001, 1002, 2001
COMMAND, ACL, EVENT = 1, 2, 4
#: Microseconds from the year 0 to 1970.
EPOCH_US = 62_168_256_000_000_000
NOTIFY, INDICATE, WRITE_REQUEST, WRITE_COMMAND = 0x1B, 0x1D, 0x12, 0x52

#: One HCI packet: kind, whether it was received, seconds since 1970, bytes.
Hci = tuple[int, bool, float, bytes]


def btsnoop(packets: Sequence[Hci], link: int = H4, version: int = 1) -> bytes:
    """A capture file."""
    parts = [b"btsnoop\0" + struct.pack(">II", version, link)]
    for kind, received, seconds, body in packets:
        packet = bytes([kind]) + body if link == H4 else body
        flags = int(received) | (2 if kind in (COMMAND, EVENT) else 0)
        if link == MONITOR:
            flags = {(COMMAND, False): 2, (EVENT, True): 3, (ACL, False): 4, (ACL, True): 5}[kind, received]
        parts += [struct.pack(">IIIIq", len(packet), len(packet), flags, 0, round(seconds * 1e6) + EPOCH_US), packet]
    return b"".join(parts)


def address_bytes(address: str) -> bytes:
    """An address as it goes over the air, last byte first."""
    return bytes.fromhex(address.replace(":", ""))[::-1]


def le_connected(address: str, handle: int = 0x40, seconds: float = 0.0, *, enhanced: bool = False) -> Hci:
    """LE connection complete."""
    body = (
        bytes([0x0A if enhanced else 0x01, 0]) + struct.pack("<HBB", handle, 0, 0) + address_bytes(address) + bytes(20)
    )
    return EVENT, True, seconds, bytes([0x3E, len(body)]) + body


def classic_connected(address: str, handle: int = 0x40, seconds: float = 0.0) -> Hci:
    """Connection complete of a classic link."""
    body = b"\0" + struct.pack("<H", handle) + address_bytes(address) + b"\x01\0"
    return EVENT, True, seconds, bytes([0x03, len(body)]) + body


def disconnected(handle: int = 0x40, seconds: float = 0.0) -> Hci:
    """Disconnection complete."""
    return EVENT, True, seconds, b"\x05\x04\0" + struct.pack("<H", handle) + b"\x13"


def l2cap(
    channel: int, payload: bytes, *, received: bool = True, handle: int = 0x40, seconds: float = 0.0, most: int = 1000
) -> list[Hci]:
    """An L2CAP frame in ACL packets of at most `most` bytes each."""
    frame = struct.pack("<HH", len(payload), channel) + payload
    packets = []
    for start in range(0, len(frame), most):
        piece = frame[start : start + most]
        boundary = 0b01 if start else (0b10 if received else 0b00)
        packets.append((ACL, received, seconds, struct.pack("<HH", handle | boundary << 12, len(piece)) + piece))
    return packets


def att(
    value: bytes, *, operation: int = NOTIFY, characteristic: int = 0x12, handle: int = 0x40, **options: float
) -> list[Hci]:
    """A value of a characteristic."""
    received = operation in (NOTIFY, INDICATE)
    payload = struct.pack("<BH", operation, characteristic) + value
    return l2cap(4, payload, received=received, handle=handle, **options)


def notifications(data: bytes, *, size: int = 20, seconds: float = 0.0, **options: int) -> list[Hci]:
    """A frame in notifications of `size` bytes."""
    return [
        packet for at in range(0, len(data), size) for packet in att(data[at : at + size], seconds=seconds, **options)
    ]


def check_byte(data: bytes) -> int:
    """Check byte of RFCOMM, bit by bit with the polynomial reflected."""
    crc = 0xFF
    for byte in data:
        for bit in range(8):
            crc = crc >> 1 ^ (0xE0 if (crc ^ byte >> bit) & 1 else 0)
    return 0xFF - crc


def rfcomm(data: bytes, *, channel: int = 2, credit: int | None = None) -> bytes:
    """An RFCOMM frame with data."""
    head = bytes([channel << 3 | 0b01, 0xEF if credit is None else 0xFF])
    length = bytes([len(data) << 1 | 1]) if len(data) < 128 else struct.pack("<H", len(data) << 1)
    return head + length + (b"" if credit is None else bytes([credit])) + data + bytes([check_byte(head)])
