"""What is off, asleep or uncharged when the logs begin."""

import numpy as np
import pytest

from ridelog.finding import Severity, Status
from ridelog.pipeline import investigate
from tests import parked, rides

NAME = "startup-state"


def _from_power_up(ramp):
    columns = rides.controller(seconds=300.0, rate=20.0)
    columns["uptime"] = columns["time"] + 0.4
    columns["pack_voltage"][: len(ramp)] = ramp
    for name in ("battery_current", "motor_current", "speed", "erpm", "duty"):
        columns[name][: len(ramp)] = 0.0
    return columns


def test_a_board_that_was_locked_at_first():
    columns = parked.resting(0.5, step=2.0)
    columns["discharge_fet"][:30] = 0.0
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, NAME) == ["info"]
    assert "came on after 60 s" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "none"


def test_a_board_that_stays_off():
    columns = parked.resting(0.5, step=2.0)
    columns["discharge_fet"][:] = 0.0
    incident = investigate([parked.log(columns)])
    assert "off in every row" in parked.check(incident, NAME).findings[0].message


def test_a_precharge_that_stalls():
    ramp = np.concatenate((np.linspace(5, 45, 12), np.linspace(45, 20, 6), np.linspace(30, 77, 10)))
    columns = _from_power_up(ramp)
    columns["fault_code"][14:22] = 2
    incident = investigate([rides.log(columns)])
    finding = parked.check(incident, NAME).findings[0]
    assert finding.severity is Severity.WARNING
    assert finding.onset.latest_s < 2.0
    assert "pre-charge" in finding.message


def test_an_ordinary_precharge_is_clear():
    ramp = 77 * (1 - np.exp(-np.arange(20) / 4.0))
    incident = investigate([rides.log(_from_power_up(ramp))])
    assert parked.check(incident, NAME).status is Status.CLEAR


def test_a_few_volts_at_the_output_of_a_healthy_pack():
    controller = rides.controller(seconds=120.0)
    controller["pack_voltage"] = np.full(len(controller["time"]), 7.1)
    for name in ("battery_current", "motor_current", "speed", "erpm", "duty"):
        controller[name][:] = 0.0
    board = parked.resting(0.05, step=1.0)
    incident = investigate([rides.log(controller), parked.log(board)])
    finding = parked.check(incident, NAME).findings[0]
    assert finding.severity is Severity.CRITICAL
    assert "7.1 V" in finding.message
    assert incident.verdict.cause == "power-path-open"


def test_a_switched_off_pack_is_no_burnt_board():
    controller = rides.controller(seconds=120.0)
    controller["pack_voltage"] = np.full(len(controller["time"]), 7.1)
    board = parked.resting(0.05, step=1.0)
    board["discharge_fet"][:] = 0.0
    incident = investigate([rides.log(controller), parked.log(board)])
    assert "critical" not in parked.severities(incident, NAME)


def test_an_ordinary_ride_cannot_tell():
    check = parked.check(investigate([rides.log(rides.controller())]), NAME)
    assert check.status is Status.UNABLE
    assert "power-up" in check.reason


@pytest.mark.parametrize("rows", [1, 2, 12])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in _from_power_up(np.linspace(5, 77, 10)).items()}
    assert parked.check(investigate([rides.log(columns)]), NAME).status is not Status.FOUND


def _restarts_at_rest(ramp, faults):
    """The vehicle is switched off and on at standstill in the middle of a log."""
    columns = rides.controller(seconds=400.0, rate=20.0)
    row = rides.at(columns, 200.0)
    for name in ("speed", "erpm", "duty", "motor_current", "battery_current"):
        columns[name][row - 200 : row + 600] = 0.0
    columns["pack_voltage"][row - 200 : row + 600] = rides.OPEN_V
    columns["pack_voltage"][row : row + len(ramp)] = ramp
    columns["fault_code"][row + len(ramp) // 2 : row + len(ramp)] = 2 if faults else 0
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute"):
        columns[name][row:] -= columns[name][row]
    gone = np.zeros(len(columns["time"]), bool)
    gone[row - 100 : row] = True
    return investigate([rides.log({name: values[~gone] for name, values in columns.items()})])


def test_a_precharge_that_stalls_as_the_vehicle_is_switched_on_again():
    ramp = np.concatenate((np.linspace(20, 60, 14), np.linspace(60, 20, 8), np.linspace(30, 78, 10)))
    finding = parked.check(_restarts_at_rest(ramp, faults=True), NAME).findings[0]
    assert finding.severity is Severity.WARNING
    assert "pre-charge" in finding.message
    quick = 78 * (1 - np.exp(-np.arange(20) / 4.0))
    assert parked.check(_restarts_at_rest(quick, faults=False), NAME).status is Status.CLEAR
