import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from ridelog.clock import repair_backward_steps, unwrap_midnight


def test_midnight_adds_a_day():
    assert unwrap_midnight(np.array([86399.5, 86399.9, 0.2, 0.4])).tolist() == [86399.5, 86399.9, 86400.2, 86400.4]


def test_a_small_step_back_is_not_midnight():
    assert unwrap_midnight(np.array([10.0, 9.0])).tolist() == [10.0, 9.0]


def test_backward_steps_are_closed_and_reported():
    time, damage = repair_backward_steps(np.array([0.0, 1.0, 2.0, 0.5, 1.5]), np.array([2, 3, 4, 5, 6]))
    assert time.tolist() == [0.0, 1.0, 2.0, 2.0, 3.0]
    assert damage[0].count == 1
    assert damage[0].rows == (5,)


@given(st.lists(st.floats(0, 86399.9), min_size=2, max_size=50))
def test_repair_never_leaves_a_step_back(values):
    time, _ = repair_backward_steps(np.array(values), np.arange(len(values)))
    assert (np.diff(time) >= 0).all()
