"""The controller's own cutoff, with and without its configuration."""

import numpy as np

from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import rides

_EMPTY_V = 20 * 3.2


def _check(columns, settings=None):
    incident = investigate([rides.log(columns, settings={"chemistry": "nmc", **(settings or {})})])
    return next(check for check in incident.checks if check.name == "low-voltage-cutoff")


def _empty_at_the_end(reduced):
    """The pack is nearly empty in the last three minutes, and the current is held down there or not."""
    columns = rides.controller()
    late = columns["time"] > 420
    current = columns["battery_current"].copy()
    current[late] = np.clip(current[late] * 0.3, -4, 9) if reduced else current[late]
    fall = np.interp(columns["time"], [0, 420, 600], [0, rides.OPEN_V - _EMPTY_V, rides.OPEN_V - _EMPTY_V + 0.6])
    columns["battery_current"] = np.round(current, 2)
    columns["pack_voltage"] = np.round(rides.voltage(columns["time"], current) - fall, 1)
    return columns


def test_an_empty_pack_at_a_fraction_of_its_earlier_current_is_folded_back():
    assert _check(_empty_at_the_end(reduced=True)).status is Status.FOUND


def test_low_voltage_alone_is_no_fold_back():
    columns = rides.controller(open_v=_EMPTY_V)
    columns["battery_current"] = np.round(np.clip(columns["battery_current"] * 0.1, 0, 4.5), 2)
    columns["pack_voltage"] = np.round(rides.voltage(columns["time"], columns["battery_current"], _EMPTY_V), 1)
    assert _check(columns).status is Status.CLEAR
