"""The cells of a Onewheel, one list a row in the text of pOnewheel, as a log of its BMS."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.log import Identity, Log, LogBuilder, Role

from .cell_columns import add_cells
from .columns import Column, add_columns
from .own_rows import own_rows

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ridelog.clock import Clock
    from ridelog.damage import Damage

    from .timed_rows import TimedRows

_CELL: Final = re.compile(r"\d+(?:\.\d+)?|--")
_MOST_CELLS: Final = 64


def read_cells(texts: pl.Series) -> NDArray[np.float64] | None:
    """Read the lists of cells.

    Args:
        texts: One list a row, voltages and `--` with anything in between; null where there is none.

    Returns:
        Voltages in V, shape (rows, cells), a cell in its place, NaN where it was not read; None when no row has any.
    """
    lists = [_CELL.findall(cells or "") for cells in texts.to_list()]
    count = max((len(cells) for cells in lists), default=0)
    if not 0 < count <= _MOST_CELLS:
        return None
    matrix = np.full((len(lists), count), np.nan)
    for row, cells in enumerate(lists):
        for place, cell in enumerate(cells):
            matrix[row, place] = float(cell) if cell != "--" else 0.0
    return np.where(matrix > 0, matrix, np.nan) if (matrix > 0).any() else None


def cells_log(
    frame: pl.DataFrame,
    cells: NDArray[np.float64],
    columns: Sequence[Column],
    rows: TimedRows,
    clock: Clock,
    damage: tuple[Damage, ...],
    parser: str,
) -> Log:
    """Make the log of the BMS.

    Args:
        frame: The rows, numbers in the columns of the battery.
        cells: Voltages in V, shape (rows, cells), NaN where a cell was not read; at least one was.
        columns: What else is the battery's.
        rows: Stamps and line numbers.
        clock: Clock of the rows.
        damage: Damage of the file.
        parser: Name of the parser.

    Returns:
        The log, with the rows in which something of the battery changed and one a second of those that repeat it.
    """
    import polars as pl

    names = [column.source for column in columns if column.source in frame.columns]
    numbers = frame.select(pl.col(name).cast(pl.Float64, strict=False) for name in names)
    heard = np.flatnonzero(np.isfinite(cells).any(axis=1))
    values = np.column_stack([cells, *(numbers.get_column(name).to_numpy() for name in names)])[heard]
    kept = heard[own_rows(values, values, rows.seconds[heard])]
    builder = LogBuilder(rows.seconds[kept], rows.lines[kept], time_source="time")
    silent = add_cells(builder, cells[kept], rows.lines[kept], "battery_cells")
    # Where the header has no other column of the battery, there is no row to take of them either.
    more = add_columns(builder, numbers[kept], columns) if names else ()
    start = None if clock.start is None else clock.start + float(rows.seconds[kept[0]] - rows.seconds[0])
    return builder.build(
        Role.BMS,
        parser,
        clock=dataclasses.replace(clock, start=start),
        identity=Identity(device="Onewheel BMS", family="onewheel", software="pOnewheel"),
        damage=(*damage, *silent, *more),
    )
