"""The Daly protocol of UART and RS485: frames of 13 bytes that start with A5."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log

from .daly_codes import STATES, decode_faults
from .protocol import Packet, Protocol
from .samples import Origin, Polls, Sample, Values, bits, hottest, sample_log
from .setting_rows import settings_log
from .stream import Frame, Verdict, cut_damage, cut_frames
from .switching import switched, switching_log

FRAME_BYTES: Final = 13
_HEADER: Final = re.compile(rb"\xa5[\x01-\x20\x40\x80].\x08", re.DOTALL)
#: Addresses of hosts: PC, Bluetooth app, GPRS module.
_HOSTS: Final = frozenset({0x20, 0x40, 0x80})
_SUMMARY: Final = 0x90
_COUNTS: Final = 0x94
_CELLS: Final = 0x95
_TEMPERATURES: Final = 0x96
#: Commands of the host that switch FETs: first data byte 1 for on, 0 for off.
_FET_COMMANDS: Final[Mapping[int, str]] = {0xD9: "discharge", 0xDA: "charge"}
_CURRENT_ZERO: Final = 30_000
_CELLS_PER_FRAME: Final = 3
_SENSORS_PER_FRAME: Final = 7
_MOST_CELLS: Final = 48
_MOST_SENSORS: Final = 16
_BARCODE: Final = 0x57
_FIRMWARE: Final = 0x62
_HARDWARE: Final = 0x63
#: Below this the sign of the current says nothing about the direction; engineering judgement.
_CLEAR_CURRENT_A: Final = 1.0

_CURRENT: Final = "(n - 30000) x 0.1"
_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("command 90, bytes 0..1", "x 0.1"),
    "battery_current": Origin("command 90, bytes 4..5", _CURRENT),
    "soc": Origin("command 90, bytes 6..7", "x 0.001"),
    "remaining_capacity": Origin("command 93, bytes 4..7", "mAh to Ah"),
    "cycle_count": Origin("command 94, bytes 5..6"),
    "cell_voltages": Origin("command 95", "mV to V"),
    "cell_voltage_max": Origin("command 91, bytes 0..1", "mV to V"),
    "cell_voltage_min": Origin("command 91, bytes 3..4", "mV to V"),
    "cell_max_index": Origin("command 91, byte 2", "counted from 0 instead of 1"),
    "cell_min_index": Origin("command 91, byte 5", "counted from 0 instead of 1"),
    "cell_count": Origin("command 94, byte 0"),
    "discharge_fet": Origin("command 93, byte 2"),
    "charge_fet": Origin("command 93, byte 1"),
    "protections": Origin("command 98", "bits of level 2 and of faults to names"),
    "warnings": Origin("command 98", "bits of level 1 to names"),
    "bms_state": Origin("command 93, byte 0", "number to name"),
    "balancing": Origin("command 97"),
    "cells_balancing": Origin("command 97"),
    "battery_temperatures": Origin("command 96", "n - 40"),
    "battery_temperature": Origin("command 92, byte 0", "n - 40"),
    "charger_connected": Origin("command 94, byte 2"),
    "load_connected": Origin("command 94, byte 3"),
    "acquired voltage": Origin("command 90, bytes 2..3", "x 0.1", "", "V"),
    "coldest sensor": Origin("command 92, byte 2", "n - 40", "", "degC"),
    "fault bytes": Origin("command 98"),
}


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    frame = data[start : start + FRAME_BYTES]
    host = frame[1] in _HOSTS
    if len(frame) < FRAME_BYTES:
        return (Verdict.NOTHING if host else Verdict.CUT_OFF), 0
    if sum(frame[:-1]) & 0xFF == frame[-1]:
        return Verdict.FRAME, FRAME_BYTES
    return (Verdict.NOTHING if host else Verdict.REFUSED), 0


def _word(data: bytes, at: int) -> int:
    return data[at] << 8 | data[at + 1]


def decode_payload(command: int, data: bytes) -> Values | None:
    """Decode the eight data bytes of an answer; None for a command that holds no sample.

    The current is positive when discharging: that is how the common decoders read this protocol. Commands 95 and 96
    give the values of their frame only, at their index, with nothing before them but nulls.
    """
    if len(data) < 8:
        return None
    if command == _SUMMARY:
        pack, acquired = _word(data, 0) / 10, _word(data, 2) / 10
        return {
            "pack_voltage": pack or acquired or None,
            "battery_current": round((_word(data, 4) - _CURRENT_ZERO) * 0.1, 1),
            "soc": _word(data, 6) / 1000,
            "acquired voltage": acquired or None,
        }
    if command == 0x91:
        return {
            "cell_voltage_max": _word(data, 0) / 1000,
            "cell_max_index": data[2] - 1 if data[2] else None,
            "cell_voltage_min": _word(data, 3) / 1000,
            "cell_min_index": data[5] - 1 if data[5] else None,
        }
    if command == 0x92:
        return {"battery_temperature": _celsius(data[0]), "coldest sensor": _celsius(data[2])}
    if command == 0x93:
        return {
            "bms_state": STATES.get(data[0]),
            "charge_fet": bool(data[1]),
            "discharge_fet": bool(data[2]),
            "remaining_capacity": int.from_bytes(data[4:8], "big") / 1000,
        }
    if command == _COUNTS:
        return {
            "cell_count": data[0],
            "charger_connected": bool(data[2]),
            "load_connected": bool(data[3]),
            "cycle_count": float(_word(data, 5)),
        }
    if command == _CELLS:
        read = [_word(data, at) for at in (1, 3, 5)]
        volts = [None if value in (0, 0xFFFF) else value / 1000 for value in read]
        return _placed("cell_voltages", volts, data[0], _MOST_CELLS)
    if command == _TEMPERATURES:
        return _placed("battery_temperatures", [_celsius(raw) for raw in data[1:8]], data[0], _MOST_SENSORS)
    if command == 0x97:
        word = int.from_bytes(data[:6], "little")
        return {"balancing": bool(word), "cells_balancing": bits(word, _MOST_CELLS)}
    if command == 0x98:
        protections, warnings = decode_faults(data)
        return {"protections": protections, "warnings": warnings, "fault bytes": data.hex()}
    return None


def _celsius(raw: int) -> float | None:
    """Temperature in degC; 0 and 255 are sensors that are not fitted."""
    return None if raw in (0, 0xFF) else float(raw - 40)


def _placed(channel: str, values: list[float | None], number: int, most: int) -> Values | None:
    """The values of one of several frames at their index; None when the frame number cannot be one."""
    first = (number - 1) * len(values)
    if number < 1 or first >= most:
        return None
    return {channel: [*[None] * first, *values]}


def decode_thresholds(command: int, data: bytes) -> dict[str, float | str | bool]:
    """Limits of commands 59, 5A and 5B (level 1 high, level 2 high, level 1 low, level 2 low); level 2 acts."""
    high, low = _word(data, 2), _word(data, 6)
    if command == 0x59 and high:
        return {"cell_overvoltage_limit": high / 1000, "cell_undervoltage_limit": low / 1000}
    if command == 0x5A and high:
        return {"pack_overvoltage_limit": high / 10, "pack_undervoltage_limit": low / 10}
    if command == 0x5B and high and low:
        return {
            "charge_current_limit": abs(high - _CURRENT_ZERO) / 10,
            "discharge_current_limit": abs(low - _CURRENT_ZERO) / 10,
        }
    return {}


class DalyA5(Protocol):
    """Daly BMS by UART, RS485 or early Bluetooth, big endian, one log for each address that answers.

    A5, address, command, 08, eight data bytes, sum. A poll asks for commands 90 to 98 one after the other; 95 (cells)
    and 96 (temperatures) answer with several numbered frames. Where the state byte of every clear sample says the
    opposite of the current's sign, the sign is turned.
    """

    family: ClassVar[str] = "daly"
    name: ClassVar[str] = "daly-a5"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of answers with a correct checksum."""
        return sum(frame.data[1] not in _HOSTS for frame in cut_frames(packets, _HEADER, _measure).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream: a log of the samples of each address, with the limits that were read."""
        cut = cut_frames(packets, _HEADER, _measure)
        devices: dict[int, list[Frame]] = {}
        for frame in cut.frames:
            if frame.data[1] not in _HOSTS:
                devices.setdefault(frame.data[1], []).append(frame)
        damage = cut_damage(cut, "Daly")
        logs = [
            log
            for address, frames in sorted(devices.items())
            for log in _device(address, frames, damage, clock, parser)
        ]
        sent = cut_frames(packets, _HEADER, _measure, outgoing=True).frames
        commands = [
            switched(frame, _FET_COMMANDS[frame.data[2]], frame.data[4] == 1)
            for frame in sorted((*cut.frames, *sent), key=lambda frame: frame.order)
            if frame.data[1] in _HOSTS and frame.data[2] in _FET_COMMANDS
        ]
        identity = Identity(device="Daly BMS", family="daly")
        return [*logs, *switching_log(commands, clock=clock, parser=parser, identity=identity)]


def _device(address: int, frames: Sequence[Frame], damage: Sequence[Damage], clock: Clock, parser: str) -> list[Log]:
    polls = Polls(_SUMMARY)
    settings: dict[str, float | str | bool] = {}
    texts: dict[int, dict[int, bytes]] = {}
    sensors = 0
    for frame in frames:
        command, data = frame.data[2], frame.data[4:12]
        if command in (_BARCODE, _FIRMWARE, _HARDWARE):
            texts.setdefault(command, {})[data[0]] = data[1:]
        settings |= decode_thresholds(command, data)
        values = decode_payload(command, data)
        if values is None:
            continue
        if command == _COUNTS:
            sensors = data[1] or sensors
        kind = (command, data[0]) if command in (_CELLS, _TEMPERATURES) else command
        polls.add(kind, frame, values)
    identity = Identity(
        device="Daly BMS" if address == 1 else f"Daly BMS, address {address}",
        family="daly",
        hardware=_text(texts.get(_HARDWARE, {})),
        firmware=_text(texts.get(_FIRMWARE, {})),
        serial=_text(texts.get(_BARCODE, {})),
    )
    if not polls.samples:
        return settings_log(settings, frames, clock=clock, parser=parser, identity=identity, damage=damage)
    _fit_lists(polls.samples, sensors)
    origins, turned = _signs(polls.samples)
    return [
        sample_log(
            polls.samples,
            origins,
            clock=clock,
            parser=parser,
            identity=identity,
            damage=(*damage, *turned),
            settings=settings,
        )
    ]


def _text(parts: Mapping[int, bytes]) -> str:
    return b"".join(parts[number] for number in sorted(parts)).decode("ascii", "replace").replace("\0", "").strip()


def _fit_lists(samples: Sequence[Sample], sensors: int) -> None:
    """Give every list the number of cells or sensors the device says it has, else of the last that ever reads."""
    counts = [value for sample in samples if isinstance(value := sample.values.get("cell_count"), int) and value]
    cells = counts[-1] if counts and 0 < counts[-1] <= _MOST_CELLS else _extent(samples, "cell_voltages")
    fitted = sensors if 0 < sensors <= _MOST_SENSORS else _extent(samples, "battery_temperatures")
    sizes = {"cell_voltages": cells, "cells_balancing": cells, "battery_temperatures": fitted}
    for sample in samples:
        for channel, size in sizes.items():
            values = sample.values.get(channel)
            if isinstance(values, list):
                sample.values[channel] = [*values, *[None] * size][:size] or None
        temperatures = sample.values.get("battery_temperatures")
        if "battery_temperature" not in sample.values and isinstance(temperatures, list):
            sample.values["battery_temperature"] = hottest(temperatures)


def _extent(samples: Sequence[Sample], channel: str) -> int:
    size = 0
    for sample in samples:
        values = sample.values.get(channel)
        if isinstance(values, list):
            size = max([size, *(index + 1 for index, value in enumerate(values) if value is not None)])
    return size


def _signs(samples: Sequence[Sample]) -> tuple[Mapping[str, Origin], tuple[Damage, ...]]:
    """Turn the current where the state byte contradicts its sign in every clear sample, three at least."""
    agree = against = 0
    for sample in samples:
        current, state = sample.values.get("battery_current"), sample.values.get("bms_state")
        if isinstance(current, float) and abs(current) >= _CLEAR_CURRENT_A and state in ("charging", "discharging"):
            if (current > 0) == (state == "discharging"):
                agree += 1
            else:
                against += 1
    if agree or against < 3:
        return _ORIGINS, ()
    for sample in samples:
        current = sample.values.get("battery_current")
        if isinstance(current, float):
            sample.values["battery_current"] = -current + 0.0
    origin = Origin(
        "command 90, bytes 4..5", f"{_CURRENT}; sign changed: by its state byte the device counts charging positive"
    )
    message = f"The state byte says the opposite of the usual sign of the current in all {against} samples; turned."
    return {**_ORIGINS, "battery_current": origin}, (
        Damage(DamageKind.NOTE, Effect.REPAIRED, message, against, channel="battery_current"),
    )
