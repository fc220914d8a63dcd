"""The console log of an ESPHome device that reads a BMS: one line a value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import repair_backward_steps
from ridelog.damage import Damage
from ridelog.errors import ParseError
from ridelog.parsing import Sniff
from ridelog.sources import Source

from .entity_logs import EntityParser
from .esphome_lines import State, read_states, time_of_states
from .hexdump import HexDump
from .home_assistant_history import DeviceTable, by_quiet, group_devices, left_out, pivot, units_of, with_units
from .plain_text import as_utf8
from .table_captions import Meaning
from .table_times import TimeColumn

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray


#: A line of such a log, whatever it tells: [D][sensor:125], [C][jk_bms_ble:479], "[D]" and a tab before the tag.
_LINE: Final = re.compile(rb"\[[A-Z]{1,2}\][\s:]{0,4}\[[a-z0-9_.]{2,40}(?::[0-9A-Fa-f]{1,4})?\]")
#: How far into a log states are looked for: the configuration of the device may be printed before them.
_LOOK_BYTES: Final = 1 << 20
#: The component that reads the BMS, as it signs its lines.
_FAMILY: Final = re.compile(rb"\[(jk|ant|jbd|daly)_[a-z0-9_]{0,24}(?::[0-9A-Fa-f]{1,4})?\]")
#: Every poll tells these.
_EACH_POLL: Final = frozenset({"cell_voltages", "pack_voltage"})
#: An entity starts the polls when it is told in at least this part of those of the most frequent one.
_NEARLY_EACH: Final = 0.8
#: Cells that are told this seldom beside others are told when they change only.
_SELDOM: Final = 0.5
#: A poll is over after this long, s: boards are asked every 5 s and less, and answer within one (engineering judgement).
_LONGEST_QUIET_S: Final = 3.0


class EsphomeLog(EntityParser):
    """Log of an ESPHome device (`esphome logs`, the dashboard, a serial monitor) that reads a BMS.

    Lines such as `[10:18:51][D][sensor:125]: 'jk-bms cell voltage 7': Sending state 3.31700 V with 3 decimals of
    accuracy`, since 2026 `[10:18:51.123][S][sensor]: 'jk-bms cell voltage 7' >> 3.317 V`, with or without colours and
    stamps, the state on the line or below it. Entities are recognised as in a history of Home Assistant; units are those
    that are written. A poll starts with the entity that follows the longest quiet and becomes one row; where cells are
    told only when they change, changes less than a quarter of a second apart are one row. A state holds until the next.

    The states of ANT FETs are kept under their own names and not used: tools that read ANT BMSs name the charge and
    the discharge FET the wrong way round. A log with the frames themselves is read as a hex dump instead.
    """

    name: ClassVar[str] = "esphome-log"
    title: ClassVar[str] = "ESPHome console log of a device that reads a BMS"
    device: ClassVar[str] = "any BMS read by ESPHome"
    software: ClassVar[str] = "ESPHome"
    stamps: ClassVar[str] = "the stamps of the lines"
    clock: ClassVar[str] = "time of day of the computer that printed the log, where the lines carry one"

    def sniff(self, source: Source) -> Sniff:
        """Look for lines with the states of entities of a battery."""
        head = as_utf8(source.head)
        if b"\0" in head[:1024] or not _LINE.search(head):
            return Sniff.no("no lines like '[D][sensor:125]: 'name': Sending state 3.317 V'")
        states = read_states(head)
        if not _batteries(states) and source.size > len(source.head):
            states = read_states(as_utf8(source.data[:_LOOK_BYTES]))
        if not states:
            return Sniff.no("lines of an ESPHome log, but none with the state of an entity")
        if not _batteries(states):
            return Sniff.no("an ESPHome log, but none of its entities is one of a battery")
        if HexDump().sniff(source).rank:
            return Sniff.no("an ESPHome log that holds the frames of the BMS as well")
        return Sniff.yes("an ESPHome log with the states of entities of a battery")

    def tables(self, source: Source) -> list[DeviceTable]:
        """Read the entities of each device as a table."""
        return _read_tables(source)

    def family(self, source: Source) -> str:
        """Family of the component that reads the BMS, as it signs its lines."""
        match = _FAMILY.search(as_utf8(source.data[:_LOOK_BYTES]))
        return match[1].decode() if match else ""


def _batteries(states: Sequence[State]) -> dict[str, dict[str, Meaning]]:
    return group_devices(sorted({state.entity for state in states}))


def _read_tables(source: Source) -> list[DeviceTable]:
    import polars as pl

    states = read_states(as_utf8(source.data))
    devices = _batteries(states)
    if not devices:
        raise ParseError("none of its entities is one of a battery.", path=source.label)
    time, stamps = time_of_states(states)
    lines = np.array([state.line for state in states], np.int64)
    seconds, damage = repair_backward_steps(stamps, lines) if np.isfinite(stamps).all() else (stamps, ())
    events = pl.DataFrame(
        {
            "entity": [state.entity for state in states],
            "state": [state.state for state in states],
            "seconds": seconds,
            "line": lines,
        }
    )
    units = units_of((state.entity, state.unit) for state in states)
    return [
        _table(device, with_units(members, units), events, time, (*damage, *left_out(events, devices)))
        for device, members in devices.items()
    ]


def _table(
    device: str, members: Mapping[str, Meaning], events: pl.DataFrame, time: TimeColumn, damage: tuple[Damage, ...]
) -> DeviceTable:
    table = pivot(device, members, events, time, damage, lambda mine: _polls(mine, members))
    if np.isfinite(table.seconds).all():
        return table
    return replace(table, seconds=np.arange(table.grid.frame.height, dtype=float))


def _polls(events: pl.DataFrame, members: Mapping[str, Meaning]) -> NDArray[np.int64]:
    """The number of the poll of each state, shape (states,)."""
    entities = events.get_column("entity").to_numpy()
    seconds = events.get_column("seconds").to_numpy()
    quiet = np.nan_to_num(np.diff(seconds, prepend=seconds[:1]))
    told = [entity for entity, meaning in members.items() if meaning.channel in _EACH_POLL] or list(members)
    places = {entity: found for entity in told if len(found := np.flatnonzero(entities == entity))}
    if not places:
        return by_quiet(events)
    most = max(len(found) for found in places.values())
    if min(len(found) for found in places.values()) < _SELDOM * most and np.isfinite(seconds).all():
        return by_quiet(events)
    first = max(
        (found for found in places.values() if len(found) >= _NEARLY_EACH * most),
        key=lambda found: (float(np.median(quiet[found])), -int(found[0])),
    )
    starts = quiet > _LONGEST_QUIET_S
    starts[first] = True
    number: NDArray[np.int64] = np.cumsum(starts)
    return number - int(number[0])
