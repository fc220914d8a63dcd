"""What charged, stored and neglected packs of the simulator look like, against what physics and data sheets say."""

import json

import numpy as np
import pytest

from ridelog.log import Log
from ridelog.reading import read
from ridelog.simulate import simulate, write_case


def logged(tmp_path, name: str, seed: int, suite: str) -> tuple[Log, dict]:
    case = simulate(name, seed, suite)
    write_case(case, tmp_path)
    (file,) = [path for path in tmp_path.iterdir() if path.name != "truth.json"]
    return read(str(file))[0], json.loads((tmp_path / "truth.json").read_text())


def test_a_supply_without_a_voltage_phase_is_stopped_by_the_board_alone(tmp_path):
    log, truth = logged(tmp_path, "charger-without-taper", 1, "jk-only")
    amps, charging = -log.values("battery_current"), log.values("charge_fet") > 0.5
    into = amps > 0.5 * truth["facts"]["charger_a"]
    # Never anything between the whole current and none but the reading's own error.
    assert np.ptp(amps[into][2:-2]) < 0.1 * truth["facts"]["charger_a"]
    assert not charging.all()
    highest = np.nanmax(log.matrix("cell_voltages"), axis=1)
    first_off = int(np.argmin(charging))
    assert highest[: first_off + 1].max() >= truth["bms"]["cell_overvoltage_v"] - 0.02
    assert truth["onset_s"] < truth["bms"]["trips"][0][0]


def test_a_charger_set_too_high_tapers_above_the_full_cell(tmp_path):
    log, truth = logged(tmp_path, "charger-set-too-high", 2, "jk-only")
    full = 3.65 if truth["pack"]["chemistry"] == "lfp" else 4.2
    mean = np.nanmean(log.matrix("cell_voltages"), axis=1)
    assert full + 0.05 < mean.max() <= truth["facts"]["charger_v"] / truth["pack"]["series"] + 0.01
    amps = -log.values("battery_current")
    assert amps[mean > full + 0.02].min() < 0.2 * amps.max()
    assert truth["bms"]["trips"] == []


def test_a_good_charger_falls_off_at_the_full_pack(tmp_path):
    log, truth = logged(tmp_path, "healthy-charge-held", 3, "jk-only")
    full = 3.65 if truth["pack"]["chemistry"] == "lfp" else 4.2
    assert np.nanmax(log.matrix("cell_voltages")) < full + 0.03
    amps = -log.values("battery_current")
    between = (amps > 0.2 * amps.max()) & (amps < 0.8 * amps.max())
    assert between.sum() >= 5
    assert abs(amps[-1]) < 0.05 * amps.max() + 0.6


@pytest.mark.parametrize("suite", ["jk-only", "jbd-only", "daly-only"])
def test_what_is_left_on_takes_the_charge_it_says(tmp_path, suite):
    log, truth = logged(tmp_path, "parked-drain", 4, suite)
    middle = np.nanmedian(log.matrix("cell_voltages"), axis=1)
    assert middle[0] - middle[-1] > 0.02
    lost = truth["facts"]["drain_a"] * truth["duration_s"] / 3600 / truth["pack"]["capacity_ah"]
    assert 0.15 < lost < 0.36 or truth["duration_s"] > 30 * 3600


@pytest.mark.parametrize("name", ["deep-discharged-pack", "deep-discharged-groups"])
def test_drained_groups_rest_below_what_a_cell_takes(tmp_path, name):
    log, truth = logged(tmp_path, name, 5, "jk-only")
    limit = 2.0 if truth["pack"]["chemistry"] == "lfp" else 2.5
    below = np.nanmedian(log.matrix("cell_voltages"), axis=0) < limit
    assert below.sum() == truth["facts"]["groups_below"]
    assert np.abs(log.values("battery_current")).max() < 1.0


def test_a_balancer_without_effect_says_it_works_and_moves_nothing(tmp_path):
    log, truth = logged(tmp_path, "balancer-without-effect", 6, "jk-only")
    cells = log.matrix("cell_voltages")
    spread = np.nanmax(cells, axis=1) - np.nanmin(cells, axis=1)
    assert (log.values("balancing") > 0.5).all()
    assert np.median(spread[-20:]) > 0.9 * np.median(spread[:20])
    assert int(np.nanargmax(np.nanmedian(cells, axis=0))) == truth["facts"]["cell"]


def test_a_bleed_that_holds_empties_its_group_and_heats_the_board(tmp_path):
    log, truth = logged(tmp_path, "balancer-burns", 7, "jk-only")
    heat = log.values("bms_fet_temperature")
    assert heat[-1] - heat[0] > 30
    cells = log.matrix("cell_voltages")
    moved = np.nanmedian(cells[-20:], axis=0) - np.nanmedian(cells[:20], axis=0)
    assert int(np.argmin(moved)) == truth["facts"]["cell"]


@pytest.mark.parametrize("name", ["undervoltage-ignored", "overcurrent-ignored"])
def test_a_limit_is_passed_and_the_board_stays_on(tmp_path, name):
    log, truth = logged(tmp_path, name, 8, "jk-only")
    assert (log.values("discharge_fet") > 0.5).all()
    assert truth["bms"]["trips"] == []
    if name == "undervoltage-ignored":
        assert np.nanmin(log.matrix("cell_voltages")) < truth["bms"]["cell_undervoltage_v"] - 0.1
    else:
        assert np.nanmax(log.values("battery_current")) > 1.25 * truth["bms"]["discharge_limit_a"]


def test_a_hot_board_stays_below_its_limit(tmp_path):
    log, truth = logged(tmp_path, "board-too-hot", 9, "jk-only")
    top = np.nanmax(log.values("bms_fet_temperature"))
    assert 85 < truth["facts"]["board_peak_c"] < 100
    assert truth["facts"]["board_peak_c"] - 4 < top <= truth["facts"]["board_peak_c"] + 0.5
