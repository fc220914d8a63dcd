"""A voltage that no pack can have is the logger's and says nothing of the pack."""

import numpy as np
import pytest

from ridelog.finding import Severity
from ridelog.pipeline import investigate
from tests import rides


@pytest.mark.parametrize("garbage", [655.35, 6553.5])
def test_rows_of_garbage_make_no_incident_of_the_pack(garbage):
    columns = rides.controller()
    for row in (500, 1700, 2600, 4100):
        columns["pack_voltage"][row] = garbage
    incident = investigate([rides.log(columns)])
    grave = {
        check.name
        for check in incident.checks
        for finding in check.findings
        if finding.severity.level >= Severity.WARNING.level
    }
    assert not grave & {"regen-overvoltage", "power-path-open", "bus-swings"}
    assert incident.verdict.cause in ("none", "telemetry-fault")


def test_beside_garbage_a_real_spike_is_still_seen():
    columns, _ = rides.regen_into_open_pack()
    columns["pack_voltage"][np.array([500, 1700])] = 655.35
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause in ("charge-fet-open-in-regen", "power-path-open")
