"""The columns of a table as channels: read as numbers, brought to their units, and what stays open named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.channels import CHANNELS, Kind
from ridelog.damage import Damage, DamageKind, Effect

from .table_captions import Meaning
from .table_mapping import Answer, TableMapping
from .table_numbers import Style, looks_grouped, read_flags, read_numbers
from .table_scale import Scale
from .table_scales import FRACTIONS, find_scale
from .table_source import Grid
from .table_units import Unit
from .table_words import concepts_of, words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

_MEASURED: Final = (Kind.NUMBER, Kind.INTEGER, Kind.NUMBERS)
#: This part of the cells must be numbers for a column to be one of a number channel (engineering judgement).
_MOSTLY: Final = 0.5
#: Voltages whose size leaves no doubt.
_PROOFS: Final = ("pack_voltage", "cell_voltages", "cell_voltage_max", "cell_voltage_min")
#: Rows that are enough to tell a unit; of longer files every n-th is looked at.
_ENOUGH: Final = 2000
#: Temperatures in degC that a battery has in use (engineering judgement: cells are cut off at 60 degC, and a motor or a
#: controller gets hotter). A column that is called nothing but "T" is the battery's only within them.
_MILD: Final = (-30.0, 60.0)
#: Channels of a position: they do not come from the vehicle.
POSITION: Final = frozenset(
    {"latitude", "longitude", "altitude", "gps_speed", "gps_heading", "gps_accuracy", "gps_distance"}
)
#: What a column called "battery" is, by the unit behind its values; any other column that says so goes before it.
_BATTERY_BY_UNIT: Final = {"fraction": "soc", "V": "pack_voltage", "A": "battery_current"}
_LAST_RANK: Final = 1000
#: What does not become 0 when a vehicle loses its battery.
_LASTING: Final = frozenset(
    {"soc", "odometer", "fet_temperature", "motor_temperature", "controller_temperature", "battery_temperature"}
    | {"bms_temperature", "bms_fet_temperature", "battery_temperatures", "remaining_capacity", "full_charge_capacity"}
)
#: What an app may go on showing as it was while it does not hear the vehicle.
_HELD: Final = frozenset({"soc", "odometer", "distance", "remaining_capacity", "full_charge_capacity"})


@dataclass(slots=True)
class Planned:
    """One column on its way to a channel.

    Attributes:
        place: Its place among the columns.
        meaning: What its caption says; the channel may have changed since.
        channel: Canonical channel, "" to keep the column as it is.
        values: Numbers in the unit of the channel, shape (rows,); empty for text.
        unit: Name of the unit in the file, for notes and drafts.
        conversion: What was done to the values.
        derived: From what the source computed them, if it did.
        question: What the data do not decide, "" when nothing is open.
        note: Why the column is kept as it is, "" when it is not or nothing is to be said.
        wrong: Rows whose cell is no number.
        sign: Which way the user says it counts, 0.0 when not said.
    """

    place: int
    meaning: Meaning
    channel: str
    values: NDArray[np.float64]
    unit: str = ""
    conversion: str = ""
    derived: str = ""
    question: str = ""
    note: str = ""
    wrong: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    sign: float = 0.0

    @property
    def caption(self) -> str:
        """Caption in the file."""
        return self.meaning.caption

    @property
    def index(self) -> int | None:
        """Place in a list channel."""
        return self.meaning.index

    def convert(self, scale: Scale) -> None:
        """Bring the values to the unit of the channel."""
        self.values = self.values * scale.factor + scale.offset
        self.conversion = scale.conversion
        self.unit = scale.unit

    def keep(self, note: str) -> None:
        """Give the column up as a channel: it is kept as it is."""
        self.channel, self.note = "", note


def plan_columns(grid: Grid, style: Style, mapping: TableMapping, done: Sequence[int]) -> list[Planned]:
    """Read the columns whose channel is known as numbers.

    Args:
        grid: The table.
        style: How it writes numbers.
        mapping: What the user says.
        done: Places of the columns that are the clock.

    Returns:
        One entry for each caption but those of the clock.
    """
    plans = []
    for place, meaning in enumerate(grid.layout.meanings):
        if place in done or place >= grid.frame.width:
            continue
        answer = mapping.columns.get(meaning.caption)
        if answer is not None:
            meaning = _answered(meaning, answer)
        elif not meaning.channel and not meaning.time and _is_battery(meaning.caption):
            unit = read_numbers(grid.series(place), style).unit
            if unit is not None:
                meaning = replace(meaning, channel=_BATTERY_BY_UNIT.get(unit.quantity, ""), rank=_LAST_RANK)
        plan = Planned(place, meaning, meaning.channel, np.empty(0))
        plan.sign = answer.sign if answer else 0.0
        if meaning.channel:
            _read(plan, grid, style)
        plans.append(plan)
    return plans


def _is_battery(caption: str) -> bool:
    """Whether a caption says "battery" and nothing else, in whatever language."""
    concepts, unknown, numbers = concepts_of(words_of(caption))
    return concepts == {"battery"} and not unknown and not numbers


def unheard_rows(plans: Sequence[Planned]) -> NDArray[np.bool_]:
    """Rows in which the logger did not hear the vehicle: pack voltage and every other measured value are 0 or empty.

    A charge or a distance may be held as it was.

    A pack that is cut off leaves temperatures, an odometer or a state of charge behind. So only a table counts that has
    such a column, with a 0 in no other row.

    Returns:
        Shape (rows,), or (0,) when the table does not allow to tell.
    """
    measured = [plan for plan in plans if plan.channel and plan.channel not in POSITION and len(plan.values)]
    if not any(plan.channel == "pack_voltage" for plan in measured):
        return np.zeros(0, bool)
    unheard: NDArray[np.bool_] = np.logical_and.reduce(
        [~(np.abs(plan.values) > 0) for plan in measured if plan.channel not in _HELD]
    )
    lasting = [plan.values for plan in measured if plan.channel in _LASTING]
    if not any((values[unheard] == 0).any() and (values[~unheard] != 0).all() for values in lasting):
        return np.zeros(0, bool)
    return unheard


def _answered(meaning: Meaning, answer: Answer) -> Meaning:
    return replace(
        meaning,
        channel=answer.channel,
        unit=answer.unit or meaning.unit,
        index=answer.index,
        flow="" if answer.sign else meaning.flow,
        rank=-1,
        time="",
    )


def _read(plan: Planned, grid: Grid, style: Style) -> None:
    """Read the cells of one column: numbers for measured channels, 0 and 1 for flags, nothing for text."""
    kind = CHANNELS[plan.channel].kind
    series = grid.series(plan.place)
    if not len(series.drop_nulls()):
        plan.keep("")
        return
    if kind in (Kind.FLAG, Kind.FLAGS):
        flags = read_flags(series)
        if flags is None:
            plan.keep(f"'{plan.caption}' holds something else than on and off; it is kept as it is.")
        else:
            plan.values = flags
        return
    numbers = read_numbers(series, style)
    readable = int(np.isfinite(numbers.values).sum())
    mostly_numbers = readable >= _MOSTLY * (readable + len(numbers.wrong)) and readable > 0
    if kind in _MEASURED:
        if plan.channel == "fault_code" and not mostly_numbers:
            plan.channel = "fault_name"
            return
        if not mostly_numbers:
            plan.keep("")
            return
        plan.values, plan.wrong = numbers.values, numbers.wrong
        if numbers.unit is not None and _fits(plan.channel, numbers.unit):
            plan.meaning = replace(plan.meaning, unit=numbers.unit)
        elif numbers.unit is not None:
            plan.keep(f"'{plan.caption}' holds values in {numbers.unit.name}, which is no unit of {plan.channel}.")
        return
    if mostly_numbers and not (plan.channel == "alert" and len(numbers.wrong)):
        # States and alarms as bare numbers mean nothing without their table; a 0 between words is "none".
        plan.keep("")


def _fits(channel: str, unit: Unit) -> bool:
    if channel in FRACTIONS:
        return unit.quantity == "fraction"
    return unit.quantity == CHANNELS[channel].unit or (CHANNELS[channel].unit == "degC" and unit.quantity == "deg")


def settle_thousands(plans: Sequence[Planned], grid: Grid) -> tuple[Damage, ...]:
    """Take points as separators of thousands where a voltage makes sense only so: "49.500" mV.

    Args:
        plans: The columns as read, before their units are settled; their values are changed.
        grid: The table.

    Returns:
        A note when it was done.
    """

    def is_proof(plan: Planned) -> bool:
        unit = plan.meaning.unit
        known = np.abs(plan.values[np.isfinite(plan.values) & (plan.values != 0)])
        if unit is None or unit.quantity != "V" or plan.channel not in _PROOFS or not len(known):
            return False
        middle = float(np.median(known)) * unit.factor
        low, high = CHANNELS[plan.channel].low, CHANNELS[plan.channel].high
        return not low <= middle <= high and low <= middle * 1000 <= high and looks_grouped(grid.series(plan.place))

    if not any(len(plan.values) and is_proof(plan) for plan in plans):
        return ()
    grouped = [plan for plan in plans if len(plan.values) and plan.channel and looks_grouped(grid.series(plan.place))]
    for plan in grouped:
        plan.values = plan.values * 1000.0
    names = ", ".join(f"'{plan.caption}'" for plan in grouped[:8])
    message = f"Numbers such as 49.500 are taken with their thousands separated, as the voltages show: {names}."
    return (Damage(DamageKind.NOTE, Effect.NOTED, message, len(grouped)),)


def settle_scales(plans: Sequence[Planned], seconds: NDArray[np.float64]) -> None:
    """Bring all number columns to the units of their channels, from the captions, the cells or the data.

    Args:
        plans: The columns; their values, notes and questions are filled in.
        seconds: Stamps in s, shape (rows,).
    """
    cells = [plan for plan in plans if plan.channel == "cell_voltages" and len(plan.values)]
    if cells:
        scale = find_scale("cell_voltages", cells[0].meaning.unit, _some_values(cells), plans, seconds)
        for plan in cells:
            _apply(plan, scale)
    # Currents are told by the voltage beside them.
    for plan in sorted(plans, key=lambda plan: plan.channel != "pack_voltage"):
        if plan.channel and plan.channel != "cell_voltages" and len(plan.values):
            if CHANNELS[plan.channel].kind in (Kind.FLAG, Kind.FLAGS):
                continue
            _apply(plan, find_scale(plan.channel, plan.meaning.unit, plan.values, plans, seconds))


def _some_values(cells: Sequence[Planned]) -> NDArray[np.float64]:
    """Cell voltages of rows all over a table, enough to tell their unit."""
    return np.concatenate([plan.values[:: max(1, len(plan.values) // _ENOUGH)] for plan in cells])


def _apply(plan: Planned, scale: Scale) -> None:
    if scale.question:
        plan.question = scale.question.format(name=plan.caption)
        plan.unit = scale.unit
        return
    if scale.note:
        plan.keep(scale.note.format(name=plan.caption))
        return
    plan.convert(scale)
    if plan.meaning.caption.strip() == "T" and plan.meaning.unit is None and not _mild(plan.values):
        plan.values = (plan.values - scale.offset) / scale.factor
        plan.keep(
            "'T' does not say what it measures, and its values need not be a battery's temperatures: it is kept as it "
            "is. A mapping file (--map) can say it."
        )
        return
    if plan.meaning.channel == plan.channel and not _plausible(plan):
        low, high = CHANNELS[plan.channel].low, CHANNELS[plan.channel].high
        plan.values = (plan.values - scale.offset) / scale.factor
        plan.keep(
            f"The values of '{plan.caption}' are not those of {plan.channel} ({low:g} to {high:g} "
            f"{CHANNELS[plan.channel].unit}); it is kept as it is."
        )


def _mild(values: NDArray[np.float64]) -> bool:
    """Whether all temperatures are ones a battery has in use."""
    known = values[np.isfinite(values)]
    return not len(known) or bool(known.min() >= _MILD[0] and known.max() <= _MILD[1])


def _plausible(plan: Planned) -> bool:
    """Whether most values that are not 0 lie where values of the channel can lie."""
    known = plan.values[np.isfinite(plan.values) & (plan.values != 0)]
    if not len(known):
        return True
    channel = CHANNELS[plan.channel]
    return bool(np.mean((known >= channel.low) & (known <= channel.high)) >= _MOSTLY)


def resolve_rivals(plans: Sequence[Planned]) -> None:
    """Where several columns say the same, leave the one whose caption says it best; the others are kept as they are."""
    best: dict[tuple[str, int | None, str, str], Planned] = {}
    for plan in plans:
        if not plan.channel:
            continue
        flow = plan.meaning.flow if plan.channel in ("battery_current", "power") else ""
        key = (plan.channel, plan.index, flow, plan.meaning.device)
        rival = best.get(key)
        if rival is None or plan.meaning.rank < rival.meaning.rank:
            if rival is not None:
                rival.keep("")
            best[key] = plan
        else:
            plan.keep("")


def told(plans: Sequence[Planned], lines: NDArray[np.int64]) -> tuple[Damage, ...]:
    """Damage and notes of the columns: cells that are no numbers, and columns that stay as they are for a reason."""
    damage = []
    for plan in plans:
        if plan.note:
            damage.append(Damage(DamageKind.NOTE, Effect.NOTED, plan.note))
        if plan.channel and len(plan.wrong):
            message = f"{len(plan.wrong)} cells of '{plan.caption}' are no numbers; they are left empty."
            rows = tuple(int(line) for line in lines[plan.wrong[:20]])
            damage.append(
                Damage(DamageKind.IMPOSSIBLE_VALUE, Effect.LOST, message, len(plan.wrong), rows, plan.channel)
            )
    return tuple(damage)
