"""What vehicles of a kind say about the scatter of one of them."""

import numpy as np
import pytest

from ridelog.fleet.scatter import Scatter, common_scatter, quantile_t, two_sided_t


@pytest.mark.parametrize(("freedom", "quantile"), [(3, 3.182), (4, 2.776), (10, 2.228), (30, 2.042), (120, 1.980)])
def test_student_is_that_of_the_printed_table(freedom, quantile):
    # Two-sided 5 % points of Student's law as every table of it prints them.
    assert quantile_t(freedom) == pytest.approx(quantile, rel=0.02)
    assert two_sided_t(quantile, freedom) == pytest.approx(0.05, rel=0.06)


def test_student_at_the_far_end():
    # 0.1 % points of the same table.
    for freedom, quantile in ((4, 8.610), (10, 4.587), (30, 3.646)):
        assert two_sided_t(quantile, freedom) == pytest.approx(0.001, rel=0.2)


def test_the_common_law_is_found_again():
    # Variances drawn from a scaled inverse chi-squared law of 8 degrees of freedom around 0.0025.
    rng = np.random.default_rng(1)
    true = 0.0025 * 8 / rng.chisquare(8, 4000)
    seen = true * rng.chisquare(6, 4000) / 6
    common = common_scatter(seen, np.full(4000, 6.0))
    assert common.variance == pytest.approx(0.0025, rel=0.05)
    assert common.freedom == pytest.approx(8, rel=0.15)


def test_vehicles_that_are_alike_speak_for_each_other_but_not_without_limit():
    rng = np.random.default_rng(2)
    common = common_scatter(rng.chisquare(4, 40) / 4, np.full(40, 4.0))
    assert common.freedom > 8
    variance, freedom = common.of(3.0, 4.0)
    assert 0.8 < variance < 2.0
    assert freedom <= 40 * 4


def test_few_vehicles_or_none_that_scatters_say_nothing():
    assert common_scatter(np.ones(4), np.full(4, 5.0)) == Scatter()
    assert common_scatter(np.zeros(20), np.full(20, 5.0)) == Scatter()
    assert Scatter().of(0.3, 5.0) == (0.3, 5.0)
