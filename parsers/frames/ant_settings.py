"""Registers of ANT BMSs that hold settings, old protocol and new."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Settings = dict[str, float | str | bool]


@dataclass(frozen=True, slots=True)
class Register:
    """A register that holds a setting: canonical name, factor to its unit, whether it is signed."""

    setting: str
    scale: float = 1.0
    signed: bool = False


_MILLI: Final = 0.001
_TENTH: Final = 0.1
_MICRO: Final = 1e-6

#: Old protocol, read with 5A 5A (register map of the vendor's app, values checked on a 20S pack).
OLD_REGISTERS: Final[Mapping[int, Register]] = {
    3: Register("cell_overvoltage_limit", _MILLI),
    4: Register("cell_undervoltage_limit", _MILLI),
    5: Register("cell_overvoltage_recovery", _MILLI),
    6: Register("cell_undervoltage_recovery", _MILLI),
    7: Register("pack_overvoltage_limit", _TENTH),
    8: Register("pack_undervoltage_limit", _TENTH),
    9: Register("charge_current_limit", _TENTH),
    10: Register("charge_overcurrent_delay"),
    11: Register("discharge_current_limit", _TENTH),
    12: Register("discharge_overcurrent_delay"),
    14: Register("balance_start_voltage", _MILLI),
    15: Register("balance_trigger", _MILLI),
    20: Register("short_circuit_current"),
    21: Register("short_circuit_delay", _MICRO),
    24: Register("series_cells"),
    25: Register("charge_temperature_max", signed=True),
    27: Register("discharge_temperature_max", signed=True),
    29: Register("bms_fet_temperature_max", signed=True),
    44: Register("cell_difference_limit", _MILLI),
}
_OLD_CAPACITY: Final = (31, 32)

#: New protocol, function 12, address in bytes, words of two bytes low byte first.
NEW_REGISTERS: Final[Mapping[int, Register]] = {
    0x00: Register("cell_overvoltage_limit", _MILLI),
    0x02: Register("cell_overvoltage_recovery", _MILLI),
    0x08: Register("pack_overvoltage_limit", _TENTH),
    0x0A: Register("pack_overvoltage_recovery", _TENTH),
    0x0C: Register("cell_undervoltage_limit", _MILLI),
    0x0E: Register("cell_undervoltage_recovery", _MILLI),
    0x14: Register("pack_undervoltage_limit", _TENTH),
    0x16: Register("pack_undervoltage_recovery", _TENTH),
    0x18: Register("cell_difference_limit", _MILLI),
    0x68: Register("charge_current_limit", _TENTH),
    0x6A: Register("charge_overcurrent_delay"),
    0x6C: Register("discharge_current_limit", _TENTH),
    0x6E: Register("discharge_overcurrent_delay"),
    0x70: Register("discharge_current_limit_2", _TENTH),
    0x72: Register("discharge_overcurrent_delay_2", _MILLI),
    0x74: Register("short_circuit_current"),
    0x76: Register("short_circuit_delay", _MICRO),
    0x8E: Register("balance_start_voltage", _MILLI),
    0x90: Register("balance_trigger", _MILLI),
    0x94: Register("balance_current_max", _MILLI),
    0x9A: Register("series_cells"),
    0x9E: Register("power_off_voltage", _MILLI),
}
_NEW_CAPACITY: Final = (0xA2, 0xA4)


def register_settings(registers: Mapping[int, int], table: Mapping[int, Register]) -> Settings:
    """Settings of the registers that were read, in canonical names and units.

    Args:
        registers: Unsigned words by register (old protocol) or by byte address (new protocol).
        table: `OLD_REGISTERS` or `NEW_REGISTERS`.
    """
    settings: Settings = {}
    for number, register in table.items():
        value = registers.get(number)
        if value is None or value == 0xFFFF:
            continue
        if register.signed and value > 0x7FFF:
            value -= 0x10000
        settings[register.setting] = round(value * register.scale, 9)
    low, high = _OLD_CAPACITY if table is OLD_REGISTERS else _NEW_CAPACITY
    if low in registers and high in registers:
        settings["nominal_capacity"] = (registers[high] << 16 | registers[low]) / 1e6
    return settings
