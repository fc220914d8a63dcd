"""Rows of WheelLog files: an appended tail may have another number of columns, and an alert may hold commas."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .captions import Captions
from .delimited import Delimited, read_delimited
from .text_lines import TextLines, damage_in_file, find_lines, gather_lines, line_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

_GPS: Final = ("latitude", "longitude", "gps_speed", "gps_alt", "gps_heading", "gps_distance")
_ELECTRIC: Final = ("phase_current", "current", "power", "torque", "pwm", "battery_level")
_METERS: Final = ("distance", "totaldistance", "system_temp")
_NEW: Final = ("speed", "voltage", *_ELECTRIC, *_METERS, "temp2", "tilt", "roll", "mode", "alert")
_OLD: Final = (
    *("speed", "voltage", "current", "power", "battery_level", *_METERS),
    *("cpu_temp", "tilt", "roll", "mode", "alert"),
)
#: Layouts that follow one another in one file: without and with satellite columns, of one version of the program.
FAMILIES: Final[tuple[tuple[tuple[str, ...], ...], ...]] = (
    (("date", "time", *_NEW), ("date", "time", *_GPS, *_NEW)),
    (("date", "time", *_OLD), ("date", "time", *_GPS, *_OLD)),
)
TEXT_COLUMNS: Final = frozenset({"date", "time", "mode", "alert"})
_KNOWN: Final = frozenset(name for family in FAMILIES for layout in family for name in layout)
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TIME: Final = re.compile(r"\d\d:\d\d:\d\d(\.\d{1,6})?")
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
#: Stands for a comma inside an alert while the rows are cut; no program writes it into a text.
_COMMA_IN_ALERT = 31
#: Longer than any line.
_TAIL_BYTES = 65_536
_MOST_ROWS_NAMED = 20


def headerless_layout(captions: Captions) -> Captions | None:
    """The header a file should have whose first line is a row already; None for any other file."""
    names = captions.names
    if len(names) < 2 or captions.separator != "," or not _DATE.fullmatch(names[0]) or not _TIME.fullmatch(names[1]):
        return None
    layout = next((layout for family in FAMILIES for layout in family if len(layout) == len(names)), None)
    return None if layout is None else Captions(layout, ",", captions.line - 1)


def read_wheellog(data: bytes, captions: Captions, path: str) -> Delimited:
    """Read the rows of a WheelLog file.

    Args:
        data: The bytes.
        captions: The header line.
        path: Name of the file for error messages.

    Returns:
        The rows under the captions of all layouts that occur, with null where a layout has no such column.

    Raises:
        ParseError: If the text cannot be cut into rows.
    """
    header, separator = captions.lower, captions.separator
    mixable = separator == "," and not data.startswith(_UTF16)
    if mixable and _ends_otherwise(data, header):
        return _read_mixed(data, captions, path)
    table = read_delimited(
        data,
        separator=separator,
        header=header,
        text_columns=TEXT_COLUMNS,
        loose_columns=frozenset(header) - _KNOWN,
        skip_lines=captions.line,
        path=path,
    )
    if mixable and any(damage.kind is DamageKind.BROKEN_ROW for damage in table.damage):
        return _read_mixed(data, captions, path)
    return table


def _ends_otherwise(data: bytes, header: tuple[str, ...]) -> bool:
    """Tell whether the last line has another number of cells than the header."""
    tail = data[-_TAIL_BYTES:].rstrip(b"\r\n\0")
    return tail[tail.rfind(b"\n") + 1 :].count(b",") != len(header) - 1


def _read_mixed(data: bytes, captions: Captions, path: str) -> Delimited:
    import polars as pl

    header, skip_lines = captions.lower, captions.line
    layouts = _layouts(header)
    text = np.frombuffer(data, np.uint8)
    lines = find_lines(text, ",")
    body = np.arange(len(lines.starts)) >= skip_lines
    layout_of, headers = _assign(data, text, lines, layouts, body)
    damage: list[Damage] = []
    if len(headers):
        rows = tuple(int(line) + 1 for line in headers[:_MOST_ROWS_NAMED])
        message = f"The header line is repeated {len(headers)} times between rows."
        damage.append(Damage(DamageKind.REPEATED_HEADER, Effect.REPAIRED, message, len(headers), rows))
    data = _hide_commas(text, lines, layout_of, layouts)
    frames: list[pl.DataFrame] = []
    numbers: list[NDArray[np.int64]] = []
    used = [index for index in range(len(layouts)) if (layout_of == index).any()]
    for index in used:
        which = np.flatnonzero(layout_of == index)
        part = read_delimited(
            gather_lines(data, lines, which),
            separator=",",
            header=layouts[index],
            text_columns=TEXT_COLUMNS,
            loose_columns=frozenset(layouts[index]) - _KNOWN,
            path=path,
        )
        frames.append(part.frame)
        numbers.append(line_numbers(which, part.lines))
        damage += [damage_in_file(found, which) for found in part.damage]
    if len(used) > 1:
        counts = " and ".join(f"{len(layouts[index])}" for index in used)
        first = int(np.flatnonzero(body & (layout_of >= 0) & (layout_of != layout_of[body][0]))[0]) + 1
        message = f"The file goes on with another number of columns ({counts}), from line {first}; read by position."
        damage.append(Damage(DamageKind.MISSING_HEADER, Effect.REPAIRED, message, 1, (first,)))
    if not frames:
        return Delimited(pl.DataFrame(schema=dict.fromkeys(header, pl.Float64)), np.empty(0, np.int64), tuple(damage))
    lines_read = np.concatenate(numbers)
    order = np.argsort(lines_read, kind="stable")
    frame = pl.concat(frames, how="diagonal")[order]
    if "alert" in frame.columns:
        frame = frame.with_columns(pl.col("alert").str.replace_all(chr(_COMMA_IN_ALERT), ",", literal=True))
    return Delimited(frame, lines_read[order], tuple(damage))


def _layouts(header: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """The layout of the header first, then those that may follow it."""
    family = next((layouts for layouts in FAMILIES if header in layouts), ())
    return (header, *(layout for layout in family if layout != header))


def _assign(
    data: bytes,
    text: NDArray[np.uint8],
    lines: TextLines,
    layouts: tuple[tuple[str, ...], ...],
    body: NDArray[np.bool_],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Layout of each line (-1 for one that is no row), and the lines that repeat a header."""
    assigned = np.full(len(lines.starts), -1, dtype=np.int64)
    for index, layout in enumerate(layouts):
        assigned[body & (lines.counts == len(layout) - 1)] = index
    is_letter = text[lines.starts[body]] > ord("9") if body.any() else np.empty(0, bool)
    letters = np.flatnonzero(body)[is_letter]
    headers = [
        line for line in letters.tolist() if data[lines.starts[line] : lines.ends[line]].lower().startswith(b"date,")
    ]
    exact = assigned >= 0
    exact[headers] = False
    for line in _lone_lines(assigned, exact).tolist():
        fields = data[lines.starts[line] : lines.ends[line]].decode("utf-8", "replace").split(",")
        exact[line] = _power_fits(dict(zip(layouts[assigned[line]], fields, strict=True)))
    # A line with commas in its alert, or a broken one, belongs to the rows before it.
    places = np.where(exact, np.arange(len(assigned)), -1)
    before = np.maximum.accumulate(places) if len(places) else places
    assigned = np.where(before >= 0, assigned[np.maximum(before, 0)], 0)
    assigned[~body] = -1
    assigned[headers] = -1
    return assigned, np.array(headers, dtype=np.int64)


def _lone_lines(assigned: NDArray[np.int64], exact: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Lines of a layout that neither neighbour has and that is not the header's: maybe only a torn row."""
    rows = np.flatnonzero(exact)
    kinds = assigned[rows]
    before = np.concatenate(([-1], kinds[:-1]))
    after = np.concatenate((kinds[1:], [-1]))
    lone: NDArray[np.int64] = rows[(kinds != 0) & (kinds != before) & (kinds != after)]
    return lone


def _power_fits(row: dict[str, str]) -> bool:
    """Tell whether power is voltage times current, as WheelLog computes it: cells of a torn row are shifted."""
    try:
        power, product = float(row["power"]), float(row["voltage"]) * float(row["current"])
    except ValueError:
        return False
    return power != 0 and abs(power - product) <= 0.5 + 0.02 * abs(power)


def _hide_commas(
    text: NDArray[np.uint8], lines: TextLines, assigned: NDArray[np.int64], layouts: tuple[tuple[str, ...], ...]
) -> bytes:
    """Replace the commas that do not separate columns; the alert is the last column."""
    last = np.array([len(layout) - 1 if layout[-1:] == ("alert",) else len(text) for layout in (*layouts, ())[:-1]])
    wanted = np.where(assigned >= 0, last[np.maximum(assigned, 0)], len(text))
    if not (lines.counts > wanted).any():
        return text.tobytes()
    line_of = np.repeat(np.arange(len(lines.starts)), lines.counts)
    ordinal = np.arange(len(line_of)) - np.repeat(lines.first - lines.first[0], lines.counts)
    inside = lines.separators[lines.first[0] :][: len(line_of)]
    changed = text.copy()
    changed[inside[ordinal >= wanted[line_of]]] = _COMMA_IN_ALERT
    return changed.tobytes()
