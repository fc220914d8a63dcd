import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.reports.downsample import Detail, extremes, gaps, select

NOTHING = np.empty(0, dtype=np.intp)


def coarse(pinned=NOTHING, windows=()) -> Detail:
    return Detail(20, 50, windows, pinned)


@given(st.integers(1, 3000), st.integers(1, 60), st.randoms(use_true_random=False))
def test_highest_and_lowest_row_are_always_kept(count, buckets, random):
    values = np.array([random.gauss(0, 1) for _ in range(count)])
    rows = extremes(values, buckets)
    assert values[rows].max() == values.max()
    assert values[rows].min() == values.min()
    assert rows[0] == 0
    assert rows[-1] == count - 1
    assert (np.diff(rows) > 0).all()
    assert len(rows) <= max(4 * (buckets + 1), 4)


@pytest.mark.parametrize("place", [0, 1, 777, 9_998, 9_999])
def test_a_spike_of_one_row_survives(place):
    time, values = np.arange(10_000) / 20, np.full(10_000, 70.0)
    values[place] = 12.0
    drawn = select(time, values, coarse())
    assert 12.0 in values[drawn.rows]
    assert len(drawn.rows) < 200


def test_pinned_rows_are_kept_whatever_their_value():
    time = np.arange(10_000) / 20
    values = np.sin(time / 9)
    pinned = np.array([1234, 1235, 1236])
    assert set(pinned) <= set(select(time, values, coarse(pinned)).rows)


def test_pinned_rows_outside_the_log_or_without_a_value_are_ignored():
    time = np.arange(100) / 10
    values = np.sin(time)
    values[50] = np.nan
    drawn = select(time, values, coarse(np.array([-3, 50, 100, 5000])))
    assert np.isfinite(values[drawn.rows]).all()


def test_a_window_is_drawn_row_by_row():
    time = np.arange(100_000) / 100
    values = np.random.default_rng(1).normal(size=100_000)
    drawn = select(time, values, coarse(windows=[(500.0, 501.0)]))
    inside = np.flatnonzero((time >= 500) & (time < 501))
    assert set(inside) <= set(drawn.rows)


def test_lines_break_at_gaps_and_reach_their_edges():
    time = np.concatenate((np.arange(1000) / 20, 60 + np.arange(1000) / 20))
    values = np.sin(time)
    drawn = select(time, values, coarse())
    assert len(drawn.breaks) == 1
    before, after = drawn.rows[drawn.breaks[0] - 1], drawn.rows[drawn.breaks[0]]
    assert (before, after) == (999, 1000)


def test_a_slow_log_is_not_all_gaps():
    assert len(gaps(np.arange(100.0))) == 0
    assert list(gaps(np.array([0.0, 1, 2, 3, 14, 15]))) == [4]


def test_bursts_of_a_radio_link_are_not_gaps():
    time = np.sort(np.concatenate((np.arange(100) * 0.1, np.arange(100) * 0.1 + 0.001, np.arange(100) * 0.1 + 0.002)))
    assert len(gaps(time)) == 0


def test_a_sparse_channel_is_judged_by_its_own_rate():
    time = np.arange(1000) / 20
    values = np.full(1000, np.nan)
    values[::20] = np.arange(50)
    drawn = select(time, values, coarse())
    assert len(drawn.rows) == 50
    assert len(drawn.breaks) == 0


def test_a_level_line_needs_two_points():
    drawn = select(np.arange(5000.0), np.full(5000, 3.7), coarse())
    assert list(drawn.rows) == [0, 4999]


def test_level_stretches_on_both_sides_of_a_gap_keep_their_ends():
    time = np.concatenate((np.arange(100.0), 500 + np.arange(100.0)))
    drawn = select(time, np.full(200, 3.7), coarse())
    assert list(drawn.rows) == [0, 99, 100, 199]
    assert list(drawn.breaks) == [2]


def test_nothing_to_draw():
    assert len(select(np.arange(5.0), np.full(5, np.nan), coarse()).rows) == 0
    assert len(select(np.empty(0), np.empty(0), coarse()).rows) == 0
    assert list(select(np.zeros(1), np.ones(1), coarse()).rows) == [0]
