"""Lines of a delimited text in which not all lines are of one kind: where they are, and how many cells they have."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ridelog.damage import Damage

_NEWLINE = 10


@dataclass(frozen=True, slots=True)
class TextLines:
    """Places of the lines of a text.

    Attributes:
        starts: Byte offset of each line, shape (lines,).
        ends: Byte offset of its line feed or of the end of the text, shape (lines,).
        separators: Byte offsets of all separators, in order.
        first: Index in `separators` of the first one at or after each line's start, shape (lines,).
        counts: Separators in each line, shape (lines,).
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    separators: NDArray[np.int64]
    first: NDArray[np.int64]
    counts: NDArray[np.int64]


def find_lines(text: NDArray[np.uint8], separator: str) -> TextLines:
    """Find the lines of a text and count the separators in them.

    Args:
        text: The bytes, shape (n,).
        separator: One ASCII character.
    """
    newlines = np.flatnonzero(text == _NEWLINE)
    starts = np.concatenate(([0], newlines + 1)).astype(np.int64)
    ends = np.concatenate((newlines, [len(text)])).astype(np.int64)
    if starts[-1] == ends[-1]:
        starts, ends = starts[:-1], ends[:-1]
    separators = np.flatnonzero(text == ord(separator))
    first = np.searchsorted(separators, starts)
    return TextLines(starts, ends, separators, first, np.searchsorted(separators, ends) - first)


def gather_lines(data: bytes, lines: TextLines, which: NDArray[np.int64]) -> bytes:
    """The text of some lines, with their line ends.

    Args:
        data: The text.
        lines: Its lines.
        which: Numbers of the lines from 0, ascending, at least one.
    """
    breaks = np.flatnonzero(np.diff(which) != 1) + 1
    firsts = which[np.concatenate(([0], breaks))]
    lasts = which[np.concatenate((breaks - 1, [len(which) - 1]))]
    stretches = zip(lines.starts[firsts].tolist(), lines.ends[lasts].tolist(), strict=True)
    return b"".join(data[start : end + 1] for start, end in stretches)


def line_numbers(which: NDArray[np.int64], gathered: NDArray[np.int64]) -> NDArray[np.int64]:
    """Line numbers in the file (from 1) of lines numbered (from 1) within gathered text."""
    return which[np.clip(gathered - 1, 0, len(which) - 1)] + 1


def damage_in_file(damage: Damage, which: NDArray[np.int64]) -> Damage:
    """Damage of gathered text with the line numbers of the file."""
    rows = line_numbers(which, np.asarray(damage.rows, dtype=np.int64)) if damage.rows else ()
    return replace(damage, rows=tuple(int(row) for row in rows))
