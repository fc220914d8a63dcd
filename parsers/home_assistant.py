"""Home Assistant and ESPHome: the history of the entities of a BMS, long (one row a change) or wide."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import MappingNeededError, ParseError, RidelogError
from ridelog.log import Identity, Log, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .captions import read_captions
from .delimited import read_delimited
from .home_assistant_entities import DOMAINS, family_of, has_doubtful_fets, object_id
from .home_assistant_history import CORE, STAMPS, DeviceTable, group_devices, read_history
from .open_columns import leave_open
from .plain_text import as_utf8
from .table_captions import Meaning
from .table_columns import Planned, plan_columns, resolve_rivals, settle_scales, told
from .table_currents import settle_currents
from .table_logs import GIVEN, build_logs
from .table_mapping import DraftColumn, TableMapping, draft, read_mapping
from .table_numbers import Style, read_flags
from .table_ride import NO_CURRENT
from .table_source import Grid
from .table_text import Layout
from .table_times import clock_of, read_time_column
from .timed_rows import timed_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ENTITY: Final = re.compile(rb'^"?([a-z_]{2,24}\.[a-z0-9_]{1,120})"?[,;]', re.MULTILINE)
#: How far into a history entities are looked for; it is sorted by entity.
_LOOK_BYTES: Final = 16 << 20
#: Both "charging" and "discharging" are on at once in this part of the rows in which a current flows: they are the FETs,
#: not the direction of the current (engineering judgement). Rows at rest say nothing: a FET that opened may stay so for days.
_BOTH_ON: Final = 0.3
_ASK: Final = (
    "Write a draft with 'ridelog inspect FILE --write-map mapping.toml', decide there, and give it with --map."
)


class HomeAssistant(Parser):
    """History export `entity_id,state,last_changed`, one row a change of a state; or one column an entity.

    Entities are recognised by the end of their names (`..._total_voltage`, `..._cell_voltage_1`, `..._soc`); what
    stands before it tells devices apart, each becomes a log. A state holds until it changes, `unavailable` and
    `unknown` end it. Changes less than a quarter of a second apart are one poll and become one row. Stamps are in UTC.
    No unit is written: percent, mV and the like are told by size, the sign of the current by the data, because the
    tools behind these entities do not agree on it.

    The states of ANT FETs are kept under their own names and not used: tools that read ANT BMSs name the charge and
    the discharge FET the wrong way round.
    """

    name: ClassVar[str] = "home-assistant"
    title: ClassVar[str] = "Home Assistant / ESPHome history CSV of a BMS"
    device: ClassVar[str] = "any BMS read by Home Assistant"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = tuple(sorted(GIVEN))
    clock: ClassVar[str] = "UTC to the millisecond"

    def sniff(self, source: Source) -> Sniff:
        """Look for the captions of a history, or for entities as captions, and for those of a battery."""
        captions = read_captions(source.head)
        entities = [name for name in captions.names if _is_entity(name)]
        if captions.has("entity_id", "state"):
            entities = _entities_in(source.head)
            if not group_devices(entities) and source.size > len(source.head):
                entities = _entities_in(source.data[:_LOOK_BYTES])
        elif len(entities) < 2:
            return Sniff.no("the header is not 'entity_id,state,last_changed', nor does it name entities")
        if group_devices(entities):
            return Sniff.yes("a history of Home Assistant with the entities of a battery")
        return Sniff.no("a history of Home Assistant, but none of its entities is one of a battery")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the history and put each device into a log.

        Raises:
            MappingNeededError: If the data do not decide the sign of a current or the like.
            ParseError: If no device has enough entities of a battery.
        """
        mapping = read_mapping(options.mapping)
        tables = _read_tables(source)
        logs: list[Log] = []
        questions: list[str] = []
        for table in tables:
            plans, damage = _settle(table, mapping)
            if options.leave_open:
                damage += leave_open(plans, table.grid.frame.height)
            questions += [plan.question for plan in plans if plan.channel and plan.question]
            if questions or not {plan.channel for plan in plans} & CORE:
                continue
            family = family_of(table.grid.layout.captions)
            built = build_logs(
                plans,
                table.grid,
                Style(False),
                table.seconds,
                clock=lambda start, time=table.time: clock_of(time, start, options.zone, False),  # type: ignore[misc]
                role="bms",
                time_source=table.time.caption,
                damage=(*table.damage, *damage),
                parser=self.name,
                family=family,
            )
            for log in built:
                log.identity = Identity(device="BMS", family=family, model=table.device, software="Home Assistant")
            logs += built
        if questions:
            raise MappingNeededError(
                f"the data do not decide {'; nor '.join(questions)}.", path=source.label, advice=_ASK
            )
        if not logs:
            raise ParseError("no device has usable values of a battery.", path=source.label)
        return logs

    def draft_mapping(self, source: Source, options: ReadOptions) -> str | None:  # noqa: ARG002 - see the base class
        """Write a mapping file of the entities that mean something, with what is open marked."""
        if not self.sniff(source).rank:
            return None
        try:
            settled = [(table, _settle(table, TableMapping())[0]) for table in _read_tables(source)]
        except RidelogError:
            return None
        columns = [
            DraftColumn(
                plan.caption, plan.channel, plan.unit, plan.sign, plan.index, plan.question, _sample(table, plan)
            )
            for table, plans in settled
            for plan in plans
            if plan.channel
        ]
        return draft(columns, {}, "the stamps of the history", source.name)


def _read_tables(source: Source) -> list[DeviceTable]:
    long = read_captions(source.head).has("entity_id", "state")
    return read_history(source) if long else _read_wide(source)


def _sample(table: DeviceTable, plan: Planned) -> str:
    cells = table.grid.series(plan.place).drop_nulls().unique(maintain_order=True).head(4).to_list()
    return ", ".join(str(cell)[:24] for cell in cells)


def _is_entity(name: str) -> bool:
    return "." in name and name.split(".", 1)[0] in DOMAINS


def _entities_in(data: bytes) -> list[str]:
    return sorted({match.group(1).decode() for match in _ENTITY.finditer(as_utf8(data))})[:5000]


def _settle(table: DeviceTable, mapping: TableMapping) -> tuple[list[Planned], tuple[Damage, ...]]:
    plans = plan_columns(table.grid, Style(False), mapping, ())
    doubtful = _doubt_fets(plans, family_of(table.grid.layout.captions))
    settle_scales(plans, table.seconds)
    _take_fets(plans, table.grid, bool(doubtful))
    resolve_rivals(plans)
    notes = settle_currents(plans, table.grid, table.seconds)
    return plans, (*told(plans, table.grid.lines), *notes, *doubtful)


def _doubt_fets(plans: Sequence[Planned], family: str) -> tuple[Damage, ...]:
    """Do not use FET states that are named the wrong way round, and say so."""
    doubtful = [plan for plan in plans if has_doubtful_fets(plan.caption, family)]
    for plan in doubtful:
        plan.keep("")
    if not doubtful:
        return ()
    names = ", ".join(object_id(plan.caption) for plan in doubtful[:6])
    message = (
        f"FET states of an ANT BMS ({names}) are kept as they are and not used: tools that read this BMS name the charge "
        "and the discharge FET the wrong way round."
    )
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(doubtful)),)


def _take_fets(plans: Sequence[Planned], grid: Grid, doubtful: bool) -> None:
    """Take "charging" and "discharging" that are on at once as the FETs; else they are the way of the current."""
    found = {}
    for plan in plans:
        for end in ("charging", "discharging"):
            if object_id(plan.caption).rsplit("_", 1)[-1] == end and not plan.channel:
                flags = read_flags(grid.series(plan.place))
                if flags is not None:
                    found[end] = (plan, flags)
    if len(found) < 2 or doubtful:
        return
    (charge, on), (discharge, off) = found["charging"], found["discharging"]
    both = (on == 1) & (off == 1)
    flowing = _flowing(plans, len(both))
    if float(np.mean(both[flowing] if flowing.any() else both)) >= _BOTH_ON:
        for plan, flags, channel in ((charge, on, "charge_fet"), (discharge, off, "discharge_fet")):
            plan.channel, plan.values = channel, flags


def _flowing(plans: Sequence[Planned], rows: int) -> NDArray[np.bool_]:
    """Rows in which a current flows, shape (rows,); none where the current or its unit is not known."""
    flowing = np.zeros(rows, bool)
    for plan in plans:
        if plan.channel == "battery_current" and len(plan.values) and not plan.question:
            flowing |= np.abs(plan.values) > NO_CURRENT
    return flowing


def _read_wide(source: Source) -> list[DeviceTable]:
    """The wide form: a column of stamps and one for each entity; an empty cell is no value."""
    captions = read_captions(source.head)
    table = read_delimited(source.data, separator=captions.separator, text_columns=captions.names, path=source.label)
    # A stray end of line in a mutilated head splits the captions another way than the table.
    names = [name for name in captions.names if name in table.frame.columns] or table.frame.columns
    if not names:
        raise ParseError("has no line of captions.", path=source.label)
    stamp = next((name for name in names if name.lower() in STAMPS), names[0])
    time = read_time_column(table.frame.get_column(stamp), 0, Meaning(stamp, time="time"), Style(False))
    if time is None or time.kind == "lost" or time.question:
        raise ParseError(f"'{stamp}' holds no time stamps.", path=source.label)
    rows = timed_rows(
        table.frame, table.lines, time.seconds, path=source.label, expected=f"a date and time in '{stamp}'"
    )
    entities = [name for name in rows.frame.columns if _is_entity(name)]
    tables = []
    for device, members in group_devices([entity.lower() for entity in entities]).items():
        mine = [entity for entity in entities if entity.lower() in members]
        meanings = tuple(members[entity.lower()] for entity in mine)
        grid = Grid(
            Layout("utf-8", captions.separator, captions.line, tuple(mine), meanings),
            rows.frame.select(mine),
            rows.lines,
            (),
        )
        tables.append(DeviceTable(device, grid, rows.seconds, time, (*table.damage, *rows.damage)))
    return tables
