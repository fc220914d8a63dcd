from __future__ import annotations

import numpy as np
import pytest

from ridelog.battery.estimate import estimate_pack
from ridelog.battery.ocv import open_circuit_table
from ridelog.battery.pack import PackOptions
from ridelog.log import LogBuilder, Role

from .signals import Pack, demand, ride_of, signal

OPTIONS = PackOptions(series=20, chemistry="nmc")


def resting(minutes: float, slow: tuple[tuple[float, float], ...] = ((0.03, 25.0), (0.03, 400.0))):
    """Riding, then a rest of so many minutes."""
    time = np.arange(0.0, 300 + 60 * minutes, 0.1)
    amps = np.where(time < 300, demand(time, 3, peak=50.0, regen=10.0), 0.0)
    return signal(Pack(slow=slow), amps, time)


@pytest.mark.parametrize(
    ("minutes", "most_v"), [(0.6, 20 * 0.030), (2, 20 * 0.020), (10, 20 * 0.012), (60, 20 * 0.006)]
)
def test_a_rest_runs_towards_the_open_circuit_voltage(minutes: float, most_v: float) -> None:
    source = resting(minutes)
    found = estimate_pack(ride_of(source.log(0.5, volt_step=0.01, noise_v=0.005, noise_a=0.05)), OPTIONS)
    last = found.rests[-1]
    truth = float(source.open_circuit[-1])
    assert last.uncertainty_v <= most_v
    assert abs(last.open_circuit_v - truth) < 2.5 * last.uncertainty_v


def test_a_longer_rest_is_surer() -> None:
    errors = []
    for minutes in (0.6, 3, 12, 70):
        found = estimate_pack(ride_of(resting(minutes).log(0.5, noise_v=0.01)), OPTIONS)
        errors.append(found.rests[-1].uncertainty_v)
    assert errors == sorted(errors, reverse=True)


def test_riding_has_no_rests_and_a_stop_has_its_rows() -> None:
    source = resting(2)
    log = source.log(0.5)
    rests = estimate_pack(ride_of(log), OPTIONS).rests
    last = rests[-1]
    assert log.time[last.first] == pytest.approx(299, abs=3)
    assert last.last == log.rows - 1
    assert last.track == 0
    assert all(rest.first <= rest.last for rest in rests)


def test_rests_are_in_the_order_of_time() -> None:
    rests = estimate_pack(ride_of(resting(3).log(0.5), resting(3).log(1.0, role=Role.BMS, seed=4)), OPTIONS).rests
    starts = [rest.first * (0.5 if rest.track == 0 else 1.0) for rest in rests]
    assert starts == sorted(starts)


def discharge(amp_hours: float, start: float, end: float, table: str = "proxy-nmc"):
    """Rest, a constant discharge, rest; by a measured table."""
    hours = (start - end) * amp_hours / 10.0
    time = np.arange(0.0, 900 + 3600 * hours + 1800, 2.0)
    amps = np.where((time > 900) & (time < 900 + 3600 * hours), 10.0, 0.0)
    soc = start - np.cumsum(amps) * 2.0 / 3600 / amp_hours
    volts = 20 * open_circuit_table(table).voltage(soc) - 0.06 * amps
    builder = LogBuilder(time, np.arange(len(time)))
    builder.add("pack_voltage", np.round(volts, 2))
    builder.add("battery_current", amps)
    return builder.build(Role.BMS, "made up")


@pytest.mark.parametrize("amp_hours", [8.0, 20.0, 45.0])
def test_capacity_between_two_rests(amp_hours: float) -> None:
    found = estimate_pack(ride_of(discharge(amp_hours, 0.78, 0.25)), OPTIONS).capacity
    assert found is not None
    assert found.amp_hours == pytest.approx(amp_hours, rel=0.05)
    assert abs(found.amp_hours - amp_hours) < 2 * found.error
    assert 0.02 < found.error / found.amp_hours < 0.2


def test_no_capacity_from_a_small_change_or_from_the_plateau() -> None:
    assert estimate_pack(ride_of(discharge(20.0, 0.70, 0.50)), OPTIONS).capacity is None
    assert estimate_pack(ride_of(discharge(20.0, 0.90, 0.88)), OPTIONS).capacity is None


def test_no_capacity_without_a_sure_series_count() -> None:
    log = discharge(20.0, 0.78, 0.25)
    pack = estimate_pack(ride_of(log))
    assert not pack.series.certain
    assert pack.capacity is None


def test_no_capacity_in_the_flat_middle_of_lfp() -> None:
    log = discharge(20.0, 0.85, 0.40, "LithiumWerks-APR18650M1B")
    assert estimate_pack(ride_of(log), PackOptions(series=20, chemistry="lfp")).capacity is None


def test_charge_that_was_not_logged_gives_no_capacity() -> None:
    log = discharge(20.0, 0.78, 0.25)
    keep = (log.time < 1500) | (log.time > 3200)
    builder = LogBuilder(log.time[keep], log.source_rows[keep])
    builder.add("pack_voltage", log.values("pack_voltage")[keep])
    builder.add("battery_current", log.values("battery_current")[keep])
    assert estimate_pack(ride_of(builder.build(Role.BMS, "made up")), OPTIONS).capacity is None


def test_the_counter_of_the_device_fills_the_gap() -> None:
    log = discharge(20.0, 0.78, 0.25)
    keep = (log.time < 1500) | (log.time > 3200)
    counter = np.cumsum(log.values("battery_current")) * 2.0 / 3600
    builder = LogBuilder(log.time[keep], log.source_rows[keep])
    builder.add("pack_voltage", log.values("pack_voltage")[keep])
    builder.add("battery_current", log.values("battery_current")[keep])
    builder.add("amp_hours_used", counter[keep])
    found = estimate_pack(ride_of(builder.build(Role.BMS, "made up")), OPTIONS).capacity
    assert found is not None
    assert found.amp_hours == pytest.approx(20.0, rel=0.06)
