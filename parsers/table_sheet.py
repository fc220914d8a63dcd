"""Spreadsheets as tables: a cheap look at the captions inside, and all cells as text."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
import zlib
from collections.abc import Collection
from typing import IO, TYPE_CHECKING, Final

from ridelog.errors import ParseError

from .table_captions import read_meanings
from .table_text import Layout, score_of

if TYPE_CHECKING:
    import polars as pl

    from ridelog.sources import Source

_ZIP: Final = b"PK\x03\x04"
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: How much of the strings and of the first sheet is looked at to recognise a workbook.
_LOOK_BYTES: Final = 131_072
#: Most bytes of a workbook after unpacking; engineering judgement, some 10 million cells.
_MOST_BYTES: Final = 600 << 20
#: Most cells of a sheet; engineering judgement, a day at ten rows a second with 30 columns.
_MOST_CELLS: Final = 30_000_000
#: Rows above the header that may hold notes.
_MOST_NOTES: Final = 40
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    zlib.error,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    KeyError,
)


def is_workbook(head: bytes) -> bool:
    """Whether a file starts like a spreadsheet: an office archive, or the older binary form."""
    return (
        head.startswith(_OLE)
        or (head.startswith(_ZIP) and b"xl/" in head)
        or (head.startswith(_ZIP) and b"spreadsheet" in head[:200])
    )


def captions_in(data: bytes) -> list[str] | None:
    """Texts at the start of a workbook that may be captions; None when it cannot be looked into cheaply."""
    if data.startswith(_OLE):
        return None
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            wanted = [name for name in names if name == "xl/sharedStrings.xml" or name == "content.xml"]
            wanted += sorted(name for name in names if name.startswith("xl/worksheets/sheet"))[:1]
            text = b""
            for name in wanted:
                with archive.open(name) as stream:
                    text += stream.read(_LOOK_BYTES)
    except _ZIP_ERRORS:
        return []
    found = re.findall(rb"<(?:t|text:p)(?:\s[^>]{0,80})?>([^<]{1,120})</(?:t|text:p)>", text)
    # Its module imports all of HTTP and TLS.
    from xml.sax.saxutils import unescape

    return [unescape(item.decode("utf-8", "replace")) for item in found[:2000]]


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

    best: tuple[int, Layout, list[list[object]]] | None = None
    for rows in _sheets(source):
        for index, row in enumerate(rows[:_MOST_NOTES]):
            captions = [_text(cell) or "" for cell in row]
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
    width = len(layout.captions)
    body = rows[layout.header_line :]
    columns = {
        _unique_name(layout.captions, place): pl.Series(
            [_text(row[place]) if place < len(row) else None for row in body], dtype=pl.String
        )
        for place in range(width)
    }
    return layout, pl.DataFrame(columns), layout.header_line + 1


def _unique_name(captions: tuple[str, ...], place: int) -> str:
    name = captions[place] or f"column {place + 1}"
    again = captions[:place].count(captions[place])
    return f"{name} ({again + 1})" if again and captions[place] else name


def _sheets(source: Source) -> list[list[list[object]]]:
    """All sheets as rows of cells."""
    data = source.data
    if data.startswith(_ZIP):
        _check_size(data, source.label)
    import python_calamine

    try:
        workbook = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        sheets = [workbook.get_sheet_by_name(name) for name in workbook.sheet_names]
        return [[list(row) for row in sheet.to_python(skip_empty_area=False)] for sheet in sheets]
    except BaseException as error:
        # The reader is compiled code: besides its own errors it can panic on damaged files.
        if isinstance(error, python_calamine.CalamineError | ValueError | OSError | zipfile.BadZipFile) or (
            type(error).__name__ == "PanicException"
        ):
            raise ParseError(f"is a damaged workbook ({str(error)[:120]}).", path=source.label) from error
        raise


def _check_size(data: bytes, path: str) -> None:
    """Refuse a workbook whose sheets, filled up to their last cell, are larger than any log.

    Raises:
        ParseError: If it is, or if it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            too_large = sum(entry.file_size for entry in entries) > _MOST_BYTES
            for entry in entries:
                if not too_large and entry.filename.startswith("xl/worksheets/"):
                    with archive.open(entry) as stream:
                        too_large = _cells(stream) > _MOST_CELLS
    except _ZIP_ERRORS as error:
        raise ParseError(f"is a damaged workbook ({error}).", path=path) from error
    if too_large:
        raise ParseError("unpacks to a very large workbook.", path=path, advice="Export the sheet as CSV.")


def _cells(stream: IO[bytes]) -> int:
    """Rows times columns up to the last cell a sheet names."""
    rows = columns = 0
    rest = b""
    while piece := stream.read(1 << 20):
        text = rest + piece
        for letters, digits in re.findall(rb'<c [^>]{0,40}?r="([A-Z]{1,3})(\d{1,7})"', text):
            rows = max(rows, int(digits))
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            columns = max(columns, column)
        rest = text[-64:]
    return rows * columns


def _text(cell: object) -> str | None:
    """A cell as text: stamps in ISO form, whole numbers without a fraction."""
    if cell is None or cell == "":
        return None
    if isinstance(cell, bool):
        return "1" if cell else "0"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, datetime.date | datetime.time):
        return cell.isoformat()
    if isinstance(cell, datetime.timedelta):
        return repr(cell.total_seconds())
    return str(cell).strip() or None
