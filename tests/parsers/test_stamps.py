from datetime import UTC, datetime, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.parsers.stamps import parse_first_fitting, parse_iso_stamps, parse_stamps

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1))


def epoch(moment):
    return (moment - datetime(1970, 1, 1)) / timedelta(seconds=1)


@given(st.lists(MOMENTS, min_size=1, max_size=20))
def test_stamps_of_every_date_read_back(moments):
    texts = pl.Series([moment.strftime("%Y-%m-%d %H:%M:%S.%f") for moment in moments])
    expected = [epoch(moment) for moment in moments]
    assert np.allclose(parse_stamps(texts, "%Y-%m-%d %H:%M:%S%.f"), expected, rtol=0, atol=2e-6)


@given(st.lists(st.one_of(st.text(max_size=45), st.none()), max_size=20))
def test_any_text_gives_a_number_or_nan_in_its_place(texts):
    column = pl.Series(texts, dtype=pl.String)
    assert parse_stamps(column, "%d.%m.%Y %H:%M:%S%.f").shape == (len(texts),)
    seconds, offsets = parse_iso_stamps(column)
    assert seconds.shape == offsets.shape == (len(texts),)


def test_a_bad_stamp_is_nan_and_leaves_the_others():
    texts = pl.Series(["2024-02-29", "2023-02-29", "2024-13-01", "2024-00-10", "2024-1-01", None, "", " 2024-02-29 "])
    found = parse_stamps(texts, "%Y-%m-%d")
    assert found[0] == found[7] == 1_709_164_800
    assert np.isnan(found[1:7]).all()


def test_a_day_that_repeats_is_read_like_one_that_does_not():
    days = ["2024-05-24"] * 30 + ["2024-05-25"] * 30 + ["2024-05-32"] * 3
    found = parse_stamps(pl.Series(days), "%Y-%m-%d")
    assert set(np.diff(found[:60])) == {0.0, 86_400.0}
    assert np.isnan(found[60:]).all()


def test_fraction_may_be_missing_or_of_any_width():
    texts = pl.Series(["23:59:59", "23:59:59.5", "23:59:59,250", "23:59:59.123456", "23:59:59.", "24:00:00.000"])
    found = parse_stamps(texts, "%H:%M:%S%.f")
    assert found[:3].tolist() == [86_399.0, 86_399.5, 86_399.25]
    assert abs(found[3] - 86_399.123456) < 1e-9
    assert np.isnan(found[4:]).all()


def test_offsets_lead_to_utc():
    texts = pl.Series(
        [
            "2023-05-19T15:56:24.869+0200",
            "2023-05-19T15:56:24.869+02:00",
            "2023-05-19 13:56:24.869Z",
            "2023-05-19T10:26:24.869-0330",
            "2023-05-19T13:56:24.869",
            "2023-05-19T13:56:24.869+9x00",
        ]
    )
    seconds, offsets = parse_iso_stamps(texts)
    expected = datetime(2023, 5, 19, 13, 56, 24, 869_000, UTC).timestamp()
    assert np.allclose(seconds[:5], expected, atol=1e-6)
    assert offsets[:4].tolist() == [7200, 7200, 0, -12_600]
    assert np.isnan(offsets[4:]).all()
    assert np.isnan(seconds[5])


def test_the_pattern_that_fits_most_rows_is_taken():
    texts = pl.Series(["x", "01.06.2026 20:24:31.204", "02.06.2026 20:24:31.204"])
    seconds, pattern = parse_first_fitting(texts, ("%Y-%m-%dT%H:%M:%S%.f", "%d.%m.%Y %H:%M:%S%.f"))
    assert pattern == "%d.%m.%Y %H:%M:%S%.f"
    assert np.isnan(seconds[0])
    assert seconds[2] - seconds[1] == 86_400


@pytest.mark.parametrize("short", [True, False])
def test_stamps_of_many_rows_are_read_like_those_of_one(short):
    day = "" if short else "2024-05-24T"
    pattern = "%H:%M:%S%.f" if short else "%Y-%m-%dT%H:%M:%S%.f"
    texts = [f"{day}{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}.{n % 1000:03d}" for n in range(70_000)]
    column = pl.concat([pl.Series(texts[:33_000]), pl.Series(texts[33_000:])], rechunk=False)
    seconds = parse_stamps(column, pattern)
    whole = np.arange(70_000.0) + np.arange(70_000) % 1000 / 1000
    start = 0.0 if short else parse_stamps(pl.Series(["2024-05-24"]), "%Y-%m-%d")[0]
    assert np.allclose(seconds - start, whole, atol=1e-6)
    texts[40_000] = texts[40_000][:-1] + "x"
    assert np.flatnonzero(np.isnan(parse_stamps(pl.Series(texts), pattern))).tolist() == [40_000]
