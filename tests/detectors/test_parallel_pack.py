"""Two packs in parallel of which one leaves: the share of the other, and the resistance that the controller sees."""

import numpy as np
import pytest

from ridelog.finding import Seen, Severity, Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides

LEAVES_S = 500.0


def _pair(shares, *, ohms=(0.03, 0.06), seconds=1000.0, leaves_s=LEAVES_S, load=1.0):
    """A controller and the BMS of one of its packs, which gives a share of the load before and after a moment."""
    columns, board = rides.controller(seconds, ohm=0.0), rides.board(seconds, ohm=0.0)
    for log in (columns, board):
        after = log["time"] >= leaves_s
        total = load * log["battery_current"]
        log["pack_voltage"] = np.round(log["pack_voltage"] - np.where(after, ohms[1], ohms[0]) * total, 2)
        log["battery_current"] = total
    after = board["time"] >= leaves_s
    board["battery_current"] = np.round(board["battery_current"] * np.where(after, shares[1], shares[0]), 2)
    sag = (
        np.where(after, ohms[1], ohms[0])[:, None] * (load * rides.board(seconds, ohm=0.0)["battery_current"])[:, None]
    )
    board["cell_voltages"] = board["cell_voltages"] - sag / board["cell_voltages"].shape[1]
    for name in ("cell_voltage_min", "cell_voltage_max"):
        board.pop(name, None)
    return [rides.log(columns), rides.log(board, Role.BMS)]


def _check(incident):
    return next(check for check in incident.checks if check.code == "TW05")


def test_a_pack_that_is_left_alone_with_the_load():
    incident = investigate(_pair((0.5, 1.0)))
    check = _check(incident)
    assert check.status is Status.FOUND
    finding = check.findings[0]
    assert finding.severity is Severity.WARNING
    assert finding.onset.earliest_s - 10 <= LEAVES_S <= finding.onset.latest_s + 10
    assert finding.onset.latest_s - finding.onset.earliest_s < 60
    before, after = (item.value for item in finding.measurements[:2])
    assert (before, after) == pytest.approx((0.5, 1.0), rel=0.1)
    assert check.evidence["parallel.pack-left"].strength == 1.0
    assert incident.verdict.cause in ("power-path-open", "undetermined")
    assert incident.causes[0].cause == "power-path-open"
    assert incident.causes[0].probability < 0.9
    assert any("parallel left" in advice.text for advice in incident.advice)


def test_a_resistance_that_stays_speaks_for_a_meter():
    check = _check(investigate(_pair((0.5, 1.0), ohms=(0.06, 0.06))))
    assert check.findings[0].severity is Severity.INFO
    assert check.evidence["parallel.pack-left"].strength < 0.5


@pytest.mark.parametrize("shares", [(1.0, 1.0), (0.5, 0.5), (1.0, 0.5), (1.0, 2.0), (0.8, 1.0)])
def test_a_steady_share_a_pack_that_joins_and_a_controller_that_leaves_are_none(shares):
    assert _check(investigate(_pair(shares))).status is Status.CLEAR


def test_a_meter_that_loses_its_range_at_a_high_current_is_none():
    columns, board = rides.controller(1000.0), rides.board(1000.0)
    for log in (columns, board):
        log["battery_current"] *= np.where(log["time"] < LEAVES_S, 3.0, 0.4)
    board["battery_current"] = np.minimum(board["battery_current"], 10.0)
    incident = investigate([rides.log(columns), rides.log(board, Role.BMS)])
    assert _check(incident).status is not Status.FOUND


def test_one_log_or_little_load_cannot_tell():
    assert _check(investigate(_pair((0.5, 1.0))[:1])).status is Status.UNABLE
    assert _check(investigate(_pair((0.5, 1.0), load=0.02))).status is Status.UNABLE


def test_a_log_that_is_cut_is_survived():
    for seconds in (5.0, 60.0):
        check = _check(investigate(_pair((0.5, 1.0), seconds=seconds, leaves_s=seconds / 2)))
        assert check.status in (Status.UNABLE, Status.CLEAR)
        assert check.evidence["parallel.pack-left"].seen is not Seen.OBSERVED
