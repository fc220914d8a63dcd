"""A charge switch that is open while riding is never called closed."""

import numpy as np

from ridelog.finding import Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

NAME = "bms-charge-path"


def _check(columns):
    incident = investigate([rides.log(columns, Role.BMS)])
    return next(check for check in incident.checks if check.name == NAME)


def test_a_gentle_ride_with_the_switch_open_throughout():
    board = rides.board(600.0)
    board["battery_current"] = np.round(board["battery_current"] * 0.15, 2)
    board["charge_fet"][:] = False
    check = _check(board)
    assert check.status is Status.FOUND
    assert "during the whole ride" in check.findings[0].message


def test_a_board_that_opens_long_before_the_braking():
    board = rides.board(600.0)
    board["charge_fet"][600:] = False
    board["protections"][600:] = [["charge-undertemperature"]] * (len(board["time"]) - 600)
    check = _check(board)
    assert check.status is Status.FOUND
    assert "too cold to be charged" in check.findings[0].message


def test_a_closed_switch_is_clear():
    assert _check(rides.board(600.0)).status is Status.CLEAR


def test_a_record_kept_once_an_hour_does_not_say_that_the_vehicle_was_ridden():
    board = rides.board(600.0)
    rows = len(board["time"])
    board["time"] = np.arange(rows) * 3600.0
    board["charge_fet"] = np.arange(rows) % 50 != 10
    assert _check(board).status is not Status.FOUND
