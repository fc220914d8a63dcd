"""The sheet of a workbook that holds a table, and where it starts."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from ridelog.errors import ParseError

from .table_captions import read_meanings
from .table_text import Layout, score_of
from .workbook import sheets_of_workbook

if TYPE_CHECKING:
    import polars as pl

    from ridelog.sources import Source

#: Rows above the header that may hold notes.
_MOST_NOTES: Final = 40


def read_sheet(source: Source, named: Collection[str] = ()) -> tuple[Layout, pl.DataFrame, int]:
    """Read the sheet of a workbook whose captions mean most.

    Args:
        source: The workbook.
        named: Captions the user named.

    Returns:
        The layout, the rows below the header as text columns, and the number of the first such row.

    Raises:
        ParseError: If the workbook is damaged, too large or holds no table with captions that mean something.
    """
    import polars as pl

    best: tuple[int, Layout, list[list[str]]] | None = None
    for rows in sheets_of_workbook(source).values():
        for index, row in enumerate(rows[:_MOST_NOTES]):
            captions = list(row)
            while captions and not captions[-1]:
                captions.pop()
            if len(captions) < 2:
                continue
            meanings = read_meanings(captions)
            score = score_of(meanings, named)
            if score >= 2 and (best is None or score > best[0]):
                layout = Layout("", "", index + 1, tuple(captions), tuple(meanings))
                best = (score, layout, rows)
    if best is None:
        raise ParseError(
            "no sheet of the workbook has a row of captions that ridelog knows.",
            path=source.label,
            advice="Give the meaning of the columns with --map.",
        )
    _, layout, rows = best
    body = rows[layout.header_line :]
    columns = {
        _unique_name(layout.captions, place): pl.Series(
            [(row[place] or None) if place < len(row) else None for row in body], dtype=pl.String
        )
        for place in range(len(layout.captions))
    }
    return layout, pl.DataFrame(columns), layout.header_line + 1


def _unique_name(captions: tuple[str, ...], place: int) -> str:
    name = captions[place] or f"column {place + 1}"
    again = captions[:place].count(captions[place])
    return f"{name} ({again + 1})" if again and captions[place] else name
