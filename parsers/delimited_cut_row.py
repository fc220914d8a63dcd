"""The last row of a delimited text, where the logger stopped while writing it."""

from __future__ import annotations

import re

from ridelog.damage import Damage, DamageKind, Effect

from .delimited_layout import Layout

#: Bytes and rows before a last row that tell how its last number is written.
_LOOK_BACK = 1 << 14
_ROWS_BEFORE = 8
_DECIMALS = re.compile(rb"^[-+]?\d+\.(\d+)$")


def without_cut_row(data: bytes, layout: Layout) -> tuple[bytes, list[Damage]]:
    """Take off a last row that was not written to its end, the one damage that is common.

    Args:
        data: The text.
        layout: What its head says about the rows.

    Returns:
        The text without that row, and the damage; the same object and nothing where the last row is whole, or where a quote
        somewhere in the text leaves open in which cell it stands.
    """
    start = data.rfind(b"\n") + 1
    last = data[start:]
    separator = layout.separator.encode()
    short = last.count(separator) < len(layout.columns) - 1
    if not last or start < layout.offset or b"\0" in last:
        return data, []
    if not short and not _lacks_decimals(data, last, start, separator):
        return data, []
    if layout.quoted and b'"' in data:
        return data, []
    line = layout.first_line + data.count(b"\n", layout.offset)
    message = "The last row is cut off: the logger stopped while writing it."
    return data[:start], [Damage(DamageKind.TRUNCATED_TAIL, Effect.LOST, message, 1, (line,))]


def _lacks_decimals(data: bytes, last: bytes, start: int, separator: bytes) -> bool:
    """Whether the number at the end of a last row without a line break has fewer decimals than all rows before it.

    Programs write a column with one number of decimals: "44.2" that reads "44." or "4" is not the whole number.
    """
    before = data[max(0, start - _LOOK_BACK) : start].split(b"\n")[1:-1]
    if len(before) < _ROWS_BEFORE:
        return False
    decimals = [
        len(match[1]) if (match := _DECIMALS.search(row.rsplit(separator, 1)[-1].strip())) else 0 for row in before
    ]
    number = last.rsplit(separator, 1)[-1].strip()
    found = _DECIMALS.search(number)
    if not number or number[-1:] not in b"0123456789.":
        return False
    return min(decimals) == max(decimals) > (len(found[1]) if found else 0)
