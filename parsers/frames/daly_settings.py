"""Settings registers of Daly BMSs with Modbus-like protocols."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

Settings = dict[str, float | str | bool]


@dataclass(frozen=True, slots=True)
class Register:
    """A register that holds a setting: canonical name, factor to its unit, raw value of zero."""

    setting: str
    scale: float = 1.0
    zero: int = 0


_CURRENT_ZERO: Final = 30_000
_TEMPERATURE_ZERO: Final = 40
_MILLI: Final = 0.001

#: Block of the D2 protocol from register 80 on; of each pair of warning and alarm the alarm, which acts.
#: The DL protocol documents the same block from register 100 on.
_D2_BLOCK: Final[Mapping[int, Register]] = {
    0x00: Register("nominal_capacity", 0.1),
    0x0C: Register("cell_overvoltage_limit", _MILLI),
    0x0E: Register("cell_undervoltage_limit", _MILLI),
    0x10: Register("pack_overvoltage_limit", 0.1),
    0x12: Register("pack_undervoltage_limit", 0.1),
    0x14: Register("charge_current_limit", 0.1, _CURRENT_ZERO),
    0x16: Register("discharge_current_limit", 0.1, _CURRENT_ZERO),
    0x18: Register("charge_temperature_max", 1.0, _TEMPERATURE_ZERO),
    0x1A: Register("charge_temperature_min", 1.0, _TEMPERATURE_ZERO),
    0x1C: Register("discharge_temperature_max", 1.0, _TEMPERATURE_ZERO),
    0x1E: Register("discharge_temperature_min", 1.0, _TEMPERATURE_ZERO),
    0x20: Register("cell_difference_limit", _MILLI),
    0x23: Register("balance_start_voltage", _MILLI),
    0x24: Register("balance_trigger", _MILLI),
    0x28: Register("bms_fet_temperature_max", 1.0, _TEMPERATURE_ZERO),
}
_D2_BOARDS: Final = 0x02
_D2_CHEMISTRY: Final = 0x09
_CHEMISTRIES: Final[Mapping[int, str]] = {0: "lfp", 1: "nmc", 2: "lto"}
_CHARGE_SWITCH: Final = 0x25
_DISCHARGE_SWITCH: Final = 0x26

#: Block of the DL protocol as captured from one device (16S, 200 A): warning, alarm, recovery, delay in ms.
_DL_BLOCK: Final[Mapping[int, Register]] = {
    0x131: Register("cell_overvoltage_limit", _MILLI),
    0x132: Register("cell_overvoltage_recovery", _MILLI),
    0x133: Register("cell_overvoltage_delay", _MILLI),
    0x135: Register("cell_undervoltage_limit", _MILLI),
    0x136: Register("cell_undervoltage_recovery", _MILLI),
    0x137: Register("cell_undervoltage_delay", _MILLI),
    0x139: Register("pack_overvoltage_limit", 0.1),
    0x13A: Register("pack_overvoltage_recovery", 0.1),
    0x13B: Register("pack_overvoltage_delay", _MILLI),
    0x13D: Register("pack_undervoltage_limit", 0.1),
    0x13E: Register("pack_undervoltage_recovery", 0.1),
    0x13F: Register("pack_undervoltage_delay", _MILLI),
    0x141: Register("charge_current_limit", 0.1, _CURRENT_ZERO),
    0x142: Register("charge_overcurrent_delay", _MILLI),
    0x146: Register("discharge_current_limit", 0.1, _CURRENT_ZERO),
    0x147: Register("discharge_overcurrent_delay", _MILLI),
    0x148: Register("discharge_current_limit_2", 0.1, _CURRENT_ZERO),
    0x149: Register("discharge_overcurrent_delay_2", _MILLI),
    0x14B: Register("charge_temperature_max", 1.0, _TEMPERATURE_ZERO),
    0x14F: Register("charge_temperature_min", 1.0, _TEMPERATURE_ZERO),
    0x153: Register("discharge_temperature_max", 1.0, _TEMPERATURE_ZERO),
    0x15B: Register("cell_difference_limit", _MILLI),
    0x167: Register("bms_fet_temperature_max", 1.0, _TEMPERATURE_ZERO),
}
_DL_CELLS: Final = 0x101


def _read(registers: Mapping[int, int], table: Mapping[int, Register], base: int) -> Settings:
    settings: Settings = {}
    for offset, register in table.items():
        raw = registers.get(base + offset, 0xFFFF)
        value = (raw - register.zero) * register.scale
        # A balancer without FETs has zeros where the limits would be.
        if raw in (0, 0xFFFF) or (value == 0 and register.zero == _CURRENT_ZERO):
            continue
        settings[register.setting] = round(abs(value) if register.zero == _CURRENT_ZERO else value, 6)
    high, low = settings.get("pack_overvoltage_limit", 0.0), settings.get("pack_undervoltage_limit", 0.0)
    if float(low) >= float(high):
        settings.pop("pack_overvoltage_limit", None)
        settings.pop("pack_undervoltage_limit", None)
    return settings


def _believable(registers: Mapping[int, int], high: int, low: int) -> bool:
    """Tell whether two registers can be the upper and lower limit of a cell in mV."""
    return 500 < registers.get(low, 0) < registers.get(high, 0) < 5000


def decode_d2_settings(registers: Mapping[int, int], base: int) -> Settings:
    """Settings of the block that starts at `base`, empty when its cell limits cannot be some."""
    if not _believable(registers, base + 0x0C, base + 0x0E):
        return {}
    settings = _read(registers, _D2_BLOCK, base)
    boards = registers.get(base + _D2_BOARDS, 0)
    count = sum(registers.get(base + _D2_BOARDS + 1 + board, 0) for board in range(min(boards, 3)))
    if 0 < count <= 48:
        settings["series_cells"] = float(count)
    chemistry = _CHEMISTRIES.get(registers.get(base + _D2_CHEMISTRY, -1))
    if chemistry:
        settings["chemistry"] = chemistry
    for offset, name in ((_CHARGE_SWITCH, "charge_fet_enabled"), (_DISCHARGE_SWITCH, "discharge_fet_enabled")):
        if registers.get(base + offset) in (0, 1):
            settings[name] = bool(registers[base + offset])
    return settings


def decode_dl_settings(registers: Mapping[int, int]) -> Settings:
    """Settings of a DL device, by whichever of the two layouts its cell limits fit."""
    documented = decode_d2_settings(registers, 0x100)
    if documented or not _believable(registers, 0x131, 0x135):
        return documented
    settings = _read(registers, _DL_BLOCK, 0)
    if 0 < registers.get(_DL_CELLS, 0) <= 48:
        settings["series_cells"] = float(registers[_DL_CELLS])
    return settings
