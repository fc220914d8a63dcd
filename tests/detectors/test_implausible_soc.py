"""A meter that counts beyond full is badly set; a record of it is no garbage."""

import numpy as np
import pytest

from ridelog.finding import Status
from ridelog.log import Role
from ridelog.pipeline import investigate
from tests import rides


@pytest.mark.parametrize(("soc", "garbage"), [(1.03, False), (2.55, True)])
def test_a_little_beyond_full(soc, garbage):
    columns = rides.board()
    columns["soc"] = np.full(len(columns["time"]), soc)
    incident = investigate([rides.log(columns, Role.BMS)])
    check = next(check for check in incident.checks if check.name == "implausible-values")
    assert (check.status is Status.FOUND) is garbage
