"""A BMS whose values stand still, but for the noise of its meter, while the vehicle moves."""

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.pipeline import analyze, investigate
from ridelog.simulate.catalogue import simulate
from tests import rides


def _pair(first, last, noise=0.1):
    """A controller and a BMS of one ride; from `first` to `last` s the BMS shows its last values and noise."""
    board = rides.board()
    rows = np.flatnonzero((board["time"] > first) & (board["time"] < last))
    rng = np.random.default_rng(4)
    for name in ("battery_current", "pack_voltage"):
        board[name][rows] = board[name][rows[0]] + rng.normal(0, noise / 2, len(rows))
    board["cell_voltages"][rows] = board["cell_voltages"][rows[0]] + rng.normal(0, 0.001, (len(rows), 20))
    return investigate([rides.log(rides.controller()), rides.log(board, Role.BMS)])


def _loud(incident):
    return {check.name for check in incident.checks for item in check.findings if str(item.severity) != "info"}


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.2])
def test_a_board_that_repeats_an_old_value_with_noise_is_frozen(noise):
    incident = _pair(300.0, 380.0, noise)
    assert incident.verdict.cause == "telemetry-fault"
    assert _loud(incident) == {"frozen-telemetry"}


def test_a_board_that_goes_on_is_not():
    incident = investigate([rides.log(rides.controller()), rides.log(rides.board(), Role.BMS)])
    assert incident.verdict.cause == "none"


def test_a_board_that_does_not_measure_braking_is_not_frozen():
    controller, board = rides.controller(), rides.board()
    for columns in (controller, board):
        rows = (columns["time"] > 300.0) & (columns["time"] < 340.0)
        braking = -6.0 - 4.0 * np.sin(columns["time"][rows])
        change = columns["battery_current"][rows] - braking
        columns["battery_current"][rows] = braking
        if "cell_voltages" in columns:
            columns["cell_voltages"][rows] += (0.06 / 20 * change)[:, None]
        columns["pack_voltage"][rows] += 0.08 * change
    board["battery_current"] = np.maximum(board["battery_current"], 0.0)
    incident = investigate([rides.log(controller), rides.log(board, Role.BMS)])
    assert "frozen-telemetry" not in _loud(incident)


def test_what_moves_at_the_very_end_of_a_rest_may_have_moved_after_it():
    controller, board = rides.controller(), rides.board(rate=1.0)
    for columns in (controller, board):
        early = columns["time"] < 20.0
        for name in ("battery_current", "speed", "motor_current", "erpm", "duty"):
            if name in columns:
                columns[name][early] = 0.0
    early = board["time"] < 20.0
    for name in ("pack_voltage", "cell_voltages", "cell_voltage_max", "cell_voltage_min"):
        board[name][early] = board[name][np.flatnonzero(early)[-1]]
    controller["battery_current"][(controller["time"] > 19.2) & (controller["time"] < 20.0)] = 12.0
    incident = investigate([rides.log(controller), rides.log(board, Role.BMS)])
    assert "frozen-telemetry" not in _loud(incident)


@pytest.mark.parametrize("level", [1.4, 27.0])
def test_a_frozen_board_shows_at_a_small_change_of_load_too(level):
    controller, board = rides.controller(), rides.board()
    rng = np.random.default_rng(6)
    for columns in (controller, board):
        rows = (columns["time"] > 300.0) & (columns["time"] < 380.0)
        columns["battery_current"][rows] = 1.6 + 1.2 * np.sin(columns["time"][rows])
    rows = (board["time"] > 300.0) & (board["time"] < 380.0)
    board["battery_current"][rows] = level + rng.normal(0, 0.08, np.count_nonzero(rows))
    incident = investigate([rides.log(controller), rides.log(board, Role.BMS)])
    assert "frozen-telemetry" in _loud(incident)


def test_a_board_that_averages_a_load_that_swings_from_second_to_second_is_not_frozen():
    controller, board = rides.controller(), rides.board(rate=1.0)
    time = controller["time"]
    load = np.repeat(np.random.default_rng(8).uniform(5.0, 35.0, 100), 60)
    rows = (time > 300.0) & (time < 330.0)
    load[rows] = 18.0 + 9.0 * np.sin(2 * np.pi * 2.1 * time[rows])
    controller["battery_current"] = np.round(load, 2)
    controller["pack_voltage"] = rides.voltage(time, load)
    polls = np.searchsorted(time, board["time"], side="right")
    sums = np.concatenate(([0.0], np.cumsum(load)))[polls]
    board["battery_current"] = np.diff(sums, prepend=0.0) / np.maximum(np.diff(polls, prepend=0), 1)
    incident = investigate([rides.log(controller), rides.log(board, Role.BMS)])
    assert "frozen-telemetry" not in _loud(incident)


def test_a_meter_with_a_dead_band_is_not_frozen():
    controller, board = rides.controller(), rides.board()
    for columns in (controller, board):
        rows = (columns["time"] > 300.0) & (columns["time"] < 380.0)
        columns["battery_current"][rows] = 0.9 + 0.8 * np.sin(columns["time"][rows])
    board["battery_current"][np.abs(board["battery_current"]) < 2.0] = 0.0
    incident = investigate([rides.log(controller), rides.log(board, Role.BMS)])
    assert "frozen-telemetry" not in _loud(incident)


def test_a_pull_that_ends_a_stop_is_no_movement_before_it_on_a_clock_that_is_a_second_off(tmp_path):
    case = simulate("healthy-kill-switch", 50100, None, 2)
    for name, data in case.files.items():
        (tmp_path / name).write_bytes(data)
    incident = analyze([str(path) for path in sorted(tmp_path.iterdir())])
    assert incident.verdict.cause == "none"


def test_what_the_controller_drew_before_a_gap_in_its_log_says_nothing_of_the_gap(tmp_path):
    case = simulate("healthy-radio-gaps", 54000, None, 2)
    for name, data in case.files.items():
        (tmp_path / name).write_bytes(data)
    incident = analyze([str(path) for path in sorted(tmp_path.iterdir())])
    assert incident.verdict.cause == "none"


def test_what_a_gap_of_the_log_hides_did_not_stand_still():
    controller, board = rides.controller(), rides.board()
    for columns in (controller, board):
        rows = (columns["time"] > 300.0) & (columns["time"] < 480.0)
        columns["battery_current"][rows] = 21.0 + 0.03 * np.sin(columns["time"][rows])
        rows = (columns["time"] > 302.0) & (columns["time"] < 310.0)
        columns["battery_current"][rows] += 0.1 * np.sin(columns["time"][rows])
    moved = (controller["time"] > 304.0) & (controller["time"] < 470.0)
    controller["battery_current"][moved] += 1.5 * np.sin(4.0 * controller["time"][moved])
    logs = []
    for columns, role in ((controller, Role.CONTROLLER), (board, Role.BMS)):
        keep = (columns["time"] < 312.0) | (columns["time"] > 470.0)
        logs.append(rides.log({name: np.asarray(values)[keep] for name, values in columns.items()}, role))
    for finding in (item for check in investigate(logs).checks for item in check.findings):
        assert finding.name != "frozen-telemetry"


def test_ripple_at_the_current_limit_that_a_late_board_shows_a_second_later_is_no_freeze():
    controller, board = rides.controller(), rides.board(rate=10.0)
    rng = np.random.default_rng(8)
    for columns in (controller, board):
        columns["battery_current"] = columns["battery_current"] * 2.0
    rows = np.flatnonzero((controller["time"] > 300.0) & (controller["time"] < 330.0))
    controller["battery_current"][rows] = 95.0 + rng.normal(0, 0.8, len(rows))
    board["battery_current"][rows] = np.roll(controller["battery_current"][rows], 10)
    incident = investigate([rides.log(controller), rides.log(board, Role.BMS)])
    assert "frozen-telemetry" not in _loud(incident)


def _held(controller, frozen=None):
    """A board asked once a second whose answers a faster logger repeats row by row until the next one."""
    board = rides.board(rate=10.0)
    time = board["time"]
    board["battery_current"] = np.interp(time, controller["time"], controller["battery_current"])
    asked = np.searchsorted(time, np.floor(time + 0.5) - 0.5 + 1e-9).clip(0, len(time) - 1)
    if frozen is not None:
        old = (time > frozen[0]) & (time < frozen[1])
        asked[old] = asked[np.flatnonzero(old)[0]]
    return {name: values if name == "time" else np.asarray(values)[asked] for name, values in board.items()}


def test_an_answer_that_a_faster_log_repeats_until_the_next_is_no_frozen_board():
    controller = rides.controller()
    time = controller["time"]
    steady, then = (time > 300.0) & (time < 313.6), (time >= 313.6) & (time < 320.0)
    controller["battery_current"][steady] = 9.0 + 0.1 * np.sin(time[steady])
    controller["battery_current"][then] = -12.0
    incident = investigate([rides.log(controller), rides.log(_held(controller), Role.BMS)])
    assert "frozen-telemetry" not in _loud(incident)


def test_a_board_that_froze_is_found_where_a_faster_log_repeats_its_answers():
    controller = rides.controller()
    incident = investigate([rides.log(controller), rides.log(_held(controller, frozen=(300.0, 380.0)), Role.BMS)])
    assert "frozen-telemetry" in _loud(incident)


@pytest.mark.filterwarnings("error")
def test_stamps_of_whole_seconds_with_several_rows_each_are_looked_at_without_a_warning():
    board = rides.board(rate=5.0)
    board["time"] = np.floor(board["time"])
    incident = investigate([rides.log(board, Role.BMS)])
    assert incident.verdict.cause == "none"
