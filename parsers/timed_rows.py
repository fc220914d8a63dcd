"""Rows on a clock: rows without a stamp go, exact repeats are kept once, and the clock never runs backwards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ridelog.clock import repair_backward_steps
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


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


def timed_rows(
    frame: pl.DataFrame, lines: NDArray[np.int64], seconds: NDArray[np.float64], *, path: str, expected: str
) -> TimedRows:
    """Drop rows without a stamp and exact repeats, and close backward steps of the clock.

    Args:
        frame: The columns, shape (n, columns), time column included.
        lines: Source row of each row, shape (n,).
        seconds: Stamps in s, shape (n,); NaN where the stamp cannot be read.
        path: Name of the file, for the error.
        expected: What a stamp should look like, for the error.

    Returns:
        At least one row.

    Raises:
        ParseError: If no row has a stamp.
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
    if len(np.unique(seconds)) < len(seconds):
        first = frame.select(_first_of_equals(frame)).to_series().to_numpy()
        if not first.all():
            repeats = lines[~first]
            damage.append(
                Damage(
                    DamageKind.DUPLICATE_ROW,
                    Effect.REPAIRED,
                    f"{len(repeats)} rows repeat another row exactly, time stamp included; each is kept once.",
                    len(repeats),
                    tuple(int(line) for line in repeats[:20]),
                )
            )
            frame, lines, seconds = _keep(frame, lines, seconds, first)
    seconds, steps = repair_backward_steps(seconds, lines)
    return TimedRows(frame, lines, seconds, (*damage, *steps))


def _first_of_equals(frame: pl.DataFrame) -> pl.Expr:
    import polars as pl

    return pl.struct(frame.columns).is_first_distinct()


def _keep(
    frame: pl.DataFrame, lines: NDArray[np.int64], seconds: NDArray[np.float64], rows: NDArray[np.bool_]
) -> tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.float64]]:
    import polars as pl

    return frame.filter(pl.Series(rows)), lines[rows], seconds[rows]
