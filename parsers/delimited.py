"""Delimited text to a frame: fast on whole files, and on damaged ones every good row is kept and every bad one told."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .delimited_cut_row import without_cut_row
from .delimited_layout import Layout, find_layout, printable, schema
from .loose_text import numbers_where_possible
from .plain_text import as_utf8

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    _Rows = tuple[pl.DataFrame, NDArray[np.int64], tuple[Damage, ...]]


#: Letters that words which stand for a number begin with.
_NUMBER_WORDS = ("nan", "inf", "nul", "non", "na")
#: A row in which this part of the cells is the caption of its column is a header (a caption that occurs again is renamed).
_MOSTLY_CAPTIONS = 0.5
#: Bytes looked at in one go where all of them are counted.
_PIECE = 1 << 17


@dataclass(frozen=True, slots=True)
class Delimited:
    """The rows of a delimited text.

    Attributes:
        frame: One column a header field, in file order: Float64 (a cell that is empty or not finite is null), String
            for the text columns.
        lines: 1-based line number of each row, shape (rows,).
        damage: What was dropped or repaired.
    """

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    damage: tuple[Damage, ...]


def read_delimited(
    data: bytes,
    *,
    separator: str,
    header: Sequence[str] | None = None,
    text_columns: Collection[str] = (),
    loose_columns: Collection[str] = (),
    skip_lines: int = 0,
    encoding: str = "utf-8",
    path: str = "",
) -> Delimited:
    """Read a delimited text.

    A whole file is read in one pass by polars with an explicit schema. Anything that does not fit (a power-cut tail, a
    broken row, a header in the middle) leads to a second, careful pass.

    Args:
        data: The bytes of the file.
        separator: One ASCII character.
        header: Column names of a file without a header line; otherwise the first line that is not blank is the header.
        text_columns: Columns that hold text; those of neither kind are numbers.
        loose_columns: Columns a format table does not know: numbers when every cell that is not empty is one, else
            text.
        skip_lines: Lines before the header (or before the first row).
        encoding: Encoding of the text; a byte order mark overrules it.
        path: Name of the file for error messages.

    Returns:
        The good rows, their line numbers and the damage. A separator at the end of the rows makes no column. A column
        name that occurs again gets " (2)" added. A frame may have no rows.

    Raises:
        ParseError: If there is no header line or it cannot be one.
    """
    damage: list[Damage] = []
    data, notes = _as_utf8(data, encoding)
    damage += notes
    whole = len(data)
    data = data.rstrip(b"\0")
    nul_bytes = whole - len(data)
    if data.endswith((b"\n\n", b"\n\r\n")):
        data = data.rstrip(b"\r\n") + b"\n"
    layout = find_layout(data, separator, header, text_columns, skip_lines, path, loose_columns)
    data, cut = without_cut_row(data, layout)
    damage += cut
    result = _read_numbers_or_texts(data, layout)
    if result is None:
        from .delimited_repair import read_damaged

        result = read_damaged(data, layout)
    frame, lines, found = result
    if loose_columns:
        frame, lines, repeated = _without_headers(frame, lines)
        damage += repeated
        texts = (*text_columns, *map(printable, text_columns))
        frame = numbers_where_possible(frame, texts, decimal_comma=layout.decimal_comma)
    damage += found
    if nul_bytes:
        damage.append(
            Damage(
                DamageKind.NUL_BYTES,
                Effect.NOTED,
                f"The file ends in {nul_bytes:,} zero bytes: space that was set aside and never written, as a power "
                "cut leaves it.",
                nul_bytes,
            )
        )
    if layout.absent:
        message = f"The rows end {layout.absent} cells before the header does; those columns are taken as missing."
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, layout.absent))
    if layout.decimal_comma:
        damage.append(
            Damage(DamageKind.NOTE, Effect.NOTED, "Numbers are written with a decimal comma; read as such.", len(lines))
        )
    return Delimited(_only_finite(frame), lines, tuple(damage))


def _without_headers(
    frame: pl.DataFrame, lines: NDArray[np.int64]
) -> tuple[pl.DataFrame, NDArray[np.int64], list[Damage]]:
    """Take off headers between rows of nothing but text, where a row of captions is as good as any."""
    import polars as pl

    if any(kind != pl.String for kind in frame.dtypes) or not frame.width:
        return frame, lines, []
    first = frame.to_series(0)
    header = (first.str.strip_chars() == first.name).fill_null(False)
    if not header.any():
        return frame, lines, []
    same = [(frame.get_column(name).str.strip_chars() == name).fill_null(False) for name in frame.columns]
    header = pl.Series(np.mean([column.to_numpy() for column in same], axis=0) > _MOSTLY_CAPTIONS)
    count = int(header.sum())
    if not count:
        return frame, lines, []
    rows = lines[header.to_numpy()]
    message = f"The header line is repeated {count} times between rows; skipped."
    note = Damage(DamageKind.REPEATED_HEADER, Effect.REPAIRED, message, count, tuple(int(row) for row in rows[:20]))
    return frame.filter(~header), lines[~header.to_numpy()], [note]


def _as_utf8(data: bytes, encoding: str) -> tuple[bytes, list[Damage]]:
    mark = Damage(DamageKind.BYTE_ORDER_MARK, Effect.NOTED, "The file starts with a byte order mark; skipped.", 1, (1,))
    if data.startswith(codecs.BOM_UTF8):
        return data[len(codecs.BOM_UTF8) :], [mark]
    text_in_utf8 = as_utf8(data)
    if text_in_utf8 is not data:
        return text_in_utf8, [mark]
    if codecs.lookup(encoding).name in ("utf-8", "ascii"):
        return data, []
    text = data.decode(encoding, "replace")
    lost = text.count("\ufffd")
    if not lost:
        return text.encode(), []
    message = f"{lost} bytes are not valid {encoding}; they are shown as a replacement character."
    return text.encode(), [Damage(DamageKind.ENCODING, Effect.REPAIRED, message, lost)]


def _read_numbers_or_texts(data: bytes, layout: Layout) -> _Rows | None:
    """Read an undamaged text in one pass, in a second one where a column that looked like numbers has text as well."""
    if layout.loose:
        result = _read_whole(data, replace(layout, text_columns=layout.text_columns - layout.loose))
        if result is not None and not _not_finite(result[0].select(layout.loose)):
            return result
    return _read_whole(data, layout)


def _read_whole(data: bytes, layout: Layout) -> _Rows | None:
    """Read an undamaged text in one pass; None when anything does not fit."""
    import polars as pl

    if layout.offset >= len(data):
        return pl.DataFrame(schema=schema(layout, layout.named)), np.empty(0, np.int64), ()
    separator = layout.separator.encode()
    trailing = layout.columns[-1] == ""
    if trailing and not data.endswith((b"\n", separator)):
        return None
    try:
        frame = pl.read_csv(
            data,
            has_header=False,
            skip_rows=layout.first_line - 1,
            separator=layout.separator,
            quote_char='"' if layout.quoted else None,
            schema=schema(layout, layout.columns),
            decimal_comma=layout.decimal_comma,
            glob=False,
        )
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        return None
    rows = frame.height
    if trailing and not _blank(frame.get_column("")):
        return None
    named = frame.drop("") if trailing else frame
    nulls = [column.null_count() for column in named.get_columns()]
    if rows and nulls and min(nulls):
        return None
    # Short rows read as nulls at their end: only a count of the separators tells them from empty cells.
    separators = rows * (len(layout.columns) - 1) if rows and nulls and nulls[-1] else None
    if not _holds_no_more(data, layout, separators):
        return None
    texts = layout.header and not layout.text_columns.isdisjoint(layout.named)
    if texts and not _refused_as_row(layout) and data.find(b"\n" + layout.header, layout.offset - 1) >= 0:
        return None
    return named, np.arange(layout.first_line, layout.first_line + rows, dtype=np.int64), ()


def _blank(column: pl.Series) -> bool:
    """Whether no cell of a text column holds anything but blanks."""
    if column.null_count() == len(column):
        return True
    return bool((column == " ").all()) or not column.str.strip_chars().str.len_bytes().sum()


def _refused_as_row(layout: Layout) -> bool:
    """Whether a header between the rows would be an error: a word stands where a number belongs."""
    words = [word.strip() for word in layout.header.split(layout.separator.encode())]
    return any(
        name[:1].isalpha() and not name.lower().startswith(_NUMBER_WORDS) and name.encode() in words
        for name in layout.named
        if name not in layout.text_columns
    )


def _holds_no_more(data: bytes, layout: Layout, separators: int | None) -> bool:
    """Whether a text has so many separators in its rows (None: any number), and no zero byte where a text would hide it.

    A zero byte in a number is an error that shows by itself.
    """
    in_text = bool(layout.text_columns or layout.loose)
    if separators is None:
        return not (in_text and b"\0" in data)
    text = np.frombuffer(data, np.uint8)
    separator, count = ord(layout.separator), 0
    # Piece by piece, so that both looks are at the cache of the processor.
    for at in range(0, len(data), _PIECE):
        end = at + _PIECE
        if in_text and data.find(b"\0", at, end) >= 0:
            return False
        count += int(np.count_nonzero(text[max(at, layout.offset) : end] == separator))
    return count == separators


def _only_finite(frame: pl.DataFrame) -> pl.DataFrame:
    """Make nulls of cells that read "nan" or "inf", or whose number is too large for a float."""
    import polars as pl

    suspect = _not_finite(frame)
    if not suspect:
        return frame
    return frame.with_columns(pl.when(pl.col(name).is_finite()).then(pl.col(name)) for name in suspect)


def _not_finite(frame: pl.DataFrame) -> list[str]:
    """The number columns with a cell that is not finite, or whose sum is not."""
    import polars as pl

    columns = [series for series in frame.get_columns() if series.dtype == pl.Float64]
    return [series.name for series in columns if not np.isfinite(float(series.sum() or 0.0))]
