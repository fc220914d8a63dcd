"""The long form of a Home Assistant history, put into one table for each device."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError

from .captions import read_captions
from .delimited import read_delimited
from .home_assistant_entities import device_and_meaning, object_id
from .table_captions import Meaning
from .table_numbers import Style
from .table_source import Grid
from .table_text import Layout
from .table_times import TimeColumn, read_time_column
from .table_units import Unit, find_unit

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ridelog.sources import Source

STAMPS: Final = ("last_changed", "last_updated", "last_changed_ts", "last_updated_ts", "time", "timestamp", "_time")
CORE: Final = frozenset({"pack_voltage", "cell_voltages", "battery_current", "power", "soc"})
#: What makes a device a battery rather than a plug with a power meter.
_BATTERY: Final = frozenset({"cell_voltages", "soc", "remaining_capacity", "charge_fet", "cell_voltage_delta"})
#: Changes this close together are one poll of the device, s; polls are a second or more apart (engineering judgement).
_ONE_POLL_S: Final = 0.25
#: Entities of one device beyond the known ones that are kept; engineering judgement.
_MOST_OTHERS: Final = 64
#: Most cells of one pivoted table; engineering judgement against hostile input.
_MOST_CELLS: Final = 60_000_000
#: States that end a value.
_GONE: Final = ("unavailable", "unknown", "none", "")


@dataclass(frozen=True, slots=True)
class DeviceTable:
    """The entities of one device as a table.

    Attributes:
        device: Name of the device, as it stands in front of its entities.
        grid: One column an entity.
        seconds: Stamps in s, shape (rows,), never decreasing.
        time: What the stamps count.
        damage: What was dropped or repaired.
    """

    device: str
    grid: Grid
    seconds: NDArray[np.float64]
    time: TimeColumn
    damage: tuple[Damage, ...]


def group_devices(entities: Sequence[str]) -> dict[str, dict[str, Meaning]]:
    """Sort entities by device.

    Returns:
        For each device that has entities of a battery: its entities and what they mean; other entities of the device
        have no channel.
    """
    devices: dict[str, dict[str, Meaning]] = defaultdict(dict)
    others: list[str] = []
    for entity in entities:
        device, meaning = device_and_meaning(entity)
        if meaning.channel:
            devices[device][entity] = meaning
        else:
            others.append(entity)
    found = {
        device: members
        for device, members in devices.items()
        if len(channels := {meaning.channel for meaning in members.values()}) >= 2 and channels & CORE
    }
    sure = {
        device: members
        for device, members in found.items()
        if {meaning.channel for meaning in members.values()} & _BATTERY
    }
    found = sure or found
    for entity in others:
        device = max((name for name in found if object_id(entity).startswith(f"{name}_")), key=len, default="")
        if device in found and len(found[device]) < 600 and (device or len(found) == 1):
            members = found[device]
            if sum(not meaning.channel for meaning in members.values()) < _MOST_OTHERS:
                members[entity] = Meaning(entity)
    return {device: _from_zero(members) for device, members in found.items()}


def _from_zero(members: Mapping[str, Meaning]) -> dict[str, Meaning]:
    """Places of cells and sensors from 0, whether their names count from 0 or from 1."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for meaning in members.values():
        if meaning.index is not None:
            numbers[meaning.channel].append(meaning.index)
    return {
        entity: meaning
        if meaning.index is None or 0 in numbers[meaning.channel]
        else replace(meaning, index=meaning.index - 1)
        for entity, meaning in members.items()
    }


def read_history(source: Source) -> list[DeviceTable]:
    """Read the long form.

    Raises:
        ParseError: If it has no stamps or no device with entities of a battery.
    """
    import polars as pl

    captions = read_captions(source.head)
    table = read_delimited(source.data, separator=captions.separator, text_columns=captions.names, path=source.label)
    frame = table.frame.rename({name: name.lower() for name in table.frame.columns}, strict=False)
    stamp = next((name for name in STAMPS if name in frame.columns), None)
    if stamp is None or not {"entity_id", "state"} <= set(frame.columns):
        raise ParseError("has no columns 'entity_id', 'state' and 'last_changed'.", path=source.label)
    time = read_time_column(frame.get_column(stamp), 0, Meaning(stamp, time="time"), Style(False))
    if time is None or time.kind == "lost" or time.question or not np.isfinite(time.seconds).any():
        raise ParseError(
            f"no row has a time stamp; expected 'yyyy-mm-ddTHH:MM:SS.sssZ' in '{stamp}'.", path=source.label
        )
    events = pl.DataFrame(
        {
            "entity": frame.get_column("entity_id").str.strip_chars().str.to_lowercase(),
            "state": frame.get_column("state").fill_null("").str.strip_chars(),
            "seconds": time.seconds,
            "line": table.lines,
        }
    )
    return history_tables(events, time, table.damage, source.label)


def history_tables(
    events: pl.DataFrame,
    time: TimeColumn,
    damage: Sequence[Damage],
    path: str,
    units: Mapping[str, Unit] = MappingProxyType({}),
) -> list[DeviceTable]:
    """Put the changes of a history into one table for each device.

    Args:
        events: `entity`, `state`, `seconds` since 1970 and `line`, in any order.
        time: What the stamps count.
        damage: What was dropped or repaired so far.
        path: Name of the file, for the error.
        units: The units of entities where the history names them.

    Raises:
        ParseError: If no device has entities of a battery.
    """
    import polars as pl

    told = [*damage]
    whole = events.filter(pl.col("seconds").is_finite() & pl.col("entity").is_not_null())
    if whole.height < events.height:
        lost = events.height - whole.height
        told.append(
            Damage(
                DamageKind.BROKEN_ROW, Effect.LOST, f"{lost} rows have no readable time stamp.", lost, channel="time"
            )
        )
    if (np.diff(whole.get_column("seconds").to_numpy()) < 0).any():
        whole = whole.sort("seconds", maintain_order=True)
    devices = group_devices(whole.get_column("entity").unique(maintain_order=True).sort().to_list())
    if not devices:
        raise ParseError("none of its entities is one of a battery.", path=path)
    return [
        pivot(device, with_units(members, units), whole, time, (*told, *left_out(whole, devices)))
        for device, members in devices.items()
    ]


def left_out(events: pl.DataFrame, devices: Mapping[str, Mapping[str, Meaning]]) -> tuple[Damage, ...]:
    """Tell how many entities belong to no battery."""
    taken = {entity for members in devices.values() for entity in members}
    others = events.get_column("entity").n_unique() - len(taken)
    if others <= 0:
        return ()
    message = f"{others} entities are not those of a battery; they are left out."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, others),)


def with_units(members: Mapping[str, Meaning], units: Mapping[str, Unit]) -> dict[str, Meaning]:
    """The meanings with the units that are written; a capacity that is left in percent is a state of charge."""
    found = {}
    taken = {meaning.channel for meaning in members.values()}
    for entity, meaning in members.items():
        unit = units.get(entity)
        if unit is not None and unit.quantity == "fraction" and meaning.channel == "remaining_capacity":
            meaning = replace(meaning, channel="" if "soc" in taken else "soc")
        found[entity] = replace(meaning, unit=unit) if unit is not None and meaning.channel else meaning
    return found


def units_of(told: Iterable[tuple[str, str]]) -> dict[str, Unit]:
    """The unit of each entity that has one, by the first that is written with it.

    Args:
        told: Entity and unit as they are written, in order; "" for no unit.
    """
    units: dict[str, Unit] = {}
    for entity, written in told:
        unit = find_unit(written) if written and entity not in units else None
        if unit is not None:
            units[entity] = unit
    return units


def by_quiet(events: pl.DataFrame) -> NDArray[np.int64]:
    """The number of the poll of each change, shape (n,): changes close together are one poll."""
    return np.concatenate(([0], np.cumsum(np.diff(events.get_column("seconds").to_numpy()) > _ONE_POLL_S)))


def pivot(
    device: str,
    members: Mapping[str, Meaning],
    events: pl.DataFrame,
    time: TimeColumn,
    damage: tuple[Damage, ...],
    polls: Callable[[pl.DataFrame], NDArray[np.int64]] = by_quiet,
) -> DeviceTable:
    """One row for each poll, one column for each entity; a state holds until it changes.

    Args:
        device: Name of the device.
        members: Its entities and what they mean.
        events: Changes of all devices: `entity`, `state`, `seconds` (never decreasing) and `line`.
        time: What the stamps count.
        damage: What was dropped or repaired so far.
        polls: Numbers the polls of the changes of the device, from 0, never decreasing.
    """
    import polars as pl

    mine = events.filter(pl.col("entity").is_in(list(members)))
    poll = polls(mine)
    entities = list(members)
    if (int(poll[-1]) + 1) * len(entities) > _MOST_CELLS:
        entities = [entity for entity in entities if members[entity].channel]
        mine = mine.filter(pl.col("entity").is_in(entities))
        poll = polls(mine)
    mine = mine.with_columns(pl.Series("poll", poll))
    rows = mine.group_by("poll", maintain_order=True).agg(pl.col("seconds").last(), pl.col("line").first())
    wide = mine.pivot(on="entity", index="poll", values="state", aggregate_function="last", maintain_order=True)
    states = wide.select(
        (pl.col(entity).forward_fill() if entity in wide.columns else pl.lit(None, pl.String).alias(entity))
        for entity in entities
    ).with_columns(pl.when(~pl.all().str.to_lowercase().is_in(_GONE)).then(pl.all()))
    layout = Layout("utf-8", ",", 1, tuple(entities), tuple(members[entity] for entity in entities))
    grid = Grid(layout, states, rows.get_column("line").to_numpy(), ())
    note = f"{time.reason}; a state holds until it changes"
    return DeviceTable(device, grid, rows.get_column("seconds").to_numpy(), replace(time, reason=note), damage)
