"""The byte stream of a capture, cut into frames whose checksum is right; the rest is counted, never dropped silently.

Every protocol of this folder has a header that a regular expression finds and a checksum. After a frame that is
refused the search goes on one byte behind its header, so one lost packet costs one frame.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from ridelog.damage import Damage, DamageKind, Effect

from .protocol import Packet


class Verdict(Enum):
    """What stands at a header: a frame, one with a wrong checksum, the start of one that is cut off, or nothing."""

    FRAME = "frame"
    REFUSED = "refused"
    CUT_OFF = "cut off"
    NOTHING = "nothing"


#: Headers without a frame behind them that are looked at, beyond those that a stream full of frames may have; bounds
#: the work on hostile input, where every byte could be a header.
_MOST_TRIES = 50_000
_TRIES_PER_FRAME = 50

#: Judges what stands at a position: the verdict, and for a frame its length in bytes.
Measure = Callable[[bytes, int], tuple[Verdict, int]]


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame with a correct checksum.

    Attributes:
        data: All its bytes, header and checksum included.
        row: Line number or byte offset of the packet it starts in.
        time: Arrival of that packet in s on the carrier's clock, None when the carrier has no times.
        order: Index of that packet among all packets of the capture, both directions.
    """

    data: bytes
    row: int
    time: float | None
    order: int


@dataclass(frozen=True, slots=True)
class Cut:
    """The frames of a stream and what became of its other bytes.

    Attributes:
        frames: Frames in order of arrival, without exact repeats at the same time.
        refused: Source rows of the frames whose checksum was wrong, one each.
        cut_off: Source rows of frames that end before they are complete.
        repeated: Source rows of frames that repeat the one before at the same time.
        stray_bytes: Bytes that belong to no frame, refused or not.
    """

    frames: tuple[Frame, ...]
    refused: tuple[int, ...]
    cut_off: tuple[int, ...]
    repeated: tuple[int, ...]
    stray_bytes: int


def cut_frames(
    packets: Iterable[Packet], header: re.Pattern[bytes], measure: Measure, *, outgoing: bool = False
) -> Cut:
    """Cut one direction of a capture into frames.

    Args:
        packets: The capture, both directions, in order of arrival.
        header: Matches where a frame can start.
        measure: Judges what stands there.
        outgoing: Which direction.
    """
    chosen = [(order, packet) for order, packet in enumerate(packets) if packet.outgoing is outgoing and packet.data]
    data = b"".join(packet.data for _, packet in chosen)
    starts: list[int] = []
    length = 0
    for _, packet in chosen:
        starts.append(length)
        length += len(packet.data)

    def place(position: int) -> tuple[int, Packet]:
        return chosen[bisect_right(starts, position) - 1]

    frames: list[Frame] = []
    refused: list[int] = []
    cut_off: list[int] = []
    repeated: list[int] = []
    covered = position = tries = 0
    while (match := header.search(data, position)) is not None:
        start = match.start()
        verdict, size = measure(data, start)
        if verdict is not Verdict.FRAME:
            tries += 1
            if tries > _MOST_TRIES + _TRIES_PER_FRAME * len(frames):
                break
            if verdict is Verdict.REFUSED:
                refused.append(place(start)[1].row)
            elif verdict is Verdict.CUT_OFF:
                cut_off.append(place(start)[1].row)
            position = start + 1
            continue
        order, packet = place(start)
        frame = Frame(data[start : start + size], packet.row, packet.time, order)
        last = frames[-1] if frames else None
        if last is not None and frame.time is not None and frame.time == last.time and frame.data == last.data:
            repeated.append(frame.row)
        else:
            frames.append(frame)
        covered += size
        position = start + size
    return Cut(tuple(frames), tuple(refused), tuple(cut_off), tuple(repeated), length - covered)


def cut_damage(cut: Cut, title: str) -> tuple[Damage, ...]:
    """Say what of a stream was not believed.

    Args:
        cut: The cut stream.
        title: Name of the protocol for the rider.
    """
    damage = []
    if cut.refused:
        damage.append(
            Damage(
                DamageKind.CHECKSUM,
                Effect.LOST,
                f"{len(cut.refused)} {title} frames have a wrong checksum; nothing in them is believed.",
                len(cut.refused),
                cut.refused[:20],
            )
        )
    if cut.cut_off:
        damage.append(
            Damage(
                DamageKind.TRUNCATED_TAIL,
                Effect.LOST,
                f"{len(cut.cut_off)} {title} frames are cut off.",
                len(cut.cut_off),
                cut.cut_off[:20],
            )
        )
    if cut.repeated:
        damage.append(
            Damage(
                DamageKind.DUPLICATE_ROW,
                Effect.REPAIRED,
                f"{len(cut.repeated)} {title} frames repeat the one before at the same time; kept once.",
                len(cut.repeated),
                cut.repeated[:20],
            )
        )
    if cut.stray_bytes and not cut.refused and not cut.cut_off:
        damage.append(
            Damage(
                DamageKind.FRAME_GAP,
                Effect.NOTED,
                f"{cut.stray_bytes} bytes of the capture belong to no complete {title} frame.",
                cut.stray_bytes,
            )
        )
    return tuple(damage)
