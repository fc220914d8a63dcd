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
