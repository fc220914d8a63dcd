"""Binary files that are nothing but the bytes of a BMS: saved frames and serial captures."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from ridelog.clock import Clock, ClockBasis
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .btsnoop_records import MAGIC
from .frames.capture import GIVES, Stream, capture_logs, count_frames
from .frames.protocol import Packet

#: What other binary files start with: archives, office files, databases, pictures, captures.
_OTHER_MAGIC: Final = (
    MAGIC,
    b"PK",
    b"\x1f\x8b",
    b"BZh",
    b"\xfd7zXZ",
    b"\x28\xb5\x2f\xfd",
    b"\xd0\xcf\x11\xe0",
    b"SQLite",
)
#: Where the first frame must lie: a serial capture may begin in the middle of one.
_FIRST_BYTES: Final = 2048
#: Where a frame of one of the protocols may start; whether one does is for the protocol to say.
_HEADERS: Final = re.compile(
    rb"\x55\xaa\xeb\x90|\xaa\x55\xaa\xff|\x7e\xa1|\xdd[\x00-\xaf]|\xa5[\x00-\xff][\x90-\x98]\x08|[\x51\xd2]\x03|\x4e\x57|\xeb\x90"
    rb"|\x5a\x5a|\xa5\xa5|[\x00-\x20]\x78",
)
#: Bound on the memory for the packets of one file.
_MOST_PACKETS: Final = 200_000


class RawFrames(Parser):
    """Bytes of a BMS as they were sent, without times and directions.

    One or more frames one behind the other; other bytes between them are passed over. `source_row` is the byte offset.
    A file is of this format when a frame of a known protocol with a correct checksum lies within its first 2 KiB.
    """

    name: ClassVar[str] = "raw-frames"
    title: ClassVar[str] = "Binary file with the frames of a BMS"
    device: ClassVar[str] = "JK, ANT, JBD and Daly BMSs"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS, Role.EVENTS, Role.CONFIG)
    gives: ClassVar[tuple[str, ...]] = GIVES
    clock: ClassVar[str] = "none; records the BMS kept itself by its own clock"

    def sniff(self, source: Source) -> Sniff:
        """Recognise a frame of a BMS near the start of a binary file."""
        head = source.head
        if head.startswith(_OTHER_MAGIC):
            return Sniff.no("Starts like an archive, a database or another capture.")
        if not _is_binary(head):
            return Sniff.no("Text, not binary.")
        if count_frames(_packets(head[:_FIRST_BYTES])):
            return Sniff.yes("Binary file that starts with a frame of a BMS.")
        return Sniff.no("Binary file without a frame of a BMS at its start.")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the frames.

        Raises:
            ParseError: If no frame has a correct checksum.
        """
        clock = Clock(ClockBasis.NONE, reason="The file holds bytes without times.")
        return capture_logs(
            [Stream(tuple(_packets(source.data)))],
            clock=clock,
            parser=self.name,
            path=source.label,
            family=options.bms,
            zone=options.zone,
        )


def _is_binary(head: bytes) -> bool:
    sample = head[:_FIRST_BYTES]
    return any(byte < 32 and byte not in b"\t\r\n\f\x1b" for byte in sample)


def _packets(data: bytes) -> list[Packet]:
    """The bytes cut where a frame may start, so that a frame's offset is known."""
    starts = [match.start() for match in _HEADERS.finditer(data)]
    step = 1 + len(starts) // _MOST_PACKETS
    places = list(dict.fromkeys((0, *starts[::step])))
    return [Packet(data[start:end], start) for start, end in zip(places, [*places[1:], len(data)], strict=True)]
