"""JK BMSs over the old serial and GPS port: tagged fields behind 4E 57, big-endian."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log
from ridelog.settings import SETTINGS

from .jk_codes import uart_protections_of, uart_warnings_of
from .protocol import Packet, Protocol
from .samples import Origin, Sample, Values, cells, hottest, sample_log
from .stream import Cut, Frame, Verdict, cut_damage, cut_frames

_HEADER: Final = re.compile(rb"\x4e\x57")
#: Header, length, terminal, command, source and transfer type before the fields.
_FIELDS_START: Final = 11
#: Record number, 68 and the sum behind them.
_TAIL: Final = 9
_SHORTEST: Final = _FIELDS_START + _TAIL
_END: Final = 0x68
_CELLS_TAG: Final = 0x79

#: Bytes of each field; the tags not listed cannot be passed over, so the rest of such a frame is not read.
_LENGTHS: Final[dict[int, int]] = {
    **dict.fromkeys((0x85, 0x86, 0x9D, 0xA9, 0xAB, 0xAC, 0xAE, 0xAF, 0xB1, 0xB3, 0xB8, 0xC0), 1),
    **dict.fromkeys((0x80, 0x81, 0x82, 0x83, 0x84, 0x87, 0x8A, 0x8B, 0x8C, 0xAD, 0xB0), 2),
    **dict.fromkeys(range(0x8E, 0x9D), 2),
    **dict.fromkeys(range(0x9E, 0xA9), 2),
    **dict.fromkeys((0x89, 0xAA, 0xB5, 0xB6, 0xB9), 4),
    0xB2: 10,
    0xB4: 8,
    0xB7: 15,
    0xBA: 24,
}

_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("tag 83", "x 0.01"),
    "battery_current": Origin("tag 84", "x 0.01, bit 15 set when charging; discharge made positive"),
    "soc": Origin("tag 85", "percent to fraction"),
    "cell_voltages": Origin("tag 79", "mV to V"),
    "cell_count": Origin("tag 8A"),
    "cycle_count": Origin("tag 87"),
    "protections": Origin("tag 8B"),
    "warnings": Origin("tag 8B"),
    "charge_fet": Origin("tag 8C bit 0"),
    "discharge_fet": Origin("tag 8C bit 1"),
    "balancing": Origin("tag 8C bit 2"),
    "bms_fet_temperature": Origin("tag 80"),
    "battery_temperatures": Origin("tags 81, 82"),
    "battery_temperature": Origin("tags 81, 82", derived="the hottest of the battery sensors"),
    "cycle capacity": Origin("tag 89", unit="Ah"),
    "alarm word": Origin("tag 8B"),
    "status word": Origin("tag 8C"),
    "current (raw)": Origin("tag 84"),
}

#: Settings: tag to canonical name and factor; signed ones are temperatures below zero.
_SETTINGS: Final[dict[int, tuple[str, float]]] = {
    0x8E: ("pack_overvoltage_limit", 0.01),
    0x8F: ("pack_undervoltage_limit", 0.01),
    0x90: ("cell_overvoltage_limit", 0.001),
    0x91: ("cell_overvoltage_recovery", 0.001),
    0x92: ("cell_overvoltage_delay", 1.0),
    0x93: ("cell_undervoltage_limit", 0.001),
    0x94: ("cell_undervoltage_recovery", 0.001),
    0x95: ("cell_undervoltage_delay", 1.0),
    0x96: ("cell_difference_limit", 0.001),
    0x97: ("discharge_current_limit", 1.0),
    0x98: ("discharge_overcurrent_delay", 1.0),
    0x99: ("charge_current_limit", 1.0),
    0x9A: ("charge_overcurrent_delay", 1.0),
    0x9B: ("balance_start_voltage", 0.001),
    0x9C: ("balance_trigger", 0.001),
    0x9E: ("bms_fet_temperature_max", 1.0),
    0xA3: ("charge_temperature_max", 1.0),
    0xA4: ("discharge_temperature_max", 1.0),
    0xA5: ("charge_temperature_min", 1.0),
    0xA7: ("discharge_temperature_min", 1.0),
    0xA9: ("series_cells", 1.0),
    0xAA: ("nominal_capacity", 1.0),
}
_SWITCHES: Final = {0x9D: "balancer_enabled", 0xAB: "charge_fet_enabled", 0xAC: "discharge_fet_enabled"}
_CHEMISTRIES: Final = {0: "lfp", 1: "nmc", 2: "lto"}
_SIGNED: Final = frozenset({0xA5, 0xA6, 0xA7, 0xA8})
#: Version of the protocol in which the sign of the current is known.
_KNOWN_VERSION: Final = 1
_CHARGING: Final = 0x8000


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    length = int.from_bytes(data[start + 2 : start + 4], "big") + 2
    if length < _SHORTEST:
        return Verdict.NOTHING, 0
    frame = data[start : start + length]
    if len(frame) < length:
        return Verdict.CUT_OFF if len(frame) >= _SHORTEST and frame[8] in (0x03, 0x06) else Verdict.NOTHING, 0
    if frame[-5] != _END:
        return Verdict.NOTHING, 0
    good = sum(frame[:-4]) & 0xFFFF == int.from_bytes(frame[-2:], "big")
    return (Verdict.FRAME if good else Verdict.REFUSED), length


def _cut(packets: Sequence[Packet]) -> Cut:
    return cut_frames(packets, _HEADER, _measure)


def _fields(data: bytes) -> dict[int, bytes]:
    """Fields of a frame by tag, up to the first tag that is not known."""
    found: dict[int, bytes] = {}
    place = _FIELDS_START
    end = len(data) - _TAIL
    while place < end:
        tag = data[place]
        place += 1
        if tag == _CELLS_TAG:
            length = data[place]
            place += 1
        else:
            length = _LENGTHS.get(tag, end)
        if place + length > end:
            break
        found[tag] = data[place : place + length]
        place += length
    return found


class JkUart(Protocol):
    """JK 4E57: header, length, command, tagged fields, 68, 16-bit sum. Holds live data and settings in one frame.

    The sign of the current is known for protocol version 1 only; other versions leave the channel empty and keep the
    raw value.
    """

    family: ClassVar[str] = "jk"
    name: ClassVar[str] = "jk-4e57"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of frames with a correct checksum that hold fields."""
        return sum(1 for frame in _cut(packets).frames if _fields(frame.data))

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream of one device."""
        cut = _cut(packets)
        samples: list[Sample] = []
        settings: dict[str, float | str | bool] = {}
        identity = Identity(device="JK BMS", family="jk")
        versions: set[int] = set()
        for frame in cut.frames:
            fields = _fields(frame.data)
            if not fields:
                continue
            settings.update(_read_settings(fields))
            identity = _read_identity(fields, identity)
            versions.add(fields.get(0xC0, b"\0")[0])
            samples.append(Sample(frame.row, frame.time, _values(fields)))
        if not samples:
            return []
        damage = (*cut_damage(cut, "JK"), *_unsigned(versions, cut.frames))
        return [
            sample_log(
                samples, _ORIGINS, clock=clock, parser=parser, identity=identity, damage=damage, settings=settings
            )
        ]


def _unsigned(versions: set[int], frames: Sequence[Frame]) -> tuple[Damage, ...]:
    others = versions - {_KNOWN_VERSION}
    if not others:
        return ()
    message = "The frames are of a protocol version in which the sign of the current is not known; it is left empty."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(frames), (frames[0].row,), "battery_current"),)


def _number(fields: Mapping[int, bytes], tag: int) -> int | None:
    return int.from_bytes(fields[tag], "big") if tag in fields else None


def _degrees(raw: int | None) -> float | None:
    """Temperature in degC; above 100 the field counts down from zero (101 is -1)."""
    if raw is None or raw > 140:
        return None
    return float(raw if raw <= 100 else 100 - raw)


def _values(fields: Mapping[int, bytes]) -> Values:
    values: Values = {}
    scales = {0x83: ("pack_voltage", 100), 0x85: ("soc", 100), 0x87: ("cycle_count", 1), 0x8A: ("cell_count", 1)}
    for tag, (name, divisor) in scales.items():
        raw = _number(fields, tag)
        if raw is not None:
            values[name] = raw / divisor
    if _CELLS_TAG in fields:
        values["cell_voltages"] = _cell_list(fields[_CELLS_TAG], _number(fields, 0x8A) or 0)
    current = _number(fields, 0x84)
    if current is not None:
        values["current (raw)"] = float(current)
        if _number(fields, 0xC0) == _KNOWN_VERSION:
            size = (current & ~_CHARGING) / 100
            values["battery_current"] = -size if current & _CHARGING else size
    alarms, status = _number(fields, 0x8B), _number(fields, 0x8C)
    if alarms is not None:
        values["protections"] = uart_protections_of(alarms)
        values["warnings"] = uart_warnings_of(alarms)
        values["alarm word"] = float(alarms)
    if status is not None:
        values.update(charge_fet=bool(status & 1), discharge_fet=bool(status & 2), balancing=bool(status & 4))
        values["status word"] = float(status)
    values["bms_fet_temperature"] = _degrees(_number(fields, 0x80))
    probes = [_degrees(_number(fields, 0x81)), _degrees(_number(fields, 0x82))]
    values["battery_temperatures"] = list(probes)
    values["battery_temperature"] = hottest(probes)
    throughput = _number(fields, 0x89)
    values["cycle capacity"] = None if throughput is None else float(throughput)
    return values


def _cell_list(data: bytes, count: int) -> list[float | None]:
    """Cells in V by their number in the field, which counts from 1."""
    slots = [0] * 256
    for start in range(0, len(data) - 2, 3):
        slots[max(data[start] - 1, 0)] = int.from_bytes(data[start + 1 : start + 3], "big")
    return cells(slots, count)


def _read_settings(fields: Mapping[int, bytes]) -> dict[str, float | str | bool]:
    settings: dict[str, float | str | bool] = {}
    for tag, (name, scale) in _SETTINGS.items():
        if tag in fields:
            settings[name] = round(int.from_bytes(fields[tag], "big", signed=tag in _SIGNED) * scale, 9)
    for tag, name in _SWITCHES.items():
        if tag in fields:
            settings[name] = fields[tag] != b"\0"
    chemistry = _CHEMISTRIES.get(fields.get(0xAF, b"\xff")[0])
    if chemistry:
        settings["chemistry"] = chemistry
    assert settings.keys() <= SETTINGS.keys()
    return settings


def _read_identity(fields: Mapping[int, bytes], before: Identity) -> Identity:
    """Identity by the software tag ("10.XW_S10.07___": hardware, firmware) and the user id, which ends in the model."""
    software = fields.get(0xB7, b"").decode("latin-1").strip("_\0 ")
    hardware, _, firmware = software.partition("_S")
    model = re.search(r"JK[-_][A-Z0-9]+", fields.get(0xBA, b"").decode("latin-1"))
    return Identity(
        device="JK BMS",
        family="jk",
        model=model[0] if model else before.model,
        hardware=hardware or before.hardware,
        firmware=firmware or before.firmware,
    )
