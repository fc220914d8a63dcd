"""The power path: what opens it, what only looks like it, and what a log that ends there can tell."""

from dataclasses import replace

import numpy as np
import pytest

from ridelog.alignment import AlignmentOptions, join
from ridelog.battery.estimate import estimate_pack
from ridelog.battery.pack import PackOptions
from ridelog.detection import Case
from ridelog.detectors.excursions import excursions
from ridelog.finding import Seen, Severity, Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _check(incident, name):
    return next(check for check in incident.checks if check.name == name)


def _cut_to(columns, rows):
    return {name: values[:rows] for name, values in columns.items()}


def _loaded_row(columns, share=0.95):
    current = columns["battery_current"]
    high = np.flatnonzero((current >= share * np.percentile(current, 99.5)) & (columns["speed"] > 2))
    return int(high[(columns["time"][high] > 300)][0])


def test_a_log_that_ends_in_the_first_moment_of_a_cut_shows_it():
    columns, first = rides.cut_under_load()
    columns = _cut_to(columns, first + 1)
    # The motor holds the bus up at first: lower than under load, though the load is gone.
    columns["pack_voltage"][-1] = columns["pack_voltage"][:first].min() - 1.5
    incident = investigate([rides.log(columns)])
    assert _check(incident, "power-path-open").status is Status.FOUND
    assert incident.severity is Severity.CRITICAL


def test_a_log_that_ends_as_the_throttle_is_released_shows_no_cut():
    columns, first = rides.cut_under_load()
    columns = _cut_to(columns, first + 1)
    columns["pack_voltage"][-1] = columns["pack_voltage"][first - 1] + 1.5
    assert _check(investigate([rides.log(columns)]), "power-path-open").status is Status.CLEAR


def test_a_log_that_ends_at_the_highest_load_is_not_called_sound():
    columns = rides.controller()
    row = _loaded_row(columns)
    columns = _cut_to(columns, row + 3)
    columns["battery_current"][row : row + 3] = columns["battery_current"][row]
    incident = investigate([rides.log(columns)])
    assert incident.verdict.cause == "undetermined"
    assert _check(incident, "power-path-open").evidence["path.log-ends-under-load"].seen is Seen.OBSERVED


def test_a_log_that_is_stopped_while_riding_along_is_sound():
    columns = rides.controller()
    current = columns["battery_current"]
    easy = (current > 4) & (current < 0.5 * np.percentile(current, 99.5)) & (columns["speed"] > 2)
    columns = _cut_to(columns, int(np.flatnonzero(easy & (columns["time"] > 300))[0]) + 1)
    assert investigate([rides.log(columns)]).verdict.cause == "none"


def _iron_phosphate(columns):
    """The same ride on a 24S pack of iron phosphate at mid charge, 3.28 V a cell."""
    columns = {name: np.array(values) for name, values in columns.items()}
    whole = columns["pack_voltage"] > 60
    columns["pack_voltage"][whole] = columns["pack_voltage"][whole] - rides.OPEN_V + 24 * 3.28
    return columns


@pytest.mark.parametrize("with_board", [False, True])
def test_iron_phosphate_at_mid_charge_is_not_nearly_empty(with_board):
    columns, first = rides.cut_under_load()
    columns = _iron_phosphate(columns)
    logs = [rides.log(columns, settings={"series_cells": 24.0, "chemistry": "lfp"})]
    if with_board:
        board = rides.board()
        open_row = int(np.searchsorted(board["time"], columns["time"][first]))
        board["cell_voltages"] = np.full((len(board["time"]), 24), 3.28)
        board["cell_voltages"] -= board["battery_current"][:, None] * rides.OHM / 24
        board["cell_voltages"][open_row:] = 3.28
        board["pack_voltage"] = board["cell_voltages"].sum(axis=1)
        board["battery_current"][open_row:] = 0.0
        board["discharge_fet"][open_row:] = False
        for name in ("cell_voltage_max", "cell_voltage_min", "cell_max_index", "cell_min_index"):
            del board[name]
        logs.append(rides.log(board, Role.BMS))
    incident = investigate(logs)
    low = _check(incident, "power-path-open").evidence["path.cells-low-before"]
    assert low.seen is not Seen.OBSERVED
    assert incident.verdict.cause != "bms-undervoltage-trip"
    if with_board:
        assert low.seen is Seen.NOT_OBSERVABLE


def test_an_over_current_that_reads_the_same_while_the_motor_is_held_off_is_its_measurement():
    columns = rides.controller()
    rows = slice(3000, 3600)
    columns["fault_code"][rows], columns["motor_current"][rows], columns["battery_current"][rows] = 4.0, 151.0, 0.0
    incident = investigate([rides.log(columns)])
    assert _check(incident, "controller-faults").evidence["fault.current-stuck"].seen is Seen.OBSERVED
    assert incident.verdict.cause == "controller-sensing-fault"
    columns["motor_current"][3002:3600] = 0.0
    check = _check(investigate([rides.log(columns)]), "controller-faults")
    assert check.evidence["fault.current-stuck"].seen is not Seen.OBSERVED


def test_one_odd_voltage_while_rolling_without_load_is_no_lost_battery():
    columns = rides.controller()
    rolling = (np.abs(columns["battery_current"]) < 2) & (columns["speed"] > 1)
    row = int(np.flatnonzero(rolling & (columns["time"] > 200))[0])
    columns["battery_current"][row - 40 : row + 2] = 0.5
    columns["pack_voltage"][row] = 6.2
    assert not _check(investigate([rides.log(columns)]), "power-path-open").findings


def test_a_pack_that_is_lower_than_thought_while_its_current_flows_on_is_not_gone():
    columns, first = rides.cut_under_load(lasts=60.0)
    last = first + 600
    # As low as after an opening, but the load goes on: what gives current is there.
    columns["pack_voltage"][first:last] = 66.0
    columns["battery_current"][first:last] = np.linspace(18.0, 9.0, last - first)
    assert _check(investigate([rides.log(columns)]), "power-path-open").status is not Status.FOUND


def test_an_opening_after_a_deeper_sag_than_thought_begins_where_the_current_stops():
    columns, first = rides.cut_under_load()
    begin = first - 40
    columns["battery_current"][begin:first] = 45.0
    columns["motor_current"][begin:first] = 60.0
    columns["speed"][begin:first] = columns["speed"][first]
    columns["pack_voltage"][begin:first] = 64.0
    columns["pack_voltage"][first:] = np.minimum(columns["pack_voltage"][first:], 40.0)
    check = _check(investigate([rides.log(columns)]), "power-path-open")
    onset = check.findings[0].onset
    assert onset.earliest_s <= columns["time"][first] <= onset.latest_s + 0.11
    assert check.evidence["path.high-current-before"].seen is Seen.OBSERVED


def test_an_opening_at_a_small_load_that_is_back_at_once_is_no_trip_of_a_board():
    columns = rides.controller()
    current, time = columns["battery_current"], columns["time"]
    small = np.flatnonzero(
        (current > 5) & (current < 0.3 * np.percentile(current, 99.5)) & (columns["speed"] > 2) & (time > 300)
    )
    for row in (int(small[0]), int(small[np.searchsorted(time[small], time[small[0]] + 60)])):
        columns["pack_voltage"][row : row + 15] = 18.0
        current[row : row + 15] = 0.0
    incident = investigate([rides.log(columns)])
    assert _check(incident, "power-path-open").evidence["path.back-at-once"].seen is Seen.OBSERVED
    assert incident.verdict.cause == "power-path-open"


def test_an_over_voltage_fault_while_nothing_is_braked_met_no_open_charge_path():
    columns = rides.controller()
    driving = np.convolve(columns["battery_current"] > 2, np.ones(30), "valid") == 30
    row = int(np.flatnonzero(driving)[0]) + 15
    columns["fault_code"][row : row + 5] = 1
    columns["motor_current"][row - 3 : row + 1] = 20.0
    columns["battery_current"][row + 1 : row + 5] = 0.0
    columns["motor_current"][row + 1 : row + 5] = 0.0
    columns["pack_voltage"][row] += 3.0
    check = _check(investigate([rides.log(columns)]), "regen-overvoltage")
    assert check.status is Status.CLEAR
    assert check.evidence["regen.not-braking"].seen is Seen.OBSERVED
    # Far above the pack the mean current of that poll does not tell that nothing was braked in it.
    columns["pack_voltage"][row] += 10.0
    check = _check(investigate([rides.log(columns)]), "regen-overvoltage")
    assert check.evidence["regen.open-pack"].seen is Seen.NOT_OBSERVABLE
    assert "regen.not-braking" not in check.evidence or check.evidence["regen.not-braking"].seen is not Seen.OBSERVED
    # A current that fell to a fifth within that poll does: driving had ended in it.
    columns["motor_current"][row] = 4.0
    check = _check(investigate([rides.log(columns)]), "regen-overvoltage")
    assert check.evidence["regen.open-pack"].seen is Seen.OBSERVED


def _braking_between(taken):
    """The pack goes under load; the rider brakes twice before standing, into the pack or into nothing."""
    columns, first = rides.cut_under_load()
    for start in (first + 25, first + 60):
        rows = slice(start, start + 20)
        columns["battery_current"][rows] = -6.0 if taken else 0.0
        columns["motor_current"][rows] = -20.0
        columns["pack_voltage"][rows] = rides.OPEN_V + 0.5 + 0.7 + rides.OHM * 6 - 1.5 if taken else 20.0
        columns["pack_voltage"][rows.stop : rows.stop + 5] = np.linspace(65, 40, 5)
    return investigate([rides.log(columns)])


def test_braking_into_a_pack_that_gives_nothing_is_a_board_and_no_contact():
    incident = _braking_between(taken=True)
    evidence = _check(incident, "power-path-open").evidence
    assert evidence["path.braking-only"].seen is Seen.OBSERVED
    # One loss all along: nothing was given in between.
    assert evidence["path.flicker"].seen is not Seen.OBSERVED
    assert incident.causes[0].cause.startswith(("bms-", "discharge-fet"))
    assert incident.verdict.cause != "power-path-open"
    other = _check(_braking_between(taken=False), "power-path-open").evidence
    assert other["path.braking-only"].seen is not Seen.OBSERVED


def _flicker(on_bumps):
    """Five openings of 0.3 s under load; the road is rough now and then."""
    columns = rides.controller()
    rng = np.random.default_rng(6)
    shake = rng.normal(0, 0.02, len(columns["time"]))
    pull = slice(3000, 3150)
    columns["battery_current"][pull], columns["motor_current"][pull], columns["speed"][pull] = 20.0, 38.0, 6.0
    columns["pack_voltage"][pull] = np.round(rides.OPEN_V - 1.0 - rides.OHM * 20.0, 1)
    rows = list(range(3020, 3130, 22))
    rough = rows if on_bumps else rng.integers(100, 2500, 25).tolist()
    for row in (*rough, *rng.integers(100, 2500, 20).tolist()):
        shake[row - 2 : row + 1] += rng.normal(0, 1.5, 3)
    columns["acceleration_z"] = 1.0 + shake
    for row in rows:
        columns["pack_voltage"][row : row + 3] = 30.0
        columns["battery_current"][row : row + 3] = 0.0
        columns["motor_current"][row : row + 3] = 0.0
    return _check(investigate([rides.log(columns)]), "power-path-open").evidence["path.flicker"]


def test_a_contact_that_comes_and_goes_with_bumps_is_said_to():
    assert "with bumps" in _flicker(on_bumps=True).note
    other = _flicker(on_bumps=False)
    assert other.seen is Seen.OBSERVED
    assert "with bumps" not in other.note


def test_a_cut_in_a_long_steady_cruise_is_not_put_down_to_its_current():
    columns, first = rides.cut_under_load(when=450.0)
    cruise = slice(first - 900, first)
    columns["battery_current"][cruise] = 10.0
    columns["motor_current"][cruise] = 15.0
    columns["speed"][cruise] = columns["speed"][first]
    columns["pack_voltage"][cruise] = np.round(rides.OPEN_V - rides.OHM * 10.0, 1)
    incident = investigate([rides.log(columns)])
    assert _check(incident, "power-path-open").evidence["path.high-current-before"].seen is not Seen.OBSERVED
    assert not (incident.verdict.cause == "bms-overcurrent-trip" and incident.verdict.probability > 0.6)


def test_a_battery_that_is_gone_for_much_of_a_short_log_is_no_noise_of_it():
    columns, first = rides.cut_under_load()
    ride = join([rides.log(columns)], AlignmentOptions())
    pack = estimate_pack(ride, PackOptions())
    # A fit of few rows, many of them without the pack, takes their size for the noise of this log.
    pack.residual[0] = replace(pack.residual[0], noise=5.0)
    outside = excursions(Case(ride, pack, {}, ""), ride.tracks[0])
    assert outside.below[first + 3] > outside.low_margin[first + 3]


@pytest.mark.parametrize(("code", "low_rows", "opened"), [(4.0, 1, False), (4.0, 6, True), (2.0, 1, True)])
def test_rows_whose_current_a_fault_of_the_motor_has_ended_are_no_opening(code, low_rows, opened):
    """Single rows of the stop still have the voltage of the load, and none goes below it."""
    columns = rides.controller(ohm=0.35)
    row = _loaded_row(columns)
    lowest = float(np.quantile(columns["pack_voltage"][columns["battery_current"] > 5], 0.02))
    before, stop = slice(row - 40, row), slice(row, row + 12)
    columns["battery_current"][before], columns["motor_current"][before] = 8.0, 15.0
    columns["pack_voltage"][before] = rides.OPEN_V - 0.35 * 8.0 - 1.0
    for name in ("battery_current", "motor_current", "duty"):
        columns[name][stop] = 0.0
    columns["fault_code"][stop] = code
    columns["pack_voltage"][stop] = rides.OPEN_V - 1.0
    columns["pack_voltage"][row + 1 : row + 1 + low_rows] = np.round(lowest, 1)
    assert bool(_check(investigate([rides.log(columns)]), "power-path-open").findings) is opened


def test_a_load_that_flows_through_every_row_of_a_short_dip_was_never_lost():
    columns = {name: values[::3].copy() for name, values in rides.controller().items()}
    row = _loaded_row(columns)
    columns["battery_current"][row - 3 : row + 5] = columns["battery_current"][row] + np.array([0, 1] * 4)
    columns["speed"][row - 3 : row + 5] = columns["speed"][row]
    columns["pack_voltage"][row : row + 3] -= 12.0
    incident = investigate([rides.log(columns)])
    assert _check(incident, "power-path-open").status is Status.CLEAR
    columns["battery_current"][row : row + 3] = 0.0
    assert _check(investigate([rides.log(columns)]), "power-path-open").status is Status.FOUND
