"""What the captions of a table mean: the channel, the unit and, of cells and sensors, the place in the row."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ridelog.channels import CHANNELS

from .table_labels import without_labels
from .table_rules import RULES
from .table_stated_signs import without_stated_sign
from .table_units import Unit, find_unit, split_unit
from .table_words import concepts_of, words_of

#: Numbered columns without the word "cell" or "temperature" count as cells or sensors from this many on: V_1, V_2, ...
_FEWEST_IN_SERIES = 3
#: Most cells or sensors of one pack; engineering judgement, a truck has some 250.
MOST_IN_SERIES = 512


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one caption means.

    Attributes:
        caption: As the file writes it.
        channel: Canonical channel, "" when it is not known.
        unit: Unit in the caption, None when there is none.
        index: Place in a list channel, from 0; None for other channels.
        flow: "discharge" or "charge" when the column counts one direction only or names the positive one, else "".
        device: "bms" or "controller" when the caption names the device, else "".
        rank: Place of the rule that matched: of two columns for one channel the one with the lower rank is taken.
        time: "time", "date" or "elapsed" when it can be a time column, else "".
    """

    caption: str
    channel: str = ""
    unit: Unit | None = None
    index: int | None = None
    flow: str = ""
    device: str = ""
    rank: int = 0
    time: str = ""


#: What a unit alone says about a column: "Battery (V)", or a caption that is nothing but a unit.
_BY_UNIT: Final[dict[str, str]] = {
    "V": "voltage",
    "A": "current",
    "W": "power",
    "degC": "temperature",
    "m/s": "speed",
    "1/min": "rpm",
    "Ah": "amp-hours",
    "Wh": "watt-hours",
}
#: Captions that are a unit and nothing else, in the sense a logger means it.
_ONLY_UNIT: Final = frozenset({"V", "A", "W", "m/s", "1/min", "Ah", "Wh"})
#: Captions of clocks that are no words: a lower-case t, since a capital one is a temperature.
_TIME_LETTERS: Final = ("t", "s", "ms")
_TIME_WORDS: Final = ("seconds", "sec", "millis", "micros", "unix", "utc", "x")
#: Captions of the moment in which a database or a broker took a row.
_TAKEN: Final = re.compile(
    r"(?:created|recorded|received|logged|measured|sampled|inserted)[\s_-]?(?:at|on)", re.IGNORECASE
)
#: Names of the values of a VESC in its libraries (VescUart, PyVESC, firmware), without signs; three of them tell it.
_VESC_NAMES: Final = frozenset(
    "avgmotorcurrent avginputcurrent dutycyclenow inpvoltage inputvoltage tachometerabs mcfaultcode tempmosfet avgiq"
    " avgid".split()
)
_FEWEST_VESC_NAMES: Final = 3
#: What numbered cells are called without the word: V1, C1, C1_Volt, VC1, CV01, S1_mV. An "s" needs a unit.
_CELL_WORDS: Final = frozenset({(), ("c",), ("vc",), ("cv",)})
#: Units a channel may have besides its own: a temperature in a bare degree sign, a fraction that is written in percent.
_FRACTIONS: Final = frozenset({"duty", "pwm", "soc", "soh", "humidity", "remote_input"})


def read_meanings(captions: Sequence[str]) -> list[Meaning]:
    """Find out what the captions of a table mean.

    Args:
        captions: In file order.

    Returns:
        One meaning a caption; several may have the same channel, the one with the lowest rank is the best.
    """
    stated = [without_stated_sign(without_labels(caption)) for caption in captions]
    split = [split_unit(caption) for caption, _ in stated]
    words = [words_of(text) for text, _ in split]
    common = _common_words(words)
    letters = _letters_alone(split)
    meanings = []
    series: dict[tuple[object, ...], list[tuple[int, int]]] = defaultdict(list)
    for place, (caption, (text, unit), all_words) in enumerate(zip(captions, split, words, strict=True)):
        own = tuple(word for word in all_words if word not in common)
        concepts, unknown, numbers = concepts_of(own)
        if unit is None and text in letters:
            concepts, unknown = {letters[text]}, []
        meaning = _single(caption, text, unit, concepts, unknown, numbers)
        if meaning.channel in ("cell_voltages", "battery_temperatures", "cell_wire_resistances", "cells_balancing"):
            series[meaning.channel, frozenset(concepts)].append((numbers[0], place))
        elif len(numbers) == 1 and not meaning.time:
            quantity = unit.quantity if unit else ""
            series["", frozenset(concepts), tuple(unknown), quantity].append((numbers[0], place))
        if stated[place][1] and meaning.channel in ("battery_current", "power"):
            meaning = replace(meaning, flow=stated[place][1])
        meanings.append(meaning)
    for stem, members in series.items():
        _settle_series(stem, members, meanings)
    return _with_electrical_speed(_with_capacity(meanings, words))


def _with_capacity(meanings: list[Meaning], words: Sequence[tuple[str, ...]]) -> list[Meaning]:
    """Take a total in Ah beside what remains as what the battery holds: "remaining_Ah,total_Ah"."""
    if not any(meaning.channel == "remaining_capacity" for meaning in meanings):
        return meanings
    return [
        replace(meaning, channel="full_charge_capacity")
        if meaning.channel == "amp_hours_used" and "total" in concepts_of(own)[0] and "used" not in concepts_of(own)[0]
        else meaning
        for meaning, own in zip(meanings, words, strict=True)
    ]


def _with_electrical_speed(meanings: list[Meaning]) -> list[Meaning]:
    """Take an "rpm" beside the names that libraries give the values of a VESC as they do: it is the electrical one."""
    plain = {"".join(filter(str.isalnum, meaning.caption)).casefold() for meaning in meanings}
    if len(plain & _VESC_NAMES) < _FEWEST_VESC_NAMES or any(meaning.channel == "erpm" for meaning in meanings):
        return meanings
    return [
        replace(meaning, channel="erpm", unit=None) if meaning.caption.casefold() == "rpm" else meaning
        for meaning in meanings
    ]


def _common_words(words: Sequence[tuple[str, ...]]) -> frozenset[str]:
    """Unknown words that half of the captions share: the name of the device in front of each."""
    counts: dict[str, int] = defaultdict(int)
    for own in words:
        for word in set(own):
            counts[word] += 1
    fewest = max(3, len(words) / 2)
    return frozenset(
        word
        for word, count in counts.items()
        if count >= fewest and concepts_of((word,))[1] and len(word) > 1 and (word,) not in _CELL_WORDS
    )


def _letters_alone(split: Sequence[tuple[str, Unit | None]]) -> dict[str, str]:
    """What letters that are whole captions mean beside one another: v beside U is a speed, A and W beside V are units.

    Args:
        split: Captions without their unit, and the unit.

    Returns:
        Concept of a letter.
    """
    alone = {text for text, unit in split if unit is None}
    found = {"v": "speed"} if alone & {"U", "u", "V"} else {}
    return found | {"A": "current", "W": "power"} if alone & {"U", "V"} else found


def _single(
    caption: str, text: str, unit: Unit | None, concepts: set[str], unknown: list[str], numbers: list[int]
) -> Meaning:
    """The meaning of one caption by itself."""
    device = "bms" if "bms" in concepts else "controller" if "controller" in concepts else ""
    if unit is None:
        unit = next((find_unit(word) for word in ("mah", "kwh", "ah", "wh") if word in words_of(text)), None)
    time = _as_time(text, unit, concepts)
    if time:
        return Meaning(caption, unit=unit, time=time)
    lone = find_unit(text) if unit is None else None
    if lone is not None and lone.quantity in _ONLY_UNIT and len(text) > 1:
        unit, concepts = lone, set()
        unknown, numbers = [], []
    if unit is not None and unit.quantity == "m/s" and text.casefold() in ("v", "tempo"):
        concepts = {"speed"}
    concepts = _completed(concepts, unit)
    if unknown:
        return Meaning(caption, unit=unit, device=device)
    listed = _listed(concepts, numbers, unit)
    if listed:
        return Meaning(caption, listed, unit, index=numbers[0], device=device)
    if numbers and numbers != [1]:
        return Meaning(caption, unit=unit, device=device)
    for rank, (channel, needs, allowed) in enumerate(RULES):
        if needs <= concepts <= allowed and _unit_fits(channel, unit):
            directions = concepts & {"charge", "discharge"} if channel in ("battery_current", "power") else set()
            flow = directions.pop() if len(directions) == 1 else ""
            return Meaning(caption, channel, unit, flow=flow, device=device, rank=rank)
    return Meaning(caption, unit=unit, device=device)


def _as_time(text: str, unit: Unit | None, concepts: set[str]) -> str:
    """Whether a caption names a time column."""
    if unit is not None and unit.quantity != "s":
        return ""
    if text in _TIME_LETTERS or (text == "T" and unit is not None):
        return "time"
    if concepts & {"voltage", "current", "temperature", "cell", "gps", "charge", "discharge", "remaining", "cycle"}:
        return ""
    if "date" in concepts:
        return "date"
    if "elapsed" in concepts:
        return "elapsed"
    if "time" in concepts:
        return "time"
    return "time" if text.casefold() in _TIME_WORDS or _TAKEN.fullmatch(text) else ""


def _completed(concepts: set[str], unit: Unit | None) -> set[str]:
    """Add what the unit says."""
    concepts = set(concepts)
    if unit is None:
        if concepts == {"battery", "level"} or concepts == {"battery", "remaining"}:
            return {"battery", "soc"}
        return concepts
    if unit.quantity == "fraction":
        if concepts and concepts <= {"battery", "level", "remaining", "charge", "capacity", "energy", "pack"}:
            return {"soc"}
        return concepts - {"level"} if concepts & {"duty", "pwm", "throttle", "soc"} else concepts
    if unit.quantity == "1/min" and concepts - {"motor"} == {"electrical"}:
        return {"erpm"}
    if unit.quantity == "1/min" and "speed" in concepts:
        return concepts | {"rpm"}
    implied = _BY_UNIT.get(unit.quantity)
    if implied and not concepts & {"voltage", "current", "power", "temperature", "speed", "rpm", "erpm", "capacity"}:
        concepts.add(implied)
    if implied in ("amp-hours", "watt-hours") and "capacity" in concepts and concepts & {"used", "charge", "regen"}:
        concepts = (concepts - {"capacity"}) | {implied}
    if implied == "amp-hours" and concepts & {"remaining", "full", "nominal"}:
        concepts = (concepts - {"amp-hours"}) | {"capacity"}
    if implied == "watt-hours" and "remaining" in concepts:
        concepts = (concepts - {"watt-hours"}) | {"energy"}
    return concepts


def _listed(concepts: set[str], numbers: list[int], unit: Unit | None) -> str:
    """The list channel of a numbered caption that names cells or sensors, "" when it does not."""
    if len(numbers) != 1 or not 0 <= numbers[0] <= MOST_IN_SERIES:
        return ""
    quantity = unit.quantity if unit else ""
    own = concepts - {"bms", "battery", "pack"}
    if "cell" in own:
        if own <= {"cell", "voltage"} and quantity in ("", "V"):
            return "cell_voltages"
        if own <= {"cell", "resistance"} and "resistance" in own:
            return "cell_wire_resistances"
        if own <= {"cell", "balance", "state"} and "balance" in own:
            return "cells_balancing"
        if own <= {"cell", "temperature"} and "temperature" in own:
            return "battery_temperatures"
        return ""
    if own in ({"temperature"}, {"temperature", "sensor"}) and quantity in ("", "degC"):
        return "battery_temperatures"
    return ""


def _settle_series(stem: tuple[object, ...], members: list[tuple[int, int]], meanings: list[Meaning]) -> None:
    """Give numbered columns their places; a series without a telling word becomes one when it is long enough."""
    members.sort()
    numbers = [number for number, _ in members]
    channel = str(stem[0])
    if not channel:
        concepts, unknown, quantity = stem[1], stem[2], stem[3]
        unbroken = numbers == list(range(numbers[0], numbers[0] + len(numbers))) and numbers[0] in (0, 1)
        if len(members) < _FEWEST_IN_SERIES or not unbroken or len(members) > MOST_IN_SERIES:
            return
        if quantity in ("", "V") and _are_cells(concepts, unknown, quantity):
            channel = "cell_voltages"
        elif quantity in ("", "degC") and (concepts, unknown) == (frozenset({"sensor"}), ()):
            channel = "battery_temperatures"
        else:
            return
    if len(set(numbers)) != len(numbers):
        return
    first = 0 if numbers[0] == 0 else 1
    for number, place in members:
        meanings[place] = replace(meanings[place], channel=channel, index=number - first)


def _are_cells(concepts: object, unknown: object, quantity: object) -> bool:
    """Whether numbered columns are cells by the words in front of their numbers."""
    if concepts == frozenset({"voltage"}):
        return unknown in _CELL_WORDS
    return not concepts and (unknown in _CELL_WORDS - {()} or (unknown == ("s",) and quantity == "V"))


def _unit_fits(channel: str, unit: Unit | None) -> bool:
    if unit is None:
        return True
    if channel in _FRACTIONS:
        return unit.quantity == "fraction" or (channel == "remote_input" and unit.quantity == "V")
    expected = CHANNELS[channel].unit
    if expected == "degC" and unit.quantity == "deg":
        return True
    return unit.quantity == expected
