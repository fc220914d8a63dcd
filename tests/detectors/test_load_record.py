"""A cut at a load the pack had carried for longer before is no over-current cut; one at a record may be."""

import numpy as np
import pytest

from ridelog.detectors.load_record import load_evidence, load_record
from ridelog.finding import Seen
from ridelog.pipeline import investigate
from tests import rides


def _track(current, rate=10.0):
    time = np.arange(len(current)) / rate
    log = rides.log(
        {"time": time, "pack_voltage": np.full(len(time), 50.0), "battery_current": np.asarray(current, float)}
    )
    return investigate([log]).ride.tracks[0]


def _ratio(current, rate=10.0):
    return load_record(_track(current, rate), len(current) - 1)


def _steps(*pairs, rate=10.0):
    return np.concatenate([np.full(int(seconds * rate), ampere) for ampere, seconds in pairs])


def test_the_same_load_for_as_long_is_no_record():
    assert _ratio(_steps((5, 60), (40, 20), (5, 60), (20, 20))) == pytest.approx(0.5, abs=0.1)


def test_a_higher_load_is_a_record():
    assert _ratio(_steps((5, 60), (40, 20), (5, 60), (60, 5))) == pytest.approx(1.5, abs=0.1)


def test_the_same_load_for_longer_is_a_record():
    assert _ratio(_steps((5, 60), (40, 5), (5, 60), (40, 20))) > 1.2


def test_a_short_ride_says_nothing():
    assert _ratio(_steps((5, 20), (40, 5))) is None


@pytest.mark.parametrize(
    ("ampere", "seen", "strength"), [(60, "observed", 1.0), (20, "observed", 0.4), (8, "absent", 0.6)]
)
def test_a_record_of_a_quiet_ride_below_what_boards_are_sold_for_says_little(ampere, seen, strength):
    current = _steps((2, 60), (0.6 * ampere, 20), (2, 60), (ampere, 5))
    told = load_evidence(_track(current), len(current) - 1, ampere)
    assert told.seen is Seen(seen)
    assert told.strength == pytest.approx(strength, abs=0.05)


def _evidence(columns):
    incident = investigate([rides.log(columns)])
    return next(c for c in incident.checks if c.name == "power-path-open").evidence[
        "path.high-current-before"
    ], incident


def test_a_cut_below_what_the_pack_had_carried_is_not_put_down_to_current():
    columns, _ = rides.cut_under_load(when=400.0)
    current = columns["battery_current"]
    current[1000:1400] = 1.5 * current.max()
    columns["pack_voltage"][1000:1400] -= rides.OHM * 0.5 * current.max()
    found, incident = _evidence(columns)
    assert found.seen is Seen.ABSENT
    assert incident.verdict.cause != "bms-overcurrent-trip"
