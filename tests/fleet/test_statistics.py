"""Statistics against cases whose answers are known."""

import numpy as np
import pytest

from ridelog.fleet.statistics import benjamini_hochberg, change_point, robust_scores, robust_trend


def test_a_slope_survives_outliers_and_its_interval_holds_the_truth():
    time = np.linspace(0, 40, 30)
    held = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        values = 1 + 0.008 * time + rng.normal(0, 0.01, 30)
        values[[3, 17]] += 5
        trend = robust_trend(time, values)
        held += trend.low <= 0.008 <= trend.high
        assert trend.slope == pytest.approx(0.008, rel=0.15)
        assert trend.p < 0.001
    # 95 % of 200 are 190; fewer than 178 has a probability below 0.001.
    assert held >= 178


def test_noise_is_seldom_called_a_trend():
    rng = np.random.default_rng(2)
    calls = sum(robust_trend(np.arange(20.0), rng.normal(size=20)).p < 0.05 for _ in range(400))
    # 5 % of 400 tests is 20; by the binomial distribution more than 35 has a probability below 0.001.
    assert calls <= 35


def test_a_season_is_weaker_evidence_than_as_many_rides_by_themselves():
    rng = np.random.default_rng(4)
    calls = 0
    for _ in range(200):
        wander = np.zeros(60)
        for place in range(1, 60):
            wander[place] = 0.6 * wander[place - 1] + rng.normal()
        calls += robust_trend(np.arange(60.0), wander).p < 0.05
    # Without widening a fifth to a third of such series is called a trend.
    assert calls / 200 < 0.15


def test_too_few_points_or_no_time_is_no_trend():
    assert robust_trend(np.arange(5.0), np.arange(5.0)) is None
    assert robust_trend(np.zeros(10), np.arange(10.0)) is None
    assert robust_trend(np.arange(10.0), np.ones(10)).p == 1.0


def test_a_step_is_found_where_it_is_and_a_line_is_no_step():
    rng = np.random.default_rng(3)
    values = np.where(np.arange(30) < 18, 1.0, 1.4) + rng.normal(0, 0.02, 30)
    step = change_point(values)
    assert step.index == 18
    assert step.after - step.before == pytest.approx(0.4, abs=0.03)
    assert step.p < 0.01
    assert change_point(np.arange(30) * 0.1 + rng.normal(0, 0.02, 30)) is None


def test_adjusted_probabilities_are_those_of_the_method():
    # Benjamini and Hochberg 1995, the 15 tests of their example: four are rejected at 0.05.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.324,
        0.4262,
        0.5719,
        0.6528,
        0.759,
        1.0,
    ]
    adjusted = benjamini_hochberg(p)
    assert [q <= 0.05 for q in adjusted] == [True] * 4 + [False] * 11
    assert benjamini_hochberg([]) == []


def test_an_outlier_does_not_hide_behind_its_own_weight():
    scores = robust_scores(np.array([1.0, 1.01, 0.99, 1.02, 0.98, 1.6]), 0.02)
    assert scores[-1] > 6
    assert np.abs(scores[:-1]).max() < 2
