"""Rows on a clock: rows without a stamp or data go, exact repeats stay once, and the clock never runs backwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import repair_backward_steps
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .text_bytes import text_changes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Captions of wheel logs that are all 0 while the app does not hear the wheel: one that answers has a voltage. The distance
#: and the charge of the answer before may be held.
UNHEARD_WHEEL: Final = ("speed", "voltage", "current")


@dataclass(frozen=True, slots=True)
class TimedRows:
    """Rows fit for a log.

    Attributes:
        frame: The columns.
        lines: Source row of each row, shape (rows,).
        seconds: Stamps in s on the clock of the file, shape (rows,), never decreasing.
        damage: What was dropped or repaired.
    """

    frame: pl.DataFrame
    lines: NDArray[np.int64]
    seconds: NDArray[np.float64]
    damage: tuple[Damage, ...]

    def without(self, unheard: NDArray[np.bool_]) -> TimedRows:
        """The same without the rows, shape (rows,), in which the logger did not hear the vehicle."""
        kept = _keep(self.frame, self.lines, self.seconds, ~unheard)
        return TimedRows(*kept, (_unheard(self.lines[unheard]), *self.damage))


def timed_rows(
    frame: pl.DataFrame,
    lines: NDArray[np.int64],
    seconds: NDArray[np.float64],
    *,
    path: str,
    expected: str,
    zero_columns: tuple[str, ...] = (),
) -> TimedRows:
    """Drop rows without a stamp, exact repeats and rows of zeros, and close backward steps of the clock.

    Args:
        frame: The columns, shape (n, columns), time column included.
        lines: Source row of each row, shape (n,).
        seconds: Stamps in s, shape (n,); NaN where the stamp cannot be read.
        path: Name of the file, for the error.
        expected: What a stamp should look like, for the error.
        zero_columns: Number columns that are all 0 or empty in a row only while the logger does not hear the vehicle.

    Returns:
        At least one row.

    Raises:
        ParseError: If no row has a stamp, or all are rows of zeros.
    """
    damage: list[Damage] = []
    stamped = np.isfinite(seconds)
    if not stamped.any():
        raise ParseError(
            f"no row has a time stamp; expected {expected}.", path=path, advice="The file may be cut off or edited."
        )
    if not stamped.all():
        lost = lines[~stamped]
        damage.append(
            Damage(
                DamageKind.BROKEN_ROW,
                Effect.LOST,
                f"{len(lost)} rows have no readable time stamp.",
                len(lost),
                tuple(int(line) for line in lost[:20]),
                "time",
            )
        )
        frame, lines, seconds = _keep(frame, lines, seconds, stamped)
    repeated = _repeats(frame, seconds)
    if repeated.any():
        repeats = lines[repeated]
        damage.append(
            Damage(
                DamageKind.DUPLICATE_ROW,
                Effect.REPAIRED,
                f"{len(repeats)} rows repeat another row exactly, time stamp included; each is kept once.",
                len(repeats),
                tuple(int(line) for line in repeats[:20]),
            )
        )
    empty = _zeros(frame, zero_columns) & ~repeated
    if empty.any():
        damage.append(_unheard(lines[empty]))
    keep = ~(repeated | empty)
    if not keep.any():
        raise ParseError("no row holds data of the vehicle, only zeros.", path=path)
    if not keep.all():
        frame, lines, seconds = _keep(frame, lines, seconds, keep)
    seconds, steps = repair_backward_steps(seconds, lines)
    return TimedRows(frame, lines, seconds, (*damage, *steps))


def _unheard(lines: NDArray[np.int64]) -> Damage:
    return Damage(
        DamageKind.EMPTY_ROW,
        Effect.NOTED,
        f"{len(lines)} rows hold zeros and at most a distance or charge that the app kept, as before the first and after the "
        "last answer of the vehicle; dropped.",
        len(lines),
        tuple(int(line) for line in lines[:20]),
    )


def _repeats(frame: pl.DataFrame, seconds: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Rows that are equal to an earlier one."""
    repeats = np.zeros(len(seconds), dtype=bool)
    if (seconds[1:] < seconds[:-1]).any():
        import polars as pl

        if len(np.unique(seconds)) < len(seconds):
            repeats = ~frame.select(pl.struct(frame.columns).is_first_distinct()).to_series().to_numpy()
        return repeats
    # On a clock that only runs forward a repeat follows the row it repeats.
    same = seconds[1:] == seconds[:-1]
    # Numbers first: they are quicker to compare, and mostly tell two rows apart.
    for column in sorted(frame.get_columns(), key=lambda column: not column.dtype.is_float()):
        if not same.any():
            return repeats
        same &= _equal_to_previous(column, same)
    repeats[1:] = same
    return repeats


def _equal_to_previous(column: pl.Series, asked: NDArray[np.bool_]) -> NDArray[np.bool_] | bool:
    """For each row but the first, whether it equals the one before; right where it is `asked`, shape (n - 1,)."""
    import polars as pl

    if column.null_count() == len(column):
        return True
    if column.dtype == pl.String:
        return ~text_changes(column)[1:]
    equal = np.zeros(len(column) - 1, dtype=bool)
    if not column.dtype.is_float():
        rows = np.flatnonzero(asked) + 1
        equal[rows - 1] = column[rows].eq_missing(column[rows - 1]).to_numpy()
        return equal
    values = column.to_numpy()
    np.equal(values[1:], values[:-1], out=equal)
    if column.null_count():
        empty = np.isnan(values)
        equal |= empty[1:] & empty[:-1]
    return equal


def _zeros(frame: pl.DataFrame, columns: tuple[str, ...]) -> NDArray[np.bool_]:
    """Rows in which all of `columns` are 0 or empty."""
    present = [name for name in columns if name in frame.columns]
    zeros = np.full(frame.height, bool(present))
    for name in present:
        if not zeros.any():
            break
        column = frame.get_column(name)
        # A column of text has no number in it that could be 0.
        if not column.dtype.is_numeric():
            zeros &= column.is_null().to_numpy()
            continue
        values = column.to_numpy()
        zeros &= (values == 0) | np.isnan(values) if column.null_count() else values == 0
    return zeros


def _keep(
    frame: pl.DataFrame, lines: NDArray[np.int64], seconds: NDArray[np.float64], rows: NDArray[np.bool_]
) -> tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.float64]]:
    import polars as pl

    return frame.filter(pl.Series(rows)), lines[rows], seconds[rows]
