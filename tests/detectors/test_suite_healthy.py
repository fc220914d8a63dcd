"""Every detector is silent on healthy rides and on what only looks like a failure."""

import numpy as np
import pytest

from ridelog import detection
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.reasoning import diagnose
from ridelog.log import Role
from tests import rides

from .suite import DETECTORS, alarms, all_well_formed, case_of, every_detector, log_of, simulated_case


def _hard_regen():
    columns = rides.controller(300.0, open_v=81.5)
    row = rides.at(columns, 200)
    columns["battery_current"][row : row + 12] = np.linspace(-10, -45, 12)
    columns["motor_current"][row : row + 12] = np.linspace(-20, -90, 12)
    columns["pack_voltage"][row : row + 12] = np.round(81.4 + rides.OHM * np.linspace(10, 45, 12), 1)
    return columns


def _switched_off_at_standstill():
    columns = rides.controller(300.0)
    for name in ("battery_current", "motor_current", "speed", "erpm", "duty"):
        columns[name][-80:] = 0.0
    columns["pack_voltage"][-80:-20] = 76.5
    columns["pack_voltage"][-20:] = np.linspace(60, 10, 20).round(1)
    return columns


def _single_odd_sample():
    columns = rides.controller(300.0)
    columns["pack_voltage"][np.flatnonzero(columns["battery_current"] > 15)[50]] = 40.0
    return columns


def _radio_gap():
    columns = rides.controller(300.0)
    keep = np.ones(len(columns["time"]), bool)
    keep[2000:2050] = False
    return {name: values[keep] for name, values in columns.items()}


def _warm_below_every_limit():
    columns = rides.controller(300.0)
    columns["fet_temperature"] = np.round(columns["fet_temperature"] + 25, 1)
    columns["motor_temperature"] = np.round(columns["motor_temperature"] + 25, 1)
    return columns


def _resting_board():
    columns = rides.board(300.0)
    columns["battery_current"] = np.zeros(len(columns["time"]))
    columns["cell_voltages"] = np.full((len(columns["time"]), rides.SERIES), 3.9)
    columns["cell_voltage_max"] = columns["cell_voltage_min"] = np.full(len(columns["time"]), 3.9)
    columns["pack_voltage"] = np.full(len(columns["time"]), 78.0)
    columns["soc"] = np.full(len(columns["time"]), 0.75)
    return columns


#: Family, suite, shortest and longest ride in s (None: the family's own).
SIMULATED = (
    ("healthy-ride", "vesc+jk", (90.0, 100.0)),
    ("healthy-hard-regen", "vesc", (130.0, 140.0)),
    ("healthy-city", "vesc+daly", (90.0, 100.0)),
    ("healthy-wheel", "wheellog", (90.0, 100.0)),
    ("healthy-charge", "jk-only", None),
)


@pytest.fixture(scope="module")
def healthy_rides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("healthy")
    made = {
        "controller": [log_of(rides.controller(300.0), Role.CONTROLLER)],
        **{f"rider {seed}": [log_of(rides.controller(seed=seed), Role.CONTROLLER)] for seed in (0, 2, 3)},
        "slow log": [log_of(rides.controller(300.0, rate=2.0), Role.CONTROLLER)],
        "board": [log_of(rides.board(300.0), Role.BMS)],
        "wheel": [log_of(rides.wheel(300.0), Role.WHEEL)],
        "both": [log_of(rides.controller(300.0), Role.CONTROLLER), log_of(rides.board(300.0), Role.BMS)],
        "hard regen": [log_of(_hard_regen(), Role.CONTROLLER)],
        "switched off at standstill": [log_of(_switched_off_at_standstill(), Role.CONTROLLER)],
        "a single odd sample": [log_of(_single_odd_sample(), Role.CONTROLLER)],
        "radio gap": [log_of(_radio_gap(), Role.CONTROLLER)],
        "warm": [log_of(_warm_below_every_limit(), Role.CONTROLLER)],
        "resting board": [log_of(_resting_board(), Role.BMS)],
    }
    cases = {name: case_of(logs) for name, logs in made.items()}
    return cases | {f"{name} {suite}": simulated_case(folder, name, suite, long) for name, suite, long in SIMULATED}


@every_detector
def test_healthy_rides_and_look_alikes_are_silent(detector, healthy_rides):
    loud = alarms(detector, healthy_rides)
    assert not loud, "\n".join(loud)


def test_the_verdict_on_healthy_rides_is_none(healthy_rides):
    verdicts = {
        name: diagnose(detection.run(DETECTORS, case), builtin_table()).verdict.cause
        for name, case in healthy_rides.items()
    }
    assert set(verdicts.values()) == {"none"}, verdicts


@every_detector
def test_answers_on_healthy_rides_are_well_formed(detector, healthy_rides):
    all_well_formed(detector, healthy_rides)
