"""The unit a number column is in, where its caption does not say: told by its own size and by the other columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.channels import CHANNELS

from .positions import track_speed
from .speed_units import distance_unit_by_speed, speed_unit_by_distance, speed_unit_by_speed
from .table_current_scale import find_current_scale
from .table_scale import Column, Scale, scale_of
from .table_units import UNITS, Unit

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Channels that are fractions, which files write in percent as often as not.
FRACTIONS: Final = frozenset({"duty", "pwm", "soc", "soh", "humidity", "remote_input"})
#: Channels whose values are above 3 only where the motor is driven.
_SHOWS_MOTION: Final = frozenset({"speed", "erpm", "motor_rpm", "gps_speed", "motor_current", "battery_current"})
#: A fraction does not go above this; percent of a ride does.
_FRACTION_MOST: Final = {"duty": 1.1, "pwm": 1.3, "soc": 1.0, "soh": 1.2, "humidity": 1.0, "remote_input": 1.1}
#: Voltages of packs that need no other proof, V (engineering judgement: 4s to 48s of lithium cells).
_PACK: Final = (10.0, 200.0)
#: Cell voltages of any lithium chemistry in use, V.
_CELL: Final = (1.5, 4.6)
#: Sum of the cells and pack voltage agree within this part (engineering judgement).
_AGREE: Final = 0.15
#: Temperatures at the start of a ride all above this are degF, where the other units are those of the same country.
_WARM_START: Final = 50.0
#: How far sensors stand above their own maximum when they are written with the offset of the transmission (GB/T 32960).
_SENSOR_OFFSET: Final = 40.0


def find_scale(
    channel: str,
    unit: Unit | None,
    values: NDArray[np.float64],
    columns: Sequence[Column],
    seconds: NDArray[np.float64],
) -> Scale:
    """Find the unit of a column.

    Args:
        channel: Canonical channel.
        unit: Unit in the caption or behind the values, None when there is none.
        values: Values as logged, shape (n,).
        columns: All columns of the table; those already settled are in the units of their channels.
        seconds: Stamps in s.

    Returns:
        The scale, or a question, or a note.
    """
    known = values[np.isfinite(values) & (values != 0)]
    if channel in FRACTIONS:
        return _fraction(channel, unit, known, columns)
    if unit is not None:
        return scale_of(unit)
    if not len(known):
        return Scale(unit=CHANNELS[channel].unit)
    quantity = CHANNELS[channel].unit
    if channel in ("cell_voltages", "cell_voltage_max", "cell_voltage_min", "cell_voltage_average"):
        return _cells(known, numbered=channel == "cell_voltages")
    if channel == "cell_voltage_delta":
        milli = float(np.median(known)) > 2.0
        return scale_of(UNITS["mv" if milli else "v"], "by the size of the values")
    if quantity == "V" and channel in ("pack_voltage", "charger_voltage"):
        return _pack(known, columns)
    if quantity == "A":
        return find_current_scale(known, values, columns)
    if quantity == "degC":
        return _temperature(known, values, columns)
    if channel in ("speed", "gps_speed"):
        return _speed(values, columns, seconds)
    if channel in ("distance", "odometer", "gps_distance"):
        return _distance(channel, values, columns, seconds)
    if quantity == "Ah" and channel.endswith("capacity") and float(np.median(known)) > 1000:
        return scale_of(UNITS["mah"], "by the size of the values")
    return Scale(unit=quantity)


def _cells(known: NDArray[np.float64], numbered: bool) -> Scale:
    middle = float(np.median(known))
    low, high = _CELL
    # The highest or lowest cell may be told by its number; each cell of a pack may well stand at four volts.
    if not numbered and middle <= high and bool((known == np.floor(known)).all()):
        return Scale(
            note="The values of '{name}' are whole numbers, such as count cells, and no voltages; it is kept as it is."
        )
    for unit in (UNITS["v"], UNITS["mv"], Unit("V", "0.1 mV", 1e-4), Unit("V", "10 mV", 1e-2)):
        if low <= middle * unit.factor <= high:
            return scale_of(unit, "by the size of the values") if unit.factor != 1.0 else Scale(unit="V")
    return Scale(note="The values of '{name}' are no cell voltages in any usual unit; it is kept as it is.")


def _pack(known: NDArray[np.float64], columns: Sequence[Column]) -> Scale:
    middle = float(np.median(known))
    sum_of_cells = _sum_of_cells(columns)
    units = (UNITS["v"], UNITS["mv"], Unit("V", "10 mV", 0.01), Unit("V", "0.1 V", 0.1))
    if sum_of_cells:
        for unit in units:
            if abs(middle * unit.factor / sum_of_cells - 1) < _AGREE:
                return scale_of(unit, "as the sum of the cells shows") if unit.factor != 1.0 else Scale(unit="V")
    if 5.0 <= middle <= 500.0:
        return Scale(unit="V")
    fitting = [unit for unit in units[1:] if _PACK[0] <= middle * unit.factor <= _PACK[1]]
    if len(fitting) == 1:
        return scale_of(fitting[0], "by the size of the values")
    if fitting:
        names = " or ".join(unit.name for unit in fitting)
        return Scale(question=f"whether '{{name}}' (about {middle:g}) is in {names}", unit="V")
    return Scale(note="The values of '{name}' are no pack voltage in any usual unit; it is kept as it is.")


def _sum_of_cells(columns: Sequence[Column]) -> float:
    cells = [
        column.values for column in columns if column.channel == "cell_voltages" and len(column.values) and column.unit
    ]
    if len(cells) < 2:
        return 0.0
    medians = [float(np.median(used)) for values in cells if len(used := values[np.isfinite(values) & (values > 0.5)])]
    return float(np.sum(medians))


def _fraction(channel: str, unit: Unit | None, known: NDArray[np.float64], columns: Sequence[Column]) -> Scale:
    percent = UNITS["%"]
    if not len(known):
        return Scale(unit="fraction")
    most = float(np.max(np.abs(known)))
    whole = bool((known == np.floor(known)).all())
    small = most <= _FRACTION_MOST[channel]
    if unit is not None and unit.name == "fraction":
        return Scale(unit="fraction")
    moves = _moves(columns)
    if unit is not None:
        if small and not whole and channel in ("duty", "pwm", "soc") and moves and len(np.unique(known)) > 5:
            reason = "the caption says percent, but while the vehicle moves the values stay within 1"
            return Scale(unit="fraction", conversion=f"taken as fractions ({reason})")
        return scale_of(percent)
    if not small:
        return scale_of(percent, f"values up to {most:g}")
    if whole and channel == "duty" and most == 1.0 and not moves:
        return scale_of(percent, "whole numbers at rest")
    if whole:
        return Scale(question=f"whether '{{name}}' (up to {most:g}) is a fraction or percent", unit="fraction")
    if channel in ("duty", "pwm", "remote_input") and not moves and most < 0.3:
        return Scale(question=f"whether '{{name}}' (up to {most:g}) is a fraction or percent", unit="fraction")
    return Scale(unit="fraction", conversion=f"taken as fractions (values up to {most:g})")


def _moves(columns: Sequence[Column]) -> bool:
    """Whether any column shows that the vehicle moves."""
    for column in columns:
        if column.channel in _SHOWS_MOTION and len(column.values):
            known = column.values[np.isfinite(column.values)]
            if len(known) and float(np.max(np.abs(known))) > 3.0:
                return True
    return False


def _temperature(known: NDArray[np.float64], values: NDArray[np.float64], columns: Sequence[Column]) -> Scale:
    middle = float(np.median(known))
    if middle > 180.0 and 0 < middle / 10 < 120:
        return scale_of(Unit("degC", "0.1 degC", 0.1), "by the size of the values")
    start = values[np.isfinite(values)][: max(1, len(values) // 20)]
    if _imperial(columns) and len(start) and float(np.median(start)) > _WARM_START:
        return scale_of(UNITS["f"], "the other units of the file are miles or degF")
    return Scale(unit="degC")


def _imperial(columns: Sequence[Column]) -> bool:
    names = {column.meaning.unit.name for column in columns if column.meaning.unit is not None}
    return bool(names & {"mph", "miles", "degF", "ft"}) and not names & {"km/h", "km", "degC"}


def _metric(columns: Sequence[Column]) -> bool:
    names = {column.meaning.unit.name for column in columns if column.meaning.unit is not None}
    return bool(names & {"km/h", "km"}) and not names & {"mph", "miles", "degF"}


def _speed(values: NDArray[np.float64], columns: Sequence[Column], seconds: NDArray[np.float64]) -> Scale:
    by = {column.channel: column for column in columns if len(column.values) and column.channel}
    if "gps_speed" in by and by["gps_speed"].meaning.unit is not None and by["gps_speed"].values is not values:
        found = speed_unit_by_speed(values, by["gps_speed"].values, "the satellite speed")
        if found:
            return Scale(found.factor, unit=found.name, conversion=found.conversion)
    if "latitude" in by and "longitude" in by and len(seconds) == len(values):
        track = track_speed(seconds, by["latitude"].values, by["longitude"].values)
        found = speed_unit_by_speed(values, track, "the positions of the ride")
        if found:
            return Scale(found.factor, unit=found.name, conversion=found.conversion)
    distance = by.get("distance") or by.get("odometer")
    if distance is not None and distance.meaning.unit is not None and len(seconds) == len(values):
        metres = distance.values if distance.conversion else distance.values * distance.meaning.unit.factor
        found = speed_unit_by_distance(seconds, values, metres, f"'{distance.meaning.caption}'")
        if found:
            return Scale(found.factor, unit=found.name, conversion=found.conversion)
    if _imperial(columns):
        return scale_of(UNITS["mph"], "the other units of the file are miles or degF")
    if _metric(columns):
        return scale_of(UNITS["km/h"], "the other units of the file are km")
    return Scale(
        note="The file does not say the unit of '{name}', and nothing in it tells: it is kept as it is. A mapping file "
        "can say it."
    )


def _distance(
    channel: str, values: NDArray[np.float64], columns: Sequence[Column], seconds: NDArray[np.float64]
) -> Scale:
    speed = next((column for column in columns if column.channel == "speed" and len(column.values)), None)
    unit = speed.meaning.unit if speed else None
    if speed is not None and unit is not None and len(seconds) == len(values):
        metres_per_second = speed.values if speed.conversion else speed.values * unit.factor
        found = distance_unit_by_speed(seconds, values, metres_per_second)
        if found:
            return Scale(found[0], unit=found[1], conversion=f"{found[1]} to m (as '{speed.meaning.caption}' adds up)")
    return Scale(
        note=f"The file does not say the unit of '{{name}}' ({channel}), and nothing in it tells: it is kept as it is. "
        "A mapping file can say it."
    )


def sensor_offset(sensors: NDArray[np.float64], highest: NDArray[np.float64]) -> float:
    """Offset of sensors that are written as transmitted, 40 above their temperature (GB/T 32960), else 0.

    Args:
        sensors: Temperatures of the sensors, shape (rows, sensors), NaN where missing.
        highest: The highest one as the same file gives it, degC, shape (rows,).
    """
    if not sensors.size:
        return 0.0
    with np.errstate(all="ignore"):
        top = np.where(np.isfinite(sensors).any(axis=1), np.nanmax(np.nan_to_num(sensors, nan=-1e9), axis=1), np.nan)
    gap = top - highest
    gap = gap[np.isfinite(gap)]
    if len(gap) < 3 or abs(float(np.median(gap)) - _SENSOR_OFFSET) > 1.0:
        return 0.0
    return _SENSOR_OFFSET
