"""Durations in the unit that a reader thinks in."""

import pytest

from ridelog.durations import lasting


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.0, "0.0 s"),
        (0.4, "0.4 s"),
        (4.0, "4 s"),
        (45.4, "45 s"),
        (119.4, "119 s"),
        (120.0, "2 min"),
        (433.0, "7 min"),
        (7199.0, "120 min"),
        (7200.0, "2 h"),
        (12_600.0, "3.5 h"),
        (86_400.0, "24 h"),
        (172_800.0, "2 days"),
        (9_205_854.0, "107 days"),
        (float("nan"), "an unknown time"),
        (float("inf"), "an unknown time"),
    ],
)
def test_a_duration_has_the_unit_of_its_size(seconds, words):
    assert lasting(seconds) == words


def test_seconds_keep_the_decimals_that_are_asked_for():
    assert lasting(4.25, 1) == "4.2 s"
    assert lasting(9_205_854.0, 1) == "107 days"
