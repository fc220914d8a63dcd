"""Cells told apart: imbalance, low capacity, a joint, a sense wire. The logs are made here, by plain physics.

The open-circuit curve is that of a measured Molicel P42A; each group follows its own charge on it.
"""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

SOC = np.array([0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90, 95, 100]) / 100
OPEN_V = np.array(
    [2.51, 3.169, 3.334, 3.421, 3.475, 3.529, 3.581, 3.656, 3.742, 3.844, 3.926, 4.034, 4.080, 4.101, 4.193]
)
CELLS, CAPACITY_AH, GROUP_OHM = 16, 6.0, 0.0055
CELL = 6


def _board(start=0.85, seconds=1500.0, noise=0.008, spread=0.005, seed=4, lacks=0.0, missing=0.0, ohm=0.0, offset=None):
    """A ride of one board: a group that lacks charge, capacity (a share) or has extra resistance, or wrong readings."""
    rng = np.random.default_rng(seed)
    time, _, current = rides.shape(seconds, 10.0, seed, high_a=40.0)
    time, current = time[::10], current[::10]
    taken = np.cumsum(current * np.diff(time, prepend=time[0])) / 3600
    capacity, charge, resistance = (np.full(CELLS, value) for value in (CAPACITY_AH, start, GROUP_OHM))
    capacity[CELL] *= 1 - missing
    if missing:
        charge[CELL] = 1 - (1 - start) / (1 - missing)
    charge[CELL] -= lacks
    resistance[CELL] += ohm
    cells = np.interp(charge - taken[:, None] / capacity, SOC, OPEN_V) - resistance * current[:, None]
    cells = cells + rng.normal(0, spread, CELLS) + rng.normal(0, noise, cells.shape)
    for cell, volts in (offset or {}).items():
        cells[:, cell] += volts
    cells = np.round(cells, 3)
    return {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.round(current, 1),
        "cell_voltages": cells,
        "soc": np.round(start - taken / CAPACITY_AH, 2),
    }


def _loud(columns):
    incident = investigate([rides.log(columns, Role.BMS, settings={"series_cells": float(CELLS)})])
    loud = {
        check.name
        for check in incident.checks
        for finding in check.findings
        if finding.severity.level >= Severity.WARNING.level
    }
    return loud, incident.verdict.cause


@pytest.mark.parametrize("seed", [4, 5, 6])
@pytest.mark.parametrize("noise", [0.002, 0.015])
def test_even_cells_with_a_static_spread_are_healthy(seed, noise):
    assert _loud(_board(seed=seed, noise=noise, spread=0.006))[0] == set()


def _resting(charges, seed=4):
    """An hour of rest, polled every 20 s; charges of the groups as shares, shape (16,)."""
    rng = np.random.default_rng(seed)
    time = np.arange(0.0, 3600.0, 20.0)
    cells = np.interp(charges, SOC, OPEN_V) + rng.normal(0, 0.001, (len(time), CELLS))
    return {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.zeros(len(time)),
        "cell_voltages": np.round(cells, 3),
    }


@pytest.mark.parametrize("seed", [4, 5, 6, 7])
def test_cells_of_an_empty_pack_may_stand_apart(seed):
    """One percent more or less of charge is 60 mV there."""
    charges = 0.045 + np.random.default_rng(seed).normal(0, 0.005, CELLS)
    assert np.ptp(np.interp(charges, SOC, OPEN_V)) > 0.060
    assert _loud(_resting(charges, seed)) == (set(), "none")


def test_cells_of_an_empty_pack_that_were_never_balanced_are_found():
    charges = np.linspace(0.02, 0.14, CELLS)[np.random.default_rng(3).permutation(CELLS)]
    assert "cell-imbalance" in _loud(_resting(charges))[0]


@pytest.mark.parametrize("start", [0.6, 0.92])
def test_missing_charge_is_imbalance_wherever_the_curve_bends(start):
    """Near full the same charge makes a few millivolts, further down ten times as many: that is no lack of capacity."""
    loud, cause = _loud(_board(start=start, lacks=0.10))
    assert loud == {"cell-imbalance"}
    assert cause == "cell-imbalance"


@pytest.mark.parametrize("offset", [-0.06, 0.06])
def test_a_constant_offset_is_imbalance(offset):
    assert _loud(_board(offset={CELL: offset}))[0] == {"cell-imbalance"}


@pytest.mark.parametrize("missing", [0.15, 0.30])
def test_a_group_that_was_full_with_the_others_and_falls_faster_is_weak(missing):
    loud, cause = _loud(_board(start=0.95, seconds=2800.0, missing=missing))
    assert loud == {"weak-cell-group"}
    assert cause == "weak-cell-group"


def test_a_group_that_sags_more_is_a_joint():
    loud, cause = _loud(_board(ohm=0.5 * GROUP_OHM))
    assert loud == {"high-resistance-joint"}
    assert cause == "high-resistance-cell-joint"


def test_neighbours_that_stand_opposite_are_a_sense_wire():
    """The high one of the two would end a charge and open the pack in braking, though no cell is high."""
    loud, cause = _loud(_board(start=0.9, offset={CELL: 0.12, CELL + 1: -0.12}))
    assert loud == {"sense-wiring"}
    assert cause == "sense-wiring-fault"


def test_two_cells_that_differ_alike_are_no_sense_wire():
    assert _loud(_board(offset={CELL: -0.07, CELL + 1: -0.06}))[0] == {"cell-imbalance"}


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_neighbours_that_part_as_the_pack_is_emptied_differ_in_charge(seed):
    columns = _board(start=0.30, seconds=1500.0, noise=0.002, spread=0.002, seed=seed)
    empty = np.interp(columns["soc"], SOC, OPEN_V)
    for cell, more in ((CELL, 0.022), (CELL + 1, -0.02)):
        columns["cell_voltages"][:, cell] += np.interp(columns["soc"] + more, SOC, OPEN_V) - empty
    assert "sense-wiring" not in _loud(columns)[0]


@pytest.mark.parametrize("seed", [4, 5, 6, 7])
def test_a_contact_that_is_lost_for_minutes_at_a_time_is_a_sense_wire(seed):
    """For half of the ride, in stretches, one cell shows what its neighbour lacks, by another amount in each stretch."""
    columns = _board(start=0.85, noise=0.002, spread=0.003, seed=seed)
    rng = np.random.default_rng(seed)
    for begin in range(0, len(columns["time"]), 240):
        lost = slice(begin + 60, begin + 180)
        error = rng.uniform(0.08, 0.4) * (1 + rng.normal(0, 0.3, len(columns["time"][lost])))
        columns["cell_voltages"][lost, CELL] += error
        columns["cell_voltages"][lost, CELL + 1] -= error
    assert _loud(columns) == ({"sense-wiring"}, "sense-wiring-fault")


def test_beside_a_broken_wire_no_cell_is_out_of_balance():
    """The group whose wire is broken reads nothing, its neighbour the volts of both."""
    columns = _board()
    gone = np.random.default_rng(8).random(len(columns["time"])) < 0.5
    cells = columns["cell_voltages"]
    cells[gone, CELL + 1] = np.minimum(cells[gone, CELL + 1] + 0.6, 4.999)
    cells[gone, CELL] = np.nan
    loud, cause = _loud(columns)
    assert loud == {"sense-wiring"}
    assert cause == "sense-wiring-fault"


def test_a_wire_that_breaks_on_the_way_leaves_the_number_of_cells():
    columns = _board()
    columns["cell_voltages"][len(columns["time"]) // 4 :, CELL] = np.nan
    assert "series-count" not in _loud(columns)[0]


@pytest.mark.parametrize(("shown", "wrong"), [(0.30, True), (-0.35, True), (0.04, False)])
def test_a_meter_that_is_off_all_along_is_found_though_it_stood_at_its_end(shown, wrong):
    columns = _board(start=0.9, seconds=2800.0)
    columns["soc"] = np.clip(columns["soc"] + shown, 0, 1)
    loud, _ = _loud(columns)
    assert loud == ({"soc-meter"} if wrong else set())


def _frozen(at_rest):
    columns = _board()
    rows = slice(600, 690)
    if at_rest:
        columns["battery_current"][560:740] = 0.0
        sag = columns["cell_voltages"][559] - columns["cell_voltages"][560:740]
        columns["cell_voltages"][560:740] = np.round(columns["cell_voltages"][560:740] + np.median(sag), 3)
        columns["battery_current"][:60] = columns["battery_current"][740:800] = 0.0
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    for values in columns.values():
        if values is not columns["time"]:
            values[rows] = values[600]
    return columns


def test_a_freeze_in_use_is_found():
    loud, cause = _loud(_frozen(at_rest=False))
    assert loud == {"frozen-telemetry"}
    assert cause == "telemetry-fault"


def test_a_freeze_at_rest_is_no_more_than_information():
    loud, cause = _loud(_frozen(at_rest=True))
    assert loud == set()
    assert cause == "none"


def test_a_log_without_noise_stands_still_by_itself():
    time = np.arange(0.0, 900.0, 0.5)
    level = np.repeat(np.resize([0.0, 12.0, 30.0, 8.0, 20.0, 5.0, 25.0], 30), 60)
    columns = {
        "time": time,
        "battery_current": level,
        "pack_voltage": 78.0 - 0.1 * level,
        "speed": level / 4,
        "cell_voltages": np.repeat(((78.0 - 0.1 * level) / 20)[:, None], 20, axis=1),
    }
    loud, cause = _loud(columns)
    assert loud == set()
    assert cause == "none"


def _check(columns, name):
    incident = investigate([rides.log(columns, Role.BMS, settings={"series_cells": float(CELLS)})])
    return next(check for check in incident.checks if check.name == name), incident


def test_a_short_ride_does_not_tell_a_low_group_of_more_resistance_from_an_unbalanced_one():
    """A group that lost one of eight cells: an eighth more resistance, and of its capacity a short ride shows nothing."""
    check, incident = _check(
        _board(start=0.6, seconds=300.0, noise=0.001, spread=0.001, lacks=0.05, ohm=0.0006), "weak-cell-group"
    )
    assert check.status is Status.UNABLE
    assert "too little charge" in check.reason
    assert incident.verdict.cause == "cell-imbalance"
    assert incident.verdict.probability < 0.9


def test_a_group_that_is_empty_before_the_others_is_named_and_its_reason_left_open():
    check, _ = _check(_board(start=0.38, seconds=300.0, lacks=0.26), "weak-cell-group")
    assert [finding.severity for finding in check.findings] == [Severity.WARNING]
    assert "or was never balanced" in check.findings[0].message
    assert check.evidence["cells.weak-group"].seen is Seen.NOT_OBSERVABLE


def test_cells_that_all_part_at_the_end_of_a_charge_have_no_loose_wire_between_them():
    """Iron phosphate near full: some run up to 3.62 V while others wait at 3.54, and two such cells can be neighbours."""
    time = np.arange(0.0, 3000.0, 10.0)
    rng = np.random.default_rng(2)
    part = rng.permutation(np.linspace(-0.028, 0.028, CELLS))
    part[4], part[5] = 0.038, -0.040
    course = np.clip((time - 2400.0) / 600.0, 0.0, 1.0)
    cells = 3.38 + 0.2 * course[:, None] + part * course[:, None] + rng.normal(0, 0.001, (len(time), CELLS))
    columns = {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.full(len(time), -5.0),
        "cell_voltages": np.round(cells, 3),
    }
    assert "sense-wiring" not in _loud(columns)[0]


@pytest.mark.parametrize(("gone", "severity"), [(slice(0, 30), Severity.INFO), (slice(400, 430), Severity.WARNING)])
def test_a_lead_that_is_connected_at_the_beginning_is_no_loose_wire(gone, severity):
    """A board reads wrong until every lead is connected; a cell that goes missing later has lost its wire."""
    columns = _board(seconds=1500.0)
    columns["battery_current"][:30] = 0.0
    columns["cell_voltages"][gone, CELL] = np.nan
    check, _ = _check(columns, "sense-wiring")
    assert [finding.severity for finding in check.findings] == [severity]


def test_a_group_that_is_empty_first_is_named_on_a_ride_that_tells_no_resistance():
    """Twenty steady rows at hardly any current: the offset is plain all the same."""
    columns = _board(start=0.38, seconds=300.0, lacks=0.26)
    columns["battery_current"] = np.round(columns["battery_current"] * 0.02, 1)
    check, _ = _check(columns, "weak-cell-group")
    assert check.status is not Status.CLEAR
    assert "cell group 7" in check.reason.lower() or "Cell group 7" in check.findings[0].message


@pytest.mark.parametrize(
    ("gone", "found"), [([40], False), ([40, 41, 70, 71], False), ([30, 50, 70], True), (range(70, 90), True)]
)
def test_a_reading_that_failed_once_or_twice_is_no_loose_wire(gone, found):
    columns = _board(seconds=90.0)
    columns["cell_voltages"][list(gone), CELL] = np.nan
    check, _ = _check(columns, "sense-wiring")
    assert bool(check.findings) is found


@pytest.mark.parametrize(("lacks", "found"), [(0.012, False), (0.05, True)])
def test_one_percent_less_in_a_full_pack_is_balanced_whatever_millivolts_it_makes(lacks, found):
    """The last percent of a charge makes 20 to 30 mV; what counts is the charge that has to be left out."""
    time = np.arange(0.0, 20_000.0, 20.0)
    rng = np.random.default_rng(8)
    charging = (time > 600) & (time < 10_600)
    current = np.where(charging, -2.0, 0.0)
    charge = 0.5 + 0.497 * np.clip((time - 600) / 10_000, 0, 1)
    cells = np.interp(charge, SOC, OPEN_V)[:, None] + np.zeros((1, CELLS))
    cells[:, CELL] = np.interp(charge - lacks, SOC, OPEN_V)
    cells += -GROUP_OHM * current[:, None] + rng.normal(0, 0.001, cells.shape)
    columns = {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": current,
        "cell_voltages": np.round(cells, 3),
    }
    incident = investigate([rides.log(columns, Role.BMS, {"series_cells": float(CELLS)})])
    check = next(check for check in incident.checks if check.code == "CE03")
    assert any(finding.severity is Severity.WARNING for finding in check.findings) is found
    assert (incident.verdict.cause == "cell-imbalance") is found


def _spread_at(level, spread):
    """An hour of rest at a level, V, with the groups spread evenly over `spread`, V."""
    offsets = np.linspace(-0.5, 0.5, CELLS)[np.random.default_rng(3).permutation(CELLS)] * spread
    columns = _resting(np.full(CELLS, 0.5))
    noise = columns["cell_voltages"] - np.median(columns["cell_voltages"], axis=0)
    columns["cell_voltages"] = np.round(level + offsets + noise, 3)
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    return columns


@pytest.mark.parametrize("level", [3.30, 3.33, 3.40])
def test_where_the_chemistry_is_not_known_what_sound_cells_of_either_show_is_no_fault(level):
    """At 3.30 V 70 mV are two percent of charge for NMC and half the charge for LFP."""
    incident = investigate([rides.log(_spread_at(level, 0.07), Role.BMS, settings={"series_cells": float(CELLS)})])
    assert incident.pack.chemistry.name == ""
    check = next(check for check in incident.checks if check.name == "cell-imbalance")
    assert {finding.severity for finding in check.findings} == {Severity.INFO}
    assert incident.verdict.cause == "none"


def test_what_neither_chemistry_explains_is_imbalance():
    assert _loud(_spread_at(3.30, 0.5)) == ({"cell-imbalance"}, "cell-imbalance")


def test_in_the_flat_middle_of_lfp_even_volts_are_no_even_charge():
    columns = _spread_at(3.29, 0.006)
    columns["soc"] = np.full(len(columns["time"]), 0.55)
    settings = {"series_cells": float(CELLS), "cell_overvoltage_limit": 3.65, "cell_undervoltage_limit": 2.5}
    incident = investigate([rides.log(columns, Role.BMS, settings=settings)])
    assert incident.pack.chemistry.name == "lfp"
    check = next(check for check in incident.checks if check.name == "cell-imbalance")
    assert check.status is Status.UNABLE
    assert check.evidence["cells.imbalance"].seen is Seen.NOT_OBSERVABLE


def test_two_groups_that_stand_low_together_were_not_balanced():
    """Either of them alone may lack capacity."""
    columns = _board(start=0.36, lacks=0.22, seconds=500.0)
    columns["cell_voltages"][:, 11] = columns["cell_voltages"][:, CELL] + 0.002
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    assert _loud(columns)[1] == "cell-imbalance"
