"""Captions of the detail log as the JK app and the PC program write it, in any order and with or without units."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

#: What a column means, by words its caption must hold (all of one group) and must not hold. The first that fits wins.
_RULES: Final[tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]] = (
    ("highest_number", ("max", "cell", "no"), ()),
    ("lowest_number", ("min", "cell", "no"), ()),
    ("highest", ("max", "cell", "voltage"), ()),
    ("lowest", ("min", "cell", "voltage"), ()),
    ("voltage", ("battery", "voltage"), ()),
    ("current", ("battery", "current"), ()),
    ("remaining", ("remain",), ()),
    ("full", ("full",), ()),
    ("fets_hot", ("temp", "mos"), ()),
    ("hottest", ("max", "temp"), ()),
    ("coldest", ("min", "temp"), ()),
    ("heating_current", ("heat", "current"), ()),
    ("both_fets", ("charge", "discharge", "mos"), ()),
    ("discharge_fet", ("discharge", "mos"), ()),
    ("charge_fet", ("charge", "mos"), ("discharge",)),
    ("balancing", ("balance",), ()),
    ("heating", ("heating",), ("current",)),
    ("code", ("code",), ()),
    ("time", ("time",), ()),
    ("time", ("timestamp",), ()),
    ("time", ("date",), ()),
    ("event", ("event",), ()),
    ("event", ("log",), ()),
    ("event", ("type",), ()),
    ("event", ("record",), ()),
    ("event", ("description",), ()),
    ("index", ("index",), ()),
    ("index", ("no",), ()),
)
#: Words for the same thing.
_SAME: Final = {
    "maximum": "max",
    "highest": "max",
    "minimum": "min",
    "lowest": "min",
    "temperature": "temp",
    "remaining": "remain",
    "remained": "remain",
    "number": "no",
    "num": "no",
    "nr": "no",
    "mosfet": "mos",
    "batt": "battery",
    "bat": "battery",
    "volt": "voltage",
    "balancing": "balance",
    "heater": "heating",
}
#: Without these a table is no detail log of a JK BMS.
REQUIRED: Final = frozenset({"voltage", "current", "highest", "lowest"})
#: And of these it must have most: no other device has all of them side by side.
_TYPICAL: Final = ("highest_number", "lowest_number", "remaining", "full", "hottest", "coldest", "fets_hot")
_LEAST_TYPICAL: Final = 5


@lru_cache(maxsize=4096)
def meaning_of(caption: str) -> str:
    """What a caption means; "" for one that is not known."""
    bare = re.sub(r"\([^)]*\)|\[[^]]*\]|（[^）]*）", " ", caption.lower())
    words = {_SAME.get(word, word) for word in re.findall(r"[a-z]+", bare)}
    for meaning, needed, forbidden in _RULES:
        if words.issuperset(needed) and words.isdisjoint(forbidden):
            return meaning
    return ""


def read_meanings(captions: Sequence[str]) -> dict[str, int]:
    """Index of the column of each meaning; the first where several captions mean the same."""
    found: dict[str, int] = {}
    for index, caption in enumerate(captions):
        meaning = meaning_of(caption)
        if meaning:
            found.setdefault(meaning, index)
    return found


def is_detail_log(captions: Sequence[str]) -> bool:
    """Tell whether these are the captions of a JK detail log."""
    found = read_meanings(captions)
    return found.keys() >= REQUIRED and sum(meaning in found for meaning in _TYPICAL) >= _LEAST_TYPICAL
