"""The controller's own cutoff, with and without its configuration."""

import numpy as np

from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import rides

_EMPTY_V = 20 * 3.2


def _check(columns, settings=None):
    incident = investigate([rides.log(columns, settings={"chemistry": "nmc", **(settings or {})})])
    return next(check for check in incident.checks if check.name == "low-voltage-cutoff")


def _emptied(left):
    """A pack that is emptied from 3.24 to 3.13 V a cell while its rider can draw less and less, down to a share `left`."""
    columns = rides.controller()
    time = columns["time"]
    current = columns["battery_current"] * np.interp(time, [0, 60, 600], [1.0, 1.0, left])
    fall = np.interp(time, [0, 600], [rides.OPEN_V - 20 * 3.24, rides.OPEN_V - 20 * 3.13])
    columns["battery_current"] = np.round(current, 2)
    columns["pack_voltage"] = np.round(rides.voltage(time, current) - fall, 1)
    return columns


def test_an_empty_pack_that_gives_less_and_less_at_the_same_voltage_is_folded_back():
    assert _check(_emptied(left=0.25)).status is Status.FOUND


def test_an_empty_pack_that_sags_as_deep_as_ever_at_its_ordinary_current_is_not():
    assert _check(_emptied(left=1.0)).status is Status.CLEAR


def test_low_voltage_alone_is_no_fold_back():
    columns = rides.controller(open_v=_EMPTY_V)
    columns["battery_current"] = np.round(np.clip(columns["battery_current"] * 0.1, 0, 4.5), 2)
    columns["pack_voltage"] = np.round(rides.voltage(columns["time"], columns["battery_current"], _EMPTY_V), 1)
    assert _check(columns).status is Status.CLEAR
