"""Arrow columns from and to numpy over the same memory.

pyarrow's own ways (`pa.array`, `to_numpy`, `cast`) do the same, and import pandas or a module of a few hundred wrapped
functions on the way: that costs more than reading an ordinary log.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from ridelog.channels import Channel, Kind
from ridelog.errors import PluginError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_ARROW_TYPES: Final[dict[Kind, pa.DataType]] = {
    Kind.NUMBER: pa.float64(),
    Kind.INTEGER: pa.int64(),
    Kind.FLAG: pa.bool_(),
    Kind.TEXT: pa.string(),
    Kind.NAMES: pa.list_(pa.string()),
}
_LIST_VALUE_TYPES: Final[dict[Kind, pa.DataType]] = {Kind.NUMBERS: pa.float64(), Kind.FLAGS: pa.bool_()}
#: Integers beyond this are not whole any more as floats.
_LARGEST_WHOLE: Final = 2**53


def floats(column: pa.Array | pa.ChunkedArray) -> NDArray[np.float64]:
    """Numbers or flags as floats, NaN for null; shape (rows,). Read-only memory of the column where nothing changes."""
    chunks = column.chunks if isinstance(column, pa.ChunkedArray) else [column]
    parts = [_floats(chunk) for chunk in chunks if len(chunk)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0)


def floats_at(column: pa.Array | pa.ChunkedArray, rows: NDArray[np.int64]) -> NDArray[np.float64]:
    """Some rows of a float64 column, in ascending order, NaN for null; shape (rows,)."""
    if isinstance(column, pa.Array):
        values: NDArray[np.float64] = _memory(column, np.dtype(np.float64))[rows]
        return np.where(_valid_at(column, rows), values, np.nan) if column.null_count else values
    if column.null_count == len(column):
        return np.full(len(rows), np.nan)
    if column.num_chunks == 1:
        return floats_at(column.chunk(0), rows)
    chunks = [chunk for chunk in column.chunks if len(chunk)]
    starts = np.cumsum([0, *(len(chunk) for chunk in chunks)])
    cuts = np.searchsorted(rows, starts).tolist()
    parts = [
        floats_at(chunk, rows[cuts[place] : cuts[place + 1]] - starts[place])
        for place, chunk in enumerate(chunks)
        if cuts[place] < cuts[place + 1]
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def integers(column: pa.ChunkedArray) -> NDArray[np.int64]:
    """Values of an int64 column without nulls, shape (rows,)."""
    parts = [_memory(chunk, np.dtype(np.int64)) for chunk in column.chunks if len(chunk)]
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def matrix(column: pa.ChunkedArray) -> NDArray[np.float64]:
    """Fixed-size lists of numbers or flags as floats, NaN for null; shape (rows, list size)."""
    size = column.type.list_size
    parts = []
    for chunk in column.chunks:
        values = _floats(chunk.values.slice(chunk.offset * size, len(chunk) * size)).reshape(-1, size)
        if chunk.null_count:
            values = np.where(_valid(chunk)[:, None], values, np.nan)
        parts.append(values)
    if len(parts) == 1:
        return parts[0]
    return np.concatenate(parts) if parts else np.empty((0, size))


def named_rows(column: pa.ChunkedArray) -> dict[int, tuple[str, ...]]:
    """Rows of a column of lists of names that hold a name, in order, with their names."""
    named: dict[int, tuple[str, ...]] = {}
    start = 0
    for chunk in column.chunks:
        if not len(chunk):
            continue
        offsets = np.frombuffer(chunk.buffers()[1], np.int32, len(chunk) + 1, 4 * chunk.offset)
        filled = np.flatnonzero(np.diff(offsets))
        if chunk.null_count:
            filled = filled[_valid_at(chunk, filled)]
        if len(filled):
            first, end = int(offsets[filled[0]]), int(offsets[filled[-1] + 1])
            flat = chunk.values[first:end].to_pylist()
            begins, ends = (offsets[filled] - first).tolist(), (offsets[filled + 1] - first).tolist()
            for row, begin, stop in zip((filled + start).tolist(), begins, ends, strict=True):
                named[row] = tuple(flat[begin:stop])
        start += len(chunk)
    return named


def valid(column: pa.ChunkedArray) -> NDArray[np.bool_]:
    """Rows of a column that are not null, shape (rows,)."""
    parts = [_valid(chunk) if chunk.null_count else np.ones(len(chunk), dtype=bool) for chunk in column.chunks]
    return np.concatenate(parts) if parts else np.empty(0, dtype=bool)


def _floats(array: pa.Array) -> NDArray[np.float64]:
    values: NDArray[np.float64]
    if pa.types.is_boolean(array.type):
        values = _bits(array.buffers()[1], array).astype(np.float64)
    elif pa.types.is_integer(array.type) or pa.types.is_floating(array.type):
        values = _memory(array, np.dtype(array.type.to_pandas_dtype())).astype(np.float64, copy=False)
    else:
        values = np.array(array.cast(pa.float64()).to_pylist(), dtype=np.float64)
    return np.where(_valid(array), values, np.nan) if array.null_count else values


def _memory(array: pa.Array, kind: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(array.buffers()[1], kind, len(array), array.offset * kind.itemsize)


def _valid(array: pa.Array) -> NDArray[np.bool_]:
    return _bits(array.buffers()[0], array)


def _valid_at(array: pa.Array, rows: NDArray[np.int64]) -> NDArray[np.bool_]:
    places = rows + array.offset
    held = np.frombuffer(array.buffers()[0], np.uint8)[places >> 3] >> (places & 7)
    valid: NDArray[np.bool_] = held & 1 != 0
    return valid


def _bits(buffer: pa.Buffer, array: pa.Array) -> NDArray[np.bool_]:
    end = array.offset + len(array)
    bits = np.unpackbits(np.frombuffer(buffer, np.uint8), count=end, bitorder="little")
    return bits[array.offset : end].view(np.bool_)


def from_values(values: Any, channel: Channel) -> pa.Array | pa.ChunkedArray:  # noqa: ANN401 - see LogBuilder.add
    """The Arrow column of a channel, from any of the kinds of array that `LogBuilder.add` takes."""
    if channel.kind in _LIST_VALUE_TYPES:
        return _fixed_lists(values, _LIST_VALUE_TYPES[channel.kind])
    kind = _ARROW_TYPES[channel.kind]
    if hasattr(values, "to_arrow"):
        values = values.to_arrow()
    if isinstance(values, pa.Array):
        return _converted(values, kind)
    if isinstance(values, pa.ChunkedArray):
        return values if values.type == kind else values.cast(kind)
    if channel.kind is Kind.TEXT:
        return from_texts(list(values))
    if channel.kind is Kind.NAMES:
        return _from_names(list(values))
    if not isinstance(values, np.ndarray):
        values = list(values)
        absent = np.array([value is None for value in values], dtype=bool)
        if channel.kind is not Kind.NUMBER:
            return _as_kind(np.array([value or 0 for value in values], dtype=np.int64), absent, kind)
        values = np.array(values, dtype=np.float64)
    if values.dtype.kind == "f":
        if channel.kind is Kind.NUMBER:
            return from_floats(values.astype(np.float64, copy=False))
        if channel.kind is Kind.FLAG:
            return _as_kind(values, np.isnan(values), kind)
        missing = np.isnan(values) | (np.abs(values) > _LARGEST_WHOLE)
        return _as_kind(np.where(missing, 0, values).astype(np.int64), missing, kind)
    if values.dtype.kind in "iub":
        return _as_kind(values, None, kind)
    return pa.array(values).cast(kind)


def _converted(array: pa.Array, kind: pa.DataType) -> pa.Array:
    """The array as another type, without `cast` for the pairs that occur in every log."""
    if array.type == kind:
        return array
    if array.null_count == len(array):
        return pa.nulls(len(array), kind)
    if array.type == pa.large_string() and kind == pa.string():
        validity, offsets, text = array.buffers()
        starts = np.frombuffer(offsets, np.int64, len(array) + 1, 8 * array.offset)
        if array.offset == 0 and starts[-1] < 2**31:
            short = pa.py_buffer(starts.astype(np.int32))
            return pa.Array.from_buffers(kind, len(array), [validity, short, text], array.null_count)
    return array.cast(kind)


def from_array(values: NDArray[Any]) -> pa.Array:
    """An Arrow array of the same type as a numpy array; NaN stays NaN."""
    if values.ndim == 1 and values.dtype.kind in "iuf" and values.dtype.isnative and values.dtype.itemsize > 1:
        memory = pa.py_buffer(np.ascontiguousarray(values))
        return pa.Array.from_buffers(pa.from_numpy_dtype(values.dtype), len(values), [None, memory], 0)
    return pa.array(values)


def from_list(values: Sequence[Any]) -> pa.Array:
    """An Arrow array of the type the values have, with null for None."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {str}:
        return from_texts(values)
    if kinds and kinds <= {int, float} and kinds != {int}:
        missing = np.array([value is None for value in values], dtype=bool)
        return _from_numpy(np.array([value or 0.0 for value in values], dtype=np.float64), missing)
    return pa.array(values)


def from_floats(values: NDArray[np.float64]) -> pa.Array:
    """An Arrow array of numbers, with null for NaN."""
    return _from_numpy(values, np.isnan(values))


def from_texts(values: Sequence[str | None]) -> pa.Array:
    """An Arrow array of strings, with null for None."""
    encoded = [b"" if value is None else value.encode() for value in values]
    missing = np.array([value is None for value in values], dtype=bool)
    count, validity = _validity(missing)
    buffers = [validity, _offsets([len(value) for value in encoded]), pa.py_buffer(b"".join(encoded))]
    return pa.Array.from_buffers(pa.string(), len(values), buffers, count)


def _from_names(values: Sequence[Sequence[str] | None]) -> pa.Array:
    missing = np.array([value is None for value in values], dtype=bool)
    count, validity = _validity(missing)
    flat = from_texts([name for names in values if names is not None for name in names])
    buffers = [validity, _offsets([0 if names is None else len(names) for names in values])]
    return pa.Array.from_buffers(pa.list_(pa.string()), len(values), buffers, count, children=[flat])


def texts_by_place(texts: Sequence[str | None], places: NDArray[np.int64]) -> pa.Array:
    """An Arrow array of strings, one for each of `places` in `texts`, with null for None."""
    return from_texts(texts).take(from_array(places))


def names_by_place(names: Sequence[Sequence[str] | None], places: NDArray[np.int64]) -> pa.Array:
    """An Arrow array of lists of names, one for each of `places` in `names`, with null for None."""
    missing = np.array([row is None for row in names], dtype=bool)[places]
    lengths = np.array([0 if row is None else len(row) for row in names], dtype=np.int64)[places]
    filled = places[lengths > 0].tolist()
    flat = from_texts([name for place in filled for name in names[place] or ()])
    count, validity = _validity(missing)
    buffers = [validity, _offsets(lengths)]
    return pa.Array.from_buffers(pa.list_(pa.string()), len(places), buffers, count, children=[flat])


def _offsets(lengths: Sequence[int] | NDArray[np.int64]) -> pa.Buffer:
    ends = np.cumsum(lengths, dtype=np.int64)
    return pa.py_buffer(np.concatenate(([0], ends)).astype(np.int32))


def _validity(missing: NDArray[np.bool_]) -> tuple[int, pa.Buffer | None]:
    """How many are null, and the bits that say which."""
    count = int(np.count_nonzero(missing))
    return count, pa.py_buffer(np.packbits(~missing, bitorder="little")) if count else None


def _from_numpy(values: NDArray[Any], missing: NDArray[np.bool_]) -> pa.Array:
    """An Arrow array over the memory of a float64 or int64 array, with nulls where `missing`."""
    count, validity = _validity(missing)
    kind = pa.float64() if values.dtype == np.float64 else pa.int64()
    return pa.Array.from_buffers(kind, len(values), [validity, pa.py_buffer(np.ascontiguousarray(values))], count)


def _as_kind(values: NDArray[Any], missing: NDArray[np.bool_] | None, kind: pa.DataType) -> pa.Array:
    """Whole numbers or flags as an Arrow array of `kind`: float64, int64 or bool."""
    missing = np.zeros(len(values), dtype=bool) if missing is None else missing
    if kind != pa.bool_():
        return _from_numpy(values.astype(np.float64 if kind == pa.float64() else np.int64, copy=False), missing)
    count, validity = _validity(missing)
    bits = pa.py_buffer(np.packbits(values.astype(bool), bitorder="little"))
    return pa.Array.from_buffers(kind, len(values), [validity, bits], count)


def _fixed_lists(values: Any, kind: pa.DataType) -> pa.Array | pa.ChunkedArray:  # noqa: ANN401 - see LogBuilder.add
    if isinstance(values, pa.Array | pa.ChunkedArray):
        return values
    rows = np.asarray(values, dtype=np.float64)
    if rows.ndim != 2:
        raise PluginError("a list channel needs a matrix of shape (rows, size).")
    flat = rows.reshape(-1)
    return pa.FixedSizeListArray.from_arrays(_as_kind(flat, np.isnan(flat), kind), rows.shape[1])
