"""The foot sensor of a balance board: released at speed with a stop behind it, and all that only looks like that."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
from ridelog.pipeline import investigate
from tests import rides


def _board():
    """A balance board on a healthy ride: both halves pressed while it moves, level but for small nods."""
    columns = rides.controller()
    rng = np.random.default_rng(3)
    rows = len(columns["time"])
    ridden = columns["speed"] > 0.3
    for half in ("throttle_1", "throttle_2"):
        columns[half] = np.round(np.where(ridden, 3.02, 0.05) + rng.normal(0, 0.01, rows), 2)
    columns["pitch"] = np.round(1.0 + rng.normal(0, 0.6, rows), 1)
    return columns


def _at_speed(columns, after=300.0, speed=5.0):
    fast = (columns["speed"] > speed) & (columns["time"] > after)
    held = np.convolve(fast, np.ones(60), "valid") == 60
    return int(np.flatnonzero(held)[0]) + 30


def _released(columns, row, halves=("throttle_1", "throttle_2"), rows=None):
    for half in halves:
        columns[half][row : None if rows is None else row + rows] = 0.05
    return columns


def _stops(columns, row):
    """Speed to nothing within half a second, nose on the ground."""
    columns["speed"][row + 2 :] = 0.0
    columns["speed"][row + 1] *= 0.4
    columns["erpm"] = columns["speed"] * 900
    columns["battery_current"][row + 1 :] = 0.0
    columns["motor_current"][row + 1 :] = 0.0
    columns["pitch"][row + 2 :] = 24.0
    columns["pack_voltage"][row + 1 :] = columns["pack_voltage"][:20].mean()
    return columns


def _investigate(columns):
    incident = investigate([rides.log(columns)])
    return incident, next(check for check in incident.checks if check.name == "foot-sensor")


def test_a_release_at_speed_with_a_stop_behind_it_is_found():
    columns = _board()
    row = _at_speed(columns)
    incident, check = _investigate(_stops(_released(columns, row), row))
    assert check.status is Status.FOUND
    assert check.findings[0].severity is Severity.CRITICAL
    onset = check.findings[0].onset
    assert onset.earliest_s <= columns["time"][row] <= onset.latest_s
    assert incident.verdict.cause == "foot-sensor-released"


def test_a_stop_in_a_pause_of_the_log_is_no_release_at_speed():
    columns = _board()
    row = _at_speed(columns)
    columns = _stops(_released(columns, row), row)
    columns["pitch"][row:] = 1.0
    keep = np.ones(len(columns["time"]), bool)
    keep[row : row + 30] = False
    assert not _investigate({name: values[keep] for name, values in columns.items()})[1].findings


def test_a_log_that_ends_with_the_whole_pad_released_at_speed_is_found():
    columns = _board()
    row = _at_speed(columns)
    columns = _released(columns, row)
    assert _investigate({name: values[: row + 2] for name, values in columns.items()})[1].status is Status.FOUND


def test_the_state_alone_tells_too():
    columns = _stops(_board(), _at_speed(_board()))
    row = _at_speed(_board())
    del columns["throttle_1"], columns["throttle_2"]
    columns["ride_state"] = np.where(np.arange(len(columns["time"])) < row, 1, 9)
    assert _investigate(columns)[1].status is Status.FOUND


@pytest.mark.parametrize(("halves", "rows"), [(("throttle_2",), 20), (("throttle_1", "throttle_2"), 2)])
def test_a_lifted_heel_and_a_jump_are_part_of_the_ride(halves, rows):
    columns = _board()
    incident, check = _investigate(_released(columns, _at_speed(columns), halves, rows))
    assert check.status is Status.CLEAR
    assert incident.verdict.cause == "none"


def test_a_fall_releases_the_pad_after_the_board_tilted():
    columns = _board()
    row = _at_speed(columns)
    columns = _stops(_released(columns, row), row)
    columns["pitch"][row - 3 : row] = [12.0, 22.0, 31.0]
    assert _investigate(columns)[1].status is Status.CLEAR


def test_a_board_that_uses_one_half_alone():
    columns = _board()
    columns["throttle_2"][:] = 0.0
    row = _at_speed(columns)
    assert _investigate(_stops(_released(columns, row), row))[1].status is Status.FOUND


def test_one_half_alone_stops_no_board_at_speed():
    columns = _board()
    row = _at_speed(columns)
    incident, check = _investigate(_stops(_released(columns, row, ("throttle_1",)), row))
    assert [finding.severity for finding in check.findings] == [Severity.INFO]
    assert incident.verdict.cause != "foot-sensor-released"


def test_stepping_off_at_walking_pace_is_the_end_of_a_ride():
    assert _investigate(_board())[1].status is Status.CLEAR


def test_a_throttle_on_the_same_inputs_is_no_foot_pad():
    columns = _board()
    columns["throttle_1"] = 0.9 + 1.6 * np.clip(columns["battery_current"] / 45, 0, 1)
    columns["throttle_2"] = np.full(len(columns["time"]), 0.9)
    check = _investigate(columns)[1]
    assert check.status is Status.UNABLE
    assert check.evidence["foot.released-at-speed"].seen is Seen.NOT_OBSERVABLE
