"""What the head of a delimited text says about its rows: the names, the width, the number format."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ridelog.errors import ParseError

if TYPE_CHECKING:
    import polars as pl

#: Header fields a log may have; engineering judgement, ten times the widest real format.
MOST_COLUMNS = 4096
#: How far into the rows the layout is judged.
_SAMPLE_BYTES = 65_536
#: Rows whose cells are looked at.
_FIRST_ROWS = 50


@dataclass(frozen=True, slots=True)
class Layout:
    """What the head of a delimited text says about its rows.

    Attributes:
        columns: Column names, unique; the last is "" where rows end in a separator.
        text_columns: The ones to be read as text.
        separator: One character.
        quoted: Whether cells may be quoted: those of text always, numbers where a quote stands in the first rows.
        decimal_comma: Whether the decimal separator is a comma.
        header: The header line as it stands in the file, b"" where the file has none.
        first_line: 1-based number of the first line after the header.
        offset: Byte offset of that line.
        absent: How many of the header's last columns the rows do not have.
        loose: Of the text columns those that may hold numbers, and do in the first rows.
    """

    columns: tuple[str, ...]
    text_columns: frozenset[str]
    separator: str
    quoted: bool
    decimal_comma: bool
    header: bytes
    first_line: int
    offset: int
    absent: int = 0
    loose: frozenset[str] = frozenset()

    @property
    def named(self) -> tuple[str, ...]:
        """The columns without the empty one that a separator at the end of each row makes."""
        return self.columns[:-1] if self.columns[-1] == "" else self.columns


def find_layout(
    data: bytes,
    separator: str,
    header: Sequence[str] | None,
    text_columns: Collection[str],
    skip_lines: int,
    path: str,
    loose_columns: Collection[str] = (),
) -> Layout:
    """Find out how the rows are laid out.

    Args:
        data: The text as UTF-8 without byte order mark.
        separator: One ASCII character.
        header: Names of a file without a header line.
        text_columns: Columns to be read as text.
        skip_lines: Lines before the header.
        path: Name of the file for error messages.
        loose_columns: Columns that hold numbers or text.

    Raises:
        ParseError: If there is no header line or it cannot be one.
    """
    texts = set(text_columns).union(map(printable, text_columns))
    loose = frozenset(map(printable, loose_columns)) - texts
    text_columns = texts | loose
    offset, line = 0, 1
    for _ in range(skip_lines):
        offset, line = _after_line(data, offset), line + 1
    # A quote that only comes later in a file of numbers does not fit, and the careful way looks for it again.
    quoted = bool(text_columns) or b'"' in data[: offset + _SAMPLE_BYTES]
    header_line = b""
    if header is None:
        while offset < len(data) and not header_line.strip():
            end = _after_line(data, offset)
            header_line = data[offset:end].rstrip(b"\r\n")
            offset, line = end, line + 1
        if not header_line.strip():
            raise ParseError("holds no header line.", path=path, advice="The logger may have lost power at its start.")
        if header_line.count(separator.encode()) >= MOST_COLUMNS:
            raise ParseError(f"the header has more than {MOST_COLUMNS} columns.", path=path, place=f"line {line - 1}")
        names = _split(header_line.decode("utf-8", "replace"), separator, quoted)
    else:
        names = list(header)
    if not names:
        raise ParseError("holds no header line.", path=path, advice="The logger may have lost power at its start.")
    sample = data[offset : offset + _SAMPLE_BYTES].splitlines()
    if len(data) > offset + _SAMPLE_BYTES:
        sample = sample[:-1]
    rows = [row for row in sample if row and not row.isspace()]
    columns = _unique(_fit_width([printable(name) for name in names], rows, separator, quoted))
    first_rows = [row.decode("utf-8", "replace") for row in rows[:_FIRST_ROWS]]
    decimal_comma = separator != "," and _has_decimal_commas(first_rows, separator)
    loose = loose.intersection(columns) - {""}
    if loose:
        loose -= _holding_text(columns, [_split(row, separator, quoted) for row in first_rows[:10]], decimal_comma)
    return Layout(
        columns=columns,
        text_columns=frozenset(text_columns),
        separator=separator,
        quoted=quoted,
        decimal_comma=decimal_comma,
        header=header_line,
        first_line=line,
        offset=offset,
        absent=max(0, len(names) - len(columns) - (names[-1].strip() == "")),
        loose=loose,
    )


def _holding_text(columns: Sequence[str], rows: Sequence[Sequence[str]], decimal_comma: bool) -> set[str]:
    """The columns with a cell that is neither empty nor a number."""
    found = set()
    for row in rows:
        for name, cell in zip(columns, row, strict=False):
            try:
                float(cell.replace(",", ".") if decimal_comma else cell or "0")
            except ValueError:
                if cell.strip():
                    found.add(name)
    return found


def printable(name: str) -> str:
    """A column name without control characters: some of them no table can have in a name.

    Polars takes a name from "^" to "$" for a pattern over all names; its first character goes too.
    """
    printable = (name if name.isprintable() else "".join(char for char in name if char.isprintable())).strip()
    return printable.lstrip("^") if printable.endswith("$") else printable


def _after_line(data: bytes, offset: int) -> int:
    end = data.find(b"\n", offset)
    return len(data) if end < 0 else end + 1


def _split(line: str, separator: str, quoted: bool) -> list[str]:
    if not quoted:
        return line.split(separator)
    import csv

    try:
        return next(csv.reader([line], delimiter=separator), [])
    except csv.Error:
        return line.split(separator)


def _fit_width(names: list[str], rows: Sequence[bytes], separator: str, quoted: bool) -> list[str]:
    """Names for the cells the rows really have; a separator at the end of the rows or of the header is no column."""
    mark = separator.encode()
    widths = Counter(
        [
            len(_split(row.decode("utf-8", "replace"), separator, quoted))
            if quoted and b'"' in row
            else row.count(mark) + 1
            for row in rows
        ]
    )
    if not widths:
        return names
    width, count = widths.most_common(1)[0]
    if width == len(names) + 1 and rows[0].endswith(mark):
        return [*names, ""]
    if width == len(names) - 1 and names[-1] == "":
        return names[:-1]
    if width == len(names) or count < 3 or count < 0.8 * len(rows) or width > MOST_COLUMNS:
        return names
    if width < len(names):
        return names[:width]
    return [*names, *(f"column {index + 1}" for index in range(len(names), width))]


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    result: list[str] = []
    taken: set[str] = set()
    for index, name in enumerate(names):
        given = name or ("" if index == len(names) - 1 else f"column {index + 1}")
        unique, again = given, 2
        while unique in taken:
            unique, again = f"{given} ({again})", again + 1
        taken.add(unique)
        result.append(unique)
    return tuple(result)


def _has_decimal_commas(rows: Sequence[str], separator: str) -> bool:
    """Tell whether cells like "81,2" and none like "81.2" are in the sample."""
    if not any("," in row for row in rows):
        return False
    commas = points = 0
    for row in rows:
        for cell in row.split(separator):
            whole, comma, fraction = cell.strip().lstrip("+-").partition(",")
            commas += bool(comma) and whole.isdecimal() and fraction.isdecimal()
            whole, point, fraction = cell.strip().lstrip("+-").partition(".")
            points += bool(point) and whole.isdecimal() and fraction.isdecimal()
    return commas > 0 and points == 0


def schema(layout: Layout, columns: Sequence[str]) -> dict[str, pl.DataType | type[pl.DataType]]:
    """Polars types of `columns`: text where the layout says so, else floats."""
    import polars as pl

    return {name: pl.String if name in layout.text_columns or name == "" else pl.Float64 for name in columns}
