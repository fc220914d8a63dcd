"""Which board the bytes of a line are of, where one text has those of several."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from .frames.capture import Stream, count_frames
from .frames.protocol import Packet

_BYTE: Final = "[0-9A-Fa-f]{2}"
_ADDRESS: Final = re.compile(rf"(?<![0-9A-Za-z:]){_BYTE}(?::{_BYTE}){{5}}(?![0-9A-Za-z:])")
#: The name of a board before the mark that data follows: "(SX100P-B230201) Rx BLE data", "[plugin] BP00: RX BLE data".
_NAME: Final = re.compile(r"(?:\(([\w .#-]{2,32})\)|\] ([\w.#-]{2,32}):) (?:rx|tx|received|sent)\b", re.IGNORECASE)
#: A board is one that answers at least this often.
_FEWEST_FRAMES: Final = 2


def device_in(before: str) -> str:
    """The board that a line names before its bytes: its address, else its name; "" where it names none."""
    addresses = _ADDRESS.findall(before)
    if addresses:
        return str(addresses[-1]).upper()
    name = _NAME.search(before)
    return (name[1] or name[2]).strip() if name else ""


def streams_of(packets: Sequence[Packet], devices: Sequence[str]) -> list[Stream]:
    """Put the packets of a text into one stream for each board.

    Args:
        packets: In the order of their lines.
        devices: The board that the line of each packet names, "" for none: it is that of the line before then.

    Returns:
        One stream where fewer than two boards answer, else one for each that does.
    """
    by_device: dict[str, list[Packet]] = {}
    last = next((device for device in devices if device), "")
    for packet, device in zip(packets, devices, strict=True):
        last = device or last
        by_device.setdefault(last, []).append(packet)
    answering = {
        device: found
        for device, found in by_device.items()
        if count_frames([packet for packet in found if not packet.outgoing]) >= _FEWEST_FRAMES
    }
    if len(answering) < 2:
        return [Stream(tuple(packets))]
    return [Stream(tuple(found), device) for device, found in answering.items()]
