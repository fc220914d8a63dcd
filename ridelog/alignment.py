"""Logs on one clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ridelog.log import Log
from ridelog.ride import ClockFit, ClockPiece, Ride, Track, reference_index


@dataclass(frozen=True, slots=True)
class AlignmentOptions:
    """What the expert said about the clocks.

    Attributes:
        offsets: Log index to seconds added to its stamps to get the reference clock's.
        align: False to leave every log on a clock of its own.
    """

    offsets: Mapping[int, float] = field(default_factory=dict)
    align: bool = True


def join(logs: Sequence[Log], options: AlignmentOptions | None = None) -> Ride:
    """Put logs on the clock of the reference log.

    Args:
        logs: The logs of one ride.
        options: What the expert said.
    """
    options = options or AlignmentOptions()
    reference = reference_index(logs)
    tracks = []
    for index, log in enumerate(logs):
        if index == reference:
            fit = ClockFit()
        elif index in options.offsets:
            fit = ClockFit(True, "The offset was given.", (ClockPiece(0.0, options.offsets[index]),), method="given")
        else:
            fit = ClockFit(False, "Not aligned: no alignment was asked for.", method="none")
        tracks.append(Track(index, log, fit))
    return Ride(tuple(tracks), reference)
