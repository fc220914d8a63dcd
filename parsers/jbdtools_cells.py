"""Cells of JBDTools files: numbers with units, words of bits in hex, fixed words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, TypeVar

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

from .quantities import read_quantities

if TYPE_CHECKING:
    import polars as pl
    from numpy.typing import NDArray

    from ridelog.log import LogBuilder

    from .jbdtools_captions import Columns

#: Conversion of a column whose sign is turned.
TURNED: Final = "sign changed: the program counts charging positive"

Choice = TypeVar("Choice")


class Cells:
    """Columns of a file as values; what cannot be read is left empty and told.

    Args:
        frame: All columns as text.
        columns: What they are.

    Attributes:
        damage: What could not be read so far.
    """

    def __init__(self, frame: pl.DataFrame, columns: Columns) -> None:
        self._frame = frame
        self._columns = columns
        self.damage: list[Damage] = []

    def number(self, builder: LogBuilder, meaning: str, channel: str, default: float, conversion: str) -> None:
        """Add a column of quantities to the log where the file has it."""
        caption = self._columns.known.get(meaning)
        if caption is None or caption not in self._frame.columns:
            return
        values = self.quantities(caption, default)
        if conversion == TURNED:
            values = -values + 0.0
        if channel.startswith("cell_voltage"):
            values = np.where(values == 0, np.nan, values)
        builder.add(channel, values, source=caption, conversion=conversion)

    def quantities(self, caption: str, default: float = 1.0) -> NDArray[np.float64]:
        """Values of a column, NaN where a cell cannot be read."""
        values, unread = read_quantities(self._frame.get_column(caption), default)
        if unread:
            self._tell(caption, unread)
        return values

    def matrix(self, captions: tuple[str, ...]) -> NDArray[np.float64]:
        """Values of numbered columns, shape (rows, columns); a number the file leaves out is NaN."""
        there = self._frame.columns
        empty = np.full(self._frame.height, np.nan)
        if not captions:
            return empty.reshape(-1, 1)[:, :0]
        return np.column_stack([self.quantities(name) if name in there else empty for name in captions])

    def texts(self, caption: str) -> list[str | None]:
        """Cells of a column without blanks around them."""
        return [None if cell is None else cell.strip() for cell in self._frame.get_column(caption).to_list()]

    def words(self, caption: str) -> list[int | None]:
        """Cells that are hex numbers without 0x."""
        texts = self.texts(caption)
        words = [_hex(text) for text in texts]
        unread = sum(word is None and bool(text) for word, text in zip(words, texts, strict=True))
        if unread:
            self._tell(caption, unread)
        return words

    def choices(self, caption: str, known: Mapping[str, Choice]) -> list[Choice | None]:
        """Cells that hold one of the upper-case words of `known`."""
        texts = self.texts(caption)
        unread = sum(bool(text) and (text or "").upper() not in known for text in texts)
        if unread:
            self._tell(caption, unread)
        return [known.get((text or "").upper()) for text in texts]

    def _tell(self, caption: str, count: int) -> None:
        message = f"{count} cells of column '{caption}' cannot be read; they are left empty."
        self.damage.append(Damage(DamageKind.BROKEN_ROW, Effect.LOST, message, count))


def _hex(text: str | None) -> int | None:
    words = (text or "").lower().removeprefix("0x")
    if not words or len(words) > 8 or not all(letter in "0123456789abcdef" for letter in words):
        return None
    return int(words, 16)
