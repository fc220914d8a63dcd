"""The records of a JSON file nobody told us about: lines, lists, documents, columns; a cut tail costs its record."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ridelog.damage import Damage, DamageKind, Effect

from .json_text import DECODE_ERRORS, cut_off, load_cut

Record = dict[str, Any]

#: Numbers stay as they are written: a table reads them from their digits.
_DECODER: Final = json.JSONDecoder(parse_float=str, parse_int=str, parse_constant=str)
_BETWEEN: Final = " \t\r\n,\0\x1e"
#: Characters of the longest word of JSON, which may be cut: an error behind them is one of the end.
_LAST_WORD: Final = 9
#: What a cut leaves of a last record is at most so many times as long as one, else more than one is lost.
_ONE_RECORD: Final = 3
#: Lines in front of the first record that may hold something else.
_MOST_NOTES: Final = 20
#: How deep in a document its records are looked for.
_DEEPEST: Final = 5
#: Lists of names beside lists of rows, as data frames and time-series databases write them.
_ROWS_KEYS: Final = ("data", "values", "rows")
#: Fewest rows of a document that holds its columns by row numbers.
_FEWEST_NUMBERED: Final = 5


@dataclass(slots=True)
class Records:
    """Records as they come out of a file.

    Attributes:
        rows: Place and object of each; the place is the line it begins on, or its number from 1 in a document.
        damage: What was lost and what is not read.
        by_line: Whether places are lines.
    """

    rows: list[tuple[int, Record]] = field(default_factory=list)
    damage: list[Damage] = field(default_factory=list)
    by_line: bool = True


def find_records(text: str, head: bool = False) -> Records:
    """Find the records of a JSON text.

    Args:
        text: The text of a file, or the beginning of it.
        head: Whether it is the beginning alone, which ends anywhere.

    Returns:
        The records, none when there is nothing of the kind.
    """
    start = _after_blanks(text, 0)
    if text[start : start + 1] == "[" and text[(inside := _after_blanks(text, start + 1)) : inside + 1] == "{":
        return _one_by_one(text, start + 1, head, listed=True)
    try:
        first, end = _DECODER.raw_decode(text, start)
        if _after_blanks(text, end) < len(text):
            return _one_by_one(text, start, head)
        document, cut = first, False
    except DECODE_ERRORS:
        try:
            document, cut = load_cut(text[start:].rstrip(_BETWEEN), _DECODER)
        except DECODE_ERRORS:
            return _one_by_one(text, start, head)
    found = Records(by_line=False)
    tables = sorted(_tables(document, "", 0), key=lambda table: len(table[1]), reverse=True)
    if not tables or len(tables[0][1]) < 2:
        return Records([(1, document)] if isinstance(document, dict) else [])
    name, rows = tables[0]
    found.rows = list(enumerate(rows, 1))
    if cut and not head:
        found.damage.append(cut_off(len(rows)))
    others = [f"'{other}' ({len(more):,} records)" for other, more in tables[1:8] if other != name and len(more) > 1]
    if others:
        message = f"Beside the records in '{name}' the file has others, which are not read: {', '.join(others)}."
        found.damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message))
    return found


def _after_blanks(text: str, at: int) -> int:
    while at < len(text) and text[at] in _BETWEEN:
        at += 1
    return at


def _one_by_one(text: str, at: int, head: bool, *, listed: bool = False) -> Records:
    """Objects one behind the other, each where the one before ends, or on a line of its own after a broken one."""
    found = Records()
    broken: list[int] = []
    line, counted, cut, lost = 1, 0, 0, 0
    while True:
        at = _after_blanks(text, at)
        line, counted = line + text.count("\n", counted, at), at
        if at >= len(text) or text[at] == "]":
            cut = line if listed and at >= len(text) else 0
            break
        try:
            value, at = _DECODER.raw_decode(text, at) if text[at] == "{" else (None, at)
        except json.JSONDecodeError as error:
            value = None
            if error.pos > len(text) - _LAST_WORD or error.msg.startswith("Unterminated"):
                cut, lost = line, lost + len(text) - at
                break
        except DECODE_ERRORS:
            value = None
        if isinstance(value, dict):
            found.rows.append((line, value))
            continue
        following = text.find("\n", at)
        lost, at = lost - at, len(text) if following < 0 else following + 1
        lost += at
        broken.append(line)
        if not found.rows and len(broken) > _MOST_NOTES:
            break
    if found.rows and not head:
        usual = at / len(found.rows)
        found.damage += _broken(broken, lost)
        if cut and lost < _ONE_RECORD * usual:
            found.damage.append(cut_off(cut))
        elif cut:
            found.damage += _broken([cut], lost)
    if len({place for place, _ in found.rows}) < len(found.rows):
        found.rows = [(place, record) for place, (_, record) in enumerate(found.rows, 1)]
        found.by_line = False
    return found


def _broken(broken: Sequence[int], lost: int) -> tuple[Damage, ...]:
    if not broken:
        return ()
    message = f"{lost:,} characters in {len(broken)} places are not JSON records; they are passed over."
    return (Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(broken), tuple(broken[:20])),)


def _tables(value: object, name: str, depth: int) -> Iterator[tuple[str, list[Record]]]:
    """Everything in a document that is a list of records, and what amounts to one."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        records = [item for item in value if isinstance(item, dict)]
        if records and len(records) * 2 > len(value):
            yield name, records
            if len(records) > 3:
                return
        elif value and isinstance(value[0], list) and value[0] and all(_is_name(item) for item in value[0]):
            yield name, _with_names(value[0], value[1:])
        for item in value[:3]:
            yield from _tables(item, name, depth + 1)
    if isinstance(value, dict):
        yield from _of_columns(value, name)
        for key, child in value.items():
            if isinstance(child, dict | list):
                yield from _tables(child, key, depth + 1)


def _is_name(value: object) -> bool:
    return isinstance(value, str) and any(character.isalpha() for character in value)


def _with_names(names: Sequence[str], rows: Sequence[object]) -> list[Record]:
    return [dict(zip(names, row, strict=False)) for row in rows if isinstance(row, list)]


def _of_columns(value: Record, name: str) -> Iterator[tuple[str, list[Record]]]:
    names = value.get("columns")
    if isinstance(names, list) and names and all(isinstance(item, str) for item in names):
        for key in _ROWS_KEYS:
            rows = value.get(key)
            if isinstance(rows, list) and rows and isinstance(rows[0], list):
                yield name or key, _with_names(names, rows)
    lists = {
        key: child
        for key, child in value.items()
        if isinstance(child, list) and child and not isinstance(child[0], dict | list)
    }
    usual = Counter(len(child) for child in lists.values()).most_common(1)
    if usual and usual[0][1] >= 2 and usual[0][0] >= 2:
        whole = {key: child for key, child in lists.items() if len(child) == usual[0][0]}
        yield name, [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]
    numbered = [child for child in value.values() if isinstance(child, dict)]
    if len(numbered) >= 2 and len(numbered) == len(value) and len(numbered[0]) >= _FEWEST_NUMBERED:
        places = list(numbered[0])
        if places[:2] == ["0", "1"] and all(list(child) == places for child in numbered):
            yield name, [{key: child[place] for key, child in value.items()} for place in places]
