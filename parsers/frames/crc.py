"""The CRC that the Modbus-like protocols share."""

from __future__ import annotations

from typing import Final

#: Reflected polynomial of CRC-16/Modbus (Modbus over serial line, appendix B).
_POLYNOMIAL: Final = 0xA001


def _entry(value: int) -> int:
    for _ in range(8):
        value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
    return value


_TABLE: Final = tuple(_entry(value) for value in range(256))


def modbus_crc(data: bytes) -> int:
    """CRC-16/Modbus of `data`, 0..65535; sent low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc
