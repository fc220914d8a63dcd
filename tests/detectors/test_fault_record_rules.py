"""What the records of a fault listing give away, by labelled listings and by ones made up to be told apart."""

from dataclasses import replace

import numpy as np
import pytest

from detectors.fault_record_rules import RULES, Record
from ridelog.finding import Seen
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

_RULES = {name: recognise for name, recognise, _ in RULES}


def _record(current, filtered, duty=0.3, erpm=4000.0):
    return Record(0, 4, current, filtered, 50.0, duty, erpm, 9000.0, 30.0)


def _kinds(*records):
    return {name for name, recognise in _RULES.items() if recognise(list(records))}


def test_currents_that_creep_past_one_level_are_told():
    kinds = _kinds(_record(57.2, 56.3), _record(57.0, 56.4, duty=0.06), _record(56.8, 55.1, duty=0.48))
    assert "listing.overcurrent-at-one-level" in kinds
    assert "listing.currents-far-apart" not in kinds


def test_currents_that_differ_have_no_common_level():
    # Thread 27090: a bullet connector had come off a phase lead.
    kinds = _kinds(_record(156.0, 137.4, 0.63, 56832.2), _record(133.0, 130.5, 0.76, 368.7))
    assert "listing.overcurrent-at-one-level" not in kinds
    assert "listing.senseless-speed" in kinds


def test_one_level_at_standstill_only_is_not_called_a_setting():
    assert "listing.overcurrent-at-one-level" not in _kinds(
        _record(57.0, 56.4, duty=0.01), _record(57.2, 56.3, duty=0.0)
    )


def test_a_motor_that_stands_under_much_duty_does_not_reach_a_setting():
    # 0.64 of 31 V over a motor of a few ten mOhm at standstill: no start needs that, whatever the limit.
    kinds = _kinds(_record(147.2, 145.1, 0.643, 181.5), _record(143.5, 144.7, 0.651, 52.8))
    assert "listing.overcurrent-stalled" in kinds
    assert "listing.overcurrent-at-one-level" not in kinds
    assert "listing.overcurrent-stalled" not in _kinds(
        _record(147.2, 145.1, 0.08, 181.5), _record(143.5, 144.7, 0.6, 30_000.0)
    )


def test_an_over_voltage_at_rest_is_no_braking():
    still = Record(0, 1, 0.8, 0.2, 46.0, 0.63, 0.0, 0.0, 25.5)
    assert _kinds(still) == {"listing.overvoltage-at-rest"}
    braking = Record(0, 1, -16.1, -16.3, 57.5, 0.38, 32_104.0, 485.0, 25.8)
    assert _kinds(braking) == {"listing.overvoltage-braking"}


def test_raw_and_filtered_current_far_apart_are_told():
    # Thread 73468: a phase lead that had come off.
    assert "listing.currents-far-apart" in _kinds(_record(34.7, 154.9, 0.011, 184.3))
    # Thread 29761: a lost observer shows about twice the filtered current, and 17704 a limit set too low about half of it.
    assert "listing.currents-far-apart" not in _kinds(_record(269.9, 130.8, 0.79, 47556.9))
    assert "listing.currents-far-apart" not in _kinds(_record(47.0, 100.9, 0.0, 2248.6))
    assert "listing.currents-far-apart" in _kinds(_record(156.0, -75.0))
    assert "listing.currents-far-apart" in _kinds(replace(_record(156.0, -75.0), code=3))


def test_a_speed_that_no_motor_has_at_that_duty_is_senseless():
    assert "listing.senseless-speed" in _kinds(_record(73.5, 60.0, duty=0.06, erpm=61278.2))
    assert "listing.senseless-speed" not in _kinds(_record(73.5, 60.0, duty=0.6, erpm=61278.2))
    assert "listing.senseless-speed" not in _kinds(_record(103.8, 134.4, duty=0.0, erpm=18807.6))


def test_a_current_that_ran_away_is_no_low_limit():
    assert "listing.overcurrent-at-a-low-limit" not in _kinds(_record(190.0, 91.0))
    assert "listing.overcurrent-at-a-low-limit" in _kinds(_record(47.0, 100.9, 0.0, 2248.6))


def test_what_a_record_does_not_say_tells_nothing():
    nan = np.nan
    assert _kinds(Record(0, 4, nan, nan, nan, nan, nan, nan, nan)) <= {"listing.overcurrent"}


@pytest.mark.parametrize(
    ("volts", "kind"), [(83.0, "listing.overvoltage-with-pack"), (104.0, "listing.overvoltage-braking")]
)
def test_an_over_voltage_that_the_pack_of_the_ride_has_while_braking_is_no_open_path(volts, kind):
    ride = rides.log(rides.controller(open_v=82.0))
    listing = rides.log(
        {
            "time": np.arange(3.0),
            "fault_code": np.full(3, 1),
            "motor_current": np.full(3, -21.0),
            "motor_current_filtered": np.full(3, -20.0),
            "pack_voltage": np.full(3, volts),
            "duty": np.full(3, 0.3),
            "erpm": np.full(3, 9000.0),
        },
        Role.EVENTS,
    )
    incident = investigate([ride, listing])
    evidence = next(check for check in incident.checks if check.name == "fault-listing").evidence
    seen = [name for name, item in evidence.items() if item.seen is Seen.OBSERVED and "overvoltage" in name]
    assert seen == [kind]
