"""Quantiles by one partition or one sort are those that numpy gives, to the last digit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ridelog.battery.quantiles import median, quantiles

FINITE = st.floats(-1e6, 1e6)
VALUES = arrays.arrays(np.float64, st.integers(1, 60), elements=FINITE)
SHARES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=9)


@given(VALUES, SHARES)
def test_quantiles_are_those_of_numpy(values, shares):
    assert np.array_equal(quantiles(values, shares), np.quantile(values, shares))


@given(VALUES)
def test_a_median_is_that_of_numpy(values):
    assert median(values) == np.median(values)


def test_the_values_are_left_as_they_are():
    values = np.array([3.0, 1.0, 2.0])
    assert (quantiles(values, (0.0, 1.0)) == (1.0, 3.0)).all()
    assert values.tolist() == [3.0, 1.0, 2.0]
