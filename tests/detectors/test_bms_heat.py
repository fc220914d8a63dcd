"""Hot boards, sensors that lie, and warm days."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.pipeline import investigate
from tests import parked

NAME = "bms-heat"


def _warm(top, hours=1.0, amps=60.0):
    columns = parked.resting(hours, level=0.7, step=2.0)
    columns["battery_current"][:] = amps
    half = len(columns["time"]) // 2
    columns["bms_fet_temperature"] = np.concatenate(
        (np.linspace(25, top, half), np.full(len(columns["time"]) - half, top))
    ).round(1)
    return columns


def test_a_board_near_its_limit():
    incident = investigate([parked.log(_warm(91.0))])
    assert parked.severities(incident, NAME) == ["warning"]
    assert "91 degC at 60 A" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "bms-overheating"


@pytest.mark.parametrize(("rows", "found"), [(6, True), (2, False)])
def test_a_board_that_is_hot_for_seconds_is_hot_and_a_glitch_is_not(rows, found):
    columns = _warm(60.0)
    columns["bms_fet_temperature"][100 : 100 + rows] = 92.0
    assert ("warning" in parked.severities(investigate([parked.log(columns)]), NAME)) is found


@pytest.mark.parametrize(("beside", "found"), [(93.0, ["warning"]), (80.0, ["info"])])
def test_a_single_row_at_the_bound_counts_where_those_beside_it_are_near(beside, found):
    """A log that begins as the board cools shows the heat in its first row only."""
    columns = _warm(60.0)
    columns["bms_fet_temperature"][:4] = [96.0, beside, beside - 0.5, beside - 1.0]
    incident = investigate([parked.log(columns, settings={"bms_fet_temperature_max": 100.0})])
    assert parked.severities(incident, NAME) == found


@pytest.mark.parametrize(("top", "found"), [(94.0, ["warning"]), (58.0, [])])
def test_a_sensor_of_unnamed_place_that_is_hotter_than_cells_can_be(top, found):
    """Boards whose first sensor sits on their FETs number it among those of the battery."""
    columns = _warm(30.0)
    half = len(columns["time"]) // 2
    heat = np.concatenate((np.linspace(25, top, half), np.full(len(columns["time"]) - half, top)))
    del columns["bms_fet_temperature"]
    columns["battery_temperatures"] = np.column_stack((heat, np.linspace(22, 27, len(heat)))).round(1)
    columns["battery_temperature"] = columns["battery_temperatures"].max(axis=1)
    incident = investigate([parked.log(columns)])
    assert parked.severities(incident, NAME) == found
    assert (incident.verdict.cause == "bms-overheating") is bool(found)


def test_the_limit_of_the_board_counts():
    columns = _warm(91.0)
    incident = investigate([parked.log(columns, settings={"bms_fet_temperature_max": 110.0})])
    assert parked.severities(incident, NAME) == ["info"]
    assert incident.verdict.cause == "none"


def test_a_warm_board_is_information_and_an_ordinary_one_nothing():
    assert parked.severities(investigate([parked.log(_warm(74.0))]), NAME) == ["info"]
    assert parked.check(investigate([parked.log(_warm(48.0))]), NAME).status is Status.CLEAR


@pytest.mark.parametrize("fill", [-40.0, 25.0])
def test_a_sensor_that_lies(fill):
    columns = _warm(60.0)
    count = len(columns["time"])
    columns["battery_temperatures"] = np.column_stack((np.full(count, fill), np.linspace(20, 31, count).round(1)))
    incident = investigate([parked.log(columns)])
    assert "sees no heat" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "none"


def test_a_steady_room_is_no_lie():
    columns = parked.resting(2.0, step=10.0)
    columns["bms_fet_temperature"][:] = 25.0
    columns["battery_temperatures"] = np.full((len(columns["time"]), 2), 25.0)
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.CLEAR


def test_a_cell_sensor_that_follows_the_board():
    columns = _warm(60.0)
    heat = columns["bms_fet_temperature"]
    columns["battery_temperatures"] = np.column_stack(
        (22 + 0.01 * (heat - 25), 22 + 0.8 * (heat - 25), 22 + 0.02 * (heat - 25))
    ).round(1)
    incident = investigate([parked.log(columns)])
    assert "sensor 2 follows" in parked.check(incident, NAME).findings[0].message
    columns["battery_temperatures"] = np.repeat(columns["battery_temperatures"][:, 1:2], 3, axis=1)
    assert parked.check(investigate([parked.log(columns)]), NAME).status is Status.CLEAR


def test_without_temperatures_it_cannot_look():
    columns = _warm(91.0)
    keep = {"cell_voltages", "battery_current"}
    assert parked.check(investigate([parked.log(columns, keep=keep)]), NAME).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 6])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in _warm(91.0).items()}
    assert parked.check(investigate([parked.log(columns)]), NAME).status is not Status.FOUND


@pytest.mark.parametrize(("rows", "found"), [(slice(600, 700), ["warning"]), (slice(600, 601), [])])
def test_heat_that_the_board_names_itself_needs_no_limit_of_ours(rows, found):
    """A board set to 65 degC; one garbled poll is no protection."""
    columns = _warm(66.0)
    names = [[] for _ in columns["time"]]
    names[rows] = [["fet-overtemperature"]] * len(names[rows])
    columns["protections"] = names
    assert parked.severities(investigate([parked.log(columns)]), NAME) == found
