"""A protection column that holds nothing in any row: of a decoded frame it says that no protection acted, of a table little."""

import numpy as np
import pytest

from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


@pytest.mark.parametrize("parser", ["table", "hex-dump"])
@pytest.mark.parametrize("other_flag", [True, False])
def test_an_empty_column_of_a_table_does_not_outweigh_the_highest_current_of_the_ride(parser, other_flag):
    columns = rides.board()
    row = int(np.flatnonzero((columns["battery_current"] > 20) & (columns["time"] > 300))[0])
    columns["battery_current"][row - 6 : row] = 1.3 * columns["battery_current"].max()
    columns["battery_current"][row:] = 0.0
    columns["discharge_fet"][row:] = False
    if other_flag:
        columns["protections"][20] = ["charge-overcurrent"]
    log = rides.log(columns, Role.BMS)
    log.parser = parser
    incident = investigate([log])
    check = next(check for check in incident.checks if check.name == "bms-trip")
    proven = parser == "hex-dump" or other_flag
    assert check.evidence["bms.no-flag"].strength == (1.0 if proven else 0.5)
    scores = {item.cause: item.probability for item in incident.causes}
    if not proven:
        assert scores["bms-overcurrent-trip"] > scores["discharge-fet-commanded-off"]
