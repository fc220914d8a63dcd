"""Lines of text with bytes in hexadecimal: which bytes, which way they went, and when."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from ridelog.clock import ClockBasis

from .can_lines import daly_message

#: 0x55 0xAA, 0x55,0xAA: words and C arrays.
_PREFIXED: Final = re.compile(r"0[xX][0-9A-Fa-f]{2}(?:[\s,;]{1,3}0[xX][0-9A-Fa-f]{2})*(?![0-9A-Fa-f])")
#: 55 AA, 55:AA, 55.AA, 55-AA, 55,AA; two blanks between the halves of a dump line.
_SEPARATED: Final = re.compile(
    r"(?<![0-9A-Za-z])[0-9A-Fa-f]{2}(?:(?: {1,2}[0-9A-Fa-f]{2})+|(?::[0-9A-Fa-f]{2})+|(?:\.[0-9A-Fa-f]{2})+"
    r"|(?:-[0-9A-Fa-f]{2})+|(?:, ?[0-9A-Fa-f]{2})+|(?:_[0-9A-Fa-f]{2})+)(?![0-9A-Za-z])"
)
#: 55AAEB90 without anything between.
_JOINED: Final = re.compile(r"(?<![0-9A-Za-z])(?:0[xX])?((?:[0-9A-Fa-f]{2}){4,})(?![0-9A-Za-z])")
#: <55aaeb90 02000000 1c>, as Apple's systems print bytes.
_GROUPED: Final = re.compile(r"<((?:[0-9A-Fa-f]{8} )+(?:[0-9A-Fa-f]{2}){1,4})>")
#: The bytes of Python, as programs print them: b'U\xaa...', also within bytearray().
_PYTHON: Final = re.compile(r"b'(?:[^'\\\n]|\\.)*'|b\"(?:[^\"\\\n]|\\.)*\"")
#: Dump with offsets: 00000010: 55aa eb90 ... or 00000010  55 aa eb 90 ...  |U...|
_OFFSET: Final = re.compile(r"\s*(?:0x)?([0-9A-Fa-f]{4,8})(?::|  ?|\t)\s*(?=[0-9A-Fa-f]{2})")
_HEX_ONLY: Final = re.compile(r"[\s,;{}]*(?:(?:0[xX])?[0-9A-Fa-f]{2}[\s,;:.{}-]*)+")

#: What a line must hold to be taken for data when nothing else on it says so: a date or a time has fewer.
_LEAST_BYTES: Final = 4
_MAC_BYTES: Final = 6
#: How far a mark may stand before the bytes, in characters.
_MARK_REACH: Final = 40
#: Digits alone may be a number up to here: nanoseconds since 1970 have 19.
_LONGEST_NUMBER: Final = 20

_OUT: Final = re.compile(r">>>|\b(?:tx|send|sent|sending|write|writing|request|command|query)\b", re.IGNORECASE)
_IN: Final = re.compile(
    r"<<<|\b(?:rx|recv|received?|receiving|notif\w*|indication|response|reply|answer|value)\b", re.IGNORECASE
)

_DATE: Final = re.compile(r"\s*\d{4}[-/.]\d{2}[-/.]\d{2}\s*")
_DATE_TIME: Final = re.compile(
    r"(\d{4})[-/.](\d{2})[-/.](\d{2})[ T_](\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d{2}:?\d{2}(?!\d))?"
)
_TIME: Final = re.compile(r"(?<![\d:.])(\d{2}):(\d{2}):(\d{2})(?:[.,](\d{1,6}))?(?![\d:])(?:\s?([AaPp])\.?[Mm]\b)?")
#: A date with the day or the month first, which nothing here tells apart: only the time of day is taken.
_OTHER_DATE: Final = r"(?:\d{1,2}[-/.]\d{1,2}[-/.]\d{4},?[ T]{1,2})?"
_EPOCH: Final = re.compile(r"(?<!\w)(1\d{9})(?:\.(\d{1,9})|(\d{3}))?(?=[\s,;:|\])]|$)")
#: A stamp at the start of a line, with its brackets.
LEADING_STAMP: Final = re.compile(
    rf"\s*[\[(<]?(?:(?:{_DATE_TIME.pattern})|(?:{_OTHER_DATE}{_TIME.pattern})|(?:{_EPOCH.pattern}))[\])>]?[\s,;:|]*"
)
#: Every character as one of four kinds, so that a notation becomes a fixed word that is quick to look for.
_KINDS: Final = bytes(
    ord("h")
    if chr(byte) in "0123456789abcdefABCDEF"
    else ord("s")
    if chr(byte) in " :._-"
    else ord(",")
    if byte == 44
    else 0
    for byte in range(256)
)
#: The first byte of a line whose others lack its mark: 0xAA 55 AA.
_FIRST_MARKED: Final = re.compile(r"0[xX]([0-9A-Fa-f]{2})[ :.,_-]$")
_WORDS: Final = (
    b"s".join([b"hh"] * 6),
    b"ss".join([b"hhshh"] * 3),
    b",".join([b"hh"] * 12),
    b",s".join([b"hh"] * 12),
    b"s".join([b"hhhh"] * 4),
    b"s".join([b"hhhhhhhh"] * 2),
    b"h" * 12,
)


def may_hold_bytes(head: bytes) -> bool:
    """Tell cheaply whether a text may hold bytes in hexadecimal; tables of numbers seldom look like it."""
    if head.count(b"0x") + head.count(b"0X") > 1 or b"\\x" in head:
        return True
    kinds = head.translate(_KINDS)
    return any(word in kinds for word in _WORDS)


@dataclass(frozen=True, slots=True)
class HexLine:
    """One line with bytes.

    Attributes:
        data: The bytes.
        line: Line number, from 1.
        outgoing: True for what the host sent; None when the line does not say.
        time: Stamp in s on `basis`, None without one.
        basis: What the stamp counts from.
        before: The text before the bytes.
    """

    data: bytes
    line: int
    outgoing: bool | None = None
    time: float | None = None
    basis: ClockBasis = ClockBasis.NONE
    before: str = ""


def read_hex_lines(text: str) -> list[HexLine]:
    """Find the bytes of every line that has some, in order; a line without a stamp has that of the line before."""
    found: list[HexLine] = []
    expected = -1
    pending: tuple[float | None, ClockBasis] = (None, ClockBasis.NONE)
    for number, line in enumerate(text.splitlines(), start=1):
        lead = LEADING_STAMP.match(line)
        rest = line[lead.end() :] if lead else line
        if lead:
            stamp = read_stamp(lead[0])
            pending = stamp if stamp[0] is not None else pending
        data, expected = _offset_data(rest, expected)
        start = 0
        if not data:
            data, start = _line_data(rest)
        if not data:
            continue
        before = line[: len(line) - len(rest) + start]
        time, basis = pending if lead else read_stamp(before)
        if time is None:
            time, basis = pending
        found.append(HexLine(data, number, _direction(before), time, basis, before))
    return found


def _offset_data(line: str, expected: int) -> tuple[bytes, int]:
    """Bytes of a dump line that starts with the offset that is due (or 0), and the offset due after it."""
    match = _OFFSET.match(line)
    if match is None:
        return b"", -1
    offset = int(match[1], 16)
    if offset not in (0, expected):
        return b"", -1
    rest = line[match.end() :]
    body = re.split(r"\s{3,}|\s*\|", rest, maxsplit=1)[0]
    grouped = re.match(r"(?:[0-9A-Fa-f]{2,8} {1,2})*[0-9A-Fa-f]{2,8}(?![0-9A-Za-z])", body)
    if grouped is None:
        return b"", -1
    # The text column of xxd stands two blanks behind the bytes and may look like hexadecimal itself.
    digits = re.split(r" {2}(?=\S+$)", grouped[0])[0] if "  " in grouped[0] and " |" not in line else grouped[0]
    digits = re.sub(r"\s", "", digits)
    if len(digits) % 2:
        return b"", -1
    data = bytes.fromhex(digits)
    return data, offset + len(data)


def _line_data(line: str) -> tuple[bytes, int]:
    """Bytes of a line and where they start: the longest run of bytes in any notation."""
    if len(line) < 2 or _DATE.fullmatch(line):
        return b"", 0
    if _HEX_ONLY.fullmatch(line):
        digits = "".join(re.findall(r"(?:0[xX])?([0-9A-Fa-f]{2})", line))
        return bytes.fromhex(digits), 0
    best, start = daly_message(line)
    if best:
        return best, start
    for match in _PREFIXED.finditer(line):
        data = bytes.fromhex(re.sub(r"0[xX]|[\s,;]", "", match[0]))
        if len(data) > len(best) and len(data) > 1:
            best, start = data, match.start()
    for match in _SEPARATED.finditer(line):
        marked = _FIRST_MARKED.search(line[max(0, match.start() - 5) : match.start()])
        data = bytes.fromhex((marked[1] if marked else "") + re.sub(r"[^0-9A-Fa-f]", "", match[0]))
        address = len(data) == _MAC_BYTES and match[0][2] in ":-" and not _marked(line, match.start())
        if len(data) > len(best) and len(data) >= _LEAST_BYTES and not address:
            best, start = data, match.start()
    for match in _JOINED.finditer(line):
        number = match[1].isdigit() and len(match[1]) < _LONGEST_NUMBER and not _marked(line, match.start())
        if len(match[1]) // 2 > len(best) and not number:
            best, start = bytes.fromhex(match[1]), match.start()
    for match in _GROUPED.finditer(line):
        data = bytes.fromhex(match[1])
        if len(data) > len(best):
            best, start = data, match.start()
    for match in _PYTHON.finditer(line):
        data = _python_bytes(match[0])
        if len(data) > len(best):
            best, start = data, match.start()
    if not best:
        best, start = _short_data(line)
    return best, start


def _marked(line: str, start: int) -> bool:
    """Tell whether a mark that data follows stands directly before a place, with no word between."""
    before = line[max(0, start - _MARK_REACH) : start]
    ends = [mark.end() for pattern in (_OUT, _IN) for mark in pattern.finditer(before)]
    return bool(ends) and not re.search(r"[A-Za-wyz]", before[max(ends) :])


def _short_data(line: str) -> tuple[bytes, int]:
    """The few bytes behind a mark that data follows: the end of a frame that came in pieces."""
    marks = [*_OUT.finditer(line), *_IN.finditer(line)]
    if not marks:
        return b"", 0
    start = max(mark.end() for mark in marks)
    match = re.match(r"[\s:=(>\"'x0]*?((?:[0-9A-Fa-f]{2}[\s:.,-]?){1,3})\s*(?:\(\d+\))?[\s\"')]*$", line[start:])
    if match is None:
        return b"", 0
    return bytes.fromhex(re.sub(r"[^0-9A-Fa-f]", "", match[1])), start


def _python_bytes(literal: str) -> bytes:
    try:
        value = ast.literal_eval(literal)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return b""
    return value if isinstance(value, bytes) else b""


def _direction(before: str) -> bool | None:
    out, back = _OUT.search(before), _IN.search(before)
    if bool(out) == bool(back):
        return None
    return bool(out)


def read_stamp(text: str) -> tuple[float | None, ClockBasis]:
    """The stamp in a piece of text: date and time, seconds or milliseconds since 1970, or a time of day.

    Returns:
        Seconds (since 1970, by the wall clock for LOCAL; since midnight for TIME_OF_DAY) and what they count from.
    """
    match = _DATE_TIME.search(text)
    if match is not None:
        return _date_time(match)
    match = _EPOCH.search(text)
    if match is not None:
        fraction = match[2] or match[3] or ""
        return float(f"{match[1]}.{fraction or 0}"), ClockBasis.UTC
    match = _TIME.search(text)
    if match is not None:
        hours, minutes, seconds = (int(part) for part in match.groups()[:3])
        if match[5] and 1 <= hours <= 12:
            hours = hours % 12 + (12 if match[5] in "Pp" else 0)
        if hours < 24 and minutes < 60 and seconds < 60:
            return hours * 3600 + minutes * 60 + float(f"{seconds}.{match[4] or 0}"), ClockBasis.TIME_OF_DAY
    return None, ClockBasis.NONE


def _date_time(match: re.Match[str]) -> tuple[float | None, ClockBasis]:
    numbers = [int(part) for part in match.groups()[:6]]
    try:
        stamp = datetime(*numbers, tzinfo=UTC).timestamp()  # type: ignore[arg-type,misc]
    except ValueError:
        return None, ClockBasis.NONE
    stamp += float(f"0.{match[7] or 0}")
    zone = match[8]
    if not zone:
        return stamp, ClockBasis.LOCAL
    if zone in ("Z", "UTC"):
        return stamp, ClockBasis.UTC
    minutes = int(zone[1:3]) * 60 + int(zone[-2:])
    return stamp - (60 if zone[0] == "+" else -60) * minutes, ClockBasis.UTC
