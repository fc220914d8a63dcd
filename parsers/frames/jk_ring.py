"""The detail log ring of a JK BMS (frame 0x06): the records of each reading, and several readings put together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from .stream import Frame

RECORD_SIZE: Final = 24
_FIRST_RECORD: Final = 9
_MOST_RECORDS: Final = 12


@dataclass(frozen=True, slots=True)
class Record:
    """One record of the detail log.

    Attributes:
        data: Its 24 bytes.
        row: Source row of the frame it came in.
        place: Where it stands in the ring, 0 for the oldest of the first reading.
    """

    data: bytes
    row: int
    place: int


def detail_records(frames: Sequence[Frame]) -> list[list[Record]]:
    """The records of each reading of the ring, oldest first.

    A frame names the index of its first record, and index 0 is the oldest: where the index falls, the ring was read
    anew. A frame that repeats the one before is left out.
    """
    readings: list[list[Record]] = []
    last_first = -1
    last = b""
    for frame in frames:
        first = int.from_bytes(frame.data[6:8], "little")
        body = frame.data[8:-1]
        if body == last and first == last_first:
            continue
        if not readings or first <= last_first:
            readings.append([])
        last_first, last = first, body
        for number in range(min(frame.data[8], _MOST_RECORDS)):
            start = _FIRST_RECORD + number * RECORD_SIZE
            readings[-1].append(Record(frame.data[start : start + RECORD_SIZE], frame.row, first + number))
    return [reading for reading in readings if reading]


def merge_readings(readings: Sequence[Sequence[Record]]) -> tuple[list[Record], int]:
    """Put the readings of one ring together: each has dropped the oldest records and holds new ones at its end.

    The records that two readings share say by how many places the later one has moved; one that shares nothing with
    those before it is put behind them.

    Returns:
        The records in the order of the ring, oldest first, and how many stood in more than one reading.
    """
    merged: dict[int, list[Record]] = {}
    places: dict[bytes, list[int]] = {}
    repeated = 0
    for reading in readings:
        votes = Counter(place - record.place for record in reading for place in places.get(record.data, ()) if merged)
        if votes:
            shift = min(votes.items(), key=lambda vote: (-vote[1], vote[0]))[0]
        else:
            shift = max(merged) + 1 - reading[0].place if merged else 0
        for record in reading:
            place = record.place + shift
            there = merged.setdefault(place, [])
            if any(other.data == record.data for other in there):
                repeated += 1
                continue
            there.append(replace(record, place=place))
            known = places.setdefault(record.data, [])
            if len(known) < 4:
                known.append(place)
    return [record for place in sorted(merged) for record in merged[place]], repeated
