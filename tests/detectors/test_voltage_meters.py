"""The voltage of the controller against that of the battery board."""

import numpy as np
import pytest

from ridelog.clock import Clock, ClockBasis
from ridelog.finding import Seen, Status
from ridelog.log import LogBuilder, Role
from ridelog.pipeline import investigate
from tests import rides

CODE = "TW04"


def _check(incident):
    return next(check for check in incident.checks if check.code == CODE)


def _board(seconds=600.0, cells=20, volts_gain=1.0, cell_gain=1.0):
    """A board's log of the same ride, one row a second; the cells add up to the pack unless a gain is given."""
    healthy = rides.controller(seconds)
    rows = slice(None, None, 10)
    volts = healthy["pack_voltage"][rows]
    builder = LogBuilder(healthy["time"][rows], np.arange(len(volts)) + 2)
    builder.add("battery_current", healthy["battery_current"][rows])
    builder.add("pack_voltage", np.round(volts * volts_gain, 2))
    builder.add("cell_voltages", np.round(np.repeat(volts[:, None] * cell_gain / cells, cells, axis=1), 3))
    return builder.build(Role.BMS, "test", clock=Clock(ClockBasis.NONE), settings={"series_cells": float(cells)})


@pytest.mark.parametrize("gain", [0.88, 1.12])
def test_a_meter_that_is_off_all_ride_long_is_found(gain):
    columns = rides.controller()
    columns["pack_voltage"] = np.round(columns["pack_voltage"] * gain, 1)
    incident = investigate([rides.log(columns), _board()])
    check = _check(incident)
    assert check.status is Status.FOUND
    assert check.findings[0].measurements[0].value == pytest.approx(gain, abs=0.005)
    assert "its voltage meter is wrong" in check.findings[0].message
    assert incident.verdict.cause == "controller-sensing-fault"


def test_a_board_whose_cells_do_not_add_up_leaves_it_open_which_meter_is_wrong():
    incident = investigate([rides.log(rides.controller()), _board(volts_gain=1.12)])
    check = _check(incident)
    assert check.status is Status.FOUND
    assert "one of the two meters" in check.findings[0].message
    assert incident.verdict.probability < 0.85


def test_meters_that_agree_are_clear():
    check = _check(investigate([rides.log(rides.controller()), _board()]))
    assert check.status is Status.CLEAR
    assert check.evidence["sensor.voltage-differs"].seen is Seen.ABSENT


def test_packs_in_series_are_no_wrong_meter():
    columns = rides.controller()
    columns["pack_voltage"] = columns["pack_voltage"] * 2
    assert _check(investigate([rides.log(columns), _board()])).status is Status.CLEAR


@pytest.mark.parametrize("when", [60.0, 300.0, 500.0])
def test_a_pack_that_was_cut_off_is_no_wrong_meter(when):
    columns, first = rides.cut_under_load(when=when)
    columns["pack_voltage"][first + 20 :] = 42.0
    assert _check(investigate([rides.log(columns), _board()])).status is not Status.FOUND


@pytest.mark.parametrize("channel", ["pack_voltage"])
def test_without_a_voltage_it_cannot_look(channel):
    keep = set(rides.controller()) - {"time", channel}
    assert _check(investigate([rides.log(rides.controller(), keep=keep), _board()])).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 30])
def test_a_truncated_log_says_nothing(rows):
    columns = {name: values[:rows] for name, values in rides.controller().items()}
    columns["pack_voltage"] = columns["pack_voltage"] * 1.12
    assert _check(investigate([rides.log(columns), _board()])).status is Status.UNABLE


def test_one_log_alone_cannot_be_compared():
    assert _check(investigate([rides.log(rides.controller())])).status is Status.UNABLE


def _restless(gain=1.0, lead_ohm=0.0):
    """A ride whose vehicle never rests; the leads to the controller take their share of the voltage."""
    columns = rides.controller()
    board = rides.board(rate=1.0)
    rng = np.random.default_rng(12)
    more = 3.0 + 26.0 * np.repeat(rng.random(60), 100)
    columns["battery_current"] = np.abs(columns["battery_current"]) + more
    columns["pack_voltage"] = columns["pack_voltage"] - rides.OHM * more
    board["battery_current"] = np.round(columns["battery_current"][::10], 2)
    board["pack_voltage"] = np.round(columns["pack_voltage"][::10], 2)
    board["cell_voltages"] = np.repeat(board["pack_voltage"][:, None] / 20, 20, axis=1)
    columns["pack_voltage"] = np.round(gain * (columns["pack_voltage"] - lead_ohm * columns["battery_current"]), 1)
    return investigate([rides.log(columns), rides.log(board, Role.BMS)])


@pytest.mark.parametrize("gain", [0.925, 1.08])
def test_a_wrong_meter_shows_where_the_vehicle_never_rests(gain):
    check = _check(_restless(gain))
    assert check.status is Status.FOUND
    assert check.findings[0].measurements[0].value == pytest.approx(gain, abs=0.006)


def test_leads_that_take_voltage_under_load_are_no_wrong_meter():
    assert _check(_restless(lead_ohm=0.2)).status is not Status.FOUND
