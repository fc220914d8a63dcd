"""The general reader: any table whose captions name measured values and whose data tell the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import MappingNeededError, ParseError, RidelogError
from ridelog.log import Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .json_table import head_of_json, is_json
from .named_values_head import names_its_values
from .open_columns import leave_open
from .table_captions import read_meanings
from .table_clock import TableClock, choose_clock
from .table_columns import (
    Planned,
    plan_columns,
    resolve_rivals,
    settle_scales,
    settle_thousands,
    told,
    unheard_rows,
)
from .table_controllers import join_controllers
from .table_currents import settle_currents
from .table_devices import split_devices
from .table_fet_words import settle_fet_word
from .table_judgement import CORE, judge_captions
from .table_logs import GIVEN, build_logs, drop_no_fixes
from .table_mapping import DraftColumn, TableMapping, draft, read_mapping
from .table_newest_first import runs_backwards, turned
from .table_numbers import Style, number_style
from .table_on_off_pair import settle_on_off_pair
from .table_source import Grid, read_grid
from .table_switches import settle_switches
from .table_text import Layout, find_layout, split_line, with_line_feeds
from .table_times import SECONDS_OR_MILLISECONDS
from .timed_rows import TimedRows, timed_rows
from .workbook import XLS_MAGIC, captions_of_workbook, is_workbook

_ASK: Final = (
    "Write a draft with 'ridelog inspect FILE --write-map mapping.toml', decide there, and give it with --map."
)


@dataclass(slots=True)
class _Reading:
    """A table on its way to logs."""

    grid: Grid
    style: Style
    clock: TableClock
    rows: TimedRows
    plans: list[Planned]
    notes: tuple[Damage, ...]

    @property
    def questions(self) -> list[str]:
        """What the data leave open."""
        own = [self.clock.column.question] if self.clock.column.question else []
        return own + [plan.question for plan in self.plans if plan.channel and plan.question]


class Table(Parser):
    """Any table of text or spreadsheet with a line of captions, recognised by what the captions say.

    Captions are understood in English, Chinese, German, Italian, French, Spanish and Russian, with units in brackets,
    behind a slash or glued to the values. Encodings: Unicode with and without mark, GBK, Windows 1251 and 1252. Any
    separator, blanks included, decimal comma or point, notes above the captions, a line of units below them. JSON
    lines, lists and documents of decoded values are read by their keys in the same way. Stamps: dates and times in
    one column or two, numbers since 1970 or since the start, times of day; day-first and month-first are told apart by
    the data. Cells are numbered columns (`cell1`, `Cell 1 (mV)`, `c01`, `V_1`, `单体1`) or a list in one column
    (`[3.92, 3.91]`). Protections of a BMS are read from texts (`Cell UVP; short circuit`), from a column each
    (`cell_undervoltage`), and from bits where the family of the BMS is given. The direction of the current,
    percent or fraction, and units a caption leaves out are inferred from the data, and the reason is kept; what
    the data do not decide is asked for by name, and a mapping file answers it. A table with cells and with motor
    values gives two logs on one clock.
    """

    name: ClassVar[str] = "table"
    title: ClassVar[str] = "Any other table (CSV, TSV, XLSX, JSON) with captions that say what it holds"
    device: ClassVar[str] = "any logger"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER, Role.BMS, Role.WHEEL)
    gives: ClassVar[tuple[str, ...]] = tuple(sorted(GIVEN))
    clock: ClassVar[str] = "whatever its time column counts: UTC, wall time, time of day or the start of the file"

    def sniff(self, source: Source) -> Sniff:
        """Answer as a fallback when the captions name a time and enough measured values."""
        if is_workbook(source.head):
            if source.head.startswith(XLS_MAGIC):
                return Sniff.fallback("a spreadsheet of the older kind, which may hold a table")
            meanings = read_meanings(captions_of_workbook(source.data))
            return judge_captions([meaning for meaning in meanings if meaning.channel or meaning.time], "the workbook")
        if is_json(source.head):
            return _judge_json(source.head)
        if names_its_values(source.head):
            return Sniff.no("its lines name their values themselves")
        layout = find_layout(source.head)
        if layout is None:
            return Sniff.no("no line of captions that name a time and measured values")
        answer = judge_captions(layout.meanings, "the table", _dated(source.head, layout))
        if answer.rank and not _has_numbers(source.head, layout):
            return Sniff.no("the lines below the captions hold no numbers")
        return answer

    def sniff_mapped(self, source: Source, options: ReadOptions) -> Sniff:
        """Accept any table that has a column the mapping names."""
        answer = self.sniff(source)
        if answer.rank:
            return answer
        try:
            mapping = read_mapping(options.mapping)
            grid = self.grid(source, mapping.columns.keys())
        except RidelogError:
            return answer
        if mapping.columns.keys() & set(grid.layout.captions):
            return Sniff.fallback("the mapping names columns of this table")
        return answer

    def grid(self, source: Source, named: Collection[str] = ()) -> Grid:
        """The table as text; formats that have their values in another form make one of them."""
        return read_grid(source, named)

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the table.

        Raises:
            MappingNeededError: If the data leave something open; the columns are named.
            RefusedError: If a spreadsheet destroyed the clock.
            ParseError: If it holds nothing usable.
        """
        mapping = read_mapping(options.mapping)
        parts = split_devices(self.grid(source, mapping.columns.keys()))
        return [log for name, part in parts for log in self._parse(source, part, name, options, mapping)]

    def _parse(self, source: Source, grid: Grid, device: str, options: ReadOptions, mapping: TableMapping) -> list[Log]:
        reading = _read(source, grid, options, mapping)
        left_out = leave_open(reading.plans, reading.grid.frame.height) if options.leave_open else ()
        if reading.questions:
            raise MappingNeededError(
                f"the data do not decide {'; nor '.join(reading.questions)}.", path=source.label, advice=_ASK
            )
        usable = {plan.channel for plan in reading.plans if plan.channel}
        if not usable & CORE and not mapping:
            raise ParseError(
                "no column holds values that ridelog can use.",
                path=source.label,
                advice="Say what they mean in a mapping file and give it with --map.",
            )
        captions = [reading.grid.layout.captions[place] for place in reading.clock.places]
        return build_logs(
            reading.plans,
            reading.grid,
            reading.style,
            reading.rows.seconds,
            clock=reading.clock.clock,
            role=mapping.role,
            time_source=" and ".join(captions),
            damage=(*reading.grid.damage, *reading.rows.damage, *reading.clock.damage, *reading.notes, *left_out),
            parser=self.name,
            family=options.bms,
            serial=device,
        )

    def draft_mapping(self, source: Source, options: ReadOptions) -> str | None:
        """Write a mapping file with what the captions and the data say filled in, and what is open marked."""
        try:
            _, grid = split_devices(self.grid(source))[0]
            reading = _read(source, grid, options, TableMapping())
        except RidelogError:
            try:
                grid = self.grid(source)
            except RidelogError:
                return None
            return draft(_draft_columns(grid), {"column": ""}, "DECIDE which column is the clock", source.name)
        captions = reading.grid.layout.captions
        time: dict[str, object] = {}
        names = [captions[place] for place in reading.clock.places]
        if len(names) == 1:
            time["column"] = names[0]
            if reading.clock.column.kind not in ("joined", "lost", "date"):
                time["kind"] = reading.clock.column.kind
        elif names:
            time["columns"] = names
        if options.zone:
            time["zone"] = options.zone
        question = reading.clock.column.question
        note = f"DECIDE {question}: day_first = true or false" if question else reading.clock.column.reason
        if question.endswith(SECONDS_OR_MILLISECONDS):
            note = f"DECIDE {question}"
        columns = [
            DraftColumn(
                plan.caption,
                plan.channel or plan.meaning.channel,
                plan.unit,
                plan.sign,
                plan.index,
                plan.question or (plan.note if plan.meaning.channel else ""),
                _sample(reading.grid, plan.place),
            )
            for plan in reading.plans
            if plan.caption
        ]
        return draft(columns, time, note, source.name)


def _judge_json(head: bytes) -> Sniff:
    found = head_of_json(head)
    if found is None:
        return Sniff.no("JSON without a list of records")
    layout, dated = found
    return judge_captions(layout.meanings, "the JSON records", dated)


def _lines_below(head: bytes, layout: Layout) -> list[list[str]]:
    text = with_line_feeds(head).decode(layout.encoding, "replace").removeprefix("\ufeff")
    first = layout.header_line + int(layout.units_line)
    lines = text.split("\n", first + 20)[first : first + 20]
    return [split_line(line.rstrip("\r"), layout.separator) for line in lines if line.strip()]


def _has_numbers(head: bytes, layout: Layout) -> bool:
    """Whether the first rows have digits where the captions promise measured values."""
    places = [place for place, meaning in enumerate(layout.meanings) if meaning.channel]
    rows = _lines_below(head, layout)[:10]
    cells = [row[place] for row in rows for place in places if place < len(row)]
    written = [cell for cell in cells if cell.strip()]
    return any(any(character.isdigit() for character in cell) for cell in written) if written else bool(rows)


def _dated(head: bytes, layout: Layout) -> bool:
    """Whether an early column without a caption that says so holds dates."""
    import re

    rows = _lines_below(head, layout)[:5]
    date = re.compile(r"\s*\"?(\d{4}[-./]\d\d?[-./]\d\d?|\d\d?[-./]\d\d?[-./]\d{2,4})[T ,]+\d\d?:\d\d")
    return bool(rows) and any(all(place < len(row) and date.match(row[place]) for row in rows) for place in range(3))


def _read(source: Source, grid: Grid, options: ReadOptions, mapping: TableMapping) -> _Reading:
    """Read a table as far as the data carry; what is open is in the questions."""
    known = set(grid.layout.captions)
    missing = sorted(mapping.columns.keys() - known)
    if mapping.columns and len(missing) == len(mapping.columns):
        mapping = TableMapping(role=mapping.role, decimal_comma=mapping.decimal_comma)
        missing = []
    style = number_style({str(place): grid.series(place) for place in range(grid.frame.width)})
    if mapping.decimal_comma is not None:
        style = Style(mapping.decimal_comma)
    clock = choose_clock(grid, style, options, mapping.time, source.name, source.label)
    if runs_backwards(clock.seconds):
        grid = turned(grid)
        clock = choose_clock(grid, style, options, mapping.time, source.name, source.label)
    stamps = clock.seconds if len(clock.seconds) else np.arange(grid.frame.height, dtype=np.float64)
    rows = timed_rows(
        grid.frame,
        grid.lines,
        stamps,
        path=source.label,
        expected=f"stamps as in most rows of '{clock.column.caption}'",
    )
    grid = replace(grid, frame=rows.frame, lines=rows.lines)
    plans = plan_columns(grid, style, mapping, clock.places)
    unheard = unheard_rows(plans)
    if unheard.any():
        rows = rows.without(unheard)
        grid = replace(grid, frame=rows.frame, lines=rows.lines)
        plans = plan_columns(grid, style, mapping, clock.places)
    joined = join_controllers(plans, grid, style, mapping)
    thousands = settle_thousands(plans, grid) if mapping.decimal_comma is None else ()
    settle_scales(plans, rows.seconds)
    switches = (*settle_switches(plans, grid), *settle_on_off_pair(plans, grid))
    resolve_rivals(plans)
    currents = settle_currents(plans, grid, rows.seconds)
    notes = (*joined, *thousands, *switches, *currents, *settle_fet_word(plans, grid), *drop_no_fixes(plans))
    return _Reading(grid, style, clock, rows, plans, (*told(plans, rows.lines), *notes, *_unanswered(missing)))


def _unanswered(captions: Sequence[str]) -> tuple[Damage, ...]:
    if not captions:
        return ()
    message = f"The mapping names columns this file does not have: {', '.join(captions[:8])}."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(captions)),)


def _draft_columns(grid: Grid) -> list[DraftColumn]:
    return [
        DraftColumn(
            meaning.caption,
            meaning.channel,
            meaning.unit.name if meaning.unit else "",
            0.0,
            meaning.index,
            "",
            _sample(grid, place),
        )
        for place, meaning in enumerate(grid.layout.meanings)
        if meaning.caption and place < grid.frame.width
    ]


def _sample(grid: Grid, place: int) -> str:
    cells = grid.series(place).drop_nulls().unique(maintain_order=True).head(4).to_list()
    return ", ".join(str(cell)[:24] for cell in cells)
