"""What a binary BMS protocol offers to the carriers (captures, hex dumps, frame lists)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from ridelog.clock import Clock
from ridelog.log import Log


@dataclass(frozen=True, slots=True)
class Packet:
    """A piece of the byte stream between one device and its host, in the order of its arrival.

    Attributes:
        data: The bytes as carried; a frame may span several packets, a packet may hold several frames.
        row: Line number or byte offset in the file.
        time: Arrival time in s on the basis of the carrier's clock (since 1970 for UTC and LOCAL, since midnight for
            TIME_OF_DAY), None when the carrier has none; a stream has times throughout or not at all.
        outgoing: True for what the host sent (commands), False for what the device sent.
    """

    data: bytes
    row: int
    time: float | None = None
    outgoing: bool = False


class Protocol(ABC):
    """One protocol. Frames are believed only with a correct checksum; the others are counted as damage.

    Attributes:
        family: Family of the BMS: jk, ant, jbd, daly.
        name: Short id ("jk02", "ant-7ea1").
    """

    family: ClassVar[str]
    name: ClassVar[str]

    @abstractmethod
    def count(self, packets: Sequence[Packet]) -> int:
        """Number of frames of this protocol with a correct checksum; must not raise on any bytes."""

    @abstractmethod
    def logs(self, packets: Sequence[Packet], clock: Clock, parser: str) -> list[Log]:
        """Decode the stream of one device into logs: samples (role bms), records with clocks of their own, settings.

        Args:
            packets: The stream, both directions, in order of arrival.
            clock: Clock of the carrier; where a log of it starts is for `arrival.stamp_frames` to say. Packets without
                times give frames numbered in steps of a second with `ClockBasis.NONE`.
            parser: Name of the carrier's parser, for `Log.parser`.

        Returns:
            Logs, none when there is no frame; a log's damage counts the frames refused by their checksum.
        """
