"""Reading JK frames in tests: without a clock, or with the time of the carrier."""

from ridelog.clock import Clock, ClockBasis
from ridelog.parsers.frames.jk import JkFrames

from . import jk_bytes as jk

NO_CLOCK = Clock(ClockBasis.NONE)
UTC = Clock(ClockBasis.UTC)


def decode(*frames, clock=NO_CLOCK, **options):
    return JkFrames().logs(jk.packets(*frames, **options), clock, "test")


def first(log):
    return log.table.to_pylist()[0]
