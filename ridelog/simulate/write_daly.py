"""Daly boards: register blocks of the newer Bluetooth protocol (D2), and the older 13-byte frames (A5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .frame_bytes import FrameBytes
from .write_jk import bitmask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .bms_telemetry import BmsTelemetry
    from .carriers import Parcel

#: Bits of the alarm bytes, second level: voltage group, current group, MOS group.
_VOLTAGE_BITS: Final = {"cell-overvoltage": 1, "cell-undervoltage": 3, "pack-overvoltage": 5, "pack-undervoltage": 7}
_TEMPERATURE_BITS: Final = {"charge-overtemperature": 1, "charge-undertemperature": 3, "discharge-overtemperature": 5}
_CURRENT_BITS: Final = {"charge-overcurrent": 1, "discharge-overcurrent": 3}
#: The newer protocol has no bit of its own for a short circuit.
_CURRENT_BITS_D2: Final = {**_CURRENT_BITS, "short-circuit": 3}
_FET_BITS: Final = {"fet-overtemperature": 1}
_MODULE_BITS: Final = {"short-circuit": 2}


def _alarms(t: BmsTelemetry, bits: dict[str, int]) -> NDArray[np.int64]:
    return np.array([bitmask(p, bits) for p in t.protections], dtype=np.int64)


def _state(t: BmsTelemetry) -> NDArray[np.int64]:
    return np.where(t.current > 0.3, 2, np.where(t.current < -0.3, 1, 0))


def daly_d2_parcels(t: BmsTelemetry) -> list[Parcel]:
    """Answers to the read of registers 0 to 3D; current counts charging positive."""
    f = FrameBytes(len(t), 129, "big")
    f.put_bytes(0, bytes.fromhex("d2037c"))

    def register(number: int, values: object) -> None:
        f.put(3 + 2 * number, values, 2)

    millivolts = np.nan_to_num(np.round(t.cells * 1000))
    series, sensors = millivolts.shape[1], t.temperatures.shape[1]
    f.put_block(3, millivolts)
    f.put_block(3 + 2 * 0x20, t.temperatures + 40)
    read = np.where(millivolts > 0, millivolts, np.nan)
    for number, values in (
        (0x28, t.voltage * 10),
        (0x29, 30_000 - np.round(t.current * 10)),
        (0x2A, t.soc * 1000),
        (0x2B, np.nanmax(read, axis=1)),
        (0x2C, np.nanmin(read, axis=1)),
        (0x2D, t.temperatures.max(axis=1) + 40),
        (0x2E, t.temperatures.min(axis=1) + 40),
        (0x2F, _state(t)),
        (0x30, t.remaining_ah * 10),
        (0x31, series),
        (0x32, sensors),
        (0x33, t.cycles),
        (0x34, t.balancing),
        (0x35, t.charge),
        (0x36, t.discharge),
        (0x37, np.nanmean(read, axis=1)),
        (0x38, np.nanmax(read, axis=1) - np.nanmin(read, axis=1)),
        (0x39, np.abs(t.voltage * t.current)),
        (0x3A, _alarms(t, _TEMPERATURE_BITS) << 8 | _alarms(t, _VOLTAGE_BITS)),
        (0x3B, _alarms(t, _CURRENT_BITS_D2)),
        (0x3C, _alarms(t, _FET_BITS)),
    ):
        register(number, values)
    crc = f.crc16_modbus(0, 127)
    f.put(127, crc & 0xFF)
    f.put(128, crc >> 8)
    request = bytes.fromhex("d2030000003ed7b9")
    parcels: list[Parcel] = []
    for stamp, frame in zip(t.stamp_s.tolist(), f.frames(), strict=True):
        parcels += [(stamp - 0.08, True, request), (stamp, False, frame)]
    return parcels


def daly_a5_parcels(t: BmsTelemetry) -> list[Parcel]:
    """Answers of the older protocol, one round of frames a sample; current counts discharging positive."""
    millivolts = np.nan_to_num(np.round(t.cells * 1000))
    series = millivolts.shape[1]
    read = np.where(millivolts > 0, millivolts, np.nan)
    rounds: list[tuple[int, FrameBytes]] = []

    def frame(code: int) -> FrameBytes:
        f = FrameBytes(len(t), 13, "big")
        f.put_bytes(0, bytes([0xA5, 0x01, code, 0x08]))
        rounds.append((code, f))
        return f

    f = frame(0x90)
    f.put(4, t.voltage * 10, 2)
    f.put(8, 30_000 + np.round(t.current * 10), 2)
    f.put(10, t.soc * 1000, 2)
    f = frame(0x91)
    f.put(4, np.nanmax(read, axis=1), 2)
    f.put(6, np.nanargmax(read, axis=1) + 1)
    f.put(7, np.nanmin(read, axis=1), 2)
    f.put(9, np.nanargmin(read, axis=1) + 1)
    f = frame(0x92)
    f.put(4, t.temperatures.max(axis=1) + 40)
    f.put(5, 1)
    f.put(6, t.temperatures.min(axis=1) + 40)
    f.put(7, t.temperatures.shape[1])
    f = frame(0x93)
    f.put(4, np.where(t.current > 0.3, 2, np.where(t.current < -0.3, 1, 0)))
    f.put(5, t.charge)
    f.put(6, t.discharge)
    f.put(7, np.arange(len(t)) & 0xFF)
    f.put(8, t.remaining_ah * 1000, 4)
    f = frame(0x94)
    f.put(4, series)
    f.put(5, t.temperatures.shape[1])
    f.put(9, t.cycles, 2)
    for number, begin in enumerate(range(0, series, 3)):
        f = frame(0x95)
        f.put(4, number + 1)
        f.put_block(5, millivolts[:, begin : begin + 3])
    f = frame(0x97)
    highest = np.nanargmax(read, axis=1)
    for byte in range(6):
        f.put(4 + byte, np.where(t.balancing & (highest // 8 == byte), 1 << (highest % 8), 0))
    f = frame(0x98)
    for place, bits in (
        (4, _VOLTAGE_BITS),
        (5, _TEMPERATURE_BITS),
        (6, _CURRENT_BITS),
        (8, _FET_BITS),
        (10, _MODULE_BITS),
    ):
        f.put(place, _alarms(t, bits))
    parcels: list[Parcel] = []
    for _, f in rounds:
        f.put(12, f.sum8(0, 12))
    answers = [(code, f.frames()) for code, f in rounds]
    gap = 0.02
    for index, stamp in enumerate(t.stamp_s.tolist()):
        previous = -1
        for place, (code, frames) in enumerate(answers):
            moment = stamp + gap * place
            if code != previous:
                body = bytes([0xA5, 0x40, code, 0x08]) + bytes(8)
                parcels.append((moment - 0.01, True, body + bytes([sum(body) & 0xFF])))
            parcels.append((moment, False, frames[index]))
            previous = code
    return parcels
