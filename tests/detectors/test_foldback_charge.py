"""A current bound that shrinks with the charge, in the digits of an ordinary log."""

import numpy as np

from detectors.foldback_charge import bound_by_charge
from ridelog.alignment.joining import join
from tests import rides

_OHM = 0.08
_END_V, _SLOPE = 30.0, 8.0


def _track(bound, seed=3):
    """Eight pulls of 12 s on a pack of 36 V that falls by 0.5 V; `bound` gives the current of a moment from E and the time."""
    rng = np.random.default_rng(seed)
    time = np.arange(0, 200, 0.1)
    pulling = (time % 25) > 12
    source = np.interp(time, [0, 200], [32.3, 31.8])
    current = np.where(pulling, bound(source, time, rng), 0.6)
    columns = {
        "time": time,
        "battery_current": np.round(current + rng.normal(0, 0.1, len(time)), 2),
        "pack_voltage": np.round(source - _OHM * current + rng.normal(0, 0.03, len(time)), 1),
        "duty": np.full(len(time), 0.6),
    }
    return join([rides.log(columns)]).tracks[0]


def test_pulls_that_end_on_a_line_of_the_charge_are_bound():
    folded = _track(lambda source, time, rng: _SLOPE * (source - _END_V) / (1 + _SLOPE * _OHM))
    assert len(bound_by_charge(folded, _OHM)) >= 4


def test_a_fixed_limit_of_the_current_is_no_such_bound():
    assert bound_by_charge(_track(lambda source, time, rng: np.full(len(time), 11.0)), _OHM) == []


def test_a_limit_of_the_power_is_no_such_bound():
    assert bound_by_charge(_track(lambda source, time, rng: 350.0 / source), _OHM) == []


def test_a_rider_who_eases_off_by_hand_is_no_such_bound():
    def by_hand(source, time, rng):
        wanted = 11.0 - 0.015 * time
        return wanted * np.repeat(rng.uniform(0.7, 1.0, len(time) // 50), 50)

    assert bound_by_charge(_track(by_hand), _OHM) == []


def test_an_unknown_resistance_gives_no_answer():
    assert bound_by_charge(_track(lambda source, time, rng: np.full(len(time), 11.0)), float("nan")) == []
