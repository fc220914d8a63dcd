"""The new ANT protocol: frames that start 7E A1 and end AA 55, little endian, with a CRC-16/Modbus."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.log import Identity, Log

from .ant_codes import (
    CHARGER_PROTECTION_BIT,
    CHARGER_WARNING_BITS,
    CHEMISTRIES,
    PROTECTION_BITS,
    STATE_WARNING_BITS,
    STATES,
    WARNING_BITS,
    balances,
    extremes,
    switches,
)
from .ant_settings import NEW_REGISTERS, Settings, register_settings
from .bit_names import named_bits
from .crc import modbus_crc
from .device_logs import device_logs
from .protocol import Packet, Protocol
from .samples import Origin, Polls, Values, bits, cells, hottest
from .stream import Cut, Frame, Verdict, cut_damage, cut_frames
from .switching import Switching, switched

_HEADER: Final = re.compile(rb"\x7e\xa1")
_END: Final = b"\xaa\x55"
#: Some replies carry this many bytes more between the checksum and the end.
_EXTRA_BYTES: Final = 6
_REALTIME: Final = 0x11
_PARAMETERS: Final = 0x12
_CONTROLLED: Final = 0x61
_DONE: Final = 1
#: Controls the device confirms with function 61.
_FET_CONTROLS: Final[Mapping[int, tuple[str, bool]]] = {
    1: ("discharge", False),
    3: ("discharge", True),
    4: ("charge", False),
    6: ("charge", True),
}
#: Functions of the device; those of the host are 0x10 smaller, and its read requests carry no data.
_REPLIES: Final = frozenset({0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x32, 0x33, 0x42, 0x43, 0x61})
_READ_REQUESTS: Final = frozenset({0x01, 0x02, 0x03, 0x04, 0x05, 0x06})
_DEVICE_NAME_ADDRESS: Final = 0x026C
_NO_SENSOR: Final = -40
_MOST_CELLS: Final = 48

_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("pack voltage", "x 0.01"),
    "battery_current": Origin("current", "x 0.1"),
    "power": Origin("power"),
    "soc": Origin("SoC", "x 0.01"),
    "soh": Origin("SoH", "x 0.01"),
    "remaining_capacity": Origin("remaining capacity", "uAh to Ah"),
    "nominal_capacity": Origin("capacity", "uAh to Ah"),
    "cell_voltages": Origin("bytes 34 on", "mV to V"),
    "cell_voltage_max": Origin("highest cell", "mV to V"),
    "cell_voltage_min": Origin("lowest cell", "mV to V"),
    "cell_voltage_average": Origin("average cell", "mV to V"),
    "cell_voltage_delta": Origin("cell difference", "mV to V"),
    "cell_max_index": Origin("position of the highest cell", "counted from 0 instead of 1"),
    "cell_min_index": Origin("position of the lowest cell", "counted from 0 instead of 1"),
    "cell_count": Origin("byte 9"),
    "discharge_fet": Origin("first FET byte", "on is code 1"),
    "charge_fet": Origin("second FET byte", "on is code 1"),
    "discharge_fet_state": Origin("first FET byte", "state code to name"),
    "charge_fet_state": Origin("second FET byte", "state code to name"),
    "protections": Origin("bytes 10..17", "bits to names"),
    "warnings": Origin("bytes 18..25", "bits to names, without those that only tell a state"),
    "bms_state": Origin("byte 7", "number to name"),
    "balancing": Origin("balancer byte and bits"),
    "cells_balancing": Origin("balancer bits"),
    "battery_temperatures": Origin("temperatures", "-40 is no sensor"),
    "battery_temperature": Origin("temperatures", "", "the hottest of the sensors"),
    "bms_fet_temperature": Origin("FET temperature"),
    "balancer_temperature": Origin("balancer temperature"),
    "charger_connected": Origin("bytes 10..25"),
    "discharge_fet_drop": Origin("D-S voltage", "x 0.1"),
    "discharge_gate_voltage": Origin("discharge gate voltage", "x 0.1"),
    "charge_gate_voltage": Origin("charge gate voltage", "x 0.1"),
    "uptime": Origin("runtime"),
    "cycle capacity": Origin("cycle capacity", "mAh to Ah", "", "Ah"),
    "total discharged": Origin("total discharging capacity", "mAh to Ah", "", "Ah"),
    "total charged": Origin("total charging capacity", "mAh to Ah", "", "Ah"),
    "discharge FET code": Origin("first FET byte"),
    "charge FET code": Origin("second FET byte"),
    "balancer code": Origin("balancer byte"),
    "protection bits": Origin("bytes 10..17"),
    "warning bits": Origin("bytes 18..25"),
}


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    head = data[start : start + 6]
    if len(head) < 6:
        return Verdict.CUT_OFF, 0
    function = head[2]
    length = 0 if function in _READ_REQUESTS else head[5]
    checked = start + 6 + length
    end = checked + 2
    if end + 2 > len(data):
        return (Verdict.CUT_OFF if function in _REPLIES else Verdict.NOTHING), 0
    refused = Verdict.REFUSED if function in _REPLIES else Verdict.NOTHING
    extra = next((extra for extra in (0, _EXTRA_BYTES) if data[end + extra : end + extra + 2] == _END), None)
    if extra is None or modbus_crc(data[start + 1 : checked]) != int.from_bytes(data[checked:end], "little"):
        return refused, 0
    return Verdict.FRAME, end + extra + 2 - start


def decode_realtime(data: bytes) -> Values | None:
    """Decode a frame of function 11 whose checksum is right; None when its own counts do not fit its length.

    The first FET byte is the discharge FET, the second the charge FET: in captures the first is 15 (manual off) with
    protection bit 17 (discharge off by hand) alone, and the gate voltages follow. The current is positive when
    discharging.
    """
    state, sensors, count = data[7:10]
    end = 6 + data[5]
    at = 34 + 2 * count
    rest = at + 2 * sensors
    if count > _MOST_CELLS or rest + 52 > end:
        return None
    protection, warning = struct.unpack_from("<QQ", data, 10)
    voltages = cells(struct.unpack_from(f"<{count}H", data, 34), count)
    temperatures = [None if raw == _NO_SENSOR else float(raw) for raw in struct.unpack_from(f"<{sensors}h", data, at)]
    fets, balancer, pack, current, soc, soh = struct.unpack_from("<hhHhHH", data, rest)
    discharge, charge, balance = data[rest + 12 : rest + 15]
    capacity, remaining, cycled, power, uptime, balanced = struct.unpack_from("<IIIiII", data, rest + 16)
    highest, top, lowest, bottom, delta, mean = struct.unpack_from("<6H", data, rest + 40)
    values: Values = {
        "pack_voltage": pack / 100,
        "battery_current": current / 10,
        "power": float(power),
        "soc": soc / 100,
        "soh": soh / 100,
        "remaining_capacity": remaining / 1e6,
        "nominal_capacity": capacity / 1e6 if capacity else None,
        "cell_voltages": voltages if voltages else None,
        **extremes(highest, top, lowest, bottom, mean),
        "cell_voltage_delta": delta / 1000,
        "cell_count": count,
        **switches(discharge, charge),
        "protections": named_bits(protection, PROTECTION_BITS, (CHARGER_PROTECTION_BIT,)),
        "warnings": named_bits(warning, WARNING_BITS, STATE_WARNING_BITS),
        "bms_state": STATES.get(state),
        "balancing": balances(balance, balanced),
        "cells_balancing": bits(balanced, len(voltages)) if voltages else None,
        "battery_temperatures": temperatures if temperatures else None,
        "battery_temperature": hottest(temperatures),
        "bms_fet_temperature": None if fets == _NO_SENSOR else float(fets),
        "balancer_temperature": None if balancer == _NO_SENSOR else float(balancer),
        "charger_connected": bool(protection >> CHARGER_PROTECTION_BIT & 1)
        or any(warning >> bit & 1 for bit in CHARGER_WARNING_BITS),
        "uptime": float(uptime),
        "cycle capacity": cycled / 1000,
        "discharge FET code": discharge,
        "charge FET code": charge,
        "balancer code": balance,
        "protection bits": f"{protection:016x}",
        "warning bits": f"{warning:016x}",
    }
    if end >= rest + 58:
        drop, discharge_gate, charge_gate = struct.unpack_from("<3h", data, rest + 52)
        values |= {
            "discharge_fet_drop": drop / 10,
            "discharge_gate_voltage": discharge_gate / 10,
            "charge_gate_voltage": charge_gate / 10,
        }
    if end >= rest + 70:
        discharged, charged = struct.unpack_from("<II", data, rest + 62)
        values |= {"total discharged": discharged / 1000, "total charged": charged / 1000}
    return values


def _chemistry(data: bytes) -> str:
    rest = 34 + 2 * data[9] + 2 * data[8]
    if rest + 62 > 6 + data[5]:
        return ""
    return CHEMISTRIES.get(int.from_bytes(data[rest + 60 : rest + 62], "little"), "")


def _text(data: bytes) -> str:
    return data.partition(b"\0")[0].decode("ascii", "replace").strip()


def decode_names(data: bytes) -> tuple[str, str]:
    """Hardware and software version of a frame of function 12 at address 026C."""
    return _text(data[6:22]), _text(data[22:38])


class AntNew(Protocol):
    """ANT BMS, new protocol (since 2021), little endian.

    7E A1, function, address, length, data, CRC, AA 55. Function 11 is the realtime frame: state, protection and warning
    bits, cells, temperatures, current, FET codes, counters. Function 12 holds parameters and, at 026C, the names; its
    reply may carry six bytes more before the end. The layout of function 13 (system log) is not public.
    """

    family: ClassVar[str] = "ant"
    name: ClassVar[str] = "ant-7ea1"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of frames of the device with a correct checksum."""
        return sum(frame.data[2] in _REPLIES for frame in cut_frames(packets, _HEADER, _measure).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream: a log of the samples, with the settings that were read; the settings alone if no more."""
        cut = cut_frames(packets, _HEADER, _measure)
        polls = Polls(_REALTIME)
        for frame in cut.frames:
            values = decode_realtime(frame.data) if frame.data[2] == _REALTIME else None
            if values is not None:
                polls.add(_REALTIME, frame, values)
        settings, identity = _parameters(cut)
        damage = cut_damage(cut, "ANT")
        commands = [command for frame in cut.frames for command in _commands(frame)]
        return device_logs(
            polls.samples,
            _ORIGINS,
            cut.frames,
            commands,
            clock=clock,
            parser=parser,
            identity=identity,
            damage=damage,
            settings=settings,
        )


def _commands(frame: Frame) -> list[Switching]:
    data = frame.data
    control = _FET_CONTROLS.get(int.from_bytes(data[3:5], "little"))
    if data[2] != _CONTROLLED or control is None or data[5] < 1 or data[6] != _DONE:
        return []
    return [switched(frame, *control)]


def _parameters(cut: Cut) -> tuple[Settings, Identity]:
    registers: dict[int, int] = {}
    hardware = firmware = chemistry = ""
    for frame in cut.frames:
        data = frame.data
        if data[2] == _REALTIME and not chemistry:
            chemistry = _chemistry(data)
        if data[2] != _PARAMETERS:
            continue
        address, length = int.from_bytes(data[3:5], "little"), data[5]
        if address == _DEVICE_NAME_ADDRESS and length >= 32:
            hardware, firmware = decode_names(data)
            continue
        for offset in range(0, length - 1, 2):
            registers[address + offset] = int.from_bytes(data[6 + offset : 8 + offset], "little")
    settings = register_settings(registers, NEW_REGISTERS)
    if chemistry:
        settings["chemistry"] = chemistry
    return settings, Identity(device="ANT BMS", family="ant", model=hardware, hardware=hardware, firmware=firmware)
