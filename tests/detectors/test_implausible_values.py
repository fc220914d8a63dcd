"""Garbage in a log, and what looks like it: a pull that a slow board catches in a single row."""

import numpy as np
import pytest

from ridelog.clock import Clock, ClockBasis
from ridelog.finding import Status
from ridelog.log import LogBuilder, Role
from ridelog.pipeline import investigate

OHM = 0.26


def _slow_board(garbled=()):
    """A BMS log of one row in 1.3 s; each pull is shorter than that, so it fills one row."""
    rng = np.random.default_rng(3)
    time = np.arange(900) * 1.3
    pulls = (np.arange(900) % 7 == 3) & (rng.random(900) < 0.6)
    current = np.where(pulls, rng.uniform(40, 80, 900), 0.0) + np.where(np.arange(900) % 7 == 5, 12.0, 0.0)
    volts = 121.0 - 0.002 * time - OHM * current + rng.normal(0, 0.03, 900)
    for row in garbled:
        volts[row] = 61.0
    builder = LogBuilder(time, np.arange(900) + 2)
    builder.add("pack_voltage", np.round(volts, 2))
    builder.add("battery_current", np.round(current, 2))
    return builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE))


def _check(incident):
    return next(check for check in incident.checks if check.code == "TF02")


def test_a_pull_in_a_single_row_is_riding():
    assert _check(investigate([_slow_board()])).status is Status.CLEAR


@pytest.mark.parametrize("rows", [(100, 300, 500, 700)])
def test_rows_that_no_current_explains_are_garbage(rows):
    check = _check(investigate([_slow_board([row + (row % 7 == 3) for row in rows])]))
    assert check.status is Status.FOUND
    assert check.findings[0].measurements[0].value == len(rows)


def _polls_with_cells(change):
    """A minute-long look at a 14S board at 2 s a poll; `change` spoils columns of volts, amperes and cells."""
    rng = np.random.default_rng(9)
    count = 200
    current = np.clip(8.0 + 7.0 * np.sin(np.arange(count) * 0.7) + rng.normal(0, 0.4, count), 0, None)
    cells = 3.9 - 0.008 * current[:, None] + rng.normal(0, 0.002, (count, 14))
    volts = cells.sum(axis=1)
    change(volts, current, cells)
    builder = LogBuilder(np.arange(count) * 2.0, np.arange(count) + 2)
    builder.add("pack_voltage", np.round(volts, 2))
    builder.add("battery_current", np.round(current, 2))
    builder.add("cell_voltages", np.round(cells, 3))
    return builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE))


def test_a_current_beyond_any_short_circuit_hides_no_impossible_voltage():
    rows = [60, 110, 150]

    def spoil(volts, current, cells):
        volts[rows] = 0.0
        current[rows] = [-1500.0, 1490.0, -1400.0]

    check = _check(investigate([_polls_with_cells(spoil)]))
    assert check.evidence["telemetry.garbage"].seen == "observed"


def test_ever_another_impossible_cell_is_no_wire():
    def spoil(volts, current, cells):
        for row, cell in ((40, 2), (80, 9), (120, 12), (160, 6)):
            cells[row, cell] = 0.05

    check = _check(investigate([_polls_with_cells(spoil)]))
    assert check.evidence["telemetry.garbage"].seen == "observed"


def test_the_same_impossible_cell_and_its_neighbour_are_a_wire():
    def spoil(volts, current, cells):
        cells[40:160:7, 5] = 0.05
        cells[43:160:7, 6] = 0.05

    check = _check(investigate([_polls_with_cells(spoil)]))
    assert check.evidence["telemetry.garbage"].seen == "absent"


@pytest.mark.parametrize(("pause_s", "said"), [(7200.0, True), (60.0, False)])
def test_garbage_that_begins_after_a_long_pause_may_be_of_the_work_done_in_it(pause_s, said):
    rng = np.random.default_rng(4)
    time = np.arange(900) * 1.3 + np.where(np.arange(900) >= 500, pause_s, 0.0)
    volts = 75.0 - 0.001 * np.arange(900) + rng.normal(0, 0.02, 900)
    volts[500:900:25] = 400.0
    builder = LogBuilder(time, np.arange(900) + 2)
    builder.add("pack_voltage", np.round(volts, 2))
    builder.add("battery_current", np.full(900, 0.5))
    builder.add("cell_voltages", np.round(np.where(volts > 100, 9.0, 3.75)[:, None] * np.ones((1, 20)), 3))
    check = _check(investigate([builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE))]))
    warned = [item for item in check.findings if item.severity == "warning"]
    assert ("after a pause of 2 h" in warned[0].message) is said
