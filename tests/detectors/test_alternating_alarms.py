"""Alarms of a short circuit and of a low cell in turn."""

import pytest

from ridelog.pipeline import investigate
from tests import parked


def _alarms(amps, kinds):
    columns = parked.resting(0.5, level=0.6, step=2.0)
    names = [[] for _ in columns["time"]]
    for number, kind in enumerate(kinds):
        names[100 + 30 * number] = [kind]
        columns["battery_current"][95 + 30 * number : 101 + 30 * number] = amps
    columns["protections"] = names
    return investigate([parked.log(columns)])


@pytest.mark.parametrize(
    ("amps", "kinds", "found"),
    [
        (0.0, ["short-circuit", "cell-undervoltage"] * 2, True),
        (60.0, ["short-circuit", "cell-undervoltage"] * 2, False),
        (0.0, ["cell-undervoltage"] * 4, False),
        (0.0, ["short-circuit", "cell-undervoltage"], False),
    ],
)
def test_alarms_in_turn_without_a_current_are_a_wire(amps, kinds, found):
    incident = _alarms(amps, kinds)
    loud = parked.severities(incident, "sense-wiring")
    assert ("warning" in loud) is found
    if found:
        assert incident.verdict.cause == "sense-wiring-fault"
