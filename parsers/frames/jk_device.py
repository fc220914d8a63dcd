"""JK device information (frame 0x03): who the device is."""

from __future__ import annotations

import re
from typing import Final

from ridelog.log import Identity

from .jk_layout import Layout

#: Text fields of the frame: offset and length. Passcodes stand at 62, 97 and 118 and are never read.
_TEXTS: Final[dict[str, tuple[int, int]]] = {
    "model": (6, 16),
    "hardware": (22, 8),
    "firmware": (30, 8),
    "serial": (86, 11),
}
_UPTIME: Final = 38
_STARTS: Final = 42
_LAST_FLOAT_FIRMWARE: Final = 5
_FIRST_WIDE_FIRMWARE: Final = 11


def _text(data: bytes, offset: int, length: int) -> str:
    raw = data[offset : offset + length].split(b"\0", 1)[0]
    return "".join(char for char in raw.decode("latin-1") if char.isprintable()).strip()


def read_identity(data: bytes) -> Identity:
    """Identity from a device information frame of 300 bytes."""
    texts = {name: _text(data, offset, length) for name, (offset, length) in _TEXTS.items()}
    return Identity(device="JK BMS", family="jk", **texts)


def read_counters(data: bytes) -> dict[str, float]:
    """Total runtime in s and how often the device was started, from a device information frame."""
    return {
        "time of operation (s)": float(int.from_bytes(data[_UPTIME : _UPTIME + 4], "little")),
        "power-on count": float(int.from_bytes(data[_STARTS : _STARTS + 4], "little")),
    }


def usual_layout(identity: Identity) -> Layout | None:
    """Layout of the cell-info frame that a firmware version usually has, None when the version says nothing."""
    version = re.match(r"\d+", identity.firmware)
    if version is None:
        return None
    major = int(version[0])
    if major >= _FIRST_WIDE_FIRMWARE:
        return Layout.WIDE
    return Layout.FLOATS if major < _LAST_FLOAT_FIRMWARE else Layout.NARROW
