"""A slow log without fault codes: of braking into an open path it holds the peaks, no current, and a vehicle that slows down."""

import numpy as np
import pytest

from ridelog.pipeline import investigate
from tests import parked, rides


def _peaks(where, count=8):
    columns = rides.controller(rate=1.0)
    columns = {name: columns[name] for name in ("time", "pack_voltage", "battery_current", "speed")}
    current, speed = columns["battery_current"], columns["speed"]
    # No braking is ever logged: the motor is let go before a current flows.
    braking = current < 0
    current[braking] = 0.0
    columns["pack_voltage"][braking] = np.round(rides.OPEN_V - 0.5, 1)
    slows = np.r_[False, speed[2:] < speed[:-2], False] & (speed > 2)
    rows = {
        "slowing": np.flatnonzero(slows & (current < 0.5)),
        "under load": np.flatnonzero(current > 5),
        "anywhere": np.arange(20, len(speed) - 20),
    }[where]
    picked = np.random.default_rng(5).choice(rows, count, replace=False)
    columns["pack_voltage"][picked] = rides.OPEN_V + 17.0
    return investigate([rides.log(columns)])


def test_peaks_while_the_vehicle_slows_down_met_no_pack():
    incident = _peaks("slowing")
    assert "critical" in parked.severities(incident, "regen-overvoltage")
    assert incident.verdict.cause in ("charge-fet-open-in-regen", "power-path-open")


@pytest.mark.parametrize(("where", "count"), [("under load", 8), ("anywhere", 8), ("slowing", 2)])
def test_peaks_of_a_meter_are_no_braking(where, count):
    assert "critical" not in parked.severities(_peaks(where, count), "regen-overvoltage")
