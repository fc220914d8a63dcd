"""Numbered columns of cells and sensors: one list a row, an index that never shifts, and what is missing is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ridelog.log import LogBuilder


#: Rows of a table that are turned into lists in one go.
_PIECE = 2048


def numbered_matrix(columns: Mapping[int, NDArray[np.float64]], rows: int) -> NDArray[np.float64]:
    """Put numbered columns side by side.

    Args:
        columns: Values of shape (rows,) by number, counted from 1 (or 0 where there is a 0).
        rows: Number of rows.

    Returns:
        Shape (rows, highest number); a number that is left out is NaN throughout.
    """
    if not columns:
        return np.empty((rows, 0))
    first = min(1, *columns)
    empty = np.full(rows, np.nan)
    series = [columns.get(number, empty) for number in range(first, max(columns) + 1)]
    matrix = np.empty((rows, len(series)))
    # Turned piece by piece: a piece of all columns stays in the cache of the processor.
    for at in range(0, rows, _PIECE):
        matrix[at : at + _PIECE] = np.array([values[at : at + _PIECE] for values in series]).T
    return matrix


def add_cells(
    builder: LogBuilder, volts: NDArray[np.float64], lines: NDArray[np.int64], source: str, conversion: str = ""
) -> tuple[Damage, ...]:
    """Add the cell voltages; a cell that reads 0 was not read.

    Args:
        builder: The log being built.
        volts: Cell voltages in V, shape (rows, cells), NaN where nothing was read.
        lines: Source row of each row.
        source: Captions of the columns.
        conversion: What was done to the values.
    """
    if not volts.shape[1]:
        return ()
    read = volts > 0
    if read.all():
        builder.add("cell_voltages", volts, source=source, conversion=conversion)
        return ()
    silent = ~read
    builder.add("cell_voltages", np.where(silent, np.nan, volts), source=source, conversion=conversion)
    return tuple(
        Damage(
            DamageKind.MISSING_SENSOR,
            Effect.NOTED,
            f"Cell {cell + 1} was not read or reads 0 V in {len(rows)} of {len(volts)} rows; it is left empty.",
            len(rows),
            tuple(int(line) for line in lines[rows[:20]]),
            "cell_voltages",
        )
        for cell in range(volts.shape[1])
        if len(rows := np.flatnonzero(silent[:, cell]))
    )


def add_sensors(builder: LogBuilder, heat: NDArray[np.float64], source: str) -> None:
    """Add the battery temperatures and the hottest of them.

    Args:
        builder: The log being built.
        heat: Temperatures in degC, shape (rows, sensors), NaN where nothing was read.
        source: Captions of the columns.
    """
    if not heat.shape[1]:
        return
    builder.add("battery_temperatures", heat, source=source)
    hottest = heat[:, 0]
    for sensor in range(1, heat.shape[1]):
        hottest = np.fmax(hottest, heat[:, sensor])
    hottest = np.where(np.isinf(hottest), np.nan, hottest)
    builder.add("battery_temperature", hottest, source=source, derived="the hottest of the sensors")
