"""Logs that end or start anew: a vehicle that was switched off, and one that lost its battery."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity
from ridelog.pipeline import investigate
from tests import rides


def _check(incident, name):
    return next(check for check in incident.checks if check.name == name)


def _cut_to(columns, rows):
    return {name: values[:rows] for name, values in columns.items()}


def _ends_in_one_low_row(fault, driven):
    """The log ends as the rider pulls away, at a current that no battery minds."""
    columns = rides.controller()
    start = (columns["speed"][1:] > 0.2) & (columns["speed"][:-1] < 0.05) & (columns["time"][1:] > 300)
    row = int(np.flatnonzero(start)[0]) + 1
    columns = _cut_to(columns, row + 1)
    columns["speed"][row - 20 :], columns["erpm"][row - 20 :] = 0.2, 180.0
    columns["battery_current"][row - 20 :] = 1.0
    columns["motor_current"][row - 20 :] = 30.0 if driven else 0.2
    columns["pack_voltage"][row - 20 :] = np.round(rides.OPEN_V - 2, 1)
    columns["pack_voltage"][row] = 14.9
    columns["fault_code"][row] = 2.0 if fault else 0.0
    return _check(investigate([rides.log(columns)]), "power-path-open")


def test_a_battery_that_goes_as_the_rider_pulls_away_is_lost_and_not_switched_off():
    check = _ends_in_one_low_row(fault=True, driven=True)
    assert [item.severity for item in check.findings] == [Severity.CRITICAL]
    assert check.evidence["path.collapse"].seen is Seen.OBSERVED
    assert Severity.CRITICAL not in [item.severity for item in _ends_in_one_low_row(fault=True, driven=False).findings]


@pytest.mark.parametrize(("code", "severity"), [(4.0, Severity.CRITICAL), (0.0, Severity.INFO), (2.0, Severity.INFO)])
def test_a_bus_that_decays_from_a_fault_at_standstill_was_not_switched_off(code, severity):
    """Switching off raises no over-current; it may raise the fault of the low voltage."""
    columns = rides.controller()
    stands = (columns["speed"] < 0.05) & (columns["time"] > 300)
    row = int(np.flatnonzero(stands[:-8] & stands[8:])[0]) + 4
    columns = _cut_to(columns, row + 5)
    rest = slice(row - 20, row + 5)
    for name in ("speed", "erpm", "battery_current", "motor_current"):
        columns[name][rest] = 0.0
    columns["pack_voltage"][rest] = rides.OPEN_V
    columns["pack_voltage"][row:] = rides.OPEN_V - np.array([3.0, 6.0, 9.0, 11.0, 12.0])
    columns["fault_code"][row:] = code
    check = _check(investigate([rides.log(columns)]), "power-path-open")
    assert [item.severity for item in check.findings] == [severity]


def test_a_low_row_that_the_controller_confirms_is_no_odd_sample():
    columns = rides.controller()
    rolling = (np.abs(columns["battery_current"]) < 2) & (columns["speed"] > 1)
    row = int(np.flatnonzero(rolling & (columns["time"] > 200))[0])
    columns["battery_current"][row - 40 : row + 2] = 0.5
    columns["pack_voltage"][row] = 6.2
    columns["fault_code"][row] = 2.0
    assert _check(investigate([rides.log(columns)]), "power-path-open").findings


@pytest.mark.parametrize(("rate", "since"), [(5.0, 0.8), (50.0, 0.8), (1.0, 2.0)])
def test_switched_off_a_moment_after_coming_to_rest_is_no_loss_at_any_rate(rate, since):
    columns = rides.controller(rate=rate)
    last = int(np.flatnonzero((columns["speed"] > 2) & (columns["time"] > 300))[0])
    rest = columns["time"] > columns["time"][last]
    off = columns["time"] > columns["time"][last] + since
    for name in ("speed", "erpm", "duty", "battery_current", "motor_current"):
        columns[name][rest] = 0.0
    columns["battery_current"][last - int(3 * rate) : last + 1] = 0.3
    columns["pack_voltage"][rest] = rides.OPEN_V
    columns["pack_voltage"][off] = 9.0
    columns = _cut_to(columns, int(np.flatnonzero(off)[0]) + int(3 * rate))
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "none"
    assert [item.severity for item in _check(incident, "power-path-open").findings] == [Severity.INFO]


def test_a_restart_in_motion_hides_what_the_voltage_did():
    columns = rides.controller()
    columns["erpm"] *= 0.1
    columns["duty"] *= 0.1
    row = int(np.flatnonzero(columns["speed"] > 4)[500])
    gone = np.zeros(len(columns["time"]), bool)
    gone[row : row + 15] = True
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute"):
        columns[name][row + 15 :] -= columns[name][row + 15]
    columns = {name: values[~gone] for name, values in columns.items()}
    incident = investigate([rides.log(columns)])
    evidence = next(check for check in incident.checks if check.name == "power-path-open").evidence["path.collapse"]
    assert evidence.seen is Seen.NOT_OBSERVABLE
    assert incident.verdict.cause == "controller-brownout"
    assert "power-path-open" in [cause.cause for cause in incident.causes]
    assert incident.verdict.probability < 0.85


def _restarts_after_pulling_away(driven):
    """The wheel hardly turns as the rows end; they begin again at rest, with counters at zero."""
    columns = rides.controller()
    row = rides.at(columns, 300.0)
    for name in ("speed", "erpm", "duty", "motor_current", "battery_current"):
        columns[name][row - 100 : row + 160] = 0.0
    columns["pack_voltage"][row - 100 : row + 160] = columns["pack_voltage"][row]
    columns["motor_current"][row - 3 : row] = 25.0 if driven else 0.0
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute"):
        columns[name][row + 60 :] -= columns[name][row + 60]
    gone = np.zeros(len(columns["time"]), bool)
    gone[row : row + 60] = True
    return investigate([rides.log({name: values[~gone] for name, values in columns.items()})])


def test_a_controller_that_starts_anew_as_the_rider_pulls_away_was_not_switched_off():
    incident = _restarts_after_pulling_away(driven=True)
    assert _check(incident, "controller-restart").findings[0].severity is Severity.CRITICAL
    assert _check(incident, "power-path-open").evidence["path.collapse"].seen is Seen.NOT_OBSERVABLE
    assert incident.verdict.cause == "controller-brownout"
    assert incident.verdict.probability < 0.9
    assert _restarts_after_pulling_away(driven=False).verdict.cause == "none"


def _switched_off(while_rolling):
    columns = rides.controller()
    still = (columns["speed"] < 0.05) & (np.abs(columns["battery_current"]) < 0.5)
    rolls = (columns["speed"] > 5) & (columns["battery_current"] > 10)
    long = np.convolve(still, np.ones(60), "full")[: len(still)] >= 60
    row = int(np.flatnonzero((rolls if while_rolling else long) & (columns["time"] > 200))[0])
    columns = {name: values[: row + 40] for name, values in columns.items()}
    columns["pack_voltage"][row:] = np.linspace(70, 6, 40).round(1)
    for name in ("battery_current", "motor_current"):
        columns[name][row:] = 0.0
    columns["speed"][row:] = np.linspace(columns["speed"][row], 0.0, 40) if while_rolling else 0.0
    columns["erpm"][row:] = columns["speed"][row:] * 900
    columns["fault_code"][-3:] = 2
    return investigate([rides.log(columns)])


def test_under_voltage_as_the_vehicle_is_switched_off_at_standstill_is_no_incident():
    incident = _switched_off(while_rolling=False)
    assert incident.verdict.cause == "none"
    assert _check(incident, "controller-faults").findings[0].severity is Severity.INFO


def test_under_voltage_after_the_battery_went_in_motion_is_an_incident():
    assert _switched_off(while_rolling=True).verdict.cause != "none"
