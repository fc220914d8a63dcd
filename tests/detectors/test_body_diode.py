"""Driving through the body diodes of charge FETs: a voltage that comes at a moment and does not ask for the current."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

WHEN = 300.0


def _pair(drop, *, flags=None, seconds=600.0, forget=()):
    """A controller's log whose voltage is less by `drop(current)` from `WHEN` on while it draws, and the BMS's."""
    columns, board = rides.controller(seconds), rides.board(seconds)
    late = (columns["time"] >= WHEN) & (columns["battery_current"] > 0)
    less = np.where(late, drop(columns["battery_current"]), 0.0)
    columns["pack_voltage"] = np.round(columns["pack_voltage"] - less, 1)
    if flags is None:
        del board["charge_fet"]
    else:
        board["charge_fet"] = flags(board["time"])
    for name in forget:
        del board[name]
    return [rides.log(columns), rides.log(board, Role.BMS)]


def _check(incident):
    return next(check for check in incident.checks if check.code == "BD01")


def _diode(current):
    """Forward voltage: 0.6 V at 1 A, 60 mV more for ten times the current."""
    return 0.6 + 0.06 * np.log10(np.maximum(current, 0.05))


def test_a_diode_is_found_at_its_moment_without_any_state_of_the_fets():
    incident = investigate(_pair(_diode))
    check = _check(incident)
    assert check.status is Status.FOUND
    finding = check.findings[0]
    assert finding.severity is Severity.CRITICAL
    assert finding.measurements[0].value == pytest.approx(0.66, abs=0.12)
    assert finding.onset.earliest_s <= WHEN <= finding.onset.latest_s
    assert finding.onset.latest_s - finding.onset.earliest_s < 20
    assert check.evidence["path.body-diode"].seen is Seen.OBSERVED
    assert incident.causes[0].cause == "charge-fet-open-in-regen"


def test_it_is_found_from_the_pack_voltage_of_the_bms_too():
    forget = ("cell_voltages", "cell_voltage_max", "cell_voltage_min", "cell_max_index", "cell_min_index")
    assert _check(investigate(_pair(_diode, forget=forget))).status is Status.FOUND


@pytest.mark.parametrize(
    ("flags", "words", "strength"),
    [
        (lambda time: time < WHEN, "says the same", 1.0),
        (lambda time: np.ones(len(time), bool), "says that its charge FETs are on", 0.6),
    ],
)
def test_the_state_of_the_fets_is_set_beside_it(flags, words, strength):
    check = _check(investigate(_pair(_diode, flags=flags)))
    assert words in check.findings[0].message
    assert check.evidence["path.body-diode"].strength == strength


def test_a_healthy_pair_is_clear():
    check = _check(investigate(_pair(lambda current: 0 * current)))
    assert check.status is Status.CLEAR
    assert check.evidence["path.body-diode"].seen is Seen.ABSENT


def test_a_meter_that_is_off_all_the_time_is_no_diode():
    columns, board = rides.controller(), rides.board()
    columns["pack_voltage"] = np.round(columns["pack_voltage"] * 0.991, 1)
    assert _check(investigate([rides.log(columns), rides.log(board, Role.BMS)])).status is Status.CLEAR


def test_a_connector_that_resists_more_is_no_diode():
    check = _check(investigate(_pair(lambda current: 0.04 * current)))
    assert check.status is not Status.FOUND


def test_cells_of_half_the_pack_cannot_be_compared():
    logs = _pair(_diode)
    board = rides.board()
    board["cell_voltages"] = board["cell_voltages"][:, :10]
    board["pack_voltage"] = board["cell_voltages"].sum(axis=1)
    check = _check(investigate([logs[0], rides.log(board, Role.BMS)]))
    assert check.status is Status.UNABLE
    assert "not all" in check.reason


def test_a_long_pause_is_not_compared_across():
    logs = _pair(lambda current: 0 * current, seconds=1500.0)
    pause = []
    for log in logs:
        columns = {name: log.values(name) for name in ("pack_voltage", "battery_current")}
        kept = (log.time < 400) | (log.time > 1100)
        pause.append(rides.log({"time": log.time[kept], **{k: v[kept] for k, v in columns.items()}}, log.role))
    assert _check(investigate(pause)).status is not Status.FOUND


def test_one_log_alone_cannot_tell():
    assert _check(investigate(_pair(_diode)[:1])).status is Status.UNABLE


def _after_spikes(floor, back=0.0, rate=20.0):
    """Every braking from 300 s on meets no pack; the bus falls by 25 V/s to `floor` V below the pack, then is back at it."""
    columns = rides.controller(600.0, rate=rate, ohm=0.03)
    step = 1 / rate
    braking = (columns["battery_current"] < -4) & (columns["time"] >= 300)
    row = int(np.flatnonzero(braking & ~np.roll(braking, 1))[0])
    light = (columns["time"] > columns["time"][row] - 3) & (columns["time"] < columns["time"][row])
    pack = float(np.median((columns["pack_voltage"] + 0.03 * columns["battery_current"])[light]))
    columns["battery_current"][light] *= 0.1
    columns["motor_current"][light] *= 0.1
    columns["pack_voltage"][light] = np.round(pack - 0.03 * columns["battery_current"][light], 1)
    rows = np.arange(row, row + int(1.2 / step))
    after = (rows - row) * step
    bus = np.maximum(pack + 12.0 - 25.0 * after, pack - floor)
    columns["pack_voltage"][rows] = np.round(np.where(after > 1.0, pack - back, bus), 1)
    for channel in ("battery_current", "motor_current"):
        columns[channel][rows] = 0.0
    columns["fault_code"][rows] = 1
    return columns


def test_a_bus_that_stays_a_diode_below_the_pack_after_a_spike():
    check = _check(investigate([rides.log(_after_spikes(0.7))]))
    assert check.status is Status.FOUND
    assert check.findings[0].measurements[0].value == pytest.approx(0.7, abs=0.15)
    incident = investigate([rides.log(_after_spikes(0.7))])
    assert incident.verdict.cause == "charge-fet-open-in-regen"
    assert incident.verdict.probability > 0.9


@pytest.mark.parametrize("floor", [0.0, 9.0])
def test_a_lead_that_meets_again_or_falls_on_is_no_diode(floor):
    assert _check(investigate([rides.log(_after_spikes(floor))])).status is not Status.FOUND


def test_rows_too_far_apart_do_not_show_the_way_down():
    columns = {name: values[::6] for name, values in _after_spikes(0.7).items()}
    assert _check(investigate([rides.log(columns)])).status is not Status.FOUND
