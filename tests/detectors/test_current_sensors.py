"""How packs in parallel share the current of a ride."""

import pytest

from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


def _shared(part):
    """A ride on two packs, of which the first carries `part`."""
    boards = []
    for share in (part, 1.0 - part):
        board = rides.board()
        board["battery_current"] = board["battery_current"] * share
        boards.append(rides.log(board, Role.BMS))
    incident = investigate([rides.log(rides.controller()), *boards])
    check = next(item for item in incident.checks if item.name == "current-sensors")
    return next(item for item in check.findings if "parallel" in item.message)


@pytest.mark.parametrize(("part", "said"), [(0.66, True), (0.5, False), (0.54, False)])
def test_of_unequal_packs_in_parallel_the_one_that_trips_first_is_named(part, said):
    finding = _shared(part)
    assert ("Log 2 gives the most" in finding.message) is said
    assert finding.severity == "info"


def test_a_pack_that_hardly_gives_is_a_warning():
    finding = _shared(0.9)
    assert finding.severity == "warning"
    assert "gives the most" not in finding.message
