"""Orders of events on two logs: never told when rows and clocks leave it open."""

import pytest

from ridelog.finding import Finding, Interval, Severity
from ridelog.ordering import BEFORE, TOO_CLOSE, orders


def _finding(log, earliest, latest, **more):
    details = {"severity": Severity.CRITICAL, **more}
    return Finding(
        code="XX01",
        name="made-up",
        start_s=latest,
        end_s=latest,
        onset=Interval(earliest, latest),
        log=log,
        rows=(2, 2),
        message="Made up.",
        **details,
    )


def test_intervals_apart_are_in_order_whatever_the_numbering():
    pair = orders([_finding(1, 12.0, 13.0), _finding(0, 10.0, 10.1)])[0]
    assert (pair.first, pair.second, pair.relation) == (1, 0, BEFORE)
    assert pair.apart_s == pytest.approx(2.45)
    assert pair.needed_s == pytest.approx(0.55)
    assert pair.to_dict()["first"] == "F2"


def test_intervals_that_overlap_are_too_close_to_order():
    pair = orders([_finding(0, 10.0, 10.1), _finding(1, 9.5, 11.0)])[0]
    assert pair.relation == TOO_CLOSE
    assert pair.apart_s < pair.needed_s


@pytest.mark.parametrize(
    "other",
    [
        _finding(0, 10.5, 10.6),
        _finding(1, 10.5, 10.6, timed=False),
        _finding(1, 10.5, 10.6, event=False),
        _finding(1, 10.5, 10.6, severity=Severity.INFO),
        _finding(1, 200.5, 200.6),
    ],
    ids=["same log", "no common clock", "lasting state", "only explains", "minutes later"],
)
def test_nothing_is_said_of_other_pairs(other):
    assert orders([_finding(0, 10.0, 10.1), other]) == ()


def test_the_closest_pairs_are_kept_when_there_are_many():
    many = [_finding(number % 2, 10 + number, 10.1 + number) for number in range(40)]
    told = orders(many)
    assert len(told) == 24
    assert max(pair.apart_s for pair in told) < 3
