"""Charge cycles that a board counts: information beside its settings."""

import numpy as np
import pytest

from ridelog.finding import Severity, Status
from ridelog.pipeline import investigate
from tests import parked

NAME = "bms-configuration"


def _counted(cycles, level=0.6, learned=None, chemistry="nmc"):
    columns = parked.resting(2.0, level=level)
    if chemistry == "lfp":
        columns["cell_voltages"] = columns["cell_voltages"] * 0 + 3.30
        columns["pack_voltage"] = columns["cell_voltages"].sum(axis=1)
    columns["cycle_count"] = np.full(len(columns["time"]), float(cycles))
    columns["nominal_capacity"] = np.full(len(columns["time"]), 20.0)
    columns["full_charge_capacity"] = np.full(len(columns["time"]), 20.0 if learned is None else learned)
    incident = investigate([parked.log(columns)])
    said = [item for item in parked.check(incident, NAME).findings if "charge cycles" in item.message]
    return incident, said


def test_many_cycles_are_said_with_what_they_do_to_cells():
    incident, (finding,) = _counted(430)
    assert finding.severity is Severity.INFO
    assert "430 charge cycles" in finding.message
    assert finding.measurements[0].value == 430
    assert incident.verdict.cause == "none"


@pytest.mark.parametrize(("level", "words"), [(0.995, "shows a cell at 4.1"), (0.6, "does not show")])
def test_whether_the_cells_are_charged_to_the_end_is_said_where_the_log_shows_it(level, words):
    (finding,) = _counted(600, level)[1]
    assert words in finding.message


@pytest.mark.parametrize(("learned", "said"), [(15.2, True), (20.0, False), (2.0, False)])
def test_what_the_board_has_learned_of_the_capacity(learned, said):
    (finding,) = _counted(600, learned=learned)[1]
    assert ("has learned 15.2 Ah of 20.0 Ah" in finding.message) is said


@pytest.mark.parametrize(("cycles", "chemistry"), [(120, "nmc"), (600, "lfp")])
def test_few_cycles_and_other_cells_are_not_worth_a_word(cycles, chemistry):
    assert _counted(cycles, chemistry=chemistry)[1] == []


def test_without_a_count_and_without_settings_it_cannot_look():
    columns = parked.resting(2.0)
    incident = investigate([parked.log(columns)])
    assert parked.check(incident, NAME).status is Status.UNABLE
