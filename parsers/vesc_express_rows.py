"""Rows of a header-encoded VESC log: values carried on while their sender is heard, whole seconds spread."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .timed_rows import TimedRows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: A sender that has been silent for this long, and for this many of its own intervals, is not heard any more: its last
#: values say nothing about the present. Engineering judgement.
_SILENT_S = 1.0
_SILENT_INTERVALS = 5.0
_SENDERS: Final = {"": "the controller", "bms": "the BMS", "M2": "the second motor"}


def hold(frame: pl.DataFrame, rows: TimedRows, owners: Mapping[str, str]) -> tuple[pl.DataFrame, tuple[Damage, ...]]:
    """Carry values on into empty cells, for as long as their sender sends anything.

    Args:
        frame: The rows; an empty cell is null.
        rows: Stamps and line numbers of the rows.
        owners: Column name to its sender; columns that are not named are left as they are.

    Returns:
        The frame without the empty cells (before the first value they stay), and a note on senders that fell silent.
    """
    import polars as pl

    damage: list[Damage] = []
    for owner in dict.fromkeys(owners.values()):
        names = [name for name, sender in owners.items() if sender == owner]
        if not any(frame.get_column(name).null_count() for name in names):
            continue
        heard = frame.select(pl.any_horizontal(pl.col(name).is_not_null() for name in names)).to_series().to_numpy()
        frame = frame.with_columns(pl.col(names).forward_fill())
        silent = _silent(rows.seconds, heard)
        if silent.any():
            mask = pl.Series(~silent)
            frame = frame.with_columns(pl.when(mask).then(pl.col(name)).alias(name) for name in names)
            where = np.flatnonzero(silent)
            sender = {"": "the controller", "bms": "the BMS", "M2": "the second motor"}.get(
                owner, f"controller {owner}"
            )
            message = f"In {len(where)} rows nothing new has come from {sender} for a while; its values end there."
            first = tuple(int(line) for line in rows.lines[where[:20]])
            damage.append(Damage(DamageKind.STALE_BLOCK, Effect.NOTED, message, len(where), first))
    return frame, tuple(damage)


def _silent(seconds: NDArray[np.float64], heard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows in which the last sign of a sender is too old."""
    times = seconds[heard]
    if len(times) < 2:
        return np.zeros(len(seconds), bool)
    limit = max(_SILENT_S, _SILENT_INTERVALS * float(np.median(np.diff(times))))
    last = np.maximum.accumulate(np.where(heard, seconds, -np.inf))
    return np.asarray(np.isfinite(last) & (seconds - last > limit))


def spread_whole_seconds(seconds: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[Damage, ...]]:
    """Spread rows that share a stamp of whole seconds evenly inside the second.

    Args:
        seconds: Stamps in s, shape (n,), NaN where there is none.

    Returns:
        Stamps of the same shape, and a note; unchanged when no two rows share a stamp.
    """
    starts = np.flatnonzero(np.concatenate(([True], np.diff(seconds) != 0))) if len(seconds) else np.empty(0, int)
    counts = np.diff(np.concatenate((starts, [len(seconds)])))
    if not len(counts) or counts.max() < 2:
        return seconds, ()
    usual = float(np.median(counts[1:-1])) if len(counts) > 2 else float(counts.max())
    place = np.arange(len(seconds)) - np.repeat(starts, counts)
    per_second = np.repeat(np.maximum(counts, 1), counts).astype(np.float64)
    shift = np.zeros(len(seconds))
    if counts[-1] < usual:
        per_second[starts[-1] :] = usual
    if counts[0] < usual:
        per_second[: counts[0]] = usual
        shift[: counts[0]] = 1.0 - counts[0] / usual
    note = Damage(
        DamageKind.NOTE,
        Effect.REPAIRED,
        f"The stamps are whole seconds; up to {int(counts.max())} rows share one and are spread evenly inside it.",
        len(seconds),
        (),
        "time",
    )
    return seconds + place / per_second + shift, (note,)
