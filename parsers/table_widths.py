"""Rows that have one cell more than there are captions: what the extra cell is, or a refusal; never a shift."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Final

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .table_captions import Meaning
from .table_text import Layout, split_line

_LOOKED_AT: Final = 60
#: Nearly all rows must show it (engineering judgement).
_NEARLY_ALL: Final = 0.9
#: A time of day whose fraction is cut off by a comma, as many loggers write it.
_TIME_END: Final = re.compile(r"\d{1,2}:\d{2}:\d{2}$")
_FRACTION: Final = re.compile(r"^\d{3,6}$")
_CUT_TIME: Final = re.compile(rb"(\d{1,2}:\d{2}:\d{2}),(?=\d{3,6}(?:,|\r?\n|$))")


def fit_widths(data: bytes, layout: Layout, path: str) -> tuple[bytes, Layout, tuple[Damage, ...]]:
    """Bring captions and rows to the same number of cells.

    Args:
        data: The bytes of the file.
        layout: What its head says.
        path: Name of the file, for errors.

    Returns:
        The bytes and the layout, changed where the extra cell is explained, and what was done.

    Raises:
        ParseError: If the rows have another cell than there are captions and nothing explains it.
    """
    rows = _rows(data, layout)
    captions = layout.captions
    usual = Counter(len(row) for row in rows).most_common(1)
    if not usual or usual[0][0] != len(captions) + 1:
        return data, layout, ()
    rows = [row for row in rows if len(row) == usual[0][0]]
    if all(not row[-1].strip() for row in rows):
        return data, layout, ()
    if layout.separator == "," and _cut_place(rows) is not None and layout.encoding in ("utf-8", "utf-8-sig", "cp1252"):
        repaired, count = _CUT_TIME.subn(rb"\1.", data)
        message = "Stamps write their fraction behind a comma, which also separates the columns; they are put together."
        return repaired, layout, (Damage(DamageKind.BROKEN_ROW, Effect.REPAIRED, message, count, channel="time"),)
    if _numbers_rows(rows):
        message = "Rows start with their number, for which there is no caption."
        shifted = replace(
            layout, captions=("row number", *captions), meanings=(Meaning("row number"), *layout.meanings)
        )
        return data, shifted, (Damage(DamageKind.NOTE, Effect.NOTED, message, len(rows)),)
    raise ParseError(
        f"the rows have {usual[0][0]} cells for {len(captions)} captions: which one has no caption is not written.",
        path=path,
        place=f"line {layout.header_line}",
        advice="Add the missing caption, or export with quotes around cells that hold the separator.",
    )


def _rows(data: bytes, layout: Layout) -> list[list[str]]:
    text = data[:65_536].decode(layout.encoding, "replace").removeprefix("\ufeff")
    first = layout.header_line + int(layout.units_line)
    lines = text.split("\n", first + _LOOKED_AT)[first : first + _LOOKED_AT]
    if len(data) > 65_536:
        lines = lines[:-1]
    return [split_line(line.rstrip("\r\0"), layout.separator) for line in lines if line.strip("\r\0 ")]


def _cut_place(rows: Sequence[Sequence[str]]) -> int | None:
    """Place of a time of day that a comma cuts off from its fraction."""
    for place in range(min(4, len(rows[0]) - 1)):
        cut = sum(bool(_TIME_END.search(row[place]) and _FRACTION.match(row[place + 1].strip())) for row in rows)
        if cut >= _NEARLY_ALL * len(rows):
            return place
    return None


def _numbers_rows(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first cells count the rows."""
    first = [row[0].strip().strip('"') for row in rows]
    if len(first) < 2 or not all(cell.isdecimal() and len(cell) < 10 for cell in first):
        return False
    steps = [int(later) - int(earlier) for earlier, later in pairwise(first)]
    return steps.count(1) >= _NEARLY_ALL * len(steps)
