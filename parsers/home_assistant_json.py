"""Home Assistant: the history of the entities of a BMS as its interfaces answer, in JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import ClassVar, Final

import numpy as np

from ridelog.damage import Damage
from ridelog.errors import ParseError
from ridelog.parsing import Sniff
from ridelog.sources import Source

from .entity_logs import EntityParser
from .home_assistant_entities import DOMAINS
from .home_assistant_history import DeviceTable, group_devices, history_tables, units_of
from .json_text import DECODE_ERRORS, cut_off, json_text, load_cut
from .table_times import TimeColumn

#: An entity as a value or as a key.
_ENTITY: Final = re.compile(rb'"((?:' + "|".join(sorted(DOMAINS)).encode() + rb')\.[a-z0-9_]{1,120})"')
_KEY: Final = re.compile(r"(?:" + "|".join(sorted(DOMAINS)) + r")\.[a-z0-9_]{1,120}")
#: How far into a history entities are looked for; it is sorted by entity.
_LOOK_BYTES: Final = 16 << 20
#: Keys of a state and of its stamp: of the REST interface, and the short ones of the other.
_STATE: Final = ("state", "s")
_STAMPS: Final = ("last_changed", "last_updated", "lc", "lu")
_DEEPEST: Final = 8
#: When the last state of a list that was cut off is over: the next poll, s (engineering judgement).
_AFTER_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class _State:
    entity: str
    state: str
    seconds: float
    unit: str


class HomeAssistantJson(EntityParser):
    """Answer of `/api/history/period`: one list an entity, of objects with `state` and `last_changed`.

    Only the first object of a list has to name its entity and its unit (`minimal_response`). The answer of the other
    interface has the entities as keys and the short keys `s`, `lu` and `a`. Entities, devices and polls are found as in
    the history in CSV; units are those that are written. Stamps are in UTC.
    """

    name: ClassVar[str] = "home-assistant-json"
    title: ClassVar[str] = "Home Assistant history of a BMS in JSON"
    device: ClassVar[str] = "any BMS read by Home Assistant"
    clock: ClassVar[str] = "UTC to the microsecond"

    def sniff(self, source: Source) -> Sniff:
        """Look for JSON with entities of a battery."""
        if not json_text(source.head[:64]).lstrip().startswith(("[", "{")):
            return Sniff.no("does not start like JSON")
        head = json_text(source.head).encode()
        if not _ENTITY.search(head):
            return Sniff.no("JSON without entities such as 'sensor.jk_bms_total_voltage'")
        if not _batteries(head) and not _batteries(json_text(source.data[:_LOOK_BYTES]).encode()):
            return Sniff.no("a history of Home Assistant, but none of its entities is one of a battery")
        return Sniff.yes("a history of Home Assistant in JSON with the entities of a battery")

    def tables(self, source: Source) -> list[DeviceTable]:
        """Read the entities of each device as a table."""
        return _read_tables(source)


def _batteries(text: bytes) -> dict[str, object]:
    return {**group_devices(sorted({match[1].decode() for match in _ENTITY.finditer(text)})[:5000])}


def _read_tables(source: Source) -> list[DeviceTable]:
    import polars as pl

    try:
        document, cut = load_cut(json_text(source.data), json.JSONDecoder())
    except DECODE_ERRORS as error:
        raise ParseError(f"is no JSON: {str(error).splitlines()[0][:80]}.", path=source.label) from error
    states = list(_states(document))
    if cut and states:
        # What was written last lost its later states: the last one of them does not hold to the end.
        last = states[-1]
        states.append(replace(last, state="", seconds=last.seconds + _AFTER_S))
    seconds = np.array([state.seconds for state in states])
    if not np.isfinite(seconds).any():
        raise ParseError("no state of an entity has a time stamp in 'last_changed'.", path=source.label)
    events = pl.DataFrame(
        {
            "entity": [state.entity for state in states],
            "state": [state.state for state in states],
            "seconds": seconds,
            "line": np.arange(1, len(states) + 1),
        }
    )
    units = units_of((state.entity, state.unit) for state in states)
    time = TimeColumn(
        0, "last_changed", "date-time", seconds, 0.001, zoned=True, reason="'last_changed' writes the year first"
    )
    damage: tuple[Damage, ...] = (cut_off(),) if cut else ()
    tables = history_tables(events, time, damage, source.label, units)
    return [replace(table, grid=replace(table.grid, counted="state")) for table in tables]


def _states(value: object, entity: str = "", unit: str = "", depth: int = 0) -> Iterator[_State]:
    """The states anywhere in a document; what names its entity or unit once holds for the rest of its list."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for item in value:
            if isinstance(item, dict):
                entity, unit = str(item.get("entity_id") or entity).lower(), _unit(item) or unit
            yield from _states(item, entity, unit, depth + 1)
    elif isinstance(value, dict):
        key = next((key for key in _STATE if isinstance(value.get(key), str | int | float)), "")
        entity = str(value.get("entity_id") or entity).lower()
        if key and entity:
            yield _State(entity, str(value[key]).strip(), _stamp(value), _unit(value) or unit)
            return
        for name, member in value.items():
            if isinstance(member, list | dict):
                yield from _states(member, name if _KEY.fullmatch(name) else entity, unit, depth + 1)


def _unit(item: dict[str, object]) -> str:
    attributes = item.get("attributes", item.get("a"))
    found = attributes.get("unit_of_measurement") if isinstance(attributes, dict) else None
    return found if isinstance(found, str) else ""


def _stamp(item: dict[str, object]) -> float:
    """Seconds since 1970, NaN where there is none that can be read."""
    for key in _STAMPS:
        value = item.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value) if 0 < value < 1e11 else np.nan
        if isinstance(value, str):
            try:
                stamp = datetime.fromisoformat(value)
                return stamp.timestamp() if stamp.tzinfo is not None else np.nan
            except (ValueError, OverflowError):
                continue
    return np.nan
