"""Bluetooth captures of Android (btsnoop_hci.log): what an app and a BMS said to each other."""

from __future__ import annotations

from typing import ClassVar

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage
from ridelog.errors import ParseError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .bluetooth import Hci
from .btsnoop_records import MAGIC, read_records
from .frames.capture import GIVES, Stream, capture_logs


class Btsnoop(Parser):
    """Bluetooth HCI snoop log, version 1 (RFC 1761 with a Bluetooth data link).

    Header: `btsnoop`, NUL, version u32, data link u32 (1001 plain HCI, 1002 H4, 2001 Linux monitor), big-endian.
    Record: original length, included length, flags (bit 0 received, bit 1 command or event), cumulative drops, all u32;
    time as i64 in microseconds since the year 0, UTC; the packet.
    Inside: HCI ACL fragments make L2CAP frames; on the ATT channel notifications come from the device and writes go to
    it; on classic links RFCOMM carries a serial stream. Each device makes its own logs, named by its address.
    """

    name: ClassVar[str] = "btsnoop"
    title: ClassVar[str] = "Bluetooth capture of an Android phone (btsnoop_hci.log) with a BMS in it"
    device: ClassVar[str] = "JK, ANT, JBD and Daly BMSs"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS, Role.EVENTS, Role.CONFIG)
    gives: ClassVar[tuple[str, ...]] = GIVES
    clock: ClassVar[str] = "UTC by the clock of the phone; records the BMS kept itself by its own clock"

    def sniff(self, source: Source) -> Sniff:
        """Recognise the magic bytes."""
        if source.head.startswith(MAGIC):
            return Sniff.yes("Starts with the magic bytes of a btsnoop file.")
        return Sniff.no("Does not start with 'btsnoop'.")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the capture.

        Raises:
            ParseError: If it is not version 1, of an unknown data link, or holds no frame of a BMS.
        """
        records, damage = read_records(source.data, source.label)
        hci = Hci()
        for record in records:
            hci.take(record)
        streams = [Stream(tuple(packets), device) for device, packets in hci.streams()]
        if not streams:
            raise ParseError(
                "holds no data of a connected Bluetooth device.",
                path=source.label,
                advice="Switch the snoop log on, then connect the app to the BMS, and capture again.",
            )
        found: list[Damage] = [*damage, *hci.damage()]
        clock = Clock(ClockBasis.UTC, reason="Times of the Bluetooth capture, by the clock of the phone.")
        return capture_logs(
            streams,
            clock=clock,
            parser=self.name,
            path=source.label,
            family=options.bms,
            zone=options.zone,
            damage=found,
        )
