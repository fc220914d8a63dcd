"""Columns a parser cannot do without: a header may hold them while the rows end before them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ridelog.errors import ParseError

if TYPE_CHECKING:
    import polars as pl


def require_columns(frame: pl.DataFrame, names: Iterable[str], path: str) -> None:
    """Check that a table has its columns.

    Args:
        frame: The table as read.
        names: Captions.
        path: Name of the file, for the error.

    Raises:
        ParseError: If one is missing.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise ParseError(
            f"the rows have no column '{missing[0]}', which the header promises.",
            path=path,
            advice="The file may be cut off or edited; hand over the file as it was written.",
        )
