"""The unit of a current whose caption names none: A as a rule, and asked for where the file counts in raw steps."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from .table_scale import Column, Scale, scale_of
from .table_units import UNITS

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: Most battery current of a personal electric vehicle, A (engineering judgement).
_MOST_CURRENT: Final = 1500.0
#: Steps in which a BMS counts its current.
_STEPS: Final = ("a", "0.1a", "10ma", "ma")
#: Units of a voltage in whole steps: a current beside it is in steps as well.
_RAW: Final = ("0.1 V", "10 mV", "mV")
#: Power and voltage times current agree within this part (engineering judgement; the steps lie ten apart).
_AGREE: Final = 0.3
_FEWEST: Final = 8
#: Products below this tell nothing, W.
_LEAST_POWER: Final = 20.0


def find_current_scale(known: NDArray[np.float64], values: NDArray[np.float64], columns: Sequence[Column]) -> Scale:
    """Find the unit of a current.

    Whole numbers beside a voltage in raw steps (0.1 V, 10 mV, mV) are raw steps as well, and nothing but a power tells
    which; beside mV those that are too large for A are mA.

    Args:
        known: Values as logged that are neither missing nor 0, shape (k,), at least one.
        values: All of them, shape (rows,).
        columns: All columns of the table; the pack voltage is in V already.

    Returns:
        The scale, or a question.
    """
    largest = float(np.quantile(np.abs(known), 0.99))
    voltage = next((column for column in columns if column.channel == "pack_voltage" and len(column.values)), None)
    whole = bool((known == np.floor(known)).all())
    if (
        whole
        and voltage is not None
        and voltage.unit in _RAW
        and not (voltage.unit == "mV" and largest > _MOST_CURRENT)
    ):
        step = _by_power(values, voltage.values, columns)
        if step:
            return scale_of(UNITS[step], "as voltage and power show") if step != "a" else Scale(unit="A")
        question = f"whether '{{name}}' (up to {largest:g}) counts A, 0.1 A, 10 mA or mA"
        return Scale(question=question, unit="A")
    return scale_of(UNITS["ma"], "by the size of the values") if largest > _MOST_CURRENT else Scale(unit="A")


def _by_power(current: NDArray[np.float64], voltage: NDArray[np.float64], columns: Sequence[Column]) -> str:
    """The step in which voltage times current is the power of the file, "" where there is none."""
    for column in columns:
        unit = column.meaning.unit
        if column.channel != "power" or unit is None or len(column.values) != len(current):
            continue
        watts = np.abs(column.values if column.conversion else column.values * unit.factor)
        for step in _STEPS:
            product = np.abs(current * voltage * UNITS[step].factor)
            clear = np.isfinite(product) & np.isfinite(watts) & (watts > _LEAST_POWER)
            if int(clear.sum()) >= _FEWEST and abs(float(np.median(product[clear] / watts[clear])) - 1.0) < _AGREE:
                return step
    return ""
