"""Rows of several devices in one table, told apart by a column that names the device of each row."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .table_source import Grid

if TYPE_CHECKING:
    import polars as pl

#: Captions without signs, lower case, of columns that name a device; behind the bar those that name a battery by its
#: number, and may hold something else.
_NAMES: Final = re.compile(
    r"(?:device|dev|bms|battery|batt|pack|esc|vesc|can|controller|module)(?:id|name|mac|address|serial|sn)|device|mac"
    r"|macaddress|topic|serial|serialnumber|sn|设备|设备名称|设备编号"
)
_NUMBERED: Final = re.compile(r"(?:bms|pack|battery|batt|esc|module|dev)(?:no|nr|num|number|index)?")
_NUMBER: Final = re.compile(r"\D{0,12}\d{1,2}")
#: More devices than this are no vehicle's.
_MOST: Final = 16
_FEWEST_ROWS: Final = 3
#: What every device measures by itself.
_OWN: Final = frozenset({"pack_voltage", "battery_current", "cell_voltages", "soc"})


def split_devices(grid: Grid) -> list[tuple[str, Grid]]:
    """The rows of each device.

    Two devices are told apart where a column names them and both of them have values in the same column; messages of
    one device that are sorted by what they tell have not.

    Returns:
        Name of the device and its rows, in the order in which they first come; one entry without a name for a table
        of one device.
    """
    for place, meaning in enumerate(grid.layout.meanings[: grid.frame.width]):
        caption = re.sub(r"[\W_]+", "", meaning.caption).casefold()
        numbered = bool(_NUMBERED.fullmatch(caption))
        if meaning.channel or meaning.time or not (numbered or _NAMES.fullmatch(caption)):
            continue
        names = grid.series(place).str.strip_chars()
        distinct = names.drop_nulls().unique(maintain_order=True).to_list()
        if not 2 <= len(distinct) <= _MOST or (numbered and not all(map(_NUMBER.fullmatch, distinct))):
            continue
        names = names.fill_null(strategy="forward").fill_null(strategy="backward")
        if _measure_the_same(grid, names, distinct):
            return [(name, _part(grid, names, name, len(distinct), first=name == distinct[0])) for name in distinct]
    return [("", grid)]


def _measure_the_same(grid: Grid, names: pl.Series, distinct: list[str]) -> bool:
    for place, meaning in enumerate(grid.layout.meanings[: grid.frame.width]):
        if meaning.channel in _OWN:
            counts = names.filter(grid.series(place).is_not_null()).value_counts()
            if int((counts.to_series(1) >= _FEWEST_ROWS).sum()) == len(distinct):
                return True
    return False


def _part(grid: Grid, names: pl.Series, name: str, count: int, *, first: bool) -> Grid:
    mine = (names == name).fill_null(False)
    message = f"The rows of {count} devices are told apart by a column that names them; each gives a log of its own."
    note = Damage(DamageKind.NOTE, Effect.NOTED, message, int(mine.sum()))
    return replace(
        grid,
        frame=grid.frame.filter(mine),
        lines=grid.lines[np.asarray(mine.to_numpy(), bool)],
        damage=(*grid.damage, note) if first else (note,),
    )
