"""JSON and JSON lines with the frames of BMSs, as loggers and test collections write them."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import ClassVar, Final

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .frame_json import Piece, find_pieces, hex_bytes
from .frames.capture import GIVES, Stream, capture_logs, count_frames
from .frames.protocol import Packet
from .json_records import json_lines
from .json_text import DECODE_ERRORS, cut_off, json_text, load_cut

_STRING: Final = re.compile(rb'"([0-9A-Fa-fxX :.,-]{8,})"')
_NUMBERS: Final = re.compile(rb"\[\s*(\d{1,3}(?:\s*,\s*\d{1,3}){7,})\s*\]")
_REASONS: Final = {
    ClockBasis.UTC: "The records carry stamps with a zone or in seconds since 1970.",
    ClockBasis.LOCAL: "The records carry dates and times without a zone.",
    ClockBasis.TIME_OF_DAY: "The records carry times of day without a date.",
    ClockBasis.BOOT: "The records count seconds from a start that is not named.",
    ClockBasis.NONE: "The records carry no stamps.",
}


class FrameLines(Parser):
    """Frames of BMSs in JSON, one object a line or one document.

    A frame is a string of hexadecimal digits (`frame_hex`, `hex`, `data`, `raw`, `payload`, a list of such strings) or
    a list of byte values. Beside it a stamp (`ts_utc`, `ts`, `time`, `timestamp`: text or seconds, ms, us, ns since
    1970), the device (`device`, `address`, `mac`), the source and the direction are read. Each device, source and list
    makes its own logs. A file is of this format when at least one frame of a known protocol has a correct checksum.
    """

    name: ClassVar[str] = "frame-lines"
    title: ClassVar[str] = "JSON or JSON lines with the frames of BMSs"
    device: ClassVar[str] = "JK, ANT, JBD and Daly BMSs"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS, Role.EVENTS, Role.CONFIG)
    gives: ClassVar[tuple[str, ...]] = GIVES
    clock: ClassVar[str] = "the stamps of the records where there are any"

    def sniff(self, source: Source) -> Sniff:
        """Recognise frames of a BMS in the strings and lists of JSON text."""
        head = json_text(source.head).lstrip().encode()
        if not head.startswith((b"{", b"[")):
            return Sniff.no("Does not start like JSON.")
        pieces = [hex_bytes(match[1].decode("ascii")) for match in _STRING.finditer(head)]
        pieces += [bytes(min(int(part), 255) for part in match[1].split(b",")) for match in _NUMBERS.finditer(head)]
        packets = [Packet(data, row) for row, data in enumerate(pieces) if data]
        if packets and count_frames(packets):
            return Sniff.yes("JSON with frames of a BMS whose checksum is right.")
        return Sniff.no("JSON without a frame of a BMS with a correct checksum.")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the frames.

        Raises:
            ParseError: If no frame has a correct checksum.
        """
        damage: list[Damage] = []
        captures: dict[tuple[str, str], list[tuple[int, Piece]]] = {}
        for row, piece in _pieces(source.data, damage):
            captures.setdefault((piece.device, piece.capture), []).append((row, piece))
        streams = [_stream(device, pieces, options.zone) for (device, _), pieces in captures.items()]
        return capture_logs(
            streams,
            clock=Clock(ClockBasis.NONE),
            parser=self.name,
            path=source.label,
            family=options.bms,
            zone=options.zone,
            damage=damage,
        )


def _pieces(data: bytes, damage: list[Damage]) -> Iterator[tuple[int, Piece]]:
    """All bytes in the file with the line they stand in: one document, else JSON lines."""
    text = json_text(data)
    try:
        document, cut = load_cut(text, json.JSONDecoder())
    except DECODE_ERRORS:
        yield from _line_pieces(data, damage)
        return
    if cut:
        damage.append(cut_off())
    breaks = [match.start() for match in re.finditer("\n", text)]
    place = 0
    for piece in find_pieces(document):
        found = text.find(piece.text, place) if piece.text else -1
        place = found if found >= 0 else place
        yield bisect_right(breaks, place) + 1, piece


def _line_pieces(data: bytes, damage: list[Damage]) -> Iterator[tuple[int, Piece]]:
    broken: list[int] = []
    for line, value in json_lines(data):
        if value is None:
            broken.append(line)
            continue
        for piece in find_pieces(value):
            yield line, piece
    if broken:
        message = f"{len(broken)} lines are no JSON objects."
        damage.append(Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(broken), tuple(broken[:20])))


def _stream(device: str, pieces: Sequence[tuple[int, Piece]], zone: str) -> Stream:
    """One capture; a record without a stamp has that of the record before it."""
    bases = Counter(piece.basis for _, piece in pieces if piece.time is not None)
    if not bases:
        packets = [Packet(piece.data, row, None, outgoing=piece.outgoing) for row, piece in pieces]
        return Stream(tuple(packets), device, Clock(ClockBasis.NONE, reason=_REASONS[ClockBasis.NONE]))
    basis = bases.most_common(1)[0][0]
    time = next(piece.time for _, piece in pieces if piece.basis is basis and piece.time is not None)
    packets = []
    for row, piece in pieces:
        if piece.basis is basis and piece.time is not None:
            time = piece.time
        packets.append(Packet(piece.data, row, time, outgoing=piece.outgoing))
    clock = Clock(basis, None, zone if basis is ClockBasis.LOCAL else "", reason=_REASONS[basis])
    return Stream(tuple(packets), device, clock)
