"""Spreadsheets: a look at their captions without opening them whole, and their cells as text."""

from __future__ import annotations

import io
import lzma
import re
import zipfile
import zlib
from typing import Final

from ridelog.errors import ParseError
from ridelog.sources import Source

XLSX_MAGIC: Final = b"PK\x03\x04"
XLS_MAGIC: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
#: How much of the first members is looked at for captions, and most bytes a workbook may unpack to.
_LOOK: Final = 1 << 18
_MOST_BYTES: Final = 1 << 30
_MEMBERS: Final = 5
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


def captions_of_workbook(data: bytes) -> str:
    """The beginning of the shared texts and of the sheets, where captions stand; "" for a damaged archive."""
    parts: list[bytes] = []
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = [
                name
                for name in archive.namelist()
                if name == "xl/sharedStrings.xml" or re.fullmatch(r"xl/worksheets/[^/]{1,60}\.xml", name)
            ]
            for name in names[:_MEMBERS]:
                with archive.open(name) as stream:
                    parts.append(stream.read(_LOOK))
    except _ZIP_ERRORS:
        pass
    return b"".join(parts).decode("utf-8", "replace")


def sheets_of_workbook(source: Source) -> dict[str, list[list[str]]]:
    """The cells of every sheet as text, "" for an empty one, dates as `YYYY-MM-DD HH:MM:SS`.

    Raises:
        ParseError: If the workbook is damaged or unpacks to more than a log can hold.
    """
    import pandas as pd
    from python_calamine import CalamineError

    try:
        if source.head.startswith(XLSX_MAGIC):
            with zipfile.ZipFile(io.BytesIO(source.data)) as archive:
                if sum(entry.file_size for entry in archive.infolist()) > _MOST_BYTES:
                    raise ParseError("the workbook unpacks to more bytes than any log.", path=source.label)
        sheets = pd.read_excel(
            io.BytesIO(source.data), sheet_name=None, header=None, engine="calamine", dtype=object, na_filter=False
        )
    except (*_ZIP_ERRORS, CalamineError) as error:
        raise ParseError("is a damaged workbook.", path=source.label, advice="Export it again, or as CSV.") from error
    return {str(name): [[_text(cell) for cell in row] for row in cells.to_numpy()] for name, cells in sheets.items()}


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
