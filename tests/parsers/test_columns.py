"""Field tables and columns of few texts."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.damage import Effect
from ridelog.log import LogBuilder, Role
from ridelog.parsers.columns import Column, add_columns
from ridelog.parsers.distinct_texts import distinct_rows, distinct_texts


def test_text_among_numbers_is_named_and_left_empty():
    builder = LogBuilder(np.arange(4.0), np.arange(1, 5))
    frame = pl.DataFrame({"Volts": ["50.5", " 51", "\x1352", None]})
    damage = add_columns(builder, frame, [Column("Volts", "pack_voltage", 0.1)])
    log = builder.build(Role.BMS, "test")
    assert log.values("pack_voltage") == pytest.approx([5.05, 5.1, np.nan, np.nan], nan_ok=True)
    assert [(item.effect, item.count, item.channel) for item in damage] == [(Effect.LOST, 1, "pack_voltage")]


@given(st.lists(st.sampled_from(["on", "off", "", None, "过"]), max_size=40))
def test_distinct_texts_put_together_are_the_column(cells):
    found = distinct_texts(pl.Series(cells, dtype=pl.String))
    assert [found.texts[place] for place in found.places.tolist()] == cells
    assert len(set(found.texts)) == len(found.texts)
    assert found.numbers(lambda text: float(text == "on")).tolist() == [float(cell == "on") for cell in cells]


@given(st.lists(st.tuples(st.sampled_from(["", "a", None]), st.sampled_from(["", "b", "a"])), max_size=30))
def test_distinct_rows_put_together_are_the_rows(rows):
    frame = pl.DataFrame(rows, schema={"x": pl.String, "y": pl.String}, orient="row")
    found = distinct_rows(frame, "|")
    assert [found.texts[place] for place in found.places.tolist()] == [f"{x or ''}|{y}" for x, y in rows]
    assert len(set(found.texts)) == len(found.texts)
