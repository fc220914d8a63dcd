"""JSON logs: hostile nesting and numbers are bounded, and lists of records become columns."""

from __future__ import annotations

import json
import math
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .json_text import DECODE_ERRORS, cut_off, json_text, load_cut

if TYPE_CHECKING:
    from numpy.typing import NDArray


def load_object(data: bytes, path: str) -> tuple[dict[str, object], tuple[Damage, ...]]:
    """Decode a file that is one JSON object; of one that is cut off, what was written to its end.

    Returns:
        The object, and what is missing at its end.

    Raises:
        ParseError: If it is not.
    """
    try:
        value, cut = load_cut(json_text(data), json.JSONDecoder())
    except DECODE_ERRORS as error:
        raise ParseError(
            f"is not whole JSON ({_first_line(error)}).", path=path, advice="Export the ride again; it may be cut off."
        ) from error
    if not isinstance(value, dict):
        raise ParseError("is JSON but not an object with the records of a ride.", path=path)
    return value, (cut_off(),) if cut else ()


def _first_line(error: Exception) -> str:
    return str(error).split("\n", 1)[0][:120]


def json_lines(data: bytes) -> Iterator[tuple[int, dict[str, object] | None]]:
    """Decode JSON lines one by one.

    Yields:
        Line number from 1 and the object, or None for a line that is no JSON object; blank lines are passed over.
    """
    text = json_text(data)
    for number, line in enumerate(text.split("\n"), 1):
        line = line.strip(" \t\r\0,")
        if not line or line in "[]":
            continue
        try:
            value = json.loads(line)
        except DECODE_ERRORS:
            yield number, None
            continue
        yield number, value if isinstance(value, dict) else None


def number(value: object) -> float:
    """A JSON value as a float; NaN for null, text, flags and what does not fit a float."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        result = float(value)
    except OverflowError:
        return math.nan
    return result if math.isfinite(result) else math.nan


def column(records: Sequence[dict[str, object]], key: str) -> NDArray[np.float64]:
    """One key of all records as floats, shape (records,); NaN where it is missing or no number."""
    return np.fromiter((number(record.get(key)) for record in records), np.float64, len(records))


def unknown_columns(
    records: Sequence[dict[str, object]], known: Collection[str]
) -> dict[str, NDArray[np.float64] | list[str | None]]:
    """Keys a format table does not know, as columns: floats where the values are numbers, else text.

    Args:
        records: The records; keys are those of the first 200, at most 200 of them.
        known: Keys that are dealt with.
    """
    names = dict.fromkeys(name for record in records[:200] for name in record if name not in known)
    result: dict[str, NDArray[np.float64] | list[str | None]] = {}
    for name in list(names)[:200]:
        values = [record.get(name) for record in records]
        if all(value is None or (isinstance(value, int | float) and not isinstance(value, bool)) for value in values):
            result[name] = column(records, name)
        else:
            result[name] = [None if value is None else json.dumps(value)[:200] for value in values]
    return result


def objects(value: object) -> list[dict[str, object]]:
    """The members of a JSON list that are objects; empty for anything else."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(value: object) -> str:
    """A JSON value as text, "" for null and for lists and objects."""
    return "" if value is None or isinstance(value, dict | list) else str(value)


def broken_lines(lines: Sequence[int], last_line: int) -> tuple[Damage, ...]:
    """Tell of lines that are no JSON: a cut-off last line and the rest.

    Args:
        lines: Numbers of the broken lines.
        last_line: Number of the last line that holds anything.
    """
    damage = []
    cut = [line for line in lines if line == last_line]
    broken = [line for line in lines if line != last_line]
    if broken:
        damage.append(
            Damage(
                DamageKind.BROKEN_ROW,
                Effect.LOST,
                f"{len(broken)} lines are not JSON records.",
                len(broken),
                tuple(broken[:20]),
            )
        )
    if cut:
        damage.append(
            Damage(
                DamageKind.TRUNCATED_TAIL,
                Effect.LOST,
                "The last line is cut off: the logger stopped while writing it.",
                1,
                tuple(cut),
            )
        )
    return tuple(damage)
