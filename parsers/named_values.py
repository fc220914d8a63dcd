"""Lines of text that name their values: "Voltage: 53.2V", "U=53.2 I=4.1", a table of names and values, a dict in a log."""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from .hex_lines import LEADING_STAMP
from .json_table_records import Record
from .json_text import DECODE_ERRORS
from .table_units import find_unit
from .topic_names import names_of_topics

#: Longer lines are passed over: they are dumps of something else.
_LONGEST_LINE: Final = 20_000
#: Lines longer than this hold a dict or nothing.
_LONGEST_PAIRS: Final = 2_000
_NUMBER: Final = r"[-+]?\d*(?:[.,]\d+)?(?<=\d)(?:[eE][-+]?\d{1,3})?"
_WORD: Final = r"(?:on|off|true|false|yes|no|nan|none|null|ok|open|closed?|enabled|disabled|charging|discharging|idle)"
#: A name, a colon or an equals sign, and a number with its unit, a list in brackets or a word of a switch.
_PAIR: Final = re.compile(
    rf"([^\W\d_][\w./#%()\[\]-]{{0,40}}(?: [\w./#%()\[\]-]{{1,40}}){{0,5}}?)\s{{0,24}}[:=]\s{{0,24}}"
    rf"(\[[^\[\]]{{0,1500}}\]|{_NUMBER}|{_WORD}(?![\w:=]))(?: ?([^\W\d_°%][\w/]{{0,7}}|%|°\s?[CF]))?(?=[\s,;|)\]}}/*]|$)",
    re.IGNORECASE,
)
#: A name and a number with blanks or a bar between them, alone on a line: what tools print as a table.
_ROW: Final = re.compile(
    rf"\s*\|?\s{{0,8}}([^\W\d_][\w./#%()-]*(?: [\w./#%()-]+){{0,6}})(?:\s{{2,}}|\t+|\s*\|)\s{{0,24}}({_NUMBER}|{_WORD})"
    r"(?:\s{0,24}([^\W\d_°%][\w/]{0,7}|%|°\s?[CF]))?\s*\|?\s*",
    re.IGNORECASE,
)
#: A topic of a broker of messages and its value.
_TOPIC: Final = re.compile(rf"([\w.#$+:-]+(?:/[\w.#$+:-]+)+)\s+({_NUMBER}|{_WORD})", re.IGNORECASE)
#: A stamp behind the number of the line, the name of a machine or in brackets: date and time in any order, else the time.
_INNER_STAMP: Final = re.compile(
    r"^[^={}]{0,40}?(?<![\d:./-])((?:\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}[ T,_]{1,2})?\d{1,2}:\d{2}:\d{2}(?:[.,]\d{1,6})?)(?![\d:])"
)
#: Objects of Python within a dict as a log prints it: <Kind.NAME: 3>, Sensor(28.9, 4), nan.
_ENUM: Final = re.compile(r"<[^<>{}]{1,80}?:\s*(-?\d+|'[^']{0,40}')>")
_CALL: Final = re.compile(r"(?<![\w'])[A-Za-z_][\w.]{0,40}\('?(-?[\d.]+)'?(?:, ?[\w.'-]{1,40})*\)")
_DATETIME: Final = re.compile(
    r"(?<![\w'])datetime(?:\.datetime)?\((\d{4}), (\d{1,2}), (\d{1,2}), (\d{1,2}), (\d{1,2})(?:, (\d{1,2}))?(?:, (\d{1,6}))?\)"
)
_NOT_A_NUMBER: Final = re.compile(r"(?<![\w'.])(?:nan|inf|-inf)(?![\w'])")
#: What announces the entities of a broker and holds no values.
_ANNOUNCED: Final = re.compile(r"/config\s*$")
#: A name starts the polls when it comes in at least this part of those of the most frequent one (engineering judgement).
_NEARLY_EACH: Final = 0.8


@dataclass(slots=True)
class ValueLine:
    """What one line says.

    Attributes:
        line: Line number, from 1.
        stamp: Its stamp as written, "" without one.
        pairs: Names and values; values of a dict may be dicts and lists.
        whole: Whether it is a record by itself.
        after_break: Whether a line without values stands before it.
        topic: Whether its name is the topic of a broker.
    """

    line: int
    stamp: str
    pairs: list[tuple[str, Any]]
    whole: bool = False
    after_break: bool = False
    topic: bool = False


@dataclass(slots=True)
class NamedValues:
    """The records of a text.

    Attributes:
        rows: First line and values of each; the stamp is under `STAMP`.
        lines: Lines with values.
        other: Lines without any, blank ones not counted.
        stamped: Whether most lines with values carry a stamp.
    """

    rows: list[tuple[int, Record]] = field(default_factory=list)
    lines: int = 0
    other: int = 0
    stamped: bool = False


#: The caption of the stamps of lines.
STAMP: Final = "time"
#: The caption of what stands between the stamp and a dict: a topic, the name of a device.
TOPIC: Final = "topic"


def find_named_values(text: str) -> NamedValues:
    """Find the values that the lines of a text name, and put those of one poll into one record.

    Lines with a dict are records by themselves. Else a record begins with the name that most often follows a line
    without values, or with the first one where there are no such lines.
    """
    found, other = _value_lines(text)
    wholes = [line for line in found if line.whole]
    if wholes:
        other += len(found) - len(wholes)
        found = wholes
    _name_topics(found)
    result = NamedValues(lines=len(found), other=other)
    result.stamped = bool(found) and 2 * sum(bool(line.stamp) for line in found) > len(found)
    starts = {number for number, _ in enumerate(found)} if wholes else _starts(found)
    record: Record = {}
    for number, line in enumerate(found):
        if number in starts or not result.rows:
            record = {STAMP: line.stamp} if result.stamped else {}
            result.rows.append((line.line, record))
        record.update(line.pairs)
    return result


def _value_lines(text: str) -> tuple[list[ValueLine], int]:
    found: list[ValueLine] = []
    other, broken = 0, True
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip(" \t\r-=+|*#"):
            broken = True
            continue
        if len(line) > _LONGEST_LINE:
            other, broken = other + 1, True
            continue
        stamp, rest = _stamp_and_rest(line)
        said = _dict_of(rest)
        pairs = said if said is not None else _pairs_of(rest)
        if not pairs:
            other, broken = other + 1, True
            continue
        topic = said is None and _TOPIC.fullmatch(rest.strip()) is not None
        found.append(ValueLine(number, stamp, pairs, said is not None, broken, topic))
        broken = False
    return found, other


def _stamp_and_rest(line: str) -> tuple[str, str]:
    """The stamp a line begins with, "" without one, and what follows it."""
    match = LEADING_STAMP.match(line)
    if match is not None:
        return match[0].strip(" \t[](){}<>,;|:"), line[match.end() :]
    inner = _INNER_STAMP.match(line)
    return (inner[1], line[inner.end() :]) if inner is not None else ("", line)


def _dict_of(text: str) -> list[tuple[str, Any]] | None:
    """The members of a dict at the end of a line, with what stands before it; None where there is none."""
    start = text.find("{")
    end = text.rfind("}")
    if start < 0 or end < start + 6 or _ANNOUNCED.search(text[:start].rstrip(": ")):
        return None
    inside = text[start : end + 1]
    try:
        value = json.loads(inside, parse_float=str, parse_int=str, parse_constant=str)
    except DECODE_ERRORS:
        value = _python_dict(inside)
    if not isinstance(value, dict) or len(value) < 2 or not all(isinstance(key, str) for key in value):
        return None
    before = text[:start].strip(" \t:=>-,")
    return [(TOPIC, before), *value.items()] if before and TOPIC not in value else list(value.items())


def _python_dict(text: str) -> object:
    text = _DATETIME.sub(_date_in_words, text)
    plain = _NOT_A_NUMBER.sub("None", _CALL.sub(r"\1", _ENUM.sub(r"\1", text)))
    try:
        with warnings.catch_warnings():
            # What is no Python may still come near enough to it for its compiler to advise the writer.
            warnings.simplefilter("ignore", SyntaxWarning)
            return _written(ast.literal_eval(plain))
    except (*DECODE_ERRORS, SyntaxError, MemoryError, TypeError):
        return None


def _date_in_words(match: re.Match[str]) -> str:
    year, month, day, hour, minute, second, micro = (int(part or 0) for part in match.groups())
    return f"'{year:04d}-{month:02d}-{day:02d} {hour:02d}:{minute:02d}:{second:02d}.{micro:06d}'"


def _written(value: object) -> object:
    """A value of Python as JSON has it, with numbers as texts."""
    if isinstance(value, dict):
        return {str(key): _written(member) for key, member in value.items()}
    if isinstance(value, list | tuple | set):
        return [_written(member) for member in value]
    if isinstance(value, bool) or value is None:
        return value
    return str(value)


def _pairs_of(text: str) -> list[tuple[str, Any]]:
    if len(text) > _LONGEST_PAIRS:
        return []
    text = text.strip()
    topic = _TOPIC.fullmatch(text)
    if topic is not None:
        return [(topic[1], topic[2])]
    row = _ROW.fullmatch(text)
    if row is not None and (row[3] is None or find_unit(row[3])):
        return [(row[1].strip(" |"), f"{row[2]} {row[3] or ''}".strip())]
    return list(_pairs(text)) if ":" in text or "=" in text else []


def _pairs(text: str) -> Iterator[tuple[str, Any]]:
    at = 0
    while (match := _PAIR.search(text, at)) is not None:
        name, value, unit = match.groups()
        at = match.end()
        if unit is not None and find_unit(unit) is None:
            # What follows a number without being a unit begins the next name.
            at, unit = match.start(3), None
        # A level of severity and the part of a program stand in brackets before the name.
        yield name.rpartition("] ")[2].strip(" |-"), value if value.startswith("[") else f"{value} {unit or ''}".strip()


def _name_topics(found: Sequence[ValueLine]) -> None:
    """Call the topics of a broker by what tells them from one another."""
    topics = [line for line in found if line.topic]
    names = names_of_topics({line.pairs[0][0] for line in topics})
    for line in topics:
        topic, value = line.pairs[0]
        line.pairs = [(names[topic], value)]


def _starts(found: Sequence[ValueLine]) -> set[int]:
    """Numbers of the lines that begin a record."""
    counts = Counter(name for line in found for name in dict(line.pairs))
    if not counts:
        return set()
    usual = Counter(counts.values()).most_common(1)[0][0]
    frequent = [name for name, count in counts.items() if count >= _NEARLY_EACH * usual]
    breaks = Counter(name for line in found if line.after_break for name in [line.pairs[0][0]])
    leader = max(frequent, key=lambda name: (breaks[name], -frequent.index(name)))
    return {number for number, line in enumerate(found) if any(name == leader for name, _ in line.pairs)}
