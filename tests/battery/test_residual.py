from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import Residual
from ridelog.log import Log, LogBuilder, Role

from .signals import Pack, demand, ride_of, ride_signal, signal

Change = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def residual(log: Log) -> Residual:
    return estimate_pack(ride_of(log)).residual[0]


def with_event(log: Log, change: Change) -> tuple[Log, np.ndarray]:
    """Apply an event; returns the log and the rows it is in."""
    time, volts, amps = log.time, log.values("pack_voltage").copy(), log.values("battery_current").copy()
    rows = change(time, volts, amps)
    builder = LogBuilder(time, log.source_rows)
    builder.add("pack_voltage", volts)
    builder.add("battery_current", amps)
    return builder.build(log.role, "made up"), rows


def opened(at_s: float, for_s: float = 1e9, decay_s: float = 1.5, share: float = 0.8) -> Change:
    """The path opens: the bus falls away, no current; times below zero count from the end."""

    def change(time: np.ndarray, volts: np.ndarray, amps: np.ndarray) -> np.ndarray:
        begin = time[-1] + at_s if at_s < 0 else at_s
        rows = (time >= begin) & (time < begin + for_s)
        volts[rows] *= share * np.exp(-(time[rows] - begin) / decay_s)
        amps[rows] = 0.0
        return rows

    return change


def moved(at_s: float, count: int, by_v: float, amps_to: float | None = None) -> Change:
    def change(time: np.ndarray, volts: np.ndarray, amps: np.ndarray) -> np.ndarray:
        first = int(np.searchsorted(time, time[-1] + at_s if at_s < 0 else at_s))
        rows = np.zeros(len(time), dtype=bool)
        rows[first : first + count] = True
        volts[rows] += by_v
        if amps_to is not None:
            amps[rows] = amps_to
        return rows

    return change


@pytest.mark.parametrize("minutes", [1, 2, 5, 20])
@pytest.mark.parametrize(
    "change",
    [
        pytest.param(opened(25.0, 3.0), id="three seconds"),
        pytest.param(opened(30.0), id="dead for the rest"),
        pytest.param(opened(30.0, decay_s=1e9), id="held up by the motor for the rest"),
        pytest.param(opened(-1.0), id="last second"),
        pytest.param(opened(-0.05), id="last row"),
        pytest.param(opened(2.0, 2.0), id="second second"),
    ],
)
def test_an_opened_path_stands_out_and_nothing_else_does(minutes: int, change: Change) -> None:
    log, rows = with_event(ride_signal(seed=1, minutes=minutes).log(), change)
    found = residual(log)
    assert (found.volts[rows] < -6.0).all()
    assert (found.score[rows] < -8.0).all()
    # The current of the log is zero inside the event and the pack saw that too: what comes after is judged loosely.
    assert np.abs(found.score[~rows]).max() < 7.0


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("at_s", [0.0, 20.0, 33.3, -0.05])
@pytest.mark.parametrize("by_v", [-6.0, -3.0, 5.0])
def test_one_to_three_odd_rows_stand_out(count: int, at_s: float, by_v: float) -> None:
    log, rows = with_event(ride_signal(seed=2, minutes=5).log(), moved(at_s, count, by_v))
    found = residual(log)
    assert found.volts[rows] == pytest.approx(by_v, abs=0.8)
    assert (np.sign(by_v) * found.score[rows] > 4.0).all()
    assert np.abs(found.score[~rows]).max() < 5.0


def test_regen_into_an_open_pack_lifts_the_residual() -> None:
    log = ride_signal(seed=3, minutes=10).log()
    braking = int(np.flatnonzero(log.values("battery_current") < -10)[20])
    log, rows = with_event(log, moved(float(log.time[braking]), 2, 6.0, amps_to=0.0))
    found = residual(log)
    assert (found.volts[rows] > 4.0).all()
    assert (found.score[rows] > 8.0).all()


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize(("interval_s", "skew_s"), [(0.1, 0.0), (0.1, 0.08), (0.02, 0.05), (0.05, 0.03)])
def test_an_ordinary_ride_has_no_excursions(seed: int, interval_s: float, skew_s: float) -> None:
    pack = Pack(slow=((0.020, 9.0), (0.015, 150.0)), soc=0.95)
    found = residual(ride_signal(pack, seed=seed, minutes=8, peak=80.0).log(interval_s, skew_s=skew_s, seed=seed))
    assert np.abs(found.score).max() < 6.0
    assert found.noise < 0.1


def test_the_noise_level_is_that_of_the_residual() -> None:
    found = residual(ride_signal(seed=4, minutes=20).log(noise_v=0.05))
    # 50 mV of noise and 29 mV of rounding.
    assert found.noise == pytest.approx(0.058, rel=0.25)
    assert np.std(found.score) == pytest.approx(1.0, abs=0.25)
    assert (found.sigma >= found.noise - 1e-12).all()


def test_gaps_make_no_excursions() -> None:
    rng = np.random.default_rng(3)
    source = ride_signal(seed=5, minutes=15)
    keep = np.ones(len(source.time), dtype=bool)
    for start in rng.integers(100, 8000, 12):
        keep[start : start + rng.integers(20, 400)] = False
    found = residual(source.log(keep=keep))
    assert np.abs(found.score).max() < 6.0


def test_a_log_that_starts_in_the_middle_of_a_pull() -> None:
    time = np.arange(0.0, 300.0, 0.02)
    amps = np.where(time < 70, 55.0, demand(time, 4))
    log = signal(Pack(slow=((0.05, 15.0),)), amps, time).log()
    late = log.time > 20.0
    builder = LogBuilder(log.time[late], log.source_rows[late])
    builder.add("pack_voltage", log.values("pack_voltage")[late])
    builder.add("battery_current", log.values("battery_current")[late])
    assert np.abs(residual(builder.build(Role.CONTROLLER, "made up")).score).max() < 6.0


def test_a_log_that_starts_in_the_rest_after_a_pull() -> None:
    time = np.arange(0.0, 300.0, 0.02)
    amps = np.where(time < 60, 60.0, np.where(time < 90, 0.0, demand(time, 5)))
    log = signal(Pack(slow=((0.05, 15.0),)), amps, time).log()
    late = log.time > 60.0
    builder = LogBuilder(log.time[late], log.source_rows[late])
    builder.add("pack_voltage", log.values("pack_voltage")[late])
    builder.add("battery_current", log.values("battery_current")[late])
    assert np.abs(residual(builder.build(Role.CONTROLLER, "made up")).score).max() < 6.0


def test_an_empty_pack_falls_without_an_excursion() -> None:
    pack = Pack(soc=0.16, amp_hours=8.0)
    time = np.arange(0.0, 330.0, 0.02)
    found = residual(signal(pack, demand(time, 6, peak=50.0), time).log())
    assert np.abs(found.score).max() < 8.0


def test_a_charge_while_the_log_paused_is_followed() -> None:
    first = ride_signal(Pack(soc=0.5), seed=1, minutes=6).log()
    second = ride_signal(Pack(soc=0.95), seed=2, minutes=6).log()
    builder = LogBuilder(np.concatenate([first.time, second.time + first.time[-1] + 7200]), np.arange(first.rows * 2))
    for name in ("pack_voltage", "battery_current"):
        builder.add(name, np.concatenate([first.values(name), second.values(name)]))
    found = residual(builder.build(Role.CONTROLLER, "made up"))
    assert np.abs(found.score).max() < 6.0
    assert found.open_circuit[-1] > found.open_circuit[0] + 4.0


def test_open_circuit_voltage_runs_along_the_true_one() -> None:
    source = ride_signal(seed=8, minutes=30)
    log = source.log()
    truth = np.interp(log.time + 1.0, source.time, source.open_circuit)
    found = residual(log)
    assert found.open_circuit == pytest.approx(truth, abs=0.15)
    assert found.ohm == pytest.approx(0.060, rel=0.02)


def test_ten_seconds_are_enough_for_a_residual() -> None:
    time = np.arange(0.0, 12.0, 0.02)
    log = signal(Pack(), np.where((time > 4) & (time < 8), 30.0, 0.5), time).log()
    log, rows = with_event(log, moved(9.0, 2, -8.0))
    found = residual(log)
    assert (found.score[rows] < -4.0).all()
    assert np.abs(found.score[~rows]).max() < 4.0


def test_missing_rows_are_missing_in_the_residual_and_nowhere_else() -> None:
    log = ride_signal(seed=9, minutes=4).log()
    volts, amps = log.values("pack_voltage").copy(), log.values("battery_current").copy()
    volts[100:110] = np.nan
    amps[500:505] = np.nan
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", volts)
    builder.add("battery_current", amps)
    found = residual(builder.build(Role.CONTROLLER, "made up"))
    assert np.isnan(found.volts[100:110]).all()
    assert np.isnan(found.volts[500:505]).all()
    assert np.isfinite(np.delete(found.volts, [*range(100, 110), *range(500, 505)])).all()
    assert np.isfinite(found.open_circuit).all()


def test_a_wheel_that_reports_a_tenth_of_its_braking_current() -> None:
    source = ride_signal(seed=10, minutes=15, peak=30.0)
    log = source.log(0.2, role=Role.WHEEL)
    amps = log.values("battery_current").copy()
    amps[amps < 0] *= 0.1
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("battery_current", amps)
    assert np.abs(residual(builder.build(Role.WHEEL, "made up")).score).max() < 6.0


def test_a_computed_current_that_lost_its_sign() -> None:
    source = ride_signal(seed=11, minutes=15)
    log = source.log(0.2, role=Role.WHEEL)
    builder = LogBuilder(log.time, log.source_rows)
    builder.add("pack_voltage", log.values("pack_voltage"))
    builder.add("battery_current", np.abs(log.values("battery_current")), derived="phase current and PWM")
    pack = estimate_pack(ride_of(builder.build(Role.WHEEL, "made up")))
    assert np.abs(pack.residual[0].score).max() < 6.0
    assert "sign" in pack.resistance[0].reason


@pytest.mark.parametrize("rows", [0, 1, 4])
def test_logs_too_short_are_noted(rows: int) -> None:
    builder = LogBuilder(np.arange(rows) * 0.1, np.arange(rows))
    builder.add("pack_voltage", np.full(rows, 75.0))
    builder.add("battery_current", np.full(rows, 1.0))
    pack = estimate_pack(ride_of(builder.build(Role.CONTROLLER, "made up")))
    assert 0 not in pack.residual
    assert pack.notes[0]


def test_a_log_without_a_current_is_noted() -> None:
    builder = LogBuilder(np.arange(50) * 0.1, np.arange(50))
    builder.add("pack_voltage", np.full(50, 75.0))
    pack = estimate_pack(ride_of(builder.build(Role.CONTROLLER, "made up")))
    assert pack.notes[0] == "No battery current in this log."


def test_hostile_numbers_raise_nothing() -> None:
    rng = np.random.default_rng(5)
    for case in range(30):
        rows = int(rng.integers(5, 400))
        builder = LogBuilder(np.cumsum(rng.choice([0.0, 0.01, 0.1, 5.0, 1e5], rows)), np.arange(rows))
        volts = rng.choice([0.0, 75.0, 1e-3, 500.0, np.nan, 80.0], rows)
        amps = rng.choice([0.0, 60.0, -20.0, 1400.0, np.nan], rows)
        builder.add("pack_voltage", volts)
        builder.add("battery_current", amps)
        builder.add("cell_voltages", rng.choice([0.0, 3.7, 4.2, np.nan, 4.9], (rows, int(rng.integers(1, 6)))))
        builder.add("fault_code", rng.choice([0.0, 2.0], rows))
        estimate_pack(ride_of(builder.build(Role.BMS if case % 2 else Role.CONTROLLER, "made up")))


def test_a_wheel_that_mostly_brakes_and_writes_no_sign_has_no_resistance_below_zero():
    time = np.arange(0.0, 420.0, 0.2)
    starts, brakes = (time > 5) & (time < 9), (time > 20) & (time < 380)
    amps = np.select([starts, brakes], [np.minimum(15 * (time - 5), 34.0), 8 + np.sin(time / 3)], 0.0)
    volts = 100.0 - 0.16 * np.where(brakes, -amps, amps) + 1.5 * np.clip(time / 400, 0, 1)
    builder = LogBuilder(time, np.arange(len(time), dtype=np.int64) + 2)
    builder.add("pack_voltage", np.round(volts, 2))
    builder.add("battery_current", np.round(amps, 2))
    builder.add("speed", np.where((time > 5) & (time < 385), 7.0, 0.0))
    found = residual(builder.build(Role.WHEEL, "made up"))
    assert found.ohm > 0
    assert np.max(np.abs(found.volts[starts])) < 2.0
    assert np.max(np.abs(found.volts[brakes])) < 2.0
