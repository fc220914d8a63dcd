"""A controller that is set to another number of cells than the pack has."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.log import LogBuilder, Role
from ridelog.pipeline import investigate
from tests import rides

NAME = "series-count"


def _configuration(cells):
    builder = LogBuilder(np.zeros(1), np.array([7]))
    builder.add("setting", ["series_cells"])
    return builder.build(Role.CONFIG, "test", settings={"series_cells": float(cells)})


def _check(cells, configured=True):
    # 20 cells: 78 V full of charge to 60 V, which no other pack of these settings passes.
    columns = rides.controller()
    columns["pack_voltage"] = columns["pack_voltage"] + np.linspace(4.5, -14.0, len(columns["time"]))
    settings = {"series_cells": float(cells), "battery_cut_start": 64.0, "battery_cut_end": 60.0, "chemistry": "nmc"}
    logs = [rides.log(columns, settings=settings)]
    incident = investigate([*logs, _configuration(cells)] if configured else logs)
    return next(check for check in incident.checks if check.name == NAME), incident


def test_a_number_the_voltage_rules_out_is_found():
    check, incident = _check(12)
    assert check.status is Status.FOUND
    assert "set to 12 cells, and the voltage is that of 20" in check.findings[0].message
    assert "wrong-series-count" in {item.cause for item in (*incident.causes, *incident.contributing)}


def test_a_number_only_the_meter_of_the_ride_shows_is_information():
    check, incident = _check(12, configured=False)
    assert [str(finding.severity) for finding in check.findings] == ["info"]
    assert "wrong-series-count" not in {item.cause for item in (*incident.causes, *incident.contributing)}


def test_a_battery_nobody_entered_is_information():
    check, incident = _check(3)
    assert [str(finding.severity) for finding in check.findings] == ["info"]
    assert incident.verdict.cause != "wrong-series-count"


@pytest.mark.parametrize("cells", [20, 19])
def test_a_number_that_can_be_is_not_found(cells):
    check, _ = _check(cells)
    assert check.status is Status.UNABLE
    assert not check.findings
