"""Every detector: documented, and its answers well formed on rides in which something is wrong."""

import numpy as np
import pytest

from ridelog.detection import SECTIONS
from ridelog.diagnosis.evidence import builtin_table
from ridelog.log import Role
from tests import rides

from .suite import DETECTORS, all_well_formed, bad_board, case_of, every_detector, log_of, simulated_case


@every_detector
def test_documentation_and_names(detector):
    assert detector.summary().endswith(".")
    assert tuple(detector.sections()) == SECTIONS
    assert all(detector.sections().values())
    assert detector.code.isalnum() and detector.code == detector.code.upper()
    assert detector.name == detector.name.lower() and " " not in detector.name
    extra = {row.id for row in getattr(detector, "evidence_rows", ())}
    assert set(detector.evidence) <= set(builtin_table().rows) | extra


@pytest.mark.parametrize("what", ["code", "name"])
def test_no_two_detectors_share_it(what):
    values = [getattr(detector, what) for detector in DETECTORS]
    assert len(set(values)) == len(values)


def _heat():
    columns = rides.controller(300.0)
    columns["fet_temperature"][1000:1400] = np.concatenate((np.linspace(60, 96, 200), np.linspace(96, 70, 200)))
    columns["motor_temperature"][2000:2060:2] = 140.0
    return columns


def _faults():
    columns = rides.controller(300.0)
    for row, code in ((500, 1), (900, 2), (1300, 3), (1700, 4), (2100, 5), (2500, 9)):
        columns["fault_code"][row : row + 6] = code
    return columns


@pytest.fixture(scope="module")
def bad_rides(tmp_path_factory):
    folder = tmp_path_factory.mktemp("bad")
    made = {
        "cut under load": [log_of(rides.cut_under_load(300.0, 150.0)[0], Role.CONTROLLER)],
        "flicker": [log_of(rides.cut_under_load(300.0, 150.0, lasts=0.4)[0], Role.CONTROLLER)],
        "cut, with a board": [
            log_of(rides.cut_under_load(300.0, 150.0)[0], Role.CONTROLLER),
            log_of(bad_board(), Role.BMS),
        ],
        "regen into an open pack": [log_of(rides.regen_into_open_pack()[0], Role.CONTROLLER)],
        "heat": [log_of(_heat(), Role.CONTROLLER)],
        "faults": [log_of(_faults(), Role.CONTROLLER)],
        "fault list": [log_of(rides.fault_list((1, 2, 3, 4, 5, 9)), Role.EVENTS)],
        "bad board": [log_of(bad_board(), Role.BMS)],
        "bad settings": [
            rides.log(rides.controller(120.0), settings={"battery_cut_start": 30.0, "controller_voltage_max": 500.0})
        ],
    }
    simulated = (("overcurrent-trip", "vesc+jk"), ("weak-group", "vesc+jbd"), ("charge-fets-off-regen", "vesc+ant"))
    cases = {name: case_of(logs) for name, logs in made.items()}
    return cases | {name: simulated_case(folder, name, suite, None) for name, suite in simulated}


@every_detector
def test_findings_are_well_formed(detector, bad_rides):
    all_well_formed(detector, bad_rides)
