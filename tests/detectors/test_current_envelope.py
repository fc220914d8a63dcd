"""Currents beyond limits and ratings, and the peaks that are allowed."""

import numpy as np
import pytest

from ridelog.finding import Severity, Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import parked, rides

NAME = "current-envelope"


def _board(first=200, last=400, amps=182.0):
    columns = parked.resting(0.25, level=0.6, step=1.0)
    columns["battery_current"][:] = 10.0
    columns["battery_current"][first:last] = amps
    columns["cell_voltages"] = np.round(columns["cell_voltages"] - 0.001 * columns["battery_current"][:, None], 3)
    return columns


def test_a_limit_that_does_not_act():
    settings = {"discharge_current_limit": 100.0, "discharge_overcurrent_delay": 10.0}
    incident = investigate([parked.log(_board(), settings=settings)])
    assert incident.verdict.cause == "bms-protection-ineffective"
    finding = next(item for item in parked.check(incident, NAME).findings if item.severity is Severity.WARNING)
    assert finding.measurements[0].value == pytest.approx(182.0, abs=0.5)
    assert finding.measurements[1].value == pytest.approx(199.0, abs=1.0)


@pytest.mark.parametrize(("times", "found"), [(5, True), (2, False)])
def test_a_delay_that_is_passed_again_and_again(times, found):
    columns = _board(last=200)
    for number in range(times):
        columns["battery_current"][200 + 30 * number : 204 + 30 * number] = 182.0
    settings = {"discharge_current_limit": 100.0, "discharge_overcurrent_delay": 2.0}
    incident = investigate([parked.log(columns, settings=settings)])
    assert (incident.verdict.cause == "bms-protection-ineffective") is found


@pytest.mark.parametrize("change", ["short", "long delay", "acts", "little"])
def test_what_a_protection_allows(change):
    columns = _board(last=215) if change == "short" else _board(amps=115.0) if change == "little" else _board()
    delay = 300.0 if change == "long delay" else 10.0
    if change == "acts":
        columns["discharge_fet"][220:] = 0.0
        columns["battery_current"][220:] = 0.0
    settings = {"discharge_current_limit": 100.0, "discharge_overcurrent_delay": delay}
    incident = investigate([parked.log(columns, settings=settings)])
    assert incident.verdict.cause != "bms-protection-ineffective"
    assert "warning" not in parked.severities(incident, NAME)


def test_regen_above_the_charge_limit_is_information():
    columns = rides.controller()
    incident = investigate([rides.log(columns, settings={"charge_current_limit": 8.0})])
    finding = parked.check(incident, NAME).findings[0]
    assert finding.severity is Severity.INFO
    assert finding.measurements[0].limit == 8.0
    assert incident.verdict.cause == "none"


def test_a_charge_is_no_regen():
    incident = investigate([parked.log(parked.charging(12.0), settings={"charge_current_limit": 10.0})])
    assert not any("Braking" in finding.message for finding in parked.check(incident, NAME).findings)


def test_a_peak_rating_is_for_seconds():
    incident = investigate([parked.log(_board(amps=170.0), family="jk", model="JK_B2A24S15P")])
    assert set(parked.severities(incident, NAME)) == {"info"}
    assert "rated for 150 A" in parked.check(incident, NAME).findings[0].message
    incident = investigate([parked.log(_board(last=204, amps=170.0), family="jk", model="JK_B2A24S15P")])
    assert parked.check(incident, NAME).status is Status.CLEAR


def test_controllers_that_may_draw_what_the_board_does_not_allow():
    settings = {"discharge_current_limit": 100.0, "battery_current_max": 95.0}
    incident = investigate([parked.log(_board(amps=60.0), settings=settings)])
    assert "too little room" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "none"


def test_an_ordinary_ride_is_clear():
    assert parked.check(investigate([rides.log(rides.controller())]), NAME).status is Status.CLEAR


def test_without_a_current_it_cannot_look():
    incident = investigate([parked.log(_board(), keep={"cell_voltages", "pack_voltage"})])
    assert parked.check(incident, NAME).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 210])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in _board().items()}
    incident = investigate([parked.log(columns, settings={"discharge_current_limit": 100.0})])
    assert parked.check(incident, NAME).status is not Status.FOUND


@pytest.mark.parametrize("beside", [False, True])
def test_a_controller_tells_how_long_the_current_lasted_where_the_board_is_polled_seldom(beside):
    """Overloads of 2.4 s and a delay of 1.5 s: two polls of the board show one second of each."""
    columns, controller = rides.board(rate=1.0), rides.controller()
    for held, name in ((columns, "board"), (controller, "controller")):
        for start in (200.0, 260.0, 320.0, 380.0):
            over = (held["time"] >= start - 0.3) & (held["time"] <= start + (1.2 if name == "board" else 2.2))
            held["pack_voltage"][over] -= 0.1 * (90.0 - held["battery_current"][over])
            held["battery_current"][over] = 90.0
    settings = {"discharge_current_limit": 60.0, "discharge_overcurrent_delay": 1.5}
    logs = [rides.log(columns, Role.BMS, settings=settings)]
    incident = investigate([rides.log(controller), *logs] if beside else logs)
    loud = [item for item in parked.check(incident, NAME).findings if item.severity is Severity.WARNING]
    assert bool(loud) is beside


@pytest.mark.parametrize(("polls", "found"), [((150.0, 260.0, 140.0), True), ((90.0, 150.0, 80.0), False)])
def test_pulls_that_one_poll_a_second_sees_as_slopes(polls, found):
    """Above 100 A from poll to poll for more than 2 s five times, against a delay of 1 s; or for one poll only."""
    columns = _board(last=200)
    for number in range(5):
        start = 200 + 30 * number
        columns["battery_current"][start : start + 3] = polls
    settings = {"discharge_current_limit": 100.0, "discharge_overcurrent_delay": 1.0}
    incident = investigate([parked.log(columns, settings=settings)])
    assert (incident.verdict.cause == "bms-protection-ineffective") is found
    if not found:
        evidence = parked.check(incident, NAME).evidence["protection.overcurrent-ignored"]
        assert evidence.seen == "not observable"


@pytest.mark.parametrize(("amps", "seconds", "found"), [(180.0, 60, True), (180.0, 6, False), (120.0, 60, False)])
def test_power_cells_are_kept_near_seven_times_their_capacity(amps, seconds, found):
    """CUR-05: 200 A of seven cells of 4.1 Ah; here 20 Ah, and 9 or 6 times as many amperes."""
    incident = investigate([parked.log(_board(last=200 + seconds, amps=amps))])
    said = [item for item in parked.check(incident, NAME).findings if "power cells" in item.message]
    assert bool(said) is found
    assert all(item.severity is Severity.INFO for item in said)
