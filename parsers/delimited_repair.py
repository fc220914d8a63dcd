"""The careful way through a damaged delimited text: keep every good row, name every bad one by its line."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .delimited_layout import Layout, schema

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Words that programs write for "no value", lower case.
NULL_WORDS: Final[tuple[str, ...]] = ("", "-", "--", "nan", "-nan", "null", "none", "n/a", "na", "inf", "-inf", "+inf")
_NEWLINE = 10
_CARRIAGE_RETURN = 13
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_damaged(data: bytes, layout: Layout) -> tuple[pl.DataFrame, NDArray[np.int64], tuple[Damage, ...]]:
    """Read a text whose rows do not all fit.

    Args:
        data: The bytes as UTF-8 without byte order mark and without zero bytes at the end.
        layout: What the head says about the rows.

    Returns:
        The good rows, their line numbers and the damage.
    """
    layout = replace(layout, quoted=b'"' in data)
    data, damage = _valid_utf8(data)
    starts, ends, lines, cut, zeros = _lines(data, layout)
    if zeros:
        message = f"{zeros:,} zero bytes lie between the rows, as a power cut leaves them."
        damage.append(Damage(DamageKind.NUL_BYTES, Effect.NOTED, message, zeros))
    rows = [data[start:end] for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
    good, empty = _count_fields(rows, cut, layout)
    candidates = [row for row, fit in zip(rows, good.tolist(), strict=True) if fit]
    frame, fits = _read_quoted(candidates, layout) if layout.quoted else _read_plain(candidates, layout)
    good[np.flatnonzero(good)[~fits]] = False
    bad = np.flatnonzero(~good & ~empty)
    damage += _tell(rows, lines, bad, np.flatnonzero(empty), layout, not data.endswith(b"\n"))
    return frame, lines[good], tuple(damage)


def _valid_utf8(data: bytes) -> tuple[bytes, list[Damage]]:
    try:
        data.decode()
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
        lost = text.count("\ufffd")
        message = f"{lost} bytes are not valid text; they are shown as a replacement character."
        return text.encode(), [Damage(DamageKind.ENCODING, Effect.REPAIRED, message, lost)]
    return data, []


def _lines(
    data: bytes, layout: Layout
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], int]:
    """Start, end and line number of each stretch of text after the header, and whether it ends without a line end.

    A run of zero bytes ends a stretch as a line end does; the last answer is how many there are.
    """
    text = np.frombuffer(data, np.uint8)
    newlines = np.flatnonzero(text == _NEWLINE)
    zeros = np.flatnonzero(text == 0)
    breaks = np.sort(np.concatenate((newlines, zeros))) if len(zeros) else newlines
    starts = np.concatenate(([0], breaks + 1)).astype(np.int64)
    ends = np.concatenate((breaks, [len(text)])).astype(np.int64)
    lines = np.searchsorted(newlines, starts).astype(np.int64) + 1
    after_zero = np.isin(starts - 1, zeros) | np.isin(ends, zeros)
    keep = (lines >= layout.first_line) & ~((starts == ends) & after_zero)
    if keep[-1] and starts[-1] == ends[-1]:
        keep[-1] = False
    cut = (np.isin(ends, zeros) | (ends == len(text)))[keep]
    starts, ends, lines = starts[keep], ends[keep], lines[keep]
    returns = (ends > starts) & (text[np.maximum(ends - 1, 0)] == _CARRIAGE_RETURN)
    return starts, ends - returns, lines, cut, len(zeros)


def _count_fields(
    rows: list[bytes], cut: NDArray[np.bool_], layout: Layout
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows have the right number of fields, and which hold nothing; rows are brought to one width in place."""
    separator = layout.separator.encode()
    wanted = len(layout.columns) - 1
    trailing = layout.columns[-1] == ""
    good = np.zeros(len(rows), bool)
    empty = np.zeros(len(rows), bool)
    for index, row in enumerate(rows):
        separators = row.count(separator)
        if not row.strip() or row == separator or (wanted and not row.strip(b" \t" + separator)):
            empty[index] = True
        elif layout.quoted or (separators == wanted and (not trailing or row.endswith(separator))):
            good[index] = True
        elif trailing and separators == wanted - 1 and not row.endswith(separator) and not cut[index]:
            rows[index] = row + separator
            good[index] = True
        elif not trailing and separators == wanted + 1 and row.endswith(separator):
            rows[index] = row[: -len(separator)]
            good[index] = True
    return good, empty


def _read_plain(rows: Sequence[bytes], layout: Layout) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    import polars as pl

    if not rows:
        return pl.DataFrame(schema=schema(layout, layout.named)), np.empty(0, bool)
    text = b"\n".join(rows)
    frame = pl.read_csv(
        text,
        has_header=False,
        separator=layout.separator,
        quote_char=None,
        schema=schema(layout, layout.columns),
        decimal_comma=layout.decimal_comma,
        ignore_errors=True,
        glob=False,
    )
    assert frame.height == len(rows)
    nulls = frame.select(pl.sum_horizontal(pl.all().is_null())).to_series().to_numpy()
    codes = np.frombuffer(text, np.uint8)
    cuts = np.flatnonzero((codes == ord(layout.separator)) | (codes == _NEWLINE))
    widths = np.diff(np.concatenate(([-1], cuts, [len(codes)]))) - 1
    empties = (widths == 0).reshape(len(rows), len(layout.columns)).sum(axis=1)
    doubtful = nulls > empties
    frame = frame.select(layout.named)
    if not doubtful.any():
        return frame, np.ones(len(rows), bool)
    where = np.flatnonzero(doubtful)
    cells = pl.read_csv(
        b"\n".join(rows[index] for index in where.tolist()),
        has_header=False,
        separator=layout.separator,
        quote_char=None,
        schema=dict.fromkeys(layout.columns, pl.String),
        glob=False,
    ).select(layout.named)
    second, second_fits = _numbers_of_text(cells, layout)
    fits = np.ones(len(rows), bool)
    fits[where[~second_fits]] = False
    place = "\0place"
    first = frame.with_columns(pl.Series(place, np.arange(len(rows)))).filter(pl.Series(~doubtful))
    second = second.with_columns(pl.Series(place, where[second_fits]))
    return pl.concat([first, second]).sort(place).drop(place), fits


def _read_quoted(rows: Sequence[bytes], layout: Layout) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    import polars as pl

    width = len(layout.columns)
    table: list[list[str]] = []
    fits = np.zeros(len(rows), bool)
    for index, row in enumerate(rows):
        try:
            cells = next(csv.reader([row.decode("utf-8", "replace")], delimiter=layout.separator), [])
        except csv.Error:
            continue
        if len(cells) == width + 1 and cells[-1] == "":
            cells.pop()
        if len(cells) == width - 1 and layout.columns[-1] == "" and cells[-1] != "":
            cells.append("")
        if len(cells) == width and (cells[-1] == "" or layout.columns[-1] != ""):
            table.append(cells)
            fits[index] = True
    texts = pl.DataFrame(table, schema=dict.fromkeys(layout.columns, pl.String), orient="row").select(layout.named)
    frame, good = _numbers_of_text(texts, layout)
    fits[np.flatnonzero(fits)[~good]] = False
    return frame, fits


def _numbers_of_text(texts: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, NDArray[np.bool_]]:
    """Read cells of text as numbers; the second answer tells which rows hold nothing else, the frame has only those."""
    import polars as pl

    # All columns in one go: a damaged header may promise thousands.
    words = [name for name in texts.columns if name in layout.text_columns]
    numbers = [name for name in texts.columns if name not in layout.text_columns]
    stripped = texts.select(pl.col(numbers).str.strip_chars())
    if layout.decimal_comma:
        stripped = stripped.select(pl.all().str.replace(",", ".", literal=True))
    values = stripped.select(pl.all().cast(pl.Float64, strict=False))
    good = np.ones(texts.height, bool)
    suspects = [name for name in numbers if values.get_column(name).null_count()]
    if suspects:
        no_value = stripped.select(pl.col(suspects).str.to_lowercase().is_in(NULL_WORDS).fill_null(True))
        missing = values.select(pl.col(suspects).is_null())
        for name in suspects:
            good &= (no_value.get_column(name) | ~missing.get_column(name)).to_numpy()
    filled = texts.select(pl.when(pl.col(name) != "").then(pl.col(name)).alias(name) for name in words)
    columns = [(filled if name in layout.text_columns else values).get_column(name) for name in texts.columns]
    return pl.DataFrame(columns).filter(pl.Series(good)), good


def _tell(
    rows: Sequence[bytes],
    lines: NDArray[np.int64],
    bad: NDArray[np.int64],
    empty: NDArray[np.int64],
    layout: Layout,
    unfinished: bool,
) -> list[Damage]:
    header = layout.header.strip()
    repeated = [
        index for index in bad.tolist() if header and rows[index].removeprefix(_BYTE_ORDER_MARK).strip() == header
    ]
    broken = sorted(set(bad.tolist()) - set(repeated))
    tail = [broken.pop()] if unfinished and broken and broken[-1] == len(rows) - 1 else []
    blank = empty.tolist()
    while blank and blank[-1] == len(rows) - 1 - (len(empty) - len(blank)):
        blank.pop()
    kinds = (
        (DamageKind.BROKEN_ROW, Effect.LOST, broken, "{} rows are broken (cells missing, too many, or not numbers)"),
        (DamageKind.REPEATED_HEADER, Effect.REPAIRED, repeated, "The header line is repeated {} times between rows"),
        (DamageKind.EMPTY_ROW, Effect.NOTED, blank, "{} lines between the rows hold nothing"),
        (DamageKind.TRUNCATED_TAIL, Effect.LOST, tail, "The last row is cut off: the logger stopped while writing it"),
    )
    return [
        Damage(kind, effect, f"{text.format(len(found))}.", len(found), tuple(int(lines[i]) for i in found[:20]))
        for kind, effect, found, text in kinds
        if found
    ]
