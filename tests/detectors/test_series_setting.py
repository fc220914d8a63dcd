"""A controller that is set to another number of cells than the pack has."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import rides

NAME = "series-count"


def _check(cells):
    # 20 cells: 78 V full of charge to 60 V, which no other pack of these settings passes.
    columns = rides.controller()
    columns["pack_voltage"] = columns["pack_voltage"] + np.linspace(4.5, -14.0, len(columns["time"]))
    settings = {"series_cells": float(cells), "battery_cut_start": 64.0, "battery_cut_end": 60.0, "chemistry": "nmc"}
    incident = investigate([rides.log(columns, settings=settings)])
    return next(check for check in incident.checks if check.name == NAME), incident


def test_a_number_the_voltage_rules_out_is_found():
    check, incident = _check(12)
    assert check.status is Status.FOUND
    assert "set to 12 cells, and the voltage is that of 20" in check.findings[0].message
    assert "wrong-series-count" in {item.cause for item in (*incident.causes, *incident.contributing)}


def test_a_battery_nobody_entered_is_information():
    check, incident = _check(3)
    assert [str(finding.severity) for finding in check.findings] == ["info"]
    assert incident.verdict.cause != "wrong-series-count"


@pytest.mark.parametrize("cells", [20, 19])
def test_a_number_that_can_be_is_not_found(cells):
    check, _ = _check(cells)
    assert check.status is Status.UNABLE
    assert not check.findings
