"""A group with more resistance: a joint, worn cells, or less capacity. The logs are made here, by plain physics.

The electrodes of a cell answer in part at once and in part over a minute; a weld answers at once alone. The LFP curve has its
flat middle at 3.29 to 3.34 V, as those of an A123 cell have.
"""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

SOC = np.array([0, 3, 6, 10, 15, 20, 30, 40, 60, 66, 72, 80, 90, 96, 99, 100]) / 100
LFP_V = np.array(
    [2.4, 2.93, 3.09, 3.185, 3.213, 3.238, 3.272, 3.289, 3.298, 3.306, 3.325, 3.331, 3.334, 3.342, 3.375, 3.45]
)
NMC_V = np.array([2.6, 3.06, 3.21, 3.34, 3.43, 3.5, 3.585, 3.645, 3.8, 3.85, 3.91, 3.99, 4.075, 4.12, 4.17, 4.195])
CELLS, CAPACITY_AH, GROUP_OHM, CELL = 15, 20.0, 0.003, 6
AT_ONCE, SLOW_S = 0.6, 50.0
LIMITS = {
    "lfp": {"cell_overvoltage_limit": 3.65, "cell_undervoltage_limit": 2.5},
    "nmc": {"cell_overvoltage_limit": 4.25, "cell_undervoltage_limit": 2.8},
}


def _board(chemistry, start, seconds=900.0, step_s=1.0, joint=0.0, worn=1.0, missing=0.0, ahead=0.0, seed=3):
    """A ride; the group has a joint (ohm), worn cells (times their resistance), less capacity, more charge (shares)."""
    rng = np.random.default_rng(seed)
    time, _, current = rides.shape(seconds, 10.0, seed, high_a=60.0)
    taken = np.cumsum(current) * 0.1 / 3600
    slow, held = np.empty(len(time)), 0.0
    for row, load in enumerate(current):
        held += (load - held) * 0.1 / SLOW_S
        slow[row] = held
    capacity, charge, ohm = (np.full(CELLS, value) for value in (CAPACITY_AH, start, GROUP_OHM))
    ohm *= rng.normal(1, 0.02, CELLS)
    ohm[CELL] *= worn
    capacity[CELL] *= 1 - missing
    charge[CELL] = 1 - (1 - start) / (1 - missing) + ahead
    welds = np.zeros(CELLS)
    welds[CELL] = joint
    cells = np.interp(charge - taken[:, None] / capacity, SOC, LFP_V if chemistry == "lfp" else NMC_V)
    cells = cells - (AT_ONCE * ohm + welds) * current[:, None] - (1 - AT_ONCE) * ohm * slow[:, None]
    rows = np.arange(0, len(time), int(step_s * 10))
    cells = np.round(cells[rows] + rng.normal(0, 0.001, (len(rows), CELLS)) + rng.normal(0, 0.001, CELLS), 3)
    columns = {
        "time": time[rows],
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.round(current[rows], 1),
        "cell_voltages": cells,
    }
    settings = {"series_cells": float(CELLS), **LIMITS[chemistry]}
    return investigate([rides.log(columns, Role.BMS, settings=settings)])


def _evidence(incident, name):
    return next(check.evidence[name] for check in incident.checks if name in check.evidence)


def _shares(incident):
    return {item.cause: item.probability for item in incident.causes}


@pytest.mark.parametrize("seconds", [200.0, 900.0])
@pytest.mark.parametrize(("worn", "missing"), [(1.35, 0.25), (1.5, 0.33)])
def test_in_the_flat_middle_of_lfp_a_weak_group_is_no_sure_joint(worn, missing, seconds):
    incident = _board("lfp", 0.9, seconds, worn=worn, missing=missing)
    shares = _shares(incident)
    assert incident.verdict.cause in ("weak-cell-group", "high-resistance-cell-joint")
    assert max(shares.values()) < 0.9
    assert min(shares["weak-cell-group"], shares["high-resistance-cell-joint"]) > 0.1
    assert _evidence(incident, "cells.resisting-group").seen is Seen.OBSERVED


@pytest.mark.parametrize("step_s", [1.0, 5.0])
@pytest.mark.parametrize("joint", [0.002, 0.005])
def test_a_joint_where_the_curve_shows_the_charge_is_sure(joint, step_s):
    incident = _board("nmc", 0.55, step_s=step_s, joint=joint)
    assert incident.verdict.cause == "high-resistance-cell-joint"
    assert incident.verdict.probability > 0.9


def test_what_answers_at_once_alone_is_rather_a_joint_than_worn_cells():
    joint = _shares(_board("lfp", 0.6, 1500.0, joint=0.0009))
    worn = _shares(_board("lfp", 0.6, 1500.0, worn=1.5))
    assert joint["high-resistance-cell-joint"] > 0.9
    assert worn.get("weak-cell-group", 0.0) > 3 * joint.get("weak-cell-group", 0.0)


def test_worn_cells_that_hold_their_charge_are_not_called_weak_for_what_they_drop_slowly():
    incident = _board("nmc", 0.55, worn=2.0)
    assert incident.verdict.cause == "high-resistance-cell-joint"


@pytest.mark.parametrize("step_s", [1.0, 5.0])
def test_a_low_group_with_more_resistance_is_weak_though_it_runs_empty(step_s):
    """At the end of its charge a straight line through its voltages shows no resistance at all: the steps do."""
    incident = _board("nmc", 0.42, 1500.0, step_s=step_s, worn=1.5, missing=0.3)
    assert incident.verdict.cause == "weak-cell-group"


@pytest.mark.parametrize("chemistry", ["lfp", "nmc"])
@pytest.mark.parametrize("start", [0.3, 0.6, 0.97])
def test_sound_groups_polled_slowly_show_nothing(chemistry, start):
    incident = _board(chemistry, start, 700.0, step_s=5.0)
    assert incident.verdict.cause == "none"
    loud = [item for check in incident.checks for item in check.findings if item.severity is not Severity.INFO]
    assert loud == []


@pytest.mark.parametrize("seed", range(3, 9))
def test_the_fullest_group_of_a_full_iron_phosphate_pack_has_no_joint(seed):
    """It comes down from the top of its curve as the ride begins, faster than the others and not in a straight line."""
    incident = _board("lfp", 0.985, 200.0, step_s=5.0, ahead=0.012, seed=seed)
    assert incident.verdict.cause == "none"


def test_what_the_flat_middle_of_lfp_hid_is_found_at_the_end_of_the_ride():
    """Eleven per cent less charge is 15 mV as the ride begins and 35 mV where it ends."""
    incident = _board("lfp", 0.42, 2600.0, ahead=-0.11)
    check = next(item for item in incident.checks if item.name == "cell-imbalance")
    assert [item.severity for item in check.findings] == [Severity.WARNING]
    assert "where the pack was emptiest" in check.findings[0].message
    assert incident.verdict.cause == "cell-imbalance"
