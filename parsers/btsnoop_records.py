"""The records of a btsnoop file: HCI packets with their direction and time."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

MAGIC: Final = b"btsnoop\0"
_HEADER: Final = struct.Struct(">8sII")
_RECORD: Final = struct.Struct(">IIIIq")
#: Microseconds from the year 0 to 1970-01-01.
_EPOCH_1970_US: Final = 0x00DCDDB30F2F8000
#: No HCI packet is longer; a record that says so is damaged.
_LONGEST: Final = 1 << 16

_PLAIN: Final = 1001
_H4: Final = 1002
_MONITOR: Final = 2001
_COMMAND, _ACL, _EVENT = 1, 2, 4
#: Linux monitor: record type to HCI packet type and direction.
_MONITOR_KINDS: Final = {2: (_COMMAND, False), 3: (_EVENT, True), 4: (_ACL, False), 5: (_ACL, True)}


@dataclass(frozen=True, slots=True)
class HciRecord:
    """One HCI packet.

    Attributes:
        kind: 1 command, 2 ACL data, 4 event.
        data: The packet without its type byte.
        received: True for what came from the controller.
        time: s since 1970, UTC.
        offset: Byte offset of the record in the file.
    """

    kind: int
    data: bytes
    received: bool
    time: float
    offset: int


def read_records(data: bytes, path: str) -> tuple[list[HciRecord], tuple[Damage, ...]]:
    """Read all whole records.

    Raises:
        ParseError: If the version or the data link is not known.
    """
    if len(data) < _HEADER.size:
        raise ParseError("ends within the header of a btsnoop file.", path=path, advice="Copy the file again.")
    _, version, link = _HEADER.unpack_from(data)
    if version != 1 or link not in (_PLAIN, _H4, _MONITOR):
        raise ParseError(
            f"is a btsnoop file of version {version} and data link {link}; 1 with 1001, 1002 or 2001 can be read.",
            path=path,
            advice="Take the btsnoop_hci.log that Android writes.",
        )
    records: list[HciRecord] = []
    shortened: list[int] = []
    dropped = 0
    offset = _HEADER.size
    damage: list[Damage] = []
    while offset < len(data):
        if offset + _RECORD.size > len(data):
            damage.append(_tail(offset))
            break
        original, included, flags, drops, stamp = _RECORD.unpack_from(data, offset)
        start = offset + _RECORD.size
        if included > _LONGEST or start + included > len(data):
            damage.append(_tail(offset))
            break
        if original > included:
            shortened.append(offset)
        dropped = max(dropped, drops)
        packet = data[start : start + included]
        kind, received, packet = _kind(link, flags, packet)
        if kind:
            records.append(HciRecord(kind, packet, received, (stamp - _EPOCH_1970_US) / 1e6, offset))
        offset = start + included
    if shortened:
        message = f"{len(shortened)} packets were shortened by the phone; frames in them are incomplete."
        damage.append(Damage(DamageKind.FRAME_GAP, Effect.LOST, message, len(shortened), tuple(shortened[:20])))
    if 0 < dropped < 0xFFFFFFFF:
        damage.append(Damage(DamageKind.FRAME_GAP, Effect.LOST, f"The phone dropped {dropped} packets.", dropped))
    return records, tuple(damage)


def _kind(link: int, flags: int, packet: bytes) -> tuple[int, bool, bytes]:
    """Packet type (0 for none of interest), direction, and the packet without its type byte."""
    if link == _MONITOR:
        kind, received = _MONITOR_KINDS.get(flags & 0xFFFF, (0, False))
        return kind, received, packet
    received = bool(flags & 1)
    if link == _H4:
        return (packet[0] if packet and packet[0] in (_COMMAND, _ACL, _EVENT) else 0), received, packet[1:]
    if flags & 2:
        return (_EVENT if received else _COMMAND), received, packet
    return _ACL, received, packet


def _tail(offset: int) -> Damage:
    return Damage(
        DamageKind.TRUNCATED_TAIL,
        Effect.LOST,
        f"The file ends within the record at byte {offset}; everything before it was read.",
        1,
        (offset,),
    )
