"""A file of unknown layout as rows of text: delimited text in any encoding, or a spreadsheet."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .delimited import read_delimited
from .json_table import is_json, read_json, table_of_records
from .json_table_records import Record
from .table_blanks import without_blanks
from .table_lists import spread_lists
from .table_sheet import read_sheet
from .table_text import Layout, find_layout, with_line_feeds
from .table_widths import fit_widths
from .workbook import is_workbook

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ridelog.sources import Source


@dataclass(frozen=True, slots=True)
class Grid:
    """A table as text.

    Attributes:
        layout: Where it stands in the file and what its captions mean.
        frame: Text columns, null for empty cells; the first ones belong to `layout.captions`, in their order.
        lines: Line (or row of the sheet) of each row, shape (rows,).
        damage: What was dropped or repaired.
        counted: What `lines` counts: "line", "row" of a sheet, "record" of a document.
    """

    layout: Layout
    frame: pl.DataFrame
    lines: NDArray[np.int64]
    damage: tuple[Damage, ...]
    counted: str = "line"

    def series(self, place: int) -> pl.Series:
        """The column of a caption, by its place."""
        return self.frame.to_series(place)


def read_grid(source: Source, named: Collection[str] = ()) -> Grid:
    """Read a file as a table of text.

    Args:
        source: The file.
        named: Captions the user named: a line that holds them is the header.

    Raises:
        ParseError: If it is no table with a header, or has no rows.
    """
    counted = "line"
    if is_workbook(source.head):
        counted = "row"
        layout, frame, first_row = read_sheet(source, named)
        lines = np.arange(first_row, first_row + frame.height, dtype=np.int64)
        damage: tuple[Damage, ...] = ()
    elif is_json(source.head):
        layout, frame, lines, damage, by_line = read_json(source.data, source.label)
        counted = "line" if by_line else "record"
    else:
        found = find_layout(source.head, named)
        if found is None:
            raise ParseError("is no table: no line of captions was found.", path=source.label)
        data, found, blanks = without_blanks(with_line_feeds(source.data), found, source.label)
        data, layout, widths = fit_widths(data, found, source.label)
        table = read_delimited(
            data,
            separator=layout.separator,
            header=layout.captions,
            text_columns=_names(layout.captions),
            skip_lines=layout.header_line + int(layout.units_line),
            encoding=layout.encoding,
            path=source.label,
        )
        frame, lines, damage = table.frame, table.lines, (*table.damage, *blanks, *widths)
    frame, lines, repeated = _without_headers(frame, lines, layout.captions)
    frame, lines, empty = _without_empty_rows(frame, lines)
    if not frame.height:
        raise ParseError("holds no row below its header.", path=source.label)
    frame, layout = spread_lists(frame, layout)
    return Grid(layout, frame, lines, (*damage, *repeated, *empty), counted)


def grid_of_records(rows: Sequence[tuple[int, Record]], path: str) -> Grid:
    """A table of records that were found in a text.

    Args:
        rows: Line and values of each; numbers are texts.
        path: Name of the file, for errors.

    Raises:
        ParseError: If they hold no values.
    """
    layout, frame, lines = table_of_records(rows, path)
    frame, lines, empty = _without_empty_rows(frame, lines)
    frame, layout = spread_lists(frame, layout)
    return Grid(layout, frame, lines, empty)


def _names(captions: tuple[str, ...]) -> list[str]:
    """Every name a column can get, those of repeated and of empty captions included."""
    names = set(captions) | {f"column {place + 1}" for place in range(len(captions) + 64)}
    return [*names, *(f"{name} ({again})" for name in captions for again in range(2, 2 + captions.count(name)))]


def _without_headers(
    frame: pl.DataFrame, lines: NDArray[np.int64], captions: tuple[str, ...]
) -> tuple[pl.DataFrame, NDArray[np.int64], tuple[Damage, ...]]:
    """Take out header lines between the rows, as files that were joined have them."""
    import polars as pl

    named = [(place, caption) for place, caption in enumerate(captions) if caption and place < frame.width][:4]
    if not named or not frame.height:
        return frame, lines, ()
    same = np.ones(frame.height, bool)
    for place, caption in named:
        same &= (
            (frame.to_series(place).str.strip_chars().str.strip_chars_start("# ") == caption)
            .fill_null(False)
            .to_numpy()
        )
    if not same.any():
        return frame, lines, ()
    where = lines[same]
    message = f"The header line is repeated {len(where)} times between rows."
    rows = tuple(int(line) for line in where[:20])
    damage = Damage(DamageKind.REPEATED_HEADER, Effect.REPAIRED, message, len(where), rows)
    return frame.filter(pl.Series(~same)), lines[~same], (damage,)


def _without_empty_rows(
    frame: pl.DataFrame, lines: NDArray[np.int64]
) -> tuple[pl.DataFrame, NDArray[np.int64], tuple[Damage, ...]]:
    import polars as pl

    if not frame.height:
        return frame, lines, ()
    empty = frame.select(pl.all_horizontal(pl.all().is_null())).to_series().to_numpy()
    if not empty.any():
        return frame, lines, ()
    where = lines[empty]
    message = f"{len(where)} rows hold nothing."
    rows = tuple(int(line) for line in where[:20])
    damage = Damage(DamageKind.EMPTY_ROW, Effect.NOTED, message, len(where), rows)
    return frame.filter(pl.Series(~empty)), lines[~empty], (damage,)
