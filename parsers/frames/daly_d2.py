"""The Modbus-like Daly protocols of newer Bluetooth modules: D2 (H, K, M, S series) and DL, which answers with 51."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.log import Identity, Log

from .crc import modbus_crc
from .daly_fields import D2_FIELDS, D2_ORIGINS, DL_FIELDS, DL_ORIGINS, Fields, decode_registers
from .daly_settings import Settings, decode_d2_settings, decode_dl_settings
from .device_logs import device_logs
from .protocol import Packet, Protocol
from .samples import Origin, Polls, Sample
from .stream import Cut, Frame, Verdict, cut_damage, cut_frames
from .switching import Switching, switched

_HEADER: Final = re.compile(rb"[\xd2\x51\x81][\x03\x06]")
_READ: Final = 0x03
_WRITE: Final = 0x06
_REQUEST_BYTES: Final = 8
#: Byte counts of the answers that make samples or settings; a broken one of these is told.
_KNOWN_LENGTHS: Final = frozenset({0x52, 0x7C, 0x80, 0x82, 0x94, 0x9C, 0xA0, 0xA2})


def _measure(addresses: frozenset[int], data: bytes, start: int) -> tuple[Verdict, int]:
    if start + 5 > len(data):
        return Verdict.NOTHING, 0
    length = data[start + 2]
    answer = start + 3 + length
    if data[start + 1] == _READ and length and answer + 2 <= len(data) and _good(data, start, answer):
        return Verdict.FRAME, length + 5
    request = start + _REQUEST_BYTES - 2
    if request + 2 <= len(data) and _good(data, start, request):
        return Verdict.FRAME, _REQUEST_BYTES
    if data[start] not in addresses or data[start + 1] != _READ or length not in _KNOWN_LENGTHS:
        return Verdict.NOTHING, 0
    return (Verdict.REFUSED if answer + 2 <= len(data) else Verdict.CUT_OFF), 0


def _good(data: bytes, start: int, checked: int) -> bool:
    return modbus_crc(data[start:checked]) == int.from_bytes(data[checked : checked + 2], "little")


def _is_answer(data: bytes) -> bool:
    return data[1] == _READ and len(data) == data[2] + 5


@dataclass(frozen=True, slots=True)
class _Answer:
    """Registers one answer holds, by number."""

    frame: Frame
    start: int
    words: tuple[int, ...]

    @property
    def registers(self) -> dict[int, int]:
        return {self.start + index: word for index, word in enumerate(self.words)}


class _DalyModbus(Protocol):
    """What D2 and DL have in common: an answer does not say which registers it holds.

    The question before it does; in a capture without questions its length has to.
    """

    family: ClassVar[str] = "daly"
    #: First byte of an answer.
    addresses: ClassVar[frozenset[int]]
    #: First register of an answer by its byte count, for captures without questions.
    starts: ClassVar[Mapping[int, int]]
    fields: ClassVar[Fields]
    origins: ClassVar[Mapping[str, Origin]]
    #: Registers that switch FETs.
    switches: ClassVar[Mapping[int, str]] = {}
    #: Registers whose answers make a sample; the first of them starts a poll.
    blocks: ClassVar[tuple[int, ...]]

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of answers of the device with a correct checksum."""
        return sum(frame.data[0] in self.addresses and _is_answer(frame.data) for frame in self._cut(packets).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream: a log of the samples, with the settings that were read; the settings alone if no more."""
        cut = self._cut(packets)
        asked = [*cut.frames, *self._cut(packets, outgoing=True).frames]
        answers = self._answers(sorted(asked, key=lambda frame: frame.order))
        polls = Polls(self.blocks[0])
        registers: dict[int, int] = {}
        for answer in answers:
            registers |= answer.registers
            if answer.start in self.blocks:
                values = decode_registers(answer.registers, self.fields)
                if values:
                    polls.add(answer.start, answer.frame, values)
        settings = self._settings(registers)
        identity = self._identity(answers)
        damage = cut_damage(cut, "Daly")
        frames = [answer.frame for answer in answers]
        _fit_balancing(polls.samples)
        commands = [command for frame in cut.frames for command in self._commands(frame)]
        return device_logs(
            polls.samples,
            self.origins,
            frames,
            commands,
            clock=clock,
            parser=parser,
            identity=identity,
            damage=damage,
            settings=settings,
        )

    def _commands(self, frame: Frame) -> list[Switching]:
        """A write the device confirms: it answers with the same register and value."""
        data = frame.data
        which = self.switches.get(int.from_bytes(data[2:4], "big"))
        if data[1] != _WRITE or data[0] not in self.addresses or which is None:
            return []
        return [switched(frame, which, int.from_bytes(data[4:6], "big") == 1)]

    def _cut(self, packets: Sequence[Packet], *, outgoing: bool = False) -> Cut:
        return cut_frames(packets, _HEADER, partial(_measure, self.addresses), outgoing=outgoing)

    def _answers(self, frames: Sequence[Frame]) -> list[_Answer]:
        answers = []
        question: tuple[int, int] | None = None
        for frame in frames:
            data = frame.data
            if not _is_answer(data):
                if data[1] == _READ:
                    question = int.from_bytes(data[2:4], "big"), int.from_bytes(data[4:6], "big")
                continue
            if data[0] not in self.addresses or data[2] % 2:
                continue
            words = tuple(int.from_bytes(data[at : at + 2], "big") for at in range(3, 3 + data[2], 2))
            start = self.starts.get(data[2])
            if question is not None and question[1] == len(words):
                start = question[0]
            if start is not None:
                answers.append(_Answer(frame, start, words))
        return answers

    @abstractmethod
    def _settings(self, registers: Mapping[int, int]) -> Settings:
        """Settings of the registers that were read."""

    @abstractmethod
    def _identity(self, answers: Sequence[_Answer]) -> Identity:
        """What the answers say about the device."""


def _fit_balancing(samples: Sequence[Sample]) -> None:
    """Cut the balance bits to the number of cells, which another answer of the poll may hold."""
    count = max(
        (len(cells) for sample in samples if isinstance(cells := sample.values.get("cell_voltages"), list)), default=0
    )
    for sample in samples:
        balancing = sample.values.get("cells_balancing")
        if count and isinstance(balancing, list):
            sample.values["cells_balancing"] = balancing[:count]


def _ascii(data: bytes) -> str:
    return "".join(chr(byte) for byte in data if 32 <= byte < 127).strip()


class DalyD2(_DalyModbus):
    """Daly BMS, D2 protocol, big endian: D2, 03, byte count, registers, CRC-16/Modbus low byte first.

    Registers 00..3D (or ..4F) are the sample, 80..A8 the settings, A9 on the versions. The current is (n - 30000) x 0.1
    with charging positive, as captures with the state byte "discharging" show; here it is turned.
    """

    name: ClassVar[str] = "daly-d2"
    addresses: ClassVar[frozenset[int]] = frozenset({0xD2})
    starts: ClassVar[Mapping[int, int]] = {0x7C: 0x00, 0x82: 0x00, 0x9C: 0x00, 0xA0: 0x00, 0x52: 0x80, 0x40: 0xA9}
    fields: ClassVar[Fields] = D2_FIELDS
    origins: ClassVar[Mapping[str, Origin]] = D2_ORIGINS
    switches: ClassVar[Mapping[int, str]] = {0xA5: "charge", 0xA6: "discharge"}
    blocks: ClassVar[tuple[int, ...]] = (0x00,)

    def _settings(self, registers: Mapping[int, int]) -> Settings:
        return decode_d2_settings(registers, 0x80)

    def _identity(self, answers: Sequence[_Answer]) -> Identity:
        firmware = hardware = ""
        for answer in answers:
            if answer.start == self.starts[0x40] and len(answer.words) == 0x20:
                parts = [text for part in answer.frame.data[3:-2].split(b"\0") if (text := _ascii(part))]
                firmware, hardware = (*parts, "", "")[:2]
        return Identity(device="Daly BMS", family="daly", hardware=hardware, firmware=firmware)


class DalyDL(_DalyModbus):
    """Daly BMS, DL protocol (DL-WB01 and the like): the host asks 81, the device answers 51 (or 81).

    Registers 00..3F and 41..7E are the two halves of a sample, 100 on the settings, 178 on the names. The current is as
    in the D2 protocol.
    """

    name: ClassVar[str] = "daly-dl"
    addresses: ClassVar[frozenset[int]] = frozenset({0x51, 0x81})
    starts: ClassVar[Mapping[int, int]] = {0x80: 0x00, 0x7C: 0x41, 0xA2: 0x100, 0x4E: 0x151, 0x94: 0x178}
    fields: ClassVar[Fields] = DL_FIELDS
    origins: ClassVar[Mapping[str, Origin]] = DL_ORIGINS
    blocks: ClassVar[tuple[int, ...]] = (0x00, 0x41)

    def _settings(self, registers: Mapping[int, int]) -> Settings:
        return decode_dl_settings(registers)

    def _identity(self, answers: Sequence[_Answer]) -> Identity:
        firmware = hardware = model = serial = ""
        for answer in answers:
            if answer.start == self.starts[0x94] and len(answer.words) >= 33:
                names = answer.frame.data[3:-2]
                firmware, hardware, model = (_ascii(names[at : at + 14]) for at in (0, 14, 28))
                serial = _ascii(names[42:66])
        return Identity(
            device="Daly BMS", family="daly", model=model, hardware=hardware, firmware=firmware, serial=serial
        )
