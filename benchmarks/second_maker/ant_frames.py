"""Real-time frames of an ANT board (newer protocol) as captured text."""

from __future__ import annotations

import datetime as calendar

import numpy as np

from .controller_log import Rows
from .table_files import stamp

#: Bit of the protection word and state code of the discharge switch, by protection.
PROTECTIONS = {
    "over-voltage": (1, 1),
    "under-voltage": (4, 2),
    "over-temperature": (10, 7),
    "charge-over-current": (13, 1),
    "over-current": (14, 3),
    "short": (16, 12),
    "command": (17, 15),
}


def _check(data: bytes) -> int:
    register = 0xFFFF
    for byte in data:
        register ^= byte
        for _ in range(8):
            register = (register >> 1) ^ 0xA001 if register & 1 else register >> 1
    return register


def ant_frames(rows: Rows, start: calendar.datetime, capacity: float) -> bytes:
    """One reply a line in hexadecimal with a time in front; current is positive when discharging."""
    values, lines = rows.values, []
    for i, when in enumerate(rows.time):
        cells = np.round(values["cells"][i] * 1000).astype(int)
        name = values["protection"][i]
        bit, code = PROTECTIONS.get(name, (None, 1))
        opened = not values["discharge"][i]
        power = int(values["voltage"][i] * values["current"][i])
        left = int(values["soc"][i] * capacity * 1e6)
        closed_charge = values["charge"][i] and not opened
        warnings = (1 << 19) * (values["current"][i] > 0.3) | (1 << 23) * bool(closed_charge) | (1 << 24) * (not opened)
        body = bytes([5, 4 if values["current"][i] > 0.3 else 1, 4, cells.size])
        body += (1 << bit if bit is not None and (opened or not values["charge"][i]) else 0).to_bytes(8, "little")
        body += int(warnings).to_bytes(8, "little") + bytes(8)
        body += b"".join(int(value).to_bytes(2, "little") for value in cells)
        degrees = [values["cell_temperature"][i]] * 4 + [values["mos_temperature"][i], values["mos_temperature"][i] - 2]
        body += b"".join(round(float(value)).to_bytes(2, "little", signed=True) for value in degrees)
        body += round(values["voltage"][i] * 100).to_bytes(2, "little")
        body += round(values["current"][i] * 10).to_bytes(2, "little", signed=True)
        body += round(values["soc"][i] * 100).to_bytes(2, "little") + (98).to_bytes(2, "little")
        body += bytes([code if opened else 1, 1 if values["charge"][i] else 3, 0, 0])
        body += int(capacity * 1e6).to_bytes(4, "little") + left.to_bytes(4, "little")
        body += int(capacity * 57e3).to_bytes(4, "little") + power.to_bytes(4, "little", signed=True)
        body += int(1_000_000 + when).to_bytes(4, "little") + bytes(4)
        for value in (cells.max(), cells.argmax() + 1, cells.min(), cells.argmin() + 1, cells.max() - cells.min()):
            body += int(value).to_bytes(2, "little")
        for value in (int(cells.mean()), 2, 112, 112, 684, 0xFAF1):
            body += value.to_bytes(2, "little")
        body += b"".join(int(value).to_bytes(4, "little") for value in (4e6, 4.2e6, 9e5, 6e5))
        frame = bytes([0x11, 0, 0, len(body)]) + body
        text = (b"\x7e\xa1" + frame + _check(b"\xa1" + frame).to_bytes(2, "little") + b"\xaa\x55").hex(" ").upper()
        lines.append(f"{stamp(float(when), start, 'space')} {text}")
    return ("\n".join(lines) + "\n").encode()
