"""Tables whose columns stand apart by blanks: lined up for the eye, or printed with one blank between values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .table_captions import read_meanings
from .table_text import BLANKS, ONE_BLANK, Layout, split_line

_LOOKED_AT: Final = 200
_NEARLY_ALL: Final = 0.9
_DATE: Final = re.compile(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}$")
_TIME: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?Z?$")


def without_blanks(data: bytes, layout: Layout, path: str) -> tuple[bytes, Layout, tuple[Damage, ...]]:
    """Put tabs in place of the blanks between the columns.

    An empty cell leaves nothing but a wider gap, so rows of another number of values cannot be read: they come out
    short or long, and are told as broken.

    Args:
        data: The bytes of the file.
        layout: What its head says; any separator but blanks leaves everything as it is.
        path: Name of the file, for errors.

    Returns:
        The text in UTF-8 with tabs, the layout for it, and what was done.

    Raises:
        ParseError: If most rows have another number of values than there are captions.
    """
    if layout.separator not in (BLANKS, ONE_BLANK):
        return data, layout, ()
    lines = data.decode(layout.encoding, "replace").removeprefix("\ufeff").replace("\r\n", "\n").split("\n")
    first = layout.header_line + int(layout.units_line)
    rows = [split_line(line, layout.separator) for line in lines[first : first + _LOOKED_AT] if line.strip(" \t\r\0")]
    captions = list(layout.captions)
    damage: tuple[Damage, ...] = ()
    usual = Counter(map(len, rows)).most_common(1)
    wide = [row for row in rows if len(row) == len(captions) + 1]
    place = _date_place(wide) if wide and len(wide) >= _NEARLY_ALL * len(rows) else None
    if place is not None:
        captions.insert(place, f"{captions[place]} (date)")
        message = f"'{captions[place + 1]}' holds a date and a time of day with a blank between; they are read as two columns."
        damage = (Damage(DamageKind.NOTE, Effect.NOTED, message, channel="time"),)
    elif usual and usual[0][0] not in (len(captions), len(captions) + 1):
        raise ParseError(
            f"the columns stand apart by blanks, and most rows have {usual[0][0]} values for {len(captions)} captions: "
            "which cells are empty cannot be told.",
            path=path,
            place=f"line {layout.header_line}",
            advice="Export it with commas or tabs between the columns.",
        )
    written = [
        "\t".join(cell.replace("\t", " ").replace('"', "") for cell in split_line(line, layout.separator))
        for line in lines
    ]
    meanings = [*layout.meanings]
    if place is not None:
        meanings.insert(place, replace(read_meanings(["date"])[0], caption=captions[place]))
        meanings[place + 1] = replace(meanings[place + 1], time="time", channel="")
    changed = replace(layout, separator="\t", encoding="utf-8", captions=tuple(captions), meanings=tuple(meanings))
    return "\n".join(written).encode(), changed, damage


def _date_place(rows: Sequence[Sequence[str]]) -> int | None:
    """Place of a date with a time of day behind it in the next cell."""
    for place in range(min(4, len(rows[0]) - 1)):
        found = sum(bool(_DATE.match(row[place]) and _TIME.match(row[place + 1])) for row in rows)
        if found >= _NEARLY_ALL * len(rows):
            return place
    return None
