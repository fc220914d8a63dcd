"""Home Assistant and ESPHome: the history of the entities of a BMS, long (one row a change) or wide."""

from __future__ import annotations

import re
from typing import ClassVar, Final

from ridelog.errors import ParseError
from ridelog.parsing import Sniff
from ridelog.sources import Source

from .captions import read_captions
from .delimited import read_delimited
from .entity_logs import EntityParser
from .home_assistant_entities import DOMAINS
from .home_assistant_history import STAMPS, DeviceTable, group_devices, read_history
from .plain_text import as_utf8
from .table_captions import Meaning
from .table_numbers import Style
from .table_source import Grid
from .table_text import Layout
from .table_times import read_time_column
from .timed_rows import timed_rows

_ENTITY: Final = re.compile(rb'^"?([a-z_]{2,24}\.[a-z0-9_]{1,120})"?[,;]', re.MULTILINE)
#: How far into a history entities are looked for; it is sorted by entity.
_LOOK_BYTES: Final = 16 << 20


class HomeAssistant(EntityParser):
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

    def tables(self, source: Source) -> list[DeviceTable]:
        """Read the entities of each device as a table."""
        return _read_tables(source)


def _read_tables(source: Source) -> list[DeviceTable]:
    long = read_captions(source.head).has("entity_id", "state")
    return read_history(source) if long else _read_wide(source)


def _is_entity(name: str) -> bool:
    return "." in name and name.split(".", 1)[0] in DOMAINS


def _entities_in(data: bytes) -> list[str]:
    return sorted({match.group(1).decode() for match in _ENTITY.finditer(as_utf8(data))})[:5000]


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
