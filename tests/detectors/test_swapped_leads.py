"""Two sense leads in each other's place, and a wire that is only broken (CELL-12)."""

import numpy as np
import pytest

from ridelog.finding import Severity
from ridelog.pipeline import investigate
from tests import parked

NAME = "sense-wiring"


def _log(changes, hours=0.5):
    columns = parked.resting(hours, level=0.6, step=5.0)
    for cell, volts in changes.items():
        columns["cell_voltages"][:, cell] = volts
    return parked.log(columns, names=None)


@pytest.mark.parametrize("between", [0.0, np.nan])
@pytest.mark.parametrize("beside", [5.0, 7.6])
def test_a_cell_that_reads_nothing_between_two_that_read_double(between, beside):
    incident = investigate([_log({7: beside, 8: between, 9: beside})])
    finding = next(item for item in parked.check(incident, NAME).findings if item.severity is Severity.CRITICAL)
    assert "Cell 9 reads nothing" in finding.message
    assert "burn" in finding.danger
    assert "sense-wiring-fault" in {item.cause for item in (*incident.causes, *incident.contributing)}


@pytest.mark.parametrize("changes", [{8: np.nan, 9: 5.0}, {8: 0.0}, {7: 4.3, 9: 4.3}, {}])
def test_a_broken_wire_and_cells_that_differ_are_not_swapped_leads(changes):
    incident = investigate([_log(changes)])
    assert not any("each other's place" in item.message for item in parked.check(incident, NAME).findings)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_poll_or_two_do_not_tell(rows):
    columns = {name: values[:rows] for name, values in parked.resting(0.5, level=0.6, step=5.0).items()}
    columns["cell_voltages"][:, 7:10] = (5.0, 0.0, 5.0)
    findings = parked.check(investigate([parked.log(columns)]), NAME).findings
    assert not any("each other's place" in item.message for item in findings)
