"""Rolling extremes agree with looking at every window."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ridelog.episodes import rolling_extreme


@pytest.mark.parametrize("highest", [True, False])
@given(
    values=st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), min_size=1, max_size=60),
    reach=st.integers(1, 25),
)
def test_rolling_extreme_is_that_of_each_window(highest, values, reach):
    found = rolling_extreme(np.array(values), reach, highest=highest)
    for row, value in enumerate(found.tolist()):
        window = [near for near in values[max(0, row - reach) : row + reach + 1] if near == near]
        none = -np.inf if highest else np.inf
        assert value == (max(window, default=none) if highest else min(window, default=none))
