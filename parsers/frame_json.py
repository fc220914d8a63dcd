"""Frames in JSON: strings of hexadecimal digits or lists of numbers, with what stands beside them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from ridelog.clock import ClockBasis

from .hex_lines import read_stamp
from .json_records import number

_HEX: Final = re.compile(r"\s*(?:0[xX])?[0-9A-Fa-f]{2}(?:[ :.,-]{0,2}(?:0[xX])?[0-9A-Fa-f]{2})*\s*")
#: Keys that hold the frame; where one is there, nothing else in the object is looked at.
_FRAME_KEYS: Final = ("frame_hex", "frame", "hex", "raw_hex", "data_hex", "raw", "data", "payload", "bytes", "packet")
#: Keys whose digits are no bytes of a device.
_OTHER_KEYS: Final = frozenset(
    {"commit", "sha", "sha1", "sha256", "md5", "hash", "id", "uuid", "guid", "serial", "mac", "address", "checksum"}
)
_TIME_KEYS: Final = (
    "ts_utc",
    "ts",
    "timestamp",
    "time",
    "datetime",
    "received_at",
    "observedAt",
    "observed_at",
    "at",
    "t",
)
_DEVICE_KEYS: Final = ("device_id", "deviceKey", "device_key", "mac", "address", "device", "serial")
_DIRECTION_KEYS: Final = ("direction", "dir", "type", "kind")
_OUTGOING: Final = frozenset({"tx", "out", "outgoing", "write", "sent", "send", "request", "command", "host"})
#: Names of lists of frames; they do not tell one capture from another.
_LIST_KEYS: Final = frozenset({"frames", "packets", "data", "rows", "records", "notifications", "messages"})
_LEAST_BYTES: Final = 4
_LEAST_BARE_BYTES: Final = 8
#: Stamps of this size and up count ms, us and ns instead of s.
_SCALES: Final = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e9, 1.0))


@dataclass(frozen=True, slots=True)
class Piece:
    """The bytes of one string or list, and what the objects around it say.

    Attributes:
        data: The bytes.
        text: The string as it stands in the file, "" for a list of numbers.
        capture: What tells the captures of one file apart: where it was found and its source.
        device: Address or id of the device, "" if not said.
        time: Stamp in s on `basis`, None if not said.
        basis: What the stamp counts from.
        outgoing: True for what the host sent.
    """

    data: bytes
    text: str
    capture: str = ""
    device: str = ""
    time: float | None = None
    basis: ClockBasis = ClockBasis.NONE
    outgoing: bool = False


def hex_bytes(text: str) -> bytes:
    """Bytes of a string that is nothing but hexadecimal digits and separators; empty for any other."""
    if not _HEX.fullmatch(text):
        return b""
    digits = re.sub(r"0[xX]|[^0-9A-Fa-f]", "", text)
    return bytes.fromhex(digits) if len(digits) % 2 == 0 else b""


def find_pieces(value: object) -> Iterator[Piece]:
    """Find the bytes in a decoded JSON value, in the order of the file."""
    waiting: list[tuple[object, Piece, bool]] = [(value, Piece(b"", ""), False)]
    while waiting:
        item, around, listed = waiting.pop()
        if isinstance(item, dict):
            around = _told(item, around)
            found = _preferred(item, around)
            if found:
                yield found
                continue
            for key, child in reversed(item.items()):
                if key not in _OTHER_KEYS and key not in _TIME_KEYS:
                    inner = around if key in _LIST_KEYS else replace(around, capture=f"{around.capture}/{key}")
                    waiting.append((child, inner, False))
        elif isinstance(item, list):
            numbers = _number_bytes(item)
            if numbers:
                yield replace(around, data=numbers)
            else:
                waiting.extend((child, around, True) for child in reversed(item))
        elif isinstance(item, str):
            data = hex_bytes(item)
            if len(data) >= (_LEAST_BYTES if listed else _LEAST_BARE_BYTES):
                # A bare string in an object is named by its key, which tells no captures apart.
                capture = around.capture if listed else around.capture.rpartition("/")[0]
                yield replace(around, data=data, text=item, capture=capture)


def _preferred(item: dict[str, object], around: Piece) -> Piece | None:
    for key in _FRAME_KEYS:
        value = item.get(key)
        if isinstance(value, str):
            data = hex_bytes(value)
            if data:
                return replace(around, data=data, text=value)
        elif isinstance(value, list):
            data = _number_bytes(value)
            if data:
                return replace(around, data=data)
    return None


def _number_bytes(values: list[object]) -> bytes:
    if len(values) < _LEAST_BYTES:
        return b""
    numbers = [
        value for value in values if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 255
    ]
    return bytes(numbers) if len(numbers) == len(values) else b""


def _told(item: dict[str, object], around: Piece) -> Piece:
    """What an object says about the bytes in it."""
    for key in _DEVICE_KEYS:
        value = item.get(key)
        if isinstance(value, str) and value:
            around = replace(around, device=value)
            break
    if isinstance(item.get("source"), str | dict):
        around = replace(around, capture=json.dumps(item["source"], sort_keys=True))
    for key in _TIME_KEYS:
        time, basis = _stamp(item.get(key))
        if time is not None:
            around = replace(around, time=time, basis=basis)
            break
    for key in _DIRECTION_KEYS:
        value = item.get(key)
        if isinstance(value, str) and value.lower() in _OUTGOING:
            around = replace(around, outgoing=True)
    return around


def _stamp(value: object) -> tuple[float | None, ClockBasis]:
    if isinstance(value, str):
        return read_stamp(f"{value} ")
    seconds = number(value)
    for least, scale in _SCALES:
        if seconds >= least:
            return seconds * scale, ClockBasis.UTC
    return (seconds, ClockBasis.BOOT) if seconds >= 0 else (None, ClockBasis.NONE)
