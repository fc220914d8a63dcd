"""A charge switch that is open while riding is never called closed."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
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


@pytest.mark.parametrize("entry", ["boot", "cell-overvoltage", "charge-manual-off"])
def test_a_logbook_does_not_say_that_the_switch_was_closed_for_a_switch_that_was_set_off_long_ago_has_no_entry(entry):
    board = rides.board(600.0)
    rows = len(board["time"])
    board["time"] = np.arange(rows) * 3600.0
    board["battery_current"][:] = 0.0
    book = {"time": np.zeros(1), "uptime": np.full(1, 86_400.0), "event": [entry]}
    incident = investigate(
        [rides.log(rides.controller(600.0)), rides.log(board, Role.BMS), rides.log(book, Role.EVENTS)]
    )
    check = next(check for check in incident.checks if check.name == NAME)
    evidence = check.evidence["bms.charge-fet-opened-in-regen"]
    assert evidence.seen is Seen.NOT_OBSERVABLE


def _open_pack_beside(step_s, shift_s=0.0):
    """A controller whose braking met no pack once, for 1.2 s, and a board that says its switch was closed all along."""
    columns = rides.controller(600.0)
    braking = (columns["battery_current"] < -4) & (columns["time"] >= 300)
    row = int(np.flatnonzero(braking & ~np.roll(braking, 1))[0])
    rows = slice(row + 1, row + 13)
    columns["pack_voltage"][rows] = 91.5
    columns["battery_current"][rows] = columns["motor_current"][rows] = 0.0
    columns["fault_code"][rows] = 1
    board = rides.board(600.0, rate=10.0)
    start = float(columns["time"][row]) + shift_s
    at = np.searchsorted(board["time"], np.arange(start % step_s, 599.0, step_s))
    board = {name: [values[k] for k in at] if name == "protections" else values[at] for name, values in board.items()}
    return [rides.log(columns), rides.log(board, Role.BMS)]


def _closed(logs):
    check = next(check for check in investigate(logs).checks if check.name == NAME)
    return check.evidence["bms.charge-fet-opened-in-regen"]


def test_a_poll_in_the_moment_says_that_the_switch_was_closed():
    seen = _closed(_open_pack_beside(0.3))
    assert seen.seen is Seen.ABSENT
    assert seen.strength > 0.8


def test_polls_around_the_moment_say_nothing_of_it():
    assert _closed(_open_pack_beside(8.0, shift_s=4.0)).seen is Seen.NOT_OBSERVABLE


def _off_beside(brakes):
    columns, board = rides.controller(600.0), rides.board(600.0)
    board["charge_fet"][:] = False
    if not brakes:
        columns["battery_current"] = np.maximum(columns["battery_current"], 0.0)
        columns["motor_current"] = np.maximum(columns["motor_current"], 0.0)
    columns["erpm"][-30:] = 0.0
    return investigate([rides.log(columns), rides.log(board, Role.BMS)])


def test_a_switch_that_is_off_where_the_motor_never_braked_is_a_state_and_no_incident():
    incident = _off_beside(brakes=False)
    finding = next(check for check in incident.checks if check.name == NAME).findings[0]
    assert (finding.severity, finding.event) == (Severity.WARNING, False)
    assert incident.verdict.cause != "charge-fet-open-in-regen"
    assert "charge path" in incident.verdict.summary


def test_a_switch_that_is_off_where_the_motor_brakes_is_an_incident():
    finding = next(check for check in _off_beside(brakes=True).checks if check.name == NAME).findings[0]
    assert (finding.severity, finding.event) == (Severity.CRITICAL, True)
