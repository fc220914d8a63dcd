"""The numbers in texts that are laid out alike, and the seconds they make."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ridelog.clock import DAY_S

from .text_bytes import run_starts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Stamps = NDArray[np.float64]
    Bytes = NDArray[np.uint8]

#: Widths of the parts a pattern may name.
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
#: A fraction of any width, with its point or comma, or none.
_FRACTION = "%.f"
_PIECE = re.compile(r"%\.f|%[YymdHMS]|.", re.DOTALL)
#: Digits of a fraction that are read: more a float does not hold.
_FRACTION_DIGITS = 9
#: Rows that are read in one go, so that they stay in the processor's cache.
_PIECE_ROWS = 1 << 14
_EPOCH_YEAR = 1970
_DATE = frozenset("Yymd")
#: Parts that differ from row to row.
_FAST = frozenset("Sf")
#: Seconds in a part of the time of day, and the most it may read (60 s is a leap second).
_CLOCK = {"S": (1.0, 60), "M": (60.0, 59), "H": (3600.0, 23)}


@dataclass(frozen=True, slots=True)
class _Part:
    kind: str
    at: int
    width: int


def read_fields(pieces: Sequence[Bytes], pattern: str) -> Stamps | None:
    """Seconds of texts of one width.

    What stands before the seconds hardly changes from row to row, and is read for the first row of each run only.

    Args:
        pieces: Bytes of the texts, shape (rows, width) each, n rows in all; at least one piece.
        pattern: %Y %y %m %d %H %M %S with leading zeros, %.f for a fraction that may be missing, all else as it stands.

    Returns:
        Seconds since 1970, or since midnight where the pattern has no date, shape (n,); NaN for rows that do not
        fit. None where no text of this width can.
    """
    width = pieces[0].shape[1]
    layout = _layout(pattern, width)
    if layout is None:
        return None
    parts, marks = layout
    cut = min((part.at - (part.kind == "f") for part in parts if part.kind in _FAST), default=width)
    if any(part.at > cut for part in parts if part.kind not in _FAST):
        cut = 0
    starts = [run_starts(texts[:, :cut]) for texts in pieces]
    firsts = np.concatenate([texts[rows, :cut] for texts, rows in zip(pieces, starts, strict=True)])
    runs = np.zeros(len(firsts))
    _add(firsts, [part for part in parts if part.at < cut], [mark for mark in marks if mark[0] < cut], runs)
    after = [part for part in parts if part.at >= cut]
    marks = [mark for mark in marks if mark[0] >= cut]
    seconds = np.empty(sum(len(texts) for texts in pieces))
    at = run = 0
    for texts, rows in zip(pieces, starts, strict=True):
        some = seconds[at : at + len(texts)]
        some[:] = np.repeat(runs[run : run + len(rows)], np.diff(rows, append=len(texts)))
        if cut < width:
            _add(texts, after, marks, some)
        at, run = at + len(texts), run + len(rows)
    return seconds


def _layout(pattern: str, width: int) -> tuple[list[_Part], list[tuple[int, int]]] | None:
    """Places of the parts and of the fixed characters in a text of that width, None when it cannot fit."""
    pieces = _PIECE.findall(pattern)
    fraction = width - sum(_WIDTHS.get(piece[1:], 1) for piece in pieces if piece != _FRACTION)
    if fraction < 0 or fraction == 1 or (fraction and _FRACTION not in pieces):
        return None
    parts: list[_Part] = []
    marks: list[tuple[int, int]] = []
    at = 0
    for piece in pieces:
        if piece == _FRACTION:
            if fraction:
                parts.append(_Part("f", at + 1, fraction - 1))
            at += fraction
        elif len(piece) == 2:
            parts.append(_Part(piece[1], at, _WIDTHS[piece[1]]))
            at += _WIDTHS[piece[1]]
        else:
            marks.append((at, ord(piece)))
            at += 1
    return parts, marks


def _add(texts: Bytes, parts: list[_Part], marks: list[tuple[int, int]], seconds: Stamps) -> None:
    """Add the seconds of the parts to `seconds`, shape (n,); NaN where a text does not fit."""
    good = np.ones(len(seconds), dtype=bool)
    for at, mark in marks:
        _narrow(good, texts[:, at] == mark)
    date: dict[str, NDArray[np.int64]] = {}
    # The fraction comes last: what it is added to is whole, and rounds once.
    for part in sorted(parts, key=lambda part: part.kind == "f"):
        if part.kind == "f":
            mark_before = texts[:, part.at - 1]
            _narrow(good, (mark_before == ord(".")) | (mark_before == ord(",")))
            digits = min(part.width, _FRACTION_DIGITS)
            shift = 10.0**digits
            for rows, value in _numbers(texts, part.at, digits, good):
                seconds[rows] += value / shift
        elif part.kind in _CLOCK:
            scale, most = _CLOCK[part.kind]
            for rows, value in _numbers(texts, part.at, part.width, good):
                if value.max(initial=0) > most:
                    good[rows] &= value <= most
                seconds[rows] += value * scale
        else:
            numbers = [value.astype(np.int64) for _, value in _numbers(texts, part.at, part.width, good)]
            date[part.kind] = np.concatenate(numbers)
    years = date["Y"] if "Y" in date else date["y"] + 2000 if "y" in date else None
    if years is not None and "m" in date and "d" in date:
        seconds += _days(years, date["m"], date["d"], good) * DAY_S
    if not good.all():
        seconds[~good] = np.nan


def _narrow(good: NDArray[np.bool_], fits: NDArray[np.bool_]) -> None:
    if not fits.all():
        good &= fits


def _numbers(
    texts: Bytes, at: int, width: int, good: NDArray[np.bool_]
) -> Iterator[tuple[slice, NDArray[np.unsignedinteger[Any]]]]:
    """Numbers of the digits from a place on, some rows at a time; clears `good` where there is another character."""
    size = 2 if width <= 2 else 4 if width <= 4 else 8
    if width > size:
        last = [value for _, value in _numbers(texts, at + size, width - size, good)]
        for (rows, value), digit in zip(_numbers(texts, at, size, good), last, strict=True):
            yield rows, value * value.dtype.type(10 ** (width - size)) + digit
        return
    end = at + width
    words = texts[:, end - size : end].view(f"<u{size}")[:, 0]
    for start in range(0, len(words), _PIECE_ROWS):
        rows = slice(start, start + _PIECE_ROWS)
        yield rows, _number(words[rows], width, good[rows])


def _number(
    words: NDArray[np.unsignedinteger[Any]], width: int, good: NDArray[np.bool_]
) -> NDArray[np.unsignedinteger[Any]]:
    """Numbers of the last `width` characters of 2, 4 or 8, which are one word a row with the first of them lowest.

    All characters of a word are worked on at once: neighbours make numbers of two digits, these of four, these of
    eight.
    """
    kind = words.dtype.type
    size = words.dtype.itemsize
    value = words ^ kind(_every_byte(size, ord("0")))
    if width < size:
        value &= kind((1 << 8 * size) - (1 << 8 * (size - width)))
    # A byte above 9 reaches its highest bit when 0x76 is added, or has it.
    other = value + kind(_every_byte(size, 0x76))
    other |= value
    other &= kind(_every_byte(size, 0x80))
    if other.any():
        good &= other == 0
    places = 1
    while places < size:
        np.right_shift(value, kind(8 * places), out=other)
        value *= kind(10**places)
        value += other
        value &= kind(_every_byte(size // (2 * places), (1 << 8 * places) - 1, 2 * places))
        places *= 2
    return value


@cache
def _every_byte(count: int, value: int, stride: int = 1) -> int:
    """A word in which a value stands `count` times, at every so many bytes."""
    return sum(value << 8 * stride * place for place in range(count))


def _days(
    years: NDArray[np.int64], months: NDArray[np.int64], days: NDArray[np.int64], good: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Days since 1970-01-01; clears `good` where there is no such date."""
    good &= (years >= 1) & (months >= 1) & (months <= 12) & (days >= 1)
    index = np.where(good, (years - _EPOCH_YEAR) * 12 + months - 1, 0)
    # One look at the calendar for each month that occurs; a log has few.
    low, high = (int(index.min()), int(index.max())) if len(index) else (0, 0)
    firsts = np.arange(low, high + 2).astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
    first = firsts[index - low]
    good &= days <= firsts[index - low + 1] - first
    result: NDArray[np.int64] = first + days - 1
    return result
