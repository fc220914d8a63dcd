"""JK boards: the detail-log ring (hourly samples and events) and the logbook, as the app fetches them."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from .bms_telemetry import BmsTelemetry
    from .carriers import Parcel
    from .scene import Scene

#: Event of a protection that acts; its release has the next number.
EVENT_CODES: Final[dict[str, int]] = {
    "fet-overtemperature": 0x0B,
    "current-sensor": 0x0D,
    "cell-overvoltage": 0x11,
    "pack-overvoltage": 0x13,
    "charge-overcurrent": 0x15,
    "charge-undertemperature": 0x1B,
    "cell-undervoltage": 0x1D,
    "pack-undervoltage": 0x1F,
    "discharge-overcurrent": 0x21,
    "short-circuit": 0x23,
    "discharge-overtemperature": 0x25,
    "charge-manual-off": 0x04,
    "discharge-manual-off": 0x06,
}
#: Codes of the switch being closed again by the app.
_APP_CLOSE: Final = {"charge-manual-off": 0x03, "discharge-manual-off": 0x05}

_EPOCH_2020: Final = 1_577_836_800
_SAMPLE_S: Final = 3601
_PER_FRAME: Final = 12


def jk_record_parcels(scene: Scene, telemetry: BmsTelemetry) -> list[Parcel]:
    """Frames an app receives when it asks for the records after the ride."""
    asked = scene.bms_clock.stamp(scene.duration_s + 600.0)
    records = _records(scene, telemetry)
    parcels: list[Parcel] = [(float(asked), True, _request(0xA7))]
    for number, begin in enumerate(range(0, len(records), _PER_FRAME)):
        part = records[begin : begin + _PER_FRAME]
        body = bytes.fromhex("55aaeb9006") + bytes([number & 0xFF]) + struct.pack("<HB", begin, len(part))
        body = (body + b"".join(part)).ljust(299, b"\x00")
        parcels.append((float(asked) + 0.3 + 0.12 * number, False, body + bytes([sum(body) & 0xFF])))
    parcels.append((float(asked) + 30.0, True, _request(0xA1)))
    parcels.append((float(asked) + 30.4, False, _logbook(scene, telemetry)))
    return parcels


def _request(code: int) -> bytes:
    body = bytes.fromhex("aa5590eb") + bytes([code]) + bytes(14)
    return body + bytes([sum(body) & 0xFF])


def events(scene: Scene) -> list[tuple[float, int]]:
    """Times and codes of what the board noted during the ride."""
    noted: list[tuple[float, int]] = []
    for before, after in pairwise(scene.board.moments):
        begun = [name for name in after.protections if name not in before.protections and name in EVENT_CODES]
        ended = [name for name in before.protections if name not in after.protections and name in EVENT_CODES]
        noted.extend((after.time_s, EVENT_CODES[name]) for name in begun)
        noted.extend((after.time_s, _APP_CLOSE.get(name, EVENT_CODES[name] + 1)) for name in ended)
    return noted


def _records(scene: Scene, t: BmsTelemetry) -> list[bytes]:
    """Hourly samples of the days before, parked, then the events of the ride with the state at each."""
    rng, pack = scene.rng, scene.pack
    hours = int(rng.integers(60, 240))
    drift = pack.leak_a / pack.capacity_ah * _SAMPLE_S / 3600
    now = scene.bms_clock.epoch_s + scene.bms_clock.offset_s + scene.bms_clock.zone_s - _EPOCH_2020
    records = []
    phase = rng.uniform(0, _SAMPLE_S)
    from .chemistry import open_circuit_voltage

    for hour in range(hours, 0, -1):
        soc = pack.start_soc + drift * hour
        cells = open_circuit_voltage(pack.kind.table, soc) + pack.voltage_offset_v + rng.normal(0, 0.0007, pack.series)
        if scene.board.read_cells is not None:
            cells = scene.board.read_cells(cells[None, :])[0]
        warm = pack.temperature_c + 2 * np.sin(2 * np.pi * hour / 24)
        flags = _flags(scene.board.moments[0].charge, scene.board.moments[0].discharge)
        records.append(
            _record(now - phase - (hour - 1) * _SAMPLE_S, 0, flags, cells, 0.0, t, float(soc.min()), warm, warm + 1)
        )
    for time, code in events(scene):
        place = int(np.clip(np.searchsorted(t.true_s, time), 0, len(t) - 1))
        before = max(place - 1, 0)
        flags = _flags(bool(t.charge[place]), bool(t.discharge[place]))
        records.append(
            _record(
                now + time,
                code,
                flags,
                t.cells[before],
                float(t.current[before]),
                t,
                float(t.soc[before]),
                float(t.temperatures[before].max()),
                float(t.fet_temperature[before]),
            )
        )
    return records


def _flags(charge: bool, discharge: bool) -> int:
    return int(charge) | int(discharge) << 1


def _record(
    seconds: float,
    code: int,
    flags: int,
    cells: np.ndarray,
    current: float,
    t: BmsTelemetry,
    soc: float,
    cell_c: float,
    fet_c: float,
) -> bytes:
    read = np.nan_to_num(cells)
    high, low = int(np.argmax(read)), int(np.argmin(np.where(read > 0, read, 9.0)))
    return struct.pack(
        "<IBBBBHHHhHHbbbB",
        int(seconds),
        code,
        flags,
        high,
        low,
        round(float(read[high]) * 1000),
        round(float(read[low]) * 1000),
        round(float(read.sum()) * 100),
        round(-current * 10),
        round(max(min(soc, 1.0), 0.0) * t.capacity_ah * 10),
        round(t.capacity_ah * 10),
        round(cell_c),
        round(cell_c - 1),
        round(fet_c),
        0,
    )


def _logbook(scene: Scene, t: BmsTelemetry) -> bytes:
    uptime = float(t.uptime_s[0] - t.true_s[0]) if len(t) else 1e6
    entries = [(uptime - 86_000.0, 0x01), *((uptime + time, code) for time, code in events(scene))][-50:]
    body = bytes.fromhex("55aaeb900500") + struct.pack("<IB", len(entries), 0)
    body += b"".join(struct.pack("<IB", int(seconds), code) for seconds, code in entries)
    body = body.ljust(299, b"\x00")
    return body + bytes([sum(body) & 0xFF])
