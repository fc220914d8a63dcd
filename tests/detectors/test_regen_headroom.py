"""Full starts and cells that braking drives too high."""

import numpy as np
import pytest

from ridelog.finding import Seen, Status
from ridelog.pipeline import investigate
from tests import parked, rides

NAME = "regen-headroom"


def _ride(open_v=83.4, top_v=None):
    """A board's log of a ride, one row a second; `top_v` is the highest cell while braking hard, at 100 s."""
    columns = rides.controller(seconds=300.0, open_v=open_v)
    rows = slice(None, None, 10)
    volts = columns["pack_voltage"][rows]
    board = parked.board(columns["time"][rows], 0.9, columns["battery_current"][rows], ohm=0.0)
    board["cell_voltages"] = np.round(np.repeat(volts[:, None] / 20, 20, axis=1), 3)
    board["pack_voltage"] = volts
    board["battery_current"][:5] = 0.0
    board["cell_voltages"][:5] = open_v / 20
    if top_v is not None:
        board["battery_current"][95:100] = 20.0
        board["battery_current"][100:106] = -25.0
        board["cell_voltages"][100:106] = top_v
    return board


def test_a_full_start_with_braking_is_information():
    incident = investigate([parked.log(_ride(open_v=83.6))])
    assert parked.severities(incident, NAME) == ["info"]
    assert "nearly full" in parked.check(incident, NAME).findings[0].message
    assert incident.verdict.cause == "none"


def test_the_controller_alone_shows_it_too():
    incident = investigate([rides.log(rides.controller(open_v=83.8))])
    assert parked.severities(incident, NAME) == ["info"]


def test_a_start_with_room_is_clear():
    assert parked.check(investigate([parked.log(_ride(open_v=80.0))]), NAME).status is Status.CLEAR


def test_cells_driven_over_full_by_braking():
    incident = investigate([parked.log(_ride(top_v=4.29))])
    assert "warning" in parked.severities(incident, NAME)
    assert incident.verdict.cause == "regen-overvoltage-full-pack"
    finding = next(item for item in parked.check(incident, NAME).findings if "4.29 V" in item.message)
    assert finding.onset.latest_s == pytest.approx(100.0, abs=0.2)


@pytest.mark.parametrize(("brakings", "found"), [((100,), False), ((100, 160), True)])
def test_brakings_that_a_slow_board_sees_in_one_row_each(brakings, found):
    """One such row may be garbled; twice, in two brakings, it is not."""
    columns = _ride()
    for row in brakings:
        columns["battery_current"][row - 5 : row] = 20.0
        columns["battery_current"][row] = -25.0
        columns["cell_voltages"][row] = 4.29
    assert ("warning" in parked.severities(investigate([parked.log(columns)]), NAME)) is found


def test_a_cell_of_high_resistance_that_is_not_full_is_no_overcharge():
    board = _ride(open_v=79.0)
    board["battery_current"][88:94] = 0.0
    board["cell_voltages"][88:94] = 3.95
    board["battery_current"][95:100] = 20.0
    board["battery_current"][100:106] = -25.0
    board["cell_voltages"][100:106, 8] = 4.37
    incident = investigate([parked.log(board)])
    assert "warning" not in parked.severities(incident, NAME)
    assert any("resistance" in finding.message for finding in parked.check(incident, NAME).findings)
    assert incident.verdict.cause != "regen-overvoltage-full-pack"


def test_a_reading_no_cell_can_have_is_no_overcharge():
    board = _ride(top_v=5.0)
    assert "warning" not in parked.severities(investigate([parked.log(board)]), NAME)


def test_a_board_that_opened_in_time_is_not_overcharging():
    board = _ride(top_v=4.27)
    board["charge_fet"][104:] = 0.0
    incident = investigate([parked.log(board)])
    assert "warning" not in parked.severities(incident, NAME)
    assert incident.verdict.cause != "regen-overvoltage-full-pack"


def test_a_charge_is_no_braking():
    incident = investigate([parked.log(parked.charging(5.0, top_v=4.26))])
    assert "warning" not in parked.severities(incident, NAME)


def test_without_chemistry_or_channels_it_cannot_look():
    assert parked.check(investigate([parked.log(_ride(), keep={"cell_voltages"})]), NAME).status is Status.UNABLE
    assert parked.check(investigate([parked.log(_ride(), keep={"battery_current"})]), NAME).status is Status.UNABLE


@pytest.mark.parametrize("rows", [2, 12])
def test_a_truncated_log(rows):
    columns = {name: values[:rows] for name, values in _ride(top_v=4.29).items()}
    assert parked.check(investigate([parked.log(columns)]), NAME).status is not Status.FOUND


def test_a_cell_a_few_millivolts_over_full_is_within_what_its_meter_is_off_by():
    incident = investigate([parked.log(_ride(top_v=4.257))])
    assert "warning" not in parked.severities(incident, NAME)
    assert incident.verdict.cause != "regen-overvoltage-full-pack"


def test_a_board_that_was_not_polled_while_braking_cannot_have_seen_cells_too_high():
    board = _ride(top_v=4.3)
    kept = board["battery_current"] > -1.0
    board = {name: values[kept] for name, values in board.items()}
    evidence = parked.check(investigate([parked.log(board)]), NAME).evidence["regen.cells-over-full"]
    assert evidence.seen is Seen.NOT_OBSERVABLE
    sound = parked.check(investigate([parked.log(_ride(top_v=4.2))]), NAME).evidence["regen.cells-over-full"]
    assert sound.seen is Seen.ABSENT
