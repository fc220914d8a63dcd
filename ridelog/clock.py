"""Time bases: what the clock of a log counts from, and how to make its stamps fit for analysis."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    from numpy.typing import NDArray

DAY_S = 86_400.0
#: A step back by more than half a day is midnight, not a clock that was set back.
_MIDNIGHT_STEP_S = DAY_S / 2


class ClockBasis(StrEnum):
    """What the stamps of a log count from."""

    UTC = "utc"
    LOCAL = "local"
    TIME_OF_DAY = "time-of-day"
    BOOT = "boot"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Clock:
    """The clock of one log.

    Attributes:
        basis: What the stamps count from.
        start: Where the log's time 0 lies on that basis, in seconds: since 1970-01-01 00:00 for UTC and LOCAL (for
            LOCAL by the wall clock, as if its zone were UTC), since midnight for TIME_OF_DAY, since the device started
            for BOOT; None for NONE.
        zone: Zone name or offset ("+02:00") that the stamps are in, "" if not known.
        resolution_s: Step of the stamps in s (1.0 for whole seconds).
        reason: How the basis was found, one sentence.
    """

    basis: ClockBasis
    start: float | None = None
    zone: str = ""
    resolution_s: float = 0.001
    reason: str = ""


def unwrap_midnight(seconds: NDArray[np.float64], wrap_s: float = DAY_S) -> NDArray[np.float64]:
    """Make a time of day run on past midnight.

    Args:
        seconds: Stamps in s, shape (n,), falling by about `wrap_s` at each midnight.
        wrap_s: What is added for each wrap, in s.

    Returns:
        Stamps of the same shape without the wraps. Smaller backward steps are left as they are.
    """
    if len(seconds) < 2:
        return seconds
    wraps = np.diff(seconds) < -wrap_s / 2
    if not wraps.any():
        return seconds
    return seconds + np.concatenate(([0.0], np.cumsum(wraps) * wrap_s))


def repair_backward_steps(
    seconds: NDArray[np.float64], source_rows: NDArray[np.int64]
) -> tuple[NDArray[np.float64], tuple[Damage, ...]]:
    """Make stamps that never decrease, and say where the clock was set back.

    Everything after a backward step is moved on, so that the step takes no time: the true time between the two rows is
    not in the file.

    Args:
        seconds: Stamps in s, shape (n,).
        source_rows: Source row of each stamp, shape (n,).

    Returns:
        The repaired stamps and the damage.
    """
    if len(seconds) < 2:
        return seconds, ()
    back = seconds[1:] < seconds[:-1]
    if not back.any():
        return seconds, ()
    steps = np.diff(seconds)
    lost = np.concatenate(([0.0], np.cumsum(np.where(back, -steps, 0.0))))
    where = np.flatnonzero(back) + 1
    largest = float(-steps.min())
    return np.maximum.accumulate(seconds + lost), (
        Damage(
            DamageKind.CLOCK_STEP,
            Effect.REPAIRED,
            f"The clock of this log steps backwards {len(where)} times, by up to {largest:.3g} s; "
            "the rows are kept in file order and the steps are closed.",
            len(where),
            tuple(int(row) for row in source_rows[where[:20]]),
            "time",
        ),
    )
