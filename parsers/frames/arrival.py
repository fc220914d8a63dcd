"""When frames arrived: from the times of their packets to the stamps and the clock of a log."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ridelog.clock import Clock, ClockBasis, repair_backward_steps
from ridelog.damage import Damage


def stamp_frames(
    packets: Sequence[tuple[float | None, int]], clock: Clock
) -> tuple[NDArray[np.float64], Clock, tuple[Damage, ...]]:
    """Make stamps for the rows of a log from the packets their frames began in.

    Args:
        packets: Time (`Packet.time`) and source row of the first packet of each frame, in order of arrival.
        clock: Clock of the carrier.

    Returns:
        Stamps in s, shape (n,), never decreasing; the clock of the log, which starts at the first stamp; and the
        backward steps that were closed. Without times the frames are numbered in steps of a second.
    """
    if not packets or clock.basis is ClockBasis.NONE or any(time is None for time, _ in packets):
        reason = "The frames carry no times; they are numbered in steps of a second."
        return np.arange(len(packets), dtype=np.float64), Clock(ClockBasis.NONE, resolution_s=1.0, reason=reason), ()
    times = np.array([time for time, _ in packets], dtype=np.float64)
    rows = np.array([row for _, row in packets], dtype=np.int64)
    stamps, damage = repair_backward_steps(times, rows)
    return stamps, replace(clock, start=float(stamps[0])), damage
