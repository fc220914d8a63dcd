"""What binary frames travel in: text dumps with time stamps, and the Bluetooth capture of a phone."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

#: Microseconds from year 0, which captures count from, to 1970.
_UNIX_EPOCH_US: Final = 0x00DCDDB30F2F8000

#: One frame on its way: Unix time in s, sent by the host, bytes.
Parcel = tuple[float, bool, bytes]


def hex_dump(parcels: Sequence[Parcel], *, separator: str = "") -> bytes:
    """Write one frame a line: ISO time in UTC, direction as the device sees it (`<<<` is its answer), hex digits."""
    lines = []
    for stamp, sent, data in parcels:
        time = datetime.fromtimestamp(round(stamp, 3), UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
        lines.append(f"{time}Z {'>>>' if sent else '<<<'} {data.hex(separator) if separator else data.hex()}".upper())
    return ("\n".join(lines) + "\n").encode()


def btsnoop(parcels: Sequence[Parcel], *, packet: int, handle: int = 0x0010) -> bytes:
    """Write an Android Bluetooth capture: attribute notifications (and writes) of at most `packet` bytes.

    Args:
        parcels: The frames.
        packet: Bytes of payload in a notification.
        handle: Attribute the device notifies on.
    """
    out = [b"btsnoop\x00" + struct.pack(">II", 1, 1002)]
    for stamp, sent, data in parcels:
        micros = round(stamp * 1e6) + _UNIX_EPOCH_US
        for begin in range(0, len(data), packet):
            value = data[begin : begin + packet]
            attribute = struct.pack("<BH", 0x52 if sent else 0x1B, handle) + value
            link = struct.pack("<HH", len(attribute), 0x0004) + attribute
            packed = struct.pack("<BHH", 0x02, 0x2002 if not sent else 0x0002, len(link)) + link
            out.append(struct.pack(">IIIIq", len(packed), len(packed), 0 if sent else 1, 0, micros + 400 * begin))
            out.append(packed)
    return b"".join(out)
