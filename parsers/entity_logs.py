"""Logs of batteries whose quantities are entities with names: of Home Assistant, of ESPHome."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import MappingNeededError, ParseError, RidelogError
from ridelog.log import Identity, Log, Role
from ridelog.parsing import Parser, ReadOptions
from ridelog.sources import Source

from .home_assistant_entities import family_of, has_doubtful_fets, object_id
from .home_assistant_history import CORE, DeviceTable
from .open_columns import leave_open
from .table_columns import Planned, plan_columns, resolve_rivals, settle_scales, told
from .table_currents import settle_currents
from .table_logs import GIVEN, build_logs
from .table_mapping import DraftColumn, TableMapping, draft, read_mapping
from .table_numbers import Style, read_flags
from .table_ride import NO_CURRENT
from .table_source import Grid
from .table_times import clock_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Both "charging" and "discharging" are on at once in this part of the rows in which a current flows: they are the FETs,
#: not the direction of the current (engineering judgement). Rows at rest say nothing: a FET that opened may stay so for days.
_BOTH_ON: Final = 0.3
_ASK: Final = (
    "Write a draft with 'ridelog inspect FILE --write-map mapping.toml', decide there, and give it with --map."
)


class EntityParser(Parser):
    """A format that tells the states of entities: it finds the tables of the devices, the rest is the same for all.

    Attributes:
        software: What wrote the names of the entities.
        stamps: What the time of a row is, for the draft of a mapping.
    """

    software: ClassVar[str] = "Home Assistant"
    stamps: ClassVar[str] = "the stamps of the history"
    roles: ClassVar[tuple[Role, ...]] = (Role.BMS,)
    gives: ClassVar[tuple[str, ...]] = tuple(sorted(GIVEN))

    @abstractmethod
    def tables(self, source: Source) -> list[DeviceTable]:
        """Read the entities of each device as a table.

        Raises:
            ParseError: If there are no stamps or no device with entities of a battery.
        """

    def family(self, source: Source) -> str:  # noqa: ARG002 - for formats that tell it beside the names
        """Family of the BMS where the source tells it beside the names, "" else."""
        return ""

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:
        """Read the states and put each device into a log.

        Raises:
            MappingNeededError: If the data do not decide the sign of a current or the like.
            ParseError: If it cannot be read, or no device has enough entities of a battery.
        """
        return _entity_logs(self.tables(source), source, options, self.name, self.software, self.family(source))

    def draft_mapping(self, source: Source, options: ReadOptions) -> str | None:  # noqa: ARG002 - see the base class
        """Write a mapping file of the entities that mean something, with what is open marked."""
        if not self.sniff(source).rank:
            return None
        try:
            tables = self.tables(source)
        except RidelogError:
            return None
        return _entity_draft(tables, source, self.stamps, self.family(source))


def _entity_logs(
    tables: Sequence[DeviceTable], source: Source, options: ReadOptions, parser: str, software: str, family: str
) -> list[Log]:
    """Put each device into a log.

    Args:
        tables: The entities of each device as a table.
        source: Where they are from, for errors.
        options: What the user said.
        parser: Name of the parser.
        software: What wrote the names.
        family: Family of the BMS where the source tells it beside the names, "" else.

    Raises:
        MappingNeededError: If the data do not decide the sign of a current or the like.
        ParseError: If no device has enough entities of a battery.
    """
    mapping = read_mapping(options.mapping)
    logs: list[Log] = []
    questions: list[str] = []
    for table in tables:
        mine = family_of(table.grid.layout.captions) or family
        plans, damage = _settle(table, mapping, mine)
        if options.leave_open:
            damage += leave_open(plans, table.grid.frame.height)
        questions += [plan.question for plan in plans if plan.channel and plan.question]
        if questions or not {plan.channel for plan in plans} & CORE:
            continue
        built = build_logs(
            plans,
            table.grid,
            Style(False),
            table.seconds,
            clock=partial(clock_of, table.time, zone=options.zone, start_of_day=False),
            role="bms",
            time_source=table.time.caption,
            damage=(*table.damage, *damage),
            parser=parser,
            family=mine,
        )
        for log in built:
            log.identity = Identity(device="BMS", family=mine, model=table.device, software=software)
        logs += built
    if questions:
        raise MappingNeededError(f"the data do not decide {'; nor '.join(questions)}.", path=source.label, advice=_ASK)
    if not logs:
        raise ParseError("no device has usable values of a battery.", path=source.label)
    return logs


def _entity_draft(tables: Sequence[DeviceTable], source: Source, clock: str, family: str) -> str | None:
    """Write a mapping file of the entities that mean something, with what is open marked; None where it cannot be."""
    try:
        settled = [
            (table, _settle(table, TableMapping(), family_of(table.grid.layout.captions) or family)[0])
            for table in tables
        ]
    except RidelogError:
        return None
    columns = [
        DraftColumn(plan.caption, plan.channel, plan.unit, plan.sign, plan.index, plan.question, _sample(table, plan))
        for table, plans in settled
        for plan in plans
        if plan.channel
    ]
    return draft(columns, {}, clock, source.name)


def _sample(table: DeviceTable, plan: Planned) -> str:
    cells = table.grid.series(plan.place).drop_nulls().unique(maintain_order=True).head(4).to_list()
    return ", ".join(str(cell)[:24] for cell in cells)


def _settle(table: DeviceTable, mapping: TableMapping, family: str) -> tuple[list[Planned], tuple[Damage, ...]]:
    plans = plan_columns(table.grid, Style(False), mapping, ())
    doubtful = _doubt_fets(plans, family)
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
