"""Columns of a table that hold all cells of a row in one cell: "[3.92, 3.91, 3.93]", "3,92;3,91;3,93"."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .table_captions import MOST_IN_SERIES, Meaning
from .table_text import Layout
from .table_units import split_unit
from .table_words import concepts_of, words_of

if TYPE_CHECKING:
    import polars as pl

_AROUND: Final = "[](){}\"' \t"
#: What stands between the values, and then between "3,92" and "3,91" never a comma.
_BETWEEN: Final = (";", "|", "/", ",", " ")
_NUMBER: Final = re.compile(r"[-+]?\d+([.,]\d+)?([eE][-+]?\d+)?$")
_LOOKED_AT: Final = 100
#: A list under a caption that says voltage alone is one of cells from this many on, all of them within these V.
_FEWEST_CELLS: Final = 3
_CELL_V: Final = (1.5, 4.6)
_NO_VALUES: Final = frozenset({"none", "null", "nan", ""})


def spread_lists(frame: pl.DataFrame, layout: Layout) -> tuple[pl.DataFrame, Layout]:
    """Give every cell of such a column a column of its own, behind those of the captions.

    Args:
        frame: Text columns; the first ones belong to the captions.
        layout: The captions and what they mean.

    Returns:
        Both with the new columns, or as they were.
    """
    import polars as pl

    for place, meaning in enumerate(layout.meanings[: frame.width]):
        named = not meaning.channel and not meaning.time and _names_cells(meaning.caption)
        if not named and not _is_a_voltage(meaning):
            continue
        bare = frame.to_series(place).str.strip_chars(_AROUND)
        sample = [text for text in bare.drop_nulls().head(_LOOKED_AT).to_list() if text]
        separator = next((sign for sign in _BETWEEN if sample and all(_is_list(text, sign) for text in sample)), "")
        if not separator:
            continue
        if not named and not all(_are_cells(text, separator) for text in sample):
            continue
        parts = bare.str.split(separator)
        width = min(int(parts.list.len().max() or 0), MOST_IN_SERIES)  # type: ignore[arg-type] # an integer
        cells = [parts.list.get(index, null_on_oob=True).str.strip_chars(_AROUND) for index in range(width)]
        captions = [f"{meaning.caption} {index + 1}" for index in range(width)]
        known = len(layout.captions)
        frame = pl.DataFrame(
            [
                series.alias(f"{number}")
                for number, series in enumerate([*frame.get_columns()[:known], *cells, *frame.get_columns()[known:]])
            ]
        )
        found = [
            Meaning(caption, "cell_voltages", meaning.unit, index=index, device=meaning.device)
            for index, caption in enumerate(captions)
        ]
        layout = replace(layout, captions=(*layout.captions, *captions), meanings=(*layout.meanings, *found))
        return frame, layout
    return frame, layout


def _names_cells(caption: str) -> bool:
    concepts, unknown, numbers = concepts_of(words_of(split_unit(caption)[0]))
    return "cell" in concepts and concepts <= {"cell", "voltage", "battery", "pack", "bms"} and not unknown + numbers


def _is_a_voltage(meaning: Meaning) -> bool:
    """Whether a caption says voltage without naming a cell: "volt", "battery1 voltages"."""
    concepts, unknown, _ = concepts_of(words_of(split_unit(meaning.caption)[0]))
    return "voltage" in concepts and concepts <= {"voltage", "battery", "pack", "bms"} and not unknown


def _are_cells(text: str, separator: str) -> bool:
    """Whether the members of a list are as many voltages of cells, in V or in mV, and no list of other voltages."""
    numbers = [part.strip(_AROUND) for part in text.split(separator)]
    values = [float(number.replace(",", ".")) for number in numbers if _NUMBER.match(number)]
    return len(values) >= _FEWEST_CELLS and any(
        all(_CELL_V[0] * step <= value <= _CELL_V[1] * step for value in values) for step in (1, 1000)
    )


def _is_list(text: str, separator: str) -> bool:
    parts = [part.strip(_AROUND) for part in text.split(separator)]
    return len(parts) >= 2 and all(part.lower() in _NO_VALUES or _NUMBER.match(part) for part in parts)
