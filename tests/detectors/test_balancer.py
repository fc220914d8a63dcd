"""Balancers that do not start, do not help or run hot; and those that do their work."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import parked

NAME = "balancer"


def _apart(volts, hours=6.0, level=0.97, on=False):
    offsets = np.zeros(parked.SERIES)
    offsets[3] = -volts
    columns = parked.resting(hours, level=level, step=60.0, offsets=offsets)
    columns["balancing"][:] = float(on)
    return columns


def test_a_balancer_that_never_starts():
    incident = investigate([parked.log(_apart(0.09))])
    assert parked.severities(incident, NAME) == ["warning"]
    assert {"balancer-fault", "cell-imbalance"} <= {item.cause for item in incident.causes}


def test_a_small_difference_is_information_until_it_stood_for_hours():
    assert parked.severities(investigate([parked.log(_apart(0.045, hours=2.0))]), NAME) == ["info"]
    assert parked.severities(investigate([parked.log(_apart(0.045))]), NAME) == ["warning"]


def test_an_imbalance_that_the_balancer_had_time_to_remove_is_the_balancers():
    verdict = investigate([parked.log(_apart(0.09))]).verdict
    assert verdict.cause == "balancer-fault"
    off = investigate([parked.log(_apart(0.09), settings={"balancer_enabled": False})])
    assert off.verdict.cause == "cell-imbalance"


def test_a_group_that_is_emptied_while_the_balancer_works():
    columns = _apart(0.0, hours=10.0, level=0.6, on=True)
    columns["cell_voltages"][:, 3] -= 0.12 * columns["time"] / columns["time"][-1]
    incident = investigate([parked.log(columns, family="ant")])
    assert incident.verdict.cause == "balancer-fault"
    assert "Cell group 4 is emptied" in parked.check(incident, NAME).findings[-1].message


def test_a_board_that_falls_silent_after_its_balancer_was_hot():
    columns = _apart(0.0, hours=6.0, level=0.6, on=True)
    columns["bms_fet_temperature"] = 25.0 + 50.0 * (1 - np.exp(-columns["time"] / 1500.0))
    columns["cell_voltages"][-20:] = np.nan
    columns["pack_voltage"][-20:] = np.nan
    found = parked.check(investigate([parked.log(columns)]), NAME).findings
    assert "fell silent" in found[-1].message


@pytest.mark.parametrize("volts", [0.0, 0.005])
def test_cells_that_are_together_need_none(volts):
    assert parked.check(investigate([parked.log(_apart(volts))]), NAME).status is Status.CLEAR


def test_a_difference_below_the_start_of_the_balancer_is_not_idle():
    incident = investigate([parked.log(_apart(0.09, level=0.6))])
    assert parked.check(incident, NAME).status is Status.UNABLE
    low = _apart(0.09, level=0.6)
    incident = investigate([parked.log(low, settings={"balance_start_voltage": 3.0})])
    assert parked.severities(incident, NAME) == ["warning"]


def test_a_daly_waits_for_its_voltage():
    columns = _apart(0.09, level=0.6)
    incident = investigate([parked.log(columns, family="daly")])
    assert parked.severities(incident, NAME) == ["info"]
    assert "4.18 V" in parked.check(incident, NAME).findings[0].message


def test_a_balancer_that_works_is_clear():
    columns = _apart(0.0, hours=10.0, level=0.6, on=True)
    closing = 0.09 * (1 - columns["time"] / columns["time"][-1])
    columns["cell_voltages"][:, 3] -= closing
    columns["balance_current"] = np.full(len(columns["time"]), 0.5)
    incident = investigate([parked.log(columns, family="ant")])
    assert parked.check(incident, NAME).status is Status.CLEAR


def test_a_balancer_without_effect():
    columns = _apart(0.09, hours=14.0, level=0.6, on=True)
    columns["balance_current"] = np.full(len(columns["time"]), 0.5)
    incident = investigate([parked.log(columns)])
    assert "warning" in parked.severities(incident, NAME)
    assert "does not work" in parked.check(incident, NAME).findings[-1].message


@pytest.mark.parametrize(("works", "found"), [(True, False), (False, True)])
def test_a_balancer_that_bleeds_the_high_cells_works_though_the_lowest_stays(works, found):
    """Bleeding leaves the lowest cell where it is, and the highest beside it looks like a shared wire."""
    columns = _apart(0.0, hours=14.0, level=0.6, on=True)
    offsets = np.zeros(parked.SERIES)
    offsets[3], offsets[[4, 7, 8]] = -0.030, 0.030
    done = columns["time"] / columns["time"][-1]
    fall = np.where(offsets > 0, 0.020, 0.0) * works
    columns["cell_voltages"] = columns["cell_voltages"] + offsets - done[:, None] * fall
    columns["balance_current"] = np.full(len(columns["time"]), 0.5)
    check = parked.check(investigate([parked.log(columns)]), NAME)
    assert any("does not work" in item.message for item in check.findings) is found


def test_cells_that_part_as_a_charge_tapers_off_are_not_parted_by_the_balancer():
    """At the end of a charge the same imbalance is more volts; the hour of rest after it is too short to tell."""
    columns = _apart(0.049, hours=6.0, level=0.97, on=True)
    taper = columns["time"] < 5 * 3600.0
    columns["battery_current"][taper] = -0.6
    columns["cell_voltages"][taper, 3] += 0.019
    columns["balance_current"] = np.full(len(columns["time"]), 0.6)
    check = parked.check(investigate([parked.log(columns)]), NAME)
    assert not any("does not work" in item.message for item in check.findings)


def test_a_weak_balancer_needs_more_time():
    columns = _apart(0.09, hours=6.0, level=0.6, on=True)
    columns["balance_current"] = np.full(len(columns["time"]), 0.05)
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.CLEAR


@pytest.mark.parametrize(("top", "found"), [(72.0, True), (38.0, False)])
def test_heat_while_balancing_at_rest(top, found):
    columns = _apart(0.02, hours=3.0, level=0.6, on=True)
    columns["bms_fet_temperature"] = np.linspace(24, top, len(columns["time"]))
    incident = investigate([parked.log(columns)])
    assert ("warning" in parked.severities(incident, NAME)) is found
    assert (incident.verdict.cause == "balancer-fault") is found


def test_a_jk_with_much_balance_current_and_one_that_is_switched_off():
    columns = _apart(0.003, on=True)
    columns["balance_current"] = np.full(len(columns["time"]), 0.6)
    incident = investigate([parked.log(columns, family="jk", settings={"balancer_enabled": False})])
    assert parked.severities(incident, NAME) == ["info", "info"]
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize("gone", ["balancing", "cell_voltages"])
def test_without_a_channel_it_cannot_look(gone):
    columns = _apart(0.09)
    check = parked.check(investigate([parked.log(columns, keep=set(columns) - {gone})]), NAME)
    assert check.status is Status.UNABLE
    assert gone in check.reason


@pytest.mark.parametrize("rows", [2, 12])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in _apart(0.09).items()}
    assert parked.check(investigate([parked.log(columns)]), NAME).status is not Status.FOUND


@pytest.mark.parametrize(("amperes", "found"), [(0.6, ["warning"]), (0.05, [])])
def test_a_current_that_moves_no_charge(amperes, found):
    """0.6 A for seven hours is a fifth of the pack; a difference of 15 mV that stays was never balanced. 0.05 A needs days."""
    columns = _apart(0.015, hours=7.0, level=0.88, on=True)
    columns["balance_current"] = np.full(len(columns["time"]), amperes)
    assert parked.severities(investigate([parked.log(columns)]), NAME) == found


def test_a_balancer_that_holds_the_cells_together_moves_charge():
    columns = _apart(0.004, hours=7.0, level=0.88, on=True)
    columns["balance_current"] = np.full(len(columns["time"]), 0.6)
    assert "warning" not in parked.severities(investigate([parked.log(columns)]), NAME)


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"balance_trigger": 0.010}, Status.FOUND),
        ({"balance_trigger": 0.040}, Status.CLEAR),
        ({}, Status.UNABLE),
    ],
)
def test_a_difference_that_only_the_board_s_own_setting_makes_a_reason(settings, status):
    """22 mV for hours: too much for a board that is set to 10 mV, ordinary at 40 mV, and no sign where nobody says."""
    check = parked.check(investigate([parked.log(_apart(0.022), settings=settings)]), NAME)
    assert check.status is status
    if status is Status.FOUND:
        assert [str(item.severity) for item in check.findings] == ["warning"]


def test_a_small_difference_with_a_balancer_that_is_switched_off_is_information():
    settings = {"balance_trigger": 0.010, "balancer_enabled": False}
    incident = investigate([parked.log(_apart(0.022), settings=settings)])
    assert set(parked.severities(incident, NAME)) == {"info"}
    assert incident.verdict.cause == "none"


def _named_bleed(columns, cell, fall):
    """The board names a group as one that it bleeds, and that group falls at rest."""
    columns["cells_balancing"] = np.zeros((len(columns["time"]), parked.SERIES))
    columns["cells_balancing"][:, cell] = 1.0
    columns["cell_voltages"][:, cell] -= fall * columns["time"] / columns["time"][-1]
    return columns


def test_a_bleed_that_does_not_let_go():
    columns = _named_bleed(_apart(0.0, hours=3.0, level=0.9, on=True), 7, 0.15)
    incident = investigate([parked.log(columns)])
    assert "cell group 8 and did not stop" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "balancer-fault"
    assert "self-discharging-cell" in {item.cause for item in incident.causes}


def test_a_bleed_that_brings_the_highest_group_to_the_others_is_the_balancers_work():
    columns = _apart(0.0, hours=3.0, level=0.9, on=True)
    columns["cell_voltages"][:, 7] += 0.06
    assert parked.severities(investigate([parked.log(_named_bleed(columns, 7, 0.06))]), NAME) == []


def test_a_group_that_falls_while_others_are_bled_is_not_said_to_be_bled():
    columns = _named_bleed(_apart(0.0, hours=3.0, level=0.9, on=True), 7, 0.0)
    columns["cell_voltages"][:, 3] -= 0.15 * columns["time"] / columns["time"][-1]
    assert parked.severities(investigate([parked.log(columns)]), NAME) == []


@pytest.mark.parametrize(("others", "found"), [(0.0, True), (42.0, False)])
def test_one_sensor_that_warms_alone_while_balancing_is_heat_of_the_balancer(others, found):
    """Where all sensors warm it is the day, a charge or the room."""
    columns = _apart(0.02, hours=3.0, level=0.6, on=True)
    warming = 1 - np.exp(-columns["time"] / 1500.0)
    columns["battery_temperatures"] = 20.0 + np.stack([45.0 * warming, others * warming, others * warming], axis=1)
    incident = investigate([parked.log(columns, keep=set(columns) - {"bms_fet_temperature"})])
    assert ("warning" in parked.severities(incident, NAME)) is found
    assert (incident.verdict.cause == "balancer-fault") is found
