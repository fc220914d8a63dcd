"""The rows of pOnewheel: lines broken inside a cell are joined, shifted rows are told from whole ones."""

from __future__ import annotations

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .captions import read_captions

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_CELLS: Final = "battery_cells"
_POSITION: Final = ("gps_lat", "gps_long")
#: How a row starts: milliseconds since 1970, or a date and time.
_ROW_START: Final = re.compile(r'\s*"?(\d{12,14}|\d{4}-\d\d-\d\d[T ]\d\d:\d\d)')
#: What the older direct logger adds to a row, longitude first.
_LOCATION: Final = re.compile(r",LOC=\((-?[\d.Ee-]+),\s*(-?[\d.Ee-]+)\)\s*$")
#: Columns the app writes with two decimals in the language of the phone.
_DECIMALS: Final = frozenset({"odometer", "lifetime_odometer", "controller_temp", "motor_temp", "battery_temp"})
_FLAGS: Final = frozenset({"rider_detected", "rider_detected_pad1", "rider_detected_pad2", "charging"})
#: At least eight voltages or dashes, which no other run of columns is.
_CELL_LIST: Final = re.compile(r"\s*(?:(?:[0-5]\.\d{1,3}|--)\s+){7,}(?:[0-5]\.\d{1,3}|--)\s*")
_NO_VALUE: Final = frozenset({"", "null", "none", "nan"})
#: Longest row put together from pieces, characters; engineering judgement, ten times a real one.
_LONGEST_ROW: Final = 8192


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows as text.

    Attributes:
        frame: One String column a caption, null for no value.
        lines: First line of each row, shape (rows,).
        damage: What was dropped or repaired.
    """

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    damage: tuple[Damage, ...]


def read_rows(data: bytes, path: str) -> Rows:
    """Read the rows of a file.

    Args:
        data: The bytes of the file.
        path: Its name, for errors.

    Raises:
        ParseError: If it holds no row.
    """
    import polars as pl

    head = read_captions(data[:65_536], (",",))
    names = list(dict.fromkeys(head.names))
    if len(names) != len(head.names) or not names:
        raise ParseError("names a column twice.", path=path, place=f"line {head.line}")
    text = data.rstrip(b"\0").decode("utf-8-sig", "replace")
    pieces = _join_lines(text.split("\n"), head.line)
    whole: list[list[str | None]] = []
    lines: list[int] = []
    short: list[int] = []
    located = False
    for line, row in pieces:
        position = _LOCATION.search(row)
        cells = _cells(row[: position.start()] if position else row)
        fitted = _fit(cells, names)
        if fitted is None:
            fitted = _time_and_position(cells, names)
            short.append(line)
        values: list[str | None] = [None if cell.strip().lower() in _NO_VALUE else cell for cell in fitted]
        located |= position is not None
        whole.append([*values, position.group(2) if position else None, position.group(1) if position else None])
        lines.append(line)
    if not whole:
        raise ParseError("holds no row below its header.", path=path)
    frame = pl.DataFrame(whole, schema=dict.fromkeys((*names, " lat", " long"), pl.String), orient="row")
    if located:
        frame = frame.with_columns(
            pl.coalesce(pl.col(name), pl.col(other)).alias(name) if name in names else pl.col(other).alias(name)
            for name, other in zip(_POSITION, (" lat", " long"), strict=True)
        )
    return Rows(frame.drop(" lat", " long"), np.asarray(lines, np.int64), _damage(short, len(names)))


def _damage(short: Sequence[int], columns: int) -> tuple[Damage, ...]:
    if not short:
        return ()
    message = (
        f"{len(short)} rows do not have the {columns} cells of the header: which value is missing is not written, so "
        "only their time and position are kept."
    )
    return (Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(short), tuple(short[:20])),)


def _join_lines(lines: Sequence[str], header_line: int) -> list[tuple[int, str]]:
    """Join lines that do not start like a row to the row before them."""
    rows: list[tuple[int, str]] = []
    header = lines[header_line - 1].strip()
    for number, line in enumerate(lines[header_line:], header_line + 1):
        line = line.rstrip("\r\0")
        if not line.strip() or line.strip() == header:
            continue
        if not rows or _ROW_START.match(line) or len(rows[-1][1]) > _LONGEST_ROW:
            rows.append((number, line))
        else:
            rows[-1] = (rows[-1][0], f"{rows[-1][1]}\n{line}")
    return rows


def _cells(row: str) -> list[str]:
    try:
        return next(csv.reader([row.replace("\n", " ")]), [])
    except csv.Error:
        return row.split(",")


def _fit(cells: list[str], names: Sequence[str]) -> list[str] | None:
    """Cells in the places of their captions; None when they do not come out even."""
    surplus = len(cells) - len(names)
    if surplus > 0 and _CELLS in names:
        cells = _join_cells(cells, names.index(_CELLS), surplus)
        surplus = len(cells) - len(names)
    if surplus > 0:
        cells = _join_decimals(cells, names, surplus)
    if len(cells) != len(names):
        return None
    for name, cell in zip(names, cells, strict=True):
        word = cell.strip().lower()
        if name in _FLAGS and word not in _NO_VALUE and word not in ("true", "false", "0", "1"):
            return None
    return cells


def _join_cells(cells: list[str], at: int, surplus: int) -> list[str]:
    """Join the voltages of an unquoted list of cells, as many of them as look like voltages."""
    for size in range(surplus + 1, 1, -1):
        joined = " ".join(cells[at : at + size])
        if _CELL_LIST.fullmatch(joined):
            return [*cells[:at], joined, *cells[at + size :]]
    return cells


def _join_decimals(cells: list[str], names: Sequence[str], surplus: int) -> list[str]:
    """Join a number and its two decimals where a decimal comma cut them apart."""
    joined: list[str] = []
    at = 0
    for name in names:
        if at >= len(cells):
            break
        cell = cells[at]
        following = cells[at + 1] if at + 1 < len(cells) else ""
        if surplus and name in _DECIMALS and re.fullmatch(r"-?\d+", cell) and re.fullmatch(r"\d\d", following):
            cell, at, surplus = f"{cell}.{following}", at + 1, surplus - 1
        joined.append(cell)
        at += 1
    return joined if at == len(cells) else cells


def _time_and_position(cells: Sequence[str], names: Sequence[str]) -> list[str]:
    """A row with nothing but its first cell, and its last two where they are a position."""
    row = [""] * len(names)
    row[0] = cells[0] if cells else ""
    if tuple(names[-2:]) == _POSITION and len(cells) >= 3:
        row[-2:] = cells[-2:] if all(re.fullmatch(r"-?\d{1,3}\.\d+", cell.strip()) for cell in cells[-2:]) else ["", ""]
    return row
