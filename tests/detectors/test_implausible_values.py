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
