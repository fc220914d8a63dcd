"""A BMS that switches its discharge path off while the vehicle rolls, at hardly any load."""

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _off_at_small_load(charged):
    """Off at 300 s after a minute with 0.2 A; `charged` is what then flows back through the body diodes, A a poll."""
    board = rides.board()
    row = int(np.searchsorted(board["time"], 300.0))
    board["battery_current"][row - 120 : row] = 0.2
    board["battery_current"][row:] = 0.0
    board["battery_current"][row + 4 : row + 4 + len(charged)] = charged
    board["discharge_fet"][row:] = False
    board["cell_voltages"][row:] = board["cell_voltages"][row]
    board["pack_voltage"][row:] = board["pack_voltage"][row]
    return investigate([rides.log(board, Role.BMS)])


@pytest.mark.parametrize("charged", [[-0.6, -7.0, -0.8], [-1.1]])
def test_braking_after_the_opening_is_riding(charged):
    assert _off_at_small_load(charged).verdict.cause == "discharge-fet-commanded-off"


@pytest.mark.parametrize("charged", [[], [-2.0] * 200])
def test_a_parked_vehicle_or_one_on_its_charger_is_no_incident(charged):
    assert _off_at_small_load(charged).verdict.cause == "none"


def _off_after(currents, rate=2.0):
    """Off at 300 s after these currents, A a poll, the last in the poll before; nothing flows from then on."""
    board = rides.board(rate=rate)
    row = int(np.searchsorted(board["time"], 300.0))
    board["battery_current"][row - 120 : row] = 0.05
    board["battery_current"][row - len(currents) : row] = currents
    board["battery_current"][row:] = 0.0
    board["discharge_fet"][row:] = False
    board["cell_voltages"][row - 120 :] = board["cell_voltages"][row]
    board["pack_voltage"][row - 120 :] = board["pack_voltage"][row]
    return investigate([rides.log(board, Role.BMS)])


@pytest.mark.parametrize("currents", [[2.6, 1.6, -0.8, 0.5, 2.5], [2.9, 2.2, 0.4, 2.5]])
def test_a_motor_that_drives_in_the_poll_before_is_no_parked_vehicle(currents):
    """Half a second is too short to come to a stand and to switch off."""
    incident = _off_after(currents)
    assert incident.verdict.cause == "discharge-fet-commanded-off"


@pytest.mark.parametrize(
    ("currents", "rate"),
    [([2.6, 1.6, -0.8, 0.05, 0.05], 2.0), ([-3.0, -0.8, 1.2, 1.2], 2.0), ([-3.0, 0.05, 2.5], 0.2), ([2.5], 2.0)],
    ids=["stands", "lamp", "polls-far-apart", "nothing-before"],
)
def test_a_stand_a_lamp_or_a_poll_long_before_is_no_drive(currents, rate):
    assert _off_after(currents, rate).verdict.cause == "none"


@pytest.mark.parametrize(("speed", "cause"), [(5.0, "discharge-fet-commanded-off"), (0.0, "none")])
def test_the_speed_in_a_controllers_log_tells_a_rolling_vehicle_from_a_parked_one(speed, cause):
    """Off at hardly any load; the controller's log ends with it."""
    board, rider = rides.board(), rides.controller()
    row, end = rides.at(board, 400.0), rides.at(rider, 400.0)
    board["battery_current"][row - 60 : row] = 0.2
    board["battery_current"][row:] = 0.0
    board["discharge_fet"][row:] = False
    for name in ("cell_voltages", "pack_voltage"):
        board[name][row - 60 :] = board[name][row]
    for name, value in (("battery_current", 0.2), ("motor_current", 0.2), ("speed", speed), ("erpm", 900 * speed)):
        rider[name][end - 300 : end] = value
    rider["pack_voltage"][end - 300 : end] = board["pack_voltage"][row].round(1)
    logs = [rides.log({name: values[:end] for name, values in rider.items()}), rides.log(board, Role.BMS)]
    assert investigate(logs).verdict.cause == cause
