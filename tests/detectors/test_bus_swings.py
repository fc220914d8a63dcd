"""A bus that swings or jumps: capacitors without their pack, and what only looks like them."""

import numpy as np

from ridelog.finding import Severity, Status
from ridelog.pipeline import investigate
from tests import rides


def _check(incident, name):
    return next(check for check in incident.checks if check.name == name)


def _swinging(columns, rows, low_v=-9.0, high_v=8.0):
    for count, row in enumerate(rows):
        columns["pack_voltage"][row] += low_v if count % 2 else high_v
    return columns


def _busy(columns, count):
    rows = np.flatnonzero(np.abs(columns["battery_current"]) > 8)
    return rows[:: max(len(rows) // count, 1)][:count]


def test_swings_while_the_current_goes_on_are_the_capacitors():
    columns = rides.controller()
    incident = investigate([rides.log(_swinging(columns, _busy(columns, 8)))])
    assert _check(incident, "bus-swings").status is Status.FOUND
    assert incident.verdict.cause == "bus-capacitor-fault"


def test_swings_while_braking_are_no_open_pack_either():
    """Two seconds of braking on: into a pack that is not there the first tenth would have driven the voltage to its limit."""
    columns = rides.controller()
    for name, value in (("battery_current", -6.0), ("motor_current", -30.0)):
        columns[name][1000:1025] = value
    columns["pack_voltage"][1000:1025] = np.round(rides.OPEN_V + 0.5 + np.tile([0.0, 9.0, -8.0, 8.0, -7.0], 5), 1)
    incident = investigate([rides.log(columns)])
    assert _check(incident, "regen-overvoltage").status is not Status.FOUND
    assert incident.verdict.cause != "charge-fet-open-in-regen"


def test_a_bus_that_rings_after_it_lost_its_pack_has_sound_capacitors():
    columns, first = rides.cut_under_load()
    # Motor and controller go on by themselves: up at every brake, down to the motor's level between.
    for row in range(first, first + 40, 5):
        columns["pack_voltage"][row] = 88.0
        columns["battery_current"][row] = -3.0
    incident = investigate([rides.log(columns)])
    assert _check(incident, "bus-swings").status is Status.CLEAR
    assert incident.verdict.cause != "bus-capacitor-fault"


def test_an_over_voltage_between_two_rows_leaves_the_bus_unknown():
    columns = rides.controller()
    row = int(np.flatnonzero(columns["battery_current"] > 20)[40])
    columns["fault_code"][row : row + 5] = 1.0
    check = _check(investigate([rides.log(columns)]), "bus-swings")
    assert check.status is Status.UNABLE
    assert check.evidence["bus.swings"].seen == "not observable"
    columns["pack_voltage"][row] = columns["pack_voltage"].max() + 0.6
    assert _check(investigate([rides.log(columns)]), "bus-swings").status is Status.CLEAR


def test_swings_of_a_slow_log_while_the_current_flows_on_are_no_lost_battery():
    """At 4.5 rows a second several low rows in a row are one swing after another; a bus without a pack never rises."""
    columns = rides.controller(rate=4.5)
    rng = np.random.default_rng(5)
    swings = np.where(columns["time"] > 250, rng.normal(0, 0.13, len(columns["time"])), 0.0)
    columns["pack_voltage"] = np.round(columns["pack_voltage"] + swings * np.abs(columns["motor_current"]), 1)
    incident = investigate([rides.log(columns)])
    assert not [item for item in _check(incident, "power-path-open").findings if item.severity is Severity.CRITICAL]
    assert _check(incident, "bus-swings").status is Status.FOUND
    assert incident.verdict.cause == "bus-capacitor-fault"


def test_a_bus_that_jumps_from_row_to_row_under_load_alone_has_lost_its_capacitors():
    columns = rides.controller()
    rng = np.random.default_rng(8)
    late = columns["time"] > 200
    jump = (
        0.10 * np.abs(columns["motor_current"]) * rng.choice([-1.0, 1.0], len(late)) * rng.uniform(0.3, 1.0, len(late))
    )
    columns["pack_voltage"] = np.round(columns["pack_voltage"] + np.where(late, jump, 0.0), 1)
    incident = investigate([rides.log(columns)])
    assert _check(incident, "bus-swings").status is Status.FOUND
    assert incident.verdict.cause == "bus-capacitor-fault"


def test_a_voltage_that_is_read_badly_at_any_load_is_no_bus_without_capacitors():
    columns = rides.controller()
    columns["pack_voltage"] = np.round(columns["pack_voltage"] + np.random.default_rng(8).normal(0, 2.0, 6000), 1)
    assert _check(investigate([rides.log(columns)]), "bus-swings").status is not Status.FOUND
