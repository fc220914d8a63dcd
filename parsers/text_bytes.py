"""Short texts of a column as bytes, by their width."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import polars as pl
    import pyarrow as pa
    from numpy.typing import NDArray

    Bytes = NDArray[np.uint8]

#: Texts that are longer, as no stamp of any format is, are not looked at.
_LONGEST = 40
#: Longest text that polars keeps beside its length; longer ones stand elsewhere.
_LONGEST_INLINE = 12
#: Stretches of memory that the texts of a column may lie in and still be read where they stand.
_MOST_STRETCHES = 200
#: Rows in a piece: what is made of them stays in the cache of the processor, and the calls for each do not weigh.
_PIECE_ROWS = 1 << 16


def texts_by_width(texts: pl.Series) -> list[tuple[NDArray[np.int64] | slice, list[Bytes]]]:
    """The texts without blanks around them, by their width in bytes.

    Returns:
        For each width that occurs, up to 40: the rows, and their bytes, shape (rows, width), in one or several pieces,
        one row after the other as they stand in memory. Nulls are in none.
    """
    import polars as pl

    if not len(texts):
        return []
    texts = texts.cast(pl.String)
    alike = _where_they_stand(texts)
    if alike is not None:
        return [(slice(None), alike)]
    places, flat = _buffers(texts)
    width = int(places[1] - places[0])
    # Texts as programs write them: all of one width, none missing; a blank before each of them is taken off.
    if 0 < width <= _LONGEST and not texts.null_count() and (places[1:] - places[:-1] == width).all():
        matrix = flat[places[0] : places[-1]].reshape(len(texts), width)
        if width > 1 and (matrix[:, 0] == ord(" ")).all():
            matrix = matrix[:, 1:]
        if matrix[0, 0] != ord(" ") and matrix[0, -1] != ord(" "):
            return [(slice(None), _pieces(matrix))]
    texts = texts.fill_null("").str.strip_chars()
    places, flat = _buffers(texts)
    widths = np.diff(places)
    groups: list[tuple[NDArray[np.int64] | slice, list[Bytes]]] = []
    for width in np.unique(widths).tolist():
        if 0 < width <= _LONGEST:
            rows = np.flatnonzero(widths == width)
            groups.append((rows, [flat[places[:-1][rows, None] + np.arange(width)]]))
    return groups


def _where_they_stand(texts: pl.Series) -> list[Bytes] | None:
    """The bytes of texts of one width without blanks around them, shape (rows, width) each; None for any others.

    Polars keeps a text in a view of 16 bytes: its length, then itself or, of longer ones, the first bytes and where it
    stands. What was read from a file stands there row after row, in a few pieces of memory.
    """
    if texts.null_count() or not 0 < len(texts[0]) <= _LONGEST:
        return None
    first = texts[0].encode()
    width = len(first)
    if first[0] == ord(" ") or first[-1] == ord(" "):
        return None
    views, buffers = _views(texts)
    if len(views) != len(texts) or (views[:, 0] != width).any():
        return None
    if width <= _LONGEST_INLINE:
        return _pieces(views.view(np.uint8)[:, 4 : 4 + width])
    # The upper half of a view: the number of the memory, and above it the place in it.
    places = views.view(np.uint64)[:, 1]
    starts = [0, *(np.flatnonzero(places[1:] - places[:-1] != width << 32) + 1).tolist(), len(texts)]
    if len(starts) > _MOST_STRETCHES:
        return None
    stretches: list[Bytes] = []
    for start, end in pairwise(starts):
        buffer, at = views[start, 2:].tolist()
        stretches.append(np.frombuffer(buffers[buffer], np.uint8, (end - start) * width, at).reshape(-1, width))
    # They are too short to be worth the calls for each.
    return _pieces(np.concatenate(stretches))


def _pieces(matrix: Bytes) -> list[Bytes]:
    return [matrix[at : at + _PIECE_ROWS] for at in range(0, len(matrix), _PIECE_ROWS)]


def _views(texts: pl.Series) -> tuple[NDArray[np.uint32], list[pa.Buffer]]:
    """The views of texts without nulls, shape (n, 4), and the memory they point to; none where there are none."""
    import polars as pl
    import pyarrow as pa

    array = texts.alias("").to_arrow(compat_level=pl.CompatLevel.newest())
    if array.type != pa.string_view():
        return np.empty((0, 4), np.uint32), []
    _, memory, *buffers = array.buffers()
    return np.frombuffer(memory, "<u4", 4 * len(texts), 16 * array.offset).reshape(-1, 4), buffers


def text_changes(texts: pl.Series) -> NDArray[np.bool_]:
    """Whether each text differs from the one before, shape (n,); the first does, and null differs from any text."""
    changes = np.ones(len(texts), dtype=bool)
    if texts.null_count():
        changes[1:] = texts[1:].ne_missing(texts[:-1]).to_numpy()
        return changes
    views, _ = _views(texts)
    if not len(views) or views[:, 0].max() > _LONGEST_INLINE:
        changes[1:] = (texts[1:] != texts[:-1]).to_numpy()
        return changes
    halves = views.view(np.uint64)
    changes[1:] = (halves[1:] != halves[:-1]).view(np.uint16)[:, 0] != 0
    return changes


def _buffers(texts: pl.Series) -> tuple[NDArray[np.int64], Bytes]:
    """Byte offsets of the texts, shape (n + 1,), and the bytes."""
    import pyarrow as pa

    array = texts.alias("").to_arrow()
    if array.type != pa.large_string():
        array = array.cast(pa.large_string())
    _, offsets, data = array.buffers()
    places = np.frombuffer(offsets, dtype=np.int64, count=array.offset + len(texts) + 1)[array.offset :]
    return places, np.frombuffer(data, dtype=np.uint8) if data is not None else np.empty(0, np.uint8)


def run_starts(matrix: Bytes) -> NDArray[np.int64]:
    """The rows of a byte matrix that differ from the row before, the first among them."""
    changes = np.zeros(len(matrix), dtype=bool)
    changes[:1] = True
    width = matrix.shape[1]
    # Eight bytes are compared at a time, the last eight from the end.
    size = next((size for size in (8, 4, 2, 1) if size <= width), 0)
    for at in sorted({*range(0, width - size, size), width - size}) if size else ():
        words = matrix[:, at : at + size].view(f"u{size}")[:, 0]
        changes[1:] |= words[1:] != words[:-1]
    return np.flatnonzero(changes)
