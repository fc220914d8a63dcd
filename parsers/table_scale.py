"""How the values of a column come to the unit of their channel, or what must be asked first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from .table_captions import Meaning
from .table_units import Unit

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Column(Protocol):
    """What is needed of another column of the same table."""

    channel: str
    values: NDArray[np.float64]
    conversion: str
    unit: str
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Scale:
    """How to bring values to the unit of a channel.

    Attributes:
        factor: Applied first.
        offset: Added after.
        unit: Name of the unit in the file.
        conversion: What that means, for the metadata; "" when nothing is done.
        question: What the data do not decide; {name} stands for the caption.
        note: Why the values are kept as they are; {name} stands for the caption.
    """

    factor: float = 1.0
    offset: float = 0.0
    unit: str = ""
    conversion: str = ""
    question: str = ""
    note: str = ""


def scale_of(unit: Unit, reason: str = "") -> Scale:
    """The scale for a unit; `reason` is why it was taken where the file does not name it."""
    conversion = unit.conversion
    if reason:
        conversion = f"{conversion} ({reason})" if conversion else f"taken as {unit.name} ({reason})"
    return Scale(unit.factor, unit.offset, unit.name, conversion)
