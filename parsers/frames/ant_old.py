"""The old ANT protocol: status frames of 140 bytes that start AA 55 AA FF, and register frames of 6 bytes."""

from __future__ import annotations

import re
import struct
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.log import Identity, Log

from .ant_codes import balances, extremes, state_protections, switches
from .ant_settings import OLD_REGISTERS, register_settings
from .device_logs import device_logs
from .protocol import Packet, Protocol
from .samples import Origin, Polls, Values, bits, cells, hottest
from .stream import Frame, Verdict, cut_damage, cut_frames
from .switching import Switching, switched

STATUS_BYTES: Final = 140
REGISTER_BYTES: Final = 6
_STATUS: Final = b"\xaa\x55\xaa\xff"
_HEADER: Final = re.compile(rb"\xaa\x55\xaa\xff|\x5a\x5a|\xa5\xa5", re.DOTALL)
#: From here on registers are commands (shutdown, FETs on and off, apply), not settings.
_FIRST_COMMAND: Final = 247
_WRITTEN: Final = 0xA5
_FET_COMMANDS: Final[Mapping[int, str]] = {249: "discharge", 250: "charge"}
_SLOTS: Final = 32
_NO_SENSOR: Final = -40

_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("bytes 4..5", "x 0.1"),
    "battery_current": Origin("bytes 70..73", "x 0.1"),
    "power": Origin("bytes 111..114"),
    "soc": Origin("byte 74", "x 0.01"),
    "remaining_capacity": Origin("bytes 79..82", "uAh to Ah"),
    "nominal_capacity": Origin("bytes 75..78", "uAh to Ah"),
    "cell_voltages": Origin("bytes 6..69", "mV to V"),
    "cell_voltage_max": Origin("bytes 116..117", "mV to V"),
    "cell_voltage_min": Origin("bytes 119..120", "mV to V"),
    "cell_voltage_average": Origin("bytes 121..122", "mV to V"),
    "cell_max_index": Origin("byte 115", "counted from 0 instead of 1"),
    "cell_min_index": Origin("byte 118", "counted from 0 instead of 1"),
    "cell_count": Origin("byte 123"),
    "discharge_fet": Origin("byte 104", "on is code 1"),
    "charge_fet": Origin("byte 103", "on is code 1"),
    "discharge_fet_state": Origin("byte 104", "state code to name"),
    "charge_fet_state": Origin("byte 103", "state code to name"),
    "protections": Origin("bytes 103..104", "state codes to names", "the state codes of the FETs"),
    "balancing": Origin("bytes 105 and 132..135"),
    "cells_balancing": Origin("bytes 132..135"),
    "battery_temperatures": Origin("bytes 95..102", "-40 is no sensor"),
    "battery_temperature": Origin("bytes 95..102", "", "the hottest of the sensors"),
    "bms_fet_temperature": Origin("bytes 91..92"),
    "balancer_temperature": Origin("bytes 93..94"),
    "discharge_fet_drop": Origin("bytes 124..125", "x 0.1"),
    "discharge_gate_voltage": Origin("bytes 126..127", "x 0.1"),
    "charge_gate_voltage": Origin("bytes 128..129", "x 0.1"),
    "uptime": Origin("bytes 87..90"),
    "cycle capacity": Origin("bytes 83..86", "mAh to Ah", "", "Ah"),
    "discharge FET code": Origin("byte 104"),
    "charge FET code": Origin("byte 103"),
    "balancer code": Origin("byte 105"),
    "log word": Origin("bytes 136..137"),
}


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    if data[start : start + 4] != _STATUS:
        frame = data[start : start + REGISTER_BYTES]
        good = len(frame) == REGISTER_BYTES and sum(frame[2:5]) & 0xFF == frame[5]
        return (Verdict.FRAME if good else Verdict.NOTHING), REGISTER_BYTES
    frame = data[start : start + STATUS_BYTES]
    if len(frame) < STATUS_BYTES:
        return Verdict.CUT_OFF, 0
    good = sum(frame[4:138]) & 0xFFFF == int.from_bytes(frame[138:], "big")
    return (Verdict.FRAME if good else Verdict.REFUSED), STATUS_BYTES


def decode_status(data: bytes) -> Values:
    """Decode a status frame of 140 bytes whose checksum is right; the current is positive when discharging."""
    (pack,) = struct.unpack_from(">H", data, 4)
    slots = struct.unpack_from(f">{_SLOTS}H", data, 6)
    current, soc, capacity, remaining, cycled, uptime = struct.unpack_from(">iBIIII", data, 70)
    fets, balancer, *sensors = struct.unpack_from(">6h", data, 91)
    charge, discharge, balance = data[103:106]
    (power,) = struct.unpack_from(">i", data, 111)
    top, highest, bottom, lowest, mean, count = struct.unpack_from(">BHBHHB", data, 115)
    drop, discharge_gate, charge_gate = struct.unpack_from(">3h", data, 124)
    balanced, log_word = struct.unpack_from(">IH", data, 132)
    voltages = cells(slots, count)
    temperatures = [None if value == _NO_SENSOR else float(value) for value in sensors]
    return {
        "pack_voltage": pack / 10,
        "battery_current": current / 10,
        "power": float(power),
        # A device that was never told its capacity knows no SoC either.
        "soc": soc / 100 if soc or capacity else None,
        "remaining_capacity": remaining / 1e6,
        "nominal_capacity": capacity / 1e6 if capacity else None,
        "cell_voltages": voltages,
        **extremes(highest, top, lowest, bottom, mean),
        "cell_count": count,
        **switches(discharge, charge),
        "protections": state_protections(charge, discharge),
        "balancing": balances(balance, balanced),
        "cells_balancing": bits(balanced, len(voltages)) if voltages else None,
        "battery_temperatures": temperatures,
        "battery_temperature": hottest(temperatures),
        "bms_fet_temperature": None if fets == _NO_SENSOR else float(fets),
        "balancer_temperature": None if balancer == _NO_SENSOR else float(balancer),
        "discharge_fet_drop": drop / 10,
        "discharge_gate_voltage": discharge_gate / 10,
        "charge_gate_voltage": charge_gate / 10,
        "uptime": float(uptime),
        "cycle capacity": cycled / 1000,
        "discharge FET code": discharge,
        "charge FET code": charge,
        "balancer code": balance,
        "log word": log_word,
    }


class AntOld(Protocol):
    """ANT BMS, old protocol (Bluetooth names ANT-BLE0x and 1x, model 2019), big endian.

    The host polls with DB DB 00 00 00 00; the answer is a status frame of 140 bytes with the sum of bytes 4..137 at its
    end. Registers are read with 5A 5A and written with A5 A5, register, two bytes and their sum. There is no protection
    word: why the FETs are off stands in their state codes.
    """

    family: ClassVar[str] = "ant"
    name: ClassVar[str] = "ant-old"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of status and register frames with a correct checksum."""
        return len(cut_frames(packets, _HEADER, _measure).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream: a log of the samples, with the settings that were read; the settings alone if no more."""
        cut = cut_frames(packets, _HEADER, _measure)
        polls = Polls("status")
        registers: dict[int, int] = {}
        commands: list[Switching] = []
        for frame in cut.frames:
            if len(frame.data) == STATUS_BYTES:
                polls.add("status", frame, decode_status(frame.data))
            else:
                _note_register(registers, frame)
                commands += _command(frame)
        settings = register_settings(registers, OLD_REGISTERS)
        identity = Identity(device="ANT BMS", family="ant")
        damage = cut_damage(cut, "ANT")
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


def _note_register(registers: dict[int, int], frame: Frame) -> None:
    """Keep what a register reads; 0 (also the form of a question) and FFFF (not available) say nothing."""
    register, value = frame.data[2], int.from_bytes(frame.data[3:5], "big")
    if register < _FIRST_COMMAND and value not in (0, 0xFFFF):
        registers[register] = value


def _command(frame: Frame) -> list[Switching]:
    """What the device confirms: it answers a write with the same register and the state that results."""
    which = _FET_COMMANDS.get(frame.data[2])
    if frame.data[0] != _WRITTEN or which is None:
        return []
    return [switched(frame, which, int.from_bytes(frame.data[3:5], "big") == 1)]
