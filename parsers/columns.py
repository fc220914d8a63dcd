"""Field tables: which column of a format is which channel, and what is done to its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ridelog.channels import CHANNELS, Kind
from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray

    from ridelog.log import LogBuilder


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a source format.

    Attributes:
        source: Caption in the file, as written there.
        channel: Canonical channel, or "" for a column that only the parser itself needs.
        scale: Factor to the canonical unit, applied first.
        offset: Added after scaling.
        conversion: What the scale, offset or sign mean, for the reader of the evidence.
        derived: From what the source computed the values when they are no measurement.
        sentinels: Values, in the source's unit, that mean "no sensor" when the whole column holds nothing else.
    """

    source: str
    channel: str
    scale: float = 1.0
    offset: float = 0.0
    conversion: str = ""
    derived: str = ""
    sentinels: tuple[float, ...] = ()


PERCENT = 0.01
KILOMETRES_PER_HOUR = 1 / 3.6
MILES_PER_HOUR = 0.44704
KILOMETRES = 1000.0
MILES = 1609.344
MILLI = 0.001


def add_columns(
    builder: LogBuilder,
    frame: pl.DataFrame,
    table: Iterable[Column],
    *,
    known: Iterable[str] = (),
    finite: bool = False,
) -> tuple[Damage, ...]:
    """Add the columns of a frame to a log by a field table; columns the table does not name are kept as they are.

    Args:
        builder: The log being built; the frame has one row for each of its rows.
        frame: Columns by the captions of the file.
        table: The field table; a column that is not in the frame is passed over.
        known: Captions the parser has dealt with itself (time stamps), not to be kept again.
        finite: Whether all numbers of the frame are finite, as those that `read_delimited` gives: spares the look at them.

    Returns:
        Damage: a missing sensor for each column that holds nothing but its sentinels; such a column becomes null. Cells
        of text in a column of numbers are named and become null.
    """
    damage: list[Damage] = []
    done = set(known)
    used: list[Column] = []
    silent: set[str] = set()
    for column in table:
        if column.source not in frame.columns or column.source in done:
            continue
        done.add(column.source)
        if not column.channel:
            continue
        used.append(column)
        if CHANNELS[column.channel].kind is Kind.TEXT:
            continue
        series = frame.get_column(column.source)
        if not series.dtype.is_numeric():
            series, unreadable = _read_numbers(series, column)
            frame = frame.with_columns(series)
            damage += unreadable
        if _holds_only(series, column.sentinels):
            shown = "/".join(f"{sentinel:g}" for sentinel in column.sentinels)
            damage.append(
                Damage(
                    DamageKind.MISSING_SENSOR,
                    Effect.NOTED,
                    f"Column '{column.source}' holds nothing but {shown}: no sensor is fitted, and none is assumed.",
                    len(series),
                    channel=column.channel,
                )
            )
            silent.add(column.source)
    values = _values(frame, [column for column in used if column.source not in silent], finite=finite)
    for column in used:
        given: object
        if CHANNELS[column.channel].kind is Kind.TEXT:
            given = _texts(frame.get_column(column.source).cast(str))
        elif column.source in silent:
            given = _nothing(frame.height)
        else:
            given = values[column.source]
        builder.add(column.channel, given, source=column.source, conversion=column.conversion, derived=column.derived)
    kept = frame.select(name for name in frame.columns if name not in done and name)
    numbers = _in_arrow(kept.select(name for name, kind in kept.schema.items() if kind.is_numeric()))
    for name in kept.columns:
        builder.keep(name, numbers[name] if name in numbers else _texts(kept.get_column(name)))
    return tuple(damage)


def _nothing(rows: int) -> pa.Array:
    import pyarrow as pa

    return pa.nulls(rows, pa.float64())


def _texts(column: pl.Series) -> pl.Series | pa.Array:
    """A column of text; that of an alarm which never came is not turned into Arrow row by row."""
    import polars as pl
    import pyarrow as pa

    if column.null_count() < len(column) or column.dtype != pl.String:
        return column

    return pa.nulls(len(column), pa.large_string())


def _values(
    frame: pl.DataFrame, columns: Iterable[Column], *, finite: bool
) -> dict[str, pa.ChunkedArray | NDArray[np.float64]]:
    """The values of columns of numbers in the units of their channels, by caption."""
    import polars as pl

    scaled = []
    for column in columns:
        kind = CHANNELS[column.channel].kind
        if kind is not Kind.TEXT:
            value = pl.col(column.source).cast(pl.Float64)
            value = value * column.scale if column.scale != 1.0 else value
            scaled.append(value + column.offset if column.offset else value)
    found = frame.select(scaled)
    # A sum is not finite where a value is not, and costs less than the look at each.
    looked_at = [] if finite else found.get_columns()
    flawed = [column.name for column in looked_at if not np.isfinite(float(column.sum() or 0.0))]
    values = _in_arrow(found.with_columns(pl.col(flawed).fill_nan(None)) if flawed else found)
    whole = {column.source for column in columns if CHANNELS[column.channel].kind is not Kind.NUMBER}
    return {name: found.get_column(name).to_numpy() if name in whole else array for name, array in values.items()}


def _in_arrow(frame: pl.DataFrame) -> dict[str, pa.ChunkedArray]:
    """The columns over the memory of the frame."""
    if not frame.width:
        return {}
    table = frame.to_arrow()
    return dict(zip(table.column_names, table.columns, strict=True))


def _read_numbers(series: pl.Series, column: Column) -> tuple[pl.Series, tuple[Damage, ...]]:
    """The numbers of a column that was read as text, because a cell or the caption is damaged."""
    import polars as pl

    numbers = series.cast(pl.String).str.strip_chars().cast(pl.Float64, strict=False)
    numbers = numbers.set(~numbers.is_finite(), None)
    lost = int((numbers.is_null() & series.is_not_null()).sum())
    if not lost:
        return numbers, ()
    message = f"{lost} cells of column '{column.source}' hold no number; they are left empty."
    return numbers, (Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, lost, channel=column.channel),)


def _holds_only(series: pl.Series, sentinels: tuple[float, ...]) -> bool:
    # The first value spares most columns the look at all of them.
    if not sentinels or not len(series) or series[0] not in sentinels:
        return False
    return bool(np.isin(series.to_numpy(), sentinels).all())


def as_written(
    frame: pl.DataFrame, table: Iterable[Column], written: Mapping[str, str]
) -> tuple[pl.DataFrame, tuple[Column, ...]]:
    """Bring a frame and a field table from captions in lower case to those the file has.

    Args:
        frame: Columns by captions in lower case.
        table: Field table by captions in lower case.
        written: Caption as the file writes it, by caption in lower case.

    Returns:
        The frame and the table by the captions of the file.
    """
    renamed = {name: written[name] for name in frame.columns if written.get(name, name) != name}
    if len({*renamed.values()}.union(set(frame.columns) - set(renamed))) < len(frame.columns):
        return frame, tuple(table)
    return frame.rename(renamed), tuple(replace(row, source=written.get(row.source, row.source)) for row in table)
