"""A further controller that falls silent in motion."""

import numpy as np

from ridelog.finding import Severity, Status
from ridelog.pipeline import investigate
from tests import rides


def _pair():
    columns = rides.controller()
    columns["controller_count"] = np.where(columns["time"] < 1.0, 1, 2)
    columns["total_motor_current"] = np.round(2 * columns["motor_current"], 2)
    return columns


def _riding(columns, after=300.0):
    return int(np.flatnonzero((columns["speed"] > 4) & (columns["time"] > after) & (columns["motor_current"] > 15))[0])


def _investigate(columns):
    incident = investigate([rides.log(columns)])
    return incident, next(check for check in incident.checks if check.name == "controller-lost")


def test_a_controller_that_is_gone_in_motion_is_found_and_not_called_sound():
    columns = _pair()
    row = _riding(columns)
    columns["controller_count"][row:] = 1
    columns["total_motor_current"][row:] = columns["motor_current"][row:]
    incident, check = _investigate(columns)
    assert check.status is Status.FOUND
    assert check.findings[0].severity is Severity.WARNING
    share = next(item.value for item in check.findings[0].measurements if "share" in item.name)
    assert 0.3 < share < 0.7
    assert incident.verdict.cause == "undetermined"
    assert "pulls to that side" in " ".join(incident.verdict.dangers)


def test_both_heard_all_along_and_messages_lost_for_a_moment_are_sound():
    columns = _pair()
    row = _riding(columns)
    columns["controller_count"][row : row + 4] = 1
    incident, check = _investigate(columns)
    assert check.status is Status.CLEAR
    assert incident.verdict.cause == "none"


def test_switched_off_at_standstill_is_no_loss():
    columns = _pair()
    still = np.flatnonzero(columns["speed"] < 0.05)
    columns["controller_count"][still[-1] :] = 1
    columns["speed"][still[-1] :] = 0.0
    columns["erpm"][still[-1] :] = 0.0
    assert _investigate(columns)[1].status is Status.CLEAR


def test_one_controller_has_none_to_lose():
    columns = _pair()
    columns["controller_count"] = np.ones(len(columns["time"]))
    assert _investigate(columns)[1].status is Status.CLEAR
