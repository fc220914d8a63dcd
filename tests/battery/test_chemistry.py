"""Chemistry by the voltage of cells: what only a charger did to them is no proof."""

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _charge(top_v, current_a, settings=None, begin_v=3.46):
    time = np.arange(0.0, 3600.0, 10.0)
    cell = begin_v + (top_v - begin_v) * np.clip((time - 3000) / 600, 0, 1)
    columns = {
        "time": time,
        "battery_current": np.full(len(time), current_a),
        "pack_voltage": 12 * cell,
        "cell_voltages": np.tile(cell[:, None], (1, 12)),
        "discharge_fet": np.ones(len(time), bool),
    }
    return investigate([rides.log(columns, Role.BMS, settings=settings)]).pack.chemistry


@pytest.mark.parametrize(("top_v", "current_a", "name"), [(3.80, -2.0, ""), (4.10, -2.0, "nmc"), (3.80, 2.0, "nmc")])
def test_a_cell_that_only_a_charger_drove_up_may_be_lfp(top_v, current_a, name):
    assert _charge(top_v, current_a).name == name


def test_a_charge_that_stands_below_three_and_a_half_volt_and_then_jumps_is_of_lfp():
    """NMC takes a third of its capacity from 3.45 to 3.68 V; here a twentieth of this charge lies there."""
    assert _charge(3.80, -2.0, begin_v=3.35).name == "lfp"


def test_a_board_set_to_lfp_is_believed_where_only_a_charger_drove_a_cell_up():
    assert _charge(3.80, -2.0, {"chemistry": "lfp"}).name == "lfp"
    assert _charge(4.10, -2.0, {"chemistry": "lfp"}).name == "nmc"


@pytest.mark.parametrize(("shown", "named"), [(0.98, False), (0.15, True)])
def test_a_board_that_shows_full_at_the_top_of_lfp_leaves_the_chemistry_open(shown, named):
    """3.45 V is NMC nearly empty or LFP full; a meter that is 80 points wrong is the rarer of the two."""
    columns = rides.board(seconds=120.0, open_v=20 * 3.47)
    columns["soc"] = np.full(len(columns["time"]), shown)
    incident = investigate([rides.log(columns, Role.BMS)])
    assert (incident.pack.chemistry.name == "nmc") is named
    meter = next(check for check in incident.checks if check.name == "soc-meter")
    assert named or not meter.findings


@pytest.mark.parametrize(("counted", "named"), [(0.02, False), (0.09, True), (0.0, True)])
def test_cells_that_fall_faster_than_the_board_counts_are_not_called_nmc(counted, named):
    """3.57 to 3.49 V is 7 points of NMC: a meter that moved by 2 is on another curve, one that stands still is broken."""
    time = np.arange(0.0, 600.0, 1.0)
    pulled = np.where(time % 30 < 12, 15.0, 0.0)
    taken = np.cumsum(pulled) / np.sum(pulled)
    cell = 3.57 - 0.08 * taken - 0.0008 * pulled
    columns = {
        "time": time,
        "battery_current": pulled,
        "pack_voltage": 16 * cell,
        "cell_voltages": np.tile(cell[:, None], (1, 16)),
        "soc": np.round(0.99 - counted * taken, 2),
    }
    assert (investigate([rides.log(columns, Role.BMS)]).pack.chemistry.name == "nmc") is named


@pytest.mark.parametrize(("shown", "named"), [((0.42, 1.0), False), ((0.42, 0.60), True)])
def test_a_charge_that_the_meter_counts_three_times_is_not_called_nmc(shown, named):
    """14 cells from 3.31 to 3.55 V take 18 points of NMC; a meter that counts 58 has counted the plateau of LFP."""
    time = np.arange(0.0, 10_300.0, 10.0)
    share = time / time[-1]
    cell = 3.31 + 0.06 * share + 0.18 * np.clip((share - 0.92) / 0.08, 0, 1)
    columns = {
        "time": time,
        "battery_current": np.full(len(time), -2.1),
        "pack_voltage": 14 * cell,
        "cell_voltages": np.tile(cell[:, None], (1, 14)),
        "soc": np.round(shown[0] + (shown[1] - shown[0]) * share, 2),
    }
    incident = investigate([rides.log(columns, Role.BMS, settings={"series_cells": 14.0})])
    assert (incident.pack.chemistry.name == "nmc") is named
    meter = next(check for check in incident.checks if check.name == "soc-meter")
    assert named or not meter.findings


def test_a_plateau_that_has_not_settled_is_not_the_fall_of_nmc():
    """13 cells of LFP at 69 %: 0.7 Ah of 12 Ah, and 20 mV of what has not settled after the load."""
    time = np.arange(0.0, 600.0, 1.0)
    pulled = np.where((time > 30) & (time < 450) & (time % 40 < 24), 10.0, 0.0)
    taken = np.cumsum(pulled) / 3600
    cell = 3.325 - 0.012 * taken / taken[-1] - 0.015 * np.clip((time - 30) / 200, 0, 1) - 0.0035 * pulled
    columns = {
        "time": time,
        "battery_current": pulled,
        "pack_voltage": np.round(13 * cell, 2),
        "cell_voltages": np.round(np.tile(cell[:, None], (1, 13)), 3),
        "soc": np.round(0.69 - taken / 12.0, 2),
    }
    incident = investigate([rides.log(columns, Role.BMS, settings={"series_cells": 13.0})])
    assert incident.pack.chemistry.name != "nmc"
    assert incident.verdict.cause == "none"


def _between_the_curves(shown, full_ah, fall_v, beside):
    """16 cells at 3.27 V, where NMC is nearly empty and LFP a third full; 0.4 Ah is taken over ten minutes."""
    time = np.arange(0.0, 600.0, 1.0)
    pulled = np.where((time > 30) & (time % 40 < 24), 4.0, 0.0)
    taken = np.cumsum(pulled) / 3600
    cell = 3.27 - fall_v * taken / taken[-1] - 0.0025 * pulled
    columns = {"time": time, "battery_current": pulled, "pack_voltage": np.round(16 * cell, 2)}
    board = columns | {
        "cell_voltages": np.round(np.tile(cell[:, None], (1, 16)), 3),
        "soc": np.round(shown - taken / full_ah, 2),
        "full_charge_capacity": np.full(len(time), full_ah),
    }
    logs = [rides.log(board, Role.BMS)]
    if beside:
        fast = np.arange(0.0, 600.0, 0.1)
        logs.append(
            rides.log({name: np.interp(fast, time, values) for name, values in columns.items()} | {"time": fast})
        )
    return investigate(logs).pack.chemistry.name


@pytest.mark.parametrize("beside", [False, True], ids=["board", "board-and-controller"])
def test_a_boards_meter_and_capacity_tell_the_chemistry_with_a_controller_beside_it_too(beside):
    """4 % of 10 Ah take 0.12 to 0.18 V from NMC there (measured curves), and 15 mV from LFP at 28 %."""
    assert _between_the_curves(0.08, 10.0, 0.14, beside) == "nmc"
    assert _between_the_curves(0.28, 10.0, 0.015, beside) == "lfp"


@pytest.mark.parametrize(("full_ah", "name"), [(10.0, "nmc"), (2.6, "lfp")])
def test_a_capacity_that_a_board_states_weighs_on_the_fall_of_the_voltage(full_ah, name):
    """0.4 Ah are 4 % of one pack and 15 % of the other, which take as much from NMC and from LFP; the meter is lost."""
    assert _between_the_curves(0.70, full_ah, 0.14 if name == "nmc" else 0.09, True) == name
