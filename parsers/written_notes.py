"""Notes written as `key=value` in a column beside the ride: the identity of the vehicle and of the phone."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl

#: Most different notes that are looked at; real files have some 40 (engineering judgement).
_MOST_NOTES = 1000


def written_notes(frame: pl.DataFrame, column: str) -> dict[str, str]:
    """Notes in a text column, by key in lower case; the last one counts where a key is repeated.

    Args:
        frame: The rows.
        column: The column, one `key=value` in a cell; no notes where the frame does not have it.
    """
    if column not in frame.columns:
        return {}
    notes = frame.get_column(column).drop_nulls().unique(maintain_order=True).head(_MOST_NOTES)
    pairs = (str(note).partition("=") for note in notes.to_list())
    return {key.strip().lower(): value.strip() for key, sign, value in pairs if sign and value.strip()}
