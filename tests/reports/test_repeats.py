"""Findings of one kind that come again and again are told as one."""

import numpy as np

from reports.repeats import repeats
from reports.sections import findings
from ridelog.pipeline import investigate
from tests import rides


def _faults(codes, when=range(100, 500, 60)):
    """A ride on which the controller faults again and again, each time for longer."""
    columns = rides.controller()
    columns["fault_code"] = np.zeros(len(columns["time"]))
    for number, second in enumerate(when):
        row = rides.at(columns, second)
        columns["fault_code"][row : row + 6 + number] = codes[number % len(codes)]
    return investigate([rides.log(columns)])


def _faulted(incident):
    return [row for row in findings(incident) if row["code"] == "CF01"]


def test_the_first_of_many_tells_how_often_and_which_was_worst():
    rows = _faulted(_faults([11]))
    first, *others = rows
    assert len(others) == 6
    assert "7 times" in first["repeats"]
    assert f"number {others[-1]['number']}" in first["repeats"]
    assert not first["repeated"]
    assert all(row["repeated"] for row in others)


def test_a_few_are_told_one_by_one():
    assert not any(row["repeated"] or row["repeats"] for row in _faulted(_faults([11], when=(100, 200, 300))))


def test_faults_of_another_code_are_of_another_kind():
    assert len(_faulted(_faults([11, 15], when=range(100, 460, 60)))) == 6
    assert repeats(_faults([11, 15], when=range(100, 460, 60))) == {}
