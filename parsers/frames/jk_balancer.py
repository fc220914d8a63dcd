"""JK active balancers over RS485: frames of 74 bytes that start EB 90, big-endian."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock
from ridelog.log import Identity, Log

from .protocol import Packet, Protocol
from .samples import Origin, Sample, Values, cells, sample_log
from .stream import Cut, Verdict, cut_damage, cut_frames

_HEADER: Final = re.compile(rb"\xeb\x90.\xff", re.DOTALL)
_LENGTH: Final = 74
_SLOTS: Final = 24

_ORIGINS: Final[Mapping[str, Origin]] = {
    "pack_voltage": Origin("bytes 4..5", "x 0.01"),
    "cell_voltages": Origin("bytes 23..70", "mV to V"),
    "cell_voltage_average": Origin("bytes 6..7", "mV to V"),
    "cell_voltage_delta": Origin("bytes 13..14", "mV to V"),
    "cell_count": Origin("byte 8"),
    "cell_max_index": Origin("byte 9", "counted from 0 instead of 1"),
    "cell_min_index": Origin("byte 10", "counted from 0 instead of 1"),
    "balance_current": Origin("bytes 15..16", "mA to A; size only"),
    "balancer_temperature": Origin("bytes 71..72"),
    "state (raw)": Origin("byte 11"),
    "alarm (raw)": Origin("byte 12"),
}


def _measure(data: bytes, start: int) -> tuple[Verdict, int]:
    frame = data[start : start + _LENGTH]
    good = len(frame) == _LENGTH and sum(frame[:-1]) & 0xFF == frame[-1] and 0 < frame[8] <= _SLOTS
    return (Verdict.FRAME if good else Verdict.NOTHING), _LENGTH


def _cut(packets: Sequence[Packet]) -> Cut:
    return cut_frames(packets, _HEADER, _measure)


class JkBalancer(Protocol):
    """JK active balancer: EB 90, address, FF, voltages and settings, sum. It measures no battery current."""

    family: ClassVar[str] = "jk"
    name: ClassVar[str] = "jk-balancer"

    def count(self, packets: Sequence[Packet]) -> int:
        """Number of frames with a correct checksum."""
        return len(_cut(packets).frames)

    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream of one device."""
        cut = _cut(packets)
        if not cut.frames:
            return []
        samples = [Sample(frame.row, frame.time, _values(frame.data)) for frame in cut.frames]
        return [
            sample_log(
                samples,
                _ORIGINS,
                clock=clock,
                parser=parser,
                identity=Identity(device="JK active balancer", family="jk"),
                damage=cut_damage(cut, "JK balancer"),
                settings=_settings(cut.frames[-1].data),
            )
        ]


def _word(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 2], "big")


def _values(data: bytes) -> Values:
    balance = int.from_bytes(data[15:17], "big", signed=True)
    return {
        "pack_voltage": _word(data, 4) / 100,
        "cell_voltages": cells([_word(data, 23 + 2 * slot) for slot in range(_SLOTS)], data[8]),
        "cell_voltage_average": _word(data, 6) / 1000,
        "cell_voltage_delta": _word(data, 13) / 1000,
        "cell_count": float(data[8]),
        "cell_max_index": float(data[9]) - 1,
        "cell_min_index": float(data[10]) - 1,
        "balance_current": abs(balance) / 1000,
        "balancer_temperature": float(int.from_bytes(data[71:73], "big", signed=True)),
        "state (raw)": float(data[11]),
        "alarm (raw)": float(data[12]),
    }


def _settings(data: bytes) -> dict[str, float | str | bool]:
    return {
        "balance_trigger": _word(data, 17) / 1000,
        "balance_current_max": _word(data, 19) / 1000,
        "balancer_enabled": data[21] != 0,
        "series_cells": float(data[22]),
    }
