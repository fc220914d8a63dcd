"""Whether a text is one whose lines name their values, told by its beginning."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from ridelog.parsing import Sniff

from .json_table import is_json, layout_of_records
from .json_table_records import find_records
from .json_text import json_text
from .named_values import find_named_values
from .plain_text import as_utf8
from .table_captions import Meaning
from .table_judgement import judge_captions

#: How far into a text its lines are looked at, bytes.
_LOOK_BYTES: Final = 24_576
#: The part of the lines that must name values: logs of consoles say other things as well (engineering judgement).
_LEAST_PART: Final = 0.3
#: A text about settings names its values as well, once: a log does so this often, or it tells the cells.
_FEWEST_RECORDS: Final = 3
_FEWEST_CELLS: Final = 3
_WHY_NOT: Final = "no lines that name their values, such as 'Voltage: 53.2V' or 'U=53.2 I=4.1'"


def names_its_values(head: bytes) -> bool:
    """Whether the lines of a text name their values, and these are those of a vehicle or a battery."""
    return bool(judge_named_values(head).rank)


@lru_cache(maxsize=4)
def judge_named_values(head: bytes) -> Sniff:
    """Whether the lines of a text name values of a vehicle or a battery, and why not."""
    if b"\0" in head[:1024] and not head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Sniff.no("not text")
    if is_json(head):
        return _judge_records(head)
    start = as_utf8(head)[:_LOOK_BYTES]
    found = find_named_values(start.decode("utf-8-sig", "replace"))
    if not found.lines or found.lines < _LEAST_PART * (found.lines + found.other):
        return Sniff.no(_WHY_NOT)
    layout = layout_of_records([record for _, record in found.rows[:50]])
    if layout is None:
        return Sniff.no(_WHY_NOT)
    meanings = layout[0].meanings
    answer = judge_captions(meanings, "the text", dated=True)
    if answer.rank and not _is_log(len(found.rows), meanings):
        return Sniff.no("names values once, as a text about settings does, and no cells")
    return answer


def _judge_records(head: bytes) -> Sniff:
    """JSON records with a time are a table; those without one are polls in the order of the file."""
    records = [record for _, record in find_records(json_text(head), head=True).rows[:50]]
    layout = layout_of_records(records)
    if layout is None:
        return Sniff.no("JSON without records")
    meanings, dated = layout[0].meanings, layout[1]
    if dated or any(meaning.time for meaning in meanings):
        return Sniff.no("JSON records with a time, which are a table")
    answer = judge_captions(meanings, "the JSON records", dated=True)
    if answer.rank and not _is_log(len(records), meanings):
        return Sniff.no("JSON that names values once, as settings do, and no cells")
    return answer


def _is_log(records: int, meanings: tuple[Meaning, ...]) -> bool:
    cells = sum(meaning.channel == "cell_voltages" for meaning in meanings)
    return records >= _FEWEST_RECORDS or cells >= _FEWEST_CELLS
