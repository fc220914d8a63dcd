"""From HCI packets to what each device said: connections, L2CAP, ATT notifications and writes, RFCOMM."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from ridelog.damage import Damage, DamageKind, Effect

from .btsnoop_records import HciRecord
from .frames.protocol import Packet

_ACL, _EVENT = 2, 4
_ATT_CHANNEL: Final = 4
#: Channels from here on are given out on demand; on a classic link one of them carries RFCOMM.
_FIRST_DYNAMIC: Final = 0x40
#: ATT operations that carry a value behind a handle: notification and indication from the device; requests and
#: commands to write from the host.
_ATT_FROM_DEVICE: Final = frozenset({0x1B, 0x1D})
_ATT_TO_DEVICE: Final = frozenset({0x12, 0x52, 0xD2})
_ATT_VALUE: Final = 3
#: Source of what came through RFCOMM, where ATT has the handle of the characteristic.
_RFCOMM: Final = -1

_DISCONNECTED: Final = 0x05
_CLASSIC_CONNECTED: Final = 0x03
_LE_META: Final = 0x3E
#: LE connection complete, plain and enhanced: handle, role, type of the peer's address, address.
_LE_CONNECTED: Final = (0x01, 0x0A, 0x29)

#: An L2CAP frame is at most this long.
_LONGEST: Final = 65_539


class _Link:
    """One connection: whose it is, and the L2CAP frame that is not complete yet in each direction."""

    def __init__(self, device: str) -> None:
        self.device = device
        self.partial: dict[bool, tuple[HciRecord, bytearray]] = {}


class Hci:
    """Follows the connections of a capture and collects what each device and its host said.

    One device is one stream for each characteristic it notifies from (or for its serial channel); what the host wrote
    goes to all of them, so that answers can be told by their questions.
    """

    def __init__(self) -> None:
        self._links: dict[int, _Link] = {}
        self._streams: dict[str, list[tuple[int, Packet]]] = {}
        self._incomplete: list[int] = []
        self._unknown = 0

    def take(self, record: HciRecord) -> None:
        """Take the next packet of the capture."""
        if record.kind == _EVENT:
            self._event(record.data)
        elif record.kind == _ACL:
            self._acl(record)

    def damage(self) -> tuple[Damage, ...]:
        """What could not be put together."""
        if not self._incomplete:
            return ()
        message = f"{len(self._incomplete)} Bluetooth packets lack their beginning or their end."
        rows = tuple(self._incomplete[:20])
        return (Damage(DamageKind.FRAME_GAP, Effect.LOST, message, len(self._incomplete), rows),)

    def streams(self) -> Iterator[tuple[str, list[Packet]]]:
        """Give the streams, in the order in which the devices came: address or "" and the packets."""
        for device, packets in self._streams.items():
            address = "" if device.startswith("?") else device
            sources = list(dict.fromkeys(source for source, packet in packets if not packet.outgoing))
            for source in sources:
                yield address, [packet for own, packet in packets if packet.outgoing or own == source]

    def _event(self, data: bytes) -> None:
        if len(data) < 2:
            return
        body = data[2:]
        if data[0] == _LE_META and len(body) >= 12 and body[0] in _LE_CONNECTED and body[1] == 0:
            (handle,) = struct.unpack_from("<H", body, 2)
            self._connected(handle, body[6:12])
        elif data[0] == _CLASSIC_CONNECTED and len(body) >= 9 and body[0] == 0:
            (handle,) = struct.unpack_from("<H", body, 1)
            self._connected(handle, body[3:9])
        elif data[0] == _DISCONNECTED and len(body) >= 3 and body[0] == 0:
            (handle,) = struct.unpack_from("<H", body, 1)
            self._links.pop(handle & 0x0FFF, None)

    def _connected(self, handle: int, address: bytes) -> None:
        self._links[handle & 0x0FFF] = _Link(address[::-1].hex(":").upper())

    def _link(self, handle: int) -> _Link:
        if handle not in self._links:
            # The capture began when this device was connected already.
            self._unknown += 1
            self._links[handle] = _Link(f"?{handle}.{self._unknown}")
        return self._links[handle]

    def _acl(self, record: HciRecord) -> None:
        if len(record.data) < 4:
            self._incomplete.append(record.offset)
            return
        handle, length = struct.unpack_from("<HH", record.data)
        link = self._link(handle & 0x0FFF)
        payload = record.data[4 : 4 + length]
        continues = handle >> 12 & 0b11 == 0b01
        if not continues:
            if record.received in link.partial:
                self._incomplete.append(link.partial.pop(record.received)[0].offset)
            if len(payload) < 4:
                self._incomplete.append(record.offset)
                return
            link.partial[record.received] = (record, bytearray(payload))
        elif record.received in link.partial:
            link.partial[record.received][1].extend(payload)
        else:
            self._incomplete.append(record.offset)
            return
        first, frame = link.partial[record.received]
        size = 4 + int.from_bytes(frame[:2], "little")
        if len(frame) >= size:
            del link.partial[record.received]
            self._l2cap(link, first, bytes(frame[:size]))
        elif len(frame) > _LONGEST:
            self._incomplete.append(link.partial.pop(record.received)[0].offset)

    def _l2cap(self, link: _Link, record: HciRecord, frame: bytes) -> None:
        (channel,) = struct.unpack_from("<H", frame, 2)
        payload = frame[4:]
        if channel == _ATT_CHANNEL:
            operations = _ATT_FROM_DEVICE if record.received else _ATT_TO_DEVICE
            if len(payload) > _ATT_VALUE and payload[0] in operations:
                (handle,) = struct.unpack_from("<H", payload, 1)
                self._add(link, handle, payload[_ATT_VALUE:], record)
        elif channel >= _FIRST_DYNAMIC:
            data = rfcomm_data(payload)
            if data:
                self._add(link, _RFCOMM, data, record)

    def _add(self, link: _Link, source: int, data: bytes, record: HciRecord) -> None:
        packet = Packet(data, record.offset, record.time, outgoing=not record.received)
        self._streams.setdefault(link.device, []).append((source, packet))


#: Control field of RFCOMM frames that carry data (UIH), without and with the bit that adds a credit field.
_UIH: Final = 0xEF
_UIH_CREDIT: Final = 0xFF


def rfcomm_data(frame: bytes) -> bytes:
    """Data of an RFCOMM frame; empty for control frames and for what is no RFCOMM frame.

    Address, control, length of one or two bytes, a credit if bit 4 of the control field is set, data, and a check byte
    over address and control (Bluetooth RFCOMM, after GSM 07.10).
    """
    if len(frame) < 4 or frame[1] not in (_UIH, _UIH_CREDIT) or frame[0] >> 2 == 0:
        return b""
    if _check_byte(frame[:2]) != frame[-1]:
        return b""
    long = not frame[2] & 1
    length = (frame[2] >> 1) | (frame[3] << 7 if long else 0)
    start = 3 + long + (frame[1] == _UIH_CREDIT)
    return frame[start : start + length] if start + length + 1 == len(frame) else b""


def _check_byte(data: bytes) -> int:
    """Check byte of RFCOMM: reflected CRC-8 with polynomial x^8 + x^2 + x + 1, from FF, complemented."""
    crc = 0xFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xE0 if crc & 1 else 0)
    return 0xFF - crc
