"""Text whose lines name their values: serial monitors, console logs, messages of a broker, tables that tools print."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.parsing import ReadOptions, Sniff

from .json_table import is_json
from .named_values import find_named_values
from .named_values_head import judge_named_values
from .plain_text import as_utf8
from .table import Table
from .table_captions import Meaning, read_meanings
from .table_clock import choose_clock
from .table_numbers import number_style
from .table_source import Grid, grid_of_records, read_grid

if TYPE_CHECKING:
    from ridelog.sources import Source


class ValueLines(Table):
    """Text whose lines name their values, of whatever wrote it.

    Pairs with a colon or an equals sign, one or several a line (`Voltage: 53.2V`, `U=53.2 I=4.1`), names and values in
    columns as command line tools print them (`voltage_cell01   4.049   V`), topics of a broker of messages and their
    values (`bms/cell_voltages/3 3.91`), and a dict or JSON object at the end of a line of a log (`... BMS data sample
    {'voltage': 53.04, 'cell_voltages': [3.315, ...]}`). A stamp at the start of the lines is the time; without one, and
    without a time among the values, polls are numbered in steps of a second; so are JSON records without a time. Lines
    that name no values are passed over.
    Names are understood as captions of a table are.
    """

    name: ClassVar[str] = "value-lines"
    title: ClassVar[str] = "Text whose lines name their values (serial monitor, console log, broker messages)"
    device: ClassVar[str] = "any logger"
    clock: ClassVar[str] = "the stamps of the lines or a time among the values, where there is one"

    def sniff(self, source: Source) -> Sniff:
        """Answer as a fallback where lines name values of a vehicle or a battery."""
        return judge_named_values(source.head)

    def grid(self, source: Source, named: Collection[str] = ()) -> Grid:  # noqa: ARG002 - see the base class
        """The records as a table of text."""
        if is_json(source.head):
            return _with_clock(read_grid(source), source)
        found = find_named_values(as_utf8(source.data).decode("utf-8-sig", "replace"))
        if not found.rows:
            raise ParseError("holds no line that names a value.", path=source.label)
        grid = grid_of_records(found.rows, source.label)
        if found.other:
            message = f"{found.other:,} lines name no values; they are passed over."
            note = Damage(DamageKind.NOTE, Effect.NOTED, message, found.other)
            grid = replace(grid, damage=(*grid.damage, note))
        return _with_clock(grid, source)


def _with_clock(grid: Grid, source: Source) -> Grid:
    """The table, with a column that numbers its rows where no other one is a clock."""
    try:
        style = number_style({str(place): grid.series(place) for place in range(grid.frame.width)})
        choose_clock(grid, style, ReadOptions(), {}, source.name, source.label)
    except ParseError:
        message = "The polls carry no stamps: they are numbered in steps of a second, which may be far off."
        return replace(_counted(grid), damage=(*grid.damage, Damage(DamageKind.NOTE, Effect.NOTED, message)))
    return grid


def _counted(grid: Grid) -> Grid:
    """The table with a column that numbers its rows as its only clock."""
    import polars as pl

    known = [replace(meaning, time="") for meaning in grid.layout.meanings]
    caption = "order of the polls (s)"
    numbers = pl.Series(caption, [str(number) for number in range(grid.frame.height)], dtype=pl.String)
    (meaning,) = read_meanings([caption])
    meanings: tuple[Meaning, ...] = (*known, replace(meaning, time="elapsed"))
    layout = replace(grid.layout, captions=(*grid.layout.captions, caption), meanings=meanings)
    return replace(grid, layout=layout, frame=grid.frame.with_columns(numbers))
