"""What a wheel says of its own heat in its alerts."""

import numpy as np
import pytest

from ridelog.finding import Severity, Status
from ridelog.log import Log, LogBuilder, Role
from ridelog.pipeline import investigate
from tests import rides


def _check(incident):
    return next(check for check in incident.checks if check.name == "thermal-limit")


def _wheel(alerts, celsius=78.0) -> Log:
    """A healthy wheel at one heat, below the firmware default of a VESC, with an alert in some of its rows."""
    columns = rides.wheel()
    columns["controller_temperature"] = np.full(len(columns["time"]), celsius)
    columns["controller_temperature"][::7] -= 1.0
    columns.pop("fet_temperature", None)
    made = rides.log(columns, Role.WHEEL)
    builder = LogBuilder(made.time, made.source_rows)
    for channel in columns:
        if channel != "time":
            builder.add(channel, made.values(channel))
    builder.add("alert", [alerts(float(time)) for time in made.time])
    return builder.build(Role.WHEEL, "made up")


@pytest.mark.parametrize("words", ["Overheat", "LowVoltage OverTemperature", "high temperature alarm"])
def test_a_wheel_that_warns_of_heat_reached_its_limit_whatever_that_is(words):
    incident = investigate([_wheel(lambda time: words if 300 < time < 420 else "")])
    (finding,) = _check(incident).findings
    assert finding.severity is Severity.WARNING
    assert words in finding.message
    assert "78 degC" in finding.message
    assert incident.verdict.cause == "controller-thermal-limit"


@pytest.mark.parametrize("words", ["Speed alarm 1", "Battery high temperature", "TransportMode", "temperature 78"])
def test_other_alerts_are_no_heat_of_the_drive(words):
    incident = investigate([_wheel(lambda time: words if 300 < time < 420 else "")])
    assert _check(incident).status is Status.CLEAR
    assert incident.verdict.cause == "none"


def test_a_single_garbled_row_is_no_warning():
    incident = investigate([_wheel(lambda time: "Overheat" if 300 < time < 300.3 else "")])
    assert _check(incident).status is Status.CLEAR
