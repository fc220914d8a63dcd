"""Frames of JK BMSs built byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ridelog.parsers.frames.protocol import Packet

#: A clock of 2026 in the counter of the BMS, in s since its epoch.
SET = 200_000_000
ACKNOWLEDGEMENT = bytes.fromhex("aa5590ebc8010100000000000000000000000044")


def frame(kind: int, fields: dict[int, bytes], counter: int = 0) -> bytes:
    """A frame of 300 bytes: fields by their offset, zeros elsewhere, and the sum."""
    data = bytearray(300)
    data[:6] = b"\x55\xaa\xeb\x90" + bytes([kind, counter & 0xFF])
    for offset, value in fields.items():
        data[offset : offset + len(value)] = value
    data[299] = sum(data[:299]) & 0xFF
    return bytes(data)


def cell_info(
    *,
    slots: int = 32,
    cells: Sequence[int] = (3700,) * 10,
    enabled: int | None = None,
    pack: int | None = None,
    milliamps: int = 0,
    errors: int = 0,
    charge: int = 1,
    discharge: int = 1,
    soc: int = 80,
    balance: tuple[int, int] = (0, 0),
    temperatures: Sequence[int] = (250, 260),
    others: Sequence[int] = (0, 0),
    mos: int = 300,
    timers: Sequence[int] = (0,) * 6,
    runtime: int = 100_000,
    counter: int = 0,
    rtc: int = 0,
    chemistry: int = 0,
) -> bytes:
    """A cell-info frame of the layout for 24 or 32 `slots`; `milliamps` is positive when charging."""
    shift = slots - 24
    twice = 2 * shift * 2
    first, second = 2 * shift, twice
    assert (first, second) in ((0, 0), (16, 32))
    fitted = [value for value in cells if value]
    total = sum(cells) if pack is None else pack
    bits = (1 << len(cells)) - 1 if enabled is None else enabled
    mean = sum(fitted) // max(len(fitted), 1)
    spread = max(fitted, default=0) - min(fitted, default=0)
    fields = {
        6: struct.pack(f"<{slots}H", *cells, *[0] * (slots - len(cells))),
        54 + first: struct.pack("<IHH", bits, mean, spread),
        62 + first: bytes([cells.index(max(cells)), cells.index(min(fitted)) if fitted else 0]),
        64 + first: struct.pack(
            f"<{slots}H", *(60 + index for index in range(len(cells))), *[0] * (slots - len(cells))
        ),
        118 + second: struct.pack("<IIi", total, abs(total * milliamps) // 1000, milliamps),
        130 + second: struct.pack("<hh", *temperatures),
        138 + second: struct.pack("<hBB", balance[0], balance[1], soc),
        142 + second: struct.pack("<IIII", 8_000, 10_000, 12, 120_000),
        158 + second: bytes([99]),
        162 + second: struct.pack("<IBB", runtime, charge, discharge),
        170 + second: struct.pack("<6H", *timers),
    }
    if slots == 32:
        fields[144] = struct.pack("<h", mos)
        fields[166] = struct.pack("<I", errors)
        fields[254] = struct.pack("<hhh", mos, others[1], others[0])
        fields[262] = struct.pack("<I", rtc)
        fields[275] = bytes([chemistry])
    else:
        fields[134] = struct.pack("<hH", mos, errors)
    return frame(2, fields, counter)


def floats_info(
    *, cells: Sequence[float] = (3.3,) * 16, enabled: int | None = None, balance: float = 0.0, runtime: int = 500
) -> bytes:
    """A cell-info frame of firmware 3."""
    fitted = [value for value in cells if value]
    bits = (1 << len(cells)) - 1 if enabled is None else enabled
    return frame(
        2,
        {
            6: struct.pack("<24f", *cells, *[0.0] * (24 - len(cells))),
            102: struct.pack("<24f", *([0.1] * len(cells)), *[0.0] * (24 - len(cells))),
            202: struct.pack("<ff", sum(fitted) / len(fitted), max(fitted) - min(fitted)),
            214: struct.pack("<IBBBBf", bits, 0, 1, 2 if balance else 0, 1, balance),
            286: struct.pack("<I", runtime),
        },
    )


#: Settings in the order of the frame, as raw 32-bit numbers from byte 6 on.
SETTINGS = (
    *(600, 2800, 3000, 4200, 4180, 10, 4180, 2900, 0, 0, 2700),
    *(25_000, 30, 60, 60_000, 300, 60, 60, 2000),
    *(700, 600, 650, 550, -50, 0, 900, 700),
    *(10, 1, 1, 0, 20_000, 1500, 3500),
)


def settings(values: Sequence[int] = SETTINGS, controls: int = 0) -> bytes:
    """A settings frame of firmware from 6 on."""
    return frame(1, {6: struct.pack(f"<{len(values)}i", *values), 282: struct.pack("<H", controls)})


def device_info(
    model: str = "JK_B2A24S20P", hardware: str = "11.XA", firmware: str = "11.48", serial: str = "2041803028"
) -> bytes:
    """A device information frame with passcodes in it."""
    return frame(
        3,
        {
            6: model.encode(),
            22: hardware.encode(),
            30: firmware.encode(),
            38: struct.pack("<II", 100_000, 7),
            46: b"my board",
            62: b"1234",
            86: serial.encode(),
            97: b"5678",
            118: b"123456",
        },
    )


def logbook(entries: Sequence[tuple[int, int]], garbage: Sequence[tuple[int, int]] = ()) -> bytes:
    """A logbook frame: entries, and stale ones behind them that the count does not cover."""
    packed = b"".join(struct.pack("<IB", seconds, code) for seconds, code in (*entries, *garbage))
    return frame(5, {6: struct.pack("<IB", len(entries), max(len(entries) - 1, 0)), 11: packed})


def record(
    counter: int,
    *,
    code: int = 0,
    flags: int = 3,
    cells: tuple[int, int] = (3700, 3690),
    pack: int = 3700,
    current: int = 0,
    remaining: int = 80,
    temperatures: tuple[int, int, int] = (25, 24, 30),
) -> bytes:
    """A record of the detail log; `current` in 0.1 A, positive when charging."""
    return struct.pack(
        "<IBBBBHHHhHHbbbB", counter, code, flags, 3, 7, *cells, pack, current, remaining, 100, *temperatures, 0
    )


def detail_log(records: Sequence[bytes], first: int = 0) -> list[bytes]:
    """The frames in which a ring is read, twelve records each."""
    frames = []
    for start in range(0, len(records), 12):
        page = records[start : start + 12]
        frames.append(
            frame(6, {6: struct.pack("<HB", first + start, len(page)), 9: b"".join(page)}, counter=start // 12)
        )
    return frames


def ring(count: int, start: int = SET) -> list[bytes]:
    """Records of the detail log, an hour and a second apart."""
    return [record(start + 3601 * index, remaining=index % 100) for index in range(count)]


def uart_fields(**changes: bytes) -> dict[int, bytes]:
    """Fields of the old serial port by their tag; `t84=...` changes the one with tag 0x84."""
    cells = b"".join(struct.pack(">BH", index + 1, 3700 + index) for index in range(4))
    fields = {
        0x79: bytes([len(cells)]) + cells,
        0x80: struct.pack(">H", 30),
        0x81: struct.pack(">H", 25),
        0x82: struct.pack(">H", 105),
        0x83: struct.pack(">H", 1481),
        0x84: struct.pack(">H", 1234),
        0x85: bytes([55]),
        0x8A: struct.pack(">H", 4),
        0x8B: struct.pack(">H", 0),
        0x8C: struct.pack(">H", 3),
        0x97: struct.pack(">H", 60),
        0xA5: struct.pack(">h", -20),
        0xC0: bytes([1]),
    }
    return {**fields, **{int(tag[1:], 16): value for tag, value in changes.items()}}


def uart(fields: dict[int, bytes], record_number: int = 1) -> bytes:
    """A 4E57 frame with tagged fields."""
    body = b"\0\0\0\0\x06\0\x01" + b"".join(bytes([tag]) + value for tag, value in fields.items())
    body += struct.pack(">IB", record_number, 0x68)
    data = b"\x4e\x57" + struct.pack(">H", len(body) + 6) + body
    return data + b"\0\0" + struct.pack(">H", sum(data) & 0xFFFF)


def packets(*frames: bytes, size: int = 300, step: float | None = None, start: float = 1_700_000_000.0) -> list[Packet]:
    """Frames in pieces of `size` bytes, `step` seconds from frame to frame."""
    found = []
    for index, data in enumerate(frames):
        time = None if step is None else start + index * step
        found += [Packet(data[at : at + size], index + 1, time) for at in range(0, len(data), size)]
    return found
