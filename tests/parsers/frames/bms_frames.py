"""Frames of ANT, JBD and Daly BMSs built byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Sequence

from ridelog.clock import Clock, ClockBasis
from ridelog.parsers.frames.protocol import Packet

NO_CLOCK = Clock(ClockBasis.NONE)
UTC = Clock(ClockBasis.UTC, 0.0, "UTC", 0.001)


def crc16(data: bytes) -> int:
    """CRC-16/Modbus bit by bit."""
    crc = 0xFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)
    return crc


def packets(*frames: bytes, step: float | None = None, start: float = 1_700_000_000.0) -> list[Packet]:
    """One packet a frame, `step` seconds apart (without times when None)."""
    return [
        Packet(frame, 10 * index, None if step is None else start + step * index) for index, frame in enumerate(frames)
    ]


def split(frame: bytes, size: int = 20) -> list[bytes]:
    """A frame in notifications of `size` bytes."""
    return [frame[at : at + size] for at in range(0, len(frame), size)]


def ant_old(
    *,
    cells: Sequence[int] = (3700,) * 13,
    count: int | None = None,
    current: int = 0,
    charge: int = 1,
    discharge: int = 1,
    balance: int = 0,
    balanced: int = 0,
    temperatures: Sequence[int] = (25, 26, 24, 24, -40, -40),
    drop: int = 0,
    gates: tuple[int, int] = (112, 107),
) -> bytes:
    """Status frame of the old protocol."""
    slots = [*cells, *[0] * (32 - len(cells))]
    body = b"\xaa\x55\xaa\xff" + struct.pack(">H32H", 481, *slots)
    body += struct.pack(">iBIIII", current, 64, 20_000_000, 12_800_000, 1_234_567, 3600)
    body += struct.pack(">6h", *temperatures) + bytes([charge, discharge, balance])
    body += struct.pack(">HHBi", 1000, 23, 1, current * 5)
    body += struct.pack(">BHBHHB", 2, 3701, 5, 3699, 3700, len(cells) if count is None else count)
    body += struct.pack(">3hHIH", drop, *gates, 684, balanced, 0)
    return body + struct.pack(">H", sum(body[4:]) & 0xFFFF)


def ant_register(register: int, value: int, header: int = 0x5A) -> bytes:
    """Register frame of the old protocol."""
    tail = bytes([register, value >> 8, value & 255])
    return bytes([header, header]) + tail + bytes([sum(tail) & 255])


def ant_new(function: int, address: int, data: bytes, extra: bytes = b"", length: int | None = None) -> bytes:
    """Frame of the new protocol."""
    body = bytes([0xA1, function]) + struct.pack("<HB", address, len(data) if length is None else length) + data
    return b"\x7e" + body + struct.pack("<H", crc16(body)) + extra + b"\xaa\x55"


def ant_realtime(
    *,
    cells: Sequence[int] = (3700,) * 13,
    temperatures: Sequence[int] = (25, 26),
    state: int = 4,
    protection: int = 0,
    warning: int = 0,
    current: int = 22,
    discharge: int = 1,
    charge: int = 1,
    balance: int = 0,
    balanced: int = 0,
    drop: int = 0,
    gates: tuple[int, int] = (108, 104),
    chemistry: int = 0xFAF1,
) -> bytes:
    """Realtime frame of the new protocol."""
    data = bytes([5, state, len(temperatures), len(cells)]) + struct.pack("<QQQ", protection, warning, 0)
    data += struct.pack(f"<{len(cells)}H{len(temperatures)}h", *cells, *temperatures)
    data += struct.pack("<hhHhHH", 30, 31, 4810, current, 64, 99) + bytes([discharge, charge, balance, 0])
    data += struct.pack("<IIIiII", 20_000_000, 12_800_000, 1_234_567, 106, 3600, balanced)
    data += struct.pack("<6H", 3701, 2, 3699, 5, 2, 3700) + struct.pack("<3hHH", drop, *gates, 0x2AF, chemistry)
    data += struct.pack("<4I", 1_000_000, 2_000_000, 10, 20)
    return ant_new(0x11, 0, data)


def jbd(register: int, data: bytes, status: int = 0) -> bytes:
    """Answer of a JBD BMS."""
    body = bytes([status, len(data)]) + data
    return bytes([0xDD, register]) + body + struct.pack(">HB", -sum(body) & 0xFFFF, 0x77)


def jbd_request(register: int, data: bytes = b"", command: int = 0xA5) -> bytes:
    """Question or command of the host."""
    body = bytes([register, len(data)]) + data
    return bytes([0xDD, command]) + body + struct.pack(">HB", -sum(body) & 0xFFFF, 0x77)


def jbd_info(
    *,
    current: int = -1200,
    protection: int = 0,
    fets: int = 3,
    balance: int = 0,
    cells: int = 13,
    kelvins: Sequence[int] = (2981, 2991),
    tail: bytes = b"",
) -> bytes:
    """Payload of register 03."""
    data = struct.pack(">HhHHHH", 4810, current, 1280, 2000, 42, 20 << 9 | 5 << 5 | 17)
    data += struct.pack(">HHH", balance & 0xFFFF, balance >> 16, protection) + bytes([0x24, 64, fets, cells])
    return data + bytes([len(kelvins)]) + struct.pack(f">{len(kelvins)}H", *kelvins) + tail


def jbd_cells(millivolts: Sequence[int]) -> bytes:
    """Payload of register 04."""
    return struct.pack(f">{len(millivolts)}H", *millivolts)


def daly_a5(command: int, data: bytes, address: int = 1) -> bytes:
    """Frame of the A5 protocol."""
    body = bytes([0xA5, address, command, 8]) + data.ljust(8, b"\0")
    return body + bytes([sum(body) & 255])


def daly_poll(
    *,
    current: int = 30_120,
    cells: Sequence[int] = (3700,) * 13,
    state: int = 2,
    fets: tuple[int, int] = (1, 1),
    faults: bytes = bytes(8),
) -> list[bytes]:
    """Answers to commands 90 to 98."""
    frames = [
        daly_a5(0x90, struct.pack(">4H", 481, 0, current, 640)),
        daly_a5(0x91, struct.pack(">HBHB", 3701, 2, 3699, 5)),
        daly_a5(0x92, bytes([66, 1, 64, 2])),
        daly_a5(0x93, bytes([state, *fets, 7]) + struct.pack(">I", 12_800)),
        daly_a5(0x94, bytes([len(cells), 2, 0, 1, 0]) + struct.pack(">H", 42)),
    ]
    padded = [*cells, *[0] * (-len(cells) % 3)]
    for number in range(len(padded) // 3):
        three = padded[3 * number : 3 * number + 3]
        frames.append(daly_a5(0x95, bytes([number + 1]) + struct.pack(">3H", *three)))
    frames.append(daly_a5(0x96, bytes([1, 65, 66, 0, 0, 0, 0, 0])))
    frames.append(daly_a5(0x97, bytes([0b101])))
    frames.append(daly_a5(0x98, faults))
    return frames


def modbus(address: int, registers: Sequence[int]) -> bytes:
    """Answer to a read of registers."""
    body = bytes([address, 3, 2 * len(registers)]) + struct.pack(f">{len(registers)}H", *registers)
    return body + struct.pack("<H", crc16(body))


def modbus_request(address: int, start: int, count: int, function: int = 3) -> bytes:
    """Read of registers, or write of one."""
    body = bytes([address, function]) + struct.pack(">HH", start, count)
    return body + struct.pack("<H", crc16(body))


def d2_registers(
    *,
    cells: Sequence[int] = (3700,) * 13,
    current: int = 29_880,
    state: int = 2,
    fets: tuple[int, int] = (1, 1),
    alarms: Sequence[int] = (0, 0, 0, 0),
) -> list[int]:
    """Registers 00 to 3D of the D2 protocol."""
    words = [0] * 0x3E
    words[: len(cells)] = cells
    words[0x20:0x22] = [65, 66]
    words[0x28:0x2D] = [481, current, 640, 3701, 3699]
    words[0x2F:0x39] = [state, 128, len(cells), 2, 42, 0, *fets, 3700, 2]
    words[0x39] = 577
    words[0x3A:0x3E] = alarms
    return words
