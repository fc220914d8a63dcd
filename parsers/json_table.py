"""JSON of decoded values as a table: every key a column, keys of objects inside one another and lists spread out."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .json_table_records import Record, find_records
from .json_text import DECODE_ERRORS, json_text
from .table_captions import read_meanings
from .table_text import MOST_CAPTIONS, Layout
from .table_words import concepts_of, words_of

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

Path = tuple[str, ...]

_STARTS: Final = re.compile(r'\s*(?:\{\s*["}]|\[\s*[\[{])')
#: Rows that are made columns at a time, which bounds the memory for Python objects.
_BATCH: Final = 20_000
#: How deep objects lie in one another, and how many members of a list are looked at.
_DEEPEST: Final = 6
_LONGEST_LIST: Final = 512
_NUMBERS: Final = tuple(f"{number}" for number in range(1, _LONGEST_LIST + 1))
#: JSON inside a text, as brokers of messages pass it on; characters.
_LONGEST_INNER: Final = 50_000
#: What an object around the values may be called without saying anything about them.
_WRAPPERS: Final = frozenset({"state", "time", "date", "mode", "code"})
#: Values that are none of a state of charge.
_OWN: Final = frozenset({"voltage", "current", "power", "soc", "capacity"})
_DATE: Final = re.compile(r"\d{4}-\d\d?-\d\d?[T ]\d\d?:\d\d|\d\d?[./]\d\d?[./]\d{4} \d\d?:\d\d")


def is_json(head: bytes) -> bool:
    """Whether a file begins as JSON objects, or lists of them or of lists, do."""
    return bool(_STARTS.match(json_text(head[:400])))


def head_of_json(head: bytes) -> tuple[Layout, bool] | None:
    """The captions that the first bytes of a JSON file show.

    Returns:
        The layout, and whether its records hold dates with a time of day; None when it holds no records.
    """
    return layout_of_records([record for _, record in find_records(json_text(head), head=True).rows[:50]])


def layout_of_records(records: Sequence[Record]) -> tuple[Layout, bool] | None:
    """The captions of some records, and whether they hold dates with a time of day; None when they hold nothing."""
    columns = _columns(records)
    if not columns:
        return None
    dated = any(all(cell is None or _DATE.match(cell) for cell in cells) for cells in columns.values())
    return _layout(list(columns)), dated


def read_json(data: bytes, path: str) -> tuple[Layout, pl.DataFrame, NDArray[np.int64], tuple[Damage, ...], bool]:
    """Read a JSON file as a table of text.

    Args:
        data: The bytes of the file.
        path: Name of the file, for errors.

    Returns:
        The layout; text columns, null for what a record does not have; the line of each record (its number from 1
        where several stand on one line); what was lost; whether the places are lines.

    Raises:
        ParseError: If it holds no records.
    """
    found = find_records(json_text(data))
    if not found.rows:
        raise ParseError(
            "holds no JSON records.", path=path, advice="One JSON object a line, or a list of objects, can be read."
        )
    layout, frame, lines = table_of_records(found.rows, path)
    damage = tuple(found.damage)
    if not found.by_line:
        message = "Rows are counted by JSON records, from 1."
        damage = (*damage, Damage(DamageKind.NOTE, Effect.NOTED, message))
    return layout, frame, lines, damage, found.by_line


def table_of_records(rows: Sequence[tuple[int, Record]], path: str) -> tuple[Layout, pl.DataFrame, NDArray[np.int64]]:
    """Records as a table of text.

    Args:
        rows: Place in the file and values of each record; numbers are texts.
        path: Name of the file, for errors.

    Returns:
        The layout; text columns, null for what a record does not have; the places, shape (records,).

    Raises:
        ParseError: If they hold no values.
    """
    import polars as pl

    places: dict[Path, str] = {}
    frames = []
    for start in range(0, len(rows), _BATCH):
        columns = _columns([record for _, record in rows[start : start + _BATCH]])
        for column in columns:
            places.setdefault(column, f"{len(places)}")
        frames.append(
            pl.DataFrame({places[column]: pl.Series(cells, dtype=pl.String) for column, cells in columns.items()})
        )
    paths = list(places)[:MOST_CAPTIONS]
    if not paths:
        raise ParseError("holds records without values.", path=path)
    frame = pl.concat(frames, how="diagonal").select([places[column] for column in paths])
    return _layout(paths), frame, np.array([place for place, _ in rows], np.int64)


def _layout(paths: Sequence[Path]) -> Layout:
    captions = _captions(paths)
    return Layout("utf-8", "", 0, captions, tuple(read_meanings(captions)))


def _columns(records: Sequence[Record]) -> dict[Path, list[str | None]]:
    """One column of text for each value that occurs, in the order of the file."""
    columns: dict[Path, list[str | None]] = {}
    for row, record in enumerate(records):
        cells: list[tuple[Path, str | None]] = []
        _collect(record.items(), (), 0, cells)
        for path, cell in cells:
            column = columns.get(path)
            if column is None:
                if len(columns) >= MOST_CAPTIONS:
                    continue
                column = columns[path] = [None] * row
            missing = row - len(column)
            if missing > 0:
                column.extend([None] * missing)
            if missing >= 0:
                column.append(cell)
    for column in columns.values():
        column.extend([None] * (len(records) - len(column)))
    return columns


def _collect(members: Iterable[tuple[str, Any]], path: Path, depth: int, cells: list[tuple[Path, str | None]]) -> None:
    """Add the values of an object or a list with the keys that lead to them; numbers are texts already."""
    for key, value in members:
        here = (*path, key if key.isascii() else _sound(key))
        if isinstance(value, str):
            inner = _inner(value) if value[:1] == "{" and len(value) <= _LONGEST_INNER and depth < _DEEPEST else None
            if inner is None:
                cells.append((here, (value if value.isascii() else _sound(value)).strip() or None))
            else:
                _collect(inner.items(), here, depth + 1, cells)
        elif value is None:
            cells.append((here, None))
        elif isinstance(value, bool):
            cells.append((here, "true" if value else "false"))
        elif depth < _DEEPEST:
            inside = value.items() if isinstance(value, dict) else zip(_NUMBERS, value, strict=False)
            _collect(inside, here, depth + 1, cells)


def _sound(text: str) -> str:
    """A text without the halves of characters that escapes in JSON can spell and no file can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _inner(text: str) -> Record | None:
    try:
        value = json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except DECODE_ERRORS:
        return None
    return value if isinstance(value, dict) else None


def _captions(paths: Sequence[Path]) -> tuple[str, ...]:
    """A caption for each value: its key, with the keys around it as far as they say something about it.

    Keys such as "payload" or "status" only wrap what they hold. Where captions would be the same, and for members of
    lists that nobody knows the meaning of, it is all keys with points between them.
    """
    short = [_short(path) for path in paths]
    counts = Counter(short)
    return tuple(
        caption if caption and counts[caption] == 1 else ".".join(path)
        for caption, path in zip(short, paths, strict=True)
    )


def _short(path: Path) -> str:
    kept: list[str] = []
    for key, following in zip(path, (*path[1:], ""), strict=True):
        listed = following.isdecimal()
        if key.isdecimal() or not following:
            kept.append(key)
            continue
        concepts, unknown, _ = concepts_of(words_of(key))
        if concepts == {"soc"} and concepts_of(words_of(following))[0] & _OWN:
            # {"soc": {"total_voltage": 53.6, "soc_percent": 90}}: a message named after the first of its values.
            continue
        if key.lower() == "temps":
            kept.append("temperature")
        elif concepts and not unknown and not concepts <= _WRAPPERS:
            kept.append(key)
        elif listed:
            return ""
    return " ".join(kept)
