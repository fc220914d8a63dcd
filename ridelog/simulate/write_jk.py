"""JK boards: cell-info, settings and device frames of the JK02 protocol for 32 cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .frame_bytes import FrameBytes

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .carriers import Parcel
    from .scene import Scene

_SIZE: Final = 300
_HEAD: Final = bytes.fromhex("55aaeb90")

#: Error bit of a protection.
ERROR_BITS: Final[dict[str, int]] = {
    "wire-resistance": 0,
    "fet-overtemperature": 1,
    "cell-count": 2,
    "current-sensor": 3,
    "cell-overvoltage": 4,
    "pack-overvoltage": 5,
    "charge-overcurrent": 6,
    "charge-overtemperature": 8,
    "charge-undertemperature": 9,
    "cell-undervoltage": 11,
    "pack-undervoltage": 12,
    "discharge-overcurrent": 13,
    "short-circuit": 14,
    "discharge-overtemperature": 15,
    "battery-overtemperature": 21,
}


def bitmask(protections: tuple[str, ...], bits: dict[str, int]) -> int:
    """Sum of the bits of the protections that have one."""
    return sum(1 << bits[name] for name in set(protections) if name in bits)


def jk_parcels(scene: Scene, telemetry: BmsTelemetry) -> list[Parcel]:
    """Frames a JK board sends to an app: device information and settings once, then cell information."""
    first = float(telemetry.stamp_s[0]) if len(telemetry) else scene.bms_clock.epoch_s
    start = [
        (first - 0.9, True, _command(0x97)),
        (first - 0.7, False, _device_frame(scene)),
        (first - 0.5, True, _command(0x96)),
        (first - 0.3, False, _settings_frame(scene, telemetry)),
    ]
    return start + [
        (float(stamp), False, frame)
        for stamp, frame in zip(telemetry.stamp_s, _cell_frames(scene, telemetry).frames(), strict=True)
    ]


def _cell_frames(scene: Scene, t: BmsTelemetry) -> FrameBytes:
    f = FrameBytes(len(t), _SIZE, "little")
    millivolts = np.nan_to_num(np.round(t.cells * 1000))
    series = millivolts.shape[1]
    f.put_bytes(0, _HEAD + b"\x02")
    f.put(5, np.arange(len(t)) & 0xFF)
    f.put_block(6, millivolts)
    f.put(70, (1 << series) - 1, 4)
    read = np.where(millivolts > 0, millivolts, np.nan)
    f.put(74, np.nanmean(read, axis=1), 2)
    f.put(76, np.nanmax(read, axis=1) - np.nanmin(read, axis=1), 2)
    f.put(78, np.nanargmax(read, axis=1))
    f.put(79, np.nanargmin(read, axis=1))
    for cell in range(series):
        f.put(80 + 2 * cell, t.wire_ohm[cell] * 1000, 2)
    f.put(144, t.fet_temperature * 10, 2)
    f.put(150, t.voltage * 1000, 4)
    f.put(154, np.abs(t.voltage * t.current) * 1000, 4)
    f.put(158, -t.current * 1000, 4)
    f.put(162, t.temperatures[:, 0] * 10, 2)
    f.put(164, t.temperatures[:, -1] * 10, 2)
    f.put(166, [bitmask(p, ERROR_BITS) for p in t.protections], 4)
    f.put(170, t.balance_current * 1000, 2)
    f.put(172, np.where(t.balancing, 2, 0))
    f.put(173, t.soc * 100)
    f.put(174, t.remaining_ah * 1000, 4)
    f.put(178, t.capacity_ah * 1000, 4)
    f.put(182, t.cycles, 4)
    f.put(186, t.cycles * t.capacity_ah * 1000, 4)
    f.put(190, 98)
    f.put(194, t.uptime_s, 4)
    f.put(198, t.charge)
    f.put(199, t.discharge)
    f.put(201, t.balancing)
    for offset, name in ((202, "discharge-overcurrent"), (204, "short-circuit"), (206, "charge-overcurrent")):
        f.put(offset, [_release_left(scene, name, time) for time in t.true_s.tolist()], 2)
    sensors = t.temperatures.shape[1]
    f.put(214, 0b001 | 0b010 | (0b100 if sensors > 1 else 0))
    if sensors > 2:
        f.put(258, t.temperatures[:, 2] * 10, 2)
    f.put(262, t.stamp_s + scene.bms_clock.zone_s - 1_577_836_800, 4)
    f.put(266, 836, 4)
    f.put(275, 0 if scene.pack.kind.chemistry == "lfp" else 1)
    f.put(299, f.sum8(0, 299))
    return f


def _release_left(scene: Scene, name: str, time_s: float) -> float:
    for begin, trip in scene.board.trips:
        left = scene.board.limits.current_release - (time_s - begin)
        if trip == name and 0 < left <= scene.board.limits.current_release and np.isfinite(left):
            return left
    return 0.0


def _settings_frame(scene: Scene, t: BmsTelemetry) -> bytes:
    limits, f = scene.board.limits, FrameBytes(1, _SIZE, "little")
    f.put_bytes(0, _HEAD + b"\x01")
    delay = limits.discharge_delay
    fields: dict[int, float] = {
        10: limits.cell_under * 1000,
        14: limits.cell_under_release * 1000,
        18: limits.cell_over * 1000,
        22: limits.cell_over_release * 1000,
        26: limits.balance_trigger * 1000,
        30: (limits.cell_over - 0.02) * 1000,
        34: (limits.cell_under + 0.1) * 1000,
        46: (limits.cell_under - 0.2) * 1000,
        50: limits.charge_a * 1000,
        54: limits.charge_delay,
        58: 60,
        62: limits.discharge_a * 1000,
        66: delay,
        70: limits.current_release if np.isfinite(limits.current_release) else 60,
        74: 60,
        78: limits.balance_a * 1000,
        82: 600,
        86: 550,
        90: limits.cell_max * 10,
        94: limits.cell_max * 10 - 50,
        98: limits.cell_min_charge * 10,
        102: limits.cell_min_charge * 10 + 50,
        106: limits.fet_max * 10,
        110: limits.fet_max * 10 - 200,
        114: t.cells.shape[1],
        118: 1,
        122: 1,
        126: float(scene.balancing),
        130: t.capacity_ah * 1000,
        134: 1500,
        138: limits.balance_start * 1000,
    }
    for offset, value in fields.items():
        f.put(offset, value, 4)
    f.put(299, f.sum8(0, 299))
    return f.frames()[0]


def _device_frame(scene: Scene) -> bytes:
    f = FrameBytes(1, _SIZE, "little")
    f.put_bytes(0, _HEAD + b"\x03")
    rating = int(scene.board.limits.discharge_a // 10)
    for offset, text in ((6, f"JK-B2A24S{rating}P"), (22, "11.XW"), (30, "11.26H"), (46, "JK-SIM")):
        f.put_bytes(offset, text.encode()[:15])
    f.put(299, f.sum8(0, 299))
    return f.frames()[0]


def _command(code: int) -> bytes:
    body = bytes.fromhex("aa5590eb") + bytes([code]) + bytes(14)
    return body + bytes([sum(body) & 0xFF])
