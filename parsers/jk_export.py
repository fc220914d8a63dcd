"""The detail log of a JK BMS as the JK app (CSV) and the PC program JK-BMS-MONITOR (Excel) export it."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import ClassVar, Final

from ridelog.errors import ParseError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .jk_captions import is_detail_log
from .jk_export_rows import NUMBERS, SWITCHES, Rows, detail_log_of_rows
from .workbook import XLS_MAGIC, XLSX_MAGIC, captions_of_workbook, sheets_of_workbook

_SEPARATORS: Final = (",", ";", "\t")
_HEADER_LINES: Final = 20
_HEADER_BYTES: Final = 16_384
#: Words that some caption of a detail log holds in every spelling that is known; cheap to look for.
_WORDS: Final = (b"cell", b"full")


class JkExport(Parser):
    """Detail log of a JK BMS, exported by the app as CSV or by the PC program as an Excel sheet.

    Neither file has a published layout, so columns are found by their captions, in any order: `Battery Voltage (V)`,
    `Battery Current (A)` (positive when charging), `SOC Cap. Remain (AH)`, `SOC Full Charge Cap. (AH)`, `Max Cell
    Voltage (V)`, `Min Cell Voltage (V)`, `Max Cell Voltage No`, `Min Cell Voltage No`, `Max Temp (C)`, `Min Temp (C)`,
    `Temp MOS (C)`, `Heat Current (A)`, `Charge MOS Status`, `Discharge MOS Status`, `Balance Status`, `Heating Status`,
    a column of stamps (`YYYY-MM-DD HH:MM:SS`, the wall clock of the phone) and one with the event in words. Rows are
    an hour apart, and one at each event; a file with the newest row first is turned round.
    """

    name: ClassVar[str] = "jk-export"
    title: ClassVar[str] = "JK BMS detail log, exported by the app (CSV) or JK-BMS-MONITOR (Excel)"
    device: ClassVar[str] = "JK BMS"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = (
        *NUMBERS.values(),
        "battery_current",
        "cell_max_index",
        "cell_min_index",
        *SWITCHES,
        "event",
        "event_text",
        "event_code",
        "protections",
    )
    clock: ClassVar[str] = "wall clock of the phone or PC, without a zone"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions of the detail log."""
        head = source.head
        if head.startswith((XLSX_MAGIC, XLS_MAGIC)):
            return _sniff_workbook(source)
        if b"\0" in head[:2] or head.lstrip()[:1] in (b"{", b"<"):
            return Sniff.no("no table with captions")
        start = head[:_HEADER_BYTES].replace(b"\0", b"").lower()
        if (
            any(word not in start for word in _WORDS)
            or _find_header(_first_lines(_decode(head[:_HEADER_BYTES]))) is None
        ):
            return Sniff.no("no line with the captions of a JK detail log (cells, capacities and temperatures by name)")
        return Sniff.yes("the captions are those of a JK detail log")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the records.

        Raises:
            ParseError: If no row has a stamp, or the workbook is damaged.
        """
        captions, rows = _read_workbook(source) if _is_workbook(source) else _read_text(source)
        return [detail_log_of_rows(captions, rows, parser=self.name, path=source.label, zone=options.zone)]


def _is_workbook(source: Source) -> bool:
    return source.head.startswith((XLSX_MAGIC, XLS_MAGIC))


def _sniff_workbook(source: Source) -> Sniff:
    if is_detail_log(captions_of_workbook(source.data)):
        return Sniff.yes("a workbook with the captions of a JK detail log")
    return Sniff.no("the workbook has no captions of a JK detail log")


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030", "replace")


def _first_lines(text: str) -> list[str]:
    return text.split("\n", _HEADER_LINES)[:_HEADER_LINES]


def _cells(line: str, separator: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
    except csv.Error:
        return [cell.strip() for cell in line.split(separator)]


def _find_header(lines: Sequence[str]) -> tuple[int, str] | None:
    """Index of the line with the captions and the separator; None when there is none."""
    for index, line in enumerate(lines):
        for separator in _SEPARATORS:
            if line.count(separator) >= 4 and is_detail_log(_cells(line, separator)):
                return index, separator
    return None


def _read_text(source: Source) -> tuple[list[str], Rows]:
    text = _decode(source.data).rstrip("\0")
    header = _find_header(_first_lines(text))
    if header is None:
        raise ParseError("has no line with the captions of a JK detail log.", path=source.label)
    index, separator = header
    lines = text.split("\n")
    rows: Rows = []
    reader = csv.reader(io.StringIO("\n".join(lines[index + 1 :]), newline=""), delimiter=separator)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                rows.append((index + 1 + reader.line_num, [cell.strip() for cell in cells]))
    except csv.Error as error:
        place = f"line {index + 1 + reader.line_num}"
        raise ParseError(f"is no table ({error}).", path=source.label, place=place) from error
    return _cells(lines[index], separator), rows


def _read_workbook(source: Source) -> tuple[list[str], Rows]:
    for cells in sheets_of_workbook(source).values():
        for index, row in enumerate(cells[:_HEADER_LINES]):
            if is_detail_log(row):
                rows = [(number, cells) for number, cells in enumerate(cells[index + 1 :], start=index + 2)]
                return row, [(number, cells) for number, cells in rows if any(cells)]
    raise ParseError(
        "has no sheet with the captions of a JK detail log.", path=source.label, advice="Export the tab 'Detail Logs'."
    )
