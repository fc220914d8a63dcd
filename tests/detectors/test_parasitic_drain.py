"""What empties a pack at rest, and what only looks like it."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import parked

NAME = "parasitic-drain"


@pytest.mark.parametrize("hours", [14.0, 48.0])
def test_a_load_on_the_whole_pack_with_its_current(hours):
    # 0.2 A of 20 Ah is 24 % a day.
    incident = investigate([parked.log(parked.resting(hours, per_day=0.24))])
    assert incident.verdict.cause == "parasitic-drain"
    finding = parked.check(incident, NAME).findings[0]
    assert finding.measurements[0].value == pytest.approx(0.20, rel=0.3)


def test_some_tens_of_milliamperes_are_information():
    incident = investigate([parked.log(parked.resting(48.0, per_day=0.04))])
    assert parked.severities(incident, NAME) == ["info"]
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize("known", [True, False])
def test_what_a_week_took_counts_however_small_the_current_is(known):
    """46 mA of 20 Ah is an ordinary standby draw, and two fifths of the pack after seven days."""
    columns = parked.resting(168.0, per_day=0.055, step=3600.0)
    if not known:
        del columns["full_charge_capacity"]
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, NAME) == ["warning"]
    assert incident.verdict.cause == "parasitic-drain"


def test_what_a_board_that_stays_awake_takes_of_a_small_pack_in_a_night_is_information():
    """A share of 5 % a day without a capacity: 20 mA of 10 Ah."""
    columns = parked.resting(14.0, per_day=0.05)
    del columns["full_charge_capacity"]
    incident = investigate([parked.log(columns)])
    assert "warning" not in parked.severities(incident, NAME)


@pytest.mark.parametrize("settle", [0.025, 0.040])
def test_settling_after_a_charge_is_no_drain(settle):
    # 0.5 to 0.8 V on 20 groups (REST-01).
    incident = investigate([parked.log(parked.resting(10.0, level=0.8, settle_v=settle))])
    assert parked.severities(incident, NAME) in ([], ["info"])
    assert incident.verdict.cause == "none"


def test_a_pack_that_keeps_its_charge_is_clear():
    check = parked.check(investigate([parked.log(parked.resting(30.0))]), NAME)
    assert check.status is Status.CLEAR


def test_a_load_on_part_of_the_stack():
    columns = parked.resting(48.0)
    fall = 0.012 * columns["time"] / 86_400
    columns["cell_voltages"][:, :8] = np.round(columns["cell_voltages"][:, :8] - fall[:, None], 3)
    incident = investigate([parked.log(columns)])
    assert any("groups 1 to 8" in finding.message for finding in parked.check(incident, NAME).findings)
    assert incident.verdict.cause == "parasitic-drain"


def test_the_spread_that_a_load_on_part_of_the_stack_left_is_its_consequence():
    columns = parked.resting(48.0)
    fall = 0.08 + 0.012 * columns["time"] / 86_400
    columns["cell_voltages"][:, :8] = np.round(columns["cell_voltages"][:, :8] - fall[:, None], 3)
    incident = investigate([parked.log(columns)])
    assert "cell-imbalance" in [cause.cause for cause in incident.causes]
    assert incident.verdict.cause == "parasitic-drain"


def test_a_single_group_that_falls_is_not_a_drain():
    columns = parked.resting(48.0)
    columns["cell_voltages"][:, 4] -= 0.03 * columns["time"] / 86_400
    incident = investigate([parked.log(columns)])
    assert "warning" not in parked.severities(incident, NAME)
    assert incident.verdict.cause == "self-discharging-cell"


def test_a_group_that_falls_while_all_sink_a_little_is_self_discharge():
    """Level and time go together at rest: the fall of one group is its own and no answer to the level."""
    columns = parked.resting(185.0, per_day=0.006, step=3600.0)
    columns["cell_voltages"][:, 2] = np.round(columns["cell_voltages"][:, 2] - 0.008 * columns["time"] / 86_400, 3)
    incident = investigate([parked.log(columns)])
    assert incident.verdict.cause == "self-discharging-cell"
    assert "Cell group 3" in parked.check(incident, "self-discharge").findings[0].message


def test_two_steps_of_the_last_digit_over_the_whole_log_are_no_self_discharge():
    for days, fall, cause in ((2.0, 0.0005, "none"), (3.5, 0.004, "self-discharging-cell")):
        columns = parked.resting(24.0 * days, step=300.0)
        columns["cell_voltages"][:, 2] = np.round(columns["cell_voltages"][:, 2] - fall * columns["time"] / 86_400, 3)
        assert investigate([parked.log(columns)]).verdict.cause == cause


def test_a_rest_with_a_charge_inside_is_cut_there():
    columns = parked.resting(8.0)
    half = len(columns["time"]) // 2
    columns["cell_voltages"][half:] += 0.05
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.UNABLE


def test_a_cold_night_is_no_drain():
    columns = parked.resting(12.0)
    cooling = 14.0 * columns["time"] / columns["time"][-1]
    columns["cell_voltages"] -= 0.00025 * cooling[:, None]
    columns["battery_temperature"] = 20 - cooling
    incident = investigate([parked.log(columns)])
    assert "warning" not in parked.severities(incident, NAME)


def test_on_the_plateau_the_voltage_tells_nothing():
    incident = investigate([parked.log(parked.resting(30.0, level=0.9, per_day=0.02))])
    assert parked.check(incident, NAME).status is Status.UNABLE


@pytest.mark.parametrize("gone", [{"cell_voltages", "pack_voltage"}])
def test_without_voltages_it_cannot_look(gone):
    columns = parked.resting(30.0)
    incident = investigate([parked.log(columns, keep=set(columns) - gone)])
    assert parked.check(incident, NAME).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 9, 100])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in parked.resting(30.0, per_day=0.3).items()}
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.UNABLE


def test_a_pack_that_is_empty_before_the_log_ends_was_drained_all_the_same():
    """Three days of a load, then a board that reads the same to the end."""
    columns = parked.resting(120.0, per_day=0.15, level=0.5)
    asleep = columns["time"] > 72 * 3600
    columns["cell_voltages"][asleep] = columns["cell_voltages"][np.flatnonzero(asleep)[0]]
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, NAME) == ["warning"]


@pytest.mark.parametrize(("begin", "per_day"), [(0.95, 0.10), (0.90, 0.10), (0.30, 0.15)])
def test_cells_that_part_because_the_pack_sinks_along_a_bend_do_not_leak(begin, per_day):
    """A percent of charge is 3 mV on the plateau and three times that below it: the group that lacks it loses nothing."""
    columns = parked.resting(36.0, level=begin, per_day=per_day)
    charge = begin - per_day * columns["time"] / 86_400
    lacks = np.random.default_rng(3).normal(0, 0.001, parked.SERIES)
    lacks[10] = 0.012
    noise = np.random.default_rng(1).normal(0, 0.0008, (len(charge), parked.SERIES))
    columns["cell_voltages"] = np.round(parked.TABLE.voltage(charge[:, None] - lacks) + noise, 3)
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    incident = investigate([parked.log(columns)])
    assert not parked.severities(incident, "self-discharge")


def test_a_group_of_a_little_less_capacity_falls_faster_under_a_load_and_leaks_nothing():
    """Three per cent less capacity and a load of a fifth of the charge a day: 3 % more of the common fall."""
    columns = parked.resting(30.0, level=0.7, per_day=0.2)
    soc = 0.7 - 1.03 * 0.2 * columns["time"] / 86_400
    noise = columns["cell_voltages"][:, 7] - parked.TABLE.voltage(0.7 - 0.2 * columns["time"] / 86_400)
    columns["cell_voltages"][:, 7] = np.round(parked.TABLE.voltage(soc) + noise, 3)
    incident = investigate([parked.log(columns)])
    assert parked.check(incident, "self-discharge").status is Status.CLEAR
    assert incident.verdict.cause == "parasitic-drain"


def test_a_fast_fall_shows_in_a_few_hours():
    columns = parked.resting(hours=5.0, level=0.6, per_day=1.3)
    assert parked.severities(investigate([parked.log(columns)]), NAME) == ["warning"]


def test_a_few_hours_of_settling_are_no_drain():
    columns = parked.resting(hours=5.0, level=0.9, settle_v=0.04)
    assert "warning" not in parked.severities(investigate([parked.log(columns)]), NAME)


def test_a_meter_that_did_not_see_the_drain_is_not_the_cause():
    columns = parked.resting(hours=12.0, level=0.7, per_day=0.9)
    columns["soc"] = np.full(len(columns["time"]), 0.7)
    assert investigate([parked.log(columns)]).verdict.cause == "parasitic-drain"


def test_a_meter_that_was_right_when_the_rest_began_is_not_called_wrong():
    columns = parked.resting(hours=60.0, level=0.75, per_day=0.07)
    columns["soc"] = np.full(len(columns["time"]), 0.77)
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, "soc-meter") in ([], ["info"])
    columns["soc"] = np.full(len(columns["time"]), 0.98)
    assert parked.severities(investigate([parked.log(columns)]), "soc-meter") == ["warning"]


def test_a_meter_that_counts_too_much_of_a_standby_draw_was_right_as_well():
    columns = parked.resting(hours=60.0, level=0.75, per_day=0.0)
    columns["soc"] = 0.75 - 0.2 * columns["time"] / columns["time"][-1]
    assert parked.severities(investigate([parked.log(columns)]), "soc-meter") == ["info"]


def test_a_board_that_answers_all_the_time_is_said_never_to_sleep():
    columns = parked.resting(hours=30.0, level=0.6, per_day=0.3)
    finding = parked.check(investigate([parked.log(columns)]), NAME).findings[0]
    assert "never fell asleep" in finding.message


def test_a_pack_that_runs_empty_while_it_stands():
    """From 8 % to nothing within 12 h, then hours at the floor: the loss until then, whatever came after."""
    time = np.arange(0.0, 30 * parked.HOUR, 120.0)
    columns = parked.board(time, np.clip(0.08 * (1 - time / 43_200), 0.0, 1.0), 0.0)
    under = np.interp(time, [43_200, 50_000], [0.0, 2.0])
    columns["cell_voltages"] = np.round(columns["cell_voltages"] - under[:, None], 3)
    columns["pack_voltage"] = np.round(columns["cell_voltages"].sum(axis=1), 2)
    incident = investigate([parked.log(columns)])
    assert incident.verdict.cause == "parasitic-drain"
    assert "until the pack was empty" in parked.check(incident, NAME).findings[0].message
    assert "deep-discharged-pack" in {item.cause for item in incident.contributing}


def _hourly(ridden):
    """Half a day of a board that keeps a row an hour: a ride between two rows, or the same charge lost all along."""
    time = np.arange(0, 12 * 3600.0, 3600.0)
    lost = 0.2 * (time >= 8 * 3600) if ridden else 0.2 * time / time[-1]
    return parked.log(parked.board(time, 0.75 - lost, 0.0))


def test_a_ride_between_two_rows_of_an_hourly_log_is_no_drain():
    incident = investigate([_hourly(ridden=True)])
    assert "warning" not in parked.severities(incident, NAME)
    assert incident.verdict.cause == "none"


def test_the_same_charge_lost_evenly_is_a_drain():
    assert investigate([_hourly(ridden=False)]).verdict.cause == "parasitic-drain"
