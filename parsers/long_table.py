"""Tables with one value a row, as databases of time series and dashboards export them: pivoted to one column a value."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.parsing import Sniff

from .json_table import layout_of_records
from .json_table_records import Record
from .plain_text import as_utf8
from .table import Table
from .table_judgement import judge_captions
from .table_source import Grid, grid_of_records

if TYPE_CHECKING:
    from ridelog.sources import Source

#: Captions, lower case, in the order in which they are looked for.
_TIMES: Final = ("_time", "time", "timestamp", "datetime", "date", "ts", "created_at")
_NAMES: Final = (
    "_field",
    "field",
    "series",
    "metric",
    "parameter",
    "variable",
    "signal",
    "sensor",
    "key",
    "name",
    "topic",
)
_VALUES: Final = ("_value", "value", "val", "payload")
_DEVICES: Final = ("device", "device_id", "mac", "serial", "host")
_SEPARATORS: Final = (",", ";", "\t")
#: Lines above the header that may hold annotations.
_MOST_NOTES: Final = 12
_LOOK_BYTES: Final = 16_384
_LONGEST_CELL: Final = 2_000
#: Stamps hold this many values on average, or the values of a poll have stamps of their own (engineering judgement).
_SHARED: Final = 1.5


@dataclass(frozen=True, slots=True)
class _Header:
    time: int
    name: int
    value: int
    device: int | None


@dataclass(frozen=True, slots=True)
class _Value:
    line: int
    stamp: str
    name: str
    value: str
    device: str


class LongTable(Table):
    """Table with one value a row: a time, the name of a value and the value itself.

    Annotated CSV of InfluxDB (`#datatype,...` above `,result,table,_start,_stop,_time,_value,_field,...`, tables one
    behind the other), dashboards that export series as rows (`Series;Time;Value`), and the like. Values with one
    stamp are one row; where each has a stamp of its own, a row goes on until a name comes again. Names are understood
    as captions of a table are.
    """

    name: ClassVar[str] = "long-table"
    title: ClassVar[str] = "Table with one value a row (InfluxDB, dashboards: time, name, value)"
    device: ClassVar[str] = "any logger"
    clock: ClassVar[str] = "whatever its time column counts"

    def sniff(self, source: Source) -> Sniff:
        """Answer as a fallback where a header names a time, a name and a value, and the names mean something."""
        if b"\0" in source.head[:1024] and not source.head.startswith((b"\xff\xfe", b"\xfe\xff")):
            return Sniff.no("not text")
        text = as_utf8(source.head).decode("utf-8-sig", "replace")
        if _find_header(text) is None:
            return Sniff.no("no header that names a time, a name and a value")
        # The series of one value may be longer than the head.
        whole = as_utf8(source.data).decode("utf-8-sig", "replace")
        names = list(dict.fromkeys(value.name for value in _values(whole)))
        layout = layout_of_records([dict.fromkeys(names, "1")])
        if layout is None:
            return Sniff.no("no rows with a time, a name and a value")
        return judge_captions(layout[0].meanings, "the names in the rows", dated=True)

    def grid(self, source: Source, named: Collection[str] = ()) -> Grid:  # noqa: ARG002 - see the base class
        """The values as a table with a column each."""
        values = list(_values(as_utf8(source.data).decode("utf-8-sig", "replace")))
        if not values:
            raise ParseError("holds no row with a time, a name and a value.", path=source.label)
        rows, shared = _rows(values)
        message = (
            "Values with one stamp are one row." if shared else "Each value has its stamp: a row has that of its first."
        )
        note = Damage(DamageKind.NOTE, Effect.NOTED, message)
        grid = grid_of_records(rows, source.label)
        return replace(grid, damage=(*grid.damage, note))


def _find_header(text: str) -> tuple[str, _Header] | None:
    for line in text[:_LOOK_BYTES].split("\n", _MOST_NOTES)[:_MOST_NOTES]:
        if line.startswith("#") or len(line) > _LONGEST_CELL:
            continue
        for separator in _SEPARATORS:
            header = _header_of(line.rstrip("\r").split(separator))
            if header is not None:
                return separator, header
    return None


def _header_of(cells: Sequence[str]) -> _Header | None:
    captions = [cell.strip(" \"'").lower() for cell in cells]
    places = [_place(captions, wanted) for wanted in (_TIMES, _NAMES, _VALUES)]
    if None in places or len(cells) < 3:
        return None
    time, name, value = (place for place in places if place is not None)
    return _Header(time, name, value, _place(captions, _DEVICES))


def _place(captions: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((captions.index(caption) for caption in wanted if caption in captions), None)


def _values(text: str) -> Iterator[_Value]:
    """Every value, by the header above it; annotations and repeated headers are passed over."""
    found = _find_header(text)
    if found is None:
        return
    separator, header = found
    started = False
    for line, cells in _lines(text, separator):
        again = _header_of(cells)
        if again is not None:
            header, started = again, True
            continue
        if not started or len(cells) <= max(header.time, header.name, header.value):
            continue
        stamp, name, value = cells[header.time].strip(), cells[header.name].strip(), cells[header.value].strip()
        if stamp and name and value:
            device = cells[header.device].strip() if header.device is not None and header.device < len(cells) else ""
            yield _Value(line, stamp, name, value, device)


def _lines(text: str, separator: str) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        if '"' in line:
            try:
                yield number, next(csv.reader([line], delimiter=separator), [])
            except csv.Error:
                continue
        else:
            yield number, line.split(separator)


def _rows(values: Sequence[_Value]) -> tuple[list[tuple[int, Record]], bool]:
    """Line and values of each row, and whether rows are the values that share a stamp."""
    told = len({value.device for value in values}) > 1
    keys = {(value.device, value.stamp) for value in values}
    shared = len(values) >= _SHARED * len(keys)
    rows: dict[tuple[str, str], tuple[int, Record]] = {}
    if shared:
        for value in values:
            _, record = rows.setdefault((value.device, value.stamp), (value.line, _begun(value, told)))
            record.setdefault(value.name, value.value)
        return _in_order(list(rows.values())), True
    result: list[tuple[int, Record]] = []
    current: dict[str, Record] = {}
    for value in sorted(values, key=lambda value: _order(value.stamp)):
        row = current.get(value.device)
        if row is None or value.name in row:
            row = current[value.device] = _begun(value, told)
            result.append((value.line, row))
        row[value.name] = value.value
    return result, False


def _begun(value: _Value, told: bool) -> Record:
    return {"time": value.stamp, "device": value.device} if told else {"time": value.stamp}


def _in_order(rows: list[tuple[int, Record]]) -> list[tuple[int, Record]]:
    """Rows by their stamps where series with other stamps stand one behind the other."""
    return sorted(rows, key=lambda row: _order(row[1]["time"]))


def _order(stamp: str) -> tuple[float, str]:
    """Sorts numbers as numbers and dates that begin with the year as texts; others keep the order of the file."""
    try:
        return float(stamp), ""
    except ValueError:
        return 0.0, stamp if stamp[:4].isdecimal() and stamp[4:5] in ("-", "/", ".") else ""
