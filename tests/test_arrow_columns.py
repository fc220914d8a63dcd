"""Columns keep their values on the way from numpy or lists to Arrow and back, also in pieces."""

import math

import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.arrow_columns import (
    floats,
    from_array,
    from_list,
    from_values,
    integers,
    matrix,
    names_by_place,
    texts_by_place,
)
from ridelog.channels import CHANNELS

NUMBER, INTEGER, FLAG = CHANNELS["pack_voltage"], CHANNELS["fault_code"], CHANNELS["discharge_fet"]
TEXT, NAMES = CHANNELS["mode"], CHANNELS["protections"]


def same(left, right):
    return all(a == b or (math.isnan(a) and b is None) for a, b in zip(left, right, strict=True))


@pytest.mark.parametrize("kind", [pa.float64(), pa.float32(), pa.int64(), pa.int8(), pa.uint16(), pa.bool_()])
@given(values=st.lists(st.one_of(st.none(), st.integers(0, 1)), max_size=40), cut=st.integers(0, 40))
def test_floats_of_pieces_of_every_type(kind, values, cut):
    array = pa.array(values).cast(pa.int64()).cast(kind)
    column = pa.chunked_array([array, array.slice(cut)], kind)
    assert same(floats(column).tolist(), column.to_pylist())
    assert same(floats(column.slice(cut, 7)).tolist(), column.slice(cut, 7).to_pylist())


def test_integers():
    column = pa.chunked_array([pa.array([1, 2, 3]).slice(1), pa.array([2**60])])
    assert integers(column).tolist() == [2, 3, 2**60]
    assert integers(pa.chunked_array([], pa.int64())).tolist() == []


@given(
    rows=st.lists(st.one_of(st.none(), st.lists(st.one_of(st.none(), st.floats(0, 5)), min_size=3, max_size=3))),
    cut=st.integers(0, 9),
)
def test_matrix_with_rows_and_cells_that_were_not_read(rows, cut):
    column = pa.chunked_array(
        [pa.array(rows, pa.list_(pa.float64(), 3)).slice(cut), pa.array(rows[:1], pa.list_(pa.float64(), 3))]
    )
    found = matrix(column)
    assert found.shape == (len(column), 3)
    for row, wanted in zip(found.tolist(), column.to_pylist(), strict=True):
        assert same(row, wanted or [None] * 3)


@pytest.mark.parametrize(
    ("channel", "values", "wanted"),
    [
        (NUMBER, [1.5, None, 2], [1.5, None, 2.0]),
        (NUMBER, np.array([1.5, np.nan]), [1.5, None]),
        (NUMBER, np.array([1, 2], dtype=np.int16), [1.0, 2.0]),
        (NUMBER, pl.Series([1, None]), [1.0, None]),
        (INTEGER, [3, None], [3, None]),
        (INTEGER, np.array([3.0, np.nan, 1e300]), [3, None, None]),
        (FLAG, [True, None, False], [True, None, False]),
        (FLAG, np.array([1.0, np.nan, 0.0]), [True, None, False]),
        (FLAG, np.array([True, False]), [True, False]),
        (TEXT, ["a", None, "Ω"], ["a", None, "Ω"]),
        (TEXT, pl.Series(["a", None, "Ω"]), ["a", None, "Ω"]),
        (TEXT, pl.Series(["a", None, "Ω"]).slice(1), [None, "Ω"]),
        (NAMES, [("a", "b"), None, ()], [["a", "b"], None, []]),
    ],
)
def test_values_of_a_channel(channel, values, wanted):
    array = from_values(values, channel)
    array.validate(full=True)
    assert array.to_pylist() == wanted
    assert array.type == from_values([], channel).type


def test_kept_columns_keep_their_type():
    assert from_array(np.array([1, 2], dtype=np.uint16)).type == pa.uint16()
    assert from_array(np.arange(10.0)[::2]).to_pylist() == [0, 2, 4, 6, 8]
    assert from_list([1, None]) == pa.array([1, None])
    assert from_list([1, 2.5, None]) == pa.array([1, 2.5, None])
    assert from_list(["a", None]) == pa.array(["a", None])


def test_names_and_texts_by_place():
    places = np.array([2, 0, 0, 1, 3])
    names = names_by_place([["a", "b"], [], None, ["c"]], places)
    assert names.to_pylist() == [None, ["a", "b"], ["a", "b"], [], ["c"]]
    assert names.null_count == 1
    texts = texts_by_place(["x", "", None, "y"], places)
    assert texts.to_pylist() == [None, "x", "x", "", "y"]
    assert names_by_place([], places[:0]).to_pylist() == []
