"""Spreadsheets: a cheap look at the captions inside, and all cells as text."""

from __future__ import annotations

import datetime
import io
import lzma
import re
import zipfile
import zlib
from typing import IO, Final

from ridelog.errors import ParseError
from ridelog.sources import Source

XLSX_MAGIC: Final = b"PK\x03\x04"
XLS_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: How much of the texts and of each of the first sheets is looked at for captions.
_LOOK_BYTES: Final = 1 << 18
_SHEETS_LOOKED_AT: Final = 4
_MOST_CAPTIONS: Final = 4000
#: Most bytes of a workbook after unpacking, and most cells of a sheet; engineering judgement: a day at ten rows a second
#: with 30 columns.
_MOST_BYTES: Final = 600 << 20
_MOST_CELLS: Final = 30_000_000
#: What the archive reader of the standard library raises on damaged or encrypted input.
_ZIP_ERRORS: Final = (
    zipfile.BadZipFile,
    KeyError,
    ValueError,
    NotImplementedError,
    EOFError,
    OSError,
    RuntimeError,
    lzma.LZMAError,
    zlib.error,
)
_SHEET_XML: Final = re.compile(r"xl/worksheets/[^/]{1,60}\.xml")
_TEXT_XML: Final = re.compile(rb"<(?:t|text:p)(?:\s[^>]{0,80})?>([^<]{1,120})</(?:t|text:p)>")
_TEXT_BINARY: Final = re.compile(rb"[A-Za-z][A-Za-z0-9 ./]{2,40}(?:\([A-Za-z]{1,3}\))?")
_CELL_XML: Final = re.compile(rb'<c [^>]{0,40}?r="([A-Z]{1,3})(\d{1,7})"')


def is_workbook(head: bytes) -> bool:
    """Whether a file starts like a spreadsheet: an office archive, or the older binary form."""
    archive = head.startswith(XLSX_MAGIC) and (b"xl/" in head or b"spreadsheet" in head[:200])
    return archive or head.startswith(XLS_MAGIC)


def captions_of_workbook(data: bytes) -> list[str]:
    """Texts at the start of a workbook, where captions stand; of the binary form only those in plain letters.

    Returns:
        The texts, none for a damaged archive.
    """
    if data.startswith(XLS_MAGIC):
        # Texts stand there as bytes or as UTF-16.
        plain = data[: 1 << 20].replace(b"\0", b"")
        return [text.decode("ascii") for text in _TEXT_BINARY.findall(plain)[:_MOST_CAPTIONS]]
    parts: list[bytes] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            wanted = [name for name in names if name in ("xl/sharedStrings.xml", "content.xml")]
            wanted += [name for name in names if _SHEET_XML.fullmatch(name)][:_SHEETS_LOOKED_AT]
            for name in wanted:
                with archive.open(name) as stream:
                    parts.append(stream.read(_LOOK_BYTES))
    except _ZIP_ERRORS:
        pass
    # Its module imports all of HTTP and TLS.
    from xml.sax.saxutils import unescape

    found = _TEXT_XML.findall(b"".join(parts))
    return [unescape(text.decode("utf-8", "replace")).strip() for text in found[:_MOST_CAPTIONS]]


def sheets_of_workbook(source: Source) -> dict[str, list[list[str]]]:
    """The cells of every sheet as text, row by row from the first of the sheet.

    Returns:
        Cells by the name of the sheet: "" for an empty one, stamps as `YYYY-MM-DD HH:MM:SS`, whole numbers without a
        fraction, true and false as 1 and 0.

    Raises:
        ParseError: If the workbook is damaged, or unpacks to more than a log can hold.
    """
    import pandas as pd
    from python_calamine import CalamineError

    if source.head.startswith(XLSX_MAGIC):
        _check_size(source)
    try:
        sheets = pd.read_excel(
            io.BytesIO(source.data), sheet_name=None, header=None, engine="calamine", dtype=object, na_filter=False
        )
    except BaseException as error:
        # The reader is compiled code: besides its own errors it can panic on damaged files.
        if isinstance(error, (*_ZIP_ERRORS, CalamineError)) or type(error).__name__ == "PanicException":
            raise ParseError(
                f"is a damaged workbook ({str(error)[:120]}).", path=source.label, advice="Export it again, or as CSV."
            ) from error
        raise
    return {str(name): [[_text(cell) for cell in row] for row in cells.to_numpy()] for name, cells in sheets.items()}


def _check_size(source: Source) -> None:
    """Refuse a workbook whose sheets, filled up to their last cell, are larger than any log.

    Raises:
        ParseError: If it is, or if it is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
            entries = archive.infolist()
            too_large = sum(entry.file_size for entry in entries) > _MOST_BYTES
            for entry in entries:
                if not too_large and entry.filename.startswith("xl/worksheets/"):
                    with archive.open(entry) as stream:
                        too_large = _cells(stream) > _MOST_CELLS
    except _ZIP_ERRORS as error:
        raise ParseError(
            f"is a damaged workbook ({error}).", path=source.label, advice="Export it again, or as CSV."
        ) from error
    if too_large:
        raise ParseError("unpacks to a very large workbook.", path=source.label, advice="Export the sheet as CSV.")


def _cells(stream: IO[bytes]) -> int:
    """Rows times columns up to the last cell a sheet names."""
    rows = columns = 0
    rest = b""
    while piece := stream.read(1 << 20):
        text = rest + piece
        for letters, digits in _CELL_XML.findall(text):
            rows = max(rows, int(digits))
            column = 0
            for letter in letters:
                column = column * 26 + letter - 64
            columns = max(columns, column)
        rest = text[-64:]
    return rows * columns


def _text(cell: object) -> str:
    if cell is None or cell == "":
        return ""
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
    return str(cell).strip()
