import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.finding import Interval, Measurement
from ridelog.incident import Input
from ridelog.log import LogBuilder, Role
from ridelog.reports import words


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (43.12, "V", "43.1 V"),
        (3.4321, "V", "3.432 V"),
        (-18.73, "A", "−18.7 A"),
        (0.0621, "ohm", "62.1 mΩ"),
        (0.21, "ohm", "210 mΩ"),
        (7.9, "m/s", "28.4 km/h"),
        (81.26, "degC", "81.3 °C"),
        (0.05, "s", "50 ms"),
        (3.0, "", "3"),
        (float("nan"), "V", "–"),
    ],
)
def test_values_carry_their_unit(value, unit, shown):
    assert words.quantity(value, unit).replace(words.THIN, " ") == shown


@pytest.mark.parametrize(
    ("seconds", "decimals", "shown"),
    [
        (0, 0, "0:00"),
        (727.44, 1, "12:07.4"),
        (59.96, 1, "1:00.0"),
        (3753, 0, "1:02:33"),
        (1_051_500, 0, "12\u202fd 4:05"),
        (-12.3, 1, "−0:12.3"),
        (-0.01, 1, "0:00.0"),
    ],
)
def test_moments(seconds, decimals, shown):
    assert words.moment(seconds, decimals) == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0.0, "0 %"), (0.001, "under 1 %"), (0.874, "87 %"), (0.999, "over 99 %"), (1.0, "100 %")]
)
def test_certainty_is_not_claimed(share, shown):
    assert words.percent(share).replace(words.THIN, " ") == shown


def test_an_onset_is_an_interval():
    assert words.between(Interval(612.40, 612.45)) == "between 10:12.40 and 10:12.45"
    assert words.between(Interval(60.0, 75.0)) == "between 1:00 and 1:15"
    assert words.between(Interval(5.0, 5.0)) == "at 0:05.000"


def test_distance_from_a_limit():
    def said(value, limit):
        return words.compared(Measurement("x", value, "A", limit)).replace(words.THIN, " ")

    assert said(76.9, 60.0) == "16.9 A above the limit, 28 %"
    assert said(45.0, 60.0) == "15.0 A below the limit, 25 %"
    assert said(60.0, 60.0) == "at the limit"
    assert said(3.0, None) == ""
    assert said(3.0, 0.0) == "3.0 A above the limit"
    assert said(-0.5, 0.015) == "0.5 A above the limit"
    assert said(float("nan"), 3.0) == ""


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/someone/logs/ride.csv", "ride.csv"),
        ("C:\\Users\\someone\\ride.csv", "ride.csv"),
        ("https://example.org/a/ride.csv?token=secret#x", "ride.csv"),
        ("ride.csv", "ride.csv"),
        ("", "standard input"),
    ],
)
def test_only_the_name_of_a_file_is_shown(path, name):
    assert words.file_name(Input(path, "", "", 0, "", "", 0)) == name


def test_a_member_is_shown_with_its_archive():
    assert words.file_name(Input("/a/logs.zip", "deep/inside/ride.csv", "", 0, "", "", 0)) == "logs.zip › ride.csv"


@given(st.text())
def test_no_control_or_reordering_character_passes(text):
    shown = words.plain(text)
    assert len(shown) == len(text)
    assert not set(shown) & set("\x00\x07\x1b\x7f\x9b\u202e\u2066\ud800\ufeff")


@given(st.floats(allow_nan=True, allow_infinity=True), st.sampled_from(["V", "A", "ohm", "s", "m/s", "degC", "", "x"]))
def test_any_number_can_be_said(value, unit):
    assert words.quantity(value, unit)
    assert "-0" not in words.quantity(value, unit).replace("e-0", "")


def test_rows_are_lines_in_text_and_bytes_in_binary_files():
    text = LogBuilder(np.arange(4.0), np.arange(4) + 2).build(Role.CONTROLLER, "a")
    binary = LogBuilder(np.arange(4.0), np.arange(4) * 300).build(Role.BMS, "b")
    assert words.row_kind(text) == "line"
    assert words.row_kind(binary) == "byte"
    assert words.place("line", 7, 7) == "line 7"
    assert words.place("byte", 300, 900) == "bytes 300 – 900"
