"""The clock of FreeSK8's records: whole seconds of a module that may have learnt the time on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from ridelog.clock import Clock, ClockBasis
from ridelog.damage import Damage, DamageKind, Effect

if TYPE_CHECKING:
    from numpy.typing import NDArray

#: 2000-01-01: stamps before it come from a module whose clock was not set.
_CLOCK_WAS_SET: Final = 946_684_800.0
#: Records this far out of order are sorted; a larger step is the clock being set (engineering judgement), s.
_OUT_OF_ORDER_S: Final = 3.0


@dataclass(frozen=True, slots=True)
class Stamps:
    """Stamps of all records of the controllers.

    Attributes:
        seconds: Seconds since 1970, spread within each second, shape (records,); for each controller they never
            decrease along `order`.
        stamped: The stamps as written, with the unset clock joined to the set one, shape (records,).
        order: Records in the order of time, shape (usable records,).
        usable: Which records have a stamp, shape (records,).
        was_set: Whether the clock of the module was ever set.
        damage: What was repaired.
    """

    seconds: NDArray[np.float64]
    stamped: NDArray[np.float64]
    order: NDArray[np.int64]
    usable: NDArray[np.bool_]
    was_set: bool
    damage: tuple[Damage, ...]

    def clock(self, start: float) -> Clock:
        """The clock of a log that starts at `start`, in seconds since 1970."""
        spread = "Stamps are whole seconds; records within a second are spread over it in file order."
        if self.was_set:
            return Clock(ClockBasis.UTC, start, "UTC", 1.0, spread)
        return Clock(ClockBasis.BOOT, None, "", 1.0, f"The clock of the module was not set. {spread}")


def settle_stamps(
    stamped: NDArray[np.float64], lines: NDArray[np.int64], ids: NDArray[np.float64], hertz: float
) -> Stamps:
    """Sort records that are a little out of order, join an unset clock to the set one, and spread whole seconds.

    Args:
        stamped: Stamps in seconds since 1970, shape (records,), NaN where there is none.
        lines: Line of each record, shape (records,).
        ids: Controller of each record, shape (records,).
        hertz: Records a second of each controller as the file says, NaN where it does not.

    Returns:
        The settled stamps.
    """
    usable = np.isfinite(stamped)
    index = np.flatnonzero(usable)
    damage: list[Damage] = []
    if len(index) < len(stamped):
        lost = lines[~usable]
        damage.append(
            Damage(
                DamageKind.BROKEN_ROW,
                Effect.LOST,
                f"{len(lost)} records have no readable time stamp.",
                len(lost),
                tuple(int(line) for line in lost[:20]),
                "time",
            )
        )
    times = stamped[index].copy()
    was_set = bool((times >= _CLOCK_WAS_SET).any())
    damage += _join(times, lines[index], was_set)
    damage += _close_large_steps(times, lines[index])
    late = np.maximum.accumulate(times) > times if len(times) else np.zeros(0, bool)
    if late.any():
        damage.append(
            Damage(
                DamageKind.CLOCK_STEP,
                Effect.REPAIRED,
                f"{int(late.sum())} records are out of order by up to {_OUT_OF_ORDER_S:g} s; they are sorted.",
                int(late.sum()),
                tuple(int(line) for line in lines[index[late]][:20]),
                "time",
            )
        )
    order = index[np.argsort(times, kind="stable")]
    joined = stamped.copy()
    joined[index] = times
    seconds = joined.copy()
    for controller in np.unique(ids[np.isfinite(ids)]) if np.isfinite(ids).any() else [np.nan]:
        mine = order[(ids[order] == controller) if np.isfinite(controller) else slice(None)]
        seconds[mine] = _spread(joined[mine], hertz)
    return Stamps(seconds, joined, order, usable, was_set, tuple(damage))


def _join(times: NDArray[np.float64], lines: NDArray[np.int64], was_set: bool) -> list[Damage]:
    """Move the stamps of the unset clock beside the set ones, in place."""
    early = times < _CLOCK_WAS_SET
    if not was_set or not early.any():
        return []
    edges = np.flatnonzero(np.diff(np.concatenate(([0], early.astype(np.int8), [0]))))
    for start, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        joined = times[end] - times[end - 1] - 1.0 if start == 0 else times[start - 1] - times[start] + 1.0
        times[start:end] += joined
    return [
        Damage(
            DamageKind.CLOCK_STEP,
            Effect.REPAIRED,
            f"{int(early.sum())} records were written while the clock of the module was not set; they are joined to "
            "the rest, the time between is not known.",
            int(early.sum()),
            tuple(int(line) for line in lines[early][:20]),
            "time",
        )
    ]


def _close_large_steps(times: NDArray[np.float64], lines: NDArray[np.int64]) -> list[Damage]:
    """Close backward steps that are too large for records out of order, in place."""
    steps = np.diff(times)
    back = steps < -_OUT_OF_ORDER_S
    if not back.any():
        return []
    times[1:] += np.cumsum(np.where(back, -steps, 0.0))
    where = np.flatnonzero(back) + 1
    return [
        Damage(
            DamageKind.CLOCK_STEP,
            Effect.REPAIRED,
            f"The clock of this log steps backwards {len(where)} times, by up to {float(-steps.min()):.3g} s; "
            "the rows are kept in file order and the steps are closed.",
            len(where),
            tuple(int(line) for line in lines[where[:20]]),
            "time",
        )
    ]


def _spread(times: NDArray[np.float64], hertz: float) -> NDArray[np.float64]:
    """Spread the records of each whole second evenly over it, at the rate the file names if that fits."""
    if not len(times) or (times != np.floor(times)).any():
        return times
    starts = np.flatnonzero(np.concatenate(([True], np.diff(times) != 0)))
    counts = np.diff(np.concatenate((starts, [len(times)])))
    place = np.arange(len(times)) - np.repeat(starts, counts)
    rate = np.repeat(counts, counts).astype(np.float64)
    if np.isfinite(hertz) and 0 < hertz <= 1000:
        rate = np.maximum(rate, hertz)
    return times + place / rate
