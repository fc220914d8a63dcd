"""Cycle Analyst (Grin): what the display of an electric bicycle sends over its serial line, as its loggers save it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.errors import ParseError
from ridelog.log import Identity, Log, LogBuilder, Role
from ridelog.parsing import Parser, ReadOptions, Sniff
from ridelog.sources import Source

from .plain_text import as_utf8

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Captions of version 2, with which those of version 3 start as well.
_FIRST: Final = ("ah", "v", "a", "s", "d")
_HEADER: Final = re.compile(
    rb"^[^\w\n]{0,8}ah[\t ,;]+v[\t ,;]+a[\t ,;]+s[\t ,;]+d(?=[\t ,;\r\n]|$)", re.IGNORECASE | re.MULTILINE
)
_BETWEEN: Final = re.compile(r"[\t ,;]+")
#: A spreadsheet of another language saves the decimals with commas; then none stands between the columns.
_COMMA: Final = re.compile(r"^[^\w\n]{0,8}-?\d+,\d+[\t;][^\n]*\d,\d", re.MULTILINE)
_BETWEEN_COMMAS: Final = re.compile(r"[\t ;]+")
#: Caption and channel; the rest is kept as it is: speed and distance are in km or miles as the display is set.
_CHANNELS: Final = {"v": "pack_voltage", "a": "battery_current", "deg": "motor_temperature"}
#: Rows a second the display can be set to, and how far a counter may be off, as a factor (engineering judgement).
_RATES: Final = (1.0, 5.0, 10.0)
_TOLERANCE: Final = 1.3
#: What a counter must have moved to tell the rate: 20 of its last digit.
_LEAST_CHARGE_AH: Final = 0.02
_LEAST_WAY: Final = 0.2
#: The display takes some seconds to start; how long it was off is not known (engineering judgement).
_OFF_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Rows:
    captions: tuple[str, ...]
    values: NDArray[np.float64]
    flags: list[str]
    lines: NDArray[np.int64]
    starts: NDArray[np.bool_]
    broken: tuple[int, ...]


class CycleAnalyst(Parser):
    """Columns `Ah V A S D`, from version 3 on also `Deg RPM HW Nm ThI ThO AuxA AuxD Flgs`, apart by tabs.

    The display sends the captions when it is switched on and then one row a tenth, a fifth or a whole second, without a
    stamp: the counter of the charge against the current, else the distance against the speed, tells which. Captions
    between rows mean that it was switched off or lost its supply; how long is not in the file. Speed and distance
    are in km or in miles, as the display is set, with no mark in the file: they are kept as they are, so is the charge,
    which a reset starts again. Pastes with blanks for the tabs and decimal commas are read as well.
    """

    name: ClassVar[str] = "cycle-analyst"
    title: ClassVar[str] = "Cycle Analyst log (Grin, electric bicycles)"
    device: ClassVar[str] = "Cycle Analyst display, saved by its logger or a serial terminal"
    roles: ClassVar[tuple[Role, ...]] = (Role.CONTROLLER,)
    gives: ClassVar[tuple[str, ...]] = tuple(_CHANNELS.values())
    clock: ClassVar[str] = "none: rows at 1, 5 or 10 a second, told by the counters"

    def sniff(self, source: Source) -> Sniff:
        """Look for the line of captions."""
        if _HEADER.search(as_utf8(source.head)):
            return Sniff.yes("a line of captions of a Cycle Analyst: Ah, V, A, S, D")
        return Sniff.no("no line of captions 'Ah V A S D'")

    def parse(self, source: Source, options: ReadOptions) -> list[Log]:  # noqa: ARG002 - the contract of a parser
        """Read the rows and find their rate.

        Raises:
            ParseError: If there is no row of numbers below the captions.
        """
        rows = _read(as_utf8(source.data).decode("utf-8-sig", "replace"))
        if not len(rows.values):
            raise ParseError(f"no row has {len(rows.captions)} numbers like its captions.", path=source.label)
        step, reason = _step(rows)
        off = rows.starts & (np.arange(len(rows.starts)) > 0)
        steps = np.where(off, _OFF_S, step)
        steps[0] = 0.0
        builder = LogBuilder(np.cumsum(steps), rows.lines, time_source="number of the row")
        for place, caption in enumerate(rows.captions):
            values = rows.values[:, place]
            channel = _CHANNELS.get(caption.lower(), "")
            if not channel:
                builder.keep(caption, rows.flags if caption.lower() == "flgs" else values)
            elif channel != "motor_temperature" or np.nan_to_num(values).any():
                conversion = (
                    "sign as the display counts: positive out of the battery" if channel == "battery_current" else ""
                )
                builder.add(channel, values, source=caption, conversion=conversion)
        clock = Clock(ClockBasis.NONE, None, "", step, reason)
        identity = Identity(device="Cycle Analyst", family="cycle-analyst", software="Cycle Analyst")
        return [builder.build(Role.CONTROLLER, self.name, clock=clock, identity=identity, damage=_damage(rows, off))]


def _read(text: str) -> _Rows:
    """The rows below the captions, those before the first of them too where they are as wide."""
    captions: tuple[str, ...] = ()
    found: list[tuple[int, list[float], str, bool]] = []
    broken: list[int] = []
    begins = True
    commas = bool(_COMMA.search(text))
    between = _BETWEEN_COMMAS if commas else _BETWEEN
    for number, line in enumerate(text.splitlines(), start=1):
        cells = between.split(line.strip().strip("`>").strip())
        if commas:
            cells = [cell.replace(",", ".") for cell in cells]
        if tuple(cell.lower() for cell in cells[: len(_FIRST)]) == _FIRST:
            captions = captions if len(captions) > len(cells) else tuple(cells)
            begins = True
        elif (row := _numbers(cells)) is not None:
            found.append((number, row, cells[-1], begins))
            begins = False
        elif len(cells) >= len(_FIRST):
            broken.append(number)
    # The flags behind the other columns may be empty.
    widths = (len(captions), len(captions) - (len(captions) > len(_FIRST)))
    kept = [row for row in found if len(row[1]) in widths]
    values = np.full((len(kept), len(captions)), np.nan)
    for place, (_, row, _, _) in enumerate(kept):
        values[place, : len(row)] = row
    begun = np.cumsum([begins for _, _, _, begins in found])
    group = np.array([int(begun[place]) for place, row in enumerate(found) if len(row[1]) in widths], np.int64)
    return _Rows(
        captions,
        values,
        [flags if len(row) == len(captions) else "" for _, row, flags, _ in kept],
        np.array([number for number, _, _, _ in kept], np.int64),
        np.diff(group, prepend=group[:1] - 1) > 0,
        tuple(sorted([*broken, *(number for number, row, _, _ in found if len(row) not in widths)])),
    )


def _numbers(cells: Sequence[str]) -> list[float] | None:
    """A row as numbers, its last cell, the flags, as NaN where it is no number; None for any other line."""
    if len(cells) < len(_FIRST):
        return None
    try:
        row = [float(cell) for cell in cells[:-1]]
    except ValueError:
        return None
    try:
        return [*row, float(cells[-1])]
    except ValueError:
        return [*row, np.nan] if len(cells) > len(_FIRST) else None


def _step(rows: _Rows) -> tuple[float, str]:
    """Seconds from row to row, and what tells it."""
    place = {caption.lower(): index for index, caption in enumerate(rows.captions)}
    within = ~rows.starts[1:]
    for counter, rate, least, words in (
        ("ah", "a", _LEAST_CHARGE_AH, "the counter of the charge against the current"),
        ("d", "s", _LEAST_WAY, "the distance against the speed"),
    ):
        steps = np.diff(rows.values[:, place[counter]])
        flow = rows.values[1:, place[rate]]
        used = within & (steps >= 0) & (steps < 1) & (flow >= 0)
        counted = float(steps[used].sum())
        if counted < least:
            continue
        found = 3600.0 * counted / float(flow[used].sum()) if float(flow[used].sum()) > 0 else 0.0
        for candidate in _RATES:
            if 1 / _TOLERANCE < found * candidate < _TOLERANCE:
                return 1 / candidate, f"The rows carry no stamps; {words} tells {candidate:g} a second."
    return 1.0, "The rows carry no stamps, and the counters tell no rate; they are numbered in steps of a second."


def _damage(rows: _Rows, off: NDArray[np.bool_]) -> tuple[Damage, ...]:
    damage = []
    if len(rows.broken):
        message = f"{len(rows.broken)} lines are no whole rows of numbers; they are left out."
        damage.append(Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, len(rows.broken), rows.broken[:20]))
    if off.any():
        message = (
            f"The display starts again {int(off.sum())} times within the file: it was switched off or lost its supply there. "
            f"How long is not in the file; {_OFF_S:g} s are put in."
        )
        where = tuple(int(line) for line in rows.lines[off][:20])
        damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, int(off.sum()), where, "time"))
    message = "Speed and distance are in km or in miles; the file does not say which: they are kept as they are."
    damage.append(Damage(DamageKind.NOTE, Effect.NOTED, message, 0, channel="speed"))
    return tuple(damage)
