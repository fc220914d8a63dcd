"""Text with the bytes of BMS frames in hexadecimal: forum posts, ESPHome and terminal logs, dumps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from ridelog.clock import Clock, ClockBasis, unwrap_midnight
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .frames.capture import GIVES, capture_logs, count_frames
from .frames.protocol import Packet
from .hex_devices import device_in, streams_of
from .hex_lines import HexLine, may_hold_bytes, read_hex_lines
from .plain_text import as_utf8

_REASONS = {
    ClockBasis.UTC: "The lines carry dates and times with a zone, or seconds since 1970.",
    ClockBasis.LOCAL: "The lines carry dates and times without a zone.",
    ClockBasis.TIME_OF_DAY: "The lines carry times of day without a date.",
}


class HexDump(Parser):
    r"""Hexadecimal text, one packet a line, in any of the usual notations.

    `55 AA EB 90`, `55:AA`, `55.AA`, `55-AA`, `0x55, 0xAA`, `55AAEB90`, `<55aaeb90 02>`, `b'U\xaa'`, dumps with offsets
    and a text column, messages of a Daly BMS from a CAN recorder (`can0 18904001#0217...`); with or without a stamp in
    front (date and time, time of day, seconds since 1970) and marks of direction (`>>>` `<<<`, TX RX, sent, received,
    notification). Lines without bytes are passed over. Where lines name two boards or more that answer, by address or by
    name, each becomes a log of its own. A file is of this format
    when at least one frame of a known BMS protocol in it has a correct checksum.
    """

    name: ClassVar[str] = "hex-dump"
    title: ClassVar[str] = "Text with the bytes of BMS frames in hexadecimal"
    device: ClassVar[str] = "JK, ANT, JBD and Daly BMSs"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS, Role.EVENTS, Role.CONFIG)
    gives: ClassVar[tuple[str, ...]] = GIVES
    clock: ClassVar[str] = "the stamps of the lines where there are any"

    def sniff(self, source: Source) -> Sniff:
        """Recognise frames of a BMS in hexadecimal text."""
        head = as_utf8(source.head)
        if b"\0" in head[:1024]:
            return Sniff.no("Binary, not hexadecimal text.")
        if head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b'{"', b"[{", b'["', b"{\n", b"{\r", b"<?xml")):
            return Sniff.no("Starts like JSON or XML, not like hexadecimal text.")
        lines = read_hex_lines(_text(head)) if may_hold_bytes(head) else []
        if not lines:
            return Sniff.no("No line holds bytes in hexadecimal.")
        if count_frames(_packets(lines)):
            return Sniff.yes("Hexadecimal text with frames of a BMS whose checksum is right.")
        return Sniff.no("Holds hexadecimal bytes, but no frame of a BMS with a correct checksum.")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the text.

        Raises:
            ParseError: If no frame has a correct checksum.
        """
        lines = read_hex_lines(_text(source.data))
        packets, clock = _timed(lines, options.zone)
        return capture_logs(
            streams_of(packets, [device_in(line.before) for line in lines]),
            clock=clock,
            parser=self.name,
            path=source.label,
            family=options.bms,
            zone=options.zone,
        )


def _text(data: bytes) -> str:
    return as_utf8(data).decode("utf-8-sig", "replace")


def _packets(lines: Sequence[HexLine]) -> list[Packet]:
    return [Packet(line.data, line.line, line.time, outgoing=bool(line.outgoing)) for line in lines]


def _timed(lines: Sequence[HexLine], zone: str) -> tuple[list[Packet], Clock]:
    """Packets with times throughout or not at all: a line without a stamp has that of the line before it."""
    bases = Counter(line.basis for line in lines if line.time is not None)
    if not bases:
        return _packets(lines), Clock(ClockBasis.NONE, reason="The lines carry no stamps.")
    basis = bases.most_common(1)[0][0]
    stamped = np.array([line.time if line.basis is basis and line.time is not None else np.nan for line in lines])
    known = np.flatnonzero(~np.isnan(stamped))
    last = np.maximum.accumulate(np.where(np.isnan(stamped), 0, np.arange(len(stamped))))
    filled = stamped[np.where(last < known[0], known[0], last)]
    if basis is ClockBasis.TIME_OF_DAY:
        filled = unwrap_midnight(filled)
    packets = [
        Packet(line.data, line.line, float(time), outgoing=bool(line.outgoing))
        for line, time in zip(lines, filled, strict=True)
    ]
    whole = bool(np.all(stamped[known] == np.floor(stamped[known])))
    clock = Clock(basis, None, zone if basis is ClockBasis.LOCAL else "", 1.0 if whole else 0.001, _REASONS[basis])
    return packets, clock
