"""Cells drained too far, boards that fall asleep, and what is only a wire or a load."""

import numpy as np
import pytest

from ridelog.finding import Severity, Status
from ridelog.pipeline import investigate
from tests import parked, rides

NAME = "deep-discharge"


def _drained(volts=2.2, cell=6):
    columns = parked.resting(1.0, level=0.3, step=10.0)
    columns["cell_voltages"][:, cell] = volts
    return columns


@pytest.mark.parametrize("on", [True, False])
def test_a_drained_cell_and_whether_anything_protects_it(on):
    columns = _drained()
    columns["discharge_fet"][:] = float(on)
    incident = investigate([parked.log(columns)])
    finding = parked.check(incident, NAME).findings[0]
    assert finding.severity is Severity.CRITICAL
    assert "Cell group 7 rests at 2.20 V" in finding.message
    assert ("still on" in finding.message) is on
    assert "charge" in finding.danger
    assert finding.danger in incident.verdict.dangers
    assert "deep-discharged-pack" in [item.cause for item in incident.causes]


def test_a_whole_pack_drained_too_far():
    columns = parked.resting(1.0, level=0.3, step=10.0)
    columns["cell_voltages"] = columns["cell_voltages"] - 1.2
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    incident = investigate([parked.log(columns, settings={"series_cells": 20.0})])
    assert "20 groups are below" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause in ("deep-discharged-pack", "bms-protection-ineffective")


def test_low_cells_whose_meter_says_empty_are_not_lto():
    """LTO cells hold half their charge at 2.3 V."""
    columns = parked.resting(1.0, level=0.3, step=10.0)
    columns["cell_voltages"] = columns["cell_voltages"] - 1.2
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    columns["soc"] = np.zeros(len(columns["time"]))
    check = parked.check(investigate([parked.log(columns, settings={"chemistry": ""})]), NAME)
    assert check.status is Status.FOUND


@pytest.mark.parametrize("volts", [2.1, 1.2])
def test_a_drained_cell_is_drained_and_not_missing(volts):
    columns = _drained(volts)
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    incident = investigate([parked.log(columns)])
    assert incident.verdict.cause == "deep-discharged-pack"
    assert parked.check(incident, "series-count").status is not Status.FOUND


def test_low_cells_alone_can_be_lto():
    columns = parked.resting(1.0, level=0.3, step=10.0)
    columns["cell_voltages"] = columns["cell_voltages"] - 1.2
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    check = parked.check(investigate([parked.log(columns, settings={"chemistry": ""})]), NAME)
    assert check.status is Status.UNABLE
    assert "LTO" in check.reason


def test_a_bench_with_other_cells_is_not_judged():
    columns = _drained(volts=1.47)
    columns["cell_voltages"][:] = 1.48
    check = parked.check(investigate([parked.log(columns, settings={"cell_undervoltage_limit": 1.3})]), NAME)
    assert check.status is Status.UNABLE


def test_iron_phosphate_goes_lower():
    columns = _drained(volts=2.3)
    columns["cell_voltages"] = np.where(columns["cell_voltages"] > 3, 3.2, columns["cell_voltages"])
    incident = investigate([parked.log(columns, settings={"chemistry": "lfp", "cell_overvoltage_limit": 3.65})])
    assert parked.check(incident, NAME).status is Status.CLEAR


def test_sag_under_load_is_not_rest():
    columns = parked.resting(1.0, level=0.3, step=10.0)
    columns["battery_current"][100:140] = 45.0
    columns["cell_voltages"][100:140] -= 1.1
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, NAME) == ["info"]
    assert "Under load" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "none"


def test_a_sense_wire_is_no_drained_cell():
    columns = _drained()
    columns["cell_voltages"][:, 7] += 1.2
    assert parked.check(investigate([parked.log(columns)]), NAME).status is not Status.FOUND


def test_a_cell_that_jumps_is_no_drained_cell():
    columns = _drained()
    columns["cell_voltages"][::3, 6] = 3.6
    assert parked.check(investigate([parked.log(columns)]), NAME).status is not Status.FOUND


def test_a_cell_that_does_not_exist_is_no_drained_cell():
    columns = _drained(volts=np.nan)
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.CLEAR


@pytest.mark.parametrize(("family", "volts", "told"), [("jk", 57.2, True), ("ant", 61.0, True), ("jk", 66.0, False)])
def test_a_board_that_falls_asleep_while_the_ride_goes_on(family, volts, told):
    columns = rides.controller(seconds=900.0, open_v=volts + 4)
    rows = slice(0, 4000, 10)
    slow = np.interp(columns["time"][rows], columns["time"], columns["pack_voltage"])
    slow[-4:] = volts
    board = {
        "time": columns["time"][rows],
        "pack_voltage": slow,
        "battery_current": columns["battery_current"][rows],
        "cell_voltages": np.repeat(slow[:, None] / 20, 20, axis=1),
        "discharge_fet": np.ones(len(slow)),
    }
    logs = [rides.log(columns), parked.log(board, family=family, settings={"series_cells": 20.0})]
    logs[1].clock = logs[0].clock
    incident = investigate(logs)
    assert any("fell silent" in finding.message for finding in parked.check(incident, NAME).findings) is told


@pytest.mark.parametrize("keep", [{"battery_current"}, {"discharge_fet"}])
def test_without_voltages_it_cannot_look(keep):
    assert parked.check(investigate([parked.log(_drained(), keep=keep)]), NAME).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 4])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in _drained().items()}
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.UNABLE


def _under_load(volts: float, seconds: float, limit: float | None = 2.8, on: bool = True):
    """Ten minutes at 20 A, with all cells at `volts` for a while in the middle."""
    time = np.arange(0.0, 600.0, 1.0)
    columns = parked.board(time, 0.3, 20.0)
    low = (time >= 300) & (time < 300 + seconds)
    columns["cell_voltages"][low] = np.round(volts + np.random.default_rng(2).normal(0, 0.001, (low.sum(), 20)), 3)
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    columns["discharge_fet"][time >= 305] = float(on)
    settings = {} if limit is None else {"cell_undervoltage_limit": limit}
    return investigate([parked.log(columns, settings=settings)])


@pytest.mark.parametrize(("volts", "limit"), [(2.65, 2.8), (2.78, 2.8), (2.2, None), (2.42, None)])
def test_cells_that_stay_below_the_limit_under_load_with_the_board_on(volts, limit):
    incident = _under_load(volts, 40.0, limit)
    (finding,) = parked.check(incident, NAME).findings
    assert "under-voltage protection cannot be relied on" in finding.message
    assert finding.measurements[0].value == pytest.approx(volts, abs=0.01)
    assert "bms-protection-ineffective" in {item.cause for item in incident.causes}


@pytest.mark.parametrize(
    ("volts", "seconds", "limit", "on"),
    [
        (2.65, 5.0, 2.8, True),
        (2.795, 40.0, 2.8, True),
        (2.78, 20.0, 2.8, True),
        (2.65, 40.0, 2.8, False),
        (2.6, 40.0, None, True),
        (2.42, 20.0, None, True),
        (2.48, 40.0, None, True),
    ],
)
def test_a_dip_a_meter_s_error_a_board_that_acts_and_an_unknown_limit_are_no_failed_protection(
    volts, seconds, limit, on
):
    """What is shorter than a board waits, within its noise, a little below for seconds, cut off, or allowed by some."""
    incident = _under_load(volts, seconds, limit, on)
    assert "warning" not in parked.severities(incident, NAME)
    assert incident.verdict.cause != "bms-protection-ineffective"


@pytest.mark.parametrize(("times", "found"), [(1, False), (3, True)])
def test_cells_that_are_driven_below_every_limit_in_one_pull_after_another(times, found):
    columns = parked.resting(0.25, level=0.3, step=0.5)
    columns["battery_current"][:] = 5.0
    for number in range(times):
        pull = slice(200 + 60 * number, 212 + 60 * number)
        columns["battery_current"][pull] = 40.0
        columns["cell_voltages"][pull] = 2.2
    incident = investigate([parked.log(columns)])
    seen = any("cannot be relied on" in item.message for item in parked.check(incident, NAME).findings)
    assert seen is found


@pytest.mark.parametrize(("volts", "said"), [(2.8, True), (3.1, False)])
def test_a_cell_close_to_the_cut_under_load_is_said_early(volts, said):
    columns = parked.resting(0.25, level=0.3, step=0.5)
    columns["battery_current"][200:208] = 40.0
    columns["cell_voltages"][200:208] = volts
    incident = investigate([parked.log(columns)])
    found = [item for item in parked.check(incident, NAME).findings if "may cut at any moment" in item.message]
    assert bool(found) is said
    assert all(item.severity is Severity.INFO for item in found)
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize(("volts", "said"), [(2.2, True), (2.6, False)])
def test_of_iron_phosphate_only_what_is_low_for_that_is_said(volts, said):
    columns = parked.resting(0.25, level=0.3, step=0.5)
    columns["cell_voltages"] += 3.2 - columns["cell_voltages"].mean()
    columns["battery_current"][200:208] = 40.0
    columns["cell_voltages"][200:208] = volts
    columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    incident = investigate([parked.log(columns, settings={"chemistry": "lfp"})])
    found = [item for item in parked.check(incident, NAME).findings if "may cut at any moment" in item.message]
    assert bool(found) is said
    assert incident.verdict.cause == "none"


def test_a_pack_that_is_drained_to_nothing_while_it_stands():
    """All cells fall from 3.2 V to 0.45 V within a day: no garbage, and drained too far at the end."""
    time = np.arange(0.0, 86_400.0, 120.0)
    columns = parked.board(time, 0.05, 0.0)
    fall = np.interp(time, [0, 30_000, 60_000, 86_400], [3.2, 3.0, 0.45, 0.45])
    columns["cell_voltages"] = np.round(fall[:, None] + np.random.default_rng(4).normal(0, 0.001, (len(time), 20)), 3)
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    incident = investigate([parked.log(columns)])
    assert parked.check(incident, "implausible-values").status is Status.CLEAR
    assert "rests at 0.45 V" in parked.check(incident, NAME).findings[-1].message
    assert incident.verdict.cause in ("parasitic-drain", "deep-discharged-pack")
