"""Columns a format table does not know: text, and numbers where every cell is one."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

#: Rows looked at before all of them.
_FIRST_ROWS = 100


def unknown_captions(captions: Collection[str], numbers: Collection[str]) -> frozenset[str]:
    """Captions that may hold text: all that are not in `numbers`."""
    return frozenset(captions) - frozenset(numbers)


def numbers_where_possible(
    frame: pl.DataFrame, texts: Collection[str] = (), *, decimal_comma: bool = False
) -> pl.DataFrame:
    """Make numbers of the text columns in which every cell that is not empty is one.

    Args:
        frame: Columns as read.
        texts: Columns that stay text whatever they hold.
        decimal_comma: Whether the decimal separator is a comma.

    Returns:
        The frame with those columns as Float64.
    """
    import polars as pl

    changed = []
    for name, kind in frame.schema.items():
        if kind != pl.String or name in texts:
            continue
        series = frame.get_column(name)
        # Words mostly show in the first rows, and spare the look at all of them.
        if _numbers(series.head(_FIRST_ROWS), decimal_comma) is None:
            continue
        numeric = _numbers(series, decimal_comma)
        if numeric is not None:
            changed.append(numeric.alias(name))
    return frame.with_columns(changed)


def _numbers(series: pl.Series, decimal_comma: bool) -> pl.Series | None:
    """The numbers of a column of text; None when a cell that is not empty is none."""
    import polars as pl

    written = series.str.replace(",", ".", literal=True) if decimal_comma else series
    numeric = written.str.strip_chars().cast(pl.Float64, strict=False)
    return numeric if numeric.null_count() == series.null_count() and numeric.is_finite().all() else None


def percent_text(series: pl.Series) -> pl.Series:
    """Read cells such as "54%" or "54" as numbers in percent; null where a cell is neither."""
    import polars as pl

    return (
        series.cast(pl.String).str.strip_chars().str.strip_suffix("%").str.strip_chars().cast(pl.Float64, strict=False)
    )
