"""Decoded frames to logs: the frames of one poll become one row, and a value a poll does not hold is null."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Final, TypeAlias

import numpy as np

from ridelog.channels import CHANNELS, Kind
from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Identity, Log, LogBuilder, Role

from .arrival import stamp_frames
from .stream import Frame

#: A decoded field: number, flag, text, list of names, list with None for what was not read, or None.
Value: TypeAlias = object
#: Decoded fields by channel name.
Values = dict[str, Value]

#: Frames further apart than this are of different polls; engineering judgement, slower than any host asks.
POLL_SPAN_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a channel comes from: byte field, what was done to it, from what it was computed, unit of a kept column."""

    source: str = ""
    conversion: str = ""
    derived: str = ""
    unit: str = ""


@dataclass(slots=True)
class Sample:
    """One row: when and where its first frame arrived, and the values by channel name."""

    row: int
    time: float | None
    values: Values
    kinds: set[Hashable] = field(default_factory=set)


class Polls:
    """Puts the frames of one poll into one sample.

    A new sample starts when the leading frame comes, when a kind of frame comes again, and when the first frame of the
    sample is more than `POLL_SPAN_S` ago.

    Args:
        leading: The kinds of frame that a host asks for first.
    """

    def __init__(self, *leading: Hashable) -> None:
        self._leading = frozenset(leading)
        self.samples: list[Sample] = []

    def add(self, kind: Hashable, frame: Frame, values: Mapping[str, object]) -> Sample:
        """Add what a frame holds; give the sample it went into. Parts of one list are put together by index."""
        last = self.samples[-1] if self.samples else None
        if last is None or kind in self._leading or kind in last.kinds or _apart(last, frame):
            last = Sample(frame.row, frame.time, {})
            self.samples.append(last)
        last.kinds.add(kind)
        for name, value in values.items():
            last.values[name] = _joined(last.values.get(name), value)
        return last


def _joined(before: object, after: object) -> object:
    if not isinstance(before, list) or not isinstance(after, list):
        return after
    pairs = zip_longest(before, after)
    return [old if new is None else new for old, new in pairs]


def _apart(sample: Sample, frame: Frame) -> bool:
    return sample.time is not None and frame.time is not None and abs(frame.time - sample.time) > POLL_SPAN_S


def sample_log(
    samples: Sequence[Sample],
    origins: Mapping[str, Origin],
    *,
    clock: Clock,
    parser: str,
    identity: Identity,
    damage: Sequence[Damage] = (),
    settings: Mapping[str, float | str | bool] | None = None,
    role: Role = Role.BMS,
) -> Log:
    """Make a log of samples.

    Args:
        samples: At least one; names that are no channels are kept as columns of their own.
        origins: Where each column comes from; also the order of the columns.
        clock: Clock of the carrier.
        parser: Name of the carrier's parser.
        identity: What is known about the device.
        damage: What was found while cutting and decoding.
        settings: Settings that were read in the same capture.
        role: Role of the log.
    """
    rows = np.array([sample.row for sample in samples], dtype=np.int64)
    seconds, own_clock, steps = stamp_frames([(sample.time, sample.row) for sample in samples], clock)
    builder = LogBuilder(seconds, rows, time_source="arrival" if own_clock.basis is not ClockBasis.NONE else "")
    for name in dict.fromkeys((*origins, *(name for sample in samples for name in sample.values))):
        column = [sample.values.get(name) for sample in samples]
        if any(value is not None for value in column):
            _add(builder, name, column, origins.get(name, Origin()))
    return builder.build(
        role,
        parser,
        clock=own_clock,
        identity=identity,
        damage=(*damage, *steps, *_silent_cells(samples), *_missing_sensors(samples)),
        settings=settings,
    )


def _add(builder: LogBuilder, name: str, column: Sequence[object], origin: Origin) -> None:
    channel = CHANNELS.get(name)
    if channel is None:
        builder.keep(name, list(column), unit=origin.unit)
        return
    values: object = list(column)
    if channel.kind in (Kind.NUMBERS, Kind.FLAGS):
        size = max(len(value) for value in column if isinstance(value, list))
        matrix = np.full((len(column), size), np.nan)
        for row, value in enumerate(column):
            if isinstance(value, list):
                matrix[row, : len(value)] = [np.nan if item is None else float(item) for item in value]
        values = matrix
    elif channel.kind in (Kind.NUMBER, Kind.INTEGER):
        values = np.array([np.nan if value is None else value for value in column], dtype=np.float64)
    builder.add(name, values, source=origin.source, conversion=origin.conversion, derived=origin.derived)


def _gaps(samples: Sequence[Sample], name: str) -> tuple[dict[int, list[int]], int]:
    """Source rows in which each index of a list is null, and in how many rows the list is there at all."""
    rows: dict[int, list[int]] = {}
    there = 0
    for sample in samples:
        value = sample.values.get(name)
        if isinstance(value, list):
            there += 1
            for index, item in enumerate(value):
                if item is None:
                    rows.setdefault(index, []).append(sample.row)
    return rows, there


def _silent_cells(samples: Sequence[Sample]) -> list[Damage]:
    gaps, there = _gaps(samples, "cell_voltages")
    return [
        Damage(
            DamageKind.MISSING_SENSOR,
            Effect.NOTED,
            f"Cell {index + 1} was not read or reads 0 V in {len(rows)} of {there} samples; it is left empty.",
            len(rows),
            tuple(rows[:20]),
            "cell_voltages",
        )
        for index, rows in sorted(gaps.items())
    ]


def _missing_sensors(samples: Sequence[Sample]) -> list[Damage]:
    gaps, there = _gaps(samples, "battery_temperatures")
    return [
        Damage(
            DamageKind.MISSING_SENSOR,
            Effect.NOTED,
            f"Battery temperature sensor {index + 1} is not fitted or not read in {len(rows)} of {there} samples.",
            len(rows),
            tuple(rows[:20]),
            "battery_temperatures",
        )
        for index, rows in sorted(gaps.items())
    ]


def cells(millivolts: Sequence[int], count: int) -> list[float | None]:
    """Cell voltages in V by index; a cell that reads 0 or 65535 mV was not read.

    Args:
        millivolts: All slots of the frame.
        count: Number of cells the device says it has; without a usable number all slots up to the last that reads.
    """
    if not 0 < count <= len(millivolts):
        count = max((index + 1 for index, value in enumerate(millivolts) if value), default=0)
    return [None if value in (0, 0xFFFF) else value / 1000 for value in millivolts[:count]]


def hottest(temperatures: Collection[float | None]) -> float | None:
    """Hottest of the sensors that are fitted."""
    return max((value for value in temperatures if value is not None), default=None)


def bits(word: int, count: int) -> list[bool | None]:
    """The lowest `count` bits of a word, lowest first."""
    return [bool(word >> index & 1) for index in range(count)]
