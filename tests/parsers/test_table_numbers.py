"""Numbers as people write them, read back whatever the language."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ridelog.parsers.table_numbers import Style, number_style, read_flags, read_numbers
from ridelog.parsers.table_units import find_unit, split_unit

NUMBERS = st.decimals(min_value=-999_999, max_value=999_999, places=2, allow_nan=False)


def read(*cells, comma=None):
    return read_numbers(pl.Series(cells, dtype=pl.String), Style(comma))


def grouped(text, sign):
    """Put a sign between groups of three digits of the whole part."""
    minus, whole = ("-", text[1:]) if text.startswith("-") else ("", text)
    head, _, tail = whole.partition(".")
    parts = []
    while len(head) > 3:
        parts.insert(0, head[-3:])
        head = head[:-3]
    return minus + sign.join([head, *parts]), tail


@settings(max_examples=200, deadline=None)
@given(
    values=st.lists(NUMBERS, min_size=1, max_size=6),
    thousands=st.sampled_from(["", ".", " ", "'", "\u00a0"]),
    unit=st.sampled_from(["", "V", " V", "mV", " mV", "%", " km/h", "°C", " A"]),
)
def test_a_decimal_comma_with_any_thousands_and_unit(values, thousands, unit):
    cells = []
    for value in values:
        whole, tail = grouped(f"{value:.2f}", thousands)
        cells.append(f"{whole},{tail}{unit}")
    numbers = read(*cells, comma=True)
    np.testing.assert_allclose(numbers.values, [float(value) for value in values])
    assert (numbers.unit.name if numbers.unit else "") == {"°C": "degC"}.get(unit.strip(), unit.strip())
    assert not len(numbers.wrong)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(NUMBERS, min_size=1, max_size=6), thousands=st.sampled_from(["", ",", " ", "’"]))
def test_a_decimal_point_with_any_thousands(values, thousands):
    cells = [".".join(grouped(f"{value:.2f}", thousands)) for value in values]
    np.testing.assert_allclose(read(*cells, comma=False).values, [float(value) for value in values])


@settings(max_examples=200, deadline=None)
@given(value=st.floats(allow_nan=False, allow_infinity=False))
def test_what_python_writes_is_read_back(value):
    (found,) = read(repr(value)).values
    assert found == value


@settings(max_examples=200, deadline=None)
@given(cells=st.lists(st.text(max_size=12) | st.none(), max_size=12), comma=st.sampled_from([None, True, False]))
def test_any_text_is_a_number_or_told(cells, comma):
    numbers = read(*cells, comma=comma)
    assert numbers.values.shape == (len(cells),)
    for index in numbers.wrong:
        assert cells[index]
        assert math.isnan(numbers.values[index])


@pytest.mark.parametrize(
    ("cells", "comma", "values"),
    [
        (("3,701 V", "3,702 V"), None, (3.701, 3.702)),
        (("3,701", "3,702"), False, (3701, 3702)),
        (("3.701", "3.702"), True, (3701, 3702)),
        (("1.234,5", "1,5"), None, (1234.5, 1.5)),
        (("1,234.5", "2"), None, (1234.5, 2)),
        (("−5.5", "+2"), None, (-5.5, 2)),
        (("1e3", "1E-2"), None, (1000, 0.01)),
        (("950 W", "1.1 kW"), None, (950, 1100)),
        (("12", "unavailable", "-", None, "NaN", "#N/A"), None, (12,) + (math.nan,) * 5),
    ],
)
def test_examples(cells, comma, values):
    numbers = read(*cells, comma=comma)
    np.testing.assert_allclose(numbers.values, values)
    assert not len(numbers.wrong)


@pytest.mark.parametrize("cell", ["abc", "0x12", "1,2,3", "1.2.3", "12,34,567", "1_000", "3.3V!", "..", "12:30"])
def test_what_is_no_number_is_told(cell):
    numbers = read(cell, "1")
    assert numbers.wrong.tolist() == [0]
    np.testing.assert_allclose(numbers.values, [math.nan, 1])


def test_the_style_of_a_file():
    def style(*cells):
        return number_style({"a": pl.Series(cells, dtype=pl.String)}).comma

    assert style("1,5") is True
    assert style("0,123") is True
    assert style("1.234,5") is True
    assert style("1.5") is False
    assert style("1,234.5") is False
    assert style("1", "3,701") is None
    assert style() is None


@pytest.mark.parametrize(
    ("words", "flags"),
    [
        (("on", "off", None), (1, 0, math.nan)),
        (("开", "关"), (1, 0)),
        (("Ein", "Aus"), (1, 0)),
        (("вкл", "выкл"), (1, 0)),
        (("sí", "no"), (1, 0)),
        (("wł", "wył"), (1, 0)),
        (("sim", "não"), (1, 0)),
        (("TRUE", "False"), (1, 0)),
        (("1", "0"), (1, 0)),
        (("1.0", "0.0"), (1, 0)),
        (("1.000", "0.000", "0,00"), (1, 0, 0)),
    ],
)
def test_flags_in_words(words, flags):
    np.testing.assert_array_equal(read_flags(pl.Series(words, dtype=pl.String)), flags)


def test_other_words_are_no_flags():
    assert read_flags(pl.Series(["on", "maybe"])) is None
    assert read_flags(pl.Series([None, None], dtype=pl.String)) is None


@pytest.mark.parametrize(
    ("caption", "text", "unit"),
    [
        ("Voltage (V)", "Voltage", "V"),
        ("Spannung [mV]", "Spannung", "mV"),
        ("电压（V）", "电压", "V"),
        ("电流/A", "电流", "A"),
        ("温度(℃)", "温度", "degC"),
        ("speed_kmh", "speed", "km/h"),
        ("Speed mph", "Speed", "mph"),
        ("Скорость, км/ч", "Скорость,", "km/h"),
        ("Duty%", "Duty", "%"),
        ("Temp °F", "Temp", "degF"),
        ("speed_meters_per_sec", "speed", "m/s"),
        ("Voltage", "Voltage", None),
        ("Pressure (bar)", "Pressure (bar)", None),
    ],
)
def test_units_of_captions(caption, text, unit):
    found_text, found = split_unit(caption)
    assert found_text == text
    assert (found.name if found else None) == unit


def test_fahrenheit():
    unit = find_unit("°F")
    assert 212 * unit.factor + unit.offset == pytest.approx(100)
    assert 32 * unit.factor + unit.offset == pytest.approx(0)
