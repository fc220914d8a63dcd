"""Cells of a table that hold a number with its unit behind it: "52.84V", "-12.00A", "3.300 V", "98%", "5000mAH"."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

#: Factor of each unit to the unit of its channel; lower case.
UNITS: Final[Mapping[str, float]] = {
    "v": 1.0,
    "mv": 0.001,
    "a": 1.0,
    "ma": 0.001,
    "ah": 1.0,
    "mah": 0.001,
    "%": 0.01,
    "c": 1.0,
    "°c": 1.0,
    "℃": 1.0,
}
_PATTERN: Final = r"^\s*([-+]?(?:\d+\.?\d*|\.\d+))\s*(mAh|Ah|mV|V|mA|A|%|°C|℃|C)?\s*$"


def read_quantities(texts: pl.Series, default: float = 1.0) -> tuple[NDArray[np.float64], int]:
    """Read a column of numbers with units.

    Args:
        texts: Cells, shape (n,); a decimal comma is tolerated.
        default: Factor for a cell without a unit.

    Returns:
        Values in V, A, Ah, degC or fractions, shape (n,), NaN where a cell is empty or no quantity; and how many cells
        that are not empty could not be read.
    """
    import polars as pl

    cells = texts.cast(pl.String).str.strip_chars().str.replace(",", ".", literal=True)
    groups = cells.str.extract_groups(f"(?i){_PATTERN}")
    number = groups.struct.field("1").cast(pl.Float64, strict=False)
    factor = groups.struct.field("2").str.to_lowercase().replace_strict(UNITS, default=None, return_dtype=pl.Float64)
    values = (number * factor.fill_null(default)).to_numpy().astype(np.float64)
    unread = int((number.is_null() & cells.is_not_null() & (cells != "")).sum())
    return values, unread
