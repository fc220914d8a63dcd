"""JK settings frames (type 0x01) to canonical settings."""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final

Settings = dict[str, float | str | bool]


@dataclass(frozen=True, slots=True)
class JkSetting:
    """One 32-bit field of the frame: canonical name (or one of its own), byte offset, factor, signed or not."""

    name: str
    offset: int
    scale: float = 1.0
    signed: bool = False


_MILLI: Final = 0.001
_TENTH: Final = 0.1

#: Layout of firmware from 6 on, for 24 and 32 cells alike.
JK02_SETTINGS: Final[tuple[JkSetting, ...]] = (
    JkSetting("sleep_voltage", 6, _MILLI),
    JkSetting("cell_undervoltage_limit", 10, _MILLI),
    JkSetting("cell_undervoltage_recovery", 14, _MILLI),
    JkSetting("cell_overvoltage_limit", 18, _MILLI),
    JkSetting("cell_overvoltage_recovery", 22, _MILLI),
    JkSetting("balance_trigger", 26, _MILLI),
    JkSetting("soc_full_voltage", 30, _MILLI),
    JkSetting("soc_empty_voltage", 34, _MILLI),
    JkSetting("requested charge voltage (V)", 38, _MILLI),
    JkSetting("requested float voltage (V)", 42, _MILLI),
    JkSetting("power_off_voltage", 46, _MILLI),
    JkSetting("charge_current_limit", 50, _MILLI),
    JkSetting("charge_overcurrent_delay", 54),
    JkSetting("charge_overcurrent_recovery", 58),
    JkSetting("discharge_current_limit", 62, _MILLI),
    JkSetting("discharge_overcurrent_delay", 66),
    JkSetting("discharge_overcurrent_recovery", 70),
    JkSetting("short_circuit_recovery", 74),
    JkSetting("balance_current_max", 78, _MILLI),
    JkSetting("charge_temperature_max", 82, _TENTH, signed=True),
    JkSetting("charge overtemperature recovery (degC)", 86, _TENTH, signed=True),
    JkSetting("discharge_temperature_max", 90, _TENTH, signed=True),
    JkSetting("discharge overtemperature recovery (degC)", 94, _TENTH, signed=True),
    JkSetting("charge_temperature_min", 98, _TENTH, signed=True),
    JkSetting("charge undertemperature recovery (degC)", 102, _TENTH, signed=True),
    JkSetting("bms_fet_temperature_max", 106, _TENTH, signed=True),
    JkSetting("FET overtemperature recovery (degC)", 110, _TENTH, signed=True),
    JkSetting("series_cells", 114),
    JkSetting("nominal_capacity", 130, _MILLI),
    JkSetting("short_circuit_delay", 134, 1e-6),
    JkSetting("balance_start_voltage", 138, _MILLI),
)
_SWITCHES: Final = {"charge_fet_enabled": 118, "discharge_fet_enabled": 122, "balancer_enabled": 126}
_CONTROLS: Final = 282
#: Bits of the control word that switch on the faster discharge over-current stages.
_CONTROL_BITS: Final = {"second discharge overcurrent stage": 12, "third discharge overcurrent stage": 13}
#: Settings that an unset field leaves at 0, which means "not used" or "not there", never a limit of 0.
_ZERO_IS_UNSET: Final = frozenset(
    {
        "sleep_voltage",
        "soc_full_voltage",
        "soc_empty_voltage",
        "requested charge voltage (V)",
        "requested float voltage (V)",
        "nominal_capacity",
    }
)

#: Floats of firmware 3; an active balancer sets no more.
_JK04_FLOATS: Final = {
    "power_off_voltage": 38,
    "balance_start_voltage": 98,
    "balance_trigger": 106,
    "balance_current_max": 110,
}
_JK04_CELLS: Final = 34
_JK04_BALANCER: Final = 114
_MOST_CELLS: Final = 32
_HIGHEST_CELL_LIMIT_MV: Final = 10_000


def _word(data: bytes, offset: int, *, signed: bool = False) -> int:
    return int.from_bytes(data[offset : offset + 4], "little", signed=signed)


def read_settings(data: bytes) -> Settings:
    """Settings of one frame of 300 bytes; empty when it fits neither layout."""
    if 1 <= _word(data, 114) <= _MOST_CELLS and 0 < _word(data, 18) < _HIGHEST_CELL_LIMIT_MV:
        return _read_jk02(data)
    if 1 <= _word(data, _JK04_CELLS) <= _MOST_CELLS:
        return _read_jk04(data)
    return {}


def _read_jk02(data: bytes) -> Settings:
    settings: Settings = {}
    for item in JK02_SETTINGS:
        raw = _word(data, item.offset, signed=item.signed)
        if raw or item.name not in _ZERO_IS_UNSET:
            settings[item.name] = round(raw * item.scale, 9)
    for name, offset in _SWITCHES.items():
        settings[name] = _word(data, offset) != 0
    controls = int.from_bytes(data[_CONTROLS : _CONTROLS + 2], "little")
    for name, bit in _CONTROL_BITS.items():
        settings[name] = bool(controls >> bit & 1)
    return settings


def _read_jk04(data: bytes) -> Settings:
    settings: Settings = {"series_cells": float(_word(data, _JK04_CELLS))}
    for name, offset in _JK04_FLOATS.items():
        (value,) = struct.unpack_from("<f", data, offset)
        if math.isfinite(value) and 0 < value < 1e3:
            settings[name] = round(value, 6)
    settings["balancer_enabled"] = data[_JK04_BALANCER] != 0
    return settings
