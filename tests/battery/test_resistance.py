from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ridelog.battery.estimate import estimate_pack
from ridelog.battery.polarisation import polarisation_current
from ridelog.battery.power_path import power_path
from ridelog.battery.resistance import estimate_resistance, fit_resistance
from ridelog.log import LogBuilder, Role

from .signals import Pack, lagged, ride_of, ride_signal, signal

# Truth of the made-up pack in ohm.
TRUE_OHM = 0.060


def resistance(log):
    return estimate_pack(ride_of(log)).resistance[0]


@pytest.mark.parametrize("skew_s", [0.0, 0.02, 0.05, 0.08, -0.08])
@pytest.mark.parametrize("interval_s", [0.02, 0.1])
def test_a_skew_between_the_columns_does_not_change_the_resistance(skew_s: float, interval_s: float) -> None:
    found = resistance(ride_signal(seed=3).log(interval_s, skew_s=skew_s))
    assert found.ohm == pytest.approx(TRUE_OHM, rel=0.02)
    assert found.low_ohm <= TRUE_OHM <= found.high_ohm
    assert found.agrees
    assert found.confidence >= 0.8
    assert found.lag_s == pytest.approx(skew_s, abs=0.3 * max(interval_s, 0.04))


@pytest.mark.parametrize("skew_s", [0.0, 0.5])
def test_a_bms_that_averages_over_a_second(skew_s: float) -> None:
    log = ride_signal(seed=5).log(1.0, role=Role.BMS, mean_s=1.0, volt_step=0.01, skew_s=skew_s)
    found = resistance(log)
    assert found.ohm == pytest.approx(TRUE_OHM, rel=0.03)
    assert found.agrees


def test_slow_part_and_time_constant_of_a_pack_with_one() -> None:
    found = resistance(ride_signal(seed=2, minutes=30).log())
    assert found.slow_ohm == pytest.approx(0.022, rel=0.1)
    assert found.time_constant_s == 12.0


def test_two_time_constants_do_not_mislead_the_ohmic_part() -> None:
    pack = Pack(slow=((0.020, 8.0), (0.018, 150.0)))
    found = resistance(ride_signal(pack, seed=4, minutes=25).log(skew_s=0.04))
    assert found.ohm == pytest.approx(TRUE_OHM, rel=0.05)
    assert found.low_ohm <= TRUE_OHM <= found.high_ohm


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    inside = 0
    rides = 40
    for seed in range(rides):
        rng = np.random.default_rng(seed)
        pack = Pack(
            ohm=float(rng.uniform(0.03, 0.2)),
            slow=((float(rng.uniform(0.01, 0.05)), float(rng.uniform(4, 30))), (0.015, float(rng.uniform(60, 240)))),
        )
        log = ride_signal(pack, seed=100 + seed, minutes=6).log(skew_s=float(rng.uniform(0, 0.08)), seed=seed)
        found = resistance(log)
        inside += found.low_ohm <= pack.ohm <= found.high_ohm
    assert inside >= 0.80 * rides


def test_a_gain_error_of_the_current_scales_the_resistance() -> None:
    signal = ride_signal(seed=6)
    log = signal.log()
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("battery_current", 0.95 * log.values("battery_current"))
    assert resistance(builder.build(Role.CONTROLLER, "made up")).ohm == pytest.approx(TRUE_OHM / 0.95, rel=0.02)


def test_a_parked_log_gives_no_resistance_and_says_why() -> None:
    rng = np.random.default_rng(0)
    builder = LogBuilder(np.arange(600) * 0.5, np.arange(600))
    builder.add("pack_voltage", 75.0 + np.round(rng.normal(0, 0.05, 600), 1))
    builder.add("battery_current", np.zeros(600))
    pack = estimate_pack(ride_of(builder.build(Role.CONTROLLER, "made up")))
    assert 0 not in pack.resistance
    assert "current" in pack.notes[0]
    assert 0 in pack.residual


def test_the_last_digit_of_a_current_at_rest_is_no_step_of_load() -> None:
    rng = np.random.default_rng(1)
    amps = np.round(rng.choice([-0.1, 0.0, 0.1], 2000, p=[0.01, 0.95, 0.04]), 1)
    builder = LogBuilder(np.arange(2000) * 15.0, np.arange(2000))
    builder.add("pack_voltage", np.round(58.0 - 0.05 * amps + rng.normal(0, 0.02, 2000), 1))
    builder.add("battery_current", amps)
    pack = estimate_pack(ride_of(builder.build(Role.BMS, "made up")))
    assert 0 not in pack.resistance
    assert "changes too little" in pack.notes[0]


def test_a_voltage_that_rises_with_the_current_gives_no_resistance() -> None:
    log = ride_signal(seed=1, minutes=5).log()
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("battery_current", -log.values("battery_current"))
    pack = estimate_pack(ride_of(builder.build(Role.CONTROLLER, "made up")))
    assert 0 not in pack.resistance
    assert "does not fall with the current" in pack.notes[0]


def test_few_steps_lower_the_confidence() -> None:
    time = ride_signal(seed=0, minutes=6).time
    amps = np.where((time % 60 > 20) & (time % 60 < 26), 40.0, 2.0)
    from .signals import signal

    found = resistance(signal(Pack(), amps, time).log())
    assert found.confidence < 0.8
    assert "steps" in found.reason


def test_a_cross_check_that_is_more_than_15_percent_off_lowers_the_confidence_and_says_so() -> None:
    ride = ride_of(ride_signal(seed=7).log())
    path = power_path(ride, ride.tracks[0])
    assert not isinstance(path, str)
    seen = fit_resistance(path, Role.CONTROLLER)
    agreeing = estimate_resistance(path, seen, None, None)
    apart = estimate_resistance(path, replace(seen, slope_ohm=0.8 * seen.fit.ohm), None, None)
    assert not isinstance(agreeing, str)
    assert not isinstance(apart, str)
    assert agreeing.agrees
    assert not apart.agrees
    assert apart.confidence == pytest.approx(0.5 * agreeing.confidence, abs=0.001)
    assert apart.high_ohm - apart.low_ohm > agreeing.high_ohm - agreeing.low_ohm
    assert "more than 15 % apart" in apart.reason


def test_a_computed_wheel_current_is_trusted_less() -> None:
    signal = ride_signal(seed=9)
    measured = resistance(signal.log(role=Role.WHEEL))
    computed = resistance(signal.log(role=Role.WHEEL, derived="phase current and PWM"))
    assert computed.confidence < 0.7 * measured.confidence
    assert "computed" in computed.reason


def test_faults_and_switching_are_left_out() -> None:
    log = ride_signal(seed=7).log()
    volts, amps = log.values("pack_voltage").copy(), log.values("battery_current").copy()
    fault = np.zeros(len(volts))
    for start in range(500, len(volts) - 100, 700):
        # A fault that lifts the voltage and stops the current: not what the resistance does.
        fault[start : start + 8] = 1
        volts[start : start + 8] = 88.0
        amps[start : start + 8] = 0.0
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", volts)
    builder.add("battery_current", amps)
    builder.add("fault_code", fault)
    found = resistance(builder.build(Role.CONTROLLER, "made up"))
    assert found.ohm == pytest.approx(TRUE_OHM, rel=0.03)


def test_reference_resistance_is_at_25_degrees_and_half_charge() -> None:
    signal = ride_signal(Pack(soc=0.7), seed=8)
    rows = len(signal.log().time)
    settings = {"series_cells": 20.0}
    cold = signal.log(role=Role.BMS, extra={"battery_temperature": np.full(rows, 5.0), "soc": np.full(rows, 0.6)})
    warm = signal.log(role=Role.BMS, extra={"battery_temperature": np.full(rows, 25.0), "soc": np.full(rows, 0.6)})
    unknown = signal.log(settings=settings)
    factor = resistance(warm).reference_ohm / resistance(cold).reference_ohm
    assert 1.5 <= factor <= 2.0
    assert resistance(warm).reference_ohm == pytest.approx(resistance(warm).ohm, rel=0.01)
    assert resistance(unknown).reference_ohm is None


def test_a_sensor_on_the_board_is_not_taken_for_the_temperature_of_the_cells() -> None:
    signal = ride_signal()
    rows = len(signal.log().time)
    charge = np.full(rows, 0.6)
    cells = np.full(rows, 25.0)
    for others in ([95.0], [95.0, 26.0], [-40.0, 95.0]):
        sensors = np.column_stack([*(np.full(rows, celsius) for celsius in others), cells])
        log = signal.log(
            role=Role.BMS,
            extra={"battery_temperatures": sensors, "battery_temperature": sensors.max(axis=1), "soc": charge},
        )
        found = resistance(log)
        assert found.reference_ohm == pytest.approx(found.ohm, rel=0.04)


def test_two_controllers_on_one_pack_share_its_resistance() -> None:
    signal = ride_signal(seed=11)
    whole = signal.log()
    halves = []
    for number, share in ((1, 0.55), (2, 0.45)):
        builder = LogBuilder(whole.time, whole.source_rows)
        builder.add("pack_voltage", whole.values("pack_voltage"))
        builder.add("battery_current", share * whole.values("battery_current"))
        builder.add("controller_id", np.full(whole.rows, float(number)))
        halves.append(builder.build(Role.CONTROLLER, "made up"))
    pack = estimate_pack(ride_of(*halves))
    for index in (0, 1):
        assert pack.resistance[index].ohm == pytest.approx(TRUE_OHM, rel=0.03)
        assert "added" in pack.resistance[index].reason


def test_a_single_log_of_two_controllers_uses_their_sum() -> None:
    signal = ride_signal(seed=12)
    whole = signal.log()
    builder = LogBuilder(whole.time, whole.source_rows)
    builder.add("pack_voltage", whole.values("pack_voltage"))
    builder.add("battery_current", 0.5 * whole.values("battery_current"))
    builder.add("total_battery_current", whole.values("battery_current"))
    builder.add("controller_count", np.full(whole.rows, 2.0))
    assert resistance(builder.build(Role.CONTROLLER, "made up")).ohm == pytest.approx(TRUE_OHM, rel=0.03)


@pytest.mark.parametrize(("share", "doubted"), [(0.5, True), (0.95, False)])
def test_a_controller_that_carries_half_of_what_the_bms_sees_is_not_trusted(share: float, doubted: bool) -> None:
    """The other controller wrote no log, and nothing in this one says that there is one."""
    signal = ride_signal(seed=12)
    whole = signal.log()
    builder = LogBuilder(whole.time, whole.source_rows)
    builder.add("pack_voltage", whole.values("pack_voltage"))
    builder.add("battery_current", share * whole.values("battery_current"))
    board = signal.log(0.5, role=Role.BMS, mean_s=0.5)
    found = estimate_pack(ride_of(builder.build(Role.CONTROLLER, "made up"), board)).resistance
    assert ("a second controller" in found[0].reason) == doubted
    assert (found[0].confidence < 0.5) == doubted
    assert found[1].confidence > 0.8
    assert found[1].ohm == pytest.approx(TRUE_OHM, rel=0.04)


def test_the_same_log_given_twice_is_not_added() -> None:
    log = ride_signal(seed=13).log()
    pack = estimate_pack(ride_of(log, log))
    assert pack.resistance[0].ohm == pytest.approx(TRUE_OHM, rel=0.03)


def test_polarisation_current_matches_the_plain_recursion() -> None:
    time = np.arange(0, 900.0, 0.02)
    amps = np.sin(time / 7) * 40 + (time % 31 > 20) * 25
    assert polarisation_current(time, amps, 12.0) == pytest.approx(lagged(time, amps, 12.0), abs=0.05)


def test_polarisation_current_with_uneven_steps_and_long_pauses() -> None:
    rng = np.random.default_rng(1)
    steps = rng.exponential(0.3, 3000)
    steps[::500] = 5000.0
    time, amps = np.cumsum(steps), rng.normal(0, 30, 3000)
    state, expected = 4.0, [4.0]
    for row in range(1, 3000):
        keep = np.exp(-min(steps[row] / 8.0, 40.0))
        state = keep * state + (1 - keep) * 0.5 * (amps[row] + amps[row - 1])
        expected.append(state)
    assert polarisation_current(time, amps, 8.0, 4.0) == pytest.approx(np.array(expected), abs=1e-9)


def test_a_load_above_an_idle_level_that_was_misread_is_no_braking() -> None:
    """Hardly a row without load, and those after a fall of the bus: the loads before stand above them and are loads."""
    source = ride_signal(seed=4, minutes=10)
    amps = np.abs(source.amps) + 8.0
    log = signal(source.pack, amps, source.time).log(derived="computed from modulation", noise_a=0.05, noise_v=0.01)
    volts, current = log.values("pack_voltage").copy(), log.values("battery_current").copy()
    parked = log.time > log.time[-1] - 60
    volts[parked], current[parked] = float(np.median(volts)) - 2.5, 0.0
    builder = LogBuilder(log.time, np.arange(log.rows))
    builder.add("pack_voltage", volts)
    builder.add("battery_current", current, derived="computed from modulation")
    found = resistance(builder.build(Role.CONTROLLER, "made up"))
    assert "sign" not in found.reason
    assert found.ohm == pytest.approx(source.pack.ohm, rel=0.1)
