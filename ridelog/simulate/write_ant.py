"""ANT boards: real-time frames of the newer protocol (7E A1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from .frame_bytes import FrameBytes
from .write_jk import bitmask

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .carriers import Parcel
    from .scene import Scene

PROTECTION_BITS: Final[dict[str, int]] = {
    "cell-overvoltage": 1,
    "pack-overvoltage": 3,
    "cell-undervoltage": 4,
    "pack-undervoltage": 6,
    "cell-difference": 7,
    "charge-overtemperature": 8,
    "discharge-overtemperature": 9,
    "fet-overtemperature": 10,
    "charge-undertemperature": 11,
    "charge-overcurrent": 13,
    "discharge-overcurrent": 14,
    "short-circuit": 16,
    "discharge-manual-off": 17,
    "charge-manual-off": 21,
    "open-wire": 25,
    "current-sensor": 26,
}
_DISCHARGE_CODES: Final = {
    "cell-undervoltage": 2,
    "discharge-overcurrent": 3,
    "pack-undervoltage": 5,
    "discharge-overtemperature": 6,
    "fet-overtemperature": 7,
    "open-wire": 9,
    "short-circuit": 12,
    "discharge-manual-off": 15,
    "cell-difference": 18,
}
_CHARGE_CODES: Final = {
    "cell-overvoltage": 2,
    "charge-overcurrent": 3,
    "pack-overvoltage": 5,
    "fet-overtemperature": 7,
    "short-circuit": 3,
    "charge-manual-off": 15,
    "charge-undertemperature": 17,
}


def _code(on: bool, protections: tuple[str, ...], codes: dict[str, int]) -> int:
    if on:
        return 1
    return next((codes[name] for name in protections if name in codes), 0)


def ant_parcels(scene: Scene, t: BmsTelemetry) -> list[Parcel]:
    """Answers of an ANT board, each after the request."""
    series, sensors = t.cells.shape[1], 4
    after_cells = 34 + 2 * series
    a = after_cells + 2 * sensors
    f = FrameBytes(len(t), a + 82, "little")
    f.put_bytes(0, bytes.fromhex("7ea1110000"))
    f.put(5, a + 72)
    f.put(6, 5)
    f.put(7, np.where(t.current > 0.3, 4, np.where(t.current < -0.3, 2, 1)))
    f.put(8, sensors)
    f.put(9, series)
    f.put(10, [bitmask(p, PROTECTION_BITS) for p in t.protections], 8)
    warning = np.where(t.current > 0.3, 1 << 19, 0) | np.where(t.charge, 1 << 23, 0) | np.where(t.discharge, 1 << 24, 0)
    f.put(18, warning | np.where(t.balancing, 1 << 25, 0), 8)
    millivolts = np.nan_to_num(np.round(t.cells * 1000))
    f.put_block(34, millivolts)
    fitted = np.full((len(t), sensors), -40.0)
    fitted[:, : t.temperatures.shape[1]] = t.temperatures
    f.put_block(after_cells, fitted)
    f.put(a, t.fet_temperature, 2)
    f.put(a + 2, t.fet_temperature - 1, 2)
    f.put(a + 4, t.voltage * 100, 2)
    f.put(a + 6, t.current * 10, 2)
    f.put(a + 8, t.soc * 100, 2)
    f.put(a + 10, 100, 2)
    flags = list(zip(t.charge.tolist(), t.discharge.tolist(), t.protections, strict=True))
    f.put(a + 12, [_code(discharge, p, _DISCHARGE_CODES) for _, discharge, p in flags])
    f.put(a + 13, [_code(charge, p, _CHARGE_CODES) for charge, _, p in flags])
    f.put(a + 14, np.where(t.balancing, 4, 0))
    f.put(a + 16, t.capacity_ah * 1e6, 4)
    f.put(a + 20, t.remaining_ah * 1e6, 4)
    f.put(a + 24, t.cycles * t.capacity_ah * 1000, 4)
    f.put(a + 28, t.voltage * t.current, 4)
    f.put(a + 32, t.uptime_s, 4)
    f.put(a + 36, np.where(t.balancing, 1 << int(np.argmax(millivolts[0]) if len(t) else 0), 0), 4)
    read = np.where(millivolts > 0, millivolts, np.nan)
    f.put(a + 40, np.nanmax(read, axis=1), 2)
    f.put(a + 42, np.nanargmax(read, axis=1) + 1, 2)
    f.put(a + 44, np.nanmin(read, axis=1), 2)
    f.put(a + 46, np.nanargmin(read, axis=1) + 1, 2)
    f.put(a + 48, np.nanmax(read, axis=1) - np.nanmin(read, axis=1), 2)
    f.put(a + 50, np.nanmean(read, axis=1), 2)
    f.put(a + 52, np.where(t.discharge, 2, 180), 2)
    f.put(a + 54, np.where(t.discharge, 112, 2), 2)
    f.put(a + 56, np.where(t.charge, 112, 3), 2)
    f.put(a + 58, 684, 2)
    f.put(a + 60, 0xFAF2 if scene.pack.kind.chemistry == "lfp" else 0xFAF1, 2)
    f.put(a + 62, t.cycles * 900.0, 4)
    f.put(a + 66, t.cycles * 950.0, 4)
    f.put(a + 70, t.uptime_s / 20, 4)
    f.put(a + 74, t.uptime_s / 30, 4)
    f.put(a + 78, f.crc16_modbus(1, a + 78), 2)
    f.put_bytes(a + 80, b"\xaa\x55")
    request = bytes.fromhex("7ea1010000be1855aa55")
    parcels: list[Parcel] = []
    for stamp, frame in zip(t.stamp_s.tolist(), f.frames(), strict=True):
        parcels += [(stamp - 0.08, True, request), (stamp, False, frame)]
    return parcels
