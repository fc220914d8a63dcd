"""Braking into a full pack: an incident where the number of cells is known, a word where only the voltage tells it."""

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import parked, rides

NAME = "regen-overvoltage"


def _braking_raises(open_v, by_v=4.0):
    columns = rides.controller(open_v=open_v)
    braking = columns["battery_current"] < -4
    columns["pack_voltage"] = np.round(np.where(braking, columns["pack_voltage"] + by_v, columns["pack_voltage"]), 1)
    return columns


@pytest.mark.parametrize("open_v", [82.9, 84.0])
def test_braking_into_a_full_pack_of_known_cells_is_the_cause(open_v):
    incident = investigate([rides.log(_braking_raises(open_v))])
    assert "critical" in parked.severities(incident, NAME)
    assert incident.verdict.cause == "regen-overvoltage-full-pack"


def test_cells_that_only_the_voltage_counts_make_no_pack_full():
    """82.9 V are 20 full groups, or 22 of 3.77 V."""
    incident = investigate([rides.log(_braking_raises(82.9), settings={"series_cells": 0.0})])
    assert incident.pack.series.source == "voltage"
    assert parked.severities(incident, NAME) == ["info"]
    assert "with more cells it was not" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize(("by_v", "seen"), [(1.5, "not observable"), (0.0, "absent")])
def test_a_little_above_full_is_within_what_meters_are_wrong_by(by_v, seen):
    """82.9 V of 20 groups lifted to about 4.27 V a cell is neither an overcharge nor proof that there was none."""
    incident = investigate([rides.log(_braking_raises(82.9, by_v))])
    check = parked.check(incident, NAME)
    assert "critical" not in parked.severities(incident, NAME)
    assert check.evidence["regen.overvoltage-with-pack"].seen == seen


def test_stops_that_fell_between_two_rows_go_with_those_the_pack_explains():
    """A limit set at the full pack: every third stop shows no row near the limit, and none shows one far above the pack."""
    columns = rides.controller(open_v=83.2)
    braking = columns["battery_current"] < -4
    starts = np.flatnonzero(braking & ~np.roll(braking, 1))[5:17]
    for count, row in enumerate(starts):
        columns["pack_voltage"][row] = 86.4 if count % 3 else 83.3
        columns["battery_current"][row + 1 : row + 7] = columns["motor_current"][row + 1 : row + 7] = 0.0
        columns["pack_voltage"][row + 1 : row + 7] = 83.0
        columns["fault_code"][row : row + 6] = 1
    incident = investigate([rides.log(columns, settings={"controller_voltage_max": 86.5})])
    assert incident.verdict.cause in ("regen-overvoltage-full-pack", "controller-configuration")
    assert incident.verdict.probability > 0.6


def _stops_that_the_pack_answers(taken):
    """Two over-voltage stops of five seconds at cells that look far from full, and the current that the board saw in them."""
    columns, board = rides.controller(open_v=71.0), rides.board(open_v=71.0)
    braking = columns["battery_current"] < -6
    starts = np.flatnonzero(braking & ~np.roll(braking, 1))[[6, 20]]
    for row in starts:
        begin = float(columns["time"][row])
        columns["fault_code"][row : row + 50] = 1
        columns["battery_current"][row + 1 : row + 50] = columns["motor_current"][row + 1 : row + 50] = 0.0
        columns["pack_voltage"][row + 1 : row + 50] = 71.0
        inside = (board["time"] > begin) & (board["time"] < begin + 5.0)
        board["battery_current"][inside] = np.where(np.arange(np.count_nonzero(inside)) % 2, taken, 0.0)
    return investigate([rides.log(columns), rides.log(board, Role.BMS)])


def test_stops_in_which_the_bms_saw_the_braking_current_met_a_pack():
    taken = parked.check(_stops_that_the_pack_answers(-8.0), NAME)
    assert taken.evidence["regen.taken-all-the-same"].seen == "observed"
    assert taken.evidence["regen.open-pack"].seen == taken.evidence["regen.overvoltage-with-pack"].seen == "absent"
    assert "while the pack took the braking current" in taken.findings[0].message
    refused = parked.check(_stops_that_the_pack_answers(0.0), NAME)
    assert refused.evidence["regen.overvoltage-with-pack"].seen == "absent"


def _braking_after_stops(goes_on):
    """Four over-voltage stops far from full, none with a rise in the rows, and whether the braking went on after each."""
    columns = rides.controller(open_v=71.0)
    time, current, volts = columns["time"], columns["battery_current"], columns["pack_voltage"]
    at_rest = volts + 0.08 * current
    for begin in (200.0, 300.0, 400.0, 500.0):
        stop, after = (time >= begin) & (time < begin + 0.6), (time >= begin + 0.6) & (time < begin + 4.0)
        before = (time >= begin - 0.3) & (time < begin)
        columns["fault_code"][stop] = 1
        current[before], current[stop], current[after] = -12.0, 0.0, -11.0 if goes_on else 0.0
        columns["motor_current"][before | stop | after] = 2 * current[before | stop | after]
        volts[before | stop | after] = (at_rest - 0.08 * current)[before | stop | after]
    return investigate([rides.log(columns, settings={"series_cells": 20.0})])


def test_braking_that_goes_on_after_each_stop_found_its_pack():
    incident = _braking_after_stops(goes_on=True)
    found = parked.check(incident, NAME).evidence
    assert found["regen.taken-all-the-same"].seen == "observed"
    assert found["regen.open-pack"].seen == "absent"
    assert incident.verdict.cause == "controller-configuration"
    ended = parked.check(_braking_after_stops(goes_on=False), NAME).evidence
    assert ended["regen.open-pack"].seen == "observed"


@pytest.mark.parametrize("flows", [True, False])
def test_a_limit_that_stops_every_braking_in_quick_succession_let_it_flow_before(flows):
    """Six stops of half a second each, one behind another, at 3.6 V a cell; into an open path nothing flows before a stop."""
    columns = rides.controller(open_v=71.0)
    time, current, volts = columns["time"], columns["battery_current"], columns["pack_voltage"]
    at_rest = volts + 0.08 * current
    since = time - 200.0
    held = (since >= 0.0) & (since < 4.2)
    stopped = held & (since % 0.7 >= 0.2)
    current[held] = np.where(stopped, 0.0, -9.0 if flows else 0.2)[held]
    columns["motor_current"][held] = 2 * current[held]
    volts[held] = (at_rest - 0.08 * current)[held]
    columns["fault_code"][stopped] = 1
    incident = investigate([rides.log(columns, settings={"series_cells": 20.0})])
    found = parked.check(incident, NAME).evidence
    assert (found["regen.open-pack"].seen == "observed") is not flows
    assert (incident.verdict.cause == "controller-configuration") is flows


@pytest.mark.parametrize(("along", "found"), [(True, False), (False, True)])
def test_a_pack_that_takes_the_braking_along_a_line_is_there_whatever_its_resistance(along, found):
    columns = rides.controller()
    time, current, volts = columns["time"], columns["battery_current"], columns["pack_voltage"]
    braking, around = (time > 300.0) & (time < 303.0), (time > 297.0) & (time < 306.0)
    at_rest = volts + 0.08 * current
    current[braking] = -20.0 * np.sin(np.pi * (time[braking] - 300.0) / 3.0)
    columns["motor_current"][braking] = 2 * current[braking]
    if along:
        volts[around] = (at_rest - 0.8 * current)[around]
    else:
        volts[braking] = at_rest[braking] + 16.0
    incident = investigate([rides.log(columns)])
    assert ("critical" in parked.severities(incident, NAME)) is found


@pytest.mark.parametrize(("shown", "seen"), [(0.99, "not observable"), (0.5, "absent")])
def test_a_stop_without_a_rise_where_the_display_says_full_and_the_count_is_open(shown, seen):
    """67 V are 16 cells of NMC or 20 of LFP, full both: open and full pack look alike, and neither is sure."""
    columns = rides.controller(seconds=60.0, rate=2.0, open_v=67.0)
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute", "controller_id"):
        del columns[name]
    row = int(np.flatnonzero(columns["battery_current"] < -4)[0])
    columns = {name: values[: row + 3].copy() for name, values in columns.items()}
    columns["soc"] = np.full(row + 3, shown)
    columns["pack_voltage"][row:] = 66.8
    columns["battery_current"][row + 1 :] = columns["motor_current"][row + 1 :] = 0.0
    columns["fault_code"][row + 1 :] = 1
    incident = investigate([rides.log(columns, settings={"series_cells": 0.0})])
    assert incident.pack.series.confidence < 0.6
    assert parked.check(incident, NAME).evidence["regen.overvoltage-with-pack"].seen == seen
    assert incident.verdict.probability < 0.8


def test_a_load_that_ends_in_front_of_a_braking_does_not_lift_the_bus():
    """A soft pack: the voltage of a row is back before its mean current is, and stays below that without load."""
    columns = rides.controller(ohm=0.3, high_a=45.0)
    braking = columns["battery_current"] < -4
    starts = np.flatnonzero(braking & ~np.roll(braking, 1))[2:8]
    for row in starts:
        columns["battery_current"][row - 9 : row - 1] = 45.0
        columns["pack_voltage"][row - 9 : row - 1] = rides.OPEN_V - 0.3 * 45.0 - 3
        columns["pack_voltage"][row - 5] = rides.OPEN_V - 2.5
    assert "critical" not in parked.severities(investigate([rides.log(columns)]), NAME)
