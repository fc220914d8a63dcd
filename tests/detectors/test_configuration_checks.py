"""Settings against the pack, the board and the ride: what is named, what is not, and what may decide a verdict."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
from ridelog.log import Identity, Role
from ridelog.pipeline import investigate
from tests import rides

FITTING = {
    "controller_voltage_max": 89.0,
    "battery_cut_start": 66.0,
    "battery_cut_end": 60.0,
    "battery_current_max": 40.0,
    "battery_regen_current_max": 15.0,
    "motor_current_max": 60.0,
    "motor_current_absolute_max": 100.0,
}


def _check(incident, name):
    return next(check for check in incident.checks if check.name == name)


def _controller(settings, columns=None):
    incident = investigate([rides.log(columns or rides.controller(), settings=settings)])
    return incident, _check(incident, "controller-configuration-check")


def _board(settings, family="jk", model=""):
    columns = rides.controller(120.0)
    keep = {"pack_voltage": columns["pack_voltage"], "time": columns["time"]}
    keep["battery_current"] = columns["battery_current"]
    keep["discharge_fet"] = np.ones(len(columns["time"]), dtype=bool)
    keep["cell_voltages"] = np.repeat(columns["pack_voltage"][:, None] / 20, 20, axis=1)
    log = rides.log(keep, Role.BMS, settings=settings)
    log.identity = Identity(family=family, model=model)
    incident = investigate([log])
    return incident, _check(incident, "bms-configuration")


def _said(check):
    return " ".join(finding.message for finding in check.findings)


def test_without_settings_it_cannot_look():
    assert _controller({})[1].status is Status.UNABLE


def test_settings_that_fit_are_clear_and_the_ride_stays_healthy():
    incident, check = _controller(FITTING)
    assert check.status is Status.CLEAR
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("controller_voltage_max", 85.0, "little room"),
        ("controller_voltage_max", 120.0, "far above"),
        ("battery_cut_end", 44.0, "protects nothing"),
        ("battery_regen_current_max", 150.0, "120 A"),
        ("motor_current_absolute_max", 63.0, "1.05 times"),
        ("discharge_current_limit", 35.0, "it will trip"),
        ("discharge_current_limit", 45.0, "no headroom"),
        ("charge_current_limit", 10.0, "opens its charge path"),
        ("cell_undervoltage_limit", 3.1, "BMS cuts at once"),
        ("regen_cut_start", 1000.0, "not in use"),
    ],
)
def test_a_setting_that_does_not_fit_is_named_and_makes_no_incident(setting, value, words):
    incident, check = _controller({**FITTING, setting: value})
    assert words in _said(check)
    assert {finding.severity for finding in check.findings} == {Severity.INFO}
    assert incident.verdict.cause == "none"


def _with_overvoltage(volts, open_v=79.5):
    columns = rides.controller(open_v=open_v)
    row = int(np.flatnonzero(columns["battery_current"] < -4)[5])
    columns["fault_code"][row : row + 6] = 1
    columns["pack_voltage"][row] = volts
    return columns


def test_an_overvoltage_fault_at_the_voltage_of_a_full_pack_is_the_setting():
    incident, check = _controller({**FITTING, "controller_voltage_max": 81.0}, _with_overvoltage(81.1))
    assert check.evidence["config.voltage-limit-below-full"].seen is Seen.OBSERVED
    assert incident.verdict.cause == "controller-configuration"
    assert "81.0 V" in incident.verdict.summary


def test_a_spike_far_above_the_full_pack_is_not_the_setting():
    _, check = _controller({**FITTING, "controller_voltage_max": 81.0}, _with_overvoltage(95.0))
    assert check.evidence["config.voltage-limit-below-full"].seen is Seen.ABSENT


def test_a_limit_below_the_full_pack_that_this_pack_is_far_from_did_not_act():
    """A limit of 82 V is too low for 20 cells, and a pack at 66 V does not reach it by braking: its path was open."""
    incident, check = _controller({**FITTING, "controller_voltage_max": 82.0}, _with_overvoltage(82.1, open_v=66.0))
    assert check.evidence["config.voltage-limit-below-full"].seen is not Seen.OBSERVED
    assert incident.verdict.cause == "charge-fet-open-in-regen"


def test_an_overvoltage_fault_at_a_limit_that_fits_is_not_the_setting():
    incident, check = _controller(FITTING, _with_overvoltage(89.3))
    assert check.evidence["config.voltage-limit-below-full"].seen is Seen.ABSENT
    assert incident.verdict.cause != "controller-configuration"


def test_power_that_fades_at_a_cutoff_set_too_high_is_the_setting():
    columns = rides.controller(open_v=76.0)
    level = float(np.percentile(columns["pack_voltage"], 60))
    settings = {**FITTING, "battery_cut_start": round(max(level, 74.0), 1), "battery_cut_end": 70.0}
    incident, check = _controller(settings, columns)
    assert check.evidence["config.cutoff-too-high"].seen is Seen.OBSERVED
    assert incident.verdict.cause == "controller-configuration"


def test_a_cutoff_that_is_too_high_only_with_fewer_cells_leaves_the_setting_in_the_running():
    """69 V is an ordinary cutoff of 20 cells, and with 17 or 18 it is one that leaves most of the charge."""
    settings = {name: value for name, value in FITTING.items() if name != "controller_voltage_max"}
    settings |= {"battery_cut_start": 69.0, "battery_cut_end": 63.0}
    incident, check = _controller(settings, rides.controller(open_v=69.0))
    evidence = check.evidence["config.cutoff-too-high"]
    assert evidence.seen is Seen.OBSERVED
    assert 0.0 < evidence.strength < 0.5
    assert "usual cutoff" in evidence.note
    assert not [finding for finding in check.findings if finding.severity.level >= Severity.WARNING.level]
    assert [item.cause for item in incident.causes[:2]] == ["controller-low-voltage-cutoff", "controller-configuration"]
    assert incident.causes[1].probability > 0.04


def test_an_overcurrent_at_a_limit_without_room_speaks_for_the_setting():
    columns = rides.controller()
    row = int(np.argmax(columns["motor_current"]))
    columns["fault_code"][row : row + 6] = 4
    incident, check = _controller({**FITTING, "motor_current_absolute_max": 63.0}, columns)
    assert check.evidence["config.absolute-limit-close"].seen is Seen.OBSERVED
    assert incident.causes[0].cause == "controller-configuration"
    _, check = _controller(FITTING, columns)
    assert check.evidence["config.absolute-limit-close"].seen is Seen.ABSENT


def test_a_missing_absolute_limit_is_not_observable():
    settings = {name: value for name, value in FITTING.items() if name != "motor_current_absolute_max"}
    assert _controller(settings)[1].evidence["config.absolute-limit-close"].seen is Seen.NOT_OBSERVABLE


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("discharge_overcurrent_delay", 300.0, "300 s before it opens"),
        ("balancer_enabled", False, "balancer is switched off"),
        ("balance_trigger", 0.1, "Cells may drift"),
        ("balance_trigger", 0.001, "within the noise"),
        ("balance_current_max", 2.0, "0.2 A"),
        ("cell_overvoltage_limit", 4.35, "more than these cells stand"),
        ("cell_undervoltage_limit", 1.8, "lower than these cells stand"),
        ("charge_temperature_min", -20.0, "below zero"),
        ("charge_fet_enabled", False, "nowhere to go"),
        ("discharge_current_limit", 400.0, "rated for"),
    ],
)
def test_a_setting_of_the_board_that_does_not_fit_is_named(setting, value, words):
    incident, check = _board({"chemistry": "nmc", setting: value})
    assert words in _said(check)
    assert {finding.severity for finding in check.findings} == {Severity.INFO}
    assert incident.verdict.cause in ("none", "undetermined")


@pytest.mark.parametrize("trigger", [0.010, 0.015, 0.025])
def test_every_trigger_the_field_uses_passes(trigger):
    assert _board({"balance_trigger": trigger, "balance_current_max": 0.2})[1].status is Status.CLEAR


def test_the_series_a_jbd_really_takes():
    assert "take 21" in _said(_board({"series_cells": 22.0}, family="jbd")[1])
    assert "take 21" not in _said(_board({"series_cells": 21.0}, family="jbd")[1])


def test_a_limit_above_the_rating_that_the_model_name_says():
    assert "60 A" in _said(_board({"discharge_current_limit": 90.0}, model="JK_B2A24S6P")[1])
    assert "rated for" not in _said(_board({"discharge_current_limit": 60.0}, model="JK_B2A24S6P")[1])


def test_without_settings_of_the_board_it_cannot_look():
    incident = investigate([rides.log(rides.controller())])
    assert _check(incident, "bms-configuration").status is Status.UNABLE
