"""The columns of EPDataLog that hold bits or words: faults and the cells being balanced."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ridelog.arrow_columns import names_by_place
from ridelog.log import LogBuilder

from .distinct_texts import distinct_rows, distinct_texts
from .frames.daly_codes import decode_faults
from .protection_words import protections_in

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    _Faults = tuple[Sequence[str], Sequence[str]] | None

#: Fault bytes that mean something; the eighth is a code.
_FAULT_BYTES = 7
#: Stands between the cells of a row while they are one text.
_BETWEEN = "\x1f"


def add_alarms(builder: LogBuilder, frame: pl.DataFrame, columns: Sequence[str]) -> bool:
    """Add the protections and warnings of the alarm columns.

    Args:
        builder: The log being built.
        frame: The columns as text.
        columns: The alarm columns in the order of their numbers.

    Returns:
        Whether they were understood: all eight as quoted bits, lowest bit first, or any number of them as words.
    """
    found = distinct_rows(frame.select(columns), _BETWEEN)
    rows = [text.split(_BETWEEN) for text in found.texts if text is not None]
    bits = [_by_bits(cells) for cells in rows]
    if len(columns) >= _FAULT_BYTES and any(row is not None for row in bits):
        faults, conversion = bits, "bits to names, those of level 1 are warnings"
    else:
        faults, conversion = [_by_words(cells) for cells in rows], "words to names"
        if not any(row is not None and (row[0] or row[1]) for row in faults):
            return False
    source = f"{columns[0]} on"
    for channel, place in (("protections", 0), ("warnings", 1)):
        names = [None if row is None else list(row[place]) for row in faults]
        builder.add(channel, names_by_place(names, found.places), source=source, conversion=conversion)
    return True


def _by_bits(cells: Sequence[str]) -> _Faults:
    data = [_byte(cell) for cell in cells]
    known = [byte for byte in data if byte is not None]
    return decode_faults(known) if _FAULT_BYTES <= len(known) == len(data) else None


def _by_words(cells: Sequence[str]) -> _Faults:
    acting: list[str] = []
    warning: list[str] = []
    for cell in cells:
        found = protections_in(cell)
        if found is None:
            return None
        acting += found[0]
        warning += found[1]
    return list(dict.fromkeys(acting)), list(dict.fromkeys(warning))


def _byte(cell: str) -> int | None:
    """Eight bits in quotes, lowest first; None when the cell holds something else."""
    text = cell.strip("' \"")
    if text == "0":
        return 0
    return int(text[::-1], 2) if re.fullmatch("[01]{8}", text) else None


def balanced_cells(column: pl.Series, count: int) -> NDArray[np.float64]:
    """Whether each cell is being balanced: 1, 0, or NaN where the text has no bit for it; shape (rows, count)."""
    found = distinct_texts(column)
    matrix = np.full((len(found.texts), count), np.nan)
    for row, text in enumerate(found.texts):
        bits = [float(letter) for letter in (text or "").strip("' \"")[:count] if letter in "01"]
        matrix[row, : len(bits)] = bits
    return matrix[found.places]
