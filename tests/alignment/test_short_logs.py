"""A minute of riding: too little to find an offset anywhere, enough to confirm the one that the stamps name."""

import pytest

from ridelog.alignment import join
from ridelog.clock import Clock, ClockBasis
from tests.alignment import pairs

SEEDS = (2, 3, 5, 8)


def _pair(seed, other, apart_s, basis):
    time, current = pairs.ride(60.0, seed=seed)
    clocks = [Clock(basis, pairs.NOON), Clock(basis, pairs.NOON + apart_s)]
    if basis is ClockBasis.NONE:
        clocks = [Clock(basis), Clock(basis)]
    return [
        pairs.controller(time, current, first=1.0, clock=clocks[0]),
        pairs.board(*(time, current) if other is None else pairs.ride(60.0, seed=other), first=2.0, clock=clocks[1]),
    ]


@pytest.mark.parametrize("apart_s", [1.0, 7201.0])
def test_most_minutes_are_aligned_where_the_stamps_say(apart_s):
    fits = [join(_pair(seed, None, apart_s, ClockBasis.LOCAL)).tracks[1].clock for seed in SEEDS]
    aligned = [fit for fit in fits if fit.aligned]
    assert len(aligned) >= 3
    for fit in aligned:
        assert abs(fit.pieces[0].offset_s - 1.0) <= fit.uncertainty_s


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("basis", [ClockBasis.UTC, ClockBasis.NONE])
def test_a_minute_of_another_ride_is_not_whatever_the_stamps_say(seed, basis):
    assert not join(_pair(seed, seed + 40, 1.0, basis)).tracks[1].clock.aligned
