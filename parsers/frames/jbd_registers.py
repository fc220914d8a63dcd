"""Registers of JBD (LLT, Xiaoxiang, Overkill) BMSs: payloads without their envelope to channels and settings."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from .bit_names import named_bits
from .samples import Origin, Values, bits, cells, hottest

Settings = dict[str, float | str | bool]

BASIC_INFO: Final = 0x03
CELL_VOLTAGES: Final = 0x04
DEVICE_NAME: Final = 0x05
MAKER: Final = 0xA0
MODEL: Final = 0xA1
BARCODE: Final = 0xA2
TRIP_COUNTERS: Final = 0xAA

#: Protection word of register 03, also the ProtectStatus of the vendor's PC program.
PROTECTION_BITS: Final[Mapping[int, str]] = {
    0: "cell-overvoltage",
    1: "cell-undervoltage",
    2: "pack-overvoltage",
    3: "pack-undervoltage",
    4: "charge-overtemperature",
    5: "charge-undertemperature",
    6: "discharge-overtemperature",
    7: "discharge-undertemperature",
    8: "charge-overcurrent",
    9: "discharge-overcurrent",
    10: "short-circuit",
    11: "front-end",
    12: "software-lock",
    13: "charge-timeout",
}

#: Order of the 11 counters of register AA.
TRIP_SETTINGS: Final = (
    "trips_short_circuit",
    "trips_charge_overcurrent",
    "trips_discharge_overcurrent",
    "trips_cell_overvoltage",
    "trips_cell_undervoltage",
    "trips_charge_overtemperature",
    "trips_charge_undertemperature",
    "trips_discharge_overtemperature",
    "trips_discharge_undertemperature",
    "trips_pack_overvoltage",
    "trips_pack_undervoltage",
)

_FIXED_BYTES: Final = 23
_MOST_CELLS: Final = 48
#: Mode byte behind the temperatures that makes current and capacities ten times coarser (vendor's phone app).
_COARSE: Final = 0x88
_KELVIN_TENTHS: Final = 2731

ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("register 03, bytes 0..1", "x 0.01"),
    "battery_current": Origin("register 03, bytes 2..3", "x 0.01; sign changed: the device counts charging positive"),
    "soc": Origin("register 03, byte 19", "x 0.01"),
    "remaining_capacity": Origin("register 03, bytes 4..5", "x 0.01"),
    "nominal_capacity": Origin("register 03, bytes 6..7", "x 0.01"),
    "full_charge_capacity": Origin("register 03, behind the temperatures", "x 0.01"),
    "cycle_count": Origin("register 03, bytes 8..9"),
    "cell_voltages": Origin("register 04", "mV to V"),
    "cell_count": Origin("register 03, byte 21"),
    "discharge_fet": Origin("register 03, byte 20, bit 1"),
    "charge_fet": Origin("register 03, byte 20, bit 0"),
    "protections": Origin("register 03, bytes 16..17", "bits to names"),
    "balancing": Origin("register 03, bytes 12..15"),
    "cells_balancing": Origin(
        "register 03, bytes 12..15", "bit 0 is the first cell; null when bits of cells that are not there are set"
    ),
    "battery_temperatures": Origin("register 03, bytes 23 on", "0.1 K to degC"),
    "battery_temperature": Origin("register 03, bytes 23 on", "", "the hottest of the sensors"),
    "humidity": Origin("register 03, behind the temperatures", "x 0.01"),
    "alarm bits": Origin("register 03, behind the temperatures"),
}


def decode_basic_info(data: bytes) -> Values | None:
    """Decode the payload of register 03; None when it is too short.

    The current is turned: positive is discharging. What newer firmware adds behind the temperatures is taken only where
    its length fits and its values can be true, because some clones fill it with copies of other fields.
    """
    if len(data) < _FIXED_BYTES:
        return None
    pack, current, remaining, nominal, cycles, _, balance_low, balance_high, protection = struct.unpack_from(
        ">HhHHHHHHH", data
    )
    _, soc, fets, count, sensors = data[18:23]
    rest = _FIXED_BYTES + 2 * sensors
    raw = [
        int.from_bytes(data[at : at + 2], "big") if at + 2 <= len(data) else 0 for at in range(_FIXED_BYTES, rest, 2)
    ]
    temperatures = [None if value in (0, 0xFFFF) else round((value - _KELVIN_TENTHS) / 10, 1) for value in raw]
    scale = 0.1 if rest + 5 <= len(data) and data[rest] == _COARSE else 0.01
    balanced = balance_high << 16 | balance_low
    values: Values = {
        "pack_voltage": pack / 100,
        "battery_current": round(-current * scale, 2) + 0.0,
        "soc": soc / 100,
        "remaining_capacity": round(remaining * scale, 2),
        "nominal_capacity": round(nominal * scale, 2) if nominal else None,
        "cycle_count": float(cycles),
        "cell_count": count,
        "discharge_fet": bool(fets & 2),
        "charge_fet": bool(fets & 1),
        "protections": named_bits(protection, PROTECTION_BITS),
        "balancing": bool(balanced),
        "cells_balancing": bits(balanced, count) if 0 < count <= 32 and not balanced >> count else None,
        "battery_temperatures": temperatures if temperatures else None,
        "battery_temperature": hottest(temperatures),
    }
    return values | _extension(data[rest:], nominal, remaining, scale)


def _extension(data: bytes, nominal: int, remaining: int, scale: float) -> Values:
    """Humidity or mode, alarm word and learned capacity of newer firmware; empty where they are not there."""
    if len(data) < 5:
        return {}
    mode, alarm, full = struct.unpack_from(">BHH", data)
    values: Values = {"alarm bits": f"{alarm:04x}"}
    if 0 < mode <= 100:
        values["humidity"] = mode / 100
    # Some clones fill the block with copies of other fields: a learned capacity lies near the nominal one.
    if nominal and max(0.3 * nominal, remaining) <= full <= 1.5 * nominal:
        values["full_charge_capacity"] = round(full * scale, 2)
    return values


def decode_cells(data: bytes, count: int = 0) -> list[float | None] | None:
    """Decode the payload of register 04; None when it cannot be one.

    Args:
        data: The payload.
        count: Number of cells by register 03, 0 when not known; slots behind it that read nothing are no cells.
    """
    size = len(data) // 2
    if not 0 < size <= _MOST_CELLS or len(data) % 2:
        return None
    slots = struct.unpack(f">{size}H", data)
    while 0 < count < size and slots[size - 1] == 0:
        size -= 1
    return cells(slots, size)


def decode_text(data: bytes) -> str:
    """Decode the payload of a text register, with or without its length in front."""
    if data and data[0] == len(data) - 1:
        data = data[1:]
    text = data.decode("ascii", "replace").replace("\0", "").strip()
    return "" if "�" in text else text


def decode_trip_counters(data: bytes) -> Settings:
    """Decode the payload of register AA: lifetime trips by canonical setting name; empty when it is too short."""
    if len(data) < 2 * len(TRIP_SETTINGS):
        return {}
    counters = struct.unpack_from(f">{len(TRIP_SETTINGS)}H", data)
    return {name: float(value) for name, value in zip(TRIP_SETTINGS, counters, strict=True)}


def _number(scale: float, offset: float = 0.0) -> Callable[[int], float]:
    return lambda raw: round(raw * scale + offset, 6)


def _magnitude(raw: int) -> float:
    """Signed 10 mA to A without the sign; a discharge limit is stored as a negative number."""
    return abs(raw - 0x10000 if raw > 0x7FFF else raw) / 100


def _high(raw: int) -> float:
    return float(raw >> 8)


def _low(raw: int) -> float:
    return float(raw & 0xFF)


@dataclass(frozen=True, slots=True)
class Parameter:
    """One part of a parameter register: canonical setting and how its raw word is read."""

    setting: str
    read: Callable[[int], float]


_KELVIN: Final = _number(0.1, -273.1)
_MILLI: Final = _number(0.001)
_CENTI: Final = _number(0.01)

#: Parameter registers; two byte registers hold two settings.
PARAMETERS: Final[Mapping[int, tuple[Parameter, ...]]] = {
    0x10: (Parameter("nominal_capacity", _CENTI),),
    0x12: (Parameter("soc_full_voltage", _MILLI),),
    0x13: (Parameter("soc_empty_voltage", _MILLI),),
    0x18: (Parameter("charge_temperature_max", _KELVIN),),
    0x1A: (Parameter("charge_temperature_min", _KELVIN),),
    0x1C: (Parameter("discharge_temperature_max", _KELVIN),),
    0x1E: (Parameter("discharge_temperature_min", _KELVIN),),
    0x20: (Parameter("pack_overvoltage_limit", _CENTI),),
    0x21: (Parameter("pack_overvoltage_recovery", _CENTI),),
    0x22: (Parameter("pack_undervoltage_limit", _CENTI),),
    0x23: (Parameter("pack_undervoltage_recovery", _CENTI),),
    0x24: (Parameter("cell_overvoltage_limit", _MILLI),),
    0x25: (Parameter("cell_overvoltage_recovery", _MILLI),),
    0x26: (Parameter("cell_undervoltage_limit", _MILLI),),
    0x27: (Parameter("cell_undervoltage_recovery", _MILLI),),
    0x28: (Parameter("charge_current_limit", _magnitude),),
    0x29: (Parameter("discharge_current_limit", _magnitude),),
    0x2A: (Parameter("balance_start_voltage", _MILLI),),
    0x2B: (Parameter("balance_trigger", _MILLI),),
    0x2C: (Parameter("shunt_resistance", _number(0.0001)),),
    0x2F: (Parameter("series_cells", _number(1.0)),),
    0x3C: (Parameter("pack_undervoltage_delay", _high), Parameter("pack_overvoltage_delay", _low)),
    0x3D: (Parameter("cell_undervoltage_delay", _high), Parameter("cell_overvoltage_delay", _low)),
    0x3E: (Parameter("charge_overcurrent_delay", _high), Parameter("charge_overcurrent_recovery", _low)),
    0x3F: (Parameter("discharge_overcurrent_delay", _high), Parameter("discharge_overcurrent_recovery", _low)),
    0x39: (Parameter("short_circuit_recovery", _low),),
}
HARDWARE_CURRENTS: Final = 0x38
FUNCTIONS: Final = 0x2D
SHUNT: Final = 0x2C

_SHORT_CIRCUIT_MV: Final = (22, 33, 44, 56, 67, 78, 89, 100)
_SHORT_CIRCUIT_US: Final = (70, 100, 200, 400)
_OVERCURRENT_MV: Final = (8, 11, 14, 17, 19, 22, 25, 28, 31, 33, 36, 39, 42, 44, 47, 50)
_OVERCURRENT_MS: Final = (8, 20, 40, 80, 160, 320, 640, 1280)


def decode_hardware_currents(short_circuit: int, overcurrent: int, shunt_ohm: float) -> Settings:
    """Limits of the measuring chip from the two bytes of register 38 (BQ769x0 data sheet, PROTECT1 and PROTECT2).

    Args:
        short_circuit: First byte: bit 7 doubles all thresholds, bits 4..3 the delay, bits 2..0 the threshold.
        overcurrent: Second byte: bits 7..4 the delay, bits 3..0 the threshold.
        shunt_ohm: Shunt as configured; without one the currents are not known.
    """
    double = 2 if short_circuit & 0x80 else 1
    settings: Settings = {"short_circuit_delay": _SHORT_CIRCUIT_US[short_circuit >> 3 & 3] / 1e6}
    delay = overcurrent >> 4
    if delay < len(_OVERCURRENT_MS):
        settings["discharge_overcurrent_delay_2"] = _OVERCURRENT_MS[delay] / 1000
    if shunt_ohm > 0:
        settings["short_circuit_current"] = round(_SHORT_CIRCUIT_MV[short_circuit & 7] * double / 1000 / shunt_ohm, 3)
        settings["discharge_current_limit_2"] = round(_OVERCURRENT_MV[overcurrent & 15] * double / 1000 / shunt_ohm, 3)
    return settings


def decode_parameters(registers: Mapping[int, int]) -> Settings:
    """Settings of the parameter registers that were read.

    Args:
        registers: Unsigned words by register number.
    """
    settings: Settings = {}
    for number, parameters in PARAMETERS.items():
        if number in registers:
            settings |= {parameter.setting: parameter.read(registers[number]) for parameter in parameters}
    if HARDWARE_CURRENTS in registers:
        word = registers[HARDWARE_CURRENTS]
        settings |= decode_hardware_currents(word >> 8, word & 0xFF, registers.get(SHUNT, 0) / 10_000)
    if FUNCTIONS in registers:
        settings["balancer_enabled"] = bool(registers[FUNCTIONS] & 4)
    return settings
