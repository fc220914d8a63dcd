"""What only two logs on one clock can tell: a path that opened outside the BMS, and sensors that differ."""

import numpy as np
import pytest

from ridelog.clock import Clock, ClockBasis
from ridelog.finding import Seen, Severity, Status
from ridelog.log import LogBuilder, Role
from ridelog.pipeline import investigate
from tests import rides

LATE_S = 7.0


def _check(incident, code):
    return next(check for check in incident.checks if check.code == code)


def _board(columns, opened=None, shut_at=None, gain=1.0):
    """The BMS log of a ride, one row a second, on a clock that starts `LATE_S` later; cells stay connected."""
    time = columns["time"]
    rows = np.arange(LATE_S, time[-1], 1.0)
    place = np.searchsorted(time, rows)
    rng = np.random.default_rng(5)
    healthy = rides.controller(float(len(time)) / 10)
    current = columns["battery_current"][place] * gain
    volts = (
        healthy["pack_voltage"][place]
        if opened is None
        else np.where(rows > time[opened], 78.0 + rng.normal(0, 0.01, len(rows)), healthy["pack_voltage"][place])
    )
    builder = LogBuilder(rows, np.arange(len(rows)) + 2)
    builder.add("battery_current", np.round(current + rng.normal(0, 0.05, len(rows)), 2))
    builder.add("pack_voltage", np.round(volts, 2))
    flag = np.ones(len(rows), dtype=bool) if shut_at is None else rows < time[shut_at]
    builder.add("discharge_fet", flag.tolist())
    builder.add("charge_fet", [True] * len(rows))
    return builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE), settings={"series_cells": 20.0})


def test_a_bms_that_stays_on_puts_the_opening_outside_it():
    columns, first = rides.cut_under_load()
    incident = investigate([rides.log(columns), _board(columns, first)])
    assert incident.ride.tracks[1].clock.aligned
    check = _check(incident, "TW01")
    assert check.status is Status.FOUND
    assert check.evidence["bms.on-while-collapsed"].seen is Seen.OBSERVED
    assert check.findings[0].severity is Severity.CRITICAL
    assert incident.verdict.cause == "power-path-open"
    assert incident.verdict.probability > 0.85


def test_a_bms_that_opened_is_not_said_to_have_stayed_on():
    columns, first = rides.cut_under_load()
    incident = investigate([rides.log(columns), _board(columns, first, shut_at=first)])
    check = _check(incident, "TW01")
    assert check.status is Status.CLEAR
    assert check.evidence["bms.on-while-collapsed"].seen is Seen.ABSENT
    assert incident.verdict.cause != "power-path-open"


def test_an_opening_between_two_polls_is_not_observable():
    columns, _ = rides.cut_under_load(lasts=0.4)
    incident = investigate([rides.log(columns), _board(columns)])
    check = _check(incident, "TW01")
    assert check.status is Status.UNABLE
    assert check.evidence["bms.on-while-collapsed"].seen is Seen.NOT_OBSERVABLE


def test_without_fet_states_or_a_second_log_it_cannot_look():
    columns, _ = rides.cut_under_load()
    assert _check(investigate([rides.log(columns)]), "TW01").status is Status.UNABLE
    assert _check(investigate([rides.log(columns)]), "TW02").status is Status.UNABLE


def test_a_healthy_pair_is_healthy():
    columns = rides.controller()
    incident = investigate([rides.log(columns), _board(columns)])
    assert incident.verdict.cause == "none"
    assert _check(incident, "TW01").status is Status.CLEAR
    assert _check(incident, "TW02").status is Status.CLEAR


@pytest.mark.parametrize(("gain", "words"), [(2.0, "more than one controller"), (0.5, "another pack shares")])
def test_sensors_that_differ_are_told(gain, words):
    columns = rides.controller()
    check = _check(investigate([rides.log(columns), _board(columns, gain=gain)]), "TW02")
    assert check.status is Status.FOUND
    assert words in check.findings[0].message
    assert check.findings[0].measurements[0].value == pytest.approx(gain, rel=0.05)
    assert check.findings[0].severity is Severity.INFO


def test_packs_in_parallel_are_shown_with_their_share():
    columns = rides.controller()
    check = _check(investigate([rides.log(columns), _board(columns, gain=0.7), _board(columns, gain=0.3)]), "TW02")
    shared = check.findings[-1]
    assert shared.measurements[0].value == pytest.approx(0.7, abs=0.03)
    assert shared.measurements[1].value == pytest.approx(0.3, abs=0.03)


@pytest.mark.parametrize(("gains", "found"), [((0.9, 0.1), Severity.WARNING), ((0.65, 0.35), Severity.INFO)])
def test_an_added_pack_that_leaves_the_load_to_the_other_is_named(gains, found):
    columns = rides.controller()
    incident = investigate([rides.log(columns), *(_board(columns, gain=gain) for gain in gains)])
    finding = next(item for item in _check(incident, "TW02").findings if "share" in item.message)
    assert finding.severity is found
    assert ("log 3 gives in" in finding.message) is (found is Severity.WARNING)


def _ended_under_load(load_goes):
    """A controller log that ends under load while a board without FET states goes on."""
    columns = rides.controller()
    current = columns["battery_current"]
    high = (current > 0.75 * np.percentile(current, 99)) & (columns["speed"] > 2) & (columns["time"] > 300)
    row = int(np.flatnonzero(high)[5])
    board = rides.board()
    gone = board["time"] > columns["time"][row]
    if load_goes:
        board["battery_current"][gone] = 0.02
        board["pack_voltage"][gone] = rides.OPEN_V - 0.5 + np.round(np.linspace(0, 0.3, int(gone.sum())), 2)
    else:
        board["battery_current"][gone] = np.maximum(board["battery_current"][gone], 4.0)
    for name in ("discharge_fet", "charge_fet", "protections"):
        del board[name]
    columns = {name: values[: row + 1] for name, values in columns.items()}
    return investigate([rides.log(columns), rides.log(board, Role.BMS)])


def test_a_controller_log_that_ends_as_the_load_goes_is_no_sound_ride():
    incident = _ended_under_load(load_goes=True)
    check = next(check for check in incident.checks if check.name == "bms-stayed-on")
    assert check.evidence["bms.load-gone-with-log"].seen is Seen.OBSERVED
    assert incident.verdict.cause != "none"


def test_a_controller_log_that_is_stopped_while_the_load_goes_on_says_nothing():
    incident = _ended_under_load(load_goes=False)
    check = next(check for check in incident.checks if check.name == "bms-stayed-on")
    assert check.evidence["bms.load-gone-with-log"].seen is not Seen.OBSERVED


def _board_without_flags(lowest_v):
    board = rides.board()
    current = board["battery_current"]
    high = np.flatnonzero((current > 0.7 * np.percentile(current, 99)) & (board["time"] > 400))
    row = int(high[2])
    board["battery_current"][row:] = 0.03
    board["cell_voltages"][row - 3 : row, 6] = lowest_v
    for name in ("discharge_fet", "charge_fet", "protections", "cell_voltage_max", "cell_voltage_min"):
        del board[name]
    return investigate([rides.log(board, Role.BMS)])


def test_a_load_that_ends_for_good_at_an_empty_cell_is_an_undervoltage_trip_without_flags_too():
    incident = _board_without_flags(2.74)
    assert _check(incident, "BT01").status is Status.FOUND
    assert incident.verdict.cause == "bms-undervoltage-trip"


def test_a_load_that_ends_at_ordinary_cells_tells_nothing_without_flags():
    assert _check(_board_without_flags(3.4), "BT01").status is Status.UNABLE


def _light(current):
    """The same ride on a light vehicle: 5 A at the most, 2.4 A along the flat."""
    return np.round(np.clip(current * 0.11, -1.5, 5.0), 2)


def test_a_board_that_opens_on_a_light_vehicle_opened_under_load():
    board = rides.board()
    board["battery_current"] = _light(board["battery_current"])
    row = 700
    board["battery_current"][row - 6 : row] = 2.4
    board["battery_current"][row : row + 12] = 0.0
    board["discharge_fet"][row : row + 12] = False
    incident = investigate([rides.log(board, Role.BMS)])
    assert incident.severity is Severity.CRITICAL
    assert incident.verdict.cause == "discharge-fet-commanded-off"


def test_a_charge_path_that_is_off_all_along_is_never_clear():
    board = rides.board()
    board["battery_current"] = np.clip(_light(board["battery_current"]), -0.4, 0.9)
    board["charge_fet"][:] = False
    alone = _check(investigate([rides.log(board, Role.BMS)]), "BC01")
    assert alone.status is Status.FOUND
    assert alone.findings[0].severity is Severity.INFO
    ridden = _check(investigate([rides.log(rides.controller()), rides.log(board, Role.BMS)]), "BC01")
    assert ridden.findings[0].severity is Severity.CRITICAL


def test_a_light_vehicle_whose_board_opens_in_braking():
    board = rides.board()
    board["battery_current"] = _light(board["battery_current"])
    row = 700
    board["battery_current"][row - 20 : row - 4] = 3.5
    board["battery_current"][row - 4 : row] = -3.0
    board["charge_fet"][row : row + 30] = False
    assert _check(investigate([rides.log(board, Role.BMS)]), "BC01").status is Status.FOUND


def test_a_record_of_switching_off_at_a_current_was_written_under_load():
    # Records are hours apart; the one of the switching itself holds the current of that moment.
    time = np.arange(0.0, 20 * 3600.0, 3600.0)
    current = np.where(np.arange(len(time)) == len(time) - 1, 9.5, 0.0)
    builder = LogBuilder(time, np.arange(len(time)) + 2)
    builder.add("battery_current", current)
    builder.add("pack_voltage", np.full(len(time), 74.9))
    builder.add("discharge_fet", [True] * (len(time) - 1) + [False])
    builder.add("event", [None] * (len(time) - 1) + ["discharge-switched"])
    incident = investigate([builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE))])
    assert _check(incident, "BT01").findings[0].severity is Severity.CRITICAL
    assert incident.verdict.cause == "discharge-fet-commanded-off"


def test_a_board_that_was_locked_by_software_was_switched_off_by_a_command():
    time = np.arange(0.0, 300.0, 1.0)
    ridden = (time > 20) & (time < 200)
    builder = LogBuilder(time, np.arange(len(time)) + 2)
    builder.add("battery_current", np.where(ridden, 16.0 + 3 * np.sin(time), 0.0))
    builder.add("pack_voltage", np.full(len(time), 74.9))
    builder.add("discharge_fet", [bool(moment < 200) for moment in time])
    builder.add("protections", [() if moment < 200 else ("software-lock",) for moment in time])
    incident = investigate([builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE))])
    assert _check(incident, "BT01").evidence["bms.flag-command"].seen is Seen.OBSERVED
    assert incident.verdict.cause == "discharge-fet-commanded-off"


def test_a_bms_log_that_ends_before_the_cut_did_not_see_its_fets_stay_on():
    columns, first = rides.cut_under_load()
    whole = _board(columns, first)
    until = int(np.searchsorted(whole.values("time"), columns["time"][first] - LATE_S - 2.0))
    builder = LogBuilder(np.arange(LATE_S, LATE_S + until), np.arange(until) + 2)
    for name in ("battery_current", "pack_voltage"):
        builder.add(name, whole.values(name)[:until])
    builder.add("discharge_fet", [True] * until)
    board = builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE), settings={"series_cells": 20.0})
    incident = investigate([rides.log(columns), board])
    assert incident.ride.tracks[1].clock.aligned
    assert _check(incident, "BT01").evidence["bms.discharge-fet-opened"].seen is Seen.NOT_OBSERVABLE
    assert incident.verdict.probability < 0.85


def test_a_controller_that_starved_has_no_rows_of_a_lost_battery():
    columns = rides.controller()
    row = int(np.flatnonzero((columns["battery_current"] > 10) & (columns["speed"] > 3) & (columns["time"] > 300))[0])
    columns = {name: np.concatenate((values[:row], values[row + 15 :])) for name, values in columns.items()}
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute"):
        columns[name][row:] -= columns[name][row]
    check = _check(investigate([rides.log(columns)]), "PP01")
    assert check.evidence["path.collapse"].seen is Seen.NOT_OBSERVABLE


@pytest.mark.parametrize(("times", "severity"), [(1.0, Severity.WARNING), (2.5, Severity.CRITICAL)])
def test_a_hot_connection_between_pack_and_controller_is_a_danger(times, severity):
    columns = rides.controller()
    columns["battery_current"] = np.round(columns["battery_current"] * times, 2)
    columns["pack_voltage"] = np.round(columns["pack_voltage"] - 0.15 * columns["battery_current"], 1)
    check = _check(investigate([rides.log(columns), _board(columns)]), "PR02")
    (finding,) = check.findings
    assert finding.severity is severity
    heat = next(item.value for item in finding.measurements if item.unit == "W")
    # One poll a second sees less of the cells' own resistance than ten rows a second: that part counts as between.
    assert heat == pytest.approx(0.15 * np.percentile(np.abs(columns["battery_current"]), 98) ** 2, rel=0.5)
    assert "burn" in finding.danger


@pytest.mark.parametrize("summed", [True, False])
def test_one_of_two_controllers_that_are_not_linked_makes_no_hot_connection(summed):
    """Its log sums up the controllers it knows, which is itself, and the pack sags from the current of both."""
    columns = rides.controller()
    both = columns["battery_current"]
    columns["battery_current"] = np.round(both / 2, 2)
    if summed:
        columns["total_battery_current"] = columns["battery_current"].copy()
        columns["controller_count"] = np.ones(len(both))
    columns["pack_voltage"] = np.round(columns["pack_voltage"] - 0.04 * both, 1)
    board = rides.board()
    board["pack_voltage"] = board["pack_voltage"] - 0.04 * board["battery_current"]
    board["cell_voltages"] = board["cell_voltages"] - 0.04 / rides.SERIES * board["battery_current"][:, None]
    incident = investigate([rides.log(columns), rides.log(board, Role.BMS)])
    assert _check(incident, "PR02").status is not Status.FOUND
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize("drained", [True, False])
def test_cells_that_are_as_low_as_the_controller_sees_are_no_open_path(drained):
    columns, first = rides.cut_under_load()
    low = slice(first, len(columns["time"]))
    columns["pack_voltage"][low] = 46.0
    board = rides.board(600.0)
    after = board["time"] > columns["time"][first]
    if drained:
        board["cell_voltages"] = board["cell_voltages"].copy()
        board["cell_voltages"][after] = 46.0 / rides.SERIES
        board["pack_voltage"] = board["cell_voltages"].sum(axis=1)
    board["battery_current"] = np.where(after, 0.0, board["battery_current"])
    incident = investigate([rides.log(columns), rides.log(board, Role.BMS)])
    assert incident.ride.tracks[1].clock.aligned
    opened = _check(incident, "PP01").status is Status.FOUND
    assert opened is not drained


def test_a_vehicle_that_is_switched_off_and_on_at_standstill_lost_nothing():
    """The board goes on with its FETs on and no current, as it does beside any vehicle that is off."""
    columns = rides.controller()
    off = slice(3000, 3300)
    for name in ("speed", "erpm", "battery_current", "motor_current", "duty"):
        columns[name][2900:3400] = 0.0
    columns["pack_voltage"] = np.round(rides.voltage(columns["time"], columns["battery_current"]), 1)
    board = _board(columns)
    for name in ("amp_hours_used", "watt_hours_used", "tachometer_absolute"):
        columns[name][3300:] -= columns[name][3300]
    kept = {name: np.delete(values, np.arange(len(values))[off]) for name, values in columns.items()}
    incident = investigate([rides.log(kept), board])
    assert _check(incident, "TW01").status is Status.CLEAR
    assert incident.verdict.cause == "none"


def test_a_plug_that_comes_and_goes_within_a_second_is_not_taken_for_low_cells():
    """The cells of the polls in between add up to the bus that is back, not to the bus that was gone."""
    columns, first = rides.cut_under_load(lasts=0.3)
    for name in ("pack_voltage", "battery_current", "motor_current"):
        gone = columns[name][first : first + 3].copy()
        columns[name][first + 3 : first + 33] = columns[name][first - 1]
        for late in (11, 22, 33):
            columns[name][first + late : first + late + 3] = gone
    incident = investigate([rides.log(columns), rides.log(rides.board(), Role.BMS)])
    assert incident.ride.tracks[1].clock.aligned
    check = _check(incident, "PP01")
    assert check.status is Status.FOUND
    assert check.findings[0].severity is Severity.CRITICAL
    assert check.evidence["path.back-at-once"].seen is Seen.OBSERVED
