"""What was before a lost battery, and how a logger on the vehicle ends."""

from dataclasses import replace

import numpy as np
import pytest

from ridelog.finding import Seen
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _check(incident, name="power-path-open"):
    return next(check for check in incident.checks if check.name == name)


def _aboard(log):
    log.identity = replace(log.identity, software="VESC Express or LogUI")
    return log


def _ends_in_motion(least_a):
    columns = rides.controller()
    current = columns["battery_current"]
    driven = (current > least_a) & (current < 0.5 * np.percentile(current, 99.5)) & (columns["speed"] > 2)
    row = int(np.flatnonzero(driven & (columns["time"] > 300))[0])
    return {name: values[: row + 1] for name, values in columns.items()}


def test_a_logger_on_the_vehicle_that_goes_silent_at_the_highest_load_is_not_sound():
    columns = rides.controller()
    current = columns["battery_current"]
    high = np.flatnonzero((current >= 0.95 * np.percentile(current, 99.5)) & (columns["time"] > 300))
    current[high[0] : high[0] + 3] = current[high[0]]
    columns = {name: values[: int(high[0]) + 3] for name, values in columns.items()}
    incident = investigate([_aboard(rides.log(columns))])
    assert _check(incident).evidence["path.own-logger-ended"].seen is Seen.OBSERVED
    assert incident.verdict.cause != "none"
    assert incident.verdict.cause == "undetermined" or incident.verdict.probability < 0.7


def test_a_log_of_the_vehicle_that_is_stopped_riding_along_is_sound():
    incident = investigate([_aboard(rides.log(_ends_in_motion(6.0)))])
    assert incident.verdict.cause == "none"
    assert "ends" in incident.verdict.summary


def test_a_logger_on_the_vehicle_that_ends_at_rest_is_sound():
    assert investigate([_aboard(rides.log(rides.controller()))]).verdict.cause == "none"


def test_an_app_that_is_closed_in_motion_is_sound():
    incident = investigate([rides.log(_ends_in_motion(6.0))])
    assert incident.verdict.cause == "none"


def _cut_and_board(hot=25.0):
    columns, _ = rides.cut_under_load()
    board = {name: values for name, values in rides.board().items() if name not in ("discharge_fet", "charge_fet")}
    gone = board["time"] >= 300.0
    board["battery_current"] = np.where(gone, 0.0, board["battery_current"])
    board["battery_temperature"] = np.full(len(board["time"]), hot)
    return investigate([rides.log(columns), rides.log(board, role=Role.BMS)])


def test_heat_in_a_log_without_fet_states_speaks_for_a_trip_of_heat():
    hot = _check(_cut_and_board(hot=64.0))
    assert hot.evidence["bms.hot-before"].seen is Seen.OBSERVED
    assert _check(_cut_and_board(hot=25.0)).evidence["bms.hot-before"].seen is Seen.ABSENT


@pytest.mark.parametrize(("own", "least"), [(True, 0.9), (False, 0.0)])
def test_cool_cells_tell_little_of_a_board_that_does_not_log_its_own_temperature(own, least):
    columns, board = rides.cut_under_load()[0], rides.board()
    for name in ("discharge_fet", "charge_fet", "protections", "bms_temperature", "bms_fet_temperature"):
        board.pop(name, None)
    board["battery_temperature"] = np.full(len(board["time"]), 25.0)
    if own:
        board["bms_fet_temperature"] = np.full(len(board["time"]), 28.0)
    told = _check(investigate([rides.log(columns), rides.log(board, Role.BMS)])).evidence["bms.hot-before"]
    assert told.seen is Seen.ABSENT
    assert least <= told.strength
    assert own or told.strength < 0.5


def test_a_small_part_of_the_voltage_at_the_start_is_low_for_any_number_of_cells():
    columns, first = rides.cut_under_load()
    # The pack is emptied from full to a loaded 2.8 V a cell; the setting names a count that does not fit.
    fall = np.interp(columns["time"], [0, columns["time"][first]], [0.0, 0.30])
    columns["pack_voltage"] = np.round(columns["pack_voltage"] * (1 - fall), 1)
    incident = investigate([rides.log(columns, settings={"series_cells": 3.0})])
    evidence = _check(incident).evidence["path.cells-low-before"]
    assert evidence.seen is Seen.OBSERVED


def test_where_a_log_ends_under_load_the_cells_of_a_board_with_fet_states_are_weighed():
    columns = rides.controller(300.0)
    row = int(np.argmax(columns["battery_current"]))
    board = rides.board(300.0)
    polls = rides.at(board, columns["time"][row])
    logs = [
        rides.log({name: values[: row + 1] for name, values in columns.items()}),
        rides.log({name: values[:polls] for name, values in board.items()}, role=Role.BMS),
    ]
    check = _check(investigate(logs))
    assert check.evidence["path.log-ends-under-load"].seen is Seen.OBSERVED
    assert check.evidence["path.cells-low-before"].seen is Seen.ABSENT


def test_a_logger_on_the_vehicle_that_ends_as_the_voltage_falls_with_the_load_lost_its_battery():
    columns = _ends_in_motion(2.0)
    last = len(columns["time"]) - 1
    volts, current = columns["pack_voltage"], columns["battery_current"]
    current[last - 1 :] = [0.7 * current[last - 2], 0.0]
    volts[last - 1 :] = volts[last - 2] - [0.6, 2.4]
    incident = investigate([_aboard(rides.log(columns))])
    assert _check(incident).evidence["path.collapse"].seen is Seen.OBSERVED
    assert incident.verdict.cause != "none"


def _ends_and_board(lasts_s, load_after=None):
    columns = _ends_in_motion(8.0)
    end = columns["time"][-1]
    board = rides.board()
    after = board["time"] > end
    if load_after is not None:
        board["battery_current"][after] = load_after
        board["cell_voltages"][after] = np.median(board["cell_voltages"][~after], axis=0)
        board["pack_voltage"][after] = board["cell_voltages"][after].sum(axis=1)
    keep = board["time"] <= end + lasts_s
    board = {
        name: [v for v, k in zip(values, keep, strict=True) if k] if isinstance(values, list) else values[keep]
        for name, values in board.items()
    }
    return investigate([rides.log(columns), rides.log(board, Role.BMS)])


def test_a_load_that_ends_with_the_log_of_the_controller_is_a_lost_supply():
    incident = _ends_and_board(60.0, load_after=0.0)
    assert _check(incident).evidence["path.load-gone-with-log"].seen is Seen.OBSERVED
    assert incident.verdict.cause == "power-path-open"
    # Its faults and its restart, if any, came after the last row: a controller that died is not excluded.
    assert incident.verdict.probability < 0.9
    assert {"controller-brownout", "controller-power-stage-fault"} <= {item.cause for item in incident.causes}
    for name, evidence in (
        ("controller-faults", "fault.driver-for-good"),
        ("controller-restart", "reboot.with-voltage"),
    ):
        assert _check(incident, name).evidence[evidence].seen is Seen.NOT_OBSERVABLE


def test_a_voltage_that_the_battery_contradicts_does_not_tell_how_low_the_cells_were():
    columns, first = rides.cut_under_load()
    columns["pack_voltage"][:first] = np.round(columns["pack_voltage"][:first] * 0.78, 1)
    board = {name: values for name, values in rides.board().items() if not name.startswith(("cell", "discharge"))}
    alone = investigate([rides.log(columns)])
    assert _check(alone).evidence["path.cells-low-before"].seen is not Seen.NOT_OBSERVABLE
    both = investigate([rides.log(columns), rides.log(board, Role.BMS)])
    assert _check(both, "voltage-meters").findings
    low = _check(both).evidence["path.cells-low-before"]
    assert low.seen is Seen.NOT_OBSERVABLE
    assert "does not agree" in low.note


def test_an_app_that_is_closed_while_the_ride_goes_on_is_sound():
    incident = _ends_and_board(60.0)
    assert _check(incident).evidence["path.load-gone-with-log"].seen is not Seen.OBSERVED
    assert incident.verdict.cause == "none"


def _ends_rolling(speed_m_s):
    """Cut off at a tenth of the ride's high current, with the BMS at none from then on."""
    columns = rides.controller()
    current = columns["battery_current"]
    row = int(np.flatnonzero((columns["speed"] > 3) & (current > 6) & (columns["time"] > 300))[0])
    current[:200] = np.where(current[:200] > 0, 5 * current[:200], current[:200])
    columns = {name: values[: row + 1] for name, values in columns.items()}
    columns["speed"][-3:] = speed_m_s
    columns["battery_current"][-3:] = 5.0
    board = rides.board()
    after = board["time"] > columns["time"][-1]
    board["battery_current"][after] = 0.0
    board["cell_voltages"][after] = np.median(board["cell_voltages"][~after], axis=0)
    board["pack_voltage"][after] = board["cell_voltages"][after].sum(axis=1)
    return investigate([rides.log(columns), rides.log(board, Role.BMS)])


def test_a_small_load_that_ends_with_the_log_of_a_vehicle_that_rolls_is_a_weaker_sign():
    evidence = _check(_ends_rolling(4.0)).evidence["path.load-gone-with-log"]
    assert evidence.seen is Seen.OBSERVED
    assert evidence.strength < 1.0


def test_a_log_that_is_stopped_just_before_the_last_stop_is_none():
    assert _check(_ends_rolling(1.2)).evidence["path.load-gone-with-log"].seen is not Seen.OBSERVED


def test_a_bms_log_that_ends_soon_after_tells_nothing_of_the_load():
    incident = _ends_and_board(8.0, load_after=0.0)
    assert _check(incident).evidence["path.load-gone-with-log"].seen is not Seen.OBSERVED


def test_a_row_in_which_the_loss_flickered_says_nothing_of_the_cells():
    """A single row at three fifths of the pack's voltage, two seconds in front of a cut at a light load."""
    columns, first = rides.cut_under_load()
    before = slice(first - 40, first)
    columns["battery_current"][before], columns["motor_current"][before] = 8.0, 15.0
    columns["pack_voltage"][before] = rides.OPEN_V - 1.0
    columns["pack_voltage"][first - 20] = np.round(0.6 * rides.OPEN_V, 1)
    evidence = _check(investigate([rides.log(columns)])).evidence["path.cells-low-before"]
    assert evidence.seen is not Seen.OBSERVED
