"""Headroom that is used up in a fall, and by a wheel that is lifted."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _spin(columns, row):
    """The wheel spins up within a second from where it is, tilts and runs down."""
    up = np.linspace(columns["speed"][row], 14.0, 6)
    columns["speed"][row : row + 6] = up
    columns["erpm"][row : row + 6] = up * 900
    columns["pwm"][row + 2 : row + 7] = 1.0
    columns["pitch"][row + 1 : row + 8] = 27.0
    columns["speed"][row + 6 : row + 10] = [9.0, 5.0, 2.0, 0.0]
    columns["battery_current"][row : row + 10] = 2.0
    return columns


def _check(columns):
    incident = investigate([rides.log(columns, Role.WHEEL)])
    return next(check for check in incident.checks if check.name == "pwm-saturation"), incident


def test_a_fall_at_speed():
    columns = rides.wheel()
    long_ridden = np.convolve(columns["speed"] > 5, np.ones(30), "full")[: len(columns["speed"])] == 30
    check, incident = _check(_spin(columns, int(np.flatnonzero(long_ridden)[0])))
    assert check.status is Status.FOUND
    assert incident.verdict.cause == "pwm-saturation"


def test_a_wheel_lifted_by_hand_after_standing():
    columns = rides.wheel()
    row = len(columns["time"]) - 30
    for name in ("speed", "erpm", "battery_current", "motor_current", "duty"):
        columns[name][row - 30 :] = 0.0
    columns["pwm"][row - 30 :] = 0.05
    check, incident = _check(_spin(columns, row))
    assert check.status is Status.CLEAR
    assert incident.verdict.cause == "none"


def test_a_wheel_lifted_out_of_motion_spins_before_its_headroom_is_gone():
    columns = rides.wheel()
    row = len(columns["time"]) - 30
    columns["speed"][row - 30 : row] = np.linspace(9.0, 3.0, 30)
    columns["pwm"][row - 30 : row] = np.linspace(0.4, 0.15, 30)
    columns["speed"][row : row + 10] = [5.0, 8.0, 12.0, 16.0, 20.0, 22.0, 15.0, 9.0, 3.0, 0.0]
    columns["pwm"][row : row + 10] = [0.25, 0.4, 0.6, 0.8, 1.0, 1.0, 0.7, 0.4, 0.1, 0.0]
    columns["pitch"][row : row + 9] = 25.0
    columns["battery_current"][row : row + 10] = 2.0
    for name in ("speed", "pwm", "battery_current"):
        columns[name][row + 10 :] = 0.0
    check, incident = _check(columns)
    assert check.status is Status.CLEAR
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize(("watts", "status"), [(250.0, Status.CLEAR), (3000.0, Status.FOUND)])
def test_a_wheel_that_is_spun_up_slowly_in_the_hand(watts, status):
    """From 2 to 22 m/s in 20 s: a rider and wheel of 90 kg gain 22 kJ, of which 250 W give 5."""
    columns = rides.wheel()
    row = len(columns["time"]) - 60
    spun = slice(row - 100, row)
    columns["speed"][spun] = np.linspace(2.0, 22.0, 100)
    columns["pwm"][spun] = np.linspace(0.1, 0.92, 100)
    columns["pack_voltage"][row - 100 :] = 80.0
    columns["battery_current"][spun] = watts / 80.0
    columns["speed"][row : row + 10] = [23.0, 26.0, 28.0, 28.0, 28.0, 28.0, 20.0, 10.0, 2.0, 0.0]
    columns["pwm"][row : row + 6] = 1.0
    for name in ("speed", "pwm", "battery_current"):
        columns[name][row + 10 :] = 0.0
    check, _ = _check(columns)
    assert check.status is status


def _ridden_row(columns):
    long_ridden = np.convolve(columns["speed"] > 5, np.ones(30), "full")[: len(columns["speed"])] == 30
    return int(np.flatnonzero(long_ridden)[-1])


def _ends(columns, row):
    return {name: values[:row] for name, values in columns.items()}


def test_a_log_that_ends_at_speed_with_no_headroom_left():
    columns = rides.wheel()
    row = _ridden_row(columns)
    columns["pwm"][row - 3 : row] = 1.0
    check, incident = _check(_ends(columns, row))
    assert check.status is Status.FOUND
    assert incident.verdict.cause in ("pwm-saturation", "undetermined")
    assert incident.causes[0].cause == "pwm-saturation"
    assert incident.verdict.probability < 0.85


@pytest.mark.parametrize(("left", "status"), [(0.0, Status.FOUND), (0.6, Status.CLEAR)])
def test_a_log_that_ends_right_after_the_headroom_was_gone_and_the_motor_let_go(left, status):
    columns = rides.wheel()
    row = _ridden_row(columns)
    columns["pwm"][row - 5 : row - 2] = 1.0
    columns["pwm"][row - 2 : row] = 0.85
    for name in ("motor_current", "battery_current"):
        columns[name][row - 6 : row - 2] = 40.0
        columns[name][row - 2 : row] = 40.0 * left
    check, _ = _check(_ends(columns, row))
    assert check.status is status


def test_a_log_that_ends_at_speed_with_headroom_is_ordinary():
    columns = rides.wheel()
    check, _ = _check(_ends(columns, _ridden_row(columns)))
    assert check.status is Status.CLEAR


def test_a_fall_with_headroom_left_is_told_and_blamed_on_nothing():
    columns = rides.wheel()
    row = _ridden_row(columns)
    columns["pitch"][row:] = 70.0
    for name in ("speed", "erpm", "battery_current", "motor_current", "pwm"):
        columns[name][row + 3 :] = 0.0
    check, incident = _check(columns)
    assert [str(finding.severity) for finding in check.findings] == ["info"]
    assert "the wheel went down" in check.findings[0].message
    assert incident.verdict.cause == "none"


def _and_on(columns, rows):
    """The log goes on for so many rows with what its last row has."""
    step = columns["time"][1] - columns["time"][0]
    longer = {name: np.concatenate([values, np.repeat(values[-1:], rows, axis=0)]) for name, values in columns.items()}
    longer["time"] = columns["time"][0] + step * np.arange(len(longer["time"]))
    return longer


def _without_pwm(columns):
    return {name: values for name, values in columns.items() if name not in ("pwm", "duty")}


@pytest.mark.parametrize("lies_on", [0, 4])
def test_a_fall_in_a_log_without_pwm_is_a_possibility_and_no_certainty(lies_on):
    """However much longer than the ride the wheel lies on the ground with its log running."""
    columns = rides.wheel()
    row = _ridden_row(columns)
    columns = _and_on(columns, lies_on * row)
    columns["pitch"][row:] = 70.0
    for name in ("speed", "erpm", "battery_current", "motor_current"):
        columns[name][row + 3 :] = 0.0
    check, incident = _check(_without_pwm(columns))
    assert check.status is Status.FOUND
    assert incident.verdict.cause in ("pwm-saturation", "undetermined")
    assert incident.verdict.probability < 0.85


def test_a_wheel_that_is_laid_down_after_standing_did_not_fall():
    columns = rides.wheel()
    for name in ("speed", "erpm", "battery_current", "motor_current"):
        columns[name][-100:] = 0.0
    columns["pitch"][-40:] = 70.0
    check, incident = _check(_without_pwm(columns))
    assert check.status is Status.CLEAR
    assert incident.verdict.cause == "none"
