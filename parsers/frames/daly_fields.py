"""Registers of the Modbus-like Daly protocols that make a sample: which register is which channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from .daly_codes import STATES, decode_faults
from .samples import Origin, Values, bits, cells, hottest

_CURRENT_ZERO: Final = 30_000
_NO_VALUE: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Fields:
    """Register numbers of one protocol; a register it does not have is -1.

    Attributes:
        cells: First cell.
        slots: Cell slots.
        cell_count: Number of cells.
        sensors: First battery temperature; eight slots.
        sensor_count: Number of battery temperatures.
        numbers: Channel to register, scale and raw value of zero.
        flags: Channel to register, for registers that are 0 or 1.
        current: Pack current, charging positive.
        power: Power in W without a sign.
        state: Idle, charging, discharging.
        balancing: 0 off, 1 passive, 2 active.
        balanced: First register of the balance bits.
        balance_current: In mA, charging positive.
        faults: Registers of the fault bits.
    """

    cells: int
    slots: int
    cell_count: int
    sensors: int
    sensor_count: int
    numbers: Mapping[str, tuple[int, float, int]]
    flags: Mapping[str, int]
    current: int
    power: int
    state: int
    balancing: int
    balanced: int
    balance_current: int
    faults: tuple[int, ...]


D2_FIELDS: Final = Fields(
    cells=0x00,
    slots=32,
    cell_count=0x31,
    sensors=0x20,
    sensor_count=0x32,
    numbers={
        "pack_voltage": (0x28, 0.1, 0),
        "soc": (0x2A, 0.001, 0),
        "cell_voltage_max": (0x2B, 0.001, 0),
        "cell_voltage_min": (0x2C, 0.001, 0),
        "cell_voltage_average": (0x37, 0.001, 0),
        "cell_voltage_delta": (0x38, 0.001, 0),
        "remaining_capacity": (0x30, 0.1, 0),
        "cycle_count": (0x33, 1.0, 0),
        "bms_fet_temperature": (0x42, 1.0, 40),
        "bms_temperature": (0x43, 1.0, 40),
    },
    flags={"charge_fet": 0x35, "discharge_fet": 0x36},
    current=0x29,
    power=0x39,
    state=0x2F,
    balancing=0x34,
    balanced=0x3E,
    balance_current=0x40,
    faults=(0x3A, 0x3B, 0x3C, 0x3D),
)

DL_FIELDS: Final = Fields(
    cells=0x00,
    slots=48,
    cell_count=0x3C,
    sensors=0x30,
    sensor_count=0x3D,
    numbers={
        "pack_voltage": (0x38, 0.1, 0),
        "soc": (0x3A, 0.001, 0),
        "cell_voltage_max": (0x3E, 0.001, 0),
        "cell_max_index": (0x3F, 1.0, 1),
        "cell_min_index": (0x41, 1.0, 1),
        "cell_voltage_delta": (0x42, 0.001, 0),
        "cell_voltage_average": (0x57, 0.001, 0),
        "remaining_capacity": (0x4B, 0.1, 0),
        "cycle_count": (0x4C, 1.0, 0),
        "bms_fet_temperature": (0x5A, 1.0, 40),
        "bms_temperature": (0x5B, 1.0, 40),
    },
    flags={
        "charge_fet": 0x52,
        "discharge_fet": 0x53,
        "precharge_fet": 0x54,
        "heating": 0x55,
        "charger_connected": 0x49,
        "load_connected": 0x4A,
    },
    current=0x39,
    power=0x58,
    state=0x48,
    balancing=0x4D,
    balanced=0x4F,
    balance_current=0x4E,
    # The meaning of its fault bits (6D, 6E) is not public; decode_registers() handles them.
    faults=(),
)
_DL_FAULTS: Final = (0x6D, 0x6E)


def decode_registers(registers: Mapping[int, int], fields: Fields) -> Values:
    """Decode the registers of one answer: what it does not hold is left out. The current is positive when discharging.

    Args:
        registers: Unsigned words by register number.
        fields: The protocol's register numbers.
    """

    def word(register: int) -> int | None:
        value = registers.get(register)
        return None if value == _NO_VALUE else value

    values: Values = {}
    for channel, (register, scale, zero) in fields.numbers.items():
        raw = word(register)
        if register in registers:
            missing = raw is None or (zero and raw == 0)
            values[channel] = None if missing or raw is None else round((raw - zero) * scale, 4)
    for channel, register in fields.flags.items():
        if register in registers:
            values[channel] = None if word(register) is None else bool(word(register))
    current = word(fields.current)
    if current is not None:
        values["battery_current"] = round((_CURRENT_ZERO - current) * 0.1, 1)
    power = word(fields.power)
    if power is not None:
        values |= _power(power, current, word(fields.state))
    state = word(fields.state)
    if state is not None:
        values["bms_state"] = STATES.get(state)
    if fields.cells in registers:
        values |= _lists(registers, fields)
    return values | _balance(registers, fields) | _faults(registers, fields)


def _power(power: int, current: int | None, state: int | None) -> Values:
    """Power with the sign of the current where the answer holds it, else by the state."""
    charging = current > _CURRENT_ZERO if current is not None else state == 1
    return {"power": float(-power if charging and power else power)}


def _lists(registers: Mapping[int, int], fields: Fields) -> Values:
    count = registers.get(fields.cell_count, 0)
    voltages = cells([registers.get(fields.cells + slot, 0) for slot in range(fields.slots)], count)
    raw = [registers.get(fields.sensors + slot, 0) for slot in range(8)]
    fitted = registers.get(fields.sensor_count, 0)
    if not 0 < fitted <= len(raw):
        fitted = max((index + 1 for index, value in enumerate(raw) if value), default=0)
    temperatures = [None if value in (0, _NO_VALUE) else float(value - 40) for value in raw[:fitted]]
    return {
        "cell_voltages": voltages if voltages else None,
        "cell_count": count if 0 < count <= fields.slots else None,
        "battery_temperatures": temperatures if temperatures else None,
        "battery_temperature": hottest(temperatures),
    }


def _balance(registers: Mapping[int, int], fields: Fields) -> Values:
    values: Values = {}
    count = registers.get(fields.cell_count, 0)
    words = [registers.get(fields.balanced + index) for index in range(fields.slots // 16)]
    known = [word for word in words if word is not None and word != _NO_VALUE]
    if len(known) == len(words):
        size = count if 0 < count <= fields.slots else fields.slots
        values["balancing"] = any(known)
        values["cells_balancing"] = bits(sum(word << 16 * index for index, word in enumerate(known)), size)
    # Off, passive, active; other numbers have been seen in it with no cell balanced.
    balancing = registers.get(fields.balancing)
    if balancing in (0, 1, 2):
        values["balancing"] = bool(balancing)
    current = registers.get(fields.balance_current, 0)
    if current not in (0, _NO_VALUE):
        values["balance_current"] = abs(current - _CURRENT_ZERO) / 1000
    return values


def _faults(registers: Mapping[int, int], fields: Fields) -> Values:
    if fields.faults:
        if any(register not in registers for register in fields.faults):
            return {}
        data = [byte for register in fields.faults for byte in (registers[register] & 0xFF, registers[register] >> 8)]
        protections, warnings = decode_faults(data)
        return {"protections": protections, "warnings": warnings, "fault bytes": bytes(data).hex()}
    words = [registers[register] for register in _DL_FAULTS if register in registers]
    if len(words) < len(_DL_FAULTS) or _NO_VALUE in words:
        return {}
    raw = "".join(f"{word:04x}" for word in words)
    if any(words):
        return {"warnings": ["other"], "fault bytes": raw}
    return {"protections": [], "warnings": [], "fault bytes": raw}


def _register(text: str, conversion: str = "", derived: str = "") -> Origin:
    return Origin(f"register {text}", conversion, derived)


_TURNED: Final = "(30000 - n) x 0.1; sign changed: the device counts charging positive"
_SIGNED: Final = "sign by the direction of the current; the register has none"

D2_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": _register("28", "x 0.1"),
    "battery_current": _register("29", _TURNED),
    "power": _register("39", _SIGNED),
    "soc": _register("2A", "x 0.001"),
    "remaining_capacity": _register("30", "x 0.1"),
    "cycle_count": _register("33"),
    "cell_voltages": _register("00..1F", "mV to V"),
    "cell_voltage_max": _register("2B", "mV to V"),
    "cell_voltage_min": _register("2C", "mV to V"),
    "cell_voltage_average": _register("37", "mV to V"),
    "cell_voltage_delta": _register("38", "mV to V"),
    "cell_count": _register("31"),
    "discharge_fet": _register("36"),
    "charge_fet": _register("35"),
    "protections": _register("3A..3D", "bits of level 2 and of faults to names"),
    "warnings": _register("3A..3D", "bits of level 1 to names"),
    "bms_state": _register("2F", "number to name"),
    "balancing": _register("34"),
    "cells_balancing": _register("3E..3F"),
    "balance_current": _register("40", "mA to A, without its sign"),
    "battery_temperatures": _register("20..27", "n - 40"),
    "battery_temperature": _register("20..27", "", "the hottest of the sensors"),
    "bms_fet_temperature": _register("42", "n - 40"),
    "bms_temperature": _register("43", "n - 40"),
    "fault bytes": _register("3A..3D"),
}

DL_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": _register("38", "x 0.1"),
    "battery_current": _register("39", _TURNED),
    "power": _register("58", "sign by the state; the register has none"),
    "soc": _register("3A", "x 0.001"),
    "remaining_capacity": _register("4B", "x 0.1"),
    "cycle_count": _register("4C"),
    "cell_voltages": _register("00..2F", "mV to V"),
    "cell_voltage_max": _register("3E", "mV to V"),
    "cell_voltage_average": _register("57", "mV to V"),
    "cell_voltage_delta": _register("42", "mV to V"),
    "cell_max_index": _register("3F", "counted from 0 instead of 1"),
    "cell_min_index": _register("41", "counted from 0 instead of 1"),
    "cell_count": _register("3C"),
    "discharge_fet": _register("53"),
    "charge_fet": _register("52"),
    "precharge_fet": _register("54"),
    "heating": _register("55"),
    "charger_connected": _register("49"),
    "load_connected": _register("4A"),
    "protections": _register("6D..6E", "none when no bit is set; what the bits mean is not public"),
    "warnings": _register("6D..6E", "other when a bit is set; what the bits mean is not public"),
    "bms_state": _register("48", "number to name"),
    "balancing": _register("4D"),
    "cells_balancing": _register("4F..51"),
    "balance_current": _register("4E", "mA to A, without its sign"),
    "battery_temperatures": _register("30..37", "n - 40"),
    "battery_temperature": _register("30..37", "", "the hottest of the sensors"),
    "bms_fet_temperature": _register("5A", "n - 40"),
    "bms_temperature": _register("5B", "n - 40"),
    "fault bytes": _register("6D..6E"),
}
