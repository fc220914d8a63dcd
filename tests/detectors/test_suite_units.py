"""A channel in a wrong unit or of the other sign is no failure of the vehicle."""

import numpy as np
import pytest

from ridelog import detection
from ridelog.diagnosis.evidence import builtin_table
from ridelog.diagnosis.reasoning import diagnose
from ridelog.finding import Status
from ridelog.log import Role
from ridelog.pipeline import Options, read_all
from tests import rides

from .suite import (
    DETECTORS,
    MAKERS,
    alarms,
    all_well_formed,
    bad_board,
    case_of,
    check_of,
    columns_of,
    every_detector,
    log_of,
)


def _thousandfold(columns, only=None):
    return {
        name: values * 1000
        if name != "time" and only in (None, name) and isinstance(values, np.ndarray) and values.dtype.kind == "f"
        else values
        for name, values in columns.items()
    }


@pytest.fixture(scope="module")
def scaled_rides():
    """Healthy rides of which one channel, or all, came a thousand times too large: V for mV."""
    cases = {}
    for role in (Role.CONTROLLER, Role.BMS, Role.WHEEL):
        columns = columns_of(role)
        for name, values in columns.items():
            if name != "time" and isinstance(values, np.ndarray) and values.dtype.kind == "f":
                cases[f"{role} {name}"] = case_of([log_of(_thousandfold(columns, name), role)])
        cases[f"{role} all"] = case_of([log_of(_thousandfold(columns), role)])
    return cases


@every_detector
def test_a_channel_in_a_wrong_unit_never_breaks_it(detector, scaled_rides):
    all_well_formed(detector, scaled_rides)


@every_detector
def test_a_channel_in_a_wrong_unit_is_no_failure(detector, scaled_rides):
    loud = alarms(detector, scaled_rides)
    assert not loud, "\n".join(loud)


def test_a_table_in_a_wrong_unit_has_no_confident_cause(scaled_rides):
    verdicts = {
        name: diagnose(detection.run(DETECTORS, case), builtin_table()).verdict for name, case in scaled_rides.items()
    }
    wrong = {name: verdict.cause for name, verdict in verdicts.items() if verdict.cause not in ("none", "undetermined")}
    assert not wrong


def _text(columns, flipped):
    """A table of a logger nobody knows: its caption leaves the sign of the current open."""
    current = columns["battery_current"] * (-1 if flipped else 1)
    captions = ["time (s)", "voltage (V)", "current (A)"]
    parts = [columns["time"], columns["pack_voltage"], current]
    for name, caption in (("speed", "speed (km/h)"), ("soc", "soc (%)"), ("bms_temperature", "temperature (C)")):
        if name in columns:
            captions.append(caption)
            parts.append(columns[name] * {"speed": 3.6, "soc": 100.0}.get(name, 1.0))
    cells = columns.get("cell_voltages")
    if cells is not None:
        captions += [f"cell {number + 1} (V)" for number in range(cells.shape[1])]
        parts += list(cells.T)
    rows = (",".join(f"{value:.3f}" for value in row) for row in np.stack(parts, axis=1))
    return "\n".join([",".join(captions), *rows]) + "\n"


@pytest.fixture(scope="module")
def both_signs(tmp_path_factory):
    """Rides as two loggers write them, one counting discharge positive and one counting charge positive."""
    folder = tmp_path_factory.mktemp("signs")
    made = {
        "controller": rides.controller(300.0),
        "board": rides.board(300.0),
        "bad board": bad_board(),
        "cut under load": rides.cut_under_load(300.0, 150.0)[0],
        "regen into an open pack": rides.regen_into_open_pack()[0],
    }
    cases = {}
    for name, columns in made.items():
        pair = []
        for flipped in (False, True):
            path = folder / f"{name} {flipped}.csv"
            path.write_text(_text(columns, flipped))
            pair.append(case_of(read_all([str(path)], Options())))
        cases[name] = pair
    return cases


def _said(check):
    return check.status, [(finding.severity, finding.message) for finding in check.findings]


@every_detector
def test_a_source_that_counts_the_current_the_other_way_says_the_same(detector, both_signs):
    for name, (usual, flipped) in both_signs.items():
        one, other = check_of(detector, usual), check_of(detector, flipped)
        assert other.status is Status.UNABLE or _said(one) == _said(other), name


@pytest.mark.parametrize("role", [Role.CONTROLLER, Role.BMS, Role.WHEEL])
def test_a_current_whose_sign_stayed_wrong_is_no_failure(role):
    """What a parser could not put right must not become a cause."""
    columns = {name: -values if name.endswith("_current") else values for name, values in MAKERS[role](300.0).items()}
    verdict = diagnose(detection.run(DETECTORS, case_of([log_of(columns, role)])), builtin_table()).verdict
    assert verdict.cause in ("none", "undetermined")
