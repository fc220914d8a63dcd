"""Time stamps written as text, read for a whole column at once.

The stamps of log files have a fixed width, so their digits stand in fixed columns of a byte matrix; rows are grouped
by width where a fraction comes and goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .stamp_fields import read_fields
from .text_bytes import run_starts, texts_by_width

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    Stamps = NDArray[np.float64]
    Bytes = NDArray[np.uint8]

_ISO = "%Y-%m-%dT%H:%M:%S%.f"
_SHORTEST_ISO = "2023-05-19T15:56:24"


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
    seconds: Stamps | None = None
    for rows, pieces in texts_by_width(texts):
        found = read_fields(pieces, pattern)
        if found is None:
            continue
        if isinstance(rows, slice):
            return found
        seconds = np.full(len(texts), np.nan) if seconds is None else seconds
        seconds[rows] = found
    return np.full(len(texts), np.nan) if seconds is None else seconds


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
    for rows, pieces in texts_by_width(texts):
        if pieces[0].shape[1] >= len(_SHORTEST_ISO):
            matrix = np.concatenate(pieces) if len(pieces) > 1 else pieces[0]
            found = _like_the_first(matrix)
            seconds[rows], offsets[rows] = _each_by_its_end(matrix) if found is None else found
    return seconds, offsets


def _like_the_first(matrix: Bytes) -> tuple[Stamps, Stamps] | None:
    """Seconds and offsets of rows that are all written as the first of them, None where one is not."""
    between = chr(matrix[0, 10])
    end = matrix.shape[1] - int(_offset_widths(matrix[:1])[0])
    seconds = read_fields([matrix[:, :end]], _ISO.replace("T", between)) if between in "T " else None
    if seconds is None or np.isnan(seconds).any():
        return None
    shift = _offsets_of_runs(matrix[:, end:])
    if end == matrix.shape[1]:
        return seconds, shift
    return None if np.isnan(shift).any() else (seconds - shift, shift)


def _each_by_its_end(matrix: Bytes) -> tuple[Stamps, Stamps]:
    """Seconds and offsets of rows of one width that may still end in different ways ("...24.86+0200", "...24.8+02:00")."""
    seconds = np.full(len(matrix), np.nan)
    offsets = np.full(len(matrix), np.nan)
    tail = _offset_widths(matrix)
    for width in np.unique(tail).tolist():
        rows = np.flatnonzero(tail == width)
        body = matrix[rows, : matrix.shape[1] - width]
        body[:, 10] = np.where(body[:, 10] == ord(" "), ord("T"), body[:, 10])
        found = read_fields([body], _ISO)
        if found is None:
            continue
        shift = _offsets_of_runs(matrix[rows, matrix.shape[1] - width :])
        seconds[rows] = found - shift if width else found
        offsets[rows] = np.where(np.isnan(found), np.nan, shift)
    return seconds, offsets


def _offsets_of_runs(ends: Bytes) -> Stamps:
    """Offsets as `_offsets`; a ride rarely crosses a change of them."""
    first = run_starts(ends)
    return np.repeat(_offsets(ends[first]), np.diff(first, append=len(ends)))


def _offset_widths(matrix: Bytes) -> NDArray[np.int64]:
    """Width of the offset at the end of each row: 1 for Z, 3 for +02, 5 for +0200, 6 for +02:00, else 0."""
    widths = np.zeros(matrix.shape[0], dtype=np.int64)
    ends = np.ascontiguousarray(matrix[:, -6:].T)
    np.copyto(widths, 1, where=(ends[-1] == ord("Z")) | (ends[-1] == ord("z")))
    for width in (3, 5, 6):
        if matrix.shape[1] - width >= len(_SHORTEST_ISO):
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
    size = read_fields([matrix[:, 1:]], pattern)
    assert size is not None
    return np.where(matrix[:, 0] == ord("-"), -size, size)
