"""A trip in a log without FET states: a protection that is named as the load ends."""

import numpy as np

from ridelog.finding import Seen, Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _check(incident):
    return next(check for check in incident.checks if check.name == "bms-trip")


def _board(row_of, load_after, named="discharge-overcurrent"):
    columns = rides.board()
    columns = {name: values for name, values in columns.items() if name not in ("discharge_fet", "charge_fet")}
    row = row_of(columns)
    columns["protections"][row:] = [[named]] * (len(columns["time"]) - row)
    if not load_after:
        columns["battery_current"][row:] = 0.0
    return investigate([rides.log(columns, Role.BMS)])


def _busy(columns):
    return int(np.flatnonzero((columns["battery_current"] > 20) & (columns["time"] > 200))[2])


def test_a_protection_that_is_named_as_the_load_ends_is_a_trip():
    incident = _board(_busy, load_after=False)
    assert _check(incident).status is Status.FOUND
    assert incident.verdict.cause == "bms-overcurrent-trip"


def test_a_protection_that_is_named_while_the_load_flows_on_is_an_alarm():
    incident = _board(_busy, load_after=True)
    assert _check(incident).status is not Status.FOUND
    assert incident.verdict.cause != "bms-overcurrent-trip"


def test_a_protection_that_was_named_from_the_start_tells_no_moment():
    assert _check(_board(lambda columns: 0, load_after=True)).status is not Status.FOUND


def test_a_protection_against_charging_is_no_trip_of_the_load():
    incident = _board(_busy, load_after=False, named="charge-overcurrent")
    assert _check(incident).evidence["bms.flag-overcurrent"].seen is not Seen.OBSERVED


def test_an_over_current_between_two_polls_is_a_trip_when_nothing_flows_since():
    def eased(columns):
        row = _busy(columns)
        columns["battery_current"][row - 12 : row] = 0.2
        return row

    assert _check(_board(eased, load_after=False)).status is Status.FOUND
    assert _check(_board(eased, load_after=True)).status is not Status.FOUND
