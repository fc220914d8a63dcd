"""Settings of a controller that do not fit the pack or the BMS, one remark each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from ridelog.detection import Case
from ridelog.settings import number

from .settings_place import Remark, series_counts

#: Cell voltage in V at rest at which a pack is full (cell data sheets): lithium-ion 4.20, iron phosphate about 3.45.
FULL_V: Final[Mapping[str, float]] = {"lfp": 3.45}
ION_FULL_V: Final = 4.20
#: Cell voltage in V at the end of a charge (cell data sheets).
_CHARGED_V: Final[Mapping[str, float]] = {"lfp": 3.65}
#: Room of the over-voltage limit above the full pack in V (REG-03: about 5 V; outside 3 to 8 V it is named).
_ROOM_V: Final = (3.0, 8.0)
#: A cutoff that starts above this cell voltage in V folds back with much charge left: at 3.5 V under load lithium-ion
#: cells hold a third or more, iron phosphate stands at 3.2 V for most of its charge (cell data sheets).
CUT_HIGH_V: Final[Mapping[str, float]] = {"lfp": 3.12}
ION_CUT_HIGH_V: Final = 3.5
#: A cutoff that ends below this cell voltage in V protects no cell (cell data sheets: 2.5 and 2.0 V).
_CUT_LOW_V: Final[Mapping[str, float]] = {"lfp": 2.0}
_ION_CUT_LOW_V: Final = 2.5
#: Absolute limit over motor current: below 1.2 ripple faults, below 1.1 ordinary full throttle does; engineering
#: judgement on firmware defaults of 1.5 to 2.
CLOSE, TOO_CLOSE = 1.2, 1.1
#: A demand above this share of the limit of the BMS leaves no headroom (CUR-07).
_HEADROOM: Final = 1.2
#: Regen beyond this is more than the field has seen go well, A (REG-01).
_REGEN_A: Final = 120.0


def controller_remarks(case: Case) -> Iterator[Remark]:
    """Every setting of the controller that does not fit, whether it acted in this ride or not."""
    yield from _voltage_remarks(case)
    yield from _cut_remarks(case)
    yield from _current_remarks(case)
    yield from _other_remarks(case)


def by_chemistry(case: Case, table: Mapping[str, float], otherwise: float) -> float:
    """The value of the chemistry of the pack, `otherwise` for lithium-ion and where it is not known."""
    return table.get(case.pack.chemistry.name, otherwise)


def _full(case: Case) -> tuple[float, float] | None:
    """Voltage in V of the full pack at rest with the fewest cells it can have, and at the charger with the most."""
    counts = series_counts(case)
    if not counts:
        return None
    rest, charged = by_chemistry(case, FULL_V, ION_FULL_V), by_chemistry(case, _CHARGED_V, ION_FULL_V)
    return min(counts) * rest, max(counts) * charged


def absolute_ratio(case: Case) -> float | None:
    """Absolute limit over motor current, None when either is not known."""
    most, absolute = number(case.settings, "motor_current_max"), number(case.settings, "motor_current_absolute_max")
    return absolute / most if most and absolute else None


def _voltage_remarks(case: Case) -> Iterator[Remark]:
    limit, full = number(case.settings, "controller_voltage_max"), _full(case)
    if limit is None or full is None:
        return
    low, high = full
    if limit < low + _ROOM_V[0]:
        yield Remark(
            "controller_voltage_max",
            f"The over-voltage limit of {limit:.1f} V leaves little room above the full pack ({low:.1f} V); the field "
            "keeps about 5 V.",
            limit,
            "V",
            low + _ROOM_V[0],
            "REG-03",
        )
    elif limit > high + _ROOM_V[1]:
        yield Remark(
            "controller_voltage_max",
            f"The over-voltage limit of {limit:.1f} V is far above the full pack ({high:.1f} V): it stops a spike "
            "late. The field keeps about 5 V.",
            limit,
            "V",
            high + _ROOM_V[1],
            "REG-03",
        )


def _cut_remarks(case: Case) -> Iterator[Remark]:
    counts = series_counts(case)
    start, end = number(case.settings, "battery_cut_start"), number(case.settings, "battery_cut_end")
    if not counts:
        return
    high, low = by_chemistry(case, CUT_HIGH_V, ION_CUT_HIGH_V), by_chemistry(case, _CUT_LOW_V, _ION_CUT_LOW_V)
    if start is not None and start / max(counts) > high:
        cell = start / max(counts)
        text = f"The battery cutoff begins at {cell:.2f} V a cell, with much of the charge left."
        yield Remark("battery_cut_start", text, start, "V", high * max(counts), "CUT-02")
    if end is None:
        return
    if end / min(counts) < low:
        cell = end / min(counts)
        text = f"The battery cutoff ends at {cell:.2f} V a cell, below what cells stand: it protects nothing."
        yield Remark("battery_cut_end", text, end, "V", low * min(counts), "CUT-01")
    board = number(case.settings, "cell_undervoltage_limit")
    if board is not None and end / min(counts) <= board:
        text = (
            f"The battery cutoff ends at {end / min(counts):.2f} V a cell, not above the undervoltage limit of the BMS "
            f"({board:.2f} V): the BMS cuts at once before the power has faded."
        )
        yield Remark("battery_cut_end", text, end, "V", board * min(counts), "CUT-02")


def _current_remarks(case: Case) -> Iterator[Remark]:
    drive, brake = (number(case.settings, f"battery_{kind}current_max") for kind in ("", "regen_"))
    takes, gives = number(case.settings, "charge_current_limit"), number(case.settings, "discharge_current_limit")
    if drive and gives and gives < _HEADROOM * drive:
        text = f"One controller may draw {drive:.0f} A, and the BMS cuts above {gives:.0f} A: " + (
            "it will trip." if gives < drive else "there is no headroom."
        )
        yield Remark("battery_current_max", text, drive, "A", gives, "TRIP-10")
    if brake and takes and brake > takes:
        text = f"One controller may brake with {brake:.0f} A, and the BMS opens its charge path above {takes:.0f} A."
        yield Remark("battery_regen_current_max", text, brake, "A", takes, "REG-01")
    elif brake and brake > _REGEN_A:
        text = f"One controller may brake with {brake:.0f} A into the pack; the field stays below about 120 A."
        yield Remark("battery_regen_current_max", text, brake, "A", _REGEN_A, "REG-01")


def _other_remarks(case: Case) -> Iterator[Remark]:
    ratio, absolute = absolute_ratio(case), number(case.settings, "motor_current_absolute_max")
    if ratio is not None and absolute is not None and ratio < CLOSE:
        text = f"The absolute current limit is only {ratio:.2f} times the motor current: ripple can reach it."
        yield Remark("motor_current_absolute_max", text, absolute, "A", absolute / ratio * CLOSE, "firmware defaults")
    cut, full = number(case.settings, "regen_cut_start"), _full(case)
    brake = number(case.settings, "battery_regen_current_max")
    if cut is not None and full is not None and brake and cut > 1.2 * full[1]:
        text = "The regen cut is not in use: braking does not fade as the pack becomes full."
        yield Remark("regen_cut_start", text, cut, "V", full[1], "firmware")
    cells, series = number(case.settings, "series_cells"), case.pack.series
    if cells is not None and series.certain and series.source in ("cells", "given") and round(cells) != series.best:
        text = f"The settings say {cells:.0f} cells in series, and the pack has {series.best}."
        yield Remark("series_cells", text, cells, "", float(series.best or 0), "firmware")
