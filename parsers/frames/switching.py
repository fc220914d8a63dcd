"""Commands that switch FETs, as events: a FET that somebody switched off is no protection."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ridelog.clock import Clock
from ridelog.log import Identity, Log, LogBuilder, Role

from .arrival import stamp_frames
from .stream import Frame


@dataclass(frozen=True, slots=True)
class Switching:
    """One command.

    Attributes:
        frame: The frame that tells of it.
        event: Canonical event name.
        text: The command in words.
    """

    frame: Frame
    event: str
    text: str


def switched(frame: Frame, which: str, on: bool) -> Switching:
    """A command that switches FETs.

    Args:
        frame: The frame that tells of it.
        which: "discharge" or "charge".
        on: Whether they were switched on.
    """
    state = "on" if on else "off"
    return Switching(frame, f"{which}-switched-{state}", f"{which} FETs switched {state} by a command")


def switching_log(commands: Sequence[Switching], *, clock: Clock, parser: str, identity: Identity) -> list[Log]:
    """Make a log of the commands; none when there was no command.

    Args:
        commands: In order of arrival.
        clock: Clock of the carrier; without times the commands have no place among the samples and are told all the
            same, numbered in steps of a second.
        parser: Name of the carrier's parser.
        identity: What is known about the device.
    """
    if not commands:
        return []
    arrivals = [(command.frame.time, command.frame.row) for command in commands]
    seconds, own_clock, steps = stamp_frames(arrivals, clock)
    builder = LogBuilder(seconds, np.array([row for _, row in arrivals], dtype=np.int64), time_source="arrival")
    builder.add("event", [command.event for command in commands], source="command")
    builder.add("event_text", [command.text for command in commands], source="command")
    return [builder.build(Role.EVENTS, parser, clock=own_clock, identity=identity, damage=steps)]
