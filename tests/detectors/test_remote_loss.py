"""A lost remote or throttle, and what only looks like one."""

import numpy as np

from ridelog.finding import Seen, Severity, Status
from ridelog.pipeline import investigate
from tests import rides


def _check(incident):
    return next(check for check in incident.checks if check.name == "remote-loss")


def _throttle(columns, rest=0.86, travel=1.4):
    """Voltage of a throttle that asks for the current of the ride."""
    return np.round(rest + travel * np.clip(columns["battery_current"] / 45.0, 0, 1), 2)


def _driving(columns):
    steady = (columns["battery_current"] > 8) & (columns["speed"] > 3) & (columns["time"] > 200)
    return int(np.flatnonzero(steady)[10])


def _lose(columns, row, rows, value):
    columns["throttle_1"][row : row + rows] = value
    columns["battery_current"][row : row + rows] = 0.0
    columns["motor_current"][row : row + rows] = 0.0
    return columns


def test_a_throttle_voltage_below_its_rest_is_a_lost_throttle():
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns)
    incident = investigate([rides.log(_lose(columns, _driving(columns), 12, 0.02))])
    assert _check(incident).status is Status.FOUND
    assert incident.verdict.cause == "remote-input-loss"


def test_a_throttle_voltage_back_at_its_rest_is_a_release():
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns)
    incident = investigate([rides.log(_lose(columns, _driving(columns), 12, 0.86))])
    assert _check(incident).status is Status.CLEAR


def test_foot_sensors_are_no_throttle():
    columns = rides.controller()
    columns["throttle_1"] = np.where(columns["speed"] > 0.2, 3.0, 0.05)
    assert _check(investigate([rides.log(columns)])).status is Status.UNABLE


def _demand(columns):
    return np.round(np.clip(columns["battery_current"] / 60.0, -0.3, 0.85) + 0.001, 3)


def _with_remote(change):
    columns = rides.controller()
    columns["remote_input"] = _demand(columns)
    row = _driving(columns)
    columns["remote_input"][row - 3 : row + 12] = 0.42
    change(columns["remote_input"], row)
    return investigate([rides.log(columns)])


def test_neutral_between_two_steps_from_and_to_the_same_demand_is_a_lost_remote():
    def steps(demand, row):
        demand[row : row + 8] = 0.0

    assert _check(_with_remote(steps)).status is Status.FOUND


def test_a_thumb_that_comes_down_and_goes_up_is_a_release():
    def thumb(demand, row):
        demand[row : row + 8] = [0.3, 0.1, 0.0, 0.0, 0.0, 0.0, 0.15, 0.3]

    assert _check(_with_remote(thumb)).status is Status.CLEAR


def test_full_throttle_pressed_and_let_go_is_a_rider():
    def pulses(demand, row):
        demand[row - 3 : row + 12] = 1.0
        demand[row : row + 6] = 0.0

    assert _check(_with_remote(pulses)).status is Status.CLEAR


def test_a_throttle_that_is_pressed_and_not_obeyed_is_told_and_not_blamed():
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns)
    row = _driving(columns)
    columns["throttle_1"][row - 3 : row + 20] = 2.2
    columns["motor_current"][row - 3 : row] = 40.0
    columns["motor_current"][row : row + 20] = 0.0
    columns["battery_current"][row : row + 20] = 0.0
    columns["pack_voltage"][row : row + 20] = columns["pack_voltage"][:20].mean()
    incident = investigate([rides.log(columns)])
    check = _check(incident)
    assert check.evidence["remote.lost"].seen is Seen.NOT_OBSERVABLE
    assert [finding.severity for finding in check.findings] == [Severity.INFO]
    assert incident.verdict.cause == "none"


def test_a_throttle_that_is_lost_for_good_in_motion_is_found():
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns)
    row = _driving(columns)
    columns = _lose(columns, row, 25, 0.02)
    columns = {name: values[: row + 25] for name, values in columns.items()}
    assert _check(investigate([rides.log(columns)])).status is Status.FOUND


def test_a_throttle_that_falls_as_the_log_is_switched_off_is_not_lost():
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns)
    row = _driving(columns)
    columns = _lose(columns, row, 3, 0.02)
    columns = {name: values[: row + 3] for name, values in columns.items()}
    assert _check(investigate([rides.log(columns)])).status is Status.CLEAR


def test_a_calm_rider_shows_how_the_throttle_works_in_few_rows():
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns, travel=0.5)
    columns["throttle_1"] = np.minimum(columns["throttle_1"], 1.08)
    columns["throttle_1"][np.argsort(columns["battery_current"])[-8:]] = 1.6
    incident = investigate([rides.log(_lose(columns, _driving(columns), 12, 0.02))])
    assert _check(incident).status is Status.FOUND


def test_a_throttle_that_is_hardly_pressed_and_then_lost_for_good_is_one_by_what_the_motor_does():
    columns = rides.controller()
    row = int(np.flatnonzero((columns["battery_current"] > 15) & (columns["time"] > 200) & (columns["speed"] > 3))[5])
    columns["throttle_1"] = _throttle(columns, travel=0.2)
    columns["throttle_1"][row:] = 0.02
    later = np.arange(len(columns["time"])) > row + 30
    for name in ("speed", "erpm", "duty", "motor_current"):
        columns[name][later] = 0.0
    check = _check(investigate([rides.log(columns)]))
    assert check.evidence["remote.lost"].seen == "observed"


def test_a_vehicle_that_stands_with_its_throttle_pressed_shows_no_rest_of_the_throttle():
    """The battery gives nothing any more: most rows at a stand have the throttle at its end."""
    columns = rides.controller()
    columns["throttle_1"] = _throttle(columns)
    stuck = columns["time"] > 480.0
    for name in ("speed", "erpm", "duty", "battery_current"):
        columns[name][stuck] = 0.0
    columns["motor_current"][stuck] = 4.0
    columns["throttle_1"][stuck] = 2.26
    check = _check(investigate([rides.log(columns)]))
    assert check.status is Status.CLEAR
    row = _driving(columns)
    assert _check(investigate([rides.log(_lose(columns, row, 12, 0.02))])).status is Status.FOUND
