"""Two logs come onto one clock by what both saw, or say why not."""

import numpy as np
import pytest

from ridelog.alignment import AlignmentOptions, join
from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect
from ridelog.log import Role
from tests.alignment import pairs


def _clock(logs, options=None):
    return join(logs, options).tracks[1].clock


def _error(clock, own_s, true_s):
    """Where a moment of the BMS log lands on the ride's clock, minus where it was."""
    return float(clock.to_ride(np.array([own_s]))[0]) - true_s


@pytest.mark.parametrize("rate", [0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize("share", [0.0, 0.25, 1.0])
def test_the_offset_is_found_whatever_the_board_averages(rate, share):
    time, current = pairs.ride()
    logs = [pairs.controller(time, current), pairs.board(time, current, rate, window=share / rate)]
    clock = _clock(logs)
    assert clock.aligned, clock.reason
    error = _error(clock, 400.0, 439.0)
    # A fifth of a second of averaging does not change the shape of what a log of ten rows a second shows.
    assert abs(error) < max(0.11, 0.12 / rate)
    assert abs(error) <= clock.uncertainty_s
    assert clock.uncertainty_s <= 0.3 + 0.6 / rate + 0.3


def test_the_reference_may_be_the_slower_log():
    time, current = pairs.ride()
    logs = [pairs.controller(time, current, rate=1.0), pairs.board(time, current, rate=5.0)]
    clock = _clock(logs)
    assert clock.aligned
    # A mean over the second before each stamp is a mean over that second: it is told by its shape.
    assert abs(_error(clock, 400.0, 439.0)) <= clock.uncertainty_s


def test_drift_is_found():
    time, current = pairs.ride(2400.0)
    logs = [pairs.controller(time, current), pairs.board(time, current, ppm=180.0)]
    clock = _clock(logs)
    assert clock.pieces[0].drift_ppm == pytest.approx(-180, abs=25)
    for own in (60.0, 1200.0, 2300.0):
        assert abs(_error(clock, own * (1 + 180e-6), 39.0 + own)) < 0.1


def test_a_current_with_the_wrong_sign_aligns_all_the_same():
    time, current = pairs.ride()
    clock = _clock([pairs.controller(time, current), pairs.board(time, current, sign=-1.0)])
    assert clock.aligned
    assert abs(_error(clock, 300.0, 339.0)) < 0.1


def test_voltages_do_when_one_log_has_no_current():
    time, current = pairs.ride()
    volts = 76 - 0.09 * current
    one = pairs.controller(time, volts)
    rows = np.arange(40.0, time[-1], 1.0)
    cells = np.round(np.repeat(pairs.shown(time, volts, rows)[:, None] / 20, 20, axis=1), 4)
    first = pairs.log(one.time, {"pack_voltage": np.round(one.values("battery_current"), 1)})
    clock = _clock([first, pairs.log(rows, {"cell_voltages": cells}, role=Role.BMS)])
    assert clock.aligned, clock.reason
    assert clock.method == "voltage"
    # The controller's voltage was made as a mean over 0.1 s here.
    assert abs(_error(clock, 300.0, 339.0)) < 0.15


def test_current_against_voltage():
    time, current = pairs.ride()
    rows = np.arange(40.0, time[-1], 1.0)
    second = pairs.log(rows, {"pack_voltage": 76 - 0.09 * pairs.shown(time, current, rows)}, role=Role.BMS)
    clock = _clock([pairs.controller(time, current), second])
    assert clock.aligned, clock.reason
    assert clock.method == "activity"
    assert abs(_error(clock, 300.0, 339.0)) < 0.15


@pytest.mark.parametrize("apart", [0.0, 700.0, 7200.0 + 11.0, 3 * 86_400.0])
def test_wrong_wall_clocks_do_not_matter(apart):
    time, current = pairs.ride()
    one = pairs.controller(time, current, clock=Clock(ClockBasis.UTC, pairs.NOON + 1))
    other = pairs.board(time, current, clock=Clock(ClockBasis.LOCAL, pairs.NOON + 40 + apart))
    clock = _clock([one, other])
    assert clock.aligned
    assert abs(_error(clock, 300.0, 339.0)) < 0.1
    assert ("a time zone of -2 h and 1" in clock.reason) == (apart == 7211.0)


def test_a_clock_set_forward_makes_two_pieces():
    time, current = pairs.ride(1600.0)
    whole = pairs.board(time, current)
    stamps = whole.time + np.where(whole.time > 700, 3600.0, 0.0)
    second = pairs.log(stamps, {"battery_current": whole.values("battery_current")}, role=Role.BMS)
    clock = _clock([pairs.controller(time, current), second])
    assert clock.aligned, clock.reason
    assert len(clock.pieces) == 2
    assert abs(_error(clock, 300.0, 339.0)) < 0.1
    assert abs(_error(clock, 1200.0 + 3600.0, 1239.0)) < 0.1


def test_a_clock_set_back_makes_two_pieces():
    time, current = pairs.ride(1600.0)
    whole = pairs.board(time, current)
    # Reading closes a step back: twenty seconds of the ride are missing on this clock.
    keep = (whole.time < 700) | (whole.time > 720)
    stamps = whole.time[keep] - np.where(whole.time[keep] > 720, 20.0, 0.0)
    row = int(np.argmax(whole.time[keep] > 720)) + 2
    damage = (Damage(DamageKind.CLOCK_STEP, Effect.REPAIRED, "set back", rows=(row,)),)
    second = pairs.log(stamps, {"battery_current": whole.values("battery_current")[keep]}, role=Role.BMS, damage=damage)
    clock = _clock([pairs.controller(time, current), second])
    assert clock.aligned, clock.reason
    assert abs(_error(clock, 300.0, 339.0)) < 0.1
    assert abs(_error(clock, 1200.0 - 20.0, 1239.0)) < 0.1


def test_a_step_of_a_second_within_the_log_is_found():
    time, current = pairs.ride(1800.0)
    whole = pairs.board(time, current)
    stamps = whole.time + np.where(whole.time > 800, 1.5, 0.0)
    second = pairs.log(stamps, {"battery_current": whole.values("battery_current")}, role=Role.BMS)
    clock = _clock([pairs.controller(time, current), second])
    assert len(clock.pieces) == 2, clock.reason
    assert abs(_error(clock, 400.0, 439.0)) < 0.15, clock
    assert abs(_error(clock, 1401.5, 1439.0)) < 0.15


@pytest.mark.parametrize("seed", range(6))
def test_logs_of_different_rides_stay_apart(seed):
    time, current = pairs.ride(900.0, seed)
    later, other = pairs.ride(900.0, seed + 100)
    clock = _clock([pairs.controller(time, current), pairs.board(later, other)])
    assert not clock.aligned
    assert clock.reason.startswith("Not aligned: ")


def test_logs_of_different_parts_of_a_ride_stay_apart():
    time, current = pairs.ride(1800.0)
    one = pairs.controller(time, current, last=800.0, clock=Clock(ClockBasis.UTC, pairs.NOON))
    other = pairs.board(time, current, first=900.0, clock=Clock(ClockBasis.UTC, pairs.NOON + 899))
    assert not _clock([one, other]).aligned


def test_periodic_riding_is_not_aligned():
    time = np.arange(0, 1200, 0.02)
    current = np.where(time % 24.0 < 9.0, 30.0, 0.0)
    clock = _clock([pairs.controller(time, current), pairs.board(time, current, last=900.0)])
    assert not clock.aligned
    assert "repeats itself" in clock.reason


def test_constant_riding_is_not_aligned():
    time = np.arange(0, 1200, 0.02)
    current = np.full(len(time), 18.0) + 0.2 * np.sin(time / 3)
    clock = _clock([pairs.controller(time, current), pairs.board(time, current)])
    assert not clock.aligned
    assert "hardly changes" in clock.reason


def test_a_log_that_hangs_is_not_aligned():
    time, current = pairs.ride()
    rows = np.arange(40.0, 800.0)
    second = pairs.log(rows, {"battery_current": np.full(len(rows), 17.3)}, role=Role.BMS)
    clock = _clock([pairs.controller(time, current), second])
    assert not clock.aligned
    assert "hung" in clock.reason


def test_hourly_records_are_not_compared():
    time, current = pairs.ride()
    rows = np.arange(30.0) * 3601
    second = pairs.log(rows, {"battery_current": np.linspace(-20, 30, 30)}, role=Role.BMS)
    clock = _clock([pairs.controller(time, current), second])
    assert not clock.aligned
    assert "every 3601 s" in clock.reason


def test_a_stretch_that_hangs_does_no_harm():
    time, current = pairs.ride()
    whole = pairs.board(time, current)
    values = whole.values("battery_current").copy()
    values[300:420] = values[300]
    clock = _clock([pairs.controller(time, current), pairs.log(whole.time, {"battery_current": values}, role=Role.BMS)])
    assert clock.aligned
    assert abs(_error(clock, 200.0, 239.0)) < 0.1


def test_a_trip_alone_needs_clocks_that_agree():
    time = np.arange(0, 900, 0.02)
    current = np.where(time < 500, 25.0, 0.0)
    known = [Clock(ClockBasis.UTC, pairs.NOON + 1.0), Clock(ClockBasis.UTC, pairs.NOON + 40.0 + 6.0)]
    unknown = [Clock(ClockBasis.NONE), Clock(ClockBasis.NONE)]
    for clocks in (known, unknown):
        one = pairs.controller(time, current, clock=clocks[0])
        clock = _clock([one, pairs.board(time, current, clock=clocks[1])])
        if clocks is unknown:
            assert not clock.aligned
        elif clock.aligned:
            assert abs(_error(clock, 460.0, 499.0)) <= clock.uncertainty_s


def test_what_the_expert_says_wins():
    time, current = pairs.ride()
    logs = [pairs.controller(time, current), pairs.board(time, current)]
    given = _clock(logs, AlignmentOptions({1: -12.5}))
    assert (given.aligned, given.pieces[0].offset_s, given.method) == (True, -12.5, "given")
    off = _clock(logs, AlignmentOptions(align=False))
    assert not off.aligned
    assert "switched off" in off.reason


def test_logs_of_one_file_share_its_clock():
    time, current = pairs.ride()
    clock = Clock(ClockBasis.BOOT, 1000.0)
    one = pairs.controller(time, current, clock=clock, sha="a")
    other = pairs.log(np.arange(0, 600.0, 5.0), {"soc": np.linspace(0.9, 0.8, 120)}, role=Role.BMS, sha="a")
    other.clock = Clock(ClockBasis.BOOT, 1003.5)
    fit = _clock([one, other])
    assert fit.aligned
    assert fit.pieces[0].offset_s == 3.5
    assert 0 < fit.uncertainty_s <= 0.1


def test_a_log_without_moments_stays_part_of_the_ride():
    time, current = pairs.ride(200.0)
    events = pairs.log(np.arange(3.0), {"fault_code": np.array([1.0, 2.0, 3.0])}, role=Role.EVENTS)
    ride = join([pairs.controller(time, current), events])
    assert not ride.tracks[1].clock.aligned
    assert "no times" in ride.tracks[1].clock.reason


def test_moments_closer_than_the_uncertainty_are_never_ordered():
    time, current = pairs.ride()
    ride = join([pairs.controller(time, current), pairs.board(time, current)])
    first, second = ride.tracks
    apart = second.clock.uncertainty_s
    assert not ride.ordered(first, second, 100.0, 100.0 + 0.9 * apart)
    assert ride.too_close(first, second, 100.0, 100.0 - 0.9 * apart)
    assert ride.ordered(first, second, 100.0, 100.0 + 1.1 * apart)
    assert second.onset(50).latest_s == pytest.approx(float(second.time[50]) + apart)
    assert not first.onset(1000).surely_before(second.onset(60))


def test_the_same_logs_give_the_same_fit():
    time, current = pairs.ride()
    fits = [_clock([pairs.controller(time, current), pairs.board(time, current)]) for _ in range(2)]
    assert fits[0] == fits[1]
