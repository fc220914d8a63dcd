"""Braking that met no pack: what the drive beside it says of charge FETs that are off and of a contact that parted."""

import numpy as np

from ridelog.finding import Seen
from ridelog.pipeline import investigate
from tests import rides

from .test_body_diode import _after_spikes


def _lost(incident):
    check = next(check for check in incident.checks if check.code == "RG01")
    return check.evidence["regen.drive-lost-too"]


def _ranking(incident):
    return {item.cause: item.probability for item in incident.causes}


def test_a_bus_that_falls_through_the_pack_after_the_spike_is_behind_a_contact():
    incident = investigate([rides.log(_after_spikes(9.0))])
    assert _lost(incident).seen is Seen.OBSERVED
    assert incident.verdict.cause == "power-path-open"
    assert _ranking(incident)["charge-fet-open-in-regen"] < 0.1


def test_a_bus_that_a_diode_holds_is_not():
    assert _lost(investigate([rides.log(_after_spikes(0.7))])).seen is not Seen.OBSERVED


def _with_a_stop():
    """Braking met no pack, and later in the ride the controller stops for a low voltage while driving."""
    columns, first = rides.regen_into_open_pack()
    calm = np.convolve(columns["fault_code"] == 1, np.ones(61), "same") == 0
    driving = np.flatnonzero((columns["battery_current"] > 4) & calm & (columns["time"] > columns["time"][first] + 20))
    rows = slice(int(driving[0]), int(driving[0]) + 4)
    columns["fault_code"][rows] = 2
    columns["battery_current"][rows] = columns["motor_current"][rows] = 0.0
    return columns


def test_a_charged_pack_that_is_too_low_for_the_drive_was_lost_to_it():
    with_stop = investigate([rides.log(_with_a_stop())])
    without = investigate([rides.log(rides.regen_into_open_pack()[0])])
    assert _lost(with_stop).seen is Seen.OBSERVED
    assert _ranking(with_stop)["power-path-open"] > _ranking(without)["power-path-open"] + 0.2


def test_a_stop_for_an_empty_pack_says_nothing_of_a_contact():
    columns = _with_a_stop()
    columns["pack_voltage"] *= np.linspace(1.1, 0.85, len(columns["time"]))
    assert _lost(investigate([rides.log(columns)])).seen is not Seen.OBSERVED
