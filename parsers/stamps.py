"""Time stamps written as text, read for a whole column at once.

The stamps of log files have a fixed width, so their digits stand in fixed columns of a byte matrix; rows are grouped
by width where a fraction comes and goes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ridelog.clock import DAY_S

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Stamps = NDArray[np.float64]
    Bytes = NDArray[np.uint8]

#: Widths of the parts a pattern may name.
_WIDTHS = {"Y": 4, "y": 2, "m": 2, "d": 2, "H": 2, "M": 2, "S": 2}
#: A fraction of any width, with its point or comma, or none.
_FRACTION = "%.f"
_PIECE = re.compile(r"%\.f|%[YymdHMS]|.", re.DOTALL)
#: No stamp of any format is longer; longer texts are not looked at.
_LONGEST = 40
#: Rows that are read in one go.
_PIECE_ROWS = 16_384
#: Longest text that polars keeps beside its length; longer ones stand elsewhere.
_LONGEST_INLINE = 12
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


def parse_stamps(texts: pl.Series, pattern: str) -> Stamps:
    """Read a column of date and time texts.

    Args:
        texts: Texts, shape (n,); blanks around a stamp are tolerated.
        pattern: %Y %y %m %d %H %M %S with leading zeros, %.f for a fraction that may be missing, all else as it
            stands. Without a date the seconds count from midnight, without a time of day they are those of midnight.

    Returns:
        Seconds since 1970-01-01 00:00 as if the stamps were UTC, shape (n,); NaN where a text does not fit.
    """
    if "%H" not in pattern and _alike(texts):
        # Most rides begin and end on one day, and its date is read once.
        return np.repeat(parse_stamps(texts[:1], pattern), len(texts))
    seconds = np.full(len(texts), np.nan)
    for rows, matrix in _by_width(texts):
        found = _read(matrix, pattern)
        if found is not None:
            seconds[rows] = found
    return seconds


def _alike(texts: pl.Series) -> bool:
    """Whether all texts of several are the same."""
    if len(texts) < 2 or texts.null_count() or texts[0] != texts[-1]:
        return False
    return bool((texts == texts[0]).all())


def parse_first_fitting(texts: pl.Series, patterns: tuple[str, ...]) -> tuple[Stamps, str]:
    """Read a column by the pattern that fits most of its rows.

    Args:
        texts: Texts, shape (n,).
        patterns: Patterns as in `parse_stamps`, the likeliest first.

    Returns:
        The seconds as in `parse_stamps` and the pattern that was taken.
    """
    # Only a pattern that fits the first row can fit all of them.
    for pattern in patterns:
        if len(texts) and np.isfinite(parse_stamps(texts[:1], pattern))[0]:
            seconds = parse_stamps(texts, pattern)
            if np.isfinite(seconds).all():
                return seconds, pattern
    best = np.full(len(texts), np.nan)
    taken = patterns[0]
    most = 0
    for pattern in patterns:
        seconds = parse_stamps(texts, pattern)
        fitting = int(np.isfinite(seconds).sum())
        if fitting > most:
            best, taken, most = seconds, pattern, fitting
        if most == len(texts):
            break
    return best, taken


def parse_iso_stamps(texts: pl.Series) -> tuple[Stamps, Stamps]:
    """Read a column of ISO 8601 stamps with or without an offset from UTC.

    `2023-05-19T15:56:24.869+0200`, `...+02:00`, `...+02` and `...Z` are known, with a blank instead of the T as well.

    Args:
        texts: Texts, shape (n,).

    Returns:
        Seconds since 1970-01-01 00:00, in UTC where the stamp has an offset and as if it were UTC where it has none;
        and the offsets in s, NaN where there is none. Both of shape (n,), NaN where a text is no stamp.
    """
    seconds = np.full(len(texts), np.nan)
    offsets = np.full(len(texts), np.nan)
    for rows, matrix in _by_width(texts):
        if matrix.shape[1] < len("2023-05-19T15:56:24"):
            continue
        # Rows of one width may still end in different ways ("...24.86+0200" and "...24.8+02:00").
        tail = _offset_widths(matrix)
        alike = bool((tail == tail[0]).all())
        for width in (tail[:1] if alike else np.unique(tail)).tolist():
            part = slice(None) if alike else np.flatnonzero(tail == width)
            body = matrix[part, : matrix.shape[1] - width]
            if (body[:, 10] != ord("T")).any():
                body = body.copy()
                body[:, 10] = np.where(body[:, 10] == ord(" "), ord("T"), body[:, 10])
            found = _read(body, "%Y-%m-%dT%H:%M:%S%.f")
            if found is None:
                continue
            # A ride rarely crosses a change of the offset.
            ends = matrix[part, matrix.shape[1] - width :]
            first = run_starts(ends)
            shift = np.repeat(_offsets(ends[first]), np.diff(first, append=len(ends)))
            where = part if isinstance(rows, slice) else rows[part]
            seconds[where] = found - shift if width else found
            offsets[where] = np.where(np.isnan(found), np.nan, shift)
    return seconds, offsets


def _by_width(texts: pl.Series) -> list[tuple[NDArray[np.int64] | slice, Bytes]]:
    """Rows and byte matrix (rows, width) of each width that occurs."""
    import polars as pl

    if not len(texts):
        return []
    texts = texts.cast(pl.String)
    inline = _inline(texts)
    if inline is not None:
        return [(slice(None), inline)]
    places, flat = _buffers(texts)
    width = int(places[1] - places[0])
    # Texts as programs write them: all of one width, none missing; a blank before each of them is taken off.
    if 0 < width <= _LONGEST and not texts.null_count() and (places[1:] - places[:-1] == width).all():
        matrix = flat[places[0] : places[-1]].reshape(len(texts), width)
        if width > 1 and (matrix[:, 0] == ord(" ")).all():
            matrix = matrix[:, 1:]
        if matrix[0, 0] != ord(" ") and matrix[0, -1] != ord(" "):
            return [(slice(None), matrix)]
    texts = texts.fill_null("").str.strip_chars()
    places, flat = _buffers(texts)
    widths = np.diff(places)
    groups: list[tuple[NDArray[np.int64] | slice, Bytes]] = []
    for width in np.unique(widths).tolist():
        if 0 < width <= _LONGEST:
            rows = np.flatnonzero(widths == width)
            groups.append((rows, flat[places[:-1][rows, None] + np.arange(width)]))
    return groups


def _inline(texts: pl.Series) -> Bytes | None:
    """The bytes of short texts of one width without blanks around them, shape (n, width); None for any others."""
    import polars as pl
    import pyarrow as pa

    if texts.null_count() or not 0 < len(texts[0]) <= _LONGEST_INLINE:
        return None
    array = texts.alias("").to_arrow(compat_level=pl.CompatLevel.newest())
    if array.type != pa.string_view():
        return None
    # A view is 16 bytes: the length, then the text or where it stands.
    views = np.frombuffer(array.buffers()[1], np.uint8)[16 * array.offset :][: 16 * len(texts)].reshape(-1, 16)
    lengths = np.ascontiguousarray(views[:, :4]).view("<u4").ravel()
    width = int(lengths[0])
    if not 0 < width <= _LONGEST_INLINE or (lengths != width).any():
        return None
    matrix = views[:, 4 : 4 + width]
    return None if matrix[0, 0] == ord(" ") or matrix[0, -1] == ord(" ") else matrix


def _buffers(texts: pl.Series) -> tuple[NDArray[np.int64], Bytes]:
    """Byte offsets of the texts, shape (n + 1,), and the bytes."""
    import pyarrow as pa

    array = texts.alias("").to_arrow()
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    places = np.frombuffer(offsets, dtype=np.int64, count=array.offset + len(texts) + 1)[array.offset :]
    return places, np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)


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


def _read(matrix: Bytes, pattern: str) -> Stamps | None:
    layout = _layout(pattern, matrix.shape[1])
    return None if layout is None else _read_rows(matrix, *layout)


def _read_rows(matrix: Bytes, parts: list[_Part], marks: list[tuple[int, int]]) -> Stamps:
    """Seconds of texts that are laid out alike.

    What stands before the seconds hardly changes from row to row, and is read for the first row of each run only.
    """
    cut = min((part.at - (part.kind == "f") for part in parts if part.kind in _FAST), default=matrix.shape[1])
    if any(part.at > cut for part in parts if part.kind not in _FAST):
        cut = 0
    first = run_starts(matrix[:, :cut])
    lengths = np.diff(first, append=len(matrix))
    slow = matrix[first, :cut]
    before = [part for part in parts if part.at < cut]
    clock = _read_pieces(slow, [part for part in before if part.kind not in _DATE], [m for m in marks if m[0] < cut])
    days = _read_pieces(slow, [part for part in before if part.kind in _DATE], [])
    seconds = np.repeat(clock, lengths)
    if cut < matrix.shape[1]:
        after = [replace(part, at=part.at - cut) for part in parts if part.at >= cut]
        seconds = _read_pieces(matrix[:, cut:], after, [(at - cut, mark) for at, mark in marks if at >= cut], seconds)
    if len(before) and days.any():
        seconds += np.repeat(days, lengths)
    return seconds


def run_starts(matrix: Bytes) -> NDArray[np.int64]:
    """The rows of a byte matrix that differ from the row before, the first among them."""
    changes = np.zeros(len(matrix), dtype=bool)
    changes[:1] = True
    width = matrix.shape[1]
    # Eight bytes are compared at a time, the last eight from the end.
    size = next((size for size in (8, 4, 2, 1) if size <= width), 0)
    for at in sorted({*range(0, width - size, size), width - size}) if size else ():
        words = matrix[:, at : at + size].view(f"u{size}")[:, 0]
        changes[1:] |= words[1:] != words[:-1]
    return np.flatnonzero(changes)


def _read_pieces(
    matrix: Bytes, parts: list[_Part], marks: list[tuple[int, int]], before: Stamps | None = None
) -> Stamps:
    """Seconds of parts, on top of those of `before`; piece by piece, so that a piece stays in the processor's cache."""
    seconds = np.zeros(len(matrix)) if before is None else before
    for at in range(0, len(matrix), _PIECE_ROWS):
        _read_piece(matrix[at : at + _PIECE_ROWS], parts, marks, seconds[at : at + _PIECE_ROWS])
    return seconds


def _read_piece(matrix: Bytes, parts: list[_Part], marks: list[tuple[int, int]], seconds: Stamps) -> None:
    """Add the seconds of the parts to `seconds`; NaN where a text does not fit."""
    columns = np.ascontiguousarray(matrix.T)
    good = np.ones(matrix.shape[0], dtype=bool)
    for at, mark in marks:
        _narrow(good, columns[at] == mark)
    date: dict[str, NDArray[np.int64]] = {}
    for part in parts:
        digits = columns[part.at : part.at + part.width]
        if part.kind == "f":
            mark_before = columns[part.at - 1]
            _narrow(good, (mark_before == ord(".")) | (mark_before == ord(",")))
            seconds += _number(digits[:9], good) / 10.0 ** min(part.width, 9)
        elif part.kind in _CLOCK:
            scale, most = _CLOCK[part.kind]
            value = _number(digits, good)
            _narrow(good, value <= most)
            seconds += value * scale
        else:
            date[part.kind] = _number(digits, good).astype(np.int64)
    years = date["Y"] if "Y" in date else date["y"] + 2000 if "y" in date else None
    if years is not None and "m" in date and "d" in date:
        seconds += _days(years, date["m"], date["d"], good) * DAY_S
    if not good.all():
        seconds[~good] = np.nan


def _narrow(good: NDArray[np.bool_], fits: NDArray[np.bool_]) -> None:
    if not fits.all():
        good &= fits


def _number(columns: Bytes, good: NDArray[np.bool_]) -> NDArray[np.unsignedinteger[Any]]:
    """Numbers of the digits, which stand in a row each; clears `good` where there is another character."""
    digits = columns - np.uint8(ord("0"))  # bytes below "0" wrap to above 9
    if digits.size and digits.max() > 9:
        good &= (digits <= 9).all(axis=0)
    kind = np.uint8 if len(digits) <= 2 else np.uint16 if len(digits) <= 4 else np.uint32
    value: NDArray[np.unsignedinteger[Any]] = digits[0].astype(kind)
    for column in digits[1:]:
        value = value * kind(10) + column
    return value


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


def _offset_widths(matrix: Bytes) -> NDArray[np.int64]:
    """Width of the offset at the end of each row: 1 for Z, 3 for +02, 5 for +0200, 6 for +02:00, else 0."""
    widths = np.zeros(matrix.shape[0], dtype=np.int64)
    ends = np.ascontiguousarray(matrix[:, -6:].T)
    np.copyto(widths, 1, where=(ends[-1] == ord("Z")) | (ends[-1] == ord("z")))
    for width in (3, 5, 6):
        if matrix.shape[1] - width >= len("2023-05-19T15:56:24"):
            np.copyto(widths, width, where=(ends[-width] == ord("+")) | (ends[-width] == ord("-")))
    return widths


def _offsets(matrix: Bytes) -> Stamps:
    """Offsets in s; NaN for rows without one or with one that makes no sense."""
    width = matrix.shape[1]
    if width == 0:
        return np.full(matrix.shape[0], np.nan)
    if width == 1:
        return np.zeros(matrix.shape[0])
    pattern = {3: "%H", 5: "%H%M", 6: "%H:%M"}[width]
    size = _read(matrix[:, 1:], pattern)
    assert size is not None
    return np.where(matrix[:, 0] == ord("-"), -size, size)
