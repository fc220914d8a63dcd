"""Columns of text in which few texts occur: what a text means is worked out once for each of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from .text_bytes import text_changes

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class DistinctTexts:
    """A column of text by the texts that occur.

    Attributes:
        texts: Each text once, in the order of its first row; None for an empty cell.
        runs: Place in `texts` for each run of rows that hold the same, shape (runs,).
        lengths: Rows of each run, shape (runs,).
    """

    texts: tuple[str | None, ...]
    runs: NDArray[np.int64]
    lengths: NDArray[np.int64]

    @property
    def places(self) -> NDArray[np.int64]:
        """Place of each row's text in `texts`, shape (rows,)."""
        return np.repeat(self.runs, self.lengths)

    def numbers(self, meaning: Callable[[str | None], float]) -> NDArray[np.float64]:
        """The number that each row's text means, shape (rows,)."""
        return np.repeat(np.array([meaning(text) for text in self.texts], dtype=np.float64)[self.runs], self.lengths)

    def each(self, meaning: Callable[[str | None], _T]) -> tuple[_T, ...]:
        """What each of `texts` means."""
        return tuple(meaning(text) for text in self.texts)


def distinct_texts(column: pl.Series) -> DistinctTexts:
    """Find the texts of a column; quick where neighbouring rows mostly hold the same one."""
    starts = _starts([column])
    known: dict[str | None, int] = {}
    runs = [known.setdefault(text, len(known)) for text in column.gather(starts).to_list()]
    return DistinctTexts(tuple(known), np.array(runs, dtype=np.int64), np.diff(starts, append=len(column)))


def distinct_rows(frame: pl.DataFrame, between: str) -> DistinctTexts:
    """Find the rows of columns of text, each as one text.

    Args:
        frame: At least one column of text; an empty cell counts as an empty text.
        between: What stands between the cells of a row.
    """
    import polars as pl

    starts = _starts(frame.get_columns())
    cells = [pl.col(name).fill_null("") for name in frame.columns]
    found = distinct_texts(frame[starts].select(pl.concat_str(cells, separator=between).alias("row")).to_series())
    return DistinctTexts(found.texts, found.places, np.diff(starts, append=frame.height))


def _starts(columns: Sequence[pl.Series]) -> NDArray[np.int64]:
    """The rows that differ from the one before, the first among them."""
    return np.flatnonzero(np.logical_or.reduce([text_changes(column) for column in columns]))
