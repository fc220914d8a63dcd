"""Captions for the topics of a broker of messages: the end of each that says what its value is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

#: Ends of topics that only say that a value follows.
_SAYS_NOTHING: Final = ("state", "value")


def names_of_topics(topics: Iterable[str]) -> Mapping[str, str]:
    """What to call each topic: as much of its end as tells it from the others.

    "bms/soc" is "soc" and "bms/cell_voltages/3" is "cell_voltages 3"; where there are "bms/pack/voltage" and
    "bms/cells/3/voltage" they are "pack voltage" and "cells 3 voltage".
    """
    parts = {topic: _parts(topic) for topic in topics}
    begins = {topic: _begin(found, len(found) - 1) for topic, found in parts.items()}
    for _ in range(max(map(len, parts.values()), default=0)):
        names = {topic: " ".join(found[begins[topic] :]) for topic, found in parts.items()}
        counts = Counter(names.values())
        shared = [topic for topic, name in names.items() if counts[name] > 1 and begins[topic]]
        if not shared:
            break
        for topic in shared:
            begins[topic] = _begin(parts[topic], begins[topic] - 1)
    return {topic: " ".join(found[begins[topic] :]) for topic, found in parts.items()}


def _parts(topic: str) -> list[str]:
    parts = [part for part in topic.split("/") if part]
    return parts[:-1] if len(parts) > 1 and parts[-1].lower() in _SAYS_NOTHING else parts


def _begin(parts: list[str], place: int) -> int:
    """The part at a place or, where that is a number, the one before it that says of what."""
    while place > 0 and parts[place].isdecimal():
        place -= 1
    return max(place, 0)
