"""The JBD protocol: frames DD, register, status, length, data, checksum, 77."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.log import Identity, Log

from . import jbd_registers as registers
from .device_logs import device_logs
from .jbd_registers import Settings
from .protocol import Packet, Protocol
from .samples import Polls, Sample
from .stream import Frame, Verdict, cut_damage, cut_frames
from .switching import Switching, switched

_HEADER: Final = re.compile(rb"\xdd(?:[^\xa5\x5a][\x00\x80]|[\xa5\x5a].)", re.DOTALL)
_HOST: Final = frozenset({0xA5, 0x5A})
_END: Final = 0x77
#: Registers whose answers make samples; a broken one of another register is told only when its end byte is right.
_REALTIME: Final = frozenset({registers.BASIC_INFO, registers.CELL_VOLTAGES})
_WRITE: Final = 0x5A
_FET_CONTROL: Final = 0xE1
_PARAMETER_RANGE: Final = range(0x10, 0x40)


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    if start + 4 > len(data):
        return Verdict.NOTHING, 0
    first, length = data[start + 1], data[start + 3]
    size = length + 7
    end = start + size
    if end > len(data):
        return (Verdict.CUT_OFF if first in _REALTIME else Verdict.NOTHING), 0
    closed = data[end - 1] == _END
    # The checksum of a question leaves its first byte out, that of an answer the register.
    total = -sum(data[start + 2 : end - 3]) & 0xFFFF
    if closed and total == int.from_bytes(data[end - 3 : end - 1], "big"):
        return Verdict.FRAME, size
    told = first not in _HOST and (closed or first in _REALTIME)
    return (Verdict.REFUSED if told else Verdict.NOTHING), 0


def _answers(frames: Sequence[Frame]) -> list[Frame]:
    return [frame for frame in frames if frame.data[1] not in _HOST]


class Jbd(Protocol):
    """JBD, LLT, Xiaoxiang and Overkill BMSs and their clones, big endian.

    Register 03 is the basic info (voltage, current, capacities, protections, FETs, temperatures), 04 the cells, 05 the
    name, AA the lifetime trip counters, 10..3F the parameters. The checksum is 0x10000 minus the sum of status, length
    and data. The device counts charging as a positive current; here it is turned.
    """

    family: ClassVar[str] = "jbd"
    name: ClassVar[str] = "jbd"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of answers of the device with a correct checksum."""
        return len(_answers(cut_frames(packets, _HEADER, _measure).frames))

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream: a log of the samples, with the settings that were read; the settings alone if no more."""
        cut = cut_frames(packets, _HEADER, _measure)
        answers = [frame for frame in _answers(cut.frames) if frame.data[2] == 0]
        samples = _samples(answers)
        settings, identity = _parameters(answers)
        damage = cut_damage(cut, "JBD")
        sent = cut_frames(packets, _HEADER, _measure, outgoing=True).frames
        commands = _commands(sorted((*cut.frames, *sent), key=lambda frame: frame.order))
        return device_logs(
            samples,
            registers.ORIGINS,
            answers,
            commands,
            clock=clock,
            parser=parser,
            identity=identity,
            damage=damage,
            settings=settings,
        )


def _commands(frames: Sequence[Frame]) -> list[Switching]:
    """FETs the host switches by register E1: bit 0 holds the charge FETs off, bit 1 the discharge FETs."""
    commands: list[Switching] = []
    state: dict[str, bool] = {}
    for frame in frames:
        if frame.data[1] != _WRITE or frame.data[2] != _FET_CONTROL or frame.data[3] != 2:
            continue
        word = int.from_bytes(frame.data[4:6], "big")
        for which, bit in (("discharge", 2), ("charge", 1)):
            on = not word & bit
            if state.get(which, True) != on:
                commands.append(switched(frame, which, on))
            state[which] = on
    return commands


def payload(frame: Frame) -> bytes:
    """Data of an answer without its envelope."""
    return frame.data[4 : 4 + frame.data[3]]


def _samples(answers: Sequence[Frame]) -> list[Sample]:
    polls = Polls(registers.BASIC_INFO)
    count = 0
    for frame in answers:
        register = frame.data[1]
        if register == registers.BASIC_INFO:
            values = registers.decode_basic_info(payload(frame))
            if values is not None:
                count = int(frame.data[4 + 21])
                polls.add(register, frame, values)
        elif register == registers.CELL_VOLTAGES:
            cells = registers.decode_cells(payload(frame), count)
            if cells is not None:
                polls.add(register, frame, {"cell_voltages": cells})
    return polls.samples


def _parameters(answers: Sequence[Frame]) -> tuple[Settings, Identity]:
    words: dict[int, int] = {}
    texts: dict[int, str] = {}
    trips: Settings = {}
    version = ""
    for frame in answers:
        register, data = frame.data[1], payload(frame)
        if register in _PARAMETER_RANGE and len(data) == 2:
            words[register] = int.from_bytes(data, "big")
        elif register in (registers.DEVICE_NAME, registers.MAKER, registers.MODEL, registers.BARCODE):
            texts[register] = registers.decode_text(data) or texts.get(register, "")
        elif register == registers.TRIP_COUNTERS:
            trips = registers.decode_trip_counters(data) or trips
        elif register == registers.BASIC_INFO and len(data) > 18:
            version = f"{data[18] >> 4}.{data[18] & 15}"
    return registers.decode_parameters(words) | trips, Identity(
        device="JBD BMS",
        family="jbd",
        model=texts.get(registers.DEVICE_NAME) or texts.get(registers.MODEL, ""),
        hardware=texts.get(registers.MAKER, ""),
        firmware=version,
        serial=texts.get(registers.BARCODE, ""),
    )
