"""Over-current faults in a log: what the motor did is read from the rows before the stop, not from those after it."""

import numpy as np
import pytest

from ridelog.finding import Seen
from ridelog.pipeline import investigate
from tests import rides


def _stopped_at(duty, erpm, lasts=0.9):
    """The check of a ride in which fault 4 stops the motor for `lasts` seconds: its duty is 0 from the first row on."""
    columns = rides.controller()
    row = int(np.searchsorted(columns["time"], 300.0))
    columns["duty"][row - 20 : row], columns["erpm"][row - 20 : row + 20] = duty, erpm
    stop = slice(row, row + int(lasts * 10))
    columns["fault_code"][stop] = 4.0
    for name in ("duty", "motor_current", "battery_current"):
        columns[name][stop] = 0.0
    incident = investigate([rides.log(columns)])
    return next(check for check in incident.checks if check.code == "CF01").evidence


@pytest.mark.parametrize(
    ("duty", "erpm", "name"),
    [(0.85, 40_000.0, "at-speed"), (0.01, 300.0, "without-duty"), (0.4, 9_000.0, "")],
)
def test_a_stop_gives_one_kind_of_overcurrent(duty, erpm, name):
    evidence = _stopped_at(duty, erpm)
    kinds = {"at-speed": "fault.overcurrent-at-speed", "without-duty": "fault.overcurrent-without-duty"}
    wanted = kinds.get(name, "fault.overcurrent")
    for kind in ("fault.overcurrent-at-speed", "fault.overcurrent-without-duty", "fault.overcurrent"):
        assert (evidence[kind].seen is Seen.OBSERVED) is (kind == wanted), kind
