"""A cell that is never read: a wire where the voltage of the pack has it in it, else a count that does not fit."""

import numpy as np
import pytest

from ridelog.finding import Severity
from ridelog.pipeline import investigate
from tests import parked


def _incident(cell, held, reads=0.0):
    columns = parked.resting(0.5, level=0.6, step=5.0)
    if not held:
        columns["pack_voltage"] = np.round(columns["pack_voltage"] - columns["cell_voltages"][:, cell], 2)
    columns["cell_voltages"][:, cell] = reads
    return investigate([parked.log(columns, names=None)])


def _said(incident, name):
    return [item.message for item in parked.check(incident, name).findings if item.severity is not Severity.INFO]


@pytest.mark.parametrize("reads", [0.0, np.nan])
@pytest.mark.parametrize("cell", [0, 4, 18])
def test_a_cell_the_pack_voltage_holds_lacks_its_wire(cell, reads):
    incident = _incident(cell, held=True, reads=reads)
    (message,) = _said(incident, "sense-wiring")
    assert message.startswith(f"Cell {cell + 1} is never read")
    assert not _said(incident, "series-count")
    assert incident.verdict.cause == "sense-wiring-fault"


@pytest.mark.parametrize(("cell", "held"), [(19, True), (19, False), (4, False)])
def test_the_last_cell_and_one_the_pack_does_not_have_are_a_wrong_count(cell, held):
    incident = _incident(cell, held)
    assert not _said(incident, "sense-wiring")
    assert any(f"Never read: cell {cell + 1}" in message for message in _said(incident, "series-count"))
    assert incident.verdict.cause == "wrong-series-count"


def test_without_a_pack_voltage_the_count_is_what_is_told():
    columns = parked.resting(0.5, level=0.6, step=5.0)
    columns["cell_voltages"][:, 4] = 0.0
    del columns["pack_voltage"]
    incident = investigate([parked.log(columns, names=None)])
    assert not _said(incident, "sense-wiring")
    assert _said(incident, "series-count")
