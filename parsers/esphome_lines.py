"""Lines of an ESPHome log that tell the state of an entity, and what they say."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import ClockBasis, unwrap_midnight

from .hex_lines import read_stamp
from .table_times import TimeColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

#: Colours of a terminal.
_COLOUR: Final = re.compile(rb"\x1b\[[0-9;]{0,12}m")
#: [10:18:51.123][D][sensor:125]: 'name': Sending state 3.317 V with 3 decimals of accuracy; in 2026
#: [S][sensor]: 'name' >> 3.317 V. The state may stand on the line below, and a paste may have lost its line ends: then it
#: goes as far as the next stamp.
_STATE: Final = re.compile(
    r"\[[A-Z]{1,2}\][\s:]{0,4}\[(text_sensor|binary_sensor|sensor|switch|number|select)(?::[0-9A-Fa-f]{1,4})?\]"
    r"(?:\[[^\]\n]{0,40}\])?[:\s]{0,8}'([^'\n]{1,120})'"
    r"(?:[: ]{1,3}(?:Sending|New)(?: initial)? state(?: is)? | >> )"
    r"([^\n]*?)(?= *\r?(?:\n|$)| +\[?\d\d:\d\d:\d\d)"
)
_NUMBER: Final = re.compile(r"(-?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|nan|inf))(?: ([^ ]{1,12}))?(?: +with .*)?$")
_NOT_A_WORD: Final = re.compile(r"[^a-z0-9]+")
#: How far a stamp stands before the mark of the line, in characters.
_STAMP_REACH: Final = 48
_KINDS: Final = {ClockBasis.TIME_OF_DAY: "time-of-day", ClockBasis.LOCAL: "date-time", ClockBasis.UTC: "date-time"}
_WORDS: Final = {
    ClockBasis.TIME_OF_DAY: "the lines carry times of day without a date",
    ClockBasis.LOCAL: "the lines carry dates and times without a zone",
    ClockBasis.UTC: "the lines carry dates and times with a zone, or seconds since 1970",
    ClockBasis.NONE: "the lines carry no stamps; the polls are numbered in steps of a second",
}


@dataclass(frozen=True, slots=True)
class State:
    """What one line says.

    Attributes:
        entity: The entity as Home Assistant would name it, "sensor.jk_bms_cell_voltage_3".
        state: Its state without the unit; "" for none.
        unit: Its unit as it is written, "" without one.
        line: Line number, from 1.
        stamp: Stamp in s, None without one.
        basis: What the stamp counts from.
    """

    entity: str
    state: str
    unit: str
    line: int
    stamp: float | None
    basis: ClockBasis


def read_states(data: bytes) -> list[State]:
    """Find the states in a log, in order."""
    text = _COLOUR.sub(b"", data).decode("utf-8-sig", "replace")
    found: list[State] = []
    line, counted = 1, 0
    for match in _STATE.finditer(text):
        line += text.count("\n", counted, match.start())
        counted = match.start()
        lead = text[max(0, counted - _STAMP_REACH) : counted].rpartition("\n")[2]
        domain, name, said = match.groups()
        state, unit = said.strip().strip("'\""), ""
        number = _NUMBER.match(state) if domain in ("sensor", "number") else None
        if number is not None:
            state, unit = ("" if number[1] in ("nan", "-nan") else number[1]), number[2] or ""
        stamp, basis = _last_stamp(lead)
        found.append(State(f"{domain}.{entity_name(name)}", state, "" if unit == "with" else unit, line, stamp, basis))
    return found


def entity_name(name: str) -> str:
    """The name of an entity as Home Assistant makes it of that in words: "JK-BMS cell voltage 3" to "jk_bms_cell_voltage_3"."""
    return _NOT_A_WORD.sub("_", name.lower()).strip("_")


def _last_stamp(lead: str) -> tuple[float | None, ClockBasis]:
    """The stamp before the mark: of a paste that lost its line ends, what stands behind the last bracket."""
    stamp, basis = read_stamp(lead.rpartition("[")[2])
    return (stamp, basis) if stamp is not None else read_stamp(lead)


def time_of_states(states: Sequence[State]) -> tuple[TimeColumn, NDArray[np.float64]]:
    """The clock of the states.

    Returns:
        What the stamps count, and the stamp of each state in s, shape (states,), running on past midnight; a state without
        one has that of the state before it. All NaN where no line has a stamp.
    """
    bases = Counter(state.basis for state in states if state.stamp is not None)
    if not bases:
        nothing = np.full(len(states), np.nan)
        return TimeColumn(0, "order of the lines", "counter", nothing, 1.0, reason=_WORDS[ClockBasis.NONE]), nothing
    basis = bases.most_common(1)[0][0]
    stamps = np.array([state.stamp if state.basis is basis and state.stamp is not None else np.nan for state in states])
    known = np.flatnonzero(np.isfinite(stamps))
    if basis is ClockBasis.TIME_OF_DAY:
        stamps[known] = unwrap_midnight(stamps[known])
    last = np.maximum.accumulate(np.where(np.isfinite(stamps), np.arange(len(stamps)), 0))
    seconds = stamps[np.where(last < known[0], known[0], last)]
    whole = bool(np.all(stamps[known] == np.floor(stamps[known])))
    column = TimeColumn(
        0,
        "stamps of the lines",
        _KINDS[basis],
        seconds,
        1.0 if whole else 0.001,
        zoned=basis is ClockBasis.UTC,
        reason=_WORDS[basis],
    )
    return column, seconds
