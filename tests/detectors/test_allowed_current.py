"""The current a controller holds, and whether it goes with the voltage."""

import numpy as np
import pytest

from ridelog.alignment.joining import join
from ridelog.detectors.allowed_current import allowed_current
from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import rides

_OHM = 0.08
_END_V, _SLOPE = 60.0, 3.2


def _columns(bound, pulls=8, held_s=8.0, fall=1.6, rate=10.0, seed=3):
    """Pulls on a 20S pack that falls by `fall` V; `bound` gives the current from the source's voltage and the time.

    In every pull the speed rises and the motor current falls, as at a constant power.
    """
    rng = np.random.default_rng(seed)
    time = np.arange(0, 30.0 * pulls, 1 / rate)
    since = time % 30
    pulling = (since > 10) & (since < 10 + held_s)
    source = np.interp(time, [0, time[-1]], [67.5, 67.5 - fall])
    current = np.where(pulling, bound(source, time, rng), 3.0)
    speed = np.where(pulling, 3.0 + 0.7 * (since - 10), 4.0)
    return {
        "time": time,
        "battery_current": np.round(current + rng.normal(0, 0.15, len(time)), 2),
        "pack_voltage": np.round(source - _OHM * current + rng.normal(0, 0.03, len(time)), 1),
        "motor_current": np.round(current * 11.0 / speed + rng.normal(0, 0.2, len(time)), 2),
        "speed": np.round(speed, 2),
        "duty": np.round(speed / 12, 3),
    }


def _folded(source, time, rng):
    return _SLOPE * (source - _END_V) / (1 + _SLOPE * _OHM)


def _fixed(source, time, rng):
    return np.full(len(time), 18.0)


def _found(columns, ohm=_OHM):
    return allowed_current(join([rides.log(columns)]).tracks[0], ohm)


@pytest.mark.parametrize("fall", [0.8, 1.6, 3.0])
def test_a_cutoff_allows_less_as_the_source_comes_down(fall):
    found = _found(_columns(_folded, fall=fall))
    assert found.moves
    assert not found.stands
    assert found.end_v == pytest.approx(_END_V, abs=1.0)
    assert len(found.loads) == 8


def test_what_other_loads_exceed_is_no_bound():
    """A hand that happens to ease off as the pack comes down, and pulls half as hard again in between."""
    columns = _columns(_folded)
    since = columns["time"] % 30
    harder = (since > 22) & (since < 25)
    for name in ("battery_current", "motor_current"):
        columns[name][harder] = np.round(1.6 * 18.0 * (1.0 if name == "battery_current" else 2.0), 2)
    columns["pack_voltage"][harder] = np.round(columns["pack_voltage"][harder] - _OHM * (1.6 * 18.0 - 3.0), 1)
    assert not _found(columns).moves


@pytest.mark.parametrize("wrong", [0.7, 1.3])
def test_a_resistance_that_is_off_by_a_third_changes_nothing(wrong):
    assert _found(_columns(_folded), _OHM * wrong).moves
    assert not _found(_columns(_fixed), _OHM * wrong).moves


def test_a_limit_that_is_set_stands_still():
    found = _found(_columns(_fixed))
    assert found.stands
    assert not found.moves
    assert found.middle_a == pytest.approx(18.0, abs=0.2)


def test_a_limit_of_the_power_goes_against_the_voltage():
    assert not _found(_columns(lambda source, time, rng: 1200.0 / source)).moves


def test_a_limit_that_the_road_shakes_is_still_one():
    def shaken(source, time, rng):
        return 18.0 * (
            1
            + 0.06
            * np.interp(time, np.arange(0, time[-1] + 1, 0.4), rng.normal(0, 1, len(np.arange(0, time[-1] + 1, 0.4))))
        )

    found = _found(_columns(shaken))
    assert found is None or not found.moves


def test_pulls_at_heights_the_rider_chose_are_no_line():
    def chosen(source, time, rng):
        return np.repeat(rng.uniform(12, 20, 8), len(time) // 8)

    found = _found(_columns(chosen))
    assert found is None or not (found.moves or found.stands)


def test_a_current_that_goes_with_the_motor_current_is_held_by_nobody():
    columns = _columns(_folded)
    columns["motor_current"] = columns["battery_current"] * 2.0
    assert _found(columns) is None


def test_without_the_motor_current_the_speed_tells():
    columns = _columns(_folded)
    del columns["motor_current"]
    assert _found(columns).moves


def test_a_log_of_one_row_a_second_tells_by_longer_loads():
    assert _found(_columns(_folded, held_s=12.0, rate=1.0)).moves


def test_full_duty_and_heat_are_other_reasons():
    columns = _columns(_folded)
    columns["duty"] = np.full(len(columns["time"]), 0.95)
    assert _found(columns) is None
    columns = _columns(_folded)
    columns["fet_temperature"] = np.full(len(columns["time"]), 82.0)
    assert _found(columns) is None


def test_two_loads_are_too_few_and_no_resistance_is_no_answer():
    assert _found(_columns(_folded, pulls=2)) is None
    assert _found(_columns(_folded), float("nan")) is None


def test_the_current_of_both_controllers_goes_with_the_resistance_of_the_pack():
    columns = _columns(_folded)
    columns["total_battery_current"] = columns["battery_current"].copy()
    columns["battery_current"] = columns["battery_current"] / 2
    assert _found(columns).end_v == pytest.approx(_END_V, abs=1.0)


def _check(columns):
    incident = investigate([rides.log(columns, settings={"chemistry": "nmc"})])
    return next(check for check in incident.checks if check.name == "low-voltage-cutoff")


def test_the_check_finds_the_cutoff_and_names_where_it_ends():
    check = _check(_columns(_folded))
    assert check.status is Status.FOUND
    ends = [item.value for item in check.findings[0].measurements if "no current" in item.name]
    assert ends[0] == pytest.approx(_END_V, abs=1.5)


def test_the_check_is_clear_where_a_set_limit_holds_the_current():
    check = _check(_columns(_fixed))
    assert check.status is Status.CLEAR
    assert "limit that is set" in check.reason


def test_the_check_says_what_it_cannot_tell():
    """Short pulls at one height, at a voltage where usual cutoffs are at work."""
    check = _check(_columns(_folded, held_s=2.6, fall=0.15, pulls=4))
    assert check.status is Status.UNABLE
    assert "configuration" in check.reason
