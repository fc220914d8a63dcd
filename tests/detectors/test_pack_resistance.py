"""Resistance of the pack: what a ride without a known capacity tells of worn cells, and what it leaves open."""

import re

import numpy as np
import pytest

from ridelog.battery.ocv import open_circuit_table
from ridelog.finding import Seen, Severity
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

SERIES, CAPACITY_AH = 20, 20.0


def _check(ohm_ah, seconds, amps=1.0, seed=2, garbled=(), every=5, capacity_ah=None):
    """A ride of a pack whose groups have this resistance times capacity, at 25 degC, its capacity only in the log if given."""
    time, _, current = rides.shape(seconds, 10.0, seed, high_a=40.0)
    time, current = time[::every], current[::every] * amps
    taken = np.cumsum(current * np.diff(time, prepend=time[0])) / 3600
    cell = open_circuit_table("proxy-power-nmc").voltage(0.9 - taken / CAPACITY_AH)
    noise = np.random.default_rng(seed).normal(0, 0.002, (len(time), SERIES))
    cells = np.round(cell[:, None] - ohm_ah / CAPACITY_AH * current[:, None] + noise, 3)
    columns = {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.round(current, 1),
        "cell_voltages": cells,
        "battery_temperature": np.full(len(time), 25.0),
    }
    if capacity_ah is not None:
        columns["full_charge_capacity"] = np.full(len(time), capacity_ah)
    for row, (volts, current_a) in garbled:
        columns["pack_voltage"][row], columns["battery_current"][row] = volts, current_a
    incident = investigate([rides.log(columns, Role.BMS, settings={"series_cells": float(SERIES)})])
    return next(check for check in incident.checks if check.name == "pack-resistance")


def test_over_a_long_ride_the_fall_of_the_voltage_tells_the_capacity_and_so_worn_cells():
    check = _check(0.36, 7200.0, amps=1.5)
    assert [finding.severity for finding in check.findings] == [Severity.WARNING]
    assert check.evidence["pack.high-resistance"].seen is Seen.OBSERVED
    product = next(item for item in check.findings[0].measurements if "capacity" in item.name)
    assert 0.21 <= product.value <= 0.36


@pytest.mark.parametrize("seconds", [400.0, 7200.0])
def test_healthy_cells_are_never_worn(seconds):
    check = _check(0.10, seconds)
    assert [finding.severity for finding in check.findings] == [Severity.INFO]


@pytest.mark.parametrize(("ohm_ah", "severity"), [(0.10, Severity.INFO), (0.18, Severity.WARNING)])
def test_a_small_pack_that_is_pulled_hard_is_not_worn(ohm_ah, severity):
    """160 A of 20 Ah: sound cells sag by a fifth; with more resistance than sound cells have, that is too much."""
    check = _check(ohm_ah, 600.0, amps=4.0, capacity_ah=CAPACITY_AH)
    assert [finding.severity for finding in check.findings] == [severity]


def test_a_short_ride_leaves_worn_cells_open_and_says_from_which_capacity_on_it_is_too_much():
    check = _check(0.24, 300.0)
    assert [finding.severity for finding in check.findings] == [Severity.INFO]
    assert check.evidence["pack.high-resistance"].seen is Seen.NOT_OBSERVABLE
    from_ah = float(re.search(r"from (\d+) Ah on it is too much", check.findings[0].message).group(1))
    assert 15 <= from_ah <= CAPACITY_AH


@pytest.mark.parametrize(
    ("ohm_ah", "seen"), [(0.10, Seen.ABSENT), (0.19, Seen.NOT_OBSERVABLE), (0.30, Seen.NOT_OBSERVABLE)]
)
def test_between_sound_and_worn_cells_a_gentle_ride_leaves_it_open(ohm_ah, seen):
    # At 0.30 ohm Ah it would be too much, if so small a load told the resistance better.
    check = _check(ohm_ah, 1200.0, amps=0.25, capacity_ah=CAPACITY_AH)
    assert check.evidence["pack.high-resistance"].seen is seen


@pytest.mark.parametrize("values", [(0.0, 2990.0), (327.67, 1400.0), (9.1, 1400.0)])
def test_a_current_from_a_garbled_row_is_no_load_of_this_pack(values):
    check = _check(0.10, 900.0, garbled=[(60, values), (140, values), (220, values)], every=30)
    assert [finding.severity for finding in check.findings] == [Severity.INFO]
    high = next(item for item in check.findings[0].measurements if item.name == "high current")
    assert high.value < 60.0


def test_the_sag_is_that_of_all_controllers_together():
    columns = rides.controller()
    alone = _high(investigate([rides.log(dict(columns))]))
    columns["controller_count"] = np.full(len(columns["time"]), 2.0)
    columns["total_battery_current"] = 2 * columns["battery_current"]
    assert _high(investigate([rides.log(columns)])) == pytest.approx(2 * alone, rel=0.02)


def _high(incident):
    (finding,) = next(check for check in incident.checks if check.name == "pack-resistance").findings
    return next(item.value for item in finding.measurements if item.name == "high current")


@pytest.mark.parametrize(("charge", "severity"), [(0.08, Severity.INFO), (0.8, Severity.WARNING)])
def test_a_nearly_empty_pack_sags_more_without_being_worn(charge, severity):
    """The same sag: too much with the pack nearly full, ordinary with what is left in its last tenth."""
    time, _, current = rides.shape(300.0, 10.0, 2, high_a=40.0)
    taken = np.cumsum(current * np.diff(time, prepend=time[0])) / 3600
    cell = open_circuit_table("proxy-power-nmc").voltage(charge - taken / 40.0)
    cells = np.round(np.repeat(cell[:, None] - 0.025 * current[:, None], SERIES, axis=1), 3)
    columns = {
        "time": time,
        "pack_voltage": np.round(cells.sum(axis=1), 2),
        "battery_current": np.round(current, 1),
        "cell_voltages": cells,
    }
    settings = {"series_cells": float(SERIES), "chemistry": "nmc"}
    incident = investigate([rides.log(columns, Role.BMS, settings=settings)])
    check = next(check for check in incident.checks if check.name == "pack-resistance")
    assert [finding.severity for finding in check.findings] == [severity]
    assert ("nearly empty" in check.findings[0].message) is (severity is Severity.INFO)
