"""Names of Home Assistant entities: the device in front, the quantity behind."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from .table_captions import Meaning, read_meanings
from .table_units import split_unit
from .table_words import concepts_of, words_of

DOMAINS: Final = frozenset({"sensor", "binary_sensor", "switch", "text_sensor", "number", "select", "button"})
#: Ends of names that the words alone do not tell.
_ENDS: Final[dict[str, str]] = {
    "battery": "soc",
    "battery_level": "soc",
    "battery_soc": "soc",
    "delta_voltage": "cell_voltage_delta",
    "charging_cycles": "cycle_count",
    "stored_energy": "energy_left",
}
#: Switches are wishes, not states; a bit mask means nothing without its list.
_NO_MEANING: Final = frozenset({"switch", "number", "select", "button"})
_FAMILIES: Final = ("jk", "ant", "jbd", "daly")
_LISTS: Final = ("cell_voltages", "battery_temperatures", "cell_wire_resistances", "cells_balancing")


def object_id(entity: str) -> str:
    """The name of an entity without its domain."""
    return entity.split(".", 1)[1] if entity.split(".", 1)[0] in DOMAINS and "." in entity else entity


@lru_cache(maxsize=8192)
def device_and_meaning(entity: str) -> tuple[str, Meaning]:
    """Cut an entity name into its device and what it measures.

    Args:
        entity: "sensor.my_jk_bms_cell_voltage_3".

    Returns:
        The device ("my_jk") and the meaning of the longest end of the name that has one.
    """
    domain = entity.split(".", 1)[0] if "." in entity else ""
    pieces = object_id(entity).lower().split("_")
    if domain not in _NO_MEANING and not object_id(entity).endswith(("bitmask", "_code")):
        for start in range(len(pieces)):
            end = "_".join(pieces[start:])
            channel = _ENDS.get(end)
            meaning = Meaning(entity, channel) if channel else _read(entity, end)
            if meaning.channel:
                return "_".join(pieces[:start]), meaning
    return "", Meaning(entity)


def _read(entity: str, end: str) -> Meaning:
    meaning = read_meanings([end])[0]
    _, _, numbers = concepts_of(words_of(split_unit(end)[0]))
    if meaning.channel in _LISTS and meaning.index is not None:
        return Meaning(entity, meaning.channel, meaning.unit, numbers[0])
    if not meaning.channel or numbers or meaning.time:
        return Meaning(entity)
    return Meaning(entity, meaning.channel, None, flow=meaning.flow, rank=meaning.rank)


def family_of(entities: Iterable[str]) -> str:
    """Family of the BMS, where the names of its entities say it, else ""."""
    words = {word for entity in entities for word in object_id(entity).lower().split("_")}
    return next((family for family in _FAMILIES if family in words), "")


def has_doubtful_fets(entity: str, family: str) -> bool:
    """Whether an entity is one of the FET states that tools name the wrong way round for ANT BMSs."""
    name = object_id(entity)
    if "mosfet_status" in name or "mos_status" in name:
        return True
    return family == "ant" and name.endswith(("charging", "discharging", "mosfet", "mosfet_state"))
