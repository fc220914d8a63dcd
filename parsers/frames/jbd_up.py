"""The JBD UP protocol of parallel packs: address, 78, start and end register, length, data, CRC-16/Modbus."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.log import Identity, Log

from .bit_names import named_bits
from .crc import modbus_crc
from .protocol import Packet, Protocol
from .samples import Origin, Polls, Values, cells, hottest, sample_log
from .stream import Verdict, cut_damage, cut_frames

#: Addresses 1..16, read or write, registers whose low half starts and ends a block.
_HEADER: Final = re.compile(rb"[\x01-\x10]\x78[\x10-\x3f].[\x10-\x3f].", re.DOTALL)
_STATUS_START: Final = 0x1000
_FIXED_BYTES: Final = 68
_MOST_CELLS: Final = 48
#: No block of registers is longer.
_MOST_BYTES: Final = 512
_CURRENT_ZERO: Final = 300_000
_TEMPERATURE_ZERO: Final = 500

_PROTECTION_BITS: Final[Mapping[int, str]] = {
    0: "cell-overvoltage",
    1: "cell-undervoltage",
    2: "pack-overvoltage",
    3: "pack-undervoltage",
    4: "charge-overcurrent",
    5: "charge-overcurrent",
    6: "discharge-overcurrent",
    7: "discharge-overcurrent",
    8: "charge-overtemperature",
    9: "charge-undertemperature",
    10: "discharge-overtemperature",
    11: "discharge-undertemperature",
    12: "fet-overtemperature",
    13: "board-overtemperature",
    15: "cell-difference",
    16: "temperature-difference",
    17: "low-soc",
    18: "short-circuit",
    19: "open-wire",
    20: "temperature-sensor",
    21: "charge-fet-failure",
    22: "discharge-fet-failure",
    25: "full",
    26: "front-end",
}
_WARNING_BITS: Final[Mapping[int, str]] = {
    0: "cell-overvoltage",
    1: "cell-undervoltage",
    2: "pack-overvoltage",
    3: "pack-undervoltage",
    4: "charge-overcurrent",
    5: "discharge-overcurrent",
    6: "charge-overtemperature",
    7: "charge-undertemperature",
    8: "discharge-overtemperature",
    9: "discharge-undertemperature",
    10: "fet-overtemperature",
    11: "board-overtemperature",
    13: "cell-difference",
    14: "temperature-difference",
    15: "low-soc",
}
_STATES: Final[Mapping[int, str]] = {0: "idle", 1: "charging", 2: "discharging"}

_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("bytes 0..1", "x 0.01"),
    "battery_current": Origin("bytes 4..7", "(n - 300000) x 0.01; sign changed: the device counts charging positive"),
    "soc": Origin("bytes 8..9", "x 0.0001"),
    "soh": Origin("bytes 22..23", "x 0.01"),
    "remaining_capacity": Origin("bytes 10..11", "x 0.01"),
    "nominal_capacity": Origin("bytes 12..13", "x 0.01"),
    "cycle_count": Origin("bytes 36..37"),
    "cell_voltages": Origin("bytes 68 on", "mV to V"),
    "cell_voltage_max": Origin("bytes 40..41", "mV to V"),
    "cell_voltage_min": Origin("bytes 44..45", "mV to V"),
    "cell_voltage_average": Origin("bytes 46..47", "mV to V"),
    "cell_max_index": Origin("bytes 38..39", "counted from 0 instead of 1"),
    "cell_min_index": Origin("bytes 42..43", "counted from 0 instead of 1"),
    "cell_count": Origin("bytes 66..67"),
    "discharge_fet": Origin("bytes 32..33, bit 0"),
    "charge_fet": Origin("bytes 32..33, bit 1"),
    "precharge_fet": Origin("bytes 32..33, bit 2"),
    "heating": Origin("bytes 32..33, bit 3"),
    "protections": Origin("bytes 24..27", "bits to names"),
    "warnings": Origin("bytes 28..31", "bits to names"),
    "bms_state": Origin("bytes 20..21", "number to name"),
    "battery_temperatures": Origin("behind the cells", "(n - 500) x 0.1"),
    "battery_temperature": Origin("behind the cells", "", "the hottest of the sensors"),
    "bms_fet_temperature": Origin("bytes 16..17", "(n - 500) x 0.1"),
    "ambient_temperature": Origin("bytes 18..19", "(n - 500) x 0.1"),
    "protection bits": Origin("bytes 24..27"),
    "warning bits": Origin("bytes 28..31"),
}


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    if start + 8 > len(data):
        return Verdict.NOTHING, 0
    length = int.from_bytes(data[start + 6 : start + 8], "big")
    checked = start + 8 + length
    if length > _MOST_BYTES or checked + 2 > len(data):
        return Verdict.NOTHING, 0
    good = modbus_crc(data[start:checked]) == int.from_bytes(data[checked : checked + 2], "little")
    if good:
        return Verdict.FRAME, checked + 2 - start
    status = int.from_bytes(data[start + 2 : start + 4], "big") == _STATUS_START
    return (Verdict.REFUSED if status and checked > start + 8 else Verdict.NOTHING), 0


def _temperature(raw: int) -> float | None:
    return None if raw in (0, 0xFFFF) else round((raw - _TEMPERATURE_ZERO) / 10, 1)


def decode_status(data: bytes) -> Values | None:
    """Decode the payload of the status block at 1000; None when its own counts do not fit its length."""
    if len(data) < _FIXED_BYTES:
        return None
    pack, _, current, soc, remaining, nominal, _, fets, air, state, soh = struct.unpack_from(">HHIHHHHHHHH", data)
    protection, warning, switches, _, cycles = struct.unpack_from(">IIHHH", data, 24)
    top, highest, bottom, lowest, mean = struct.unpack_from(">5H", data, 38)
    (count,) = struct.unpack_from(">H", data, 66)
    at = _FIXED_BYTES + 2 * count
    if count > _MOST_CELLS or at + 2 > len(data):
        return None
    voltages = cells(struct.unpack_from(f">{count}H", data, _FIXED_BYTES), count)
    sensors = min(int.from_bytes(data[at : at + 2], "big"), (len(data) - at - 2) // 2, 16)
    temperatures = [_temperature(raw) for raw in struct.unpack_from(f">{sensors}H", data, at + 2)]
    return {
        "pack_voltage": pack / 100,
        "battery_current": (_CURRENT_ZERO - current) / 100,
        "soc": soc / 10_000,
        "soh": soh / 100,
        "remaining_capacity": remaining / 100,
        "nominal_capacity": nominal / 100 if nominal else None,
        "cycle_count": float(cycles),
        "cell_voltages": voltages if voltages else None,
        "cell_voltage_max": highest / 1000,
        "cell_voltage_min": lowest / 1000,
        "cell_voltage_average": mean / 1000,
        "cell_max_index": top - 1 if top else None,
        "cell_min_index": bottom - 1 if bottom else None,
        "cell_count": count,
        "discharge_fet": bool(switches & 1),
        "charge_fet": bool(switches & 2),
        "precharge_fet": bool(switches & 4),
        "heating": bool(switches & 8),
        "protections": named_bits(protection, _PROTECTION_BITS),
        "warnings": named_bits(warning, _WARNING_BITS),
        "bms_state": _STATES.get(state),
        "battery_temperatures": temperatures if temperatures else None,
        "battery_temperature": hottest(temperatures),
        "bms_fet_temperature": _temperature(fets),
        "ambient_temperature": _temperature(air),
        "protection bits": f"{protection:08x}",
        "warning bits": f"{warning:08x}",
    }


def _model(data: bytes) -> str:
    """Model of the status block: 30 characters, 6 bytes behind the temperatures."""
    at = _FIXED_BYTES + 2 * int.from_bytes(data[66:68], "big")
    at += 2 + 2 * int.from_bytes(data[at : at + 2], "big") + 6
    return data[at : at + 30].partition(b"\0")[0].decode("ascii", "replace").strip()


class JbdUp(Protocol):
    """JBD UP packs on one bus, big endian, one log for each address.

    The block at register 1000 holds voltage, current (300000 is zero, charging positive; here it is turned), protection
    and warning bits, FETs, cells and temperatures.
    """

    family: ClassVar[str] = "jbd"
    name: ClassVar[str] = "jbd-up"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of answers of the packs with a correct checksum."""
        return sum(len(frame.data) > 10 for frame in cut_frames(packets, _HEADER, _measure).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream: a log of the samples of each pack."""
        cut = cut_frames(packets, _HEADER, _measure)
        polls: dict[int, Polls] = {}
        models: dict[int, str] = {}
        for frame in cut.frames:
            data = frame.data[8:-2]
            if int.from_bytes(frame.data[2:4], "big") != _STATUS_START:
                continue
            values = decode_status(data)
            if values is not None:
                polls.setdefault(frame.data[0], Polls("status")).add("status", frame, values)
                models[frame.data[0]] = _model(data)
        damage = cut_damage(cut, "JBD UP")
        return [
            sample_log(
                found.samples,
                _ORIGINS,
                clock=clock,
                parser=parser,
                identity=Identity(device=f"JBD UP pack, address {address}", family="jbd", model=models[address]),
                damage=damage,
            )
            for address, found in sorted(polls.items())
        ]
