"""The controller's own cutoff, with and without its configuration."""

import numpy as np
import pytest

from ridelog.battery.pack import PackOptions
from ridelog.detectors import low_voltage_cutoff
from ridelog.detectors.allowed_current import AllowedCurrent
from ridelog.detectors.foldback_line import Foldback
from ridelog.finding import Status
from ridelog.pipeline import Options, analyze, investigate
from ridelog.simulate.catalogue import simulate
from tests import rides

_EMPTY_V = 20 * 3.2


def _check(columns, settings=None):
    incident = investigate([rides.log(columns, settings={"chemistry": "nmc", **(settings or {})})])
    return next(check for check in incident.checks if check.name == "low-voltage-cutoff")


def _emptied(left):
    """A pack that is emptied from 3.24 to 3.13 V a cell while its rider can draw less and less, down to a share `left`."""
    columns = rides.controller()
    time = columns["time"]
    current = columns["battery_current"] * np.interp(time, [0, 60, 600], [1.0, 1.0, left])
    fall = np.interp(time, [0, 600], [rides.OPEN_V - 20 * 3.24, rides.OPEN_V - 20 * 3.13])
    columns["battery_current"] = np.round(current, 2)
    columns["pack_voltage"] = np.round(rides.voltage(time, current) - fall, 1)
    return columns


def test_an_empty_pack_that_gives_less_and_less_at_the_same_voltage_is_folded_back():
    assert _check(_emptied(left=0.25)).status is Status.FOUND


def test_an_empty_pack_that_sags_as_deep_as_ever_at_its_ordinary_current_is_not():
    assert _check(_emptied(left=1.0)).status is Status.CLEAR


def test_low_voltage_alone_is_no_fold_back():
    columns = rides.controller(open_v=_EMPTY_V)
    columns["battery_current"] = np.round(np.clip(columns["battery_current"] * 0.1, 0, 4.5), 2)
    columns["pack_voltage"] = np.round(rides.voltage(columns["time"], columns["battery_current"], _EMPTY_V), 1)
    assert _check(columns).status is Status.CLEAR


def _pulls(bound=None, top=40.0, count=8, fall=4.5):
    """Full-throttle pulls while the pack is emptied by `fall` V; `bound` is the current allowed at a voltage."""
    columns = rides.controller()
    time = columns["time"]
    full = np.where((time % 70 > 20) & (time % 70 < 34) & (time < 70 * count), top, 6.0)
    full = np.where(time % 70 < 5, 0.0, full)
    open_v = rides.OPEN_V - 11 - np.interp(time, [0, 600], [0.0, fall])
    current = full
    for _ in range(60 if bound else 0):
        current = 0.5 * current + 0.5 * np.minimum(full, np.clip(bound(open_v - rides.OHM * current), 0, None))
    noise = np.random.default_rng(5).normal(0, 0.04, len(time))
    columns["battery_current"] = np.round(current, 2)
    columns["pack_voltage"] = np.round(open_v - rides.OHM * current + noise, 1)
    return columns


def _line(volts, start=69.0, end=60.0, top=40.0):
    return top * (volts - end) / (start - end)


def test_pulls_that_all_end_on_one_line_of_voltage_and_current_are_folded_back():
    check = _check(_pulls(_line))
    assert check.status is Status.FOUND
    ends = [item.value for item in check.findings[0].measurements if "no current" in item.name]
    assert abs(ends[0] - 60.0) < 2.5


@pytest.mark.parametrize(("end_v", "status"), [(69.9, Status.FOUND), (71.2, Status.CLEAR)])
def test_a_line_too_steep_for_any_setting_is_a_chance_of_the_loads(monkeypatch, end_v, status):
    """25 A at 72 V and nothing at 71.2: 30 mV a cell, where cutoffs take 0.2 to 0.6 V."""
    loads = ((60.0, 65.0), (160.0, 166.0), (260.0, 264.0))
    line = Foldback(loads, highest_a=25.0, lowest_a=16.0, lowest_v=71.6, end_v=end_v)
    monkeypatch.setattr(low_voltage_cutoff, "foldback", lambda *_: line)
    assert _check(rides.controller()).status is status


@pytest.mark.parametrize(("above_v", "status"), [(-3.0, Status.FOUND), (2.6, Status.CLEAR)])
def test_a_current_held_below_the_end_of_its_own_line_is_no_cutoff(monkeypatch, above_v, status):
    """A real ride at 3.74 V a cell: the line of its loads reached no current at 77.5 V, and they had gone down to 74.9 V."""
    columns = _pulls()
    loads = ((60, 65), (160, 166), (260, 264))
    lowest = min(columns["pack_voltage"][first : last + 1].min() for first, last in loads)
    held = AllowedCurrent(loads, 20.0, 25.0, 16.0, lowest + above_v, moves=True, stands=False)
    monkeypatch.setattr(low_voltage_cutoff, "allowed_current", lambda *_: held)
    assert _check(columns).status is status


def test_the_same_pulls_with_a_limit_of_the_current_alone_are_not():
    check = _check(_pulls(lambda volts: np.full(len(volts), 30.0)))
    assert check.status is not Status.FOUND


def test_pulls_at_full_duty_whose_current_goes_with_the_square_of_the_voltage_are_not():
    assert _check(_pulls(lambda volts: 40.0 * (volts / 69.0) ** 2)).status is not Status.FOUND


def test_a_rider_who_asks_for_less_and_less_is_not():
    columns = rides.controller()
    time = columns["time"]
    current = columns["battery_current"] * np.interp(time, [0, 600], [1.0, 0.5])
    fall = np.interp(time, [0, 600], [8.0, 12.0])
    columns["battery_current"] = np.round(current, 2)
    columns["pack_voltage"] = np.round(rides.voltage(time, current) - fall, 1)
    assert _check(columns).status is not Status.FOUND


def test_a_controller_that_gets_hot_takes_the_current_down_for_its_own_reasons():
    columns = _pulls(_line)
    columns["fet_temperature"] = np.linspace(70, 100, len(columns["time"]))
    columns["fet_temperature"][:] = np.maximum(columns["fet_temperature"], 80.0)
    assert _check(columns).status is not Status.FOUND


def test_cells_where_usual_cutoffs_are_at_work_and_no_configuration_is_no_clear():
    columns = rides.controller(open_v=20 * 3.3)
    top = np.clip(columns["battery_current"], None, 20.0)
    columns["battery_current"] = np.round(top, 2)
    columns["pack_voltage"] = np.round(rides.voltage(columns["time"], top, 20 * 3.3), 1)
    check = _check(columns, {"series_cells": 20})
    assert check.status is Status.UNABLE
    assert "configuration" in check.reason
    assert _check(columns, {"battery_cut_start": 52.0, "battery_cut_end": 48.0}).status is Status.CLEAR


def test_cells_driven_below_the_end_of_any_usual_cutoff_were_not_spared_by_one(tmp_path):
    case = simulate("undervoltage-ignored", 35002, None, 2)
    for name, data in case.files.items():
        (tmp_path / name).write_bytes(data)
    incident = analyze([str(tmp_path / name) for name in case.files])
    assert incident.verdict.cause == "bms-protection-ineffective"


def test_a_start_from_rest_and_the_long_cruise_after_it_are_no_line():
    """Two currents always have a line through both: without the start nothing of it is left."""
    time = np.arange(0.0, 580.0, 0.5)
    chance = np.random.default_rng(4).normal(0, 1, len(time))
    held = 8.3 + 0.45 * np.convolve(chance, np.ones(4) / 2, "same")
    current = np.where(time < 6, 0.2, np.where(time < 13, 2.0 + 3.1 * (time - 6), held))
    volts = 77.1 - 0.0673 * current - np.interp(time, [13, 580], [0.0, 1.75])
    columns = {
        "time": time,
        "battery_current": np.round(current, 2),
        "pack_voltage": np.round(volts, 2),
        "speed": np.interp(time, [6, 13], [0.0, 9.8]),
    }
    assert _check(columns).status is not Status.FOUND


def _crawls_out(lowest=True, driven=True, slower=True, cell_v=3.15):
    """Two minutes in which the battery gives hardly anything, at the lowest voltage or above it, to a motor that asks."""
    columns = rides.controller(open_v=20 * (cell_v + 0.12))
    last = columns["time"] > 480.0
    gone = (columns["time"][last] - 480.0) / 120.0
    columns["battery_current"][last] = np.round(0.8 * (1 - gone), 2)
    columns["motor_current"][last] = 6.0 if driven else -0.2
    columns["speed"][last] = np.where(gone < 0.4, 2.0 * (1 - 2.5 * gone), 0.0) if slower else 2.0
    columns["erpm"][last], columns["duty"][last] = 900 * columns["speed"][last], 0.08 * columns["speed"][last]
    columns["pack_voltage"] = np.maximum(columns["pack_voltage"], 20 * cell_v)
    columns["pack_voltage"][last] = np.round(20 * cell_v if lowest else 20 * (cell_v + 0.12) - 0.1 * (1 - gone), 1)
    options = Options(pack=PackOptions(series=20, chemistry="nmc"))
    incident = investigate([rides.log(columns)], options)
    return next(check for check in incident.checks if check.name == "low-voltage-cutoff")


def test_a_motor_that_asks_and_is_given_nothing_at_the_lowest_voltage_met_the_end_of_a_cutoff():
    check = _crawls_out()
    assert check.status is Status.FOUND
    assert len(check.findings) == 1
    assert check.findings[0].start_s > 479.0


@pytest.mark.parametrize(
    "otherwise",
    [{"lowest": False}, {"driven": False}, {"slower": False}, {"cell_v": 3.75}],
    ids=lambda item: next(iter(item)),
)
def test_a_pack_that_recovers_a_vehicle_that_rolls_or_goes_on_and_cells_with_charge_met_none(otherwise):
    assert _crawls_out(**otherwise).status is not Status.FOUND
